import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  defineSegment,
  estimateMembers,
  needChange,
  overlap,
  positionGaps,
  preferenceProfile,
  promisesKept,
  psi,
  stratifiedSample,
  wilson,
} from '../src/index.ts'

test('a preference is told by lift and by Wilson’s interval', () => {
  const customers = [
    ...Array.from({ length: 90 }, (_, n) => ({ tier: 'gold', needs: n < 60 ? ['delivery'] : [] })),
    ...Array.from({ length: 110 }, (_, n) => ({ tier: 'basic', needs: n < 20 ? ['delivery'] : ['price'] })),
  ]
  const gold = preferenceProfile({ customers }).find(({ tier, need }) => tier === 'gold' && need === 'delivery')!
  expect(gold).toMatchObject({ customers: 90, having: 60, stands: 'more' })
  expect(gold.lift).toBeCloseTo(60 / 90 / (80 / 200), 12)
  // Wilson for 60 of 90, worked out apart
  expect(gold.low).toBeCloseTo(0.564223, 6)
  expect(gold.high).toBeCloseTo(0.755465, 6)
})
test('an interval holds its share and stays within 0 and 1', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }), (of, part) => {
      const { share, low, high } = wilson({ count: Math.floor(of * part), of })
      expect(low >= 0 && low <= share && share <= high && high <= 1).toBe(true)
    }),
    runs(1_000, 'segmentation: Wilson intervals'),
  )
})
test('needs that turn over are an alert, and an empty bin is never guessed', () => {
  const periods = [
    { period: 'Q1', counts: { price: 80, delivery: 20 } },
    { period: 'Q2', counts: { price: 78, delivery: 22 } },
    { period: 'Q3', counts: { price: 30, delivery: 70 } },
  ]
  const { alerts, trends } = needChange({ periods })
  expect(alerts.map(({ period, level }) => [period, level])).toEqual([['Q3', 'changed']])
  expect(trends.find(({ need }) => need === 'delivery')!.slope).toBeCloseTo(0.25, 12)
  expect(() => psi({ expected: [1, 0], actual: [1, 1] })).toThrow(
    expect.objectContaining({ code: 'segments/empty-bin', details: { bin: 1 } }),
  )
})
test('overlaps are those counted one by one', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 0, max: 12 }).map(String))
  fc.assert(
    fc.property(ids, ids, ids, (a, b, c) => {
      const found = overlap({ segments: { a, b, c } })
      const both = a.filter((id) => b.includes(id)).length
      expect(found.pairs[0]).toMatchObject({ a: 'a', b: 'b', both, either: new Set([...a, ...b]).size })
      expect(found.exactly.reduce((sum, { members }) => sum + members, 0)).toBe(new Set([...a, ...b, ...c]).size)
    }),
    runs(1_000, 'segmentation: overlaps'),
  )
})
test('a stratified sample keeps the shares and does not depend on the order', () => {
  const customers = Array.from({ length: 10_000 }, (_, n) => ({
    id: `c${n}`,
    stratum: n % 10 === 0 ? 'gold' : n % 10 < 4 ? 'silver' : 'basic',
  }))
  const sample = stratifiedSample({ customers, size: 1_001, salt: 's' })
  expect(sample.ids).toHaveLength(1_001)
  expect(Object.fromEntries(sample.strata.map(({ stratum, taken }) => [stratum, taken]))).toEqual({ gold: 100, silver: 300, basic: 601 })
  expect(new Set(stratifiedSample({ customers: customers.toReversed(), size: 1_001, salt: 's' }).ids)).toEqual(new Set(sample.ids))
  expect(estimateMembers({ matched: 100, sampled: 1_000, of: 100_000 })).toMatchObject({ members: 10_000 })
})
test('a promise is kept or not by its metric, and unknown without one', () => {
  const segment = defineSegment({
    id: 'gold',
    source: 'customers',
    where: { op: 'all', of: [] },
    promises: [
      { promise: 'an answer in a day', metric: 'sla', atLeast: '0.95' },
      { promise: 'few returns', metric: 'returns', atMost: '0.02' },
    ],
    positions: [{ attribute: 'price', own: 6, competitors: { acme: 8, best: 7 } }],
  })
  expect(promisesKept({ segment, metrics: { sla: '0.94' } }).map(({ kept }) => kept)).toEqual([false, null])
  expect(positionGaps({ segment })).toEqual([{ attribute: 'price', own: 6, best: 'acme', gap: -2 }])
})
