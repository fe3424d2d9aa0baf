import { DatabaseSync } from 'node:sqlite'
import { field, isPatronkitError } from '@patronkit/core'
import { hostReader } from '@patronkit/storage-sql/host'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { describe, expect, test } from 'vitest'
import { type MeasurementSource, type Metric, type MetricsRead, metricGraph, metricSummaries, readMetrics } from '../src/index.ts'

const orders: MeasurementSource = {
  rows: {
    table: 'orders',
    tenantColumn: 'org',
    keyColumn: 'id',
    columns: {
      placed: 'instant',
      total: 'decimal',
      weight: 'number',
      region: 'text',
      customer: 'text',
      deal: { type: 'text', column: 'deal_id' },
    },
  },
  at: 'placed',
  subject: 'customer',
  measurements: { total: { value: 'total' }, weight: { value: 'weight' }, order: {}, won: { where: field('deal').ne(null) } },
}
const simple = (id: string, value: string, fold: 'sum' | 'count' | 'latest' | 'minimum', more: object = {}): Metric => ({
  id,
  unit: 'share',
  kind: 'simple',
  value,
  fold,
  ...more,
})
const graph = metricGraph({
  metrics: [
    simple('revenue', 'total', 'sum'),
    simple('orders', 'order', 'count'),
    simple('customers', 'order', 'latest'),
    simple('won', 'won', 'count'),
    simple('heaviest', 'weight', 'minimum'),
    { id: 'median', unit: 'share', kind: 'simple', value: 'total', fold: 'median' },
    { id: 'p90', unit: 'share', kind: 'simple', value: 'total', fold: { quantile: '0.9' } },
    { id: 'near', unit: 'share', kind: 'simple', value: 'total', fold: { quantile: '0.9', error: '0.01' } },
    simple('parcels', 'weight', 'count'),
    simple('elsewhere', 'order', 'count', { where: field('planet').eq('mars') }),
    simple('calls', 'call', 'count'),
    { id: 'basket', unit: 'share', kind: 'ratio', numerator: 'revenue', denominator: 'orders' },
  ],
})

function shop(rows: readonly (readonly (string | number | null)[])[]) {
  const db = new DatabaseSync(':memory:')
  db.exec('create table orders (org text, id text, placed text, total text, weight real, region text, customer text, deal_id text)')
  for (const row of rows) db.prepare('insert into orders values (?, ?, ?, ?, ?, ?, ?, ?)').run(...row)
  return hostReader({ connection: fromNodeSqlite(db) })
}
const asked = { tenant: 'acme', sources: [orders], graph, calendar: { zone: 'Europe/Rome' }, periods: ['2026-M11'] }
const reader = shop([
  ['acme', 'o1', '2026-11-01T10:00:00Z', '21.90', 0.1, 'north', 'anna', 'd1'],
  ['acme', 'o2', '2026-11-02T10:00:00Z', '0.10', null, 'north', 'bo', null],
  ['acme', 'o3', '2026-11-30T22:59:59.999Z', '8', 2, 'south', 'anna', null],
  ['acme', 'o4', '2026-11-30T23:00:00Z', '100', 2, 'south', 'anna', null], // December in Rome
  ['acme', 'o5', null, '100', 2, 'south', 'anna', null],
  ['acme', 'o6', '2026-11-03T10:00:00Z', null, 2, null, null, null],
  ['other', 'o1', '2026-11-01T10:00:00Z', '500', 1, 'north', 'anna', 'd1'],
])

describe('metrics of the host’s own rows', () => {
  test('sums, counts and what is worked out of them, by region; a synchronous connection answers at once', () => {
    const rows = readMetrics({ reader, ...asked, metrics: ['revenue', 'orders', 'basket', 'won', 'customers'], by: ['region'] })
    const shown = (rows as readonly MetricsRead[]).map(({ group, metrics }) => [
      group.region,
      ...Object.values(metrics).map(({ value }) => value),
    ])
    expect(shown).toEqual([
      [null, null, '1', null, '0', '1'],
      ['north', '22', '2', '11', '1', '2'],
      ['south', '8', '1', '8', '0', '1'],
    ])
  })

  test('a period without rows has its place', () => {
    const rows = readMetrics({ reader, ...asked, periods: ['2026-M12', '2027'], metrics: ['revenue'] }) as readonly MetricsRead[]
    expect(rows.map(({ period, metrics }) => [period, metrics.revenue!.value])).toEqual([
      ['2026-M12', '100'],
      ['2027', null],
    ])
    expect(rows[1]!.metrics.revenue).toEqual({ value: null, unit: 'share', reason: { code: 'no-data', metric: 'revenue' } })
  })

  test('all questions are one statement', () => {
    const questions = metricSummaries({ ...asked, metrics: ['basket', 'won'] })
    expect(questions).toHaveLength(3)
    expect(reader.statement(questions).text.match(/cross join "orders"/g)).toHaveLength(3)
  })

  test('each stretch is found by the index of the host’s instants', () => {
    const db = new DatabaseSync(':memory:')
    db.exec('create table visits (org text, id text, at integer); create index in_time on visits (org, at)')
    const columns = { at: { type: 'instant', stored: 'milliseconds' } } as const
    const visits: MeasurementSource = {
      rows: { table: 'visits', tenantColumn: 'org', keyColumn: 'id', columns },
      at: 'at',
      measurements: { order: {} },
    }
    const questions = metricSummaries({ ...asked, sources: [visits], metrics: ['orders'], periods: ['2026-Q1', '2026-Q2'] })
    const { text } = hostReader({ connection: fromNodeSqlite(db) }).statement(questions)
    const plan = db.prepare(`explain query plan ${text}`).all(null, null) as unknown as readonly { readonly detail: string }[]
    expect(plan.map(({ detail }) => detail)).toContain('SEARCH t0 USING COVERING INDEX in_time (org=? AND at>? AND at<?)')
  })

  test('binary fractions are counted but never added up', () => {
    expect(readMetrics({ reader, ...asked, metrics: ['parcels'] })).toMatchObject([{ metrics: { parcels: { value: '3' } } }])
    const refused = () => readMetrics({ reader, ...asked, metrics: ['revenue', 'heaviest'] })
    expect(refused).toThrow(
      expect.objectContaining({ code: 'storage/not-in-sql', details: expect.objectContaining({ path: 'metric heaviest' }) }),
    )
  })

  test('medians and quantiles are exact, and sketches stay in memory', () => {
    const [all] = readMetrics({ reader, ...asked, metrics: ['median', 'p90'] }) as readonly MetricsRead[]
    expect(Object.values(all!.metrics).map(({ value }) => value)).toEqual(['8', '21.9'])
    const refused = expect.objectContaining({ code: 'storage/not-in-sql', details: expect.objectContaining({ path: 'metric near' }) })
    expect(() => readMetrics({ reader, ...asked, metrics: ['near'] })).toThrow(refused)
  })

  test.each([
    ['a field that is no column', { metrics: ['elsewhere'] }, 'kpi/unknown-id'],
    ['a measurement that no source has', { metrics: ['calls'] }, 'kpi/unknown-id'],
    ['a dimension that is no column', { metrics: ['orders'], by: ['planet'] }, 'kpi/unknown-id'],
    ['a dimension that has an amount', { metrics: ['orders'], by: ['total'] }, 'core/invalid-input'],
    ['a metric nobody defined', { metrics: ['profit'] }, 'kpi/unknown-id'],
    ['a source whose instant is a text', { metrics: ['orders'], sources: [{ ...orders, at: 'region' }] }, 'core/invalid-input'],
    [
      'a column whose name SQL would take apart',
      {
        metrics: ['orders'],
        sources: [{ ...orders, rows: { ...orders.rows, columns: { placed: 'instant' as const, 'a.b': 'text' as const } } }],
      },
      'core/invalid-input',
    ],
    [
      'a table whose name is none',
      { metrics: ['orders'], sources: [{ ...orders, rows: { ...orders.rows, table: 'orders; drop' } }] },
      'core/invalid-input',
    ],
    ['a measurement that two sources have', { metrics: ['orders'], sources: [orders, orders] }, 'kpi/duplicate-id'],
  ])('%s is refused', (_, given, code) => {
    expect(() => readMetrics({ reader, ...asked, ...given })).toThrow(expect.objectContaining({ code }))
  })

  test.each(['0.123', '1e5', 'a lot', '1234567890123456789', ''])('SQLite does not cut %j down to an amount', (total) => {
    const odd = shop([['acme', 'o1', '2026-11-01T10:00:00Z', total, null, null, null, null]])
    expect(() => readMetrics({ reader: odd, ...asked, metrics: ['revenue'] })).toThrow()
  })

  test('a sum beyond 64 bits is no sum', () => {
    const rows = Array.from({ length: 11 }, (_, n) => [
      'acme',
      `o${n}`,
      '2026-11-01T10:00:00Z',
      '9999999999999999.99',
      null,
      null,
      null,
      null,
    ])
    expect(() => readMetrics({ reader: shop(rows), ...asked, metrics: ['revenue'] })).toThrow()
    expect(readMetrics({ reader: shop(rows.slice(2)), ...asked, metrics: ['revenue'] })).toMatchObject([
      { metrics: { revenue: { value: '89999999999999999.91' } } },
    ])
  })

  test('refusals are of ours', () => {
    try {
      readMetrics({ reader, ...asked, metrics: ['elsewhere'] })
    } catch (error) {
      expect(isPatronkitError(error, 'kpi/unknown-id') && error.message).toContain('metric elsewhere, where')
    }
  })
})
