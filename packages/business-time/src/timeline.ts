import type { Intervals } from './open-time.ts'

/**
 * Open time as sorted intervals with running totals: the working time up to an instant is one lookup and one subtraction,
 * and so is its inverse. Two tables say where to look: `byInstant` for equal steps of time, `byWorked` for equal steps of
 * working time, each some four times finer than the intervals, so that few steps hold a boundary. The steps are powers of
 * two, whose reciprocals are exact.
 *
 * Interval 0 is empty and begins at `from`, so that an instant before the first opening has a place too; intervals 1 to
 * `count` are real; starts[count + 1] is Infinity.
 */
export interface Timeline {
  readonly from: number
  readonly to: number
  readonly count: number
  /** Working time in [from, to), in ms. */
  readonly total: number
  readonly starts: Float64Array
  readonly ends: Float64Array
  /** worked[k]: working time before interval k; worked[count + 1] is the total. */
  readonly worked: Float64Array
  /** shift[k]: starts[k] − worked[k], what separates an instant inside interval k from its working time. */
  readonly shift: Float64Array
  readonly byInstant: Int32Array
  readonly instantScale: number
  readonly byWorked: Int32Array
  readonly workedScale: number
  /** Some step holds so many intervals that walking them would take long; then every step is bisected. */
  readonly crowded: boolean
}

const STEPS_PER_INTERVAL = 4
const WALK = 8

export function timeline(open: Intervals, from: number, to: number): Timeline {
  const count = open.starts.length
  const starts = new Float64Array(count + 2)
  const ends = new Float64Array(count + 2)
  const worked = new Float64Array(count + 2)
  starts.set(open.starts, 1)
  ends.set(open.ends, 1)
  starts[0] = from
  ends[0] = from
  starts[count + 1] = Number.POSITIVE_INFINITY
  ends[count + 1] = Number.POSITIVE_INFINITY
  for (let k = 1; k <= count; k++) worked[k + 1] = worked[k]! + ends[k]! - starts[k]!
  const total = worked[count + 1]!

  const instantScale = scaleFor(to - from, count)
  const byInstant = new Int32Array(Math.floor((to - from) * instantScale) + 2)
  for (let i = 0, k = 0; i < byInstant.length; i++) {
    while (starts[k + 1]! <= from + i / instantScale) k++
    byInstant[i] = k
  }
  const workedScale = scaleFor(total, count)
  const byWorked = new Int32Array(Math.floor(total * workedScale) + 2)
  for (let i = 0, k = 0; i < byWorked.length; i++) {
    while (k < count && worked[k + 1]! < i / workedScale) k++
    byWorked[i] = k
  }
  return {
    from,
    to,
    count,
    total,
    starts,
    ends,
    worked,
    shift: starts.map((start, k) => start - worked[k]!),
    byInstant,
    instantScale,
    byWorked,
    workedScale,
    crowded: isCrowded(byInstant) || isCrowded(byWorked),
  }
}

/** Steps per ms, a power of two and at most 1. */
function scaleFor(length: number, count: number): number {
  const step = Math.max(1, length / (STEPS_PER_INTERVAL * Math.max(1, count)))
  return 2 ** -Math.floor(Math.log2(step))
}

const isCrowded = (table: Int32Array): boolean => table.some((k, i) => i > 0 && k - table[i - 1]! > WALK)

/** The last interval that starts at or before an instant of [from, to]. */
export function indexAt(t: Timeline, at: number): number {
  const starts = t.starts
  const i = Math.floor((at - t.from) * t.instantScale)
  let k = t.byInstant[i]!
  if (t.crowded) k = bisect(starts, at, k, t.byInstant[i + 1]! + 1)
  while (starts[k + 1]! <= at) k++
  return k
}

/** Working time in [from, at), in ms. */
export function workedAt(t: Timeline, at: number): number {
  const k = indexAt(t, at)
  return Math.min(at, t.ends[k]!) - t.shift[k]!
}

/** The first instant by which `amount` has been worked, 0 < amount <= total: where an interval ends with it, its close. */
export function closeOf(t: Timeline, amount: number): number {
  const worked = t.worked
  const i = Math.floor(amount * t.workedScale)
  let k = t.byWorked[i]!
  if (t.crowded) k = bisect(worked, amount - 1, k, t.byWorked[i + 1]! + 1)
  while (worked[k + 1]! < amount) k++
  return t.shift[k]! + amount
}

/** The last instant until which only `amount` has been worked, 0 <= amount < total: where an interval starts with it, its opening. */
export function openingOf(t: Timeline, amount: number): number {
  const worked = t.worked
  const i = Math.floor(amount * t.workedScale)
  let k = t.byWorked[i]!
  if (t.crowded) k = bisect(worked, amount, k, t.byWorked[i + 1]! + 1)
  while (worked[k + 1]! <= amount) k++
  return t.shift[k]! + amount
}

/** Nears the last k of [low, high) with values[k] <= wanted, where values[low] is so and values[high] is not. */
function bisect(values: Float64Array, wanted: number, low: number, high: number): number {
  let [first, last] = [low, high]
  while (last - first > WALK) {
    const middle = (first + last) >> 1
    if (values[middle]! <= wanted) first = middle
    else last = middle
  }
  return first
}
