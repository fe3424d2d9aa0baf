import type { Balance } from './decision.ts'
import { evolveAll } from './evolve.ts'
import type { AccountState } from './model.ts'
import { free, passTime, usable } from './passing.ts'
import { type Programme, zoneOf } from './programme.ts'
import { tierEvents } from './tier-events.ts'
import { climbTiers, type TierView, viewTier } from './tiers.ts'

/** The balance of a state whose time was passed up to `at`. */
export function tally(state: AccountState, currency: string, at: number): Balance {
  let [posted, held, pending, available] = [0, 0, 0, state.unread]
  let next: { points: number; at: number } | null = null
  const last = state.unreadAlike > 0 ? state.lots.find((lot) => lot.id === state.readTo) : undefined
  for (const lot of state.lots) {
    if (lot.currency !== currency || lot.remaining === 0) continue
    posted += lot.remaining
    held += lot.held
    const now = usable(lot, at)
    if (lot.availableAt === null || lot.availableAt > at) pending += free(lot)
    available += now
    if (now > 0 && lot.expiresAt !== null) {
      if (next === null) next = { points: now, at: lot.expiresAt }
      else if (next.at === lot.expiresAt) next.points += now
    }
  }
  const debt = state.debts[currency] ?? 0
  if (next && last && last.expiresAt === next.at) next.points += state.unreadAlike
  return { posted: posted + state.unread, available: available - debt, held, pending, debt, nextExpiry: next }
}

/** What an account has at an instant from its last event on: right to the millisecond, whether or not any job has run. */
export function balanceAt(state: AccountState, programme: Programme, at: number, currency: string = programme.currency): Balance {
  return tally(passTime(state, at, programme).state, currency, at)
}

/** Where an account stands at an instant from its last event on; null without tiers. */
export function tierAt(state: AccountState, programme: Programme, at: number): TierView | null {
  const rules = programme.tiers
  if (!rules || !(state.standing || state.past)) return null
  const zone = zoneOf(programme)
  const passed = passTime(state, at, programme)
  const { standing: before, movements } = evolveAll(passed.state, tierEvents(state, passed.events, passed.state, programme, at))
  const { standing } = climbTiers(rules, before!, movements, { after: before!.asOf, until: at }, zone)
  return viewTier(rules, standing, movements, at, zone)
}
