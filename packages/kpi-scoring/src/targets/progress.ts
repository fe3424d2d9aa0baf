import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics'
import { between, numbers } from '../checks.ts'
import { type Exact as Decimal, Exact, exact, exactNotNegative, exactPositive, textOf } from '../exact.ts'
import { studentQuantile } from '../normal.ts'
import { wrong } from '../refusals.ts'

/** A decimal text, or a number that is what it seems. */
export type Amount = string | number

/** How far a target is reached. Without a target above 0 there is no attainment, but the variance stands. */
export interface Attainment {
  readonly attainment: string | null
  readonly variance: string
}

/**
 * Attainment and variance against a target. A period without data has achieved 0 and shows its whole variance.
 *
 * @example
 * ```ts
 * import { attainment } from '@patronkit/kpi-scoring'
 *
 * attainment({ target: '50', achieved: '20' }) // { attainment: '0.4', variance: '-30' }
 * ```
 */
export function attainment(i: { readonly target: Amount; readonly achieved: Amount | null }): Attainment {
  const target = exact(i.target, 'target')
  const achieved = i.achieved === null ? new Exact(0) : exact(i.achieved, 'achieved')
  return { attainment: target.gt(0) ? textOf(achieved.div(target)) : null, variance: textOf(achieved.minus(target)) }
}

/** Where a period stands on its way to the target. */
export interface Pace {
  /** What the elapsed part should have brought. */
  readonly expectedToDate: string
  /** Actual ÷ expected; null before anything is expected. */
  readonly pace: string | null
  /** Actual, carried on at the same rate; null before the first unit has passed. */
  readonly runRateForecast: string | null
  /** What each unit left has to bring; 0 where the target is reached, null where no unit is left. */
  readonly neededPerUnit: string | null
}

/**
 * Pace against a target over units of time, such as the working days of a month.
 *
 * @example
 * ```ts
 * import { pace } from '@patronkit/kpi-scoring'
 *
 * pace({ target: 100, periodUnits: 20, elapsedUnits: 8, actual: 36 }) // expected 40, pace 0.9, forecast 90, 5.33 a day needed
 * ```
 */
export function pace(i: {
  readonly target: Amount
  readonly periodUnits: Amount
  readonly elapsedUnits: Amount
  readonly actual: Amount
}): Pace {
  const target = exact(i.target, 'target')
  const units = exactPositive(i.periodUnits, 'periodUnits')
  const elapsed = exactNotNegative(i.elapsedUnits, 'elapsedUnits')
  const actual = exact(i.actual, 'actual')
  if (elapsed.gt(units)) throw wrong('elapsedUnits', `is ${elapsed} of ${units}`, 'Give at most periodUnits.')
  const expected = target.times(elapsed).div(units)
  const left = units.minus(elapsed)
  const needed = Exact.max(0, target.minus(actual))
  const quotient = (a: Decimal, b: Decimal) => (b.isZero() ? null : textOf(a.div(b)))
  return {
    expectedToDate: textOf(expected),
    pace: quotient(actual, expected),
    runRateForecast: quotient(actual.times(units), elapsed),
    neededPerUnit: left.isZero() ? null : textOf(needed.div(left)),
  }
}

/** A forecast of the whole period with the interval that should hold it. */
export interface Forecast {
  readonly forecast: number
  /** Null with fewer than two units to judge by. */
  readonly low: number | null
  readonly high: number | null
}

/**
 * Carries the units so far on to the end of the period. The interval is Student's for the sum of the units to come, as if units were
 * independent and alike; a season has to be taken out before.
 */
export function forecastTotal(i: {
  readonly units: readonly number[]
  readonly periodUnits: number
  readonly confidence?: number
}): Forecast {
  const units = numbers(i.units, 'units') as number[]
  const confidence = between(i.confidence ?? 0.95, 'confidence')
  const seen = units.length
  const left = i.periodUnits - seen
  if (!(Number.isInteger(i.periodUnits) && left >= 0))
    throw wrong('periodUnits', `is ${i.periodUnits} with ${seen} units seen`, 'Give the whole number of units of the period.')
  const mean = meanOf(units)
  const soFar = mean * seen
  const forecast = soFar + mean * left
  if (left === 0) return { forecast: soFar, low: soFar, high: soFar }
  if (seen < 2) return { forecast, low: null, high: null }
  const reach = studentQuantile(0.5 + confidence / 2, seen - 1) * sampleStandardDeviation(units) * Math.sqrt(left + (left * left) / seen)
  return { forecast, low: forecast - reach, high: forecast + reach }
}

/** Our part of a market that somebody else measured; undefined where its size is not known. */
export function marketShare(i: { readonly ours: Amount; readonly market: Amount | null }): {
  readonly share: string | null
  readonly reason?: 'market-unknown' | 'market-empty' | 'market-smaller-than-ours'
} {
  const ours = exactNotNegative(i.ours, 'ours')
  if (i.market === null) return { share: null, reason: 'market-unknown' }
  const market = exactNotNegative(i.market, 'market')
  if (market.isZero()) return { share: null, reason: 'market-empty' }
  // Two sources that contradict each other give no share; 104 % would look like one.
  if (ours.gt(market)) return { share: null, reason: 'market-smaller-than-ours' }
  return { share: textOf(ours.div(market)) }
}
