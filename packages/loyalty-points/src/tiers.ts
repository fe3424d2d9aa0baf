import { DAY } from '@patronkit/core/service'
import { addMonths, dayAt, monthsOn, type Period, periodEnd, periodStart, startOfDay } from './local-day.ts'

/** A rung of the ladder: from how many qualifying points on. The lowest begins at 0. */
export interface Tier {
  readonly id: string
  readonly from: number
}

/** Over which time qualifying points count, and for how long a tier then stands. */
export type TierWindow =
  /** The balance now; up and down at once. */
  | { readonly kind: 'balance' }
  /** Everything ever earned; a tier is never lost. */
  | { readonly kind: 'lifetime' }
  /** The last so many months; a tier stands as long, to the end of the local day, then is looked at again. */
  | { readonly kind: 'rolling'; readonly months: number }
  /** The calendar period; a tier stands to the end of the `keeps`-th period after it (default 1). */
  | { readonly kind: 'calendar'; readonly period: Period; readonly keeps?: number | undefined }
  /**
   * Months since the tier began, or since the account was opened, to the end of the local day; rising starts them anew. What
   * brought a tier does not renew it.
   */
  | { readonly kind: 'anniversary'; readonly months: number }

/** The ladder of a programme. */
export interface TierRules {
  /** From the lowest to the highest. */
  readonly tiers: readonly Tier[]
  readonly window: TierWindow
  /** What a missed renewal costs: one rung, or down to what the points say. Default by-points. */
  readonly downgrade?: 'one-step' | 'by-points' | undefined
  /** Days for which a tier is kept after it was missed; points that come in then still save it. */
  readonly graceDays?: number | undefined
}

/** Qualifying points that came or went at an instant, epoch ms. */
export interface Movement {
  readonly at: number
  readonly points: number
}

/**
 * Where an account stands. `reviewAt` is when the tier is looked at next, null for never; in grace it is the grace's end.
 * `countsFrom` is where an anniversary's window began; `renewsFrom` from when on points count for keeping the tier: behind the
 * movement that brought it, or from where the window began that a grace prolongs.
 */
export interface Standing {
  readonly tier: string
  readonly since: number
  readonly countsFrom: number
  readonly renewsFrom: number
  /** When it was last looked at with a result. */
  readonly asOf: number
  readonly reviewAt: number | null
  readonly inGrace: boolean
}

/** A rise, a fall, a renewal or the beginning of a grace, dated at its own instant. */
export interface TierStep {
  readonly at: number
  readonly from: string
  readonly to: string
  readonly standing: Standing
}

/** The fold of an account's movements: where it stands, and how it came there. */
export interface Climb {
  readonly standing: Standing
  readonly steps: readonly TierStep[]
}

const rankOf = (rules: TierRules, id: string): number =>
  Math.max(
    0,
    rules.tiers.findIndex((tier) => tier.id === id),
  )

/** The highest tier that so many points reach. */
export function tierFor(tiers: readonly Tier[], points: number): string {
  return (tiers.findLast((tier) => points >= tier.from) ?? tiers[0]!).id
}

/** The tier after each change of a balance, where the balance alone decides. */
export function tierAfter(tiers: readonly Tier[], changes: readonly number[]): readonly string[] {
  let balance = 0
  return changes.map((change) => {
    balance += change
    return tierFor(tiers, balance)
  })
}

/** Where an account stands when it is opened. */
export const enrolled = (rules: TierRules, at: number, zone: string): Standing => ({
  tier: rules.tiers[0]!.id,
  since: at,
  countsFrom: at,
  renewsFrom: at,
  // a movement of the very first instant is still to come
  asOf: at - 1,
  reviewAt: reviewAfter(rules.window, at, zone),
  inGrace: false,
})

function reviewAfter(window: TierWindow, at: number, zone: string): number | null {
  switch (window.kind) {
    case 'rolling':
    case 'anniversary':
      return startOfDay(zone, addMonths(dayAt(zone, at), window.months) + 1)
    case 'calendar': {
      let end = periodEnd(dayAt(zone, at), window.period)
      for (let more = window.keeps ?? 1; more > 0; more--) end = periodEnd(end, window.period)
      return startOfDay(zone, end)
    }
    default:
      return null
  }
}

/** First instant of the window that ends at `until`. */
function windowStart(window: TierWindow, standing: Standing, until: number, zone: string): number {
  switch (window.kind) {
    case 'rolling':
      return monthsOn(zone, until, -window.months)
    case 'calendar':
      return startOfDay(zone, periodStart(dayAt(zone, until), window.period))
    case 'anniversary':
      return standing.countsFrom
    default:
      return Number.NEGATIVE_INFINITY
  }
}

/**
 * Movements before this instant are told apart no more by anything that comes after the standing: their sum is enough. A
 * movement that is not behind the standing needs all of them.
 */
export function countsBack(rules: TierRules, standing: Standing, zone: string): number {
  const from = windowStart(rules.window, standing, standing.asOf, zone)
  return from === Number.NEGATIVE_INFINITY ? standing.asOf : Math.min(from, standing.countsFrom, standing.renewsFrom)
}

/**
 * Lets movements and time work on a standing. `movements` are all that matter for the window, in order of time; those after
 * `after` are new. With `after` before everything and the enrolment's standing this is the full recount.
 */
export function climbTiers(
  rules: TierRules,
  start: Standing,
  movements: readonly Movement[],
  span: { readonly after: number; readonly until: number },
  zone: string,
): Climb {
  const counter = countPoints(movements)
  const steps: TierStep[] = []
  let standing = start
  const move = (at: number, to: string, next: Pick<Standing, 'reviewAt' | 'inGrace' | 'countsFrom' | 'renewsFrom'>) => {
    const from = standing.tier
    standing = { tier: to, since: to === from ? standing.since : at, asOf: at, ...next }
    steps.push({ at, from, to, standing })
  }
  const review = (at: number) => {
    // the window that is judged ended just before the review
    const renewsFrom = judgedFrom(rules, standing, at, zone)
    const reached = tierFor(rules.tiers, counter(renewsFrom, at - 1))
    const [now, due] = [rankOf(rules, standing.tier), rankOf(rules, reached)]
    const begun = rules.window.kind === 'calendar' ? at : at - 1
    const next = { reviewAt: reviewAfter(rules.window, begun, zone), inGrace: false, countsFrom: at, renewsFrom: at }
    if (due >= now) return move(at, standing.tier, next)
    if (!standing.inGrace && rules.graceDays) {
      const { countsFrom } = standing
      return move(at, standing.tier, { reviewAt: at + rules.graceDays * DAY, inGrace: true, countsFrom, renewsFrom })
    }
    move(at, rules.downgrade === 'one-step' ? rules.tiers[now - 1]!.id : reached, next)
  }
  const reviewUntil = (until: number) => {
    while (standing.reviewAt !== null && standing.reviewAt <= until) review(standing.reviewAt)
  }
  for (const movement of movements) {
    if (movement.at <= span.after || movement.at > span.until) continue
    reviewUntil(movement.at)
    const from = windowStart(rules.window, standing, movement.at, zone)
    const reached = tierFor(rules.tiers, counter(from, movement.at))
    const rises = rankOf(rules, reached) > rankOf(rules, standing.tier)
    const falls = rules.window.kind === 'balance' && reached !== standing.tier
    if (rises || falls) {
      const { at } = movement
      move(at, reached, { reviewAt: reviewAfter(rules.window, at, zone), inGrace: false, countsFrom: at, renewsFrom: at + 1 })
    }
  }
  reviewUntil(span.until)
  return { standing, steps }
}

/** Points from one instant to another, both included, by sums over all movements. */
function countPoints(movements: readonly Movement[]): (from: number, to: number) => number {
  const sums = [0]
  for (const { points } of movements) sums.push(sums.at(-1)! + points)
  const upTo = (at: number) => {
    let [low, high] = [0, movements.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (movements[middle]!.at <= at) low = middle + 1
      else high = middle
    }
    return sums[low]!
  }
  return (from, to) => upTo(to) - (from === Number.NEGATIVE_INFINITY ? 0 : upTo(from - 1))
}

/** What an account shows of its tier: what counts, what is missing for the next one, and what it would be if reviewed now. */
export interface TierView {
  readonly tier: string
  readonly since: number
  /** Last instant plus one for which the tier is sure; null for always. */
  readonly until: number | null
  readonly inGrace: boolean
  /** Qualifying points in the running window. */
  readonly points: number
  readonly next: { readonly tier: string; readonly missing: number } | null
  /** Points that are still needed to keep the tier at its review; 0 when it is safe. */
  readonly missingToKeep: number
  /** The tier at the review if nothing more comes in. */
  readonly projected: string
}

/** Looks at a standing at an instant up to which time was passed already. */
export function viewTier(rules: TierRules, standing: Standing, movements: readonly Movement[], at: number, zone: string): TierView {
  const counter = countPoints(movements)
  const points = counter(windowStart(rules.window, standing, at, zone), at)
  const rank = rankOf(rules, standing.tier)
  const next = rules.tiers[rank + 1]
  const { reviewAt } = standing
  // what will still count when the tier is looked at: a window that moves on leaves early points behind
  const kept = reviewAt === null ? points : counter(judgedFrom(rules, standing, reviewAt, zone), at)
  const projection = climbTiers(
    rules,
    standing,
    movements.filter((movement) => movement.at <= at),
    { after: at, until: reviewAt === null ? at : graceEnd(rules, standing, reviewAt) },
    zone,
  )
  return {
    tier: standing.tier,
    since: standing.since,
    until: reviewAt,
    inGrace: standing.inGrace,
    points,
    next: next ? { tier: next.id, missing: Math.max(0, next.from - points) } : null,
    missingToKeep: reviewAt === null ? 0 : Math.max(0, rules.tiers[rank]!.from - kept),
    projected: projection.standing.tier,
  }
}

const judgedFrom = (rules: TierRules, standing: Standing, reviewAt: number, zone: string): number =>
  standing.inGrace || rules.window.kind === 'anniversary' ? standing.renewsFrom : windowStart(rules.window, standing, reviewAt - 1, zone)

const graceEnd = (rules: TierRules, standing: Standing, reviewAt: number): number =>
  standing.inGrace ? reviewAt : reviewAt + (rules.graceDays ?? 0) * DAY
