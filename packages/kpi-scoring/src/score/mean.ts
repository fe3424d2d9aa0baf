import { notPositive, wrong } from '../refusals.ts'

/**
 * How parts become one score. The further down the power, the less a good part can make up for a bad one: `arithmetic` (power 1),
 * `geometric` (0), `harmonic` (−1), `minimum` (the worst part decides).
 */
export type Mean = 'arithmetic' | 'geometric' | 'harmonic' | 'minimum' | { readonly power: number }

/** The power of a mean; null is the minimum. */
export function powerOf(mean: Mean): number | null {
  if (mean === 'minimum') return null
  if (mean === 'arithmetic') return 1
  if (mean === 'geometric') return 0
  if (mean === 'harmonic') return -1
  if (typeof mean === 'object' && mean !== null && Number.isFinite(mean.power)) return mean.power
  throw wrong('mean', 'is none that is known', "Give 'arithmetic', 'geometric', 'harmonic', 'minimum' or { power: 2 }.")
}

/** The mean of values whose weights sum to 1; `nameOf` names a value that has no such mean. */
export function meanOf(values: readonly number[], shares: readonly number[], power: number | null, nameOf: (at: number) => string): number {
  if (power === null) return leastOf(values, shares)
  if (power === 1) return values.reduce((sum, value, at) => sum + shares[at]! * value, 0)
  values.forEach((value, at) => {
    if (!(value > 0 || (value === 0 && power > 0)) && shares[at]! > 0) throw notPositive(nameOf(at), value)
  })
  if (power === 0) return Math.exp(values.reduce((sum, value, at) => (shares[at]! > 0 ? sum + shares[at]! * Math.log(value) : sum), 0))
  const sum = values.reduce((total, value, at) => (shares[at]! > 0 ? total + shares[at]! * value ** power : total), 0)
  return sum ** (1 / power)
}

function leastOf(values: readonly number[], shares: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY
  values.forEach((value, at) => {
    if (shares[at]! > 0 && value < least) least = value
  })
  return least
}

/**
 * By how much the mean grows with each value. All these means grow in proportion to their values, so by Euler's theorem the values
 * times these slopes sum to the mean: that is what makes contributions add up, whatever the mean.
 */
export function slopesOf(values: readonly number[], shares: readonly number[], power: number | null, mean: number): number[] {
  if (power === 1) return [...shares]
  if (power === null) {
    const atLeast = values.reduce((sum, value, at) => (value === mean ? sum + shares[at]! : sum), 0)
    return values.map((value, at) => (value === mean && atLeast > 0 ? shares[at]! / atLeast : 0))
  }
  return values.map((value, at) => (shares[at] === 0 || mean === 0 ? 0 : shares[at]! * (value / mean) ** (power - 1)))
}
