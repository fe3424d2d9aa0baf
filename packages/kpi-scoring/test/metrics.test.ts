import { field, isPatronkitError } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  changeValues,
  defineMetric,
  evaluateMetrics,
  type Formula,
  type Measurement,
  type Metric,
  measure,
  measureBy,
  measureSeries,
  metricGraph,
  periodNamed,
  periodOf,
  periodsBetween,
  type ReportingCalendar,
  readMeasurements,
  rollUpMetrics,
  type UnitNode,
} from '../src/index.ts'

const simple = (
  id: string,
  unit: string,
  fold: 'sum' | 'count' | 'mean' | 'minimum' | 'maximum' | 'latest' | 'median' = 'sum',
  more: object = {},
): Metric => ({ id, unit, kind: 'simple', value: id, fold, ...more })
const derived = (id: string, unit: string, formula: Formula): Metric => ({ id, unit, kind: 'derived', formula })
const m = (metric: string): Formula => ({ metric })

describe('units', () => {
  const base = [
    simple('revenue', 'EUR'),
    simple('cost', 'EUR'),
    simple('usd', 'USD'),
    simple('time', 'hours'),
    simple('orders', 'count'),
    simple('rate', 'share'),
  ]
  const fits = (unit: string, formula: Formula) => {
    try {
      metricGraph({ metrics: [...base, derived('d', unit, formula)] })
      return true
    } catch (error) {
      if (isPatronkitError(error, 'kpi/unit-mismatch')) return false
      throw error
    }
  }
  const [revenue, cost, usd, time, orders, rate] = ['revenue', 'cost', 'usd', 'time', 'orders', 'rate'].map(m) as [
    Formula,
    Formula,
    Formula,
    Formula,
    Formula,
    Formula,
  ]
  const all = { revenue, usd, time, orders, rate }

  test('only like units are added or subtracted (50 pairs)', () => {
    for (const [a, left] of Object.entries(all)) {
      for (const [b, right] of Object.entries(all)) {
        const unit = base.find(({ id }) => id === a)!.unit
        expect([a, b, fits(unit, { add: [left, right] })]).toEqual([a, b, a === b])
        expect([a, b, fits(unit, { subtract: [left, right] })]).toEqual([a, b, a === b])
      }
    }
  })

  test.each([
    ['money by money is a share', 'share', { divide: [revenue, cost] }, true],
    ['money by hours', 'EUR/hours', { divide: [revenue, time] }, true],
    ['money by hours is not money', 'EUR', { divide: [revenue, time] }, false],
    ['a rate times hours is money again', 'EUR', { multiply: [{ divide: [revenue, time] }, time] }, true],
    ['a share scales money', 'EUR', { multiply: [rate, revenue] }, true],
    ['a bare number is no money', 'EUR', { add: [revenue, { number: '5' }] }, false],
    ['a number with its unit is', 'EUR', { add: [revenue, { number: '5', unit: 'EUR' }] }, true],
    ['growth less one', 'share', { subtract: [{ divide: [revenue, cost] }, { number: '1' }] }, true],
    ['money squared', 'EUR*EUR', { multiply: [revenue, cost] }, true],
    ['one by hours', 'share/hours', { divide: [{ number: '1' }, time] }, true],
    ['orders an hour, the other way round', 'hours/count', { divide: [orders, time] }, false],
    ['dollars are no euros', 'share', { divide: [usd, revenue] }, false],
  ] as [string, string, Formula, boolean][])('%s', (_, unit, formula, expected) => {
    expect(fits(unit, formula)).toBe(expected)
  })
})

describe('undefined is never 0', () => {
  const metrics: Metric[] = [
    simple('won', 'EUR'),
    simple('lost', 'EUR', 'sum', { ifEmpty: 'zero' }),
    { id: 'share', unit: 'share', kind: 'ratio', numerator: 'won', denominator: 'lost' },
    derived('both', 'EUR', { add: [m('won'), m('lost')] }),
    derived('filled', 'EUR', { add: [{ metric: 'won', ifUndefined: '0' }, m('lost')] }),
    derived('plus', 'share', { add: [m('share'), { number: '1' }] }),
  ]
  const graph = metricGraph({ metrics })
  const values = (given: Record<string, number | null>) => {
    const found = evaluateMetrics({ graph, values: given })
    return Object.fromEntries(['share', 'both', 'filled', 'plus'].map((id) => [id, found.value(id).value ?? found.value(id).reason]))
  }

  test('a part that is undefined leaves the whole undefined, unless something stands in', () => {
    const reason = { code: 'no-data', metric: 'won' }
    expect(values({ won: null, lost: 4 })).toEqual({ share: reason, both: reason, filled: '4', plus: reason })
  })

  test('division by zero is undefined and says where, also behind further formulas', () => {
    const reason = { code: 'divided-by-zero', metric: 'share' }
    expect(values({ won: 3, lost: 0 })).toEqual({ share: reason, both: '3', filled: '3', plus: reason })
  })

  test('zero by something is 0, and 0 + 1 is 1', () => {
    expect(values({ won: 0, lost: 4 })).toEqual({ share: '0', both: '4', filled: '4', plus: '1' })
  })
})

describe('the graph', () => {
  test('a circle is named with its path', () => {
    const metrics = [derived('a', 'EUR', m('b')), derived('b', 'EUR', m('c')), derived('c', 'EUR', m('b'))]
    expect(() => metricGraph({ metrics })).toThrow(/metric b needs itself: b -> c -> b/)
    expect(() => metricGraph({ metrics: [derived('x', 'EUR', m('x'))] })).toThrow(/x -> x/)
  })

  test('one changed leaf recomputes what depends on it and nothing else; the rest is as from scratch', () => {
    const shape = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(shape, fc.nat(), fc.integer({ min: -5, max: 5 }), (pairs, which, value) => {
        const metrics: Metric[] = Array.from({ length: 5 }, (_, at) => simple(`m${at}`, 'EUR'))
        pairs.forEach(([a, b], at) => {
          metrics.push(derived(`m${at + 5}`, 'EUR', { add: [m(`m${a % (at + 5)}`), m(`m${b % (at + 5)}`)] }))
        })
        const graph = metricGraph({ metrics: metrics.toReversed() })
        const before = { m0: 1, m1: 2, m2: 3, m3: 4, m4: null }
        const leaf = `m${which % 5}`
        const changed = changeValues({ evaluation: evaluateMetrics({ graph, values: before }), values: { [leaf]: value } })
        const anew = evaluateMetrics({ graph, values: { ...before, [leaf]: value } })
        for (const { id } of metrics) expect(changed.value(id)).toEqual(anew.value(id))
        const dependants = new Set([leaf])
        pairs.forEach(([a, b], at) => {
          if (dependants.has(`m${a % (at + 5)}`) || dependants.has(`m${b % (at + 5)}`)) dependants.add(`m${at + 5}`)
        })
        expect(changed.recomputed).toBe(dependants.size - 1)
      }),
      runs(2_000, 'metric graphs recomputed in part'),
    )
  })
})

describe('reporting calendars', () => {
  const days = (calendar: ReportingCalendar, id: string) => {
    const { from, to } = periodNamed({ calendar, id })
    return [from.toISOString(), to.toISOString()]
  }

  test('quarters of a fiscal year from April, named by its end, at London midnights', () => {
    const calendar = { zone: 'Europe/London', yearStarts: '04-01', yearNamed: 'end' } as const
    expect(days(calendar, '2027-Q3')).toEqual(
      ['2026-10-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'].map((x, at) => (at ? x : '2026-09-30T23:00:00.000Z')),
    )
    expect(periodOf({ calendar, at: '2027-03-31T22:59:59Z', grain: 'year' }).id).toBe('2027')
    expect(periodOf({ calendar, at: '2027-03-31T23:00:00Z', grain: 'year' }).id).toBe('2028')
    expect(periodOf({ calendar, at: '2026-04-15T00:00:00Z', grain: 'month' }).id).toBe('2027-M01')
  })

  test('4-4-5: months of whole weeks, and a 53rd week in the last one', () => {
    const calendar = { zone: 'UTC', yearStarts: '02-01', weekStarts: 'sun', months: '4-4-5' } as const
    const weeks = (id: string) => {
      const { from, to } = periodNamed({ calendar, id })
      return (to.getTime() - from.getTime()) / (7 * 86_400_000)
    }
    expect(['M01', 'M02', 'M03', 'Q1', 'Q4', 'M12'].map((part) => weeks(`2023-${part}`))).toEqual([4, 4, 5, 13, 14, 6])
    // the retail year 2023 ran from 29 January 2023 over 53 weeks
    expect(days(calendar, '2023')).toEqual(['2023-01-29T00:00:00.000Z', '2024-02-04T00:00:00.000Z'])
    expect(() => periodNamed({ calendar, id: '2024-W53' })).toThrow(/does not have/)
  })

  test('ISO weeks of calendar years', () => {
    const calendar = { zone: 'UTC' }
    expect(periodOf({ calendar, at: '2021-01-03T12:00:00Z', grain: 'week' }).id).toBe('2020-W53')
    expect(periodOf({ calendar, at: '2024-12-30T12:00:00Z', grain: 'week' }).id).toBe('2025-W01')
  })

  test('periods of any calendar follow each other without gap or overlap, and answer to their names', () => {
    const calendar = fc.record({
      zone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', 'Europe/Lisbon'),
      yearStarts: fc.constantFrom('01-01', '04-01', '04-06', '07-01', '10-01', '02-01'),
      yearNamed: fc.constantFrom('start', 'end') as fc.Arbitrary<'start' | 'end'>,
      weekStarts: fc.constantFrom('mon', 'sun', 'sat') as fc.Arbitrary<'mon' | 'sun' | 'sat'>,
      months: fc.constantFrom('calendar', '4-4-5', '4-5-4', '5-4-4') as fc.Arbitrary<'calendar' | '4-4-5'>,
    })
    const grain = fc.constantFrom('day', 'week', 'month', 'quarter', 'year') as fc.Arbitrary<'day'>
    fc.assert(
      fc.property(calendar, grain, fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2060, 0) }), (rules, of, at) => {
        const length = { day: 9, week: 60, month: 400, quarter: 900, year: 3000 }[of as string]! * 86_400_000
        const spine = periodsBetween({ calendar: rules, grain: of, from: at, to: at + length })
        expect(spine[0]!.from.getTime()).toBeLessThanOrEqual(at)
        expect(spine.at(-1)!.to.getTime()).toBeGreaterThanOrEqual(at + length)
        spine.forEach((period, n) => {
          if (n > 0) expect(period.from).toEqual(spine[n - 1]!.to)
          expect(periodNamed({ calendar: rules, id: period.id })).toEqual(period)
        })
        expect(new Set(spine.map(({ id }) => id)).size).toBe(spine.length)
      }),
      runs(1_000, 'reporting calendars walked'),
    )
  })
})

describe('measured over time', () => {
  const row = (id: string, at: string, name: string, value: string | number, more: Partial<Measurement> = {}): Measurement => ({
    id,
    at: `${at}T12:00:00Z`,
    name,
    value,
    ...more,
  })
  const north = { subject: 'c1', dimensions: { region: 'north' } }
  const south = { subject: 'c2', dimensions: { region: 'south' } }
  const rows = [
    row('1', '2025-01-10', 'sale', '80.10', north),
    row('2', '2026-01-05', 'sale', '100.20', north),
    row('3', '2026-01-25', 'sale', '50.00', south),
    row('4', '2026-03-02', 'sale', '25.05', south),
    row('5', '2026-01-31', 'stock', 7, north),
    row('6', '2026-01-31', 'stock', 5, south),
    row('7', '2026-02-28', 'stock', 9, north),
    row('8', '2026-01-05', 'trial', 1, north),
    row('9', '2026-01-06', 'trial', 1, south),
  ]
  const graph = metricGraph({
    metrics: [
      simple('sale', 'EUR'),
      simple('big', 'EUR', 'sum', { value: 'sale', where: field('value').gte(60) }),
      simple('sales', 'count', 'count', { value: 'sale' }),
      simple('middle', 'EUR', 'median', { value: 'sale' }),
      simple('stock', 'count', 'latest'),
      { id: 'basket', unit: 'EUR/count', kind: 'ratio', numerator: 'sale', denominator: 'sales' },
      { id: 'ytd', unit: 'EUR', kind: 'cumulative', of: 'sale', over: { toDate: 'year' } },
      { id: 'ytd-basket', unit: 'EUR/count', kind: 'cumulative', of: 'basket', over: { toDate: 'year' } },
      { id: 'rolling', unit: 'EUR', kind: 'cumulative', of: 'sale', over: { periods: 3 } },
      derived('growth', 'share', { divide: [m('sale'), { metric: 'sale', shift: { years: 1 } }] }),
      derived('step', 'EUR', { subtract: [m('sale'), { metric: 'sale', shift: { periods: 1 }, ifUndefined: '0' }] }),
      { id: 'conversion', unit: 'share', kind: 'conversion', base: 'trial', converted: 'sale', within: { days: 7 } },
    ],
  })
  const measurements = readMeasurements({ rows })
  const input = { graph, measurements, calendar: { zone: 'Europe/Rome' } }
  const at = (metric: string, period: string) => measure({ ...input, metric, period }).value

  test.each([
    ['sale', '2026-M01', '150.2'],
    ['sale', '2026-M02', null],
    ['big', '2026-M01', '100.2'],
    ['sales', '2026-M02', '0'],
    ['middle', '2026-Q1', '50'],
    ['basket', '2026-M01', '75.1'],
    ['ytd', '2026-M02', '150.2'],
    ['ytd', '2026-M03', '175.25'],
    ['rolling', '2026-M04', '25.05'],
    ['step', '2026-M01', '150.2'],
    ['conversion', '2026-M01', '0.5'],
  ])('%s in %s is %s', (metric, period, expected) => {
    expect(at(metric, period)).toBe(expected)
  })

  test('a balance is the latest of each subject, added up; never a sum over time', () => {
    expect([at('stock', '2026-M01'), at('stock', '2026-M02'), at('stock', '2026-Q1')]).toEqual(['12', '9', '14'])
  })

  test('a ratio to date is numerator and denominator to date, not a mean of ratios', () => {
    expect(Number(at('ytd-basket', '2026-M03'))).toBeCloseTo(175.25 / 3, 12)
  })

  test('the same period a year before, and none where there is none', () => {
    expect(Number(at('growth', '2026-M01'))).toBeCloseTo(150.2 / 80.1, 12)
    expect(measure({ ...input, metric: 'growth', period: '2025-M01' })).toMatchObject({ value: null, reason: { code: 'no-data' } })
    expect(measure({ ...input, metric: 'growth', period: '2024-02-29' }).reason).toMatchObject({ code: 'no-data' })
    const leap = readMeasurements({ rows: [row('x', '2024-02-29', 'sale', 1)] })
    expect(measure({ ...input, measurements: leap, metric: 'growth', period: '2024-02-29' }).reason).toMatchObject({
      code: 'no-such-period',
    })
  })

  test('a series has a place for every period, also without data', () => {
    const series = measureSeries({
      ...input,
      metric: 'sale',
      grain: 'month',
      from: '2026-01-01T00:00:00+01:00',
      to: '2026-05-01T00:00:00+02:00',
    })
    expect(series.map(({ period, value }) => [period.id, value])).toEqual([
      ['2026-M01', '150.2'],
      ['2026-M02', null],
      ['2026-M03', '25.05'],
      ['2026-M04', null],
    ])
  })

  test('by a dimension: as it was at the time, or where the customer stands today', () => {
    const by = (members?: Record<string, Record<string, string>>) =>
      measureBy({ ...input, metric: 'sale', period: '2026', by: 'region', ...(members ? { members } : {}) }).map(({ group, value }) => [
        group,
        value,
      ])
    expect(by()).toEqual([
      ['north', '100.2'],
      ['south', '75.05'],
    ])
    expect(by({ c1: { region: 'south' }, c2: { region: 'south' } })).toEqual([['south', '175.25']])
  })
})

test('a roll-up over a random tree equals the recomputation from raw rows, to the last digit', () => {
  const graph = metricGraph({
    metrics: [
      simple('n', 'EUR', 'sum', { value: 'x' }),
      simple('d', 'count', 'count', { value: 'x' }),
      simple('mean', 'EUR', 'mean', { value: 'x' }),
      simple('least', 'EUR', 'minimum', { value: 'x' }),
      simple('most', 'EUR', 'maximum', { value: 'x' }),
      simple('balance', 'EUR', 'latest', { value: 'x' }),
      { id: 'r', unit: 'EUR/count', kind: 'ratio', numerator: 'n', denominator: 'd' },
      derived('f', 'EUR', { subtract: [m('most'), m('mean')] }),
    ],
  })
  const parents = fc.array(fc.nat(), { minLength: 0, maxLength: 25 })
  const drawn = fc.record({
    unit: fc.nat(),
    cents: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    subject: fc.constantFrom('a', 'b', 'c'),
    minute: fc.nat(5),
  })
  fc.assert(
    fc.property(parents, fc.array(drawn, { maxLength: 40 }), (above, cells) => {
      const nodes = Array.from({ length: above.length + 1 }, (_, at) => ({ id: `u${at}`, of: [] as UnitNode[] }))
      const parentOf = above.map((n, at) => n % (at + 1))
      parentOf.forEach((parent, at) => void nodes[parent]!.of.push(nodes[at + 1]!))
      const rows = cells.map(({ unit, cents, subject, minute }, at) => ({
        id: `r${at}`,
        unit: `u${unit % nodes.length}`,
        at: Date.UTC(2026, 0, 1, 12, minute),
        name: 'x',
        value: (cents / 100).toFixed(2),
        subject,
      }))
      const rolled = rollUpMetrics({ graph, tree: nodes[0]!, rows })
      const under = (id: string, unit: string): boolean => {
        if (id === unit) return true
        const at = Number(id.slice(1))
        return at > 0 && under(`u${parentOf[at - 1]}`, unit)
      }
      for (const { id, metrics } of rolled) {
        const measurements = readMeasurements({ rows: rows.filter(({ unit }) => under(unit, id)) })
        for (const metric of graph.metrics) {
          expect(metrics[metric.id]).toEqual(measure({ graph, measurements, calendar: { zone: 'UTC' }, metric: metric.id, period: '2026' }))
        }
      }
    }),
    runs(1_000, 'random trees rolled up against raw rows'),
  )
})

test('a definition is plain data with a hash; a formula 10,000 deep is refused before anybody walks down', () => {
  const share = defineMetric({ id: 'share', unit: 'share', kind: 'ratio', numerator: 'won', denominator: 'all' })
  expect([share.kind, share.body.kind, share.hash.length]).toEqual(['metric', 'ratio', 64])
  let deep: Formula = { number: '1' }
  for (let level = 0; level < 10_000; level++) deep = { add: [deep] }
  expect(() => defineMetric(derived('deep', 'share', deep))).toThrow(/kpi\/too-deep/)
})
