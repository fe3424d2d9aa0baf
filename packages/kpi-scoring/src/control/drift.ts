import { between, finite, notNegative } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** Where a CUSUM stands: what has piled up above and below, in standard deviations of the point. */
export interface CusumState {
  readonly points: number
  readonly upper: number
  readonly lower: number
}

export const CUSUM_START: CusumState = Object.freeze({ points: 0, upper: 0, lower: 0 })

/** One more point: what lies further than `k` from the centre piles up, what lies nearer wears it off. */
export function nextCusum(state: CusumState, z: number, k: number): CusumState {
  return {
    points: state.points + 1,
    upper: Math.max(0, state.upper + finite(z, 'z') - k),
    lower: Math.max(0, state.lower - z - k),
  }
}

/** Sums and signals of a tabular CUSUM (Page, 1954). Points count from 1. */
export interface Cusum {
  readonly upper: readonly number[]
  readonly lower: readonly number[]
  readonly signals: { readonly upper: readonly number[]; readonly lower: readonly number[] }
}

/**
 * Finds small lasting shifts: sums of what exceeds `k`, a signal above `h`; both in standard deviations of the point.
 *
 * @example
 * ```ts
 * import { cusum } from '@patronkit/kpi-scoring'
 *
 * const { signals } = cusum({ z: [0.1, 1.4, 1.9, 2.2, 2.4], k: 0.5, h: 5 })
 * ```
 */
export function cusum(i: { readonly z: Iterable<number>; readonly k?: number; readonly h?: number }): Cusum {
  const k = notNegative(i.k ?? 0.5, 'k')
  const h = notNegative(i.h ?? 5, 'h')
  const upper: number[] = []
  const lower: number[] = []
  const signals = { upper: [] as number[], lower: [] as number[] }
  let state = CUSUM_START
  for (const z of i.z) {
    state = nextCusum(state, z, k)
    upper.push(state.upper)
    lower.push(state.lower)
    if (state.upper > h) signals.upper.push(state.points)
    if (state.lower > h) signals.lower.push(state.points)
  }
  return { upper, lower, signals }
}

/** One point of an EWMA chart: the weighted past, and its limits at that point. */
export interface EwmaPoint {
  readonly value: number
  readonly lower: number
  readonly upper: number
  readonly out: boolean
}

/** Where an EWMA stands. */
export interface EwmaState {
  readonly points: number
  readonly value: number
}

/** One more point: the newest counts λ, the past 1 − λ. */
export const nextEwma = (state: EwmaState, value: number, lambda: number): EwmaState => ({
  points: state.points + 1,
  value: lambda * finite(value, 'value') + (1 - lambda) * state.value,
})

/**
 * An exponentially weighted moving average (Roberts, 1959) with the limits of each point, which widen until the start is forgotten.
 * `sigma` is the standard deviation of a plotted point.
 */
export function ewma(i: {
  readonly values: Iterable<number>
  readonly centre: number
  readonly sigma: number
  readonly lambda?: number
  readonly width?: number
}): EwmaPoint[] {
  const lambda = i.lambda === 1 ? 1 : between(i.lambda ?? 0.2, 'lambda')
  const width = notNegative(i.width ?? 3, 'width')
  const centre = finite(i.centre, 'centre')
  const sigma = notNegative(i.sigma, 'sigma')
  if (width === 0) throw wrong('width', 'is 0', 'Give the number of standard deviations, usually 3.')
  const points: EwmaPoint[] = []
  let state: EwmaState = { points: 0, value: centre }
  for (const value of i.values) {
    state = nextEwma(state, value, lambda)
    const reach = width * sigma * Math.sqrt((lambda / (2 - lambda)) * (1 - (1 - lambda) ** (2 * state.points)))
    const [lower, upper] = [centre - reach, centre + reach]
    points.push({ value: state.value, lower, upper, out: state.value < lower || state.value > upper })
  }
  return points
}
