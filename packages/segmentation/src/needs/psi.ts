import { PatronkitError } from '@patronkit/core'
import { between, notNegative } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** How far a distribution has moved. By custom below 0.1 is steady, from 0.25 on it has changed. */
export interface Shift {
  readonly psi: number
  readonly level: 'steady' | 'moving' | 'changed'
  /** What each bin adds. */
  readonly bins: readonly number[]
}

/**
 * The population stability index Σ (actual − expected) ln(actual / expected) over bins, of weights that are divided by their own
 * sums. An empty bin has no logarithm: it is refused, unless a floor is given to which small shares are raised. They are
 * not divided anew then, so a floor adds a little to every index in which it is used; name it beside the figure.
 */
export function psi(i: {
  readonly expected: readonly number[]
  readonly actual: readonly number[]
  readonly emptyBin?: { readonly floor: number }
}): Shift {
  const expected = sharesOf(i.expected, 'expected')
  const actual = sharesOf(i.actual, 'actual')
  if (expected.length !== actual.length)
    throw wrong('actual', `has ${actual.length} bins, expected has ${expected.length}`, 'Give the same bins.')
  const floor = i.emptyBin === undefined ? 0 : between(i.emptyBin.floor, 'emptyBin.floor')
  const bins = expected.map((share, bin) => {
    const was = Math.max(share, floor)
    const is = Math.max(actual[bin]!, floor)
    if (was === 0 || is === 0) throw emptyBin(bin)
    return (is - was) * Math.log(is / was)
  })
  const sum = bins.reduce((all, part) => all + part, 0)
  return { psi: sum, level: sum < 0.1 ? 'steady' : sum < 0.25 ? 'moving' : 'changed', bins }
}

function sharesOf(weights: readonly number[], path: string): number[] {
  if (!Array.isArray(weights) || weights.length < 2) throw wrong(path, 'has fewer than two bins', 'Give the weight of each bin.')
  const sum = weights.reduce((all, weight, bin) => all + notNegative(weight, `${path}.${bin}`), 0)
  if (sum === 0) throw wrong(path, 'sums to 0', 'Give at least one weight above 0.')
  return weights.map((weight) => weight / sum)
}

const emptyBin = (bin: number) =>
  new PatronkitError({
    code: 'segments/empty-bin',
    message: `bin ${bin} is empty on one side, and the index is infinite there. Join it with a neighbour, or give emptyBin: { floor: 0.0001 }.`,
    details: { bin },
  })
