import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { field, manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import { defineIncentivePlan, defineMetric, defineReportingCalendar, defineScorecard } from '@patronkit/kpi-scoring'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { createPatronkit } from '../src/index.ts'
import { everyEvent } from './helpdesk.ts'

const db = new PGlite()
afterAll(() => db.close())

const calendar = defineReportingCalendar({ id: 'retail', zone: 'Europe/Rome', months: '4-4-5', yearStarts: '02-01' })
const metrics = [
  defineMetric({ id: 'attainment', unit: 'share', kind: 'ratio', numerator: 'sla.met', denominator: 'sla.closed' }),
  defineMetric({ id: 'revenue', unit: 'EUR', kind: 'simple', value: 'order.total', fold: 'sum', where: field('channel').ne('test') }),
  defineMetric({
    id: 'growth',
    unit: 'share',
    kind: 'derived',
    formula: { divide: [{ metric: 'revenue' }, { metric: 'revenue', shift: { periods: 1 } }] },
  }),
  defineMetric({ id: 'seats', unit: 'count', kind: 'simple', value: 'seats', fold: 'latest' }),
]
const card = defineScorecard({
  id: 'team',
  calendar: calendar.id,
  aggregate: 'geometric',
  bands: [{ id: 'gold', from: '0.7' }],
  measures: {
    sla: { metric: 'attainment', weight: '0.5', normalise: { kind: 'goalposts', worst: '0', best: '1' } },
    sales: { metric: 'revenue', weight: '0.3', normalise: { kind: 'target' } },
    growth: {
      metric: 'growth',
      weight: '0.1',
      normalise: {
        kind: 'curve',
        points: [
          ['0', '0.1'],
          ['1', '0.5'],
          ['2', '1'],
        ],
      },
    },
    seats: { metric: 'seats', weight: '0.1', normalise: { kind: 'goalposts', worst: '0', best: '40' }, ifMissing: 'exclude' },
  },
})

const plan = defineIncentivePlan({
  id: 'sales',
  calendar: calendar.id,
  currency: 'EUR',
  quota: '1000',
  mode: 'marginal',
  edge: 'included',
  cap: '500',
  tiers: [
    { upTo: '1', rate: '0.0333' },
    { upTo: null, rate: '0.1' },
  ],
  multipliers: [{ id: 'csat', steps: [{ from: '0.8', factor: '1.1' }] }],
})

/** A quarter and its predecessor of a few subjects, closed, revised, compared, one erased: everything that the service answers. */
async function year(storage: Storage) {
  const clock = manualClock('2026-11-02T06:00:00Z')
  const kit = createPatronkit({ storage, clock, random: seededRandom(1) })
  await kit.schema.migrate()
  const { kpi } = kit.for({ tenant: 'acme', by: { type: 'system', id: 'nightly' } })
  for (const definition of [calendar, ...metrics, card, plan]) await kpi.publish({ definition })
  const said: unknown[] = []
  for (const [n, subject] of ['north', 'south', '东', 'west'].entries()) {
    const measurements = Array.from({ length: 60 }, (_, m) => ({
      id: `${subject}-${m}`,
      at: Date.UTC(2026, 4 + (m % 6), 3 + (m % 20), m % 24),
      name: ['order.total', 'sla.closed', 'sla.met', 'seats'][m % 4]!,
      value: m % 4 === 0 ? `${100 + n * m}.${10 + (m % 7)}0` : m % 4 === 2 ? (m % 3 === 0 ? 0 : 1) : m % 4 === 3 ? 10 + n : 1,
      dimensions: { channel: ['phone', 'chat', 'test'][m % 3]!, vip: m % 2 === 0 },
    }))
    said.push(await kpi.record({ idempotencyKey: `r-${subject}`, subject, measurements }))
    const target = { subject, period: '2026-Q3', amount: `${400 + 200 * n}.50` }
    said.push(await kpi.setTargets({ idempotencyKey: `t-${subject}`, metric: 'revenue', targets: [target] }))
  }
  const about = { scorecard: 'team', period: '2026-Q3' }
  said.push(await kpi.scores({ ...about, limit: 3 }))
  said.push(await kpi.preview.closePeriod(about))
  said.push(await kpi.closePeriod({ idempotencyKey: 'close', ...about }))
  said.push(await kpi.compare({ scorecard: 'team', subject: 'north', from: '2026-Q2', to: '2026-Q3', by: 'channel' }))
  said.push(await kpi.measure({ metric: 'attainment', subjects: ['north', '东'], period: '2026-Q3', calendar: 'retail', by: 'vip' }))
  said.push(await kpi.progress({ metric: 'revenue', subject: '东', period: '2026-Q3', calendar: 'retail' }))
  await kpi.record({ subject: 'west', measurements: [{ id: 'late', at: '2026-09-30T10:00:00Z', name: 'order.total', value: '0.01' }] })
  await kpi.setTargets({ idempotencyKey: 't2', metric: 'revenue', targets: [{ subject: 'west', period: '2026-Q3', amount: 1 }] })
  said.push(await kpi.replay(about))
  said.push(await kpi.closePeriod({ idempotencyKey: 'again', ...about, revises: 1 }))
  said.push(await kpi.replay({ ...about, revision: 1 }), await kpi.replay(about))
  said.push(await kpi.score({ ...about, subject: 'west', revision: 1 }), await kpi.explain({ ...about, subject: 'west' }))
  const pay = { plan: plan.id, period: '2026-Q3' }
  for (const subject of ['south', 'west']) {
    const deal = {
      id: 'd1',
      kind: 'deal',
      at: '2026-09-30T10:00:00Z',
      amount: { amount: '1200.10', currency: 'EUR' },
      share: '0.50',
    } as const
    const back = { id: 'c1', kind: 'clawback', at: '2026-11-01T10:00:00Z', of: 'd1', amount: { amount: '0.1', currency: 'EUR' } } as const
    said.push(await kpi.credit({ plan: plan.id, subject, entries: [deal] }))
    said.push(await kpi.issueStatement({ idempotencyKey: `${subject}-1`, ...pay, subject, figures: { csat: '0.90' } }))
    said.push(
      await kpi.credit({ plan: plan.id, subject, entries: [back, { ...back, id: 'c2', amount: { amount: '100', currency: 'EUR' } }] }),
    )
    said.push(await kpi.preview.issueStatement({ ...pay, subject, figures: { csat: 1 }, entries: [{ ...deal, id: 'd2', share: 1 }] }))
    said.push(await kpi.issueStatement({ idempotencyKey: `${subject}-2`, ...pay, subject, figures: { csat: '0.79' } }))
    said.push(await kpi.explainStatement({ ...pay, subject }), await kpi.replayStatement({ ...pay, subject, number: 1 }))
    said.push(await kpi.replayStatement({ ...pay, subject }))
  }
  said.push(
    await kpi.erase({ subject: 'south' }),
    await kpi.statements({ plan: plan.id, subject: 'south' }),
    await kpi.scores({ ...about, limit: 2 }),
    await kpi.history({ scorecard: 'team' }),
  )
  return JSON.stringify(said)
}

test('memory, SQLite and Postgres answer the same and write the same events, byte for byte', async () => {
  const memory = memoryStorage()
  const expected = await year(memory)
  const answers = JSON.parse(expected) as { same?: boolean; hash?: string }[]
  expect(answers.filter(({ same }) => same === true)).toHaveLength(7)
  expect(answers.filter(({ same }) => same === false)).toHaveLength(0)
  const events = await everyEvent(memory)
  for (const storage of [sqliteStorage({ file: ':memory:' }), postgresStorage({ connection: fromPglite(db), schema: 'kpi' })]) {
    expect(await year(storage)).toBe(expected)
    expect(await everyEvent(storage)).toEqual(events)
    expect(await storage.schema.drift()).toEqual([])
    await storage.close()
  }
})

describe('in the host’s transaction', () => {
  const measurement = { id: 'm', at: '2026-11-02T10:00:00Z', name: 'order.total', value: '5', dimensions: { channel: 'phone' } }
  test('on synchronous SQLite a measurement stands or falls with the host’s row', async () => {
    const file = new DatabaseSync(':memory:')
    const storage = sqliteStorage({ connection: fromNodeSqlite(file) })
    const kit = createPatronkit({ storage })
    await kit.schema.migrate()
    const { kpi } = kit.for({ tenant: 'acme', by: { type: 'system', id: 'x' } })
    for (const definition of [metrics[1]!, calendar, plan]) await kpi.publish({ definition })
    for (const end of ['rollback', 'commit']) {
      file.exec('begin immediate')
      expect(
        kit
          .for({ tenant: 'acme', by: { type: 'system', id: 'x' } })
          .in(fromNodeSqlite(file))
          .kpi.sync.record({ subject: 's', measurements: [measurement] }),
      ).toEqual({ subject: 's', accepted: 1 })
      const bound = kit.for({ tenant: 'acme', by: { type: 'system', id: 'x' } }).in(fromNodeSqlite(file)).kpi.sync
      bound.credit({
        plan: plan.id,
        subject: 's',
        entries: [{ id: 'd', kind: 'deal', at: '2026-09-02T10:00:00Z', amount: { amount: '10', currency: 'EUR' } }],
      })
      const { number } = bound.issueStatement({ idempotencyKey: 'k', plan: plan.id, subject: 's', period: '2026-Q3', figures: { csat: 1 } })
      expect(number).toBe(1)
      file.exec(end)
      expect(await kpi.statements({ plan: plan.id, subject: 's' })).toHaveLength(end === 'commit' ? 1 : 0)
      const { value } = await kpi.measure({ metric: 'revenue', subjects: ['s'], period: '2026-Q4' })
      expect(value).toBe(end === 'commit' ? '5' : null)
    }
  })
})

describe('a host reads scores with its own SQL', () => {
  test('kpi_score_v1 says what score says', async () => {
    const file = new DatabaseSync(':memory:')
    const storage = sqliteStorage({ connection: fromNodeSqlite(file) })
    await year(storage)
    const { kpi } = createPatronkit({ storage }).for({ tenant: 'acme', by: { type: 'user', id: 'u' } })
    const rows = file.prepare(`select * from patronkit_kpi_score_v1 where tenant = 'acme' order by subject, revision`).all()
    expect(rows).toHaveLength(8)
    for (const row of rows) {
      if (row.subject === 'south') {
        expect([row.value, row.band]).toEqual([null, null])
        continue
      }
      const about = {
        scorecard: String(row.scorecard),
        period: String(row.period),
        subject: String(row.subject),
        revision: Number(row.revision),
      }
      const said = await kpi.score(about)
      expect([String(row.value), row.band, row.hash, row.from_at]).toEqual([
        said.value,
        said.band,
        said.closed!.hash,
        said.period.from.toISOString(),
      ])
    }
    expect(file.prepare('select count(*) n from patronkit_kpi_measurement_v1').get()).toEqual({ n: 4 * 60 + 1 - 60 })
    expect(file.prepare(`select max(revision) n from patronkit_kpi_target_v1 where subject = 'west'`).get()).toEqual({ n: 2 })
  })
})
