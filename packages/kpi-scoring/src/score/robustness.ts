import { notNegative, whole } from '../checks.ts'
import { unknownId, wrong } from '../refusals.ts'
import { type CompositeIndex, type IndexBasis, ranksOf, scoreUnit } from './composite.ts'

/** What happens to the ranks without one part of the index. */
export interface LeftOut {
  readonly without: string
  /** Mean number of places by which a unit moves. */
  readonly meanRankShift: number
  /** Places in the order of the index's units. */
  readonly ranks: readonly (number | null)[]
}

/**
 * Leaves out each of the named parts in turn, by default every group or measure right under the root, and says how the ranks move.
 *
 * @example
 * ```ts
 * import { compositeIndex, leaveOneOut } from '@patronkit/kpi-scoring'
 *
 * const index = compositeIndex({ tree: { id: 'all', of: [{ id: 'a' }, { id: 'b' }] }, units: [{ id: 'x', values: { a: 1, b: 4 } }, { id: 'y', values: { a: 2, b: 3 } }] })
 * for (const { without, meanRankShift } of leaveOneOut({ index })) console.log(without, meanRankShift)
 * ```
 */
export function leaveOneOut(i: { readonly index: CompositeIndex; readonly parts?: readonly string[] }): LeftOut[] {
  const { basis, units } = i.index
  const { tree } = basis
  const named = i.parts ?? tree.parts.at(-1)?.map((part) => tree.ids[part]!) ?? []
  return named.map((without) => {
    const node = tree.ids.indexOf(without)
    if (node < 0 || node === tree.ids.length - 1) throw unknownId(without, 'parts')
    const ranks = ranksUnder(basis, tree.weights.with(node, 0))
    let moved = 0
    let counted = 0
    ranks.forEach((rank, at) => {
      const before = units[at]!.rank
      if (rank === null || before === null) return
      moved += Math.abs(rank - before)
      counted++
    })
    return { without, meanRankShift: counted === 0 ? 0 : moved / counted, ranks }
  })
}

function ranksUnder(basis: IndexBasis, weights: readonly number[]): (number | null)[] {
  return ranksOf(basis.unitIds.map((_, unit) => scoreUnit(basis, unit, weights).at(-1)!))
}

/** Where a unit stands when nobody is sure of the weights. */
export interface RankInterval {
  readonly id: string
  readonly rank: number | null
  /** Places that nine in ten draws lie between, and the middle one. */
  readonly low: number | null
  readonly median: number | null
  readonly high: number | null
}

/**
 * Draws every weight anew between (1 − spread) and (1 + spread) times itself, `draws` times, and tells within which places each unit
 * stays. `random` answers numbers from 0 up to 1; the same sequence gives the same answer.
 */
export function shakeWeights(i: {
  readonly index: CompositeIndex
  readonly random: () => number
  readonly spread?: number
  readonly draws?: number
}): RankInterval[] {
  const { basis, units } = i.index
  const spread = notNegative(i.spread ?? 0.25, 'spread')
  if (spread > 1) throw wrong('spread', `is ${spread}`, 'Give a share from 0 to 1; beyond that weights turn negative.')
  const draws = whole(i.draws ?? 1_000, 'draws', 1)
  const places = units.map(() => new Float64Array(draws))
  for (let draw = 0; draw < draws; draw++) {
    const weights = basis.tree.weights.map((weight) => weight * (1 - spread + 2 * spread * i.random()))
    ranksUnder(basis, weights).forEach((rank, unit) => {
      places[unit]![draw] = rank ?? Number.NaN
    })
  }
  return units.map(({ id, rank }, unit) => {
    const sorted = places[unit]!.sort()
    const at = (share: number) => (rank === null ? null : sorted[Math.min(draws - 1, Math.floor(share * draws))]!)
    return { id, rank, low: at(0.05), median: at(0.5), high: at(0.95) }
  })
}
