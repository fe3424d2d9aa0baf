import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { clusters } from '../src/clusters.ts'
import { migrationMatrix, naturalBreaks, nextStanding, quantiles, rfm, rfmFigures, type Standing } from '../src/tiers.ts'

const people = fc
  .array(fc.record({ recencyDays: fc.nat(30), orders: fc.integer({ min: 1, max: 6 }), amount: fc.nat(50) }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((all) => all.map((one, n) => ({ customer: `c${n}`, ...one })))

describe('RFM', () => {
  test('equal figures have equal scores, whatever the order of customers', () => {
    fc.assert(
      fc.property(people, (customers) => {
        const scores = new Map(rfm({ customers }).customers.map((one) => [one.customer, one.score]))
        for (const one of rfm({ customers: customers.toReversed() }).customers) expect(one.score).toBe(scores.get(one.customer))
        for (const a of customers) {
          for (const b of customers) {
            if (a.recencyDays === b.recencyDays && a.orders === b.orders && a.amount === b.amount)
              expect(scores.get(a.customer)).toBe(scores.get(b.customer))
          }
        }
      }),
      runs(1_000, 'segmentation: RFM ties and order'),
    )
  })
  test('scores are the same in cents and in euros', () => {
    fc.assert(
      fc.property(
        people,
        fc.integer({ min: 1, max: 1_000 }),
        fc.constantFrom(...([1, 2, 3, 4, 5, 6, 7, 8, 9] as const)),
        (customers, scale, quantileType) => {
          const scaled = customers.map((one) => ({ ...one, amount: one.amount * scale }))
          expect(rfm({ customers: scaled, quantileType }).customers.map(({ score }) => score)).toEqual(
            rfm({ customers, quantileType }).customers.map(({ score }) => score),
          )
        },
      ),
      runs(1_000, 'segmentation: RFM and the unit of money'),
    )
  })
  test('54 of 100 customers with one order have one score', () => {
    const customers = Array.from({ length: 100 }, (_, n) => ({ customer: `c${n}`, recencyDays: n, orders: n < 54 ? 1 : n - 52, amount: n }))
    expect(
      new Set(
        rfm({ customers })
          .customers.slice(0, 54)
          .map(({ frequencyScore }) => frequencyScore),
      ).size,
    ).toBe(1)
  })
  test('sums of money are exact, and orders behind the day are not seen', () => {
    const orders = [
      ...Array.from({ length: 10 }, () => ({ customer: 'a', date: '2026-01-01' as const, amount: '0.10' })),
      { customer: 'a', date: '2026-02-01' as const, amount: '5' },
    ]
    expect(rfmFigures({ orders, analysisDate: '2026-01-31' })).toEqual([{ customer: 'a', recencyDays: 30, orders: 10, amount: 1 }])
  })
})

test('quantiles of all nine types, as R gives them for 1 to 10 at 0.33', () => {
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  const of = ([1, 2, 3, 4, 5, 6, 7, 8, 9] as const).map((type) => quantiles({ values, shares: [0.33], type })[0]!)
  const wanted = [4, 4, 3, 3.3, 3.8, 3.63, 3.97, 3.743333333333, 3.7575]
  for (const [n, value] of wanted.entries()) expect(of[n]).toBeCloseTo(value, 9)
})

describe('natural breaks', () => {
  /** Every way of dividing, tried. */
  function least(values: readonly number[], classes: number): number {
    if (classes === 1) return spread(values)
    let best = Number.POSITIVE_INFINITY
    for (let at = classes - 1; at < values.length; at++) {
      if (values[at] === values[at - 1]) continue
      best = Math.min(best, least(values.slice(0, at), classes - 1) + spread(values.slice(at)))
    }
    return best
  }
  const spread = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  }
  test('are the best of all divisions, and part no equal values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0, 1e9),
        (given, classes, offset) => {
          const values = given.map((value) => value + offset).sort((a, b) => a - b)
          fc.pre(new Set(values).size >= classes)
          const found = naturalBreaks({ values: given.map((value) => value + offset), classes })
          expect(found.sse).toBeCloseTo(least(values, classes), 5)
          expect(found.groupSizes.reduce((sum, size) => sum + size, 0)).toBe(values.length)
        },
      ),
      runs(2_000, 'segmentation: natural breaks against every division'),
    )
  })
  test('more classes than distinct values are refused', () => {
    expect(() => naturalBreaks({ values: [1, 1, 2], classes: 3 })).toThrow(expect.objectContaining({ code: 'segments/too-few-values' }))
  })
})

test('a tier is reached at once and lost only after patience below the margin', () => {
  const tiers = [
    { id: 'silver', from: 100 },
    { id: 'gold', from: 1_000 },
  ]
  let standing: Standing = { tier: null, below: 0 }
  const seen = [1_200, 950, 890, 905, 899, 880, 880].map((value) => {
    standing = nextStanding({ tiers, before: standing, value, margin: 0.1, patience: 2 })
    return standing.tier
  })
  expect(seen).toEqual(['gold', 'gold', 'gold', 'gold', 'gold', 'silver', 'silver'])
})

test('rows of a migration matrix and those who left are the tier before', () => {
  const matrix = migrationMatrix({
    before: new Map([
      ['a', 'gold'],
      ['b', 'gold'],
      ['c', 'silver'],
    ]),
    after: new Map([
      ['a', 'silver'],
      ['c', 'silver'],
      ['d', 'gold'],
    ]),
    tiers: ['silver', 'gold'],
  })
  expect(matrix).toMatchObject({
    counts: [
      [1, 0],
      [1, 0],
    ],
    entered: [0, 1],
    left: [0, 1],
  })
})

test('clusters by several features, the same for the same seed', () => {
  const rows = Array.from({ length: 60 }, (_, n) => [n % 3 === 0 ? 1 + n / 1_000 : n % 3 === 1 ? 50 + n / 1_000 : 100, (n % 3) * 1_000])
  const found = clusters({ rows, classes: 3, seed: 7 })
  expect(found.sizes).toEqual([20, 20, 20])
  expect(clusters({ rows, classes: 3, seed: 7 })).toEqual(found)
})
