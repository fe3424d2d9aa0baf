import { between, whole } from '../checks.ts'
import { normalQuantile } from '../normal.ts'
import { wrong } from '../refusals.ts'

/** A share with the interval that holds it; all null without trials. */
export interface ProportionInterval {
  readonly share: number | null
  readonly low: number | null
  readonly high: number | null
}

/**
 * Wilson's interval (1927) of a share: inside 0 to 1 even for 0 of 10, and honest for few answers.
 *
 * @example
 * ```ts
 * import { proportionInterval } from '@patronkit/kpi-scoring'
 *
 * proportionInterval({ successes: 81, trials: 263 }) // 0.308 [0.255, 0.366]
 * ```
 */
export function proportionInterval(i: {
  readonly successes: number
  readonly trials: number
  readonly confidence?: number
}): ProportionInterval {
  const trials = whole(i.trials, 'trials', 0)
  const successes = whole(i.successes, 'successes', 0)
  if (successes > trials) throw wrong('successes', `is ${successes} of ${trials}`, 'Give at most as many as there were trials.')
  const z = normalQuantile(0.5 + between(i.confidence ?? 0.95, 'confidence') / 2)
  if (trials === 0) return { share: null, low: null, high: null }
  const share = successes / trials
  const middle = (share + (z * z) / (2 * trials)) / (1 + (z * z) / trials)
  const reach = (z / (1 + (z * z) / trials)) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))
  return { share, low: successes === 0 ? 0 : middle - reach, high: successes === trials ? 1 : middle + reach }
}
