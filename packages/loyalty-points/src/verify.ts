import { evolve, NOBODY } from './evolve.ts'
import { Exact } from './exact.ts'
import { entriesOf } from './ledger.ts'
import type { Taken } from './lots.ts'
import type { AccountState, LoyaltyEvent } from './model.ts'

/** A law of the ledger that does not hold, and the first event (from 0) after which it does not. */
export interface Violation {
  readonly invariant: 'I1' | 'I2' | 'I4' | 'I5' | 'I7' | 'once'
  readonly event: number
  readonly message: string
}

/**
 * Checks an account's events against the laws of the ledger, event by event: entries sum to 0 (I1), balance = lots − debts
 * (I2), lots keep within their points and allocations add up (I4), each hold ends once (I5), nothing is taken or given back
 * twice (I7), each posting is made once. Null where all hold. That nobody altered an event is the hash chain's to say.
 */
export function verifyLedger(events: readonly LoyaltyEvent[]): Violation | null {
  let state: AccountState = NOBODY
  const balances = new Map<string, number>()
  for (const [n, event] of events.entries()) {
    const found = beforeEvent(state, event) ?? entriesBalance(event, balances)
    if (found) return { ...found, event: n }
    const before = state
    state = evolve(state, event)
    const broken = afterEvent(before, state, balances)
    if (broken) return { ...broken, event: n }
  }
  return null
}

type Broken = Omit<Violation, 'event'>

const broken = (invariant: Violation['invariant'], message: string): Broken => ({ invariant, message })

const sumOf = (taken: readonly Taken[]): number => taken.reduce((sum, some) => sum + some.points, 0)

/** What an event takes: from lots that are there, as much as it says. */
function beforeEvent(state: AccountState, event: LoyaltyEvent): Broken | null {
  const { data } = event
  const groups: { readonly taken: readonly Taken[]; readonly points?: number }[] = []
  if ('taken' in data)
    groups.push('points' in data ? { taken: data.taken, points: data.points - ('debt' in data ? data.debt : 0) } : { taken: data.taken })
  if (event.type === 'loyalty.refunded') {
    for (const given of event.data.given) groups.push(given)
    for (const { taken, points, lapsed, debt, forgiven } of event.data.clawed)
      groups.push({ taken, points: points - lapsed - debt - forgiven })
  }
  if (event.type === 'loyalty.reversed') groups.push(event.data.given)
  const known = groups.length > 0 ? new Set(state.lots.map((lot) => lot.id)) : new Set<string>()
  for (const { taken, points } of groups) {
    const strange = taken.find((some) => !known.has(some.lot) || !Number.isSafeInteger(some.points) || some.points <= 0)
    if (strange) return broken('I4', `${event.type} takes ${strange.points} of lot ${strange.lot}, which the account does not have`)
    if (points !== undefined && sumOf(taken) !== points) return broken('I4', `${event.type} says ${points} and takes ${sumOf(taken)}`)
  }
  return holdLaw(state, event) ?? postingLaw(state, event)
}

function holdLaw(state: AccountState, event: LoyaltyEvent): Broken | null {
  if (event.type === 'loyalty.held') return state.holds[event.data.hold] ? broken('I5', `hold ${event.data.hold} is taken twice`) : null
  if (event.type !== 'loyalty.captured' && event.type !== 'loyalty.hold-released' && event.type !== 'loyalty.hold-expired') return null
  const hold = state.holds[event.data.hold]
  if (hold?.state !== 'open') return broken('I5', `hold ${event.data.hold} ends and is not open`)
  return event.type === 'loyalty.captured' && event.data.points > hold.points
    ? broken('I5', `hold ${hold.id} gives more than it has`)
    : null
}

function postingLaw(state: AccountState, event: LoyaltyEvent): Broken | null {
  const { data } = event
  const id =
    'posting' in data && event.type !== 'loyalty.released'
      ? data.posting
      : 'transfer' in data
        ? data.transfer
        : 'refund' in data
          ? data.refund
          : undefined
  return id !== undefined && state.postings[id] ? broken('once', `posting ${id} is made twice`) : null
}

function entriesBalance(event: LoyaltyEvent, balances: Map<string, number>): Broken | null {
  const sums = new Map<string, number>()
  for (const { book, currency, points } of entriesOf(event)) {
    if (!Number.isSafeInteger(points)) return broken('I1', `${event.type} posts ${points}`)
    sums.set(currency, (sums.get(currency) ?? 0) + points)
    if (book === 'points') balances.set(currency, (balances.get(currency) ?? 0) + points)
  }
  const off = [...sums].find(([, sum]) => sum !== 0)
  return off ? broken('I1', `${event.type} leaves ${off[1]} ${off[0]} over`) : null
}

function afterEvent(before: AccountState, state: AccountState, balances: ReadonlyMap<string, number>): Broken | null {
  const sums = new Map<string, number>()
  const held = new Map<string, number>()
  for (const hold of Object.values(state.holds)) {
    if (hold.state === 'open') for (const some of hold.taken) held.set(some.lot, (held.get(some.lot) ?? 0) + some.points)
  }
  for (const lot of state.lots) {
    const { id, remaining, points, expired } = lot
    if (remaining < 0 || remaining > points || expired < 0 || lot.held < 0 || lot.held > remaining)
      return broken('I4', `lot ${id} has ${remaining} of ${points} with ${lot.held} held`)
    if (lot.held !== (held.get(id) ?? 0)) return broken('I5', `lot ${id} has ${lot.held} held, its holds have ${held.get(id) ?? 0}`)
    sums.set(lot.currency, (sums.get(lot.currency) ?? 0) + remaining)
  }
  for (const [currency, debt] of Object.entries(state.debts)) sums.set(currency, (sums.get(currency) ?? 0) - debt)
  for (const currency of new Set([...sums.keys(), ...balances.keys()])) {
    const [lots, entries] = [sums.get(currency) ?? 0, balances.get(currency) ?? 0]
    if (lots !== entries) return broken('I2', `${currency}: entries say ${entries}, lots and debts ${lots}`)
  }
  return refundLaw(before, state)
}

/** Orders and spends that the event did not touch are the very objects that they were. */
function refundLaw(before: AccountState, state: AccountState): Broken | null {
  for (const order of Object.values(state.orders)) {
    const { id, refunded, value, earnings } = order
    if (before.orders[id] === order) continue
    if (new Exact(refunded).gt(value.amount)) return broken('I7', `order ${id} is refunded beyond its value`)
    const over = earnings.find((earning) => earning.clawedBack > earning.terms.earned)
    if (over) return broken('I7', `order ${id} loses ${over.clawedBack} of ${over.terms.earned} earned`)
  }
  const twice = Object.values(state.spends).find((spend) => spend.back > spend.points)
  return twice ? broken('I7', `spend ${twice.id} came back twice`) : null
}
