import { isPatronkitError } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  aggregate,
  ahp,
  bandOf,
  compositeIndex,
  criticWeights,
  deviationWeights,
  entropyWeights,
  explainIndex,
  type IndexNode,
  normalise,
  scoreAll,
  shakeWeights,
  topsis,
} from '../src/index.ts'

const near = (got: readonly number[], expected: readonly number[], digits: number) => {
  expect(got).toHaveLength(expected.length)
  got.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at]!, digits)
  })
}

describe("COINr's unit cases of normalisation", () => {
  test.each([
    ['1 between 0 and 10', { worst: 0, best: 10 }, 1, 0.1],
    ['12 above the best', { worst: 0, best: 10 }, 12, 1],
    ['−3 below the worst', { worst: 0, best: 10 }, -3, 0],
    ['1 where less is better', { worst: 10, best: 0 }, 1, 0.9],
  ])('goalposts: %s', (_, posts, value, expected) => {
    expect(normalise({ values: [value], by: { kind: 'goalposts', ...posts } })).toEqual([expected])
  })

  test('distance to a target, capped or not, and turned around', () => {
    expect(normalise({ values: [0, 5, 11], by: { kind: 'target', target: 10, beyond: 'keep' } })).toEqual([0, 0.5, 1.1])
    expect(normalise({ values: [0, 5, 11], by: { kind: 'target', target: 10 } })).toEqual([0, 0.5, 1])
    near(
      normalise({ values: [-1, 1, 10], by: { kind: 'target', target: 0, beyond: 'keep' }, direction: 'cost' }) as number[],
      [1.1, 0.9, 0],
      12,
    )
  })

  test('what is missing stays missing and moves nobody else', () => {
    expect(normalise({ values: [1, null, 3], by: { kind: 'min-max' } })).toEqual([0, null, 1])
    expect(normalise({ values: [null, null], by: { kind: 'min-max' } })).toEqual([null, null])
  })

  test('ranks, percentiles, references, shares of the maximum, z-scores and curves', () => {
    expect(normalise({ values: [3, 1, 1, 9], by: { kind: 'rank' } })).toEqual([3, 1.5, 1.5, 4])
    expect(normalise({ values: [3, 1, 1, 9], by: { kind: 'borda' }, direction: 'cost' })).toEqual([1, 2.5, 2.5, 0])
    expect(normalise({ values: [3, 1, 1, 9], by: { kind: 'percentile' } })).toEqual([0.625, 0.25, 0.25, 0.875])
    expect(normalise({ values: [0, 5, 10], by: { kind: 'reference', reference: 5 } })).toEqual([0.5, 1, 1.5])
    expect(normalise({ values: [2, 4], by: { kind: 'share-of-maximum' } })).toEqual([0.5, 1])
    expect(normalise({ values: [2, 4], by: { kind: 'share-of-maximum' }, direction: 'cost' })).toEqual([1, 0.5])
    near(normalise({ values: [1, 2, 3], by: { kind: 'z-score', mean: 50, deviation: 10 } }) as number[], [40, 50, 60], 12)
    expect(
      normalise({
        values: [-1, 5, 15, 99],
        by: {
          kind: 'curve',
          points: [
            [0, 0],
            [10, 0.8],
            [20, 1],
          ],
        },
      }),
    ).toEqual([0, 0.4, 0.9, 1])
  })
})

describe('means', () => {
  const parts = (values: readonly number[], weights?: readonly number[]) =>
    values.map((value, at) => ({ id: String(at), value, ...(weights ? { weight: weights[at]! } : {}) }))

  test('geometric: ∛6, and ⁴√18 with weights 1, 1, 2', () => {
    expect(aggregate({ parts: parts([1, 2, 3]), mean: 'geometric' }).value).toBeCloseTo(6 ** (1 / 3), 14)
    expect(aggregate({ parts: parts([1, 2, 3], [1, 1, 2]), mean: 'geometric' }).value).toBeCloseTo(18 ** 0.25, 14)
  })

  test('harmonic: 4 ÷ (2 + ½ + ⅓)', () => {
    expect(aggregate({ parts: parts([1, 2, 3], [2, 1, 1]), mean: 'harmonic' }).value).toBeCloseTo(4 / (2 + 0.5 + 1 / 3), 14)
  })

  test('the minimum is decided by the worst part alone', () => {
    expect(aggregate({ parts: parts([4, 2, 2]), mean: 'minimum' })).toMatchObject({
      value: 2,
      contributions: [{ points: 0 }, { points: 1 }, { points: 1 }],
    })
  })

  test('a geometric mean over 0 is refused by name', () => {
    expect(refusal(() => aggregate({ parts: parts([1, 0]), mean: 'geometric' }))).toBe('kpi/not-positive')
  })

  test('contributions sum to the score, whatever the mean', () => {
    const mean = fc.constantFrom('arithmetic', 'geometric', 'harmonic', 'minimum', { power: 2 }, { power: -3 }, { power: 0.5 })
    const part = fc.tuple(fc.double({ min: 0.01, max: 1000, noNaN: true }), fc.double({ min: 0.01, max: 10, noNaN: true }))
    fc.assert(
      fc.property(mean, fc.array(part, { minLength: 1, maxLength: 12 }), (how, drawn) => {
        const score = aggregate({
          parts: parts(
            drawn.map(([v]) => v),
            drawn.map(([, w]) => w),
          ),
          mean: how as 'arithmetic',
        })
        const sum = score.contributions.reduce((total, { points }) => total + points, 0)
        expect(Math.abs(sum - score.value!)).toBeLessThanOrEqual(1e-12 * Math.max(1, score.value!))
      }),
      runs(10_000, 'scores taken apart into contributions'),
    )
  })
})

describe('missing parts', () => {
  const parts = [
    { id: 'a', value: 0.5 },
    { id: 'b', value: null },
    { id: 'c', value: 1 },
  ] as const

  test.each([
    ['exclude gives the weight to the others', 'exclude', 0.75, undefined],
    ['zero counts as 0', 'zero', 0.5, undefined],
    ['undefined leaves no score', 'undefined', null, 'part-missing'],
    ['at least 90 % asked', { atLeast: 0.9 }, null, 'too-few-parts'],
    ['at least 60 % asked', { atLeast: 0.6 }, 0.75, undefined],
  ] as const)('%s', (_, ifMissing, value, reason) => {
    const score = aggregate({ parts, ifMissing })
    expect([score.value, score.reason]).toEqual([value, reason])
  })

  test('nothing known is no score, with a reason', () => {
    expect(aggregate({ parts: [{ id: 'a', value: null }] })).toMatchObject({ value: null, reason: 'no-parts' })
    expect(aggregate({ parts: [] })).toMatchObject({ value: null, reason: 'no-parts' })
  })
})

describe('weights out of judgements and data', () => {
  const third = 1 / 3
  test('three criteria that agree well', () => {
    const found = ahp({
      judgements: [
        [1, 3, 5],
        [third, 1, 3],
        [1 / 5, third, 1],
      ],
    })
    near(found.weights, [0.636985571745, 0.258284994374, 0.104729433881], 11)
    expect(found.lambdaMax).toBeCloseTo(3.03851109055818, 12)
    expect(found.consistencyRatio).toBeCloseTo(0.033199215998, 11)
    expect(
      ahp({
        judgements: [
          [1, 3, 5],
          [third, 1, 3],
          [1 / 5, third, 1],
        ],
        method: 'geometric-mean',
      }).weights[0],
    ).toBeCloseTo(0.636985571745, 11)
  })

  test("Saaty's drinks, to the published three digits", () => {
    const names = ['coffee', 'wine', 'tea', 'beer', 'soda', 'milk', 'water']
    const said: [string, string, number][] = [
      ['coffee', 'wine', 9],
      ['coffee', 'tea', 5],
      ['coffee', 'beer', 2],
      ['coffee', 'soda', 1],
      ['coffee', 'milk', 1],
      ['water', 'coffee', 2],
      ['water', 'wine', 9],
      ['water', 'tea', 9],
      ['water', 'beer', 3],
      ['water', 'soda', 2],
      ['water', 'milk', 3],
      ['tea', 'wine', 3],
      ['beer', 'wine', 9],
      ['beer', 'tea', 3],
      ['beer', 'milk', 1],
      ['soda', 'wine', 9],
      ['soda', 'tea', 4],
      ['soda', 'beer', 2],
      ['soda', 'milk', 2],
      ['milk', 'wine', 9],
      ['milk', 'tea', 3],
    ]
    const judgements = names.map(() => names.map(() => 1))
    for (const [a, b, ratio] of said) {
      judgements[names.indexOf(a)]![names.indexOf(b)] = ratio
      judgements[names.indexOf(b)]![names.indexOf(a)] = 1 / ratio
    }
    const { weights, consistencyRatio, consistent } = ahp({ judgements })
    expect(weights.map((weight) => weight.toFixed(3))).toEqual(['0.177', '0.019', '0.042', '0.116', '0.190', '0.129', '0.327'])
    expect([consistencyRatio.toFixed(3), consistent]).toEqual(['0.022', true])
  })

  test("Saaty's house: eight criteria, contradictory", () => {
    const found = ahp({
      judgements: [
        [1, 5, 3, 7, 6, 6, third, 1 / 4],
        [1 / 5, 1, third, 5, 3, 3, 1 / 5, 1 / 7],
        [third, 3, 1, 6, 3, 4, 6, 1 / 5],
        [1 / 7, 1 / 5, 1 / 6, 1, third, 1 / 4, 1 / 7, 1 / 8],
        [1 / 6, third, third, 3, 1, 1 / 2, 1 / 5, 1 / 6],
        [1 / 6, third, 1 / 4, 4, 2, 1, 1 / 5, 1 / 6],
        [3, 5, 1 / 6, 7, 5, 5, 1, 1 / 2],
        [4, 7, 5, 8, 6, 6, 2, 1],
      ],
    })
    near(found.weights, [0.17302, 0.05398, 0.18811, 0.01751, 0.03104, 0.03632, 0.16683, 0.33319], 5)
    expect(found.lambdaMax).toBeCloseTo(9.66888731711815, 10)
    expect([found.consistencyRatio.toFixed(9), found.consistent]).toEqual(['0.169086861', false])
  })

  test('the worst judgement is the one that was turned around', () => {
    const weights = [0.4, 0.3, 0.2, 0.1]
    const judgements = weights.map((a) => weights.map((b) => a / b))
    expect(ahp({ judgements })).toMatchObject({ consistent: true, worst: null })
    expect(ahp({ judgements }).consistencyRatio).toBeLessThan(1e-12)
    near(ahp({ judgements }).weights, weights, 12)
    judgements[0]![3] = 1 / 4
    judgements[3]![0] = 4
    expect(ahp({ judgements })).toMatchObject({ consistent: false, worst: { row: 0, column: 3, given: 0.25 } })
  })

  test('CRITIC, deviations and entropy', () => {
    const matrix = [
      [5000, 3, 3, 4, 3, 2],
      [680, 5, 3, 2, 2, 1],
      [2000, 3, 2, 3, 4, 3],
      [600, 4, 3, 1, 2, 2],
      [800, 2, 4, 3, 3, 4],
    ]
    near(criticWeights({ matrix }), [0.157003432042, 0.249489243164, 0.167675249193, 0.12110022243, 0.154099291586, 0.150632561586], 11)
    near(
      deviationWeights({ matrix, normalisation: 'max' }),
      [0.239946952619, 0.146376114943, 0.113473266045, 0.182970143679, 0.134263379034, 0.182970143679],
      11,
    )
    // by hand: shares ½ ½ have the whole entropy, ¼ ¾ have 0.8112781245 of it
    near(
      entropyWeights({
        matrix: [
          [1, 1, 1],
          [1, 3, 9],
        ],
      }),
      [0, 0.188721875541 / (0.188721875541 + 0.53100440641), 0.53100440641 / (0.188721875541 + 0.53100440641)],
      9,
    )
  })

  test('the normalisation of TOPSIS changes who is first', () => {
    const asked = {
      matrix: [
        [1, 3000],
        [2, 3750],
        [5, 4500],
      ],
      weights: [0.5, 0.5],
      directions: ['cost', 'benefit'],
    } as const
    near(topsis({ ...asked, normalisation: 'min-max' }), [0.5, 0.617217781463, 0.5], 11)
    near(topsis({ ...asked, normalisation: 'vector' }), [0.762140580124, 0.722177833229, 0.237859419876], 11)
  })
})

describe('composite indices', () => {
  test('five of ten equal measures in one of five pillars weigh 0.02 each', () => {
    const pillar = (id: string, size: number): IndexNode => ({ id, of: Array.from({ length: size }, (_, at) => ({ id: `${id}${at}` })) })
    const tree: IndexNode = {
      id: 'all',
      of: [
        { id: 'one', of: ['a', 'b', 'c', 'd', 'e'].map((id) => pillar(id, 5)) },
        { id: 'two', of: ['f', 'g', 'h'].map((id) => pillar(id, 5)) },
      ],
    }
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].flatMap((id) => Array.from({ length: 5 }, (_, at) => `${id}${at}`))
    const units = ['x', 'y'].map((id, n) => ({ id, values: Object.fromEntries(ids.map((measure) => [measure, n])) }))
    const { weights } = compositeIndex({ tree, units })
    expect(weights.a0).toBeCloseTo(0.02, 14)
    expect(weights.f0).toBeCloseTo(1 / 30, 14)
  })

  test('points sum to the index also under other means at other levels', () => {
    const tree: IndexNode = {
      id: 'all',
      of: [
        { id: 'p', of: [{ id: 'a' }, { id: 'b', weight: 2 }] },
        { id: 'q', of: [{ id: 'c', direction: 'cost' }, { id: 'd' }] },
      ],
    }
    const value = fc.double({ min: 1, max: 100, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value, value, value), { minLength: 3, maxLength: 10 }), (rows) => {
        const units = rows.map(([a, b, c, d], at) => ({ id: `u${at}`, values: { a, b, c, d } }))
        fc.pre(['a', 'b', 'c', 'd'].every((id) => new Set(units.map((unit) => unit.values[id as 'a'])).size > 1))
        const index = compositeIndex({
          tree,
          units,
          recipe: {
            normalise: { kind: 'min-max', from: 1, to: 100 },
            mean: { byGroup: { all: 'geometric', p: 'harmonic' }, otherwise: 'arithmetic' },
          },
        })
        for (const unit of index.units) {
          const sum = explainIndex({ index, unit: unit.id }).reduce((total, { points }) => total + points, 0)
          expect(Math.abs(sum - unit.value!)).toBeLessThanOrEqual(1e-12 * 100)
        }
      }),
      runs(2_000, 'indices of mixed means taken apart'),
    )
  })

  test('shaken weights: the same sequence gives the same places, and a unit that is best everywhere stays first', () => {
    const units = [
      { id: 'best', values: { a: 9, b: 9 } },
      { id: 'x', values: { a: 1, b: 8 } },
      { id: 'y', values: { a: 8, b: 1 } },
    ]
    const index = compositeIndex({ tree: { id: 'all', of: [{ id: 'a' }, { id: 'b' }] }, units })
    const draw = () => {
      let seed = 7
      const random = () => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
        return seed / 2 ** 32
      }
      return shakeWeights({ index, random, draws: 400 })
    }
    expect(draw()).toEqual(draw())
    expect(draw()[0]).toEqual({ id: 'best', rank: 1, low: 1, median: 1, high: 1 })
    expect([draw()[1]!.low, draw()[1]!.high]).toEqual([2, 3])
  })
})

describe('scorecards', () => {
  const scorecard = {
    aggregate: 'arithmetic',
    measures: {
      sla: { metric: 'sla-attainment', weight: '0.6', normalise: { kind: 'goalposts', worst: '0.80', best: '0.98' } },
      sales: { metric: 'revenue', weight: '0.4', normalise: { kind: 'goalposts', worst: '0', best: '120000' } },
    },
  } as const

  test('a person’s points sum to the score exactly; who lacks a measure is told', () => {
    const sheet = scoreAll({
      scorecard,
      people: [
        { id: 'anna', values: { sla: 0.89, sales: 90_000 } },
        { id: 'bo', values: { sla: 0.98 } },
        { id: 'cy', values: {} },
      ],
    })
    const anna = sheet.explain({ id: 'anna' })
    expect(anna.contributions.map(({ raw, normalised }) => [raw, normalised?.toFixed(4)])).toEqual([
      [0.89, '0.5000'],
      [90_000, '0.7500'],
    ])
    expect(anna.contributions.reduce((sum, { points }) => sum + points, 0)).toBe(anna.value)
    expect(sheet.explain({ id: 'bo' })).toMatchObject({ value: 1, contributions: [{ weight: 1 }, { reason: 'missing-excluded' }] })
    expect(sheet.explain({ id: 'cy' })).toMatchObject({ value: null, reason: 'no-parts' })
  })

  test('the fast path and the plain one say the same', () => {
    const value = fc.double({ min: -1, max: 2, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 20 }), (rows) => {
        const people = rows.map(([sla, sales], at) => ({ id: `p${at}`, values: { sla, sales: sales * 1e5 } }))
        const sheet = scoreAll({ scorecard, people })
        people.forEach(({ values }, at) => {
          const part = (id: 'sla' | 'sales', worst: number, best: number, weight: number) => ({
            id,
            weight,
            value: normalise({ values: [values[id]], by: { kind: 'goalposts', worst, best } })[0]!,
          })
          const { value } = aggregate({ parts: [part('sla', 0.8, 0.98, 0.6), part('sales', 0, 120_000, 0.4)] })
          expect(sheet.value(at)!).toBeCloseTo(value!, 12)
        })
      }),
      runs(2_000, 'sheets scored two ways'),
    )
  })

  test('bands name what a score has reached', () => {
    const bands = [
      { id: 'gold', from: 90 },
      { id: 'silver', from: 75 },
    ]
    expect([95, 90, 89.9, 10].map((score) => bandOf({ score, bands }))).toEqual(['gold', 'gold', 'silver', null])
  })
})

function refusal(ask: () => unknown): string | undefined {
  try {
    ask()
  } catch (error) {
    if (isPatronkitError(error)) return error.code
    throw error
  }
  return undefined
}
