import { toIso } from '@patronkit/core/service'
import { event } from './decision.ts'
import { evolve, evolveAll, NOBODY } from './evolve.ts'
import type { AccountState, Clawed, Lot, LoyaltyEvent } from './model.ts'
import { type Programme, zoneOf } from './programme.ts'
import { climbTiers, enrolled, type Movement } from './tiers.ts'

/**
 * The qualifying points that new events bring or take, and what they and the passing of time do to the tier. An account that is
 * older than the tiers of its programme is counted as if they had been there when it was opened, whenever it is looked at first.
 */
export function tierEvents(
  before: AccountState,
  news: readonly LoyaltyEvent[],
  after: AccountState,
  programme: Programme,
  until: number,
): readonly LoyaltyEvent[] {
  const rules = programme.tiers
  const past = before.standing ? null : before.past
  if (!rules || !(before.standing || past || after.standing)) return []
  const zone = zoneOf(programme)
  const moved = [...(past ?? []), ...movementsOf(before, news, programme)]
  const qualified = moved.map(({ at, points }) => event('loyalty.qualified', until, { points, from: toIso(at) }))
  const { movements } = evolveAll(after, qualified)
  // a movement that is not behind the last result folds everything anew
  const standing = after.standing ?? enrolled(rules, after.openedAt, zone)
  const late = past !== null || moved.some((movement) => movement.at <= standing.asOf)
  const start = late ? enrolled(rules, after.openedAt, zone) : standing
  const span = { after: late ? Number.NEGATIVE_INFINITY : standing.asOf, until }
  const { steps, standing: now } = climbTiers(rules, start, movements, span, zone)
  if (!late) return [...qualified, ...steps.map((step) => reviewed(step))]
  const same =
    past === null &&
    now.tier === standing.tier &&
    now.since === standing.since &&
    now.reviewAt === standing.reviewAt &&
    now.asOf === standing.asOf
  return same ? qualified : [...qualified, reviewed({ at: until, from: standing.tier, to: now.tier, standing: now })]
}

const reviewed = ({ at, from, to, standing }: ReturnType<typeof climbTiers>['steps'][number]): LoyaltyEvent =>
  event('loyalty.tier-reviewed', at, { from, to, standing })

/** The qualifying points of an account by all its events, in order of time. */
export const qualifyingOf = (events: readonly LoyaltyEvent[], programme: Programme): readonly Movement[] =>
  [...movementsOf(NOBODY, events, programme)].sort((a, b) => a.at - b.at)

/** Points count from when they can be used; what is taken back before that never counted. */
function movementsOf(before: AccountState, news: readonly LoyaltyEvent[], programme: Programme): readonly Movement[] {
  const currency = programme.tiers?.currency ?? programme.currency
  const byBalance = programme.tiers?.window.kind === 'balance'
  const found: Movement[] = []
  let state = before
  for (const one of news) {
    const next = evolve(state, one)
    if (byBalance) found.push(...settled(state, next, one.at, currency))
    else if (one.type === 'loyalty.earned') {
      for (const lot of one.data.lots) {
        if (lot.currency === currency && lot.availableAt !== null) found.push({ at: Date.parse(lot.availableAt), points: lot.points })
      }
    } else if (one.type === 'loyalty.released') {
      const due = state.lots.filter((lot) => lot.posting === one.data.posting && lot.availableAt === null && lot.currency === currency)
      found.push({ at: one.at, points: due.reduce((sum, lot) => sum + lot.remaining, 0) })
    } else if (one.type === 'loyalty.refunded') {
      for (const clawed of one.data.clawed) if (clawed.currency === currency) found.push(...taken(state, clawed, one.at))
    }
    state = next
  }
  return found.filter((movement) => movement.points !== 0)
}

/** What an event did to the points that wait no more, debts taken off. */
function settled(before: AccountState, after: AccountState, at: number, currency: string): readonly Movement[] {
  const sums = new Map([[at, (before.debts[currency] ?? 0) - (after.debts[currency] ?? 0)]])
  const was = new Map(before.lots === after.lots ? [] : before.lots.map((lot) => [lot.id, lot]))
  const counts = (lot: Lot | undefined) => (lot && lot.availableAt !== null ? lot.remaining : 0)
  for (const lot of before.lots === after.lots ? [] : after.lots) {
    const points = counts(lot) - counts(was.get(lot.id))
    if (points === 0 || lot.currency !== currency) continue
    const from = Math.max(at, lot.availableAt!)
    sums.set(from, (sums.get(from) ?? 0) + points)
  }
  return [...sums].map(([from, points]) => ({ at: from, points }))
}

function taken(state: AccountState, clawed: Clawed, at: number): readonly Movement[] {
  const own = state.lots.filter((lot) => lot.posting === clawed.posting && lot.currency === clawed.currency)
  // what was gone before it could be used never counted
  let rest = clawed.points - (own.every((lot) => lot.availableAt === null) ? clawed.lapsed : 0)
  const movements: Movement[] = []
  for (const some of clawed.taken) {
    const lot = state.lots.find((candidate) => candidate.id === some.lot)
    if (lot?.posting !== clawed.posting) continue
    if (lot.availableAt !== null && lot.availableAt <= at) continue
    if (lot.availableAt !== null) movements.push({ at: lot.availableAt, points: -some.points })
    rest -= some.points
  }
  return [...movements, { at, points: -rest }]
}
