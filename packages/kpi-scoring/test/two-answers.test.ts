import { PGlite } from '@electric-sql/pglite'
import type { Pred, Scalar } from '@patronkit/core'
import { canonicalJson } from '@patronkit/core/service'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { runs } from '../../../tooling/runs.ts'
import {
  type Fold,
  type Formula,
  type Grain,
  type Measurement,
  type Metric,
  measure,
  metricGraph,
  metricSchema,
  periodOf,
  type ReportingCalendar,
  readMeasurements,
  readMetrics,
} from '../src/index.ts'
import { foldName } from '../src/metrics/quantile.ts'
import { type Desk, desks, measurementsOf, NOW, postgresDesk, sources, sqliteDesk, TEXTS } from './desk.ts'

const PER_DESK = 20
const FOLDS: readonly Fold[] = [
  'sum',
  'count',
  'mean',
  'minimum',
  'maximum',
  'latest',
  'median',
  { quantile: '0.05' },
  { quantile: '0.95' },
  { quantile: '1' },
]
const NAMES = ['order.total', 'order.cents', 'order.items', 'order', 'order.vip', 'visit', 'visit.length'] as const
const calendars: readonly ReportingCalendar[] = [
  { zone: 'UTC' },
  { zone: 'Europe/Rome', yearStarts: '04-01', yearNamed: 'end' },
  { zone: 'America/New_York', weekStarts: 'sun', months: '4-4-5', yearStarts: '02-01' },
]

const CONSTANTS: readonly Scalar[] = [null, true, false, -1, 0, 0.005, 1, 2.5, 9.99, 1e20, ...TEXTS, '2026-03-29', '2026-02-28', 'c1']
const constant = fc.constantFrom(...CONSTANTS)
const fieldName = fc.constantFrom('value', 'subject', 'region', 'vip', 'items', 'day', 'total')
/** Days are compared with days only: what else a text may say, SQL refuses. */
const fits = (field: string, value: Scalar): boolean => field !== 'day' || typeof value !== 'string' || /^\d{4}-/.test(value)
const leaf: fc.Arbitrary<Pred> = fieldName.chain((field) => {
  const value = constant.filter((one) => fits(field, one))
  return fc.oneof(
    fc.record({ op: fc.constantFrom('eq', 'ne', 'lt', 'lte', 'gt', 'gte'), field: fc.constant(field), value }),
    fc.record({ op: fc.constant('in' as const), field: fc.constant(field), values: fc.array(value, { maxLength: 5 }) }),
  ) as fc.Arbitrary<Pred>
})
const where = fc.letrec<{ pred: Pred }>((tie) => ({
  pred: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ op: fc.constantFrom('all' as const, 'any' as const), of: fc.array(tie('pred'), { maxLength: 3 }) }),
    fc.record({ op: fc.constant('not' as const), of: tie('pred') }),
  ),
})).pred

const simple = (id: string): fc.Arbitrary<Metric> =>
  fc
    .record({
      value: fc.constantFrom(...NAMES),
      fold: fc.constantFrom(...FOLDS),
      where: fc.option(where, { nil: undefined }),
      ifEmpty: fc.constantFrom('undefined' as const, 'zero' as const),
    })
    .map((of): Metric => ({ id, unit: 'share', kind: 'simple', ...of }))
const conversion: fc.Arbitrary<Metric> = fc
  .record({ base: fc.constantFrom(...NAMES), converted: fc.constantFrom(...NAMES), hours: fc.constantFrom(1, 24, 24 * 7) })
  .map(({ base, converted, hours }): Metric => ({ id: 'followed', unit: 'share', kind: 'conversion', base, converted, within: { hours } }))

const BASES = ['a', 'b', 'followed']
const reference = fc.record({
  metric: fc.constantFrom(...BASES),
  shift: fc.constantFrom(undefined, undefined, { periods: 1 }, { years: 1 }),
  ifUndefined: fc.constantFrom(undefined, undefined, '0', '1.5'),
})
const formula = fc.letrec<{ formula: Formula }>((tie) => {
  const pair = fc.tuple(tie('formula'), tie('formula'))
  return {
    formula: fc.oneof(
      { depthSize: 'small' },
      reference,
      fc.record({ number: fc.constantFrom('0', '2', '-0.5') }),
      fc.record({ add: pair }),
      fc.record({ multiply: pair }),
      fc.record({ subtract: pair }),
      fc.record({ divide: pair }),
    ) as fc.Arbitrary<Formula>,
  }
}).formula
const tops: fc.Arbitrary<Metric> = fc.oneof(
  fc.constant<Metric>({ id: 'top', unit: 'share', kind: 'ratio', numerator: 'a', denominator: 'b' }),
  formula.map((of): Metric => ({ id: 'top', unit: 'share', kind: 'derived', formula: of })),
  fc
    .record({ of: fc.constantFrom(...BASES), over: fc.constantFrom({ toDate: 'year' }, { toDate: 'month' }, { periods: 3 }) })
    .map((of): Metric => ({ id: 'top', unit: 'share', kind: 'cumulative', ...(of as { of: string; over: { periods: number } }) })),
)

interface Case {
  readonly metrics: readonly Metric[]
  readonly calendar: ReportingCalendar
  readonly grains: readonly Grain[]
  readonly by: readonly string[]
}
const cases: fc.Arbitrary<Case> = fc.record({
  metrics: fc.tuple(simple('a'), simple('b'), conversion, tops),
  calendar: fc.constantFrom(...calendars),
  grains: fc.uniqueArray(fc.constantFrom<Grain[]>('day', 'week', 'month', 'quarter', 'year'), { minLength: 1, maxLength: 2 }),
  by: fc.constantFrom([], ['region'], ['vip'], ['items'], ['day'], ['region', 'vip']),
})

type Engine = Awaited<ReturnType<typeof postgresDesk>>

async function sameValues(engine: Engine, desk: Desk, other: Desk, all: readonly Case[], seen: Map<string, number>): Promise<void> {
  await engine.fill(desk, other)
  const rows = measurementsOf(desk)
  for (const { metrics, calendar, grains, by } of all) {
    for (const metric of metrics) tally(metricSchema.parse(metric), seen)
    const ids = metrics.map(({ id }) => id)
    const graph = metricGraph({ metrics })
    const periods = grains.map((grain) => periodOf({ calendar, at: NOW, grain }).id)
    const inSql = await readMetrics({ reader: engine.reader, tenant: 'acme', sources, graph, calendar, metrics: ids, periods, by })
    const groups = Map.groupBy(rows, (row) => groupOf(row, by))
    if (by.length === 0 && groups.size === 0) groups.set('[]', [])
    const inMemory = (group: string, period: string) => {
      const measurements = readMeasurements({ rows: groups.get(group) ?? [] })
      return Object.fromEntries(ids.map((metric) => [metric, measure({ graph, measurements, calendar, metric, period })]))
    }
    const context = () => `${engine.reader.engine} ${JSON.stringify({ metrics, calendar, periods, by })}`
    const told = new Set<string>()
    for (const { period, group, metrics: values } of inSql) {
      const name = canonicalJson(by.map((dimension) => group[dimension]!))
      told.add(name)
      expect(groups.has(name), context()).toBe(true)
      for (const { value } of Object.values(values)) count(seen, value === null ? 'no value' : 'a value')
      expect(values, `${period} ${name} ${context()}`).toEqual(inMemory(name, period))
    }
    // of a group that no row within reach is in, memory knows nothing either
    for (const group of groups.keys())
      if (!told.has(group)) for (const period of periods) expect(inMemory(group, period), context()).toEqual(inMemory('nobody', period))
  }
}

const groupOf = (row: Measurement, by: readonly string[]): string => canonicalJson(by.map((name) => row.dimensions?.[name] ?? null))

const count = (seen: Map<string, number>, what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)

function tally(metric: Metric, seen: Map<string, number>): void {
  const inPred = (pred: Pred): void => {
    count(seen, `where ${pred.op}`)
    if ('field' in pred) count(seen, `where about ${pred.field}`)
    else for (const inner of Array.isArray(pred.of) ? pred.of : [pred.of]) inPred(inner as Pred)
  }
  const inFormula = (of: Formula): void => {
    const [op] = Object.keys(of) as [string]
    count(seen, `formula ${op}`)
    if ('metric' in of) {
      if (of.shift) count(seen, `shift by ${Object.keys(of.shift)[0]}`)
    } else if (!('number' in of)) for (const inner of Object.values(of).flat() as Formula[]) inFormula(inner)
  }
  count(seen, metric.kind === 'simple' ? `fold ${foldName(metric.fold)}` : metric.kind)
  if (metric.kind === 'simple') count(seen, `of ${metric.value}`)
  if (metric.kind === 'simple' && metric.where) inPred(metric.where)
  if (metric.kind === 'derived') inFormula(metric.formula)
}

describe.each(['sqlite', 'postgres'] as const)('a metric has one value, in memory and on %s', (name) => {
  const seen = new Map<string, number>()
  let db: PGlite | undefined
  const open = (): Engine | Promise<Engine> => {
    if (name === 'sqlite') return sqliteDesk()
    db = new PGlite()
    return postgresDesk(db)
  }
  afterAll(async () => {
    await db?.close()
    const counts = [...seen].sort((a, b) => a[1] - b[1])
    console.log(`${name}: ${counts.map(([what, count]) => `${what} ${count}`).join(', ')}`)
    for (const [what, count] of counts) figure(`kpi, ${name}: metrics with ${what}`, count, 'metrics')
    if (process.env.PATRONKIT_DEEP) expect(counts.filter(([, count]) => count < 100)).toEqual([])
  })

  let engine: Promise<Engine> | Engine | undefined
  test('over random metrics and rows', async () => {
    engine ??= open()
    const on = await engine
    const { numRuns, ...rest } = runs(10_000 / PER_DESK, `kpi, ${name}: desks with ${PER_DESK} metrics`)
    await fc.assert(
      fc.asyncProperty(desks, desks, fc.array(cases, { minLength: PER_DESK, maxLength: PER_DESK }), (desk, other, all) =>
        sameValues(on, desk, other, all, seen),
      ),
      { numRuns, ...rest, endOnFailure: true },
    )
  }, 900_000)

  test.runIf(name === 'postgres')('a decimal that is no number is refused, and never added up', async () => {
    engine ??= open()
    const { reader } = await engine
    await db!.exec("delete from orders; insert into orders (org, id, placed, total) values ('acme', 'x', '2026-03-01T00:00:00Z', 'NaN')")
    const graph = metricGraph({ metrics: [{ id: 'revenue', unit: 'EUR', kind: 'simple', value: 'order.total', fold: 'sum' }] })
    const asked = { reader, tenant: 'acme', sources, graph, calendar: { zone: 'UTC' }, metrics: ['revenue'], periods: ['2026'] }
    await expect(readMetrics(asked)).rejects.toMatchObject({
      code: 'core/invalid-input',
      message: expect.stringContaining('metric revenue'),
    })
  })
})
