import { sampleCorrelation } from 'simple-statistics'
import { numbers } from '../checks.ts'
import { noSpread, wrong } from '../refusals.ts'
import { fractionalRanks } from './rank.ts'

/**
 * How far two rankings agree, from −1 to 1: Kendall's τ-b and Spearman's ρ, both with ties.
 *
 * @example
 * ```ts
 * import { rankCorrelation } from '@patronkit/kpi-scoring'
 *
 * rankCorrelation({ x: [1, 2, 3, 4, 5], y: [2, 1, 4, 3, 5] }) // { kendallTauB: 0.6, spearman: 0.8 }
 * ```
 */
export function rankCorrelation(i: { readonly x: readonly number[]; readonly y: readonly number[] }): {
  readonly kendallTauB: number
  readonly spearman: number
} {
  const x = numbers(i.x, 'x', 2)
  const y = numbers(i.y, 'y', 2)
  if (x.length !== y.length) throw wrong('y', `has ${y.length} values, x has ${x.length}`, 'Give pairs.')
  let [concordant, tiedX, tiedY] = [0, 0, 0]
  for (let a = 0; a < x.length; a++) {
    for (let b = 0; b < a; b++) {
      const dx = Math.sign(x[a]! - x[b]!)
      const dy = Math.sign(y[a]! - y[b]!)
      concordant += dx * dy
      if (dx === 0) tiedX++
      if (dy === 0) tiedY++
    }
  }
  const pairs = (x.length * (x.length - 1)) / 2
  if (tiedX === pairs) throw noSpread('x')
  if (tiedY === pairs) throw noSpread('y')
  return {
    kendallTauB: concordant / Math.sqrt((pairs - tiedX) * (pairs - tiedY)),
    spearman: sampleCorrelation(fractionalRanks(x), fractionalRanks(y)),
  }
}
