import { between, whole } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** An interval of a share. */
export interface ShareInterval {
  readonly share: number
  readonly low: number
  readonly high: number
}

/** The interval of a share by Wilson's score (1927): never outside 0 to 1, and honest for small counts. */
export function wilson(i: { readonly count: number; readonly of: number; readonly confidence?: number }): ShareInterval {
  const of = whole(i.of, 'of', 1)
  const count = whole(i.count, 'count', 0)
  if (count > of) throw wrong('count', `is ${count} of ${of}`, 'Give at most all of them.')
  const z = deviationsWithin(between(i.confidence ?? 0.95, 'confidence'))
  const share = count / of
  const spread = 1 + (z * z) / of
  const middle = (share + (z * z) / (2 * of)) / spread
  const half = (z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))) / spread
  // at the ends the terms cancel to the end itself, but for rounding
  return { share, low: count === 0 ? 0 : Math.max(0, middle - half), high: count === of ? 1 : Math.min(1, middle + half) }
}

/** How many standard deviations on both sides hold a share of the normal distribution, by halving to the last digit. */
export function deviationsWithin(confidence: number): number {
  let low = 0
  let high = 40
  for (let turn = 0; turn < 60; turn++) {
    const middle = (low + high) / 2
    if (normalWithin(middle) < confidence) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The share within ±x: 2 φ(x) (x + x³/3 + x⁵/(3·5) + …) (Marsaglia, Evaluating the normal distribution, 2004). */
function normalWithin(x: number): number {
  if (x > 9) return 1
  let sum = x
  for (let n = 3, term = x; sum + term !== sum; n += 2) {
    term *= (x * x) / n
    sum += term
  }
  return Math.sqrt(2 / Math.PI) * sum * Math.exp((-x * x) / 2)
}
