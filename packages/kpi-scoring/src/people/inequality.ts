import { mean as meanOf } from 'simple-statistics'
import { listOf, notNegative } from '../checks.ts'
import { notPositive } from '../refusals.ts'

/** How unevenly something is shared out, 0 for evenly. Null where there is nothing to share. */
export interface Inequality {
  readonly gini: number | null
  /** gini × n ÷ (n − 1): what a sample says of the whole; null for one value. */
  readonly giniUnbiased: number | null
  /** Atkinson's index (1970) with aversion ½ and 1: the share that could be given away if the rest were spread evenly. */
  readonly atkinsonHalf: number | null
  readonly atkinsonOne: number | null
  /** Theil's T. */
  readonly theil: number | null
  /** Theil's L, the mean logarithmic deviation; null where somebody has nothing, since it has no bound there. */
  readonly theilL: number | null
  /** Herfindahl and Hirschman's index over shares of 1. */
  readonly hhi: number | null
}

/**
 * Whether pay, points or workload is spread fairly.
 *
 * @example
 * ```ts
 * import { inequality } from '@patronkit/kpi-scoring'
 *
 * inequality({ values: [1200, 1350, 900, 4100] }).gini // 0.33…
 * ```
 */
export function inequality(i: { readonly values: readonly number[] }): Inequality {
  const values = listOf(i.values, 'values', 0).map((value, at) => notNegative(value, `values.${at}`))
  const n = values.length
  const sum = values.reduce((total, value) => total + value, 0)
  if (!(sum > 0)) return { gini: null, giniUnbiased: null, atkinsonHalf: null, atkinsonOne: null, theil: null, theilL: null, hhi: null }
  const mean = meanOf(values)
  const sorted = values.toSorted((a, b) => a - b)
  const gini = sorted.reduce((total, value, at) => total + (2 * (at + 1) - n - 1) * value, 0) / (n * sum)
  const theil = values.reduce((total, value) => (value > 0 ? total + (value / mean) * Math.log(value / mean) : total), 0) / n
  return {
    gini,
    giniUnbiased: n > 1 ? (gini * n) / (n - 1) : null,
    atkinsonHalf: atkinson({ values, aversion: 0.5 }),
    atkinsonOne: atkinson({ values, aversion: 1 }),
    theil,
    theilL: sorted[0]! > 0 ? meanOf(values.map((value) => Math.log(mean / value))) : null,
    hhi: values.reduce((total, value) => total + (value / sum) ** 2, 0),
  }
}

/** Atkinson's index with any aversion to inequality above 0; null where there is nothing to share. */
export function atkinson(i: { readonly values: readonly number[]; readonly aversion: number }): number | null {
  const { aversion } = i
  if (!(aversion > 0)) throw notPositive('aversion', aversion)
  const values = listOf(i.values, 'values', 0).map((value, at) => notNegative(value, `values.${at}`))
  const mean = values.length > 0 ? meanOf(values) : 0
  if (!(mean > 0)) return null
  // From an aversion of 1 on, one person with nothing makes the rest worthless.
  if (aversion >= 1 && values.includes(0)) return 1
  if (aversion === 1) return 1 - Math.exp(meanOf(values.map(Math.log))) / mean
  return 1 - meanOf(values.map((value) => value ** (1 - aversion))) ** (1 / (1 - aversion)) / mean
}
