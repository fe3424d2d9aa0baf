import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  atkinson,
  calibrate,
  ces,
  cohensKappa,
  csat,
  explainRatioChange,
  explainScoreChange,
  fleissKappa,
  forcedDistribution,
  inequality,
  krippendorffAlpha,
  nps,
  npsInterval,
  objectiveProgress,
  proportionInterval,
  rank,
  rankCorrelation,
  rollUpRatio,
} from '../src/index.ts'

describe('surveys', () => {
  test.each([
    [162, 108, 54, 33.3333333, 25.217383883, 41.449282783],
    [60, 25, 15, 45, 30.49759, 59.50241],
    [100, 100, 100, 0, -9.239358829, 9.239358829],
  ])('NPS of %i promoters, %i passives, %i detractors', (promoters, passives, detractors, score, low, high) => {
    const found = npsInterval({ promoters, passives, detractors })
    expect([found.nps, found.low, found.high].map((x) => Number(x!.toFixed(5)))).toEqual(
      [score, low, high].map((x) => Number(x.toFixed(5))),
    )
  })

  test('the scale is declared: 1 to 4 without cuts is refused, an answer off the scale is named', () => {
    expect(nps({ scores: [10, 9, 8, 6, 0], scale: { from: 0, to: 10 } })).toMatchObject({
      promoters: 2,
      passives: 1,
      detractors: 2,
      nps: 0,
    })
    expect(() => nps({ scores: [4, 1], scale: { from: 1, to: 4 } })).toThrow(/promotersFrom and detractorsTo/)
    expect(nps({ scores: [4, 4, 1], scale: { from: 1, to: 4 }, promotersFrom: 4, detractorsTo: 2 }).nps).toBeCloseTo(100 / 3, 12)
    expect(() => nps({ scores: [10, 11], scale: { from: 0, to: 10 } })).toThrow(/kpi\/off-scale: the answer 11/)
  })

  test.each([
    [81, 263, 0.2552885, 0.3662096],
    [10, 10, 0.7224672, 1],
    [0, 10, 0, 0.2775328],
  ])('Wilson: %i of %i', (successes, trials, low, high) => {
    const found = proportionInterval({ successes, trials })
    expect([found.low, found.high].map((x) => Number(x!.toFixed(7)))).toEqual([low, high])
  })

  test('CSAT counts who is satisfied; CES knows which end is easy', () => {
    expect(csat({ scores: [5, 4, 2, 5], scale: { from: 1, to: 5 }, satisfiedFrom: 4 })).toMatchObject({
      satisfied: 3,
      answers: 4,
      share: 0.75,
    })
    const effort = ces({ scores: [1, 2, 2, 3], scale: { from: 1, to: 7 }, easyEnd: 'from' })
    expect(effort).toMatchObject({ mean: 2, answers: 4 })
    expect(effort.ease).toBeCloseTo(5 / 6, 14)
    expect(effort.high! - 2).toBeCloseTo((3.182446305284263 * Math.sqrt(2 / 3)) / 2, 9)
  })

  test('nobody answered: null, never 0', () => {
    expect(nps({ scores: [], scale: { from: 0, to: 10 } })).toMatchObject({ answers: 0, nps: null, low: null, high: null })
    expect(csat({ scores: [], scale: { from: 1, to: 5 }, satisfiedFrom: 4 })).toMatchObject({ share: null, low: null })
    expect(ces({ scores: [], scale: { from: 1, to: 7 }, easyEnd: 'to' })).toEqual({
      answers: 0,
      mean: null,
      low: null,
      high: null,
      ease: null,
    })
  })
})

describe('fairness', () => {
  test('the figures of the R package ineq', () => {
    const found = inequality({ values: [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261] })
    const expected = {
      gini: 0.462091130268,
      giniUnbiased: 0.513434589186,
      atkinsonHalf: 0.179659098046,
      atkinsonOne: 0.351825059735,
      theil: 0.362341242344,
      hhi: 0.184081230915,
    }
    for (const [name, value] of Object.entries(expected)) expect(found[name as 'gini']).toBeCloseTo(value, 11)
  })

  test("Theil's L of 10, 10, 10, 20, 50, as REAT's documentation prints it", () => {
    expect(inequality({ values: [10, 10, 10, 20, 50] }).theilL!.toFixed(7)).toBe('0.2326302')
  })

  test('equal shares are no inequality, one who has all nearly all of it, nothing to share is null', () => {
    expect(inequality({ values: [3, 3, 3] })).toMatchObject({ gini: 0, theil: 0 })
    expect(inequality({ values: [0, 0, 0, 8] })).toMatchObject({ gini: 0.75, giniUnbiased: 1, atkinsonOne: 1, hhi: 1 })
    expect(inequality({ values: [] })).toMatchObject({ gini: null, hhi: null })
    expect(atkinson({ values: [1, 4], aversion: 2 })).toBeCloseTo(1 - 1.6 / 2.5, 14)
  })
})

describe('ranking', () => {
  test('30 20 20 10 under every rule for ties', () => {
    const of = (ties: 'competition') => rank({ values: [30, 20, 20, 10], ties })
    expect(['competition', 'dense', 'modified', 'fractional', 'ordinal'].map((ties) => of(ties as 'competition'))).toEqual([
      [1, 2, 2, 4],
      [1, 2, 2, 3],
      [1, 3, 3, 4],
      [1, 2.5, 2.5, 4],
      [1, 2, 3, 4],
    ])
  })

  test('Kendall and Spearman, also with ties', () => {
    expect(rankCorrelation({ x: [1, 2, 3, 4, 5], y: [2, 1, 4, 3, 5] }).kendallTauB).toBeCloseTo(0.6, 14)
    expect(rankCorrelation({ x: [1, 2, 3, 4, 5], y: [2, 1, 4, 3, 5] }).spearman).toBeCloseTo(0.8, 14)
    expect(rankCorrelation({ x: [12, 2, 1, 12, 2], y: [1, 4, 7, 1, 0] }).kendallTauB).toBeCloseTo(-0.4714045208, 10)
  })

  test('strict and lenient teams meet in the middle', () => {
    const people = [
      { id: 'a', team: 'strict', score: 1 },
      { id: 'b', team: 'strict', score: 3 },
      { id: 'c', team: 'lenient', score: 7 },
      { id: 'd', team: 'lenient', score: 9 },
      { id: 'e', team: 'alone', score: 5 },
    ]
    const [a, b, c, d, e] = calibrate({ people, by: 'z-score' }).map(({ calibrated }) => calibrated)
    expect([a, b]).toEqual([c, d])
    expect(e).toBe(5)
    expect(calibrate({ people, by: 'percentile' }).map(({ calibrated }) => calibrated)).toEqual([0.25, 0.75, 0.25, 0.75, 0.5])
  })

  test('a forced distribution keeps equal scores together', () => {
    const people = [9, 8, 8, 8, 5].map((score, at) => ({ id: `p${at}`, score }))
    const grades = [
      { id: 'A', share: '0.4' },
      { id: 'B', share: '0.6' },
    ]
    const deal = (ties: 'up' | 'down') => forcedDistribution({ people, grades, ties }).map(({ grade }) => grade)
    expect(deal('up').join('')).toBe('AAAAB')
    expect(deal('down').join('')).toBe('ABBBB')
  })

  test('objectives roll up by weight: targets of 100k, 20k and 1k weigh 82.6, 16.5 and 0.8 %', () => {
    const results = [100_000, 20_000, 1_000].map((target, at) => ({
      id: `r${at}`,
      start: 0,
      target,
      current: at === 0 ? 50_000 : 0,
      weight: target,
    }))
    const rows = objectiveProgress({ objective: { id: 'grow', results } })
    expect(rows.slice(1).map(({ share }) => (share * 100).toFixed(1))).toEqual(['82.6', '16.5', '0.8'])
    expect(rows[0]!.progress).toBeCloseTo(50 / 121, 14)
  })
})

describe('raters', () => {
  test("Cohen's kappa: 20 and 15 agreements among 50", () => {
    const pairs = [
      ...new Array(20).fill(['y', 'y']),
      ...new Array(5).fill(['y', 'n']),
      ...new Array(10).fill(['n', 'y']),
      ...new Array(15).fill(['n', 'n']),
    ]
    expect(cohensKappa({ a: pairs.map(([a]) => a), b: pairs.map(([, b]) => b) })).toBeCloseTo(0.4, 14)
  })

  test("Fleiss' kappa of ten items, fourteen raters, five categories", () => {
    const counts = [
      [0, 0, 0, 0, 14],
      [0, 2, 6, 4, 2],
      [0, 0, 3, 5, 6],
      [0, 3, 9, 2, 0],
      [2, 2, 8, 1, 1],
      [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0],
      [2, 5, 3, 2, 2],
      [6, 5, 2, 1, 0],
      [0, 2, 2, 3, 7],
    ]
    expect(fleissKappa({ counts }).toFixed(3)).toBe('0.210')
  })

  test("Krippendorff's own example: four raters, twelve items, gaps", () => {
    const row = (text: string) => text.split(' ').map((cell) => (cell === '.' ? null : Number(cell)))
    const ratings = ['1 2 3 3 2 1 4 1 2 . . .', '1 2 3 3 2 2 4 1 2 5 . 3', '. 3 3 3 2 3 4 2 2 5 1 .', '1 2 3 3 2 4 4 1 2 5 1 .'].map(row)
    const of = (level: 'nominal' | 'ordinal' | 'interval' | 'ratio') => krippendorffAlpha({ ratings, level }).toFixed(3)
    expect([of('nominal'), of('ordinal'), of('interval'), of('ratio')]).toEqual(['0.743', '0.815', '0.849', '0.797'])
  })
})

describe('why it changed', () => {
  const before = [
    { group: 'A', numerator: 10, denominator: 100 },
    { group: 'B', numerator: 40, denominator: 50 },
  ]
  const after = [
    { group: 'A', numerator: 30, denominator: 200 },
    { group: 'B', numerator: 9, denominator: 10 },
  ]

  test('a ratio rolls up from its parts, never as the mean of ratios', () => {
    expect(rollUpRatio({ groups: before })).toBeCloseTo(1 / 3, 15)
    expect(rollUpRatio({ groups: [] })).toBeNull()
  })

  test("both groups' rates rose and the whole fell: Kitagawa's midpoint figures", () => {
    const found = explainRatioChange({ before, after })
    expect([found.rate, found.mix, found.change].map((x) => x!.toFixed(7))).toEqual(['0.0595238', '-0.2071429', '-0.1476190'])
    expect(found.groups.map(({ rate, mix }) => [rate.toFixed(7), mix.toFixed(7)])).toEqual([
      ['0.0404762', '0.0357143'],
      ['0.0190476', '-0.2428571'],
    ])
  })

  test('a group that one side lacks takes its rate from the other: its whole effect is mix', () => {
    const found = explainRatioChange({ before, after: [...after, { group: 'new', numerator: 5, denominator: 5 }] })
    expect(found.groups[2]).toMatchObject({ group: 'new', rate: 0 })
    expect(found.rate! + found.mix!).toBeCloseTo(found.change!, 14)
    expect(explainRatioChange({ before: [], after })).toMatchObject({ before: null, change: null })
  })

  const group = fc.record({ numerator: fc.nat(1_000), denominator: fc.integer({ min: 1, max: 1_000 }) })
  const groups = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor'), group, { minKeys: 1 })
    .map((found) => Object.entries(found).map(([name, one]) => ({ group: name, ...one })))

  test('rate and mix sum to the change of a ratio', () => {
    fc.assert(
      fc.property(groups, groups, (from, to) => {
        const { before, after, change, rate, mix } = explainRatioChange({ before: from, after: to })
        const scale = Math.max(Math.abs(before!), Math.abs(after!), 1)
        expect(Math.abs(rate! + mix! - change!)).toBeLessThanOrEqual(1e-12 * scale)
      }),
      runs(10_000, 'changes of ratios decomposed, residual at most 1e-12 of scale'),
    )
  })

  test('rate, mix, target and weight effects sum to the change of a score', () => {
    const part = fc.record({
      weight: fc.double({ min: 0.01, max: 10, noNaN: true }),
      target: fc.record({ worst: fc.double({ min: 0, max: 0.9, noNaN: true }), best: fc.double({ min: 1, max: 3, noNaN: true }) }),
      value: fc.oneof(fc.double({ min: -1, max: 4, noNaN: true }), groups),
    })
    const side = fc
      .dictionary(fc.constantFrom('x', 'y', 'z', 'w'), part, { minKeys: 1 })
      .map((found) => Object.entries(found).map(([id, one]) => ({ id, ...one })))
    fc.assert(
      fc.property(side, side, (from, to) => {
        const shared = new Map(from.map((one) => [one.id, typeof one.value]))
        // a raw value has no groups to compare with those of a ratio
        const fitting = to.filter(({ id, value }) => !shared.has(id) || shared.get(id) === typeof value)
        fc.pre(fitting.length > 0)
        const { change, effects, measures } = explainScoreChange({ before: from, after: fitting })
        const sum = effects.rate + effects.mix + effects.target + effects.weight
        expect(Math.abs(sum - change)).toBeLessThanOrEqual(1e-12)
        for (const { id, rate, mix, target } of measures) {
          const both = from.some((one) => one.id === id) && fitting.some((one) => one.id === id)
          if (!both) expect([rate, mix, target].map(Math.abs)).toEqual([0, 0, 0])
        }
      }),
      runs(10_000, 'changes of scores decomposed, residual at most 1e-12 of scale'),
    )
  })

  test('each effect is what its own cause did, when nothing else changed', () => {
    const base = { id: 'm', weight: 1, target: { worst: 0, best: 1 }, value: before }
    const other = { id: 'n', weight: 1, target: { worst: 0, best: 1 }, value: 0.2 }
    const only = (changed: object) => explainScoreChange({ before: [base, other], after: [{ ...base, ...changed }, other] }).effects
    const nothing = { rate: 0, mix: 0, target: 0, weight: 0 }
    expect(only({})).toEqual(nothing)
    expect(only({ target: { worst: 0, best: 2 } })).toMatchObject({ ...nothing, target: expect.closeTo(-1 / 12, 12) })
    expect(only({ weight: 3 })).toMatchObject({ ...nothing, weight: expect.closeTo(0.25 / 3 - 0.05, 12) })
    expect(only({ value: before.map((one) => ({ ...one, denominator: one.denominator * 2, numerator: one.numerator * 2 })) })).toEqual(
      nothing,
    )
  })
})
