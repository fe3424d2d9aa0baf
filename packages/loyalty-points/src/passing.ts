import { toIso } from '@patronkit/core/service'
import { evolveAll } from './evolve.ts'
import { Exact } from './exact.ts'
import { decaySteps } from './expiry.ts'
import { type Taken, takeInOrder } from './lots.ts'
import type { AccountState, Hold, Lot, LoyaltyEvent } from './model.ts'
import { expiryOf, type Programme } from './programme.ts'

/** An account and what was noticed on the way to it. */
export interface Passed {
  readonly state: AccountState
  readonly events: readonly LoyaltyEvent[]
}

/** Points of a lot that no hold has. */
export const free = (lot: Lot): number => lot.remaining - lot.held

/** The lots that may be taken from: those up to which all were read. */
export const inReach = ({ lots, readTo }: AccountState): readonly Lot[] =>
  readTo === null ? lots : lots.slice(0, lots.findIndex((lot) => lot.id === readTo) + 1)

/** Points of a lot that can be used at an instant. */
export const usable = (lot: Lot, at: number): number =>
  lot.availableAt !== null && lot.availableAt <= at && (lot.expiresAt === null || lot.expiresAt > at) ? free(lot) : 0

/**
 * Lets time pass: holds end, lots expire, idle points decay, each as an event dated at its own instant. No job has to have
 * run before: reads pass time in memory, commands write down what they passed.
 */
export function passTime(state: AccountState, until: number, programme: Programme): Passed {
  const events: LoyaltyEvent[] = []
  let now = state
  const take = (fresh: readonly LoyaltyEvent[]) => {
    now = evolveAll(now, fresh)
    events.push(...fresh)
  }
  const ends = Object.values(state.holds)
    .filter((hold) => hold.state === 'open' && hold.expiresAt <= until)
    .sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1))
  const decays = decaySteps(expiryOf(programme), state.activeAt, state.asOf, until)
  const stops = [...ends.map((hold) => ({ at: hold.expiresAt, hold })), ...decays.map((decay) => ({ at: decay.at, decay }))]
  for (const stop of stops.sort((a, b) => a.at - b.at)) {
    take(expired(now, stop.at))
    if ('hold' in stop) take([hold(stop.hold)])
    else take(decayed(now, stop.at, stop.decay.all, programme))
  }
  take(expired(now, until))
  return { state: now.asOf < until ? { ...now, asOf: until } : now, events }
}

const hold = ({ id, expiresAt }: Hold): LoyaltyEvent => ({ type: 'loyalty.hold-expired', v: 1, at: expiresAt, data: { hold: id } })

/** Lots whose time is up and that nobody holds: one event for each instant and currency. */
function expired(state: AccountState, until: number): readonly LoyaltyEvent[] {
  const groups = new Map<string, { at: number; currency: string; taken: Taken[] }>()
  for (const lot of state.lots) {
    // lots stand in order of expiry
    if (lot.expiresAt === null || lot.expiresAt > until) break
    if (free(lot) <= 0) continue
    const at = Math.max(lot.expiresAt, lot.freeSince)
    const key = `${at} ${lot.currency}`
    const group = groups.get(key) ?? { at, currency: lot.currency, taken: [] }
    group.taken.push({ lot: lot.id, points: free(lot) })
    groups.set(key, group)
  }
  return [...groups.values()].sort((a, b) => a.at - b.at).map(({ at, currency, taken }) => gone(at, currency, taken, 'date'))
}

const gone = (at: number, currency: string, taken: readonly Taken[], because: 'date' | 'idle'): LoyaltyEvent => ({
  type: 'loyalty.expired',
  v: 1,
  at,
  data: { currency, points: taken.reduce((sum, some) => sum + some.points, 0), taken, because },
})

function decayed(state: AccountState, at: number, all: boolean, programme: Programme): readonly LoyaltyEvent[] {
  const policy = expiryOf(programme)
  if (policy.kind !== 'decay') return []
  const own = state.lots.filter((lot) => lot.currency === programme.currency && usable(lot, at) > 0)
  const balance = own.reduce((sum, lot) => sum + usable(lot, at), 0)
  const share = new Exact(policy.share).times(balance).floor().toNumber()
  const due = all ? balance : Math.min(balance, Math.max(share, policy.atLeast))
  return due === 0 ? [] : [gone(at, programme.currency, takeInOrder(own, due, (lot) => usable(lot, at)).taken, 'idle')]
}

/** The event by which an activity keeps open lots alive; none where nothing would move. */
export function extension(state: AccountState, until: number | null, at: number): readonly LoyaltyEvent[] {
  const moves = until !== null && state.lots.some((lot) => lot.remaining > 0 && lot.expiresAt !== null && lot.expiresAt < until)
  return moves ? [{ type: 'loyalty.extended', v: 1, at, data: { until: toIso(until) } }] : []
}
