import { finite, notNegative, whole } from '../checks.ts'
import { wrong } from '../refusals.ts'
import { type Constants, factorsOf } from './constants.ts'

/** What a chart's phase one came to; limits follow from it. `subgroupSize` and `inspectedUnits` may differ from point to point. */
export type ChartFigures =
  | {
      readonly chart: 'xbar-r'
      readonly subgroupSize: number
      readonly grandMean: number
      readonly meanRange: number
      readonly constants?: Constants
    }
  | {
      readonly chart: 'xbar-s'
      readonly subgroupSize: number
      readonly grandMean: number
      readonly meanDeviation: number
      readonly constants?: Constants
    }
  | { readonly chart: 'i-mr'; readonly mean: number; readonly meanMovingRange: number; readonly constants?: Constants }
  | { readonly chart: 'p' | 'np'; readonly subgroupSize: number; readonly meanProportion: number }
  | { readonly chart: 'c'; readonly meanCount: number }
  | { readonly chart: 'u'; readonly meanRate: number; readonly inspectedUnits: number }

/** The kinds of chart: means with ranges or deviations, individual values, shares or numbers of defectives, defects, defects a unit. */
export type ChartKind = ChartFigures['chart']

/** Limits of three sigma. `sigma` is that of a single value on charts of means, and of the plotted point on the others. */
export interface ControlLimits {
  readonly centre: number
  readonly lower: number
  readonly upper: number
  readonly sigma: number
  /** Standard deviation of the plotted point: rules, EWMA and CUSUM count in it. */
  readonly pointSigma: number
  /** Of the chart of ranges (or of deviations, or moving ranges) beside it. */
  readonly rangeCentre?: number
  readonly rangeLower?: number
  readonly rangeUpper?: number
}

/**
 * Control limits from what phase one came to. Shares are clamped to [0, 1], counts at 0.
 *
 * @example
 * ```ts
 * import { controlLimits } from '@patronkit/kpi-scoring'
 *
 * const { lower, upper } = controlLimits({ chart: 'p', subgroupSize: 50, meanProportion: 0.2313 })
 * ```
 */
export function controlLimits(i: ChartFigures): ControlLimits {
  switch (i.chart) {
    case 'xbar-r':
      return variable(finite(i.grandMean, 'grandMean'), i.subgroupSize, 'range', notNegative(i.meanRange, 'meanRange'), i.constants)
    case 'xbar-s':
      return variable(
        finite(i.grandMean, 'grandMean'),
        i.subgroupSize,
        'deviation',
        notNegative(i.meanDeviation, 'meanDeviation'),
        i.constants,
      )
    case 'i-mr':
      return individuals(finite(i.mean, 'mean'), notNegative(i.meanMovingRange, 'meanMovingRange'), i.constants)
    case 'p':
    case 'np': {
      const n = whole(i.subgroupSize, 'subgroupSize', 1)
      const p = notNegative(i.meanProportion, 'meanProportion')
      if (p > 1) throw wrong('meanProportion', `is ${p}`, 'Give a share from 0 to 1.')
      const times = i.chart === 'np' ? n : 1
      return around(p * times, Math.sqrt((p * (1 - p)) / n) * times, times)
    }
    case 'c': {
      const c = notNegative(i.meanCount, 'meanCount')
      return around(c, Math.sqrt(c), Number.POSITIVE_INFINITY)
    }
    case 'u': {
      const u = notNegative(i.meanRate, 'meanRate')
      const units = notNegative(i.inspectedUnits, 'inspectedUnits')
      if (units === 0) throw wrong('inspectedUnits', 'is 0', 'Leave out points at which nothing was inspected.')
      return around(u, Math.sqrt(u / units), Number.POSITIVE_INFINITY)
    }
    default:
      throw wrong('chart', `is ${JSON.stringify((i as { chart?: unknown }).chart)}`, 'Use xbar-r, xbar-s, i-mr, p, np, c or u.')
  }
}

function variable(centre: number, size: number, of: 'range' | 'deviation', spread: number, constants: Constants = 'exact'): ControlLimits {
  const n = whole(size, 'subgroupSize', 2)
  const factors = factorsOf(n, of, constants)
  const sigma = spread / factors.sigma
  return {
    centre,
    lower: centre - factors.mean * spread,
    upper: centre + factors.mean * spread,
    sigma,
    pointSigma: sigma / Math.sqrt(n),
    rangeCentre: spread,
    rangeLower: factors.lower * spread,
    rangeUpper: factors.upper * spread,
  }
}

/** Individual values: σ from ranges of two neighbours. */
function individuals(centre: number, spread: number, constants: Constants = 'exact'): ControlLimits {
  const factors = factorsOf(2, 'range', constants)
  const sigma = spread / factors.sigma
  return {
    centre,
    lower: centre - 3 * sigma,
    upper: centre + 3 * sigma,
    sigma,
    pointSigma: sigma,
    rangeCentre: spread,
    rangeLower: factors.lower * spread,
    rangeUpper: factors.upper * spread,
  }
}

const around = (centre: number, sigma: number, most: number): ControlLimits => ({
  centre,
  lower: Math.max(0, centre - 3 * sigma),
  upper: Math.min(most, centre + 3 * sigma),
  sigma,
  pointSigma: sigma,
})
