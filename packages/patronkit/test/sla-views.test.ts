import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { manualClock, type Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { reportFrom } from '../src/commands/sla-report.ts'
import { createPatronkit } from '../src/index.ts'
import { logCsv, simulateLog } from '../src/simulate/index.ts'
import { helpdesk } from './helpdesk.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-views-'))
const db = new PGlite()
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

const TICKETS = 100
// the log ends here, so that some of its tickets still run
const clock = manualClock('2026-11-01T00:00:00+01:00')
const log = join(folder, 'log.csv')
writeFileSync(log, [...logCsv(simulateLog({ seed: 7, tickets: TICKETS, from: '2026-10-01', months: 1 }))].join(''))

interface Host {
  readonly storage: Storage
  readonly prefix: string
  readonly all: (text: string) => Promise<Record<string, unknown>[]>
  readonly instant: (shown: unknown) => number | null
}

const hosts: { readonly [engine: string]: () => Host } = {
  sqlite: () => {
    const file = new DatabaseSync(':memory:')
    return {
      storage: sqliteStorage({ connection: fromNodeSqlite(file) }),
      prefix: 'patronkit_',
      all: async (text) => file.prepare(text).all() as Record<string, unknown>[],
      instant: (shown) => {
        if (shown !== null) expect(shown).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
        return shown === null ? null : Date.parse(shown as string)
      },
    }
  },
  postgres: () => ({
    storage: postgresStorage({ connection: fromPglite(db) }),
    prefix: 'patronkit.',
    all: async (text) => (await db.query<Record<string, unknown>>(text)).rows,
    instant: (shown) => (shown === null ? null : (shown as Date).getTime()),
  }),
}

describe.each(Object.keys(hosts))('a host reads the clocks with its own SQL on %s', (engine) => {
  const { storage, prefix, all, instant } = hosts[engine]!()
  const filled = reportFrom({ log, definitions: helpdesk(), tenant: 'desk', storage, clock, random: seededRandom(1) })
  const { sla } = createPatronkit({ storage, clock }).for({ tenant: 'desk', by: { type: 'system', id: 'test' } })

  test('sla_clock_v1 says of every clock what status says', async () => {
    await filled
    const rows = await all(`select * from ${prefix}sla_clock_v1 where tenant = 'desk' order by item, metric, cycle`)
    const items = [...new Set(rows.map((row) => row.item as string))].map((id) => ({ type: 'ticket', id }))
    expect(items).toHaveLength(TICKETS)
    const said = new Map<string, unknown>()
    for (const { item, clocks } of await sla.statusMany({ items })) {
      for (const one of clocks) {
        said.set(`${item.id} ${one.metric} ${one.cycle}`, {
          state: one.state,
          policy: one.policy,
          started: one.startedAt.getTime(),
          stopped: one.stoppedAt?.getTime() ?? null,
          due: one.dueAt?.getTime() ?? null,
          breached: one.breachedAt?.getTime() ?? null,
          target: one.targetMs,
          worked: one.stoppedAt === null ? null : one.workedMs,
        })
      }
    }
    const shown = rows.map((row) => {
      expect(row.due_ms).toBe(instant(row.due_at))
      const what = {
        state: row.state,
        policy: { id: row.policy, version: row.policy_version },
        started: instant(row.started_at),
        stopped: instant(row.stopped_at),
        due: instant(row.due_at),
        breached: instant(row.breached_at),
        target: row.target_ms,
        worked: row.stopped_at === null ? null : row.worked_ms,
      }
      return [`${row.item} ${row.metric} ${row.cycle}`, what] as const
    })
    expect(new Map(shown)).toEqual(said)
    const states = new Set(rows.map((row) => row.state))
    expect(['running', 'met', 'breached'].filter((state) => !states.has(state))).toEqual([])
  })

  test('a list sorted by the time that is left is in the order of due()', async () => {
    await filled
    const { rows } = await sla.due({ limit: 50 })
    expect(rows.length).toBeGreaterThan(3)
    const expected = rows.map((row) => `${row.item.id} ${row.metric}`)
    const ordered = async (by: string) =>
      (
        await all(`select item, metric from ${prefix}sla_clock_v1 where tenant = 'desk' and phase = 'running' and due_at is not null
        order by ${by}, item_type, item, metric, cycle limit 50`)
      ).map((row) => `${row.item} ${row.metric}`)
    expect(await ordered('due_at')).toEqual(expected)
    expect(await ordered('due_ms')).toEqual(expected)
  })

  test('sla_item_v1 gives the attributes of an item', async () => {
    await filled
    const member = engine === 'sqlite' ? `attributes ->> '$.level'` : `attributes ->> 'level'`
    const rows = await all(`select ${member} as level, count(*) as n from ${prefix}sla_item_v1 group by 1`)
    expect(rows.reduce((sum, row) => sum + Number(row.n), 0)).toBe(TICKETS)
    const opened = await all(`select min(opened_at) as first from ${prefix}sla_item_v1`)
    expect(instant(opened[0]!.first)).toBeGreaterThanOrEqual(Date.parse('2026-10-01T00:00:00+02:00'))
    await storage.close()
  })
})

describe('a page of the view of clocks comes out of the index of due clocks, without sorting', () => {
  const page = (prefix: string) => `select item from ${prefix}sla_clock_v1 where tenant = 'desk' and phase = 'running' and due_ms > 0
    order by due_ms nulls first limit 50`

  test('on SQLite', async () => {
    const file = new DatabaseSync(':memory:')
    await createPatronkit({ storage: sqliteStorage({ connection: fromNodeSqlite(file) }), clock }).schema.migrate()
    const plan = file.prepare(`explain query plan ${page('patronkit_')}`).all()
    const lines = plan.map((row) => String(row.detail)).join('\n')
    expect(lines).toContain('patronkit_sla_clock_by_due (tenant=? AND phase=? AND due_at>?)')
    expect(lines).not.toContain('TEMP B-TREE')
  })

  test('on Postgres, and the row that keeps a view from being written costs nothing', async () => {
    const storage = postgresStorage({ connection: fromPglite(db), schema: 'planned' })
    await createPatronkit({ storage, clock }).schema.migrate()
    await db.exec(`insert into planned.sla_item select 'desk', 'ticket', i::text, '{}', i, i, 'p', 1, 'h', 'c', 1, 'h', 1, null from generate_series(1, 20000) i;
      insert into planned.sla_clock select 'desk', 'ticket', i::text, 'resolution', 1, 'running', i, i, 0, false, 'working', 5, i * 1000, null, null, '[]'
      from generate_series(1, 20000) i; analyze planned.sla_item; analyze planned.sla_clock`)
    const plan = async (text: string) =>
      (await db.query<{ 'QUERY PLAN': string }>(`explain ${text}`)).rows.map((row) => row['QUERY PLAN']).join('\n')
    const clocks = await plan(page('planned.'))
    expect(clocks).toContain('sla_clock_by_due')
    expect(clocks).not.toMatch(/Sort|Seq Scan/)
    const item = await plan(`select * from planned.sla_item_v1 where tenant = 'desk' and item_type = 'ticket' and item = '7'`)
    expect(item.split('\n')).toHaveLength(2)
    expect(item).toContain('Index Scan using sla_item_key')
  })
})
