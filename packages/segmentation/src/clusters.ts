import './refusals.ts'
import { kmeans } from 'ml-kmeans'
import { numbers, whole } from './checks.ts'
import { wrong } from './refusals.ts'

/** Customers put together by several features at once. */
export interface Clusters {
  /** The cluster of each row, numbered by size from the largest. */
  readonly clusters: readonly number[]
  readonly sizes: readonly number[]
  /** Centres in the units of the features. */
  readonly centres: readonly (readonly number[])[]
  /** Sum of squared distances, in standardised features. */
  readonly sse: number
}

/**
 * k-means through ml-kmeans, over features standardised to mean 0 and deviation 1; the best of `tries` starts. The same seed gives
 * the same clusters. For one feature take `naturalBreaks`, which is exact.
 */
export function clusters(i: {
  readonly rows: readonly (readonly number[])[]
  readonly classes: number
  readonly seed: number
  readonly tries?: number
}): Clusters {
  const classes = whole(i.classes, 'classes', 1)
  const tries = whole(i.tries ?? 10, 'tries', 1)
  if (i.rows.length < classes)
    throw wrong('rows', `has ${i.rows.length} rows for ${classes} classes`, 'Give more rows, or ask for fewer classes.')
  const width = i.rows[0]!.length
  for (const [at, row] of i.rows.entries()) {
    if (numbers(row, `rows.${at}`).length !== width)
      throw wrong(`rows.${at}`, `has ${row.length} features, the first has ${width}`, 'Make all rows equally long.')
  }
  const scales = Array.from({ length: width }, (_, j) => scaleOf(i.rows.map((row) => row[j]!)))
  const scaled = i.rows.map((row) => row.map((value, j) => (value - scales[j]!.mean) / scales[j]!.deviation))
  let best: { sse: number; found: ReturnType<typeof kmeans> } | null = null
  for (let turn = 0; turn < tries; turn++) {
    const found = kmeans(scaled, classes, { seed: i.seed + turn, initialization: 'kmeans++', maxIterations: 300 })
    const sse = scaled.reduce(
      (sum, row, at) => sum + row.reduce((inner, value, j) => inner + (value - found.centroids[found.clusters[at]!]![j]!) ** 2, 0),
      0,
    )
    if (!best || sse < best.sse) best = { sse, found }
  }
  const { sse, found } = best!
  const counted = found.centroids.map((_, k) => found.clusters.reduce((sum, cluster) => sum + (cluster === k ? 1 : 0), 0))
  const order = counted.map((_, k) => k).sort((a, b) => counted[b]! - counted[a]! || a - b)
  const place = new Map(order.map((old, at) => [old, at]))
  return {
    clusters: found.clusters.map((cluster) => place.get(cluster)!),
    sizes: order.map((old) => counted[old]!),
    centres: order.map((old) => found.centroids[old]!.map((value, j) => value * scales[j]!.deviation + scales[j]!.mean)),
    sse,
  }
}

function scaleOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  return { mean, deviation: deviation || 1 }
}
