import { type Money, minorDigits } from '@patronkit/core'
import { distinct, listOf } from '../checks.ts'
import { amountOf, Exact, exact, exactNotNegative, exactPositive, textOf } from '../exact.ts'
import { wrong } from '../refusals.ts'

/** Who takes part in a split, and how much: a season's weight, a share, last year's revenue. */
export interface Share {
  readonly id: string
  /** A decimal text; the parts follow these in proportion. */
  readonly weight: string | number
}

/**
 * Splits money in proportion to weights so that the parts sum to it to the cent. Everyone first gets the proportion rounded down, then
 * the cents left go one by one to the largest remainders; equal remainders go to those who stand first.
 *
 * @example
 * ```ts
 * import { splitMoney } from '@patronkit/kpi-scoring'
 *
 * const year = { amount: '100000.00', currency: 'EUR' }
 * splitMoney({ total: year, by: [{ id: 'Q1', weight: 1 }, { id: 'Q2', weight: 1 }, { id: 'Q3', weight: 1 }] }) // 33333.34, .33, .33
 * ```
 */
export function splitMoney(i: { readonly total: Money; readonly by: readonly Share[] }): { readonly id: string; readonly money: Money }[] {
  const amount = amountOf(i.total, 'total')
  const { currency } = i.total
  const digits = minorDigits(currency)
  const parts = divide(amount, new Exact(10).pow(-digits), i.by)
  return parts.map(({ id, amount }) => ({ id, money: { amount: amount.toFixed(digits), currency } }))
}

/** The same for any quantity, such as customers in steps of 1 or hours in steps of 0.25. The total must be a whole number of steps. */
export function splitQuantity(i: {
  readonly total: string | number
  readonly step: string | number
  readonly by: readonly Share[]
}): { readonly id: string; readonly amount: string }[] {
  const total = exact(i.total, 'total')
  const step = exactPositive(i.step, 'step')
  return divide(total, step, i.by).map(({ id, amount }) => ({ id, amount: textOf(amount) }))
}

function divide(total: Exact, step: Exact, by: readonly Share[]): { id: string; amount: Exact }[] {
  listOf(by, 'by')
  distinct(
    by.map(({ id }) => id),
    'by',
  )
  const steps = total.div(step)
  if (!steps.isInteger()) throw wrong('total', `is ${total}, not a whole number of steps of ${step}`, 'Round it first.')
  const weights = by.map(({ id, weight }) => exactNotNegative(weight, `by.${id}.weight`))
  const sum = weights.reduce((all, weight) => all.plus(weight), new Exact(0))
  if (sum.isZero()) throw wrong('by', 'has no weight above 0', 'Give at least one a weight above 0.')
  // A negative total is split like a positive one, so that a correction takes back exactly what was given.
  const sign = steps.isNegative() ? -1 : 1
  const due = weights.map((weight) => steps.abs().times(weight))
  const whole = due.map((share) => share.divToInt(sum))
  const left = steps
    .abs()
    .minus(whole.reduce((all, share) => all.plus(share), new Exact(0)))
    .toNumber()
  const order = due.map((share, at) => ({ at, remainder: share.minus(whole[at]!.times(sum)) }))
  order.sort((a, b) => b.remainder.cmp(a.remainder) || a.at - b.at)
  const lucky = new Set(order.slice(0, left).map(({ at }) => at))
  return by.map(({ id }, at) => ({
    id,
    amount: whole[at]!.plus(lucky.has(at) ? 1 : 0)
      .times(step)
      .times(sign),
  }))
}
