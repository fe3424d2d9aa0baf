import { sampleCorrelation, sampleStandardDeviation } from 'simple-statistics'
import { columnsOf, extent, matrixOf, shares, spread } from '../checks.ts'
import { noSpread, notPositive } from '../refusals.ts'

type Rows = readonly (readonly number[])[]

/** Weights that the data give by themselves: one row a unit, one column a measure; the answer has a share for each column. */
export interface FromData {
  readonly matrix: Rows
}

/** The same share for each of `of` measures. */
export const equalWeights = (i: { readonly of: number }): number[] => shares(undefined, i.of)

/**
 * Shannon's entropy: a measure weighs more the less evenly it is spread over the units. Values must not be negative.
 *
 * @example
 * ```ts
 * import { criticWeights, entropyWeights } from '@patronkit/kpi-scoring'
 *
 * const matrix = [[80, 4.1], [65, 4.3], [91, 4.2]]
 * console.log(entropyWeights({ matrix }), criticWeights({ matrix }))
 * ```
 */
export function entropyWeights(i: FromData): number[] {
  const rows = matrixOf(i.matrix, 'matrix', 2)
  const diverging = columnsOf(rows).map((column, at) => {
    const least = extent(column).min
    if (least < 0) throw notPositive(`column ${at} of the matrix`, least)
    const parts = shares(column, column.length, `column ${at} of the matrix`)
    const entropy = -parts.reduce((sum, p) => (p > 0 ? sum + p * Math.log(p) : sum), 0) / Math.log(rows.length)
    return Math.max(0, 1 - entropy)
  })
  return asShares(diverging)
}

/**
 * CRITIC (Diakoulaki and others, 1995): the sample deviation of each min-max column times how little it says what the others say.
 * All columns count as benefits.
 */
export function criticWeights(i: FromData): number[] {
  const columns = columnsOf(matrixOf(i.matrix, 'matrix', 2)).map(byRange)
  const conflicting = columns.map((column) => {
    const conflict = columns.reduce((sum, other) => sum + (other === column ? 0 : 1 - sampleCorrelation(column, other)), 0)
    return sampleStandardDeviation(column) * conflict
  })
  // One column alone, or columns that all say the same, leave nothing but the spread.
  return asShares(conflicting.every((c) => Math.abs(c) < 1e-12) ? columns.map((column) => sampleStandardDeviation(column)) : conflicting)
}

/** Sample standard deviation of each column, over their sum. `normalisation` says how columns are made comparable first. */
export function deviationWeights(i: FromData & { readonly normalisation?: 'none' | 'max' | 'min-max' | 'sum' }): number[] {
  const { normalisation = 'min-max' } = i
  const columns = columnsOf(matrixOf(i.matrix, 'matrix', 2))
  return asShares(
    columns.map((column, at) => {
      if (normalisation === 'none') return sampleStandardDeviation(column)
      if (normalisation === 'min-max') return sampleStandardDeviation(byRange(column, at))
      const by = normalisation === 'max' ? extent(column).max : column.reduce((sum, value) => sum + value, 0)
      if (!(by > 0)) throw notPositive(`the ${normalisation} of column ${at} of the matrix`, by)
      return sampleStandardDeviation(column.map((value) => value / by))
    }),
  )
}

function byRange(column: readonly number[], at: number): number[] {
  const { min, range } = spread(column, `column ${at} of the matrix`)
  return column.map((value) => (value - min) / range)
}

function asShares(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (!(sum > 0)) throw noSpread('every column of the matrix')
  return weights.map((weight) => weight / sum)
}
