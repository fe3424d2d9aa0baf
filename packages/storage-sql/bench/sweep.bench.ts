// A sweep of 100,000 rows on SQLite: each a subject of its own, decided under its head, with an event and a link of its chain.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createService,
  field,
  integer,
  type Operation,
  type PackageSchema,
  type Swept,
  sweepPage,
  table,
  text,
  unitOn,
} from '@patronkit/core/service'
import { NO_HEAD, type Unit } from '@patronkit/core/storage'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { machine } from '../../../bench/measure.ts'

const ROWS = 100_000
const MOST_SECONDS = 2
const SCOPE = { tenant: 'acme', by: { type: 'system', id: 'bench' } } as const

const lots = table(
  'sweep_lot',
  { account: text(), points: integer(), state: text() },
  { key: ['account'], subject: ['account'], indexes: { open: ['state', 'account'] } },
)
const schema: PackageSchema = {
  package: 'sweeping',
  tables: [lots],
  migrations: [{ id: 1, about: 'the table', steps: [{ addTable: lots }] }],
}

interface Lots {
  expire(i: { page: number }): Promise<Swept>
}

/** Measures one sweep and says whether it kept within its bound. */
export async function runSweep(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-sweep-'))
  const storage = sqliteStorage({ file: join(folder, 'sweep.db') })
  const service = createService<Lots>(
    { storage },
    {
      name: 'lots',
      schema,
      verbs: {
        expire: (ctx, i): Operation<Swept> =>
          sweepPage(ctx, {
            name: 'expire',
            over: lots,
            where: field('state').eq('open'),
            kind: 'lot',
            subjectOf: (row) => row.account,
            page: i.page,
            decide: (subject, head, [row]) =>
              unitOn(ctx, {
                kind: 'lot',
                subject,
                head,
                events: [{ type: 'lot.expired', v: 1, at: ctx.now, data: { points: row!.points } }],
                writes: [{ write: 'change', table: lots, key: { account: subject }, set: { state: 'expired' } }],
              }),
          }),
      },
    },
  )
  await storage.schema.migrate()
  await fill(storage)
  const bound = service.for(SCOPE)
  const start = performance.now()
  let changed = 0
  for (let more = true; more; ) {
    const page = await bound.expire({ page: 2_000 })
    changed += page.changed
    more = page.more
  }
  const seconds = (performance.now() - start) / 1_000
  await storage.close()
  rmSync(folder, { recursive: true })
  const met = changed === ROWS && seconds <= MOST_SECONDS
  console.log(
    `${met ? 'met   ' : 'MISSED'} a sweep of ${changed.toLocaleString('en')} rows with events within ${MOST_SECONDS} s: ${seconds.toFixed(2)} s. ${machine()}.`,
  )
  return met
}

async function fill(storage: ReturnType<typeof sqliteStorage>): Promise<void> {
  const to = { version: 1, lastAt: 0, seq: 0, chain: '' }
  const units = Array.from({ length: ROWS }, (_, i): Unit => {
    const account = `account-${String(i).padStart(6, '0')}`
    const row = { account, points: i, state: 'open' }
    return {
      tenant: 'acme',
      heads: [{ kind: 'lot', subject: account, from: NO_HEAD, to }],
      writes: [{ write: 'insert', table: lots, row }],
      events: [],
      timers: [],
    }
  })
  for (let at = 0; at < ROWS; at += 5_000) await storage.commit(units.slice(at, at + 5_000))
}
