import { type Exact as Decimal, Exact, textOf } from '../exact.ts'

/**
 * How often measurements fell into buckets whose middle is never further from any of them than a share `error` of it. It is plain data,
 * and two of them are put together by adding their counts, so it does not matter how measurements were dealt out and in what order.
 *
 * The guarantee is that of DDSketch (Masson, Rim and Lee, 2019). Its logarithm is not used: one processor rounds it otherwise than
 * another, and a period replays byte for byte on any. Bounds are decimals instead, evenly spaced from 1 to 2, 2 to 5 and 5 to 10 of each
 * power of ten, which takes at most 1.75 / error + 3 buckets for each: half as many again as a logarithm would.
 */
export interface Sketch {
  readonly error: Decimal
  /** By the bound nearest to 0, signed; '0' holds zeros. */
  readonly buckets: ReadonlyMap<string, number>
}

const ZERO = new Exact(0)
const TEN = new Exact(10)
/** From the second, in steps of so many times the doubled error. A step is an error's share of the bound on both sides of its middle. */
const STRETCHES: readonly (readonly [from: Decimal, to: Decimal])[] = [
  [new Exact(1), new Exact(2)],
  [new Exact(2), new Exact(5)],
  [new Exact(5), TEN],
]

interface Bucket {
  readonly low: Decimal
  readonly high: Decimal
}

/** The bucket of a size above 0: the one that holds it, its lower bound included. */
function bucketOf(size: Decimal, error: Decimal): Bucket {
  const power = TEN.pow(size.e)
  const digits = size.div(power)
  const [from, to] = STRETCHES.find(([, end]) => digits.lt(end))!
  const step = from.times(error).times(2)
  const low = from.plus(digits.minus(from).divToInt(step).times(step))
  return { low: low.times(power), high: Exact.min(low.plus(step), to).times(power) }
}

export function sketchOf(values: Iterable<Decimal>, error: Decimal): Sketch {
  const buckets = new Map<string, number>()
  for (const value of values) {
    const name = nameOf(value, error)
    buckets.set(name, (buckets.get(name) ?? 0) + 1)
  }
  return { error, buckets }
}

const nameOf = (value: Decimal, error: Decimal): string => {
  if (value.isZero()) return '0'
  const { low } = bucketOf(value.abs(), error)
  return textOf(value.isNegative() ? low.negated() : low)
}

/** Two parts of one metric as one. */
export function mergeSketches(a: Sketch, b: Sketch): Sketch {
  const buckets = new Map(a.buckets)
  for (const [name, count] of b.buckets) buckets.set(name, (buckets.get(name) ?? 0) + count)
  return { error: a.error, buckets }
}

/** The value at a place in order, from 1 up, off by at most `error` of itself. */
export function valueAtPlace(sketch: Sketch, place: number): Decimal {
  const sorted = [...sketch.buckets].map(([name, count]) => ({ bound: new Exact(name), count })).sort((a, b) => a.bound.cmp(b.bound))
  let at = 0
  for (let seen = sorted[0]!.count; seen < place; seen += sorted[at]!.count) at++
  const { bound } = sorted[at]!
  if (bound.isZero()) return ZERO
  const { low, high } = bucketOf(bound.abs(), sketch.error)
  const middle = low.plus(high).div(2)
  return bound.isNegative() ? middle.negated() : middle
}
