import { memoryStorage } from '@patronkit/core'
import { type Add, get, type Head, headOf, integer, NO_HEAD, type Storage, table, text, type Unit } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { fromPostgresJs } from '@patronkit/storage-sql/postgres-js'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { emptied, longTest } from './emptied.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'
import { accounts, schema as accountsSchema, unit } from './sample.ts'

const runs = Number(process.env.PATRONKIT_RUNS ?? (process.env.PATRONKIT_DEEP ? 10_000 : 500))

const once = <T>(make: () => T): (() => T) => {
  const made: T[] = []
  return () => {
    if (made.length === 0) made.push(make())
    return made[0]!
  }
}

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  let schemas = 0
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())

  const reference = async () => memoryStorage()
  const pool = once(() => server.pool())
  const unprepared = once(() => server.pool(1))
  const sql = once(() => postgres(server.url, { max: 4 }))
  afterAll(() => sql().end())
  const schema = () => `s${++schemas}`
  const histories = once(() => {
    const of = schema()
    return emptied(postgresStorage({ connection: fromPg(pool()), schema: of }), fromPg(pool()), (table) => `${of}.${table}`)
  })
  if (realPostgres) figure('random histories compared, PostgreSQL with memory', runs, 'histories')
  storageSuite({
    name: 'pg',
    test: longTest,
    engine: async () => postgresStorage({ connection: fromPg(pool()), schema: schema(), tablePrefix: 'crm_' }),
    capabilities: { ddl: true },
    model: { fc, reference, runs, engine: () => histories()() },
  })
  storageSuite({
    name: 'pg without prepared statements',
    test,
    engine: async () => postgresStorage({ connection: fromPg(unprepared(), { prepare: 'never' }), schema: schema() }),
  })
  storageSuite({
    name: 'postgres.js',
    test,
    engine: async () => postgresStorage({ connection: fromPostgresJs(sql()), schema: schema() }),
    model: { fc, reference, runs: Math.ceil(runs / 20) },
  })

  /** The owner migrates; everything else is done by a role that may read and write rows and nothing more. */
  async function servedByRole(): Promise<Storage> {
    const own = schema()
    const owner = postgresStorage({ connection: fromPg(pool()), schema: own })
    const serving = postgresStorage({ connection: fromPg(await role()), schema: own })
    const migrate = async () => {
      await owner.schema.migrate()
      await pool().query(
        `grant usage on schema ${own} to serving; grant select, insert, update, delete on all tables in schema ${own} to serving`,
      )
      return serving.schema.migrate()
    }
    const declare: Storage['declare'] = (of) => {
      for (const storage of [owner, serving]) storage.declare(of)
    }
    return { ...serving, declare, schema: { ...serving.schema, migrate } }
  }
  const role = once(async () => {
    await pool().query(`create role serving login password 'serving'`)
    return server.pool(4, 'serving:serving')
  })
  storageSuite({ name: 'pg as a role without rights on DDL', test, engine: servedByRole, capabilities: { ddl: true } })

  test('a pool of one connection does not wait for itself, neither alone nor in a transaction of the host', async () => {
    const single = server.pool(1)
    const storage = postgresStorage({ connection: fromPg(single), schema: schema() })
    storage.declare(accountsSchema)
    await storage.schema.migrate()
    const many = await Promise.all(Array.from({ length: 20 }, (_, i) => storage.commit([unit(`s${i}`, i)])))
    expect(many.flat()).toEqual(Array.from({ length: 20 }, () => ({ outcome: 'done' })))
    const client = await single.connect()
    await client.query('begin')
    const session = fromPg(client)
    expect(await storage.commit([unit('a', 1), unit('b', 1)], session)).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
    expect(await storage.read('acme', [get(accounts, { id: 'a' })], session)).toEqual([{ id: 'a', points: 1 }])
    await client.query('commit')
    client.release()
    expect((await storage.feed({ consumer: 'c', now: 0, limit: 99 })).events).toHaveLength(22)
  })

  const counters = table('test_counter', { id: text(), given: integer() }, { key: ['id'], subject: ['id'] })
  const counting = {
    package: 'counting',
    tables: [counters],
    migrations: [{ id: 1, about: 'counters', steps: [{ addTable: counters }] }],
  }
  async function migrated(connections: number): Promise<Storage> {
    const storage = postgresStorage({ connection: fromPg(server.pool(connections)), schema: schema() })
    for (const one of [accountsSchema, counting]) storage.declare(one)
    await storage.schema.migrate()
    return storage
  }

  test('8 connections × 200 commits over two heads and a counter bounded at 500: exactly 500, and the heads agree', async () => {
    const storage = await migrated(8)
    const give: Add = { table: counters, key: { id: 'cap' }, column: 'given', by: 1, max: 500 }
    const seen = { done: 0, conflict: 0, 'out-of-bounds': 0 }
    const writer = async (i: number) => {
      for (let n = 0; n < 200; n++) {
        for (;;) {
          const subjects = i % 2 === 0 ? ['a', 'b'] : ['b', 'a']
          const heads = (await storage.read(
            'acme',
            subjects.map((subject) => headOf('test', subject)),
          )) as Head[]
          const moves = subjects.map((subject, at) => ({
            kind: 'test',
            subject,
            from: heads[at]!,
            to: { ...heads[at]!, version: heads[at]!.version + 1 },
          }))
          const counted: Unit = { tenant: 'acme', heads: moves, adds: [give], writes: [], events: [], timers: [] }
          const [answer] = await storage.commit([counted])
          seen[answer!.outcome as keyof typeof seen]++
          if (answer!.outcome !== 'conflict') break
        }
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => writer(i)))
    const [row, a, b] = await storage.read('acme', [get(counters, { id: 'cap' }), headOf('test', 'a'), headOf('test', 'b')])
    expect(row).toEqual({ id: 'cap', given: 500 })
    expect([(a as Head).version, (b as Head).version]).toEqual([500, 500])
    expect([seen.done, seen['out-of-bounds']]).toEqual([500, 1_100])
  })

  test('8 connections add to one counter without any head: exactly 500 of 1,600 go in', async () => {
    const storage = await migrated(8)
    const give: Add = { table: counters, key: { id: 'cap' }, column: 'given', by: 1, max: 500 }
    const alone: Unit = { tenant: 'acme', heads: [], adds: [give], writes: [], events: [], timers: [] }
    const answers = await Promise.all(Array.from({ length: 1_600 }, async () => (await storage.commit([alone]))[0]!.outcome))
    expect(answers.filter((outcome) => outcome === 'done')).toHaveLength(500)
    expect(await storage.read('acme', [get(counters, { id: 'cap' })])).toEqual([{ id: 'cap', given: 500 }])
  })

  test('of units that race for one unseen subject, or one unique row, exactly one goes in and the others write nothing', async () => {
    const storage = await migrated(8)
    for (let round = 0; round < 30; round++) {
      const rivals = Array.from({ length: 8 }, (_, i): Unit => {
        const own = unit(`r${round} ${i}`, i)
        return { ...own, unique: [{ table: counters, row: { id: `u${round}`, given: i } }] }
      })
      const answers = await Promise.all(rivals.map((rival) => storage.commit([rival])))
      const outcomes = answers.map(([answer]) => answer!.outcome)
      expect(outcomes.sort()).toEqual(['done', ...Array.from({ length: 7 }, () => 'taken')])
      const heads = (await storage.read(
        'acme',
        rivals.map((_, i) => headOf('test', `r${round} ${i}`)),
      )) as Head[]
      expect(heads.filter((head) => head.version === 1)).toHaveLength(1)
    }
    const same = await Promise.all(Array.from({ length: 8 }, (_, i) => storage.commit([unit('same', i)])))
    expect(same.map(([answer]) => answer!.outcome).sort()).toEqual([...Array.from({ length: 7 }, () => 'conflict'), 'done'])
  })

  test('commits over the same subjects in opposite orders do not deadlock', async () => {
    const storage = await migrated(8)
    const subjects = Array.from({ length: 12 }, (_, i) => `s${i}`)
    const versions = new Map<string, number>()
    const writers = Array.from({ length: 8 }, async (_, i) => {
      for (let n = 0; n < 25; n++) {
        const order = i % 2 === 0 ? subjects : [...subjects].reverse()
        const heads = (await storage.read(
          'acme',
          order.map((subject) => headOf('test', subject)),
        )) as Head[]
        const answers = await storage.commit(order.map((subject, at) => unit(subject, i, heads[at])))
        for (const [at, answer] of answers.entries()) {
          if (answer.outcome === 'done') versions.set(order[at]!, (versions.get(order[at]!) ?? 0) + 1)
        }
      }
    })
    await Promise.all(writers)
    const heads = (await storage.read(
      'acme',
      subjects.map((subject) => headOf('test', subject)),
    )) as Head[]
    expect(heads.map((head) => head.version)).toEqual(subjects.map((subject) => versions.get(subject)))
  })

  test('consumers that read while 6 writers commit hear every event once and in the order of its subject', async () => {
    const storage = await migrated(12)
    let writing = true
    const writers = Array.from({ length: 6 }, async (_, i) => {
      let from: Head = NO_HEAD
      for (let n = 0; n < 60; n++) {
        const next = unit(`s${i}`, n, from)
        expect(await storage.commit([next])).toEqual([{ outcome: 'done' }])
        from = next.heads[0]!.to
      }
    })
    const hear = async (consumer: string) => {
      const heard: string[] = []
      for (;;) {
        const last = !writing
        const page = await storage.feed({ consumer, now: 0, limit: 7 })
        for (const state of page.states) {
          const events = page.events.filter((event) => event.lane === state.lane)
          if (!(await storage.advance(state.position, { ...state, position: events.at(-1)!.position }))) continue
          heard.push(...events.map((event) => `${event.subject} ${event.seq}`))
        }
        if (last && page.events.length === 0) return heard
      }
    }
    const consumers = ['c1', 'c2', 'c3'].map(hear)
    await Promise.all(writers)
    writing = false
    for (const heard of await Promise.all(consumers)) {
      expect(heard).toHaveLength(360)
      for (let i = 0; i < 6; i++) {
        const own = heard.filter((name) => name.startsWith(`s${i} `))
        expect(own).toEqual(Array.from({ length: 60 }, (_, n) => `s${i} ${n + 1}`))
      }
    }
  })

  test.each([true, false])('8 workers that claim at once never hold the same timer; SKIP LOCKED: %s', async (skipLocked) => {
    const storage = postgresStorage({ connection: fromPg(server.pool(8)), schema: schema(), capabilities: { skipLocked } })
    storage.declare(accountsSchema)
    await storage.schema.migrate()
    const timers = Array.from({ length: 400 }, (_, i) => ({ timer: 'set', queue: 'q', key: `k${i}`, dueAt: i }) as const)
    await storage.commit([{ ...unit('timers', 0), timers }])
    const keys: string[] = []
    const workers = Array.from({ length: 8 }, async (_, i) => {
      for (let n = 0; keys.length < 400 || skipLocked; n++) {
        const claimed = await storage.claim({ queues: ['q', 'other'], now: 999, limit: 7, leaseMs: 99, lease: `w${i} ${n}` })
        // without SKIP LOCKED an empty answer may only mean that somebody else was first
        if (claimed.length === 0 && skipLocked) return
        keys.push(...claimed.map((timer) => timer.key))
      }
    })
    await Promise.all(workers)
    expect([keys.length, new Set(keys).size]).toEqual([400, 400])
  })

  test('a unit that changes a timer while a worker leases it waits, and then changes what is there', async () => {
    const one = schema()
    const storage = postgresStorage({ connection: fromPg(pool()), schema: one })
    storage.declare(accountsSchema)
    await storage.schema.migrate()
    const named = (key: string) => ({ queue: 'q', key })
    const set = (key: string) => ({ timer: 'set', ...named(key), dueAt: 1 }) as const
    await storage.commit([{ ...unit('a', 1), timers: ['cancelled', 'failed', 'set'].map(set) }])
    const worker = await pool().connect()
    await worker.query('begin')
    await worker.query(`update ${one}.timer set lease = 'w', lease_until = 99`)
    const timers: Unit['timers'] = [
      { timer: 'cancel', ...named('cancelled') },
      { timer: 'failed', ...named('failed'), dueAt: 4, error: 'no luck', parked: false },
      set('set'),
    ]
    const waiting = Promise.all(timers.map((timer, i) => storage.commit([{ ...unit(`n${i}`, 1), timers: [timer] }])))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await worker.query('commit')
    worker.release()
    expect((await waiting).flat()).toEqual(timers.map(() => ({ outcome: 'done' })))
    const { rows } = await pool().query(`select key, generation::int, attempts::int, lease from ${one}.timer order by key`)
    expect(rows).toEqual([
      { key: 'failed', generation: 1, attempts: 1, lease: null },
      { key: 'set', generation: 2, attempts: 0, lease: null },
    ])
  })

  test('many processes migrate at once, each step is applied once, and later a role that may only read and write finds nothing to do', async () => {
    const one = schema()
    const storages = Array.from({ length: 4 }, () => {
      const storage = postgresStorage({ connection: fromPg(server.pool(2)), schema: one })
      storage.declare(accountsSchema)
      return storage
    })
    const applied = await Promise.all(storages.map((storage) => storage.schema.migrate()))
    expect(applied.map((answer) => answer.applied).sort()).toEqual([0, 0, 0, 3])
    const owner = server.pool(1)
    await owner.query(`create role clerk login password 'clerk'; grant usage on schema ${one} to clerk;
      grant select, insert, update, delete on all tables in schema ${one} to clerk`)
    const clerk = postgres(server.url.replace('postgres:password', 'clerk:clerk'), { max: 1 })
    const storage = postgresStorage({ connection: fromPostgresJs(clerk), schema: one })
    storage.declare(accountsSchema)
    expect(await storage.schema.migrate()).toEqual({ applied: 0 })
    expect(await storage.schema.drift()).toEqual([])
    expect(await storage.commit([unit('a', 1)])).toEqual([{ outcome: 'done' }])
    expect(await storage.read('acme', [get(accounts, { id: 'a' })])).toEqual([{ id: 'a', points: 1 }])
    expect((await storage.feed({ consumer: 'c', now: 0, limit: 9 })).events).toHaveLength(1)
    await clerk.end()
  })
})
