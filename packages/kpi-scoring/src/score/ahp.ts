import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { extent, matrixOf } from '../checks.ts'
import { notPositive, wrong } from '../refusals.ts'

/** Saaty's random indices for 1 to 15 criteria, as most texts print them. Others exist, so pass your own where they matter. */
const RANDOM_INDEX = [0, 0, 0.58, 0.9, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59]

/** The judgement that fits least: `given` stands in the matrix, `fits` is what the weights say. */
export interface WorstJudgement {
  readonly row: number
  readonly column: number
  readonly given: number
  readonly fits: number
}

/** Weights out of pairwise judgements. */
export interface Ahp {
  readonly weights: readonly number[]
  readonly lambdaMax: number
  readonly consistencyIndex: number
  /** 0 is free of contradiction; above 0.10 the judgements should be talked over again. */
  readonly consistencyRatio: number
  readonly consistent: boolean
  /** The judgement to talk about first; null where all agree. */
  readonly worst: WorstJudgement | null
}

/**
 * Weights from pairwise judgements (Saaty's analytic hierarchy process). `judgements[i][j]` says how many times as important i is
 * as j; the other half holds the reciprocals. The weights are the principal eigenvector, or with `method: 'geometric-mean'` the
 * geometric means of the rows.
 *
 * @example
 * ```ts
 * import { ahp } from '@patronkit/kpi-scoring'
 *
 * const { weights, consistent, worst } = ahp({ judgements: [[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]] })
 * if (!consistent) console.log(`talk about ${worst?.row} against ${worst?.column} again`)
 * ```
 */
export function ahp(i: {
  readonly judgements: readonly (readonly number[])[]
  readonly method?: 'eigenvector' | 'geometric-mean'
  readonly randomIndex?: number
}): Ahp {
  const judgements = reciprocal(matrixOf(i.judgements, 'judgements'))
  const size = judgements.length
  const weights = i.method === 'geometric-mean' ? geometricMeans(judgements) : principal(judgements)
  // Both methods are measured by the same λ: the mean of (A w)ᵢ / wᵢ, which for the eigenvector is its eigenvalue.
  const lambdaMax = judgements.reduce((sum, row, at) => sum + row.reduce((s, a, j) => s + a * weights[j]!, 0) / weights[at]!, 0) / size
  const consistencyIndex = size > 1 ? Math.max(0, (lambdaMax - size) / (size - 1)) : 0
  const randomIndex = i.randomIndex ?? RANDOM_INDEX[size - 1] ?? 1.98 * (1 - 2 / size)
  const consistencyRatio = size < 3 || !(randomIndex > 0) ? 0 : consistencyIndex / randomIndex
  return {
    weights,
    lambdaMax,
    consistencyIndex,
    consistencyRatio,
    consistent: consistencyRatio <= 0.1,
    worst: worstOf(judgements, weights),
  }
}

function reciprocal(judgements: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (judgements.length !== judgements[0]!.length) {
    throw wrong(
      'judgements',
      `has ${judgements.length} rows and ${judgements[0]!.length} columns`,
      'Give one row and one column for each criterion.',
    )
  }
  judgements.forEach((row, r) => {
    row.forEach((value, c) => {
      if (!(value > 0)) throw notPositive(`judgements.${r}.${c}`, value)
      const other = judgements[c]![r]!
      // 0.33 for ⅓ is what people type; beyond a hundredth the two contradict each other.
      if (Math.abs(value * other - 1) > 0.02) {
        throw wrong(
          `judgements.${r}.${c}`,
          `is ${value}, but the other way round stands ${other}`,
          `Give ${1 / other}, or correct judgements.${c}.${r}.`,
        )
      }
    })
  })
  return judgements
}

function principal(judgements: readonly (readonly number[])[]): number[] {
  const decomposition = new EigenvalueDecomposition(new Matrix(judgements as number[][]))
  const values = decomposition.realEigenvalues
  const { max } = extent(values)
  const vector = decomposition.eigenvectorMatrix.getColumn(values.indexOf(max))
  const sum = vector.reduce((total, part) => total + part, 0)
  return vector.map((part) => part / sum)
}

function geometricMeans(judgements: readonly (readonly number[])[]): number[] {
  const means = judgements.map((row) => Math.exp(row.reduce((sum, value) => sum + Math.log(value), 0) / row.length))
  const sum = means.reduce((total, part) => total + part, 0)
  return means.map((part) => part / sum)
}

function worstOf(judgements: readonly (readonly number[])[], weights: readonly number[]): WorstJudgement | null {
  let worst: WorstJudgement | null = null
  let furthest = 1e-9
  for (let row = 0; row < weights.length; row++) {
    for (let column = row + 1; column < weights.length; column++) {
      const given = judgements[row]![column]!
      const fits = weights[row]! / weights[column]!
      const off = Math.abs(Math.log(given / fits))
      if (off > furthest) [worst, furthest] = [{ row, column, given, fits }, off]
    }
  }
  return worst
}
