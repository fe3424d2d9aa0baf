import { type Exact as Decimal, Exact, exact, exactNotNegative, textOf, workedOut } from '../exact.ts'
import { wrong } from '../refusals.ts'
import type { Measure, MeasureScale, Scorecard } from './scorecard.ts'

/** Scores are given to twelve digits behind the point; points are rounded to these one by one, and the score is their sum. */
export const SCORE_DIGITS = 12

/** What was measured for one measure: the metric's value, and the target where the measure is scored against one. */
export interface CardValue {
  /** A decimal text; null where it is undefined. */
  readonly value: string | null
  readonly target?: string | null | undefined
}

/** One measure of an exact score: raw → normalised × weight = points. All are decimal texts. */
export interface ExactLine {
  readonly measure: string
  readonly metric: string
  readonly raw: string | null
  readonly target?: string
  readonly normalised: string | null
  /** Its share among the measures that counted. */
  readonly weight: string
  readonly points: string
  readonly reason?: 'missing-excluded' | 'missing-as-zero' | 'missing'
}

/** A score in decimals. The points of the lines sum to `value`, digit for digit. */
export interface ExactScore {
  readonly value: string | null
  readonly contributions: readonly ExactLine[]
  readonly reason?: 'measure-missing' | 'no-measures' | 'not-positive'
}

/**
 * Scores one subject by a scorecard in exact decimals, so that every machine gives the same digits.
 *
 * @example
 * ```ts
 * import { scoreExactly } from '@patronkit/kpi-scoring'
 *
 * const { value, contributions } = scoreExactly({
 *   scorecard: { aggregate: 'arithmetic', measures: {
 *     sla: { metric: 'sla-attainment', weight: '0.6', normalise: { kind: 'goalposts', worst: '0.80', best: '0.98' } },
 *     sales: { metric: 'revenue', weight: '0.4', normalise: { kind: 'target' } } } },
 *   values: { sla: { value: '0.93' }, sales: { value: '91000', target: '120000' } },
 * })
 * console.log(value, contributions.map(({ points }) => points)) // 0.736666666667 = 0.433333333333 + 0.303333333333 + …
 * ```
 */
export function scoreExactly(i: { readonly scorecard: Scorecard; readonly values: { readonly [measure: string]: CardValue } }): ExactScore {
  const parts = Object.entries(i.scorecard.measures).map(([id, measure]) => partOf(id, measure, ownValue(i.values, id)))
  const counted = parts.filter((part) => part.counts)
  const total = counted.reduce((sum, { weight }) => sum.plus(weight), ZERO)
  const without = (reason: NonNullable<ExactScore['reason']>): ExactScore => ({
    value: null,
    contributions: parts.map((part) => lineOf(part, ZERO, ZERO, part.normalised === null ? 'missing' : undefined)),
    reason,
  })
  if (parts.some((part) => part.normalised === null && part.measure.ifMissing === 'undefined')) return without('measure-missing')
  if (total.isZero()) return without('no-measures')
  const shares = counted.map(({ weight }) => weight.div(total))
  const given = pointsOf(
    counted.map((part) => part.normalised ?? ZERO),
    shares,
    i.scorecard.aggregate,
  )
  if (given === null) return without('not-positive')
  const rounded = given.map((points) => points.toDecimalPlaces(SCORE_DIGITS))
  const placeOf = new Map(counted.map((part, at) => [part.id, at]))
  return {
    value: textOf(rounded.reduce((sum, points) => sum.plus(points), ZERO)),
    contributions: parts.map((part) => {
      const at = placeOf.get(part.id)
      if (at === undefined) return lineOf(part, ZERO, ZERO, 'missing-excluded')
      return lineOf(part, shares[at]!, rounded[at]!, part.normalised === null ? 'missing-as-zero' : undefined)
    }),
  }
}

const ZERO = new Exact(0)
const ONE = new Exact(1)

/** Only own values are values: a measure may be called `constructor`. */
export const ownValue = (values: { readonly [measure: string]: CardValue }, id: string): CardValue =>
  Object.hasOwn(values, id) ? values[id]! : NOTHING

const NOTHING: CardValue = Object.freeze({ value: null })

interface ExactPart {
  readonly id: string
  readonly measure: Measure
  readonly weight: Decimal
  readonly given: CardValue
  readonly normalised: Decimal | null
  readonly counts: boolean
}

function partOf(id: string, measure: Measure, given: CardValue): ExactPart {
  const normalised = normalisedOf(measure.normalise, given, `values.${id}`)
  const counts = normalised !== null || measure.ifMissing === 'zero'
  return { id, measure, weight: exactNotNegative(measure.weight, `measures.${id}.weight`), given, normalised, counts }
}

/** The value on the measure's scale; null where the value, or a target above 0 to hold it against, is missing. */
export function normalisedOf(scale: MeasureScale, given: CardValue, path: string): Decimal | null {
  if (given.value === null) return null
  const raw = workedOut(given.value, `${path}.value`)
  if (scale.kind === 'curve') return onExactCurve(scale.points, raw)
  if (scale.kind === 'goalposts') return between(raw, exact(scale.worst, 'worst'), exact(scale.best, 'best'))
  const target = given.target === null || given.target === undefined ? ZERO : exact(given.target, `${path}.target`)
  if (!target.gt(0)) return null
  return between(raw.div(target), exact(scale.worst ?? '0', 'worst'), exact(scale.best ?? '1', 'best'))
}

function between(value: Decimal, worst: Decimal, best: Decimal): Decimal {
  if (worst.eq(best)) throw wrong('best', `is ${textOf(best)} like worst`, 'Give two goalposts that differ.')
  return Exact.min(ONE, Exact.max(ZERO, value.minus(worst).div(best.minus(worst))))
}

function onExactCurve(points: readonly (readonly [string, string])[], value: Decimal): Decimal {
  const given = points.map(([raw, score]) => [exact(raw, 'points'), exact(score, 'points')] as const)
  given.forEach(([raw], at) => {
    if (at > 0 && raw.lte(given[at - 1]![0]))
      throw wrong(`points.${at}.0`, `is ${textOf(raw)}, not above the point before`, 'Sort the points by raw value.')
  })
  const at = given.findIndex(([raw]) => raw.gt(value))
  if (at === 0) return given[0]![1]
  if (at < 0) return given.at(-1)![1]
  const [[x0, y0], [x1, y1]] = [given[at - 1]!, given[at]!]
  return y0.plus(value.minus(x0).div(x1.minus(x0)).times(y1.minus(y0)))
}

/**
 * What each part gives to the mean; the points sum to it (Euler's theorem, as for doubles in mean.ts). Null where a geometric or
 * harmonic mean meets something that is not positive.
 */
export function pointsOf(values: readonly Decimal[], shares: readonly Decimal[], aggregate: Scorecard['aggregate']): Decimal[] | null {
  if (aggregate === 'arithmetic') return values.map((value, at) => value.times(shares[at]!))
  const weighing = shares.map((share) => share.gt(0))
  if (aggregate === 'minimum') {
    const least = values.reduce<Decimal | null>((low, value, at) => (weighing[at] && (low === null || value.lt(low)) ? value : low), null)!
    const atLeast = shares.reduce((sum, share, at) => (values[at]!.eq(least) ? sum.plus(share) : sum), ZERO)
    return values.map((value, at) => (value.eq(least) ? least.times(shares[at]!).div(atLeast) : ZERO))
  }
  if (values.some((value, at) => weighing[at] && !value.gt(0))) return null
  if (aggregate === 'geometric') {
    const logarithm = values.reduce((sum, value, at) => (weighing[at] ? sum.plus(Logarithm.ln(value).times(shares[at]!)) : sum), ZERO)
    const mean = Logarithm.exp(logarithm)
    return shares.map((share) => mean.times(share))
  }
  const reciprocal = values.reduce((sum, value, at) => (weighing[at] ? sum.plus(shares[at]!.div(value)) : sum), ZERO)
  const mean = ONE.div(reciprocal)
  return values.map((value, at) => (weighing[at] ? shares[at]!.times(mean).times(mean).div(value) : ZERO))
}

/** Logarithms cost by their digits, and thirty are eighteen more than a score shows. */
const Logarithm = Exact.clone({ precision: 30 })

function lineOf(part: ExactPart, share: Decimal, points: Decimal, reason: ExactLine['reason']): ExactLine {
  const { id, measure, given, normalised } = part
  const target = measure.normalise.kind === 'target' ? (given.target ?? null) : null
  return {
    measure: id,
    metric: measure.metric,
    raw: given.value,
    ...(target === null ? {} : { target }),
    normalised: normalised === null ? null : textOf(normalised.toDecimalPlaces(SCORE_DIGITS)),
    weight: textOf(share.toDecimalPlaces(SCORE_DIGITS)),
    points: textOf(points),
    ...(reason ? { reason } : {}),
  }
}
