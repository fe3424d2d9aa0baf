import { type Bare, toIso } from '@patronkit/core/service'
import { dateOf, dayAt, periodEnd, periodStart, startOfDay } from './local-day.ts'
import type { AccountState } from './model.ts'
import { type Programme, type SpendLimit, zoneOf } from './programme.ts'
import type { Rejection } from './refusals.ts'

/** One bound of a limit in the period that holds an instant: how many points, or how often. */
interface Bound {
  readonly limit: SpendLimit
  readonly of: 'points' | 'times'
  readonly allowed: number
  readonly counter: string
  /** First day of the period. */
  readonly day: number
}

function boundsAt(programme: Programme, at: number): readonly Bound[] {
  if (!programme.spendLimits) return []
  const today = dayAt(zoneOf(programme), at)
  return programme.spendLimits.flatMap((limit) => {
    const day = periodStart(today, limit.each)
    return (['points', 'times'] as const).flatMap((of): readonly Bound[] => {
      const allowed = limit[of]
      return allowed === undefined ? [] : [{ limit, of, allowed, day, counter: `spent/${limit.id}/${of}/${dateOf(day)}` }]
    })
  })
}

/** The counters that spending at an instant looks at. */
export const spendCounters = (programme: Programme, at: number): readonly string[] => boundsAt(programme, at).map(({ counter }) => counter)

/** Whether an account's holds and redemptions count: a hold that began without limits never does while it is open. */
export const countsSpending = ({ spendLimits }: Programme): boolean => spendLimits !== undefined && spendLimits.length > 0

const amountOf = ({ of }: Bound, points: number): number => (of === 'points' ? points : 1)

/** The counters after points were spent for good, dated when they were first set aside. */
export function spentCounters(
  programme: Programme,
  state: AccountState,
  at: number,
  points: number,
): { readonly counters?: { readonly [key: string]: number } } {
  if (!countsSpending(programme)) return {}
  const after = boundsAt(programme, at).map((bound) => [bound.counter, (state.counters[bound.counter] ?? 0) + amountOf(bound, points)])
  return { counters: Object.fromEntries(after) }
}

/** What was spent in the period of a bound, and what open holds that began in it have set aside. */
function usedOf(programme: Programme, state: AccountState, bound: Bound): number {
  const zone = zoneOf(programme)
  const open = Object.values(state.holds).filter(
    (hold) => hold.state === 'open' && hold.countedAt !== null && periodStart(dayAt(zone, hold.countedAt), bound.limit.each) === bound.day,
  )
  return open.reduce((sum, hold) => sum + amountOf(bound, hold.points), state.counters[bound.counter] ?? 0)
}

/**
 * Whether an account may spend so many points now: a line for each bound, or the refusal that lasts longest. What was held
 * counts until it is free again. What comes back of a redemption does not make room: else spending and reversing in turns would
 * pass any limit.
 */
export function spendLines(programme: Programme, state: AccountState, at: number, points: number): readonly Bare[] | Rejection {
  const zone = zoneOf(programme)
  const lines: Bare[] = []
  let refused: Extract<Rejection, { code: 'loyalty/over-spend-limit' }> | null = null
  for (const bound of boundsAt(programme, at)) {
    const { limit, of, allowed, day } = bound
    const [spent, asked] = [usedOf(programme, state, bound), amountOf(bound, points)]
    const until = toIso(startOfDay(zone, periodEnd(day, limit.each)))
    const data = { limit: limit.id, each: limit.each, of, allowed }
    if (spent + asked <= allowed) {
      lines.push({ code: 'loyalty/spend-limit', data: { points: 0, currency: programme.currency, ...data, spent: spent + asked, until } })
      continue
    }
    const again = asked > allowed ? null : until
    const isLonger = refused === null || again === null || (refused.details.again !== null && again > refused.details.again)
    if (isLonger) refused = { code: 'loyalty/over-spend-limit', details: { ...data, spent, asked, again } }
  }
  return refused ?? lines
}
