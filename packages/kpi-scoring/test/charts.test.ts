import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { rowsOf } from '../../../tooling/shared-data.ts'
import { brokenRules, controlChart, controlConstants, controlLimits, cusum, ewma, nextPoint, runRules, startWatch } from '../src/control.ts'

const pistons = rowsOf('spc/pistonrings.csv')
const orange = rowsOf('spc/orangejuice.csv')
const circuit = rowsOf('spc/circuit.csv')
const pcs = rowsOf('spc/pcmanufact.csv')
const viscosity = rowsOf('spc/viscosity.csv')

describe('constants', () => {
  test('exact ones agree with closed forms and published integrals', () => {
    const two = controlConstants({ n: 2 })
    expect(two.d2).toBeCloseTo(2 / Math.sqrt(Math.PI), 13)
    expect(two.d3).toBeCloseTo(Math.sqrt(2 - 4 / Math.PI), 12)
    expect(two.c4).toBeCloseTo(Math.sqrt(2 / Math.PI), 14)
    expect(controlConstants({ n: 3 }).d2).toBeCloseTo(3 / Math.sqrt(Math.PI), 13)
    const five = controlConstants({ n: 5 })
    expect(five.d2).toBeCloseTo(2.3259289472810396, 12)
    expect(five.d3).toBeCloseTo(0.8640819410995031, 11)
    expect(five.c4).toBeCloseTo(0.9399856029866251, 13)
  })

  test('in table mode they are the three decimals of the textbooks', () => {
    const limits = controlLimits({ chart: 'xbar-r', subgroupSize: 5, grandMean: 0, meanRange: 1, constants: 'table' })
    expect([limits.upper, limits.rangeUpper, limits.rangeLower]).toEqual([0.577, 2.114, 0])
    const ten = controlLimits({ chart: 'xbar-s', subgroupSize: 10, grandMean: 0, meanDeviation: 1, constants: 'table' })
    expect([ten.upper, ten.rangeLower, ten.rangeUpper]).toEqual([0.975, 0.284, 1.716])
  })
})

describe.skipIf(!pistons)('piston rings: 40 samples of 5, limits from the first 25', () => {
  const groups = new Map<string, number[]>()
  for (const row of pistons ?? []) groups.set(row.sample!, [...(groups.get(row.sample!) ?? []), Number(row.diameter)])
  const subgroups = [...groups.values()]

  test('means and ranges, exact and with the constants that qcc prints', () => {
    const { limits, figures } = controlChart({ chart: 'xbar-r', subgroups, phaseOne: 25 })
    expect(figures).toMatchObject({ subgroupSize: 5 })
    expect(limits.centre).toBeCloseTo(74.001176, 9)
    expect(limits.sigma).toBeCloseTo(0.009785337607, 11)
    expect([limits.lower, limits.upper].map((x) => x.toFixed(9))).toEqual(['73.988047592', '74.014304408'])
    expect(limits.rangeUpper).toBeCloseTo(0.048126000542, 11)
    const printed = controlChart({ chart: 'xbar-r', subgroups, phaseOne: 25, constants: { d2: 2.326, d3: 0.864 } }).limits
    expect([printed.sigma.toPrecision(7), printed.lower.toPrecision(7), printed.upper.toPrecision(6)]).toEqual([
      '0.009785039',
      '73.98805',
      '74.0143',
    ])
  })

  test('means and deviations', () => {
    const { limits } = controlChart({ chart: 'xbar-s', subgroups, phaseOne: 25 })
    expect(limits.rangeCentre!.toFixed(9)).toBe('0.009240037')
    expect(limits.sigma.toPrecision(7)).toBe('0.009829977')
    expect(limits.rangeUpper).toBeCloseTo(0.0193024167682, 11)
    expect(limits.rangeLower).toBe(0)
  })

  test('Western Electric and Nelson find the shift after sample 34', () => {
    const western = controlChart({ chart: 'xbar-r', subgroups, phaseOne: 25, rules: 'western-electric' }).signals
    expect(western).toEqual({ 1: [37, 38, 39], 2: [35, 37, 38, 39, 40], 3: [35, 38, 39, 40], 4: [] })
    const nelson = controlChart({ chart: 'xbar-r', subgroups, phaseOne: 25, rules: 'nelson' }).signals
    expect(nelson).toMatchObject({ 1: [37, 38, 39], 2: [], 3: [], 4: [], 5: [35, 37, 38, 39, 40], 6: [35, 38, 39, 40], 7: [], 8: [] })
  })

  test('CUSUM and EWMA', () => {
    const { points, limits } = controlChart({ chart: 'xbar-r', subgroups, phaseOne: 25 })
    const sums = cusum({ z: points.map(({ z }) => z), k: 0.5, h: 5 })
    expect(sums.signals.upper).toEqual([37, 38, 39, 40])
    expect(sums.upper.slice(0, 6).map((sum) => sum.toFixed(6))).toEqual([
      '1.562093',
      '0.930470',
      '1.989837',
      '1.906643',
      '1.914854',
      '0.140670',
    ])
    expect(sums.upper.slice(36).map((sum) => sum.toFixed(5))).toEqual(['7.18705', '10.89716', '15.47561', '17.63184'])
    const drawn = ewma({ values: points.map(({ value }) => value), centre: limits.centre, sigma: limits.pointSigma, lambda: 0.2 })
    expect([drawn[0], drawn[1], drawn[24]].map((point) => [point!.lower.toFixed(5), point!.upper.toFixed(5)])).toEqual([
      ['73.99855', '74.00380'],
      ['73.99781', '74.00454'],
      ['73.99680', '74.00555'],
    ])
  })
})

describe('attribute charts and individuals, to the digits that qcc prints', () => {
  const column = (rows: Record<string, string>[] | undefined, name: string) => (rows ?? []).map((row) => Number(row[name]))
  const first = (rows: Record<string, string>[] | undefined) => (rows ?? []).flatMap((row, at) => (row.trial === 'TRUE' ? [at + 1] : []))
  const shown = ({ centre, lower, upper }: { centre: number; lower: number; upper: number }) =>
    [centre, lower, upper].map((x) => Number(x.toPrecision(7)))

  test.skipIf(!orange)('orange juice: p and np, and without samples 15 and 23', () => {
    const data = { counts: column(orange, 'D'), sizes: column(orange, 'size') }
    const trial = first(orange)
    expect(shown(controlChart({ chart: 'p', ...data, phaseOne: trial }).limits)).toEqual([0.2313333, 0.05242755, 0.4102391])
    expect(shown(controlChart({ chart: 'np', ...data, phaseOne: trial }).limits)).toEqual([11.56667, 2.621377, 20.51196])
    const without = trial.filter((number) => number !== 15 && number !== 23)
    expect(shown(controlChart({ chart: 'p', ...data, phaseOne: without }).limits)).toEqual([0.215, 0.04070284, 0.3892972])
  })

  test.skipIf(!circuit)('circuits: c and u, and without samples 6 and 20', () => {
    const data = { counts: column(circuit, 'x'), sizes: column(circuit, 'size') }
    const trial = first(circuit)
    expect(shown(controlChart({ chart: 'c', ...data, phaseOne: trial }).limits)).toEqual([19.84615, 6.481447, 33.21086])
    const without = trial.filter((number) => number !== 6 && number !== 20)
    expect(shown(controlChart({ chart: 'c', ...data, phaseOne: without }).limits)).toEqual([19.66667, 6.362532, 32.9708])
    expect(shown(controlChart({ chart: 'u', ...data, phaseOne: without }).limits)).toEqual([0.1966667, 0.06362532, 0.329708])
  })

  test.skipIf(!pcs)('personal computers: u', () => {
    expect(shown(controlChart({ chart: 'u', counts: column(pcs, 'x'), sizes: column(pcs, 'size') }).limits)).toEqual([
      1.93, 0.06613305, 3.793867,
    ])
  })

  test.skipIf(!viscosity)('viscosity: individual values, with 1.128 and exactly', () => {
    const values = column(viscosity, 'viscosity')
    const phaseOne = first(viscosity)
    const table = controlChart({ chart: 'i-mr', values, phaseOne, constants: 'table' }).limits
    expect([table.centre, table.sigma, table.lower, table.upper].map((x) => Number(x.toPrecision(7)))).toEqual([
      34.088, 0.5076521, 32.56504, 35.61096,
    ])
    const exact = controlChart({ chart: 'i-mr', values, phaseOne }).limits
    expect(exact.sigma).toBeCloseTo(0.507481523628, 11)
    expect([exact.lower, exact.upper].map((x) => x.toFixed(9))).toEqual(['32.565555429', '35.610444571'])
  })
})

describe('runs', () => {
  const hits = (z: number[], rules: 'nelson' | 'western-electric', rule: number) => runRules({ z, rules })[String(rule)]

  test.each([
    ['nine on one side', 2, [...new Array(9).fill(0.5)], [9]],
    ['six rising', 3, [-1.5, -0.9, -0.4, 0.1, 0.5, 0.9, 0.2], [6]],
    ['fourteen alternating', 4, [0.1, -0.1, 0.2, -0.3, 0.1, -0.1, 0.2, -0.3, 0.1, -0.1, 0.2, -0.3, 0.1, -0.1], [14]],
    ['two of three beyond 2σ', 5, [2.1, 0, 2.2], [3]],
    ['two of three on different sides is none', 5, [2.1, 0, -2.2], []],
    ['two of three, but the last inside', 5, [2.1, 2.1, 0], [2]],
    ['four of five beyond 1σ', 6, [1.1, 1.2, 0, 1.3, 1.1], [5]],
    ['fifteen within 1σ', 7, new Array(16).fill(0).map((_, at) => (at % 2 ? 0.5 : -0.4)), [15, 16]],
    ['eight outside 1σ on both sides', 8, [1.5, -1.5, 1.5, -1.5, 1.5, -1.5, 1.5, -1.5], [8]],
    ['eight outside 1σ on one side is another rule', 8, new Array(8).fill(1.5), []],
  ])('Nelson: %s', (_, rule, z, expected) => {
    expect(hits(z, 'nelson', rule)).toEqual(expected)
  })

  test('Western Electric: eight on one side', () => {
    expect(hits(new Array(9).fill(0.2), 'western-electric', 4)).toEqual([8, 9])
  })

  test('a fold over a stream says what a look at the whole list says', () => {
    // many equal values and round distances, so that edges and ties are met
    const z = fc.array(
      fc.integer({ min: -14, max: 14 }).map((n) => n / 4),
      { minLength: 1, maxLength: 120 },
    )
    fc.assert(
      fc.property(z, (points) => {
        const expected = lookedUp(points)
        let watch = startWatch({ rules: 'nelson' })
        points.forEach((point, at) => {
          // the state survives being stored as JSON between two points
          watch = nextPoint(JSON.parse(JSON.stringify(watch)), point)
          expect(brokenRules(watch), `point ${at + 1}`).toEqual(expected[at])
        })
      }),
      runs(20_000, 'streams of points through the eight rules of Nelson'),
    )
  })
})

/** Nelson's rules, each as its sentence says, over the whole list. */
function lookedUp(z: readonly number[]): number[][] {
  return z.map((_, at) => {
    const last = (n: number) => (at + 1 >= n ? z.slice(at + 1 - n, at + 1) : undefined)
    const window = (n: number) => z.slice(Math.max(0, at + 1 - n), at + 1)
    const all = (n: number, holds: (x: number) => boolean) => last(n)?.every(holds) ?? false
    const steps = (n: number) =>
      last(n)
        ?.slice(1)
        .map((x, i) => Math.sign(x - last(n)![i]!))
    const of = (n: number, m: number, limit: number) =>
      [1, -1].some((side) => side * z[at]! > limit && window(n).filter((x) => side * x > limit).length >= m)
    const rules = [
      Math.abs(z[at]!) > 3,
      all(9, (x) => x > 0) || all(9, (x) => x < 0),
      steps(6)?.every((s) => s > 0) || steps(6)?.every((s) => s < 0),
      steps(14)?.every((s, i, list) => s !== 0 && (i === 0 || s === -list[i - 1]!)),
      of(3, 2, 2),
      of(5, 4, 1),
      all(15, (x) => Math.abs(x) < 1),
      all(8, (x) => Math.abs(x) > 1) && runOutside(z, at),
    ]
    return rules.flatMap((broken, rule) => (broken ? [rule + 1] : []))
  })
}

/** The run outside 1σ that ends here has points on both sides. */
function runOutside(z: readonly number[], at: number): boolean {
  let from = at
  while (from > 0 && Math.abs(z[from - 1]!) > 1) from--
  const run = z.slice(from, at + 1)
  return run.some((x) => x > 0) && run.some((x) => x < 0)
}
