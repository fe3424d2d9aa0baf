import { isPatronkitError, minorDigits } from '@patronkit/core'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spread } from '../src/index.ts'
import { check } from './settings.ts'

const currency = fc.constantFrom('EUR', 'JPY', 'KWD')

/** Any path of estimates: redeemed only grows, expectations go up and down but never below what was redeemed. */
const path = fc.array(fc.tuple(fc.nat(5_000), fc.nat(50_000)), { minLength: 1, maxLength: 24 }).map((steps) => {
  let redeemed = 0
  const periods = steps.map(([more, beyond]) => {
    redeemed += more
    return { cumulativeRedeemed: redeemed, expectedTotalRedeemed: redeemed + beyond }
  })
  return [...periods, { cumulativeRedeemed: redeemed, expectedTotalRedeemed: redeemed }]
})

test('C38 over the life all revenue and the last liability are the allocation, to the smallest coin, for any path of estimates', () => {
  fc.assert(
    fc.property(currency, fc.nat(1_000_000_000), path, (code, minor, estimates) => {
      const digits = minorDigits(code)
      const allocation = { amount: new Decimal(minor).div(new Decimal(10).pow(digits)).toFixed(digits), currency: code }
      const periods = spread(allocation, estimates)
      const sum = (part: 'revenue' | 'redeemed' | 'estimateChange') =>
        periods.reduce((all, period) => all.plus(period[part].amount), new Decimal(0))
      expect(sum('revenue').plus(periods.at(-1)!.liability.amount).toFixed(digits)).toBe(allocation.amount)
      expect(sum('redeemed').plus(sum('estimateChange')).eq(sum('revenue'))).toBe(true)
      for (const [i, period] of periods.entries()) {
        const closing = new Decimal(period.opening.amount).minus(period.redeemed.amount).minus(period.estimateChange.amount)
        expect(closing.toFixed(digits)).toBe(period.liability.amount)
        expect(period.opening.amount).toBe(i === 0 ? allocation.amount : periods[i - 1]!.liability.amount)
      }
      // once no more is expected than was redeemed, nothing is owed
      expect(new Decimal(periods.at(-1)!.liability.amount).isZero()).toBe(true)
    }),
    check,
  )
})

test.each([
  [
    'fewer points redeemed than before',
    [
      { cumulativeRedeemed: 5, expectedTotalRedeemed: 9 },
      { cumulativeRedeemed: 4, expectedTotalRedeemed: 9 },
    ],
  ],
  ['fewer expected than redeemed', [{ cumulativeRedeemed: 5, expectedTotalRedeemed: 4 }]],
  ['a fraction of a point', [{ cumulativeRedeemed: 0.5, expectedTotalRedeemed: 4 }]],
  ['no number', [{ cumulativeRedeemed: Number.NaN, expectedTotalRedeemed: 4 }]],
])('an estimate with %s is refused with its path', (_, estimates) => {
  try {
    spread({ amount: '10.00', currency: 'EUR' }, estimates)
    expect.unreachable()
  } catch (error) {
    expect(isPatronkitError(error, 'core/invalid-input')).toBe(true)
  }
})
