import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { rowsOf } from '../../../tooling/shared-data.ts'
import {
  bgNbdAlive,
  bgNbdExpectedPurchases,
  bgNbdExpectedPurchasesNew,
  bgNbdProbabilityOfPurchases,
  fitBgNbd,
  fitGammaGamma,
  fitParetoNbd,
  lifetimeValue,
  type PurchaseHistory,
  paretoNbdAlive,
  paretoNbdExpectedPurchases,
  paretoNbdExpectedPurchasesNew,
  purchaseHistories,
} from '../src/value.ts'

const model = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 } as const
const sample = rowsOf('cdnow/cdnow_customers_summary.csv')
const histories = sample?.map(
  ({ frequency, recency, T }): PurchaseHistory => ({ frequency: Number(frequency), recency: Number(recency), age: Number(T) }),
)

describe.runIf(histories)('CDNOW, 2,357 customers', () => {
  test('BG/NBD stands at its maximum, whether customers are grouped or not, in weeks as in days', () => {
    const fit = fitBgNbd({ histories: histories! })
    expect(fit.logLikelihood).toBeCloseTo(-9582.42556056736, 7)
    const groups = Map.groupBy(histories!, (one) => JSON.stringify(one))
    const grouped = fitBgNbd({ histories: [...groups.values()].map((same) => ({ ...same[0]!, customers: same.length })) })
    const days = fitBgNbd({ histories: histories!.map((one) => ({ ...one, recency: one.recency * 7, age: one.age * 7 })) })
    for (const name of ['r', 'alpha', 'a', 'b'] as const) {
      expect(Math.abs(grouped[name] / fit[name] - 1)).toBeLessThan(1e-6)
      expect(Math.abs(days[name] / (name === 'alpha' ? 7 : 1) / fit[name] - 1)).toBeLessThan(1e-6)
    }
  })
  test('Pareto/NBD: .553, 10.578, .606, 11.669 (Fader and Hardie 2005)', () => {
    const { r, alpha, s, beta } = fitParetoNbd({ histories: histories! })
    expect([r, alpha, s, beta].map((value) => Number(value.toFixed(3)))).toEqual([0.553, 10.578, 0.606, 11.668])
  })
  test('lifetime values as with fixed parameters and 4.345 weeks a month', () => {
    const spends = rowsOf('cdnow/cdnow_customers_summary_with_transactions.csv')!.map(({ x, zbar }) => ({
      frequency: Number(x),
      meanSpend: Number(zbar),
    }))
    const spend = fitGammaGamma({ spends })
    const one = lifetimeValue({
      model: { ...model, unit: 'week' },
      spend,
      frequency: 2,
      recency: 30.43,
      age: 38.86,
      meanSpend: 22.35,
      periods: 12,
      per: 'month',
      discountRate: 0.01,
    })
    // published for a month of 4.345 weeks: 36.289; ours is 365.2425 / 12 / 7 = 4.348 weeks
    expect(one.value).toBeCloseTo(36.3, 1)
  })
})

describe('BG/NBD', () => {
  const history = fc
    .record({
      frequency: fc.integer({ min: 1, max: 3_000 }),
      recency: fc.double({ min: 0, max: 1, noNaN: true }),
      age: fc.double({ min: 0.001, max: 500, noNaN: true }),
    })
    .map((one) => ({ ...one, recency: one.recency * one.age }))
  test('no history gives anything but a number, a chance, and more purchases for more time', () => {
    fc.assert(
      fc.property(history, fc.double({ min: 0, max: 200, noNaN: true }), (one, horizon) => {
        const alive = bgNbdAlive({ model, ...one })
        expect(alive >= 0 && alive <= 1).toBe(true)
        const [less, more] = [horizon, horizon + 1].map((at) => bgNbdExpectedPurchases({ model, horizon: at, ...one }))
        expect(less! >= 0 && more! >= less!).toBe(true)
      }),
      runs(5_000, 'segmentation: BG/NBD over random histories'),
    )
  })
  test('the chances of 0, 1, 2 … purchases sum to 1, and their mean is what is expected', () => {
    let sum = 0
    let mean = 0
    for (let count = 0; count < 400; count++) {
      const chance = bgNbdProbabilityOfPurchases({ model, horizon: 30, count })
      sum += chance
      mean += chance * count
    }
    expect(sum).toBeCloseTo(1, 9)
    expect(mean).toBeCloseTo(bgNbdExpectedPurchasesNew({ model, horizon: 30 }), 6)
  })
  test('is smooth where a is 1', () => {
    const of = (a: number) => bgNbdExpectedPurchasesNew({ model: { ...model, a }, horizon: 30 })
    expect(of(1)).toBeCloseTo((of(0.999) + of(1.001)) / 2, 5)
  })
})

describe('Pareto/NBD', () => {
  const params = { r: 0.5534, alpha: 10.5802, s: 0.6061, beta: 11.6562 }
  test('the customer of the BTYD walkthrough', () => {
    expect(paretoNbdAlive({ model: params, frequency: 26, recency: 30.86, age: 31 })).toBeCloseTo(0.9979, 4)
    expect(paretoNbdExpectedPurchases({ model: params, horizon: 52, frequency: 26, recency: 30.86, age: 31 })).toBeCloseTo(25.46, 1)
  })
  test('the chance by numerical integration over the time of leaving, on either side of alpha = beta', () => {
    for (const model of [params, { ...params, alpha: 12, beta: 5 }]) {
      const [x, recency, age] = [3, 12, 40]
      // ∫ (α+t)^-(r+x) s β^s (β+t)^-(s+1) over the last purchase to now, and the part that lives on
      const { r, alpha, s, beta } = model
      const steps = 200_000
      let gone = 0
      for (let n = 0; n < steps; n++) {
        const t = recency + ((n + 0.5) / steps) * (age - recency)
        gone += ((alpha + t) ** -(r + x) * s * (beta + t) ** -(s + 1) * (age - recency)) / steps
      }
      const here = (alpha + age) ** -(r + x) * (beta + age) ** -s
      expect(paretoNbdAlive({ model, frequency: x, recency, age })).toBeCloseTo(here / (here + gone), 8)
    }
  })
  test('expected of a new customer: 0 at once, a logarithm at s = 1', () => {
    expect(paretoNbdExpectedPurchasesNew({ model: params, horizon: 0 })).toBe(0)
    expect(paretoNbdExpectedPurchasesNew({ model: { ...params, s: 1 }, horizon: 9 })).toBeCloseTo(
      paretoNbdExpectedPurchasesNew({ model: { ...params, s: 1 + 1e-7 }, horizon: 9 }),
      6,
    )
  })
})

test('purchases of one day are one, and the first is left out of the mean, in whatever order rows come', () => {
  const purchases = [
    { customer: 'a', date: '2026-01-15', amount: '25' },
    { customer: 'a', date: '2026-01-01', amount: '10' },
    { customer: 'a', date: '2026-01-08', amount: '12' },
    { customer: 'a', date: '2026-01-08', amount: '8' },
    { customer: 'a', date: '2026-03-01', amount: '99' },
  ] as const
  expect(purchaseHistories({ purchases, until: '2026-01-29', unit: 'week' })).toEqual([
    { customer: 'a', frequency: 2, recency: 2, age: 4, meanSpend: 22.5 },
  ])
})
test('an impossible history is refused with its path', () => {
  expect(() => fitBgNbd({ histories: [{ frequency: 1, recency: 5, age: 4 }] })).toThrow(/histories\.0\.recency/)
  expect(() => bgNbdAlive({ model: { ...model, r: Number.NaN }, frequency: 0, recency: 0, age: 1 })).toThrow(/model\.r/)
})
