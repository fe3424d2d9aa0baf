/** A figure with the interval that holds it. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** How sure an interval is. */
export type Confidence = 0.9 | 0.95 | 0.99

/** The two-sided quantiles of the standard normal distribution. */
export const Z: { readonly [C in Confidence]: number } = { 0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004 }

/**
 * Wilson's interval of a share (Probable Inference, the Law of Succession, and Statistical Inference, JASA 22, 1927): inside 0 to 1
 * even for 0 of 10. Null without trials.
 */
export function shareInterval(successes: number, trials: number, confidence: Confidence): Estimate | null {
  if (trials === 0) return null
  const z2 = Z[confidence] ** 2
  const value = successes / trials
  const middle = (value + z2 / (2 * trials)) / (1 + z2 / trials)
  const reach = (Z[confidence] / (1 + z2 / trials)) * Math.sqrt((value * (1 - value)) / trials + z2 / (4 * trials * trials))
  return { value, low: successes === 0 ? 0 : middle - reach, high: successes === trials ? 1 : middle + reach }
}

/**
 * The interval of a difference from the intervals of both sides, which need not be symmetric (Zou and Donner, Construction of
 * confidence limits about effect measures, Statistics in Medicine 27, 2008). With Wilson's intervals of two shares it is method 10 of
 * Newcombe (Statistics in Medicine 17, 1998).
 */
export function differenceOf(before: Estimate | null, after: Estimate | null): Estimate | null {
  if (!before || !after) return null
  const value = after.value - before.value
  return {
    value,
    low: value - Math.hypot(after.value - after.low, before.high - before.value),
    high: value + Math.hypot(after.high - after.value, before.value - before.low),
  }
}
