import type { Money } from '@patronkit/core'
import { Exact, exact, exactNotNegative, textOf } from '../exact.ts'
import { wrong } from '../refusals.ts'
import { splitMoney } from './split.ts'

/** A deal and who has which share in it. */
export interface SharedDeal {
  readonly amount: string | number
  /** Decimal shares by person; they need not sum to 1 where a house share stays out, and may exceed it for overlays. */
  readonly shares: { readonly [who: string]: string | number }
}

/** What one person is credited over deals: Σ amount × share, not rounded. */
export function creditOf(i: { readonly deals: readonly SharedDeal[]; readonly who: string }): string {
  const sum = i.deals.reduce((total, { amount, shares }, at) => {
    if (!Object.hasOwn(shares, i.who)) return total
    return total.plus(exact(amount, `deals.${at}.amount`).times(exactNotNegative(shares[i.who], `deals.${at}.shares.${i.who}`)))
  }, new Exact(0))
  return textOf(sum)
}

/**
 * Splits a deal among people to the cent. Their shares sum to 1; whoever shares the odd cent is decided by the largest remainder.
 *
 * @example
 * ```ts
 * import { splitCredit } from '@patronkit/kpi-scoring'
 *
 * splitCredit({ amount: { amount: '99.99', currency: 'EUR' }, shares: { anna: '0.5', bo: '0.5' } }) // 50.00 and 49.99
 * ```
 */
export function splitCredit(i: {
  readonly amount: Money
  readonly shares: { readonly [who: string]: string | number }
}): { readonly who: string; readonly money: Money }[] {
  const by = Object.entries(i.shares).map(([id, weight]) => ({ id, weight }))
  const sum = by.reduce((total, { id, weight }) => total.plus(exactNotNegative(weight, `shares.${id}`)), new Exact(0))
  if (!sum.eq(1)) throw wrong('shares', `sum to ${textOf(sum)}`, 'Give shares that sum to 1.')
  return splitMoney({ total: i.amount, by }).map(({ id, money }) => ({ who: id, money }))
}
