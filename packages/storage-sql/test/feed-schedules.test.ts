import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type FedEvent, type Head, laneOf, NO_HEAD, type Storage, sealEvents, type Unit } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const SCHEDULES = DEEP ? 10_000 : 500
const seed = Number(process.env.PATRONKIT_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** The first two share a lane. */
const TENANTS = ['acme', 'jade', 'beta'] as const

/** A unit of so many events of a subject. */
function appending(tenant: string, subject: string, from: Head, count: number): Unit {
  const happened = Array.from({ length: count }, (_, no) => ({ type: 'test.said', v: 1, at: no, data: { no } }))
  const sealed = sealEvents(from, happened, {
    tenant,
    kind: 'test',
    subject,
    actor: { type: 'system', id: 'test' },
    recordedAt: 1,
    causation: null,
    correlation: null,
    salt: () => 'salt',
  })
  const to: Head = { version: from.version + 1, lastAt: 1, seq: from.seq + count, chain: sealed.chain }
  return { tenant, heads: [{ kind: 'test', subject, from, to }], writes: [], events: sealed.events, timers: [] }
}

const nameOf = (event: { readonly tenant: string; readonly subject: string; readonly seq: number }) =>
  `${event.tenant} ${event.subject} ${event.seq}`

/** Reads one page and moves the consumer on, lane by lane. */
async function hear(storage: Storage, consumer: string, limit: number, lane = 0): Promise<readonly FedEvent[]> {
  const page = await storage.feed({ consumer, now: 0, limit, lane })
  const heard: FedEvent[] = []
  for (const state of page.states) {
    const events = page.events.filter((event) => event.lane === state.lane)
    if (await storage.advance(state.position, { ...state, position: events.at(-1)!.position })) heard.push(...events)
  }
  return heard
}

async function hearAll(storage: Storage, consumer: string): Promise<readonly FedEvent[]> {
  const heard: FedEvent[] = []
  for (;;) {
    const page = await hear(storage, consumer, 50)
    if (page.length === 0) return heard
    heard.push(...page)
  }
}

/** Each subject's events in their order, and each once. */
function expectWhole(heard: readonly FedEvent[], written: ReadonlySet<string>): void {
  expect(heard.map(nameOf).sort()).toEqual([...written].sort())
  const last = new Map<string, number>()
  for (const event of heard) {
    const subject = `${event.tenant} ${event.subject}`
    expect(event.seq, subject).toBe((last.get(subject) ?? 0) + 1)
    last.set(subject, event.seq)
  }
}

/** What may happen, over three connections that each have a transaction open or not. */
type Step =
  | { readonly do: 'append'; readonly connection: number; readonly tenant: number; readonly subject: number; readonly count: number }
  | { readonly do: 'commit' | 'rollback'; readonly connection: number; readonly racing: boolean }
  | { readonly do: 'read'; readonly limit: number; readonly lane: number }

const connection = fc.integer({ min: 0, max: 2 })
const append = fc.record({
  do: fc.constant('append' as const),
  connection,
  tenant: fc.integer({ min: 0, max: 2 }),
  subject: fc.integer({ min: 0, max: 1 }),
  count: fc.integer({ min: 1, max: 3 }),
})
const end = fc.record({ do: fc.constantFrom('commit', 'commit', 'rollback'), connection, racing: fc.boolean() })
const reading = fc.record({ do: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 9 }), lane: fc.constantFrom(0, 8, 47) })
const schedules = fc.array(fc.oneof<fc.Arbitrary<Step>[]>(append, append, end, reading), { minLength: 4, maxLength: 24 })

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())

  test(`${SCHEDULES.toLocaleString('en')} random schedules of begin, append, commit, rollback and read skip no event (seed ${seed})`, {
    timeout: 1_800_000,
  }, async () => {
    const storage = postgresStorage({ connection: fromPg(server.pool(6)), schema: 'schedules' })
    await storage.schema.migrate()
    const clients = await Promise.all([0, 1, 2].map(() => server.pool(1).connect()))
    const consumers = ['one', 'two']
    const seen = { committed: 0, rolledBack: 0, readWhileOpen: 0, races: 0 }
    let schedule = 0

    const run = async (steps: readonly Step[]) => {
      schedule++
      for (const consumer of consumers) await hearAll(storage, consumer)
      const heard = new Map<string, FedEvent[]>(consumers.map((consumer) => [consumer, []]))
      const heads = new Map<string, Head>()
      const written = new Set<string>()
      /** What each connection's transaction holds; null while it has none. */
      const open: (Map<string, { head: Head; events: string[] }> | null)[] = clients.map(() => null)
      const read = async (limit: number, lane: number) => {
        await Promise.all(
          consumers.map(async (consumer) => {
            heard.get(consumer)!.push(...(await hear(storage, consumer, limit, lane)))
          }),
        )
      }
      const close = async (i: number, how: 'commit' | 'rollback', racing: boolean) => {
        const own = open[i]
        if (!own) return
        if (racing) seen.races++
        await Promise.all([clients[i]!.query(how), ...(racing ? [read(9, 0)] : [])])
        open[i] = null
        if (how === 'rollback') seen.rolledBack++
        else {
          seen.committed++
          for (const [subject, { head, events }] of own) {
            heads.set(subject, head)
            for (const event of events) written.add(event)
          }
        }
      }
      for (const step of steps) {
        if (step.do === 'read') {
          if (open.some(Boolean)) seen.readWhileOpen++
          await read(step.limit, step.lane)
        } else if (step.do === 'append') {
          const [tenant, subject] = [TENANTS[step.tenant]!, `${schedule}/${step.subject}`]
          const id = `${tenant} ${subject}`
          // somebody else's transaction holds the subject: this one would wait for its end
          if (open.some((own, i) => i !== step.connection && own?.has(id))) continue
          if (!open[step.connection]) {
            await clients[step.connection]!.query('begin')
            open[step.connection] = new Map()
          }
          const own = open[step.connection]!
          const before = own.get(id) ?? { head: heads.get(id) ?? NO_HEAD, events: [] }
          const unit = appending(tenant, subject, before.head, step.count)
          expect(await storage.commit([unit], fromPg(clients[step.connection]!))).toEqual([{ outcome: 'done' }])
          own.set(id, { head: unit.heads[0]!.to, events: [...before.events, ...unit.events.map(nameOf)] })
        } else await close(step.connection, step.do as 'commit' | 'rollback', step.racing)
      }
      for (const i of open.keys()) await close(i, i % 2 === 0 ? 'commit' : 'rollback', false)
      for (const consumer of consumers) expectWhole([...heard.get(consumer)!, ...(await hearAll(storage, consumer))], written)
    }

    await fc.assert(
      fc.asyncProperty(schedules, async (steps) => {
        try {
          await run(steps)
        } catch (error) {
          // what is left open must not stand in the way of a shorter schedule
          for (const client of clients) await client.query('rollback').catch(() => undefined)
          throw error
        }
      }),
      { numRuns: SCHEDULES, seed },
    )
    for (const client of clients) client.release()
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(SCHEDULES / 4)
    figure('random schedules of transactions and feed reads on Postgres, no event skipped', SCHEDULES, 'schedules')
  })

  test('a dump of the tables, restored into another database, keeps positions, consumers and what waits for its place', async () => {
    const pool = server.pool(2)
    const storage = postgresStorage({ connection: fromPg(pool), schema: 'dumped' })
    await storage.schema.migrate()
    const { first, rest } = await halfHeard(storage)
    await pool.query('create database restored')
    const target = new pg.Pool({ connectionString: server.url.replace(/postgres$/, 'restored'), max: 2 })
    // the server may be gone before its last connection is
    target.on('error', () => undefined)
    const restored = postgresStorage({ connection: fromPg(target), schema: 'dumped' })
    await restored.schema.migrate()
    const { rows: tables } = await pool.query(
      `select table_name::text as name from information_schema.tables where table_schema = 'dumped'`,
    )
    const { rows: where } = await pool.query(`select current_setting('data_directory') as folder`)
    for (const { name } of tables as { name: string }[]) {
      // what pg_dump does with data, through a file of the server
      const file = `'${where[0].folder}/${name}.copy'`
      await pool.query(`copy dumped."${name}" to ${file}`)
      await target.query(`truncate dumped."${name}"`)
      await target.query(`copy dumped."${name}" from ${file}`)
    }
    await expectTheRest(restored, first, rest)
    expect(await restored.schema.drift()).toEqual([])
    await target.end()
  })
})

/** Writes events, lets a consumer hear some, and writes more that have no place yet. */
async function halfHeard(storage: Storage) {
  const heads = new Map<string, Head>()
  const written = new Set<string>()
  const write = async (round: number) => {
    for (const tenant of TENANTS) {
      const unit = appending(tenant, 's', heads.get(tenant) ?? NO_HEAD, 3 + round)
      expect(await storage.commit([unit])).toEqual([{ outcome: 'done' }])
      heads.set(tenant, unit.heads[0]!.to)
      for (const event of unit.events) written.add(nameOf(event))
    }
  }
  await write(1)
  const first = await hear(storage, 'c', 6)
  expect(first).toHaveLength(6)
  await write(2)
  return { first, rest: new Set([...written].filter((name) => !first.some((event) => nameOf(event) === name))) }
}

/** The consumer goes on where it stood, and a new one hears the same places. */
async function expectTheRest(storage: Storage, first: readonly FedEvent[], rest: ReadonlySet<string>): Promise<void> {
  const later = await hearAll(storage, 'c')
  expect(later.map(nameOf).sort()).toEqual([...rest].sort())
  const places = (events: readonly FedEvent[]) => events.map((event) => `${event.lane} ${event.position} ${nameOf(event)}`).sort()
  expect(places(await hearAll(storage, 'new'))).toEqual(places([...first, ...later]))
  expect(new Set(first.map((event) => event.lane)).has(laneOf('acme'))).toBe(true)
}

test('a SQLite file that was copied while in use keeps positions, consumers and what waits for its place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-copies-'))
  const [file, copy] = [join(folder, 'crm.db'), join(folder, 'copy.db')]
  const storage = sqliteStorage({ file })
  await storage.schema.migrate()
  const { first, rest } = await halfHeard(storage)
  const db = new DatabaseSync(file)
  db.exec(`vacuum into '${copy}'`)
  db.close()
  const restored = sqliteStorage({ file: copy })
  expect(await restored.schema.migrate()).toEqual({ applied: 0 })
  await expectTheRest(restored, first, rest)
  await expectTheRest(storage, first, rest)
  await storage.close()
  await restored.close()
  rmSync(folder, { recursive: true })
})
