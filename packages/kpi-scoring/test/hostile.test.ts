import { isPatronkitError } from '@patronkit/core'
import { describe, expect, test } from 'vitest'
import * as kpi from '../src/index.ts'

const eur = { amount: '1.00', currency: 'EUR' }
const plan = { currency: 'EUR', quota: '100', mode: 'marginal', edge: 'included', tiers: [{ upTo: null, rate: '0.1' }] } as const
const card = {
  aggregate: 'arithmetic',
  measures: { a: { metric: 'a', weight: '1', normalise: { kind: 'goalposts', worst: '0', best: '1' } } },
} as const
const deepTree = (depth: number): kpi.UnitNode & kpi.IndexNode => {
  let node: { id: string; of?: { id: string }[] } = { id: 'leaf' }
  for (let level = 0; level < depth; level++) node = { id: `n${level}`, of: [node] }
  return node
}
const deepFormula = (depth: number): kpi.Formula => {
  let node: kpi.Formula = { metric: 'x' }
  for (let level = 0; level < depth; level++) node = { add: [node] }
  return node
}
/** 40 objects that unfold to 2⁴⁰ parts. */
const bomb = (): kpi.Formula => {
  let node: kpi.Formula = { metric: 'x' }
  for (let level = 0; level < 40; level++) node = { subtract: [node, node] }
  return node
}
const treeBomb = (): kpi.IndexNode & kpi.Objective => {
  let node: kpi.IndexNode & kpi.Objective = { id: 'leaf', results: [{ id: 'r', start: 0, target: 1, current: 1 }] }
  for (let level = 0; level < 60; level++) node = { id: `n${level}`, of: [node, node] }
  return node
}
const x: kpi.Metric = { id: 'x', unit: 'EUR', kind: 'simple', value: 'x', fold: 'sum' }
const graph = kpi.metricGraph({ metrics: [x] })

const measured = { id: 'm', weight: 1, target: { worst: 0, best: 1 } }

/** What goes wrong in real life, and the code that names it. */
const refused: readonly (readonly [title: string, code: string, ask: () => unknown])[] = [
  ['NaN among values', 'core/invalid-input', () => kpi.normalise({ values: [1, Number.NaN], by: { kind: 'min-max' } })],
  [
    'Infinity in a matrix',
    'core/invalid-input',
    () =>
      kpi.criticWeights({
        matrix: [
          [1, 2],
          [Number.POSITIVE_INFINITY, 3],
        ],
      }),
  ],
  ['an empty matrix', 'core/invalid-input', () => kpi.entropyWeights({ matrix: [] })],
  [
    'rows of different length',
    'core/invalid-input',
    () => kpi.topsis({ matrix: [[1, 2], [3]], directions: ['benefit', 'cost'], normalisation: 'vector' }),
  ],
  ['a column without spread', 'kpi/no-spread', () => kpi.normalise({ values: [2, 2], by: { kind: 'min-max' } })],
  [
    'judgements that contradict their reciprocals',
    'core/invalid-input',
    () =>
      kpi.ahp({
        judgements: [
          [1, 3],
          [3, 1],
        ],
      }),
  ],
  [
    'a judgement of 0',
    'kpi/not-positive',
    () =>
      kpi.ahp({
        judgements: [
          [1, 0],
          [0, 1],
        ],
      }),
  ],
  ['weights that are all 0', 'core/invalid-input', () => kpi.aggregate({ parts: [{ id: 'a', value: 1, weight: 0 }] })],
  ['a negative weight', 'core/invalid-input', () => kpi.aggregate({ parts: [{ id: 'a', value: 1, weight: -1 }] })],
  [
    'one part twice',
    'kpi/duplicate-id',
    () =>
      kpi.aggregate({
        parts: [
          { id: 'a', value: 1 },
          { id: 'a', value: 1 },
        ],
      }),
  ],
  [
    'a person twice',
    'kpi/duplicate-id',
    () =>
      kpi.scoreAll({
        scorecard: card,
        people: [
          { id: 'a', values: { a: 1 } },
          { id: 'a', values: { a: 1 } },
        ],
      }),
  ],
  ['NaN as a raw value', 'core/invalid-input', () => kpi.scoreAll({ scorecard: card, people: [{ id: 'a', values: { a: Number.NaN } }] })],
  [
    'text as a raw value',
    'core/invalid-input',
    () => kpi.scoreAll({ scorecard: card, people: [{ id: 'a', values: { a: '1' as unknown as number } }] }),
  ],
  ['goalposts that are one', 'core/invalid-input', () => kpi.normalise({ values: [1], by: { kind: 'goalposts', worst: 1, best: 1 } })],
  ['an index 10,000 levels deep', 'kpi/too-deep', () => kpi.compositeIndex({ tree: deepTree(10_000), units: [{ id: 'u', values: {} }] })],
  [
    'a unit that is not in the index',
    'kpi/unknown-id',
    () =>
      kpi.explainIndex({
        index: kpi.compositeIndex({
          tree: { id: 'a' },
          units: [
            { id: 'u', values: { a: 1 } },
            { id: 'v', values: { a: 2 } },
          ],
        }),
        unit: '__proto__',
      }),
  ],
  ['a subgroup of one', 'core/invalid-input', () => kpi.controlConstants({ n: 1 })],
  ['a subgroup of a million', 'core/invalid-input', () => kpi.controlConstants({ n: 1_000_000 })],
  ['a process that never varied, then did', 'kpi/no-spread', () => kpi.controlChart({ chart: 'i-mr', values: [1, 1, 1, 5], phaseOne: 3 })],
  ['NaN in a stream', 'core/invalid-input', () => kpi.nextPoint(kpi.startWatch({ rules: 'nelson' }), Number.NaN)],
  ['more defectives than parts', 'core/invalid-input', () => kpi.controlChart({ chart: 'p', counts: [6], sizes: [5] })],
  ['an answer off its scale', 'kpi/off-scale', () => kpi.csat({ scores: [7], scale: { from: 1, to: 5 }, satisfiedFrom: 4 })],
  ['more successes than trials', 'core/invalid-input', () => kpi.proportionInterval({ successes: 2, trials: 1 })],
  ['a confidence of 1', 'core/invalid-input', () => kpi.npsInterval({ promoters: 1, passives: 0, detractors: 0, confidence: 1 })],
  ['a split among nobody', 'core/invalid-input', () => kpi.splitMoney({ total: eur, by: [] })],
  ['a split among people of weight 0', 'core/invalid-input', () => kpi.splitMoney({ total: eur, by: [{ id: 'a', weight: 0 }] })],
  [
    'a total finer than its step',
    'core/invalid-input',
    () => kpi.splitQuantity({ total: '0.001', step: '0.01', by: [{ id: 'a', weight: 1 }] }),
  ],
  [
    'more digits than the currency has',
    'core/bad-money',
    () => kpi.splitMoney({ total: { amount: '1.001', currency: 'EUR' }, by: [{ id: 'a', weight: 1 }] }),
  ],
  ['shares of a deal above 1', 'core/invalid-input', () => kpi.splitCredit({ amount: eur, shares: { a: '0.6', b: '0.6' } })],
  [
    'currencies mixed in a roll-up',
    'core/invalid-input',
    () => kpi.rollUp({ tree: { id: 'a', target: { amount: '1', currency: 'USD' } }, currency: 'EUR' }),
  ],
  [
    'bands that do not rise',
    'core/invalid-input',
    () =>
      kpi.payout({
        plan: {
          ...plan,
          tiers: [
            { upTo: '1', rate: '0' },
            { upTo: '1', rate: '0' },
            { upTo: null, rate: '0' },
          ],
        },
        credited: 1,
      }),
  ],
  ['no open band', 'core/invalid-input', () => kpi.payout({ plan: { ...plan, tiers: [{ upTo: '1', rate: '0.1' }] }, credited: 1 })],
  [
    'a rate that is no decimal',
    'core/invalid-input',
    () => kpi.payout({ plan: { ...plan, tiers: [{ upTo: null, rate: '1e400' }] }, credited: 1 }),
  ],
  ['NaN credited', 'core/invalid-input', () => kpi.payout({ plan, credited: Number.NaN })],
  [
    'a multiplier without its figure',
    'kpi/unknown-id',
    () => kpi.payout({ plan: { ...plan, multipliers: [{ id: 'constructor', steps: [] }] }, credited: 1, figures: {} }),
  ],
  ['a clawback of no deal', 'kpi/unknown-id', () => kpi.statement({ plan, entries: [{ id: 'c', kind: 'clawback', of: '__proto__' }] })],
  [
    'more clawed back than was left',
    'core/invalid-input',
    () =>
      kpi.statement({
        plan,
        entries: [
          { id: 'd', kind: 'deal', amount: eur },
          { id: 'c', kind: 'clawback', of: 'd', amount: { amount: '2.00', currency: 'EUR' } },
        ],
      }),
  ],
  [
    'one deal twice',
    'kpi/duplicate-id',
    () =>
      kpi.statement({
        plan,
        entries: [
          { id: 'd', kind: 'deal', amount: eur },
          { id: 'd', kind: 'deal', amount: eur },
        ],
      }),
  ],
  [
    'a metric that nobody defined',
    'kpi/unknown-id',
    () => kpi.metricGraph({ metrics: [{ id: 'a', unit: 'EUR', kind: 'derived', formula: { metric: 'toString' } }] }),
  ],
  ['a metric twice', 'kpi/duplicate-id', () => kpi.metricGraph({ metrics: [x, x] })],
  [
    'a formula 10,000 deep',
    'kpi/too-deep',
    () => kpi.metricGraph({ metrics: [x, { id: 'a', unit: 'EUR', kind: 'derived', formula: deepFormula(10_000) }] }),
  ],
  [
    'a formula that unfolds without end',
    'core/invalid-input',
    () => kpi.defineMetric({ id: 'a', unit: 'EUR', kind: 'derived', formula: bomb() }),
  ],
  ['a tree that unfolds without end', 'kpi/duplicate-id', () => kpi.compositeIndex({ tree: treeBomb(), units: [{ id: 'u', values: {} }] })],
  ['objectives that unfold without end', 'kpi/duplicate-id', () => kpi.objectiveProgress({ objective: treeBomb() })],
  [
    'a measure by groups on one side only',
    'core/invalid-input',
    () =>
      kpi.explainScoreChange({
        before: [{ ...measured, value: 1 }],
        after: [{ ...measured, value: [{ group: 'a', numerator: 1, denominator: 2 }] }],
      }),
  ],
  [
    'a formula of nothing',
    'core/invalid-input',
    () => kpi.metricGraph({ metrics: [{ id: 'a', unit: 'EUR', kind: 'derived', formula: {} as kpi.Formula }] }),
  ],
  ['a unit that is none', 'core/invalid-input', () => kpi.metricGraph({ metrics: [{ ...x, unit: 'EUR per hour' }] })],
  [
    'a shift into the future',
    'core/invalid-input',
    () => kpi.metricGraph({ metrics: [x, { id: 'a', unit: 'EUR', kind: 'derived', formula: { metric: 'x', shift: { periods: -1 } } }] }),
  ],
  ['a value of no metric', 'kpi/unknown-id', () => kpi.evaluateMetrics({ graph, values: { proto: 1 } })],
  [
    'a measurement twice',
    'kpi/duplicate-id',
    () =>
      kpi.readMeasurements({
        rows: [
          { id: 'a', at: '2026-01-01T00:00:00Z', name: 'x', value: 1 },
          { id: 'a', at: '2026-01-01T00:00:00Z', name: 'x', value: 1 },
        ],
      }),
  ],
  [
    'a measurement without an offset',
    'core/instant-without-offset',
    () => kpi.readMeasurements({ rows: [{ id: 'a', at: '2026-01-01T00:00:00', name: 'x', value: 1 }] }),
  ],
  [
    'a zone that is none',
    'core/invalid-input',
    () => kpi.periodOf({ calendar: { zone: 'Europe/Atlantis' }, at: '2026-01-01T00:00:00Z', grain: 'day' }),
  ],
  ['a period that is none', 'core/invalid-input', () => kpi.periodNamed({ calendar: { zone: 'UTC' }, id: '2026-Q5' })],
  [
    'a million days',
    'core/invalid-input',
    () => kpi.periodsBetween({ calendar: { zone: 'UTC' }, grain: 'day', from: '1905-01-01T00:00:00Z', to: 9e15 }),
  ],
  [
    'a median rolled up',
    'kpi/not-additive',
    () => kpi.rollUpMetrics({ graph: kpi.metricGraph({ metrics: [{ ...x, fold: 'median' }] }), tree: { id: 'a' }, rows: [] }),
  ],
  [
    'a row of no unit',
    'kpi/unknown-id',
    () =>
      kpi.rollUpMetrics({
        graph,
        tree: { id: 'a' },
        rows: [{ unit: '__proto__', id: 'r', at: '2026-01-01T00:00:00Z', name: 'x', value: 1 }],
      }),
  ],
  ['an organisation 10,000 levels deep', 'kpi/too-deep', () => kpi.rollUpMetrics({ graph, tree: deepTree(10_000), rows: [] })],
  [
    'a numerator without a denominator',
    'core/invalid-input',
    () => kpi.explainRatioChange({ before: [{ group: 'a', numerator: 1, denominator: 0 }], after: [] }),
  ],
  ['negative pay', 'core/invalid-input', () => kpi.inequality({ values: [1, -1] })],
  ['raters who saw different items', 'core/invalid-input', () => kpi.cohensKappa({ a: [1, 2], b: [1] })],
  ['one category for everything', 'kpi/no-spread', () => kpi.fleissKappa({ counts: [[3], [3]] })],
  [
    'grades for more than everybody',
    'core/invalid-input',
    () => kpi.forcedDistribution({ people: [], grades: [{ id: 'A', share: '1.2' }], ties: 'up' }),
  ],
  ['an objective without results', 'core/invalid-input', () => kpi.objectiveProgress({ objective: { id: 'o' } })],
  [
    'a scorecard without weight',
    'core/invalid-input',
    () => kpi.defineScorecard({ id: 'c', aggregate: 'arithmetic', measures: { a: { ...card.measures.a, weight: '0' } } }),
  ],
]

describe('hostile input is refused by name', () => {
  test.each(refused)('%s: %s', (_, code, ask) => {
    let error: unknown
    try {
      ask()
    } catch (thrown) {
      error = thrown
    }
    expect(isPatronkitError(error) ? error.code : error).toBe(code)
    // what, which, what to do: the text ends with a remedy
    expect((error as Error).message).toMatch(/\. [A-Z].+\.$|; .+\.$/)
  })
})

describe('large and odd input is no trouble', () => {
  test('half a million values neither overflow the stack nor lose anybody', () => {
    const values = Array.from({ length: 500_000 }, (_, at) => at)
    expect(kpi.normalise({ values, by: { kind: 'min-max' } }).at(-1)).toBe(1)
    expect(kpi.rank({ values, ties: 'competition' })[0]).toBe(500_000)
    expect(kpi.inequality({ values }).gini).toBeCloseTo(1 / 3, 4)
  })

  test('keys such as __proto__ and constructor are ids like any other', () => {
    const units = [1, 2].map((n) => ({ id: `u${n}`, values: JSON.parse(`{"__proto__": ${n}, "constructor": ${n}}`) }))
    const index = kpi.compositeIndex({ tree: { id: 'all', of: [{ id: '__proto__' }, { id: 'constructor' }] }, units })
    expect(index.units.map(({ value }) => value)).toEqual([0, 100])
    expect(Object.hasOwn(index.weights, '__proto__')).toBe(true)
    const sheet = kpi.scoreAll({
      scorecard: { ...card, measures: JSON.parse(`{"__proto__": ${JSON.stringify(card.measures.a)}}`) },
      people: [
        { id: '__proto__', values: {} },
        { id: 'b', values: JSON.parse('{"__proto__": 1}') },
      ],
    })
    expect([sheet.value(0), sheet.value(1)]).toEqual([null, 1])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
