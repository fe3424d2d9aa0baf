/** `nearest-rank` answers a figure that was measured; `linear` may answer one between two of them. */
export type PercentileMethod = 'nearest-rank' | 'linear'

/**
 * A percentile of figures sorted ascending; null without any. `nearest-rank` is the ⌈p·n/100⌉-th smallest (type 1 of Hyndman and
 * Fan, Sample Quantiles in Statistical Packages, The American Statistician 50, 1996), `linear` their type 7.
 */
export function percentileOf(sorted: ArrayLike<number>, p: number, method: PercentileMethod): number | null {
  const n = sorted.length
  if (n === 0) return null
  if (method === 'nearest-rank') return sorted[Math.min(n, Math.max(1, Math.ceil((p * n) / 100 - 1e-9))) - 1]!
  const place = ((n - 1) * p) / 100
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (sorted[Math.min(below + 1, n - 1)]! - low) * (place - below)
}

/** The middle figure; the mean of the two middle ones where their count is even. */
export const medianOf = (sorted: ArrayLike<number>): number | null => percentileOf(sorted, 50, 'linear')

/** Figures in order; a typed array sorts by number and several times faster. */
export const inOrder = (figures: readonly number[]): Float64Array => Float64Array.from(figures).sort()
