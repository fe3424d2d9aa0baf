import { type Money, minorDigits, money } from '@patronkit/core'
import { Exact, least, wholeQuotient } from './exact.ts'
import type { AccountState, Hold, Order } from './model.ts'
import type { Programme, Redemption } from './programme.ts'
import type { Rejection } from './refusals.ts'

/** What points come to at the till. */
export interface Quote {
  /** Points that are used: at most those asked, and no more than the order needs. */
  readonly points: number
  readonly worth: Money
  readonly leftToPay: Money
}

/** What an order comes to after discounts: what refunds are counted against. */
export const orderValue = (order: Order): Money =>
  money(new Exact(order.total.amount).minus(order.discount?.amount ?? 0).toFixed(), order.total.currency)

/** What points are worth, rounded down to the currency's digits. */
export function worthOf(rate: Redemption, points: number): Money {
  const { amount, currency } = rate.worth
  const exact = new Exact(amount).times(points).div(rate.points)
  return money(exact.toDecimalPlaces(minorDigits(currency), Exact.ROUND_DOWN).toFixed(), currency)
}

/**
 * How many points go into an order: those asked, cut to the share and to what the order needs beside what points have
 * `paid` of it (a decimal text), down to a whole step, and none that buy nothing.
 * The cost comes from the discount that is given, never from the balance.
 */
export function quote(programme: Programme, asked: number, order: Order, paid = '0'): Quote | Rejection {
  const rate = programme.redeem
  if (!rate) return { code: 'loyalty/not-redeemable', details: { programme: programme.currency, what: 'points for money' } }
  const value = orderValue(order)
  if (value.currency !== rate.worth.currency)
    return { code: 'loyalty/other-money', details: { currency: value.currency, expected: rate.worth.currency } }
  const payable = Exact.max(new Exact(value.amount).times(rate.maxShare ?? 1).minus(paid), 0)
  const fits = payable.times(rate.points).div(rate.worth.amount)
  const step = rate.step ?? 1
  const most = least(new Exact(Math.min(asked, rate.max ?? asked)), fits.floor()).toNumber()
  const whole = most - (most % step)
  const min = Math.max(rate.min ?? 1, fewestFor(rate, new Exact(10).pow(-minorDigits(value.currency))))
  if (whole < min) return { code: 'loyalty/outside-redemption-limits', details: { limit: 'min', asked: whole, allowed: min } }
  const worth = worthOf(rate, whole)
  const needed = Math.max(min, fewestFor(rate, new Exact(worth.amount)))
  // what is beyond the last minor unit that they buy stays with the member
  const points = Math.ceil(needed / step) * step
  return { points, worth, leftToPay: money(new Exact(value.amount).minus(paid).minus(worth.amount).toFixed(), value.currency) }
}

/** What points pay of an order already: what it spent, less what came back, and what is held for it. */
export function paidSoFar(state: AccountState, order: string): Exact {
  const spends = (state.orders[order]?.spends ?? []).flatMap((id) => state.spends[id] ?? [])
  const spent = spends.reduce((sum, spend) => sum.plus(spend.worth?.amount ?? 0).minus(worthSoFar(spend, spend.back)), new Exact(0))
  const held = Object.values(state.holds).filter((hold) => hold.order === order && hold.state === 'open')
  return held.reduce((sum, hold) => sum.plus(hold.worth?.amount ?? 0), spent)
}

/** The fewest points that are worth so much. */
const fewestFor = (rate: Redemption, amount: Exact): number =>
  wholeQuotient(amount.times(rate.points), new Exact(rate.worth.amount), 'ceil').toNumber()

/**
 * What a part of a hold is worth: by the rate, as long as that is the one by which it was held; under another one its share of
 * what was agreed.
 */
export function worthOfPart(held: Pick<Hold, 'points' | 'worth'>, points: number, rate: Redemption | undefined): Money | null {
  if (!held.worth || points === held.points) return held.worth
  const now = rate && worthOf(rate, held.points)
  if (now && now.amount === held.worth.amount && now.currency === held.worth.currency) return worthOf(rate, points)
  return money(worthSoFar(held, points).toFixed(), held.worth.currency)
}

/** The part of a spend's worth that so many of its points stand for; all of them stand for all of it. */
export function worthSoFar(spend: { readonly points: number; readonly worth: Money | null }, points: number): Exact {
  if (!spend.worth || spend.points === 0) return new Exact(0)
  const digits = minorDigits(spend.worth.currency)
  return new Exact(spend.worth.amount).times(points).div(spend.points).toDecimalPlaces(digits, Exact.ROUND_DOWN)
}
