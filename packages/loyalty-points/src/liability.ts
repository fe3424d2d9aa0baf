import { addMoney, type Money, minorDigits, money } from '@patronkit/core'
import { Exact } from './exact.ts'
import { senseless } from './refusals.ts'

/** How the price of a sale is split between goods and points: by relative standalone price (IFRS 15.74, Illustrative Example 52). */
export interface Allocation {
  readonly goods: Money
  readonly points: Money
}

/** The estimate at the end of a period: points redeemed since the start, and points expected to be redeemed in all. */
export interface Estimate {
  readonly cumulativeRedeemed: number
  readonly expectedTotalRedeemed: number
}

/** What a period recognises. opening − revenue = closing; revenue = redeemed + estimateChange. */
export interface LiabilityPeriod {
  readonly opening: Money
  /** Revenue of the period's own redemptions, under its new estimate. */
  readonly redeemed: Money
  /** Revenue by which earlier redemptions weigh more or less now: breakage that the estimate brings in or takes out. */
  readonly estimateChange: Money
  readonly revenue: Money
  readonly liability: Money
}

/**
 * Splits a consideration, and spreads the points' part over periods as points are redeemed: revenue to date = allocation ×
 * redeemed ÷ expected, rounded to the currency's digits once, so that all revenues and the last liability add up to the
 * allocation exactly. The allocation is not cut anew when the estimate changes.
 */
export function liability(i: {
  readonly goodsStandalonePrice: Money
  readonly pointsStandalonePrice: Money
  readonly consideration: Money
  readonly periods: readonly Estimate[]
}): { readonly allocated: Allocation; readonly periods: readonly LiabilityPeriod[] } {
  const allocated = allocate(i)
  return { allocated, periods: spread(allocated.points, i.periods) }
}

/** The split alone. */
export function allocate(i: {
  readonly goodsStandalonePrice: Money
  readonly pointsStandalonePrice: Money
  readonly consideration: Money
}): Allocation {
  const both = new Exact(addMoney(i.goodsStandalonePrice, i.pointsStandalonePrice).amount)
  const { currency } = addMoney(i.consideration, i.goodsStandalonePrice)
  if (!both.gt(0) || [i.goodsStandalonePrice, i.pointsStandalonePrice, i.consideration].some((part) => new Exact(part.amount).lt(0)))
    throw senseless('standalone prices', 'must not be negative, nor both 0')
  const points = new Exact(i.consideration.amount).times(i.pointsStandalonePrice.amount).div(both).toDecimalPlaces(minorDigits(currency))
  const write = (value: Exact) => money(value.toFixed(), currency)
  return { goods: write(new Exact(i.consideration.amount).minus(points)), points: write(points) }
}

/** Revenue and liability period by period of an allocation that stands. */
export function spread(allocation: Money, estimates: readonly Estimate[]): readonly LiabilityPeriod[] {
  const { currency } = allocation
  const [whole, digits] = [new Exact(allocation.amount), minorDigits(currency)]
  const write = (value: Exact): Money => money(value.toFixed(digits), currency)
  const toDate = (redeemed: number, expected: number): Exact =>
    expected === 0 ? whole : whole.times(redeemed).div(expected).toDecimalPlaces(digits)
  let before: { readonly redeemed: number; readonly revenue: Exact } = { redeemed: 0, revenue: new Exact(0) }
  return estimates.map(({ cumulativeRedeemed: redeemed, expectedTotalRedeemed: expected }, n) => {
    checkEstimate(redeemed, expected, before.redeemed, `periods.${n}`)
    const revenueToDate = toDate(redeemed, expected)
    const restated = expected === 0 ? revenueToDate : toDate(before.redeemed, expected)
    const period = {
      opening: write(whole.minus(before.revenue)),
      redeemed: write(revenueToDate.minus(restated)),
      estimateChange: write(restated.minus(before.revenue)),
      revenue: write(revenueToDate.minus(before.revenue)),
      liability: write(whole.minus(revenueToDate)),
    }
    before = { redeemed, revenue: revenueToDate }
    return period
  })
}

function checkEstimate(redeemed: number, expected: number, before: number, path: string): void {
  const bad = [redeemed, expected].some((value) => !Number.isSafeInteger(value) || value < 0)
  if (bad) throw senseless(path, 'points are whole and not negative')
  if (redeemed < before) throw senseless(`${path}.cumulativeRedeemed`, `${redeemed} is less than the ${before} of the period before`)
  if (expected < redeemed) throw senseless(`${path}.expectedTotalRedeemed`, `${expected} is less than what was redeemed already`)
}
