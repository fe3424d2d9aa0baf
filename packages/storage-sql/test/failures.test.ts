import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { manualClock } from '@patronkit/core'
import { type Context, createService, headOf, type Operation, once, read, type Unit, unitOn } from '@patronkit/core/service'
import {
  all,
  brokenAt,
  eventsOf,
  get,
  type Head,
  headOf as headRead,
  interpret,
  list,
  type Storage,
  type StoredEvent,
  sealEvents,
} from '@patronkit/core/storage'
import { memoryRows } from '@patronkit/core/testing'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPg } from '@patronkit/storage-sql/pg'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'
import { counters, entries, schema } from './shared-tables.ts'
import { type Trouble, trouble } from './trouble.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)

interface Orders {
  place(i: { idempotencyKey: string; points: number }): Promise<{ readonly points: number }>
}

/** A command that writes two subjects, two rows, a counter, an event and a timer, once for its key. */
function orders(storage: Storage) {
  const place = (ctx: Context, i: { idempotencyKey: string; points: number }): Operation<{ readonly points: number }> =>
    once(ctx, { command: 'orders.place', idempotencyKey: i.idempotencyKey, content: { points: i.points } }, function* () {
      const [order, account] = yield* read(ctx, headOf('order', 'o'), headOf('account', 'a'))
      const events = [{ type: 'order.placed', v: 1, at: ctx.now, data: { points: i.points } }]
      const timers = [{ timer: 'set', queue: 'q', key: 'o', dueAt: ctx.now + 1 }] as const
      const writes = ['w1', 'w2'].map((id) => ({ write: 'insert', table: entries, row: { id } }) as const)
      const first = unitOn(ctx, { kind: 'order', subject: 'o', head: order, events, writes, timers })
      const second = unitOn(ctx, { kind: 'account', subject: 'a', head: account, events: [], writes: [] })
      const unit: Unit = {
        ...first,
        heads: [...first.heads, ...second.heads],
        adds: [{ table: counters, key: { id: 'points' }, column: 'n', by: i.points, max: 1_000 }],
      }
      return { units: [unit], answer: { points: i.points } }
    })
  const service = createService<Orders>({ storage, clock: manualClock(new Date(0)) }, { name: 'orders', schema, verbs: { place } })
  return service.for({ tenant: 't', by: { type: 'user', id: 'u' } })
}

/** What the command leaves behind, and how often. */
async function effect(storage: Storage) {
  const [order, account, counted, rows, events] = (await storage.read('t', [
    headRead('order', 'o'),
    headRead('account', 'a'),
    get(counters, { id: 'points' }),
    list(entries, { where: all(), limit: 9 }),
    eventsOf('order', 'o', { limit: 9 }),
  ])) as [Head, Head, { n: number } | null, readonly { id: string }[], readonly StoredEvent[]]
  const due = await storage.nextDue(['q'])
  return {
    versions: [order.version, account.version],
    n: counted?.n ?? 0,
    rows: rows.map((row) => row.id),
    events: events.length,
    broken: brokenAt(events, order),
    due,
  }
}
const NOTHING = { versions: [0, 0], n: 0, rows: [], events: 0, broken: null, due: null }
const ONCE = { versions: [1, 1], n: 7, rows: ['w1', 'w2'], events: 1, broken: null, due: 1 }

/** An engine under trouble, and the same data opened again without. */
interface Place {
  readonly storage: (trouble: Trouble) => Promise<Storage>
  readonly reopened: (storage: Storage) => Promise<Storage>
}

function failureFacts(name: string, place: () => Place, modes: readonly boolean[] = [false, true]): void {
  for (const dead of modes) {
    for (const when of ['before', 'after'] as const) {
      const what = dead ? 'from a store call on nothing works any more' : 'one store call fails'
      test(`${name}: ${what}, ${when} it is made, for each call of a command: the same command again has its effect once`, async () => {
        let [calls, keptAnyway] = [0, 0]
        for (let n = 1; ; n++) {
          const at = place()
          const out = trouble()
          const storage = await at.storage(out)
          Object.assign(out.state, { left: n, when, dead })
          const command = { idempotencyKey: 'k', points: 7 }
          const tried = await orders(storage)
            .place(command)
            .then(
              () => 'done',
              (error: Error) => error.message,
            )
          const struck = out.state.struck
          Object.assign(out.state, { left: Number.POSITIVE_INFINITY, struck: false })
          const again = await at.reopened(storage)
          const found = await effect(again)
          if (struck) {
            calls++
            expect(tried, `call ${n}`).toBe('the power went out')
            // all of it or nothing: a commit whose answer was lost stands
            expect([NOTHING, ONCE], `call ${n}`).toContainEqual(found)
            if (found.n > 0) keptAnyway++
          }
          expect(await orders(again).place(command), `call ${n}`).toEqual({ points: 7 })
          expect(await effect(again), `call ${n}`).toEqual(ONCE)
          await again.close()
          if (!struck) break
        }
        expect(calls).toBeGreaterThan(1)
        // only where the very last call was made did the command stand
        expect(keptAnyway).toBe(when === 'after' ? 1 : 0)
      })
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'patronkit-failures-'))
afterAll(() => rmSync(folder, { recursive: true }))
let places = 0

const ready = async (storage: Storage) => {
  storage.declare(schema)
  orders(storage)
  await storage.schema.migrate()
  return storage
}

failureFacts(
  'memory',
  () => ({
    storage: async (out) => ready(interpret(out.rows(memoryRows()), { engine: 'memory' })),
    reopened: async (storage) => storage,
  }),
  // what dies with its process cannot be opened again
  [false],
)

failureFacts('SQLite', () => {
  const file = join(folder, `${++places}.db`)
  const db = new DatabaseSync(file)
  return {
    storage: async (out) => ready(sqliteStorage({ connection: out.session(fromNodeSqlite(db)) })),
    reopened: async () => {
      db.close()
      return ready(sqliteStorage({ file }))
    },
  }
})

describe('PGlite', () => {
  let db: PGlite
  beforeAll(() => {
    db = new PGlite()
  })
  afterAll(() => db.close())
  failureFacts('PGlite', () => {
    const schema = `failures_${++places}`
    return {
      storage: async (out) => ready(postgresStorage({ connection: out.session(fromPglite(db)), schema })),
      reopened: async () => ready(postgresStorage({ connection: fromPglite(db), schema })),
    }
  })
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())
  failureFacts('Postgres', () => {
    const schema = `failures_${++places}`
    const pool = server.pool(2)
    return {
      storage: async (out) => ready(postgresStorage({ connection: out.session(fromPg(pool)), schema })),
      reopened: async () => ready(postgresStorage({ connection: fromPg(pool), schema })),
    }
  })

  const kills = DEEP ? 200 : 10
  test(`${kills} killed backends: every acknowledged commit is there, whole, and none twice`, { timeout: 900_000 }, async () => {
    const pool = server.pool(6)
    const storage = postgresStorage({ connection: fromPg(pool), schema: 'killed' })
    storage.declare(schema)
    await storage.schema.migrate()
    const counts = { done: 0, lost: 0, foundLater: 0 }
    const acknowledged: string[] = []
    let killing = true

    /** Two heads that everybody wants, a counter, an event, and a row of its own name. */
    const unitOf = (id: string, [a, b]: readonly [Head, Head]): Unit => {
      const sealed = sealEvents(a, [{ type: 'test.counted', v: 1, at: 1, data: { id } }], {
        tenant: 't',
        kind: 'hot',
        subject: 'a',
        actor: { type: 'system', id: 'w' },
        recordedAt: 1,
        causation: null,
        correlation: null,
        salt: () => id,
      })
      return {
        tenant: 't',
        heads: [
          { kind: 'hot', subject: 'a', from: a, to: { ...a, version: a.version + 1, seq: a.seq + 1, chain: sealed.chain } },
          { kind: 'hot', subject: 'b', from: b, to: { ...b, version: b.version + 1 } },
        ],
        unique: [{ table: entries, row: { id } }],
        adds: [{ table: counters, key: { id: 'all' }, column: 'n', by: 1, min: 0 }],
        writes: [],
        events: sealed.events,
        timers: [],
      }
    }
    const writer = async (name: string) => {
      for (let n = 0; killing; n++) {
        const id = `${name}/${n}`
        for (let lost = false; ; ) {
          try {
            const heads = (await storage.read('t', [headRead('hot', 'a'), headRead('hot', 'b')])) as [Head, Head]
            const [answer] = await storage.commit([unitOf(id, heads)])
            if (answer!.outcome === 'conflict') continue
            // it went in although its answer was lost
            if (answer!.outcome === 'taken') {
              expect(lost).toBe(true)
              counts.foundLater++
            } else expect(answer).toEqual({ outcome: 'done' })
            acknowledged.push(id)
            counts.done++
            break
          } catch (error) {
            if (error instanceof Error && error.name === 'AssertionError') throw error
            counts.lost++
            lost = true
          }
        }
      }
    }
    const writers = Array.from({ length: 4 }, (_, i) => writer(`w${i}`))
    const admin = server.pool(1)
    let killed = 0
    while (killed < kills) {
      await sleep((killed * 13) % 30)
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from (select pid from pg_stat_activity
           where pid <> pg_backend_pid() and backend_type = 'client backend' and query like '%killed%' order by random() limit 1) as "one"`,
      )
      killed += rowCount ?? 0
    }
    killing = false
    await Promise.all(writers)
    const [head, other, events, counter, rows] = (await storage.read('t', [
      headRead('hot', 'a'),
      headRead('hot', 'b'),
      eventsOf('hot', 'a', { limit: 1_000_000 }),
      get(counters, { id: 'all' }),
      list(entries, { where: all(), limit: 1_000_000 }),
    ])) as [Head, Head, readonly StoredEvent[], { n: number }, readonly { id: string }[]]
    expect(rows.map((row) => row.id).sort()).toEqual(acknowledged.sort())
    const n = acknowledged.length
    expect([head.version, other.version, counter.n, events.length, brokenAt(events, head)]).toEqual([n, n, n, n, null])
    expect(counts.lost, 'some were under way when their backend went').toBeGreaterThan(0)
    figure('Postgres backends killed under writers, nothing acknowledged lost, nothing doubled', kills, 'kills')
  })
})
