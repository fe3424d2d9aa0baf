import { finite } from '../checks.ts'
import { wrong } from '../refusals.ts'

/**
 * A book of rules. Western Electric (1956): 1 beyond 3σ; 2 two of three beyond 2σ on one side; 3 four of five beyond 1σ on one side;
 * 4 eight on one side. Nelson (1984): 1 beyond 3σ; 2 nine on one side; 3 six rising or falling; 4 fourteen alternating;
 * 5 two of three beyond 2σ; 6 four of five beyond 1σ; 7 fifteen within 1σ; 8 eight outside 1σ, on both sides.
 * A run is flagged from the point at which it first has its length; in the "of" rules that point lies beyond itself.
 */
export type RuleBook = 'western-electric' | 'nelson'

/** Where a watch stands: as much of the past as the rules look back on, in eight numbers, however many points there were. */
export interface Watch {
  readonly book: RuleBook
  /** Points so far. */
  readonly points: number
  /** The rules that the last point broke, as bits; `brokenRules` names them. */
  readonly broken: number
  readonly last: number
  /** Points in a row on one side of the centre: positive above, negative below. */
  readonly side: number
  /** Steps in a row: positive rising, negative falling. */
  readonly trend: number
  readonly alternating: number
  readonly within: number
  readonly outside: number
  /** Of the last points, newest first: one bit a point, for each zone and side. */
  readonly zones: number
}

/** A watch that has seen nothing yet. */
export function startWatch(i: { readonly rules: RuleBook }): Watch {
  if (i.rules !== 'western-electric' && i.rules !== 'nelson')
    throw wrong('rules', 'is no book of rules', "Use 'western-electric' or 'nelson'.")
  return { book: i.rules, points: 0, broken: 0, last: 0, side: 0, trend: 0, alternating: 0, within: 0, outside: 0, zones: 0 }
}

/** Which rules the last point broke, by their numbers in the book. */
export function brokenRules(watch: Watch): number[] {
  const rules: number[] = []
  for (let rule = 1; rule <= 8; rule++) if (watch.broken & (1 << rule)) rules.push(rule)
  return rules
}

// Five bits each: beyond 2σ above and below, beyond 1σ above and below; then eight bits for the side of points outside 1σ.
const UP_2 = 1
const DOWN_2 = 1 << 5
const UP_1 = 1 << 10
const DOWN_1 = 1 << 15
const FIVE = 0b11111
const WINDOWS = 0b11110 * (UP_2 | DOWN_2 | UP_1 | DOWN_1)

/**
 * The watch after one more point. `z` is the point's distance from the centre in its own standard deviations.
 *
 * @example
 * ```ts
 * import { brokenRules, nextPoint, startWatch } from '@patronkit/kpi-scoring'
 *
 * let watch = startWatch({ rules: 'nelson' })
 * for (const z of [0.2, 1.1, 3.4]) {
 *   watch = nextPoint(watch, z)
 *   if (watch.broken) console.log(watch.points, brokenRules(watch)) // 3 [1]
 * }
 * ```
 */
export function nextPoint(watch: Watch, z: number): Watch {
  // The subtraction is NaN for whatever is not finite.
  if (z - z !== 0) finite(z, 'z')
  const up = z > 0
  const down = z < 0
  const side = up ? (watch.side > 0 ? watch.side + 1 : 1) : down ? (watch.side < 0 ? watch.side - 1 : -1) : 0
  const rises = watch.points > 0 && z > watch.last
  const falls = watch.points > 0 && z < watch.last
  const trend = rises ? (watch.trend > 0 ? watch.trend + 1 : 1) : falls ? (watch.trend < 0 ? watch.trend - 1 : -1) : 0
  // A step against the one before goes on alternating, a step like it starts anew with itself.
  const turned = (rises && watch.trend < 0) || (falls && watch.trend > 0)
  const alternating = turned ? watch.alternating + 1 : rises || falls ? 1 : 0
  const beyond1 = z > 1 || z < -1
  const within = z < 1 && z > -1 ? watch.within + 1 : 0
  // Positive and negative points of a run outside 1σ: the count above in the low half, below in the high half.
  const outside = beyond1 ? watch.outside + (up ? 1 : 0x10000) : 0
  const zones = ((watch.zones << 1) & WINDOWS) | (z > 2 ? UP_2 : z < -2 ? DOWN_2 : 0) | (z > 1 ? UP_1 : z < -1 ? DOWN_1 : 0)
  const points = watch.points + 1
  const broken =
    watch.book === 'nelson'
      ? nelson(z, side, trend, alternating, within, outside, zones)
      : (z > 3 || z < -3 ? 2 : 0) | (pairs(zones) ? 4 : 0) | (fours(zones) ? 8 : 0) | (side >= 8 || side <= -8 ? 16 : 0)
  return { book: watch.book, points, broken, last: z, side, trend, alternating, within, outside: held(outside), zones }
}

function nelson(z: number, side: number, trend: number, alternating: number, within: number, outside: number, zones: number): number {
  const above = outside & 0xffff
  const below = outside >>> 16
  return (
    (z > 3 || z < -3 ? 1 << 1 : 0) |
    (side >= 9 || side <= -9 ? 1 << 2 : 0) |
    (trend >= 5 || trend <= -5 ? 1 << 3 : 0) |
    (alternating >= 13 ? 1 << 4 : 0) |
    (pairs(zones) ? 1 << 5 : 0) |
    (fours(zones) ? 1 << 6 : 0) |
    (within >= 15 ? 1 << 7 : 0) |
    (above + below >= 8 && above > 0 && below > 0 ? 1 << 8 : 0)
  )
}

/** Counts of a long run stay small: what matters is that there were eight, and whether both sides were met. */
function held(outside: number): number {
  const above = Math.min(outside & 0xffff, 0x4000)
  const below = Math.min(outside >>> 16, 0x4000)
  return above | (below << 16)
}

/** Two of the last three beyond 2σ on one side, the last among them. */
const pairs = (zones: number): boolean => two(zones & 0b111) || two((zones >> 5) & 0b111)
const two = (bits: number): boolean => (bits & 1) === 1 && (bits & 0b110) !== 0

/** Four of the last five beyond 1σ on one side, the last among them. */
const fours = (zones: number): boolean => four((zones >> 10) & FIVE) || four((zones >> 15) & FIVE)
const four = (bits: number): boolean =>
  (bits & 1) === 1 && (bits & 1) + ((bits >> 1) & 1) + ((bits >> 2) & 1) + ((bits >> 3) & 1) + ((bits >> 4) & 1) >= 4

/** The points (from 1) at which each rule was broken. */
export type Signals = { readonly [rule: string]: readonly number[] }

/** Runs all points through the rules at once: the same fold, with its signals kept. */
export function runRules(i: { readonly z: Iterable<number>; readonly rules: RuleBook }): Signals {
  const signals: { [rule: string]: number[] } = Object.fromEntries(
    Array.from({ length: i.rules === 'nelson' ? 8 : 4 }, (_, at) => [String(at + 1), []]),
  )
  let watch = startWatch({ rules: i.rules })
  for (const z of i.z) {
    watch = nextPoint(watch, z)
    if (watch.broken) for (const rule of brokenRules(watch)) signals[String(rule)]!.push(watch.points)
  }
  return signals
}
