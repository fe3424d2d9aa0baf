import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics'
import { extent, listOf, notNegative, numbers, whole } from '../checks.ts'
import { noSpread, wrong } from '../refusals.ts'
import type { Constants } from './constants.ts'
import { type ChartFigures, type ControlLimits, controlLimits } from './limits.ts'
import { type RuleBook, runRules, type Signals } from './rules.ts'

/** The measurements of a chart: subgroups of equal size, single values, or counts with the size of what was looked at. */
export type ChartData =
  | { readonly chart: 'xbar-r' | 'xbar-s'; readonly subgroups: readonly (readonly number[])[]; readonly constants?: Constants }
  | { readonly chart: 'i-mr'; readonly values: readonly number[]; readonly constants?: Constants }
  | { readonly chart: 'p' | 'np' | 'u'; readonly counts: readonly number[]; readonly sizes: readonly number[] }
  | { readonly chart: 'c'; readonly counts: readonly number[] }

/** One plotted point with its own limits, which differ from point to point where sizes do. */
export interface ChartPoint {
  readonly value: number
  readonly lower: number
  readonly upper: number
  /** Distance from the centre in standard deviations of this point. */
  readonly z: number
}

/** A drawn chart. */
export interface ControlChart {
  readonly figures: ChartFigures
  /** For the first point's size. */
  readonly limits: ControlLimits
  readonly points: readonly ChartPoint[]
  readonly signals: Signals
}

/**
 * A whole control chart: limits from phase one, every point against them, and the rules that were broken. `phaseOne` is how many
 * points set the limits (default all), or their numbers from 1.
 *
 * @example
 * ```ts
 * import { controlChart } from '@patronkit/kpi-scoring'
 *
 * const { limits, signals } = controlChart({ chart: 'i-mr', values: [41, 39, 44, 40, 42, 67], phaseOne: 5, rules: 'nelson' })
 * console.log(limits.upper, signals['1']) // … [6]
 * ```
 */
export function controlChart(i: ChartData & { readonly phaseOne?: number | readonly number[]; readonly rules?: RuleBook }): ControlChart {
  const plotted = plot(i)
  const chosen = chosenOf(i.phaseOne, plotted.length)
  const figures = figuresOf(i, chosen)
  const sized = plotted.map(({ value, size }) => ({ value, limits: controlLimits(size === undefined ? figures : withSize(figures, size)) }))
  const points = sized.map(({ value, limits }): ChartPoint => {
    const { centre, pointSigma, lower, upper } = limits
    return { value, lower, upper, z: pointSigma > 0 ? (value - centre) / pointSigma : value === centre ? 0 : flat(i.chart) }
  })
  const signals = runRules({ z: points.map(({ z }) => z), rules: i.rules ?? 'western-electric' })
  return { figures, limits: sized[0]!.limits, points, signals }
}

const flat = (chart: string): never => {
  throw noSpread(`phase one of the ${chart} chart`)
}

interface Plotted {
  readonly value: number
  readonly size?: number
}

function plot(data: ChartData): Plotted[] {
  if ('subgroups' in data) {
    const groups = listOf(data.subgroups, 'subgroups') as readonly (readonly number[])[]
    return groups.map((group, at) => {
      const values = numbers(group, `subgroups.${at}`, 2)
      if (values.length !== groups[0]!.length) {
        throw wrong(`subgroups.${at}`, `has ${values.length} values, the first has ${groups[0]!.length}`, 'Give subgroups of one size.')
      }
      return { value: meanOf(values as number[]) }
    })
  }
  if (data.chart === 'i-mr') return numbers(data.values, 'values', 2).map((value) => ({ value }))
  const counts = numbers(data.counts, 'counts')
  counts.forEach((count, at) => void notNegative(count, `counts.${at}`))
  if (data.chart === 'c') return counts.map((value) => ({ value }))
  const sizes = numbers(data.sizes, 'sizes')
  if (sizes.length !== counts.length) throw wrong('sizes', `has ${sizes.length} entries for ${counts.length} counts`, 'Give one for each.')
  return counts.map((count, at) => {
    const size = data.chart === 'u' ? notNegative(sizes[at], `sizes.${at}`) : whole(sizes[at], `sizes.${at}`, 1)
    if (size === 0) throw wrong(`sizes.${at}`, 'is 0', 'Leave out points at which nothing was looked at.')
    if (data.chart !== 'u' && count > size) throw wrong(`counts.${at}`, `is ${count} of ${size}`, 'Give at most the size.')
    if (data.chart === 'np' && size !== sizes[0])
      throw wrong(`sizes.${at}`, `is ${size}, the first is ${sizes[0]}`, 'Use a p chart for sizes that differ.')
    return { value: data.chart === 'np' ? count : count / size, size }
  })
}

/** Places of the points that set the limits. */
function chosenOf(phaseOne: number | readonly number[] | undefined, count: number): number[] {
  if (phaseOne === undefined) return Array.from({ length: count }, (_, at) => at)
  if (typeof phaseOne === 'number') {
    if (whole(phaseOne, 'phaseOne', 1) > count)
      throw wrong('phaseOne', `is ${phaseOne} of ${count} points`, 'Give at most as many as there are.')
    return Array.from({ length: phaseOne }, (_, at) => at)
  }
  return listOf(phaseOne, 'phaseOne').map((number, at) => {
    if (whole(number, `phaseOne.${at}`, 1) > count)
      throw wrong(`phaseOne.${at}`, `is point ${number} of ${count}`, 'Name points that there are.')
    return (number as number) - 1
  })
}

function figuresOf(data: ChartData, chosen: readonly number[]): ChartFigures {
  const pick = <T>(all: readonly T[]): T[] => chosen.map((at) => all[at]!)
  const constants = 'constants' in data && data.constants !== undefined ? { constants: data.constants } : {}
  switch (data.chart) {
    case 'xbar-r':
    case 'xbar-s': {
      const groups = pick(data.subgroups) as number[][]
      const figures = { subgroupSize: groups[0]!.length, grandMean: meanOf(groups.map((group) => meanOf(group))), ...constants }
      return data.chart === 'xbar-r'
        ? { chart: data.chart, ...figures, meanRange: meanOf(groups.map(rangeOf)) }
        : { chart: data.chart, ...figures, meanDeviation: meanOf(groups.map((group) => sampleStandardDeviation(group))) }
    }
    case 'i-mr': {
      const values = pick(data.values)
      if (values.length < 2) throw wrong('phaseOne', 'names one point', 'Moving ranges need at least two.')
      return {
        chart: data.chart,
        mean: meanOf(values),
        meanMovingRange: meanOf(values.slice(1).map((value, at) => Math.abs(value - values[at]!))),
        ...constants,
      }
    }
    case 'p':
    case 'np':
      return { chart: data.chart, subgroupSize: data.sizes[chosen[0]!]!, meanProportion: sum(pick(data.counts)) / sum(pick(data.sizes)) }
    case 'u':
      return { chart: data.chart, inspectedUnits: data.sizes[chosen[0]!]!, meanRate: sum(pick(data.counts)) / sum(pick(data.sizes)) }
    case 'c':
      return { chart: data.chart, meanCount: meanOf(pick(data.counts)) }
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function rangeOf(group: readonly number[]): number {
  const { min, max } = extent(group)
  return max - min
}

function withSize(figures: ChartFigures, size: number): ChartFigures {
  if (figures.chart === 'u') return { ...figures, inspectedUnits: size }
  return figures.chart === 'p' || figures.chart === 'np' ? { ...figures, subgroupSize: size } : figures
}
