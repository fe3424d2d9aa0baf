import { type Exact as Decimal, Exact, exactNotNegative, textOf, workedOut } from '../exact.ts'
import { type CardValue, normalisedOf, ownValue, pointsOf, SCORE_DIGITS, scoreExactly } from '../score/exact-card.ts'
import type { Measure, Scorecard } from '../score/scorecard.ts'

/** A group's part in a ratio, in decimal texts. */
export interface ExactGroup {
  readonly group: string
  readonly numerator: string
  readonly denominator: string
}

/** One period of a scorecard: the card as it was then, and what was measured. */
export interface CardSide {
  readonly scorecard: Scorecard
  readonly values: { readonly [measure: string]: CardValue & { readonly groups?: readonly ExactGroup[] | undefined } }
}

/** The four reasons why a score can change, as decimal texts. */
export interface ExactEffects {
  readonly rate: string
  readonly mix: string
  readonly target: string
  readonly weight: string
}

/** The change of a score between two periods; all effects sum to it digit for digit. Null where a side has no score. */
export interface CardChange {
  readonly before: string | null
  readonly after: string | null
  readonly change: string | null
  readonly effects: ExactEffects | null
  readonly measures: readonly ({ readonly measure: string } & ExactEffects)[]
}

const CAUSES = ['rate', 'mix', 'target', 'weight'] as const

/**
 * Why the score of a card changed, whatever its mean: each effect is the average over all orders in which what was measured (rate), the
 * groups' shares (mix), scales and targets (target), and weights with the way of putting together (weight) could have changed.
 * A measure that one side lacks takes value and target from the other, so its whole effect is weight.
 *
 * @example
 * ```ts
 * import { explainCardChange } from '@patronkit/kpi-scoring'
 *
 * const scorecard = { aggregate: 'arithmetic', measures: { sla: { metric: 'sla', weight: '1', normalise: { kind: 'goalposts', worst: '0', best: '1' } } } } as const
 * const { change, effects } = explainCardChange({ before: { scorecard, values: { sla: { value: '0.9' } } }, after: { scorecard, values: { sla: { value: '0.93' } } } })
 * console.log(change, effects) // 0.03, all of it rate
 * ```
 */
export function explainCardChange(i: { readonly before: CardSide; readonly after: CardSide }): CardChange {
  const before = scoreExactly(i.before).value
  const after = scoreExactly(i.after).value
  if (before === null || after === null) return { before, after, change: null, effects: null, measures: [] }
  const ids = [...new Set([...Object.keys(i.before.scorecard.measures), ...Object.keys(i.after.scorecard.measures)])]
  const measures = ids.map((id) => bothSides(id, i.before, i.after)).filter((one) => one !== null)
  const aggregates = [i.before.scorecard.aggregate, i.after.scorecard.aggregate] as const
  // by mask: bit 0 rate, 1 mix, 2 target, 3 weight
  const values = Array.from({ length: 8 }, (_, mask) => measures.map((one) => one.normalised(bit(mask, 0), bit(mask, 1), bit(mask, 2))))
  const figures = Array.from({ length: 16 }, (_, mask) => pointsAt(measures, values[mask & 7]!, bit(mask, 3), aggregates))
  const shares = measures.map((_, at) => CAUSES.map((_, cause) => effectOf(figures, at, cause)))
  const change = new Exact(after).minus(before)
  const cells = toTheDigit(shares, change)
  const total = (cause: number) => textOf(cells.reduce((sum, row) => sum.plus(row[cause]!), new Exact(0)))
  return {
    before,
    after,
    change: textOf(change),
    effects: { rate: total(0), mix: total(1), target: total(2), weight: total(3) },
    measures: measures.map(({ id }, at) => {
      const [rate, mix, target, weight] = cells[at]!.map(textOf) as [string, string, string, string]
      return { measure: id, rate, mix, target, weight }
    }),
  }
}

interface BothSides {
  readonly id: string
  readonly weights: readonly [Decimal, Decimal]
  readonly normalised: (rate: 0 | 1, mix: 0 | 1, target: 0 | 1) => Decimal
}

/** One measure on both sides; null where neither side counted it. */
function bothSides(id: string, before: CardSide, after: CardSide): BothSides | null {
  const sides = [sideOf(id, before), sideOf(id, after)] as const
  const [a, b] = [sides[0] ?? sides[1], sides[1] ?? sides[0]]
  if (!a || !b) return null
  const rawOf = rawBy(a, b)
  const scales = [a, b] as const
  return {
    id,
    weights: [sides[0]?.weight ?? new Exact(0), sides[1]?.weight ?? new Exact(0)],
    normalised: (rate, mix, target) => {
      const raw = rawOf(rate, mix)
      const { measure, given } = scales[target]
      // what is missing and counts as 0 is 0 on every scale
      if (raw === null) return new Exact(0)
      return normalisedOf(measure.normalise, { value: textOf(raw.toDecimalPlaces(20)), target: given.target }, id) ?? new Exact(0)
    },
  }
}

interface Counted {
  readonly measure: Measure
  readonly weight: Decimal
  readonly given: CardSide['values'][string]
  readonly raw: Decimal | null
}

/** A measure as it counted on one side; null where it did not. */
function sideOf(id: string, side: CardSide): Counted | null {
  const measure = Object.hasOwn(side.scorecard.measures, id) ? side.scorecard.measures[id] : undefined
  if (!measure) return null
  const given = ownValue(side.values, id) as Counted['given']
  const known = normalisedOf(measure.normalise, given, `values.${id}`) !== null
  if (!known && measure.ifMissing !== 'zero') return null
  return {
    measure,
    given,
    weight: exactNotNegative(measure.weight, `measures.${id}.weight`),
    raw: known ? workedOut(given.value, id) : null,
  }
}

/** The raw value for rates and shares of either side. Without groups on both sides everything is rate. */
function rawBy(a: Counted, b: Counted): (rate: 0 | 1, mix: 0 | 1) => Decimal | null {
  const groups = a.raw && b.raw && a.given.groups && b.given.groups ? groupSides(a.given.groups, b.given.groups) : null
  if (!groups) return (rate) => (rate ? b.raw : a.raw)
  return (rate, mix) => {
    // both ends are what was measured, not what its groups come to after a division
    if (rate === mix) return rate ? b.raw : a.raw
    return groups.reduce((sum, one) => sum.plus(one.rate[rate].times(one.share[mix])), new Exact(0))
  }
}

function groupSides(before: readonly ExactGroup[], after: readonly ExactGroup[]) {
  const [old, now] = [byGroup(before), byGroup(after)]
  if (old.total.isZero() || now.total.isZero()) return null
  return [...new Set([...old.groups.keys(), ...now.groups.keys()])].map((group) => {
    const [a, b] = [old.groups.get(group), now.groups.get(group)]
    const rates = [rateOf(a) ?? rateOf(b) ?? new Exact(0), rateOf(b) ?? rateOf(a) ?? new Exact(0)] as const
    const share = (side: Sized | undefined, total: Decimal) => (side ? side.denominator.div(total) : new Exact(0))
    return { rate: rates, share: [share(a, old.total), share(b, now.total)] as const }
  })
}

interface Sized {
  readonly numerator: Decimal
  readonly denominator: Decimal
}

const rateOf = (side: Sized | undefined): Decimal | undefined =>
  side && !side.denominator.isZero() ? side.numerator.div(side.denominator) : undefined

function byGroup(given: readonly ExactGroup[]) {
  const groups = new Map(
    given.map(({ group, numerator, denominator }) => [
      group,
      { numerator: workedOut(numerator, 'numerator'), denominator: workedOut(denominator, 'denominator') },
    ]),
  )
  return { groups, total: [...groups.values()].reduce((sum, one) => sum.plus(one.denominator), new Exact(0)) }
}

/** Whether a cause has changed in a mask. */
const bit = (mask: number, cause: number): 0 | 1 => ((mask >> cause) & 1) as 0 | 1

function pointsAt(
  measures: readonly BothSides[],
  values: readonly Decimal[],
  side: 0 | 1,
  aggregates: readonly [Scorecard['aggregate'], Scorecard['aggregate']],
): Decimal[] {
  const weights = measures.map((one) => one.weights[side])
  const total = weights.reduce((sum, weight) => sum.plus(weight), new Exact(0))
  const shares = weights.map((weight) => weight.div(total))
  // on the way a geometric mean may meet a 0, where it is 0
  return pointsOf(values, shares, aggregates[side]) ?? values.map(() => new Exact(0))
}

/** In how many of the 24 orders the causes of a mask come before one that is not among them. */
const ORDERS = [6, 2, 2, 6] as const

function effectOf(figures: readonly (readonly Decimal[])[], measure: number, cause: number): Decimal {
  let sum = new Exact(0)
  for (let mask = 0; mask < 16; mask++) {
    if ((mask >> cause) & 1) continue
    const step = figures[mask | (1 << cause)]![measure]!.minus(figures[mask]![measure]!)
    sum = sum.plus(step.times(ORDERS[ones(mask)]!))
  }
  return sum.div(24)
}

const ones = (mask: number): number => (mask === 0 ? 0 : (mask & 1) + ones(mask >> 1))

/** Rounds effects to the digits of a score; the little that is then over goes to the largest of them. */
function toTheDigit(effects: readonly (readonly Decimal[])[], change: Decimal): Decimal[][] {
  const rounded = effects.map((row) => row.map((effect) => effect.toDecimalPlaces(SCORE_DIGITS)))
  let left = change
  let largest = { row: 0, cause: 0, size: new Exact(-1) }
  rounded.forEach((row, at) => {
    row.forEach((effect, cause) => {
      left = left.minus(effect)
      if (effect.abs().gt(largest.size)) largest = { row: at, cause, size: effect.abs() }
    })
  })
  const first = rounded[largest.row]
  if (first) first[largest.cause] = first[largest.cause]!.plus(left)
  return rounded
}
