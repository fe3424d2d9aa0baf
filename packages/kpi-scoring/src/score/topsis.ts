import { columnsOf, extent, matrixOf, shares, spread } from '../checks.ts'
import { noSpread, wrong } from '../refusals.ts'
import type { Direction } from './normalise.ts'

/**
 * TOPSIS (Hwang and Yoon, 1981): how near each row is to the best of every column and how far from the worst, from 0 to 1.
 * `min-max` turns costs into benefits first; `vector` divides by the column's length and takes a cost's least value as its best.
 * The choice can change who is first, so it has to be made.
 *
 * @example
 * ```ts
 * import { topsis } from '@patronkit/kpi-scoring'
 *
 * topsis({ matrix: [[1, 3000], [2, 3750], [5, 4500]], weights: [0.5, 0.5], directions: ['cost', 'benefit'], normalisation: 'min-max' })
 * ```
 */
export function topsis(i: {
  readonly matrix: readonly (readonly number[])[]
  readonly directions: readonly Direction[]
  readonly normalisation: 'min-max' | 'vector'
  readonly weights?: readonly number[]
}): number[] {
  const rows = matrixOf(i.matrix, 'matrix')
  const weights = shares(i.weights, rows[0]!.length)
  if (i.directions.length !== weights.length) {
    throw wrong('directions', `has ${i.directions.length} entries for ${weights.length} columns`, 'Give one for each column.')
  }
  const columns = columnsOf(rows).map((column, at) => {
    const cost = i.directions[at] === 'cost'
    const scaled = i.normalisation === 'vector' ? byLength(column, at) : byRange(column, at, cost)
    const weighted = scaled.map((value) => value * weights[at]!)
    const { min, max } = extent(weighted)
    return cost && i.normalisation === 'vector' ? { weighted, best: min, worst: max } : { weighted, best: max, worst: min }
  })
  return rows.map((_, at) => {
    const toBest = length(columns.map((c) => c.weighted[at]! - c.best))
    const toWorst = length(columns.map((c) => c.weighted[at]! - c.worst))
    if (toBest + toWorst === 0) throw noSpread('the matrix')
    return toWorst / (toBest + toWorst)
  })
}

const length = (vector: readonly number[]): number => Math.sqrt(vector.reduce((sum, part) => sum + part * part, 0))

function byLength(column: readonly number[], at: number): number[] {
  const by = length(column)
  if (by === 0) throw noSpread(`column ${at} of the matrix`)
  return column.map((value) => value / by)
}

function byRange(column: readonly number[], at: number, cost: boolean): number[] {
  const { min, max, range } = spread(column, `column ${at} of the matrix`)
  return column.map((value) => (cost ? max - value : value - min) / range)
}
