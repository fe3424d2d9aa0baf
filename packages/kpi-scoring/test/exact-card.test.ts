import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { type CardSide, explainCardChange, explainScoreChange, type Scorecard, scoreAll, scoreExactly } from '../src/index.ts'

const sum = (texts: readonly string[]): string => texts.reduce((total, text) => total.plus(text), new Decimal(0)).toFixed()

const decimal = (max: number) => fc.integer({ min: 0, max: max * 1_000 }).map((n) => String(n / 1_000))
const scale = fc.oneof(
  fc.tuple(decimal(1), fc.integer({ min: 2, max: 20 })).map(([worst, best]) => ({ kind: 'goalposts' as const, worst, best: String(best) })),
  fc.constant({ kind: 'target' as const, best: '2' }),
  fc.constant({
    kind: 'curve' as const,
    points: [
      ['0', '0.1'],
      ['3', '0.4'],
      ['20', '1'],
    ] as const,
  }),
)
const ids = ['a', 'b', 'c', 'd']
const measure = fc.record({
  metric: fc.constant('m'),
  weight: decimal(5),
  normalise: scale,
  ifMissing: fc.constantFrom<('exclude' | 'zero' | 'undefined')[]>('exclude', 'exclude', 'zero', 'undefined'),
})
const card: fc.Arbitrary<Scorecard> = fc.record({
  aggregate: fc.constantFrom<Scorecard['aggregate'][]>('arithmetic', 'arithmetic', 'geometric', 'harmonic', 'minimum'),
  measures: fc.dictionary(fc.constantFrom(...ids), measure, { minKeys: 1, noNullPrototype: true }),
})
const groups = fc.uniqueArray(
  fc.record({ group: fc.constantFrom('x', 'y', 'z'), numerator: decimal(900), denominator: fc.integer({ min: 1, max: 99 }).map(String) }),
  { selector: ({ group }) => group, minLength: 1 },
)
const value = fc.oneof(
  fc.record({ value: fc.option(decimal(22)), target: fc.option(decimal(30)) }),
  groups.map((given) => ({
    value: new Decimal(sum(given.map(({ numerator }) => numerator))).div(sum(given.map(({ denominator }) => denominator))).toFixed(20),
    target: '9',
    groups: given,
  })),
)
const side: fc.Arbitrary<CardSide> = fc.record({
  scorecard: card,
  values: fc.record({ a: value, b: value, c: value, d: value }),
})

describe('exact scores', () => {
  test('the points sum to the score digit for digit, whatever the mean, and agree with doubles', () => {
    fc.assert(
      fc.property(side, ({ scorecard, values }) => {
        const score = scoreExactly({ scorecard, values })
        if (score.value === null) return
        expect(sum(score.contributions.map(({ points }) => points))).toBe(score.value)
        const raw = (id: string, given: { readonly value: string | null; readonly target?: string | null | undefined }) => {
          if (given.value === null) return null
          if (scorecard.measures[id]!.normalise.kind !== 'target') return Number(given.value)
          return Number(given.target ?? 0) > 0 ? Number(given.value) / Number(given.target) : null
        }
        const known = Object.keys(scorecard.measures).map((id) => [id, raw(id, values[id]!)])
        // a 0 among the measures that weigh nothing is no matter here, and doubles refuse it
        const sheet = scoreAll({ scorecard, people: [{ id: 'p', values: Object.fromEntries(known) }] })
        expect(Math.abs(Number(score.value) - sheet.value(0)!)).toBeLessThan(1e-9)
      }),
      runs(10_000, 'random scorecards scored exactly'),
    )
  })

  test('a geometric mean over 0 is no score, with its reason', () => {
    const scorecard: Scorecard = {
      aggregate: 'geometric',
      measures: { a: { metric: 'm', weight: '1', normalise: { kind: 'goalposts', worst: '0', best: '1' } } },
    }
    expect(scoreExactly({ scorecard, values: { a: { value: '0' } } })).toMatchObject({ value: null, reason: 'not-positive' })
  })
})

describe('why the score of a card changed', () => {
  test('the effects sum to the change digit for digit: measures, scales, targets, weights and means all moved', () => {
    let explained = 0
    fc.assert(
      fc.property(side, side, (before, after) => {
        const found = explainCardChange({ before, after })
        if (found.change === null) return
        explained++
        expect(new Decimal(found.after!).minus(found.before!).toFixed()).toBe(found.change)
        expect(sum(Object.values(found.effects!))).toBe(found.change)
        expect(sum(found.measures.flatMap(({ rate, mix, target, weight }) => [rate, mix, target, weight]))).toBe(found.change)
      }),
      runs(10_000, 'random changes of scorecards taken apart'),
    )
    expect(explained).toBeGreaterThan(50)
  }, 600_000)

  test('for one measure they are those of the formula over doubles', () => {
    const number = fc.integer({ min: 1, max: 99 })
    const grouped = fc.tuple(number, number, number, number)
    fc.assert(
      fc.property(grouped, grouped, fc.integer({ min: 2, max: 9 }), (old, now, best) => {
        const halves = ([a, b, c, d]: readonly [number, number, number, number]) => [
          { group: 'x', numerator: a, denominator: b },
          { group: 'y', numerator: c, denominator: d },
        ]
        const plain = explainScoreChange({
          before: [{ id: 's', weight: 1, target: { worst: 0, best: 5 }, value: halves(old) }],
          after: [{ id: 's', weight: 1, target: { worst: 0, best }, value: halves(now) }],
        })
        const texts = (given: ReturnType<typeof halves>) =>
          given.map(({ group, numerator, denominator }) => ({ group, numerator: String(numerator), denominator: String(denominator) }))
        const sideOf = (given: ReturnType<typeof halves>, top: number): CardSide => ({
          scorecard: {
            aggregate: 'arithmetic',
            measures: { s: { metric: 's', weight: '1', normalise: { kind: 'goalposts', worst: '0', best: String(top) } } },
          },
          values: {
            s: {
              value: new Decimal(given[0]!.numerator + given[1]!.numerator).div(given[0]!.denominator + given[1]!.denominator).toFixed(20),
              groups: texts(given),
            },
          },
        })
        const { effects } = explainCardChange({ before: sideOf(halves(old), 5), after: sideOf(halves(now), best) })
        for (const cause of ['rate', 'mix', 'target', 'weight'] as const)
          expect(Math.abs(Number(effects![cause]) - plain.effects[cause])).toBeLessThan(1e-9)
      }),
      runs(2_000, 'changes taken apart exactly and over doubles'),
    )
  })
})
