import { PatronkitError } from '@patronkit/core'
import { numbers, whole } from '../checks.ts'

export interface NaturalBreaks {
  /** The least sum of squared distances to the class means that any division reaches. */
  readonly sse: number
  /** Values per class, from the class of the least values up. */
  readonly groupSizes: readonly number[]
  /** The first value of each class but the lowest: a value from it on is in the class. */
  readonly breaks: readonly number[]
  readonly means: readonly number[]
}

/**
 * Divides numbers into classes with the least spread within (Jenks; k-means in one dimension), exactly: dynamic programming over
 * the sorted distinct values, each layer by divide and conquer, because the best last break never moves back (Wu 1991; Grønlund
 * et al., Fast exact k-means in 1D, 2017). O(classes × n log n). Equal values are never parted.
 */
export function naturalBreaks(i: { readonly values: readonly number[]; readonly classes: number }): NaturalBreaks {
  const classes = whole(i.classes, 'classes', 1)
  const sorted = Float64Array.from(numbers(i.values, 'values')).sort()
  const starts: number[] = []
  for (let k = 0; k < sorted.length; k++) if (k === 0 || sorted[k] !== sorted[k - 1]) starts.push(k)
  const n = starts.length
  if (classes > n) throw tooFew(n, classes)
  const cost = costOf(sorted, starts)
  const lastBreaks = layers(n, classes, cost)
  const edges = [n]
  for (let layer = classes - 1, end = n; layer > 0; layer--) {
    end = lastBreaks[layer - 1]![end]!
    edges.unshift(end)
  }
  edges.unshift(0)
  const place = (distinct: number) => (distinct === n ? sorted.length : starts[distinct]!)
  const groups = edges.slice(1).map((end, k) => sorted.subarray(place(edges[k]!), place(end)))
  const means = groups.map(meanOf)
  return {
    sse: groups.reduce((sum, group, k) => group.reduce((inner, value) => inner + (value - means[k]!) ** 2, sum), 0),
    groupSizes: groups.map((group) => group.length),
    breaks: groups.slice(1).map((group) => group[0]!),
    means,
  }
}

const meanOf = (group: Float64Array): number => group.reduce((sum, value) => sum + value - group[0]!, 0) / group.length + group[0]!

/** The spread of the distinct values from `from` up to, not with, `to`: sums from the middle value, which keeps their digits. */
function costOf(sorted: Float64Array, starts: readonly number[]): (from: number, to: number) => number {
  const n = starts.length
  const centre = sorted[sorted.length >> 1]!
  const count = new Float64Array(n + 1)
  const sum = new Float64Array(n + 1)
  const squares = new Float64Array(n + 1)
  for (let k = 0; k < n; k++) {
    const times = (starts[k + 1] ?? sorted.length) - starts[k]!
    const value = sorted[starts[k]!]! - centre
    count[k + 1] = count[k]! + times
    sum[k + 1] = sum[k]! + times * value
    squares[k + 1] = squares[k]! + times * value * value
  }
  return (from, to) => {
    const total = sum[to]! - sum[from]!
    return Math.max(0, squares[to]! - squares[from]! - (total * total) / (count[to]! - count[from]!))
  }
}

/** For each number of classes from 2 up, where the last class begins for each number of values. */
function layers(n: number, classes: number, cost: (from: number, to: number) => number): Int32Array[] {
  let best = new Float64Array(n + 1)
  for (let end = 1; end <= n; end++) best[end] = cost(0, end)
  const lastBreaks: Int32Array[] = []
  for (let layer = 2; layer <= classes; layer++) {
    const next = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY)
    const breaks = new Int32Array(n + 1)
    const fill = (low: number, high: number, from: number, to: number): void => {
      if (low > high) return
      const end = (low + high) >> 1
      const most = Math.min(to, end - 1)
      let found = Number.POSITIVE_INFINITY
      let at = from
      for (let start = Math.max(from, layer - 1); start <= most; start++) {
        const value = best[start]! + cost(start, end)
        if (value < found) {
          found = value
          at = start
        }
      }
      next[end] = found
      breaks[end] = at
      fill(low, end - 1, from, at)
      fill(end + 1, high, at, to)
    }
    fill(layer, n, layer - 1, n - 1)
    lastBreaks.push(breaks)
    best = next
  }
  return lastBreaks
}

const tooFew = (distinct: number, classes: number) =>
  new PatronkitError({
    code: 'segments/too-few-values',
    message: `${distinct} distinct values cannot make ${classes} classes. Ask for at most ${distinct}.`,
    details: { distinct, classes },
  })
