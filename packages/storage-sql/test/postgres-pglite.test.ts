import { PGlite } from '@electric-sql/pglite'
import { memoryStorage } from '@patronkit/core'
import { all, field, get, list, type Session } from '@patronkit/core/storage'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { emptied, longTest } from './emptied.ts'
import { awaiting, hostFacts, type Work } from './host-facts.ts'
import { accounts, schema as accountsSchema, unit } from './sample.ts'
import { checkStatements } from './statement-rules.ts'

const runs = Number(process.env.PATRONKIT_RUNS ?? (process.env.PATRONKIT_DEEP ? 10_000 : 200))
figure('random histories compared, PGlite with memory', runs, 'histories')
// it takes seconds to start: one for all tests, a schema for each
const db = new PGlite()
afterAll(() => db.close())
let schemas = 0
const schema = () => `s${++schemas}`

const seen = new Set<string>()
/** Notes every statement that runs. */
function noting(inner: Session): Session {
  const { transaction } = inner
  return {
    ...inner,
    run: (text, params) => {
      seen.add(text)
      expect(params.every((param) => param === null || typeof param === 'string')).toBe(true)
      return inner.run(text, params)
    },
    ...(transaction ? { transaction: (work) => transaction((session) => work(noting(session))) } : {}),
  }
}

const own = postgresStorage({ connection: noting(fromPglite(db)), schema: 'histories', tablePrefix: 'pk_' })
storageSuite({
  name: 'pglite',
  test: longTest,
  engine: async () => postgresStorage({ connection: noting(fromPglite(db)), schema: schema(), tablePrefix: 'pk_' }),
  capabilities: { ddl: true },
  model: { fc, reference: async () => memoryStorage(), runs, engine: emptied(own, fromPglite(db), (table) => `histories.pk_${table}`) },
})

hostFacts({
  name: 'pglite, noted',
  connection: () => noting(fromPglite(db)),
  transaction: async <T>(work: Work<T>) =>
    (await db.transaction((tx) => awaiting(work((text) => tx.query(text), noting(fromPglite(tx)))))) as T,
  count: async (text) => Number((await db.query<{ n: unknown }>(text)).rows[0]!.n),
})

test('every statement names the tenant, but for those that are listed', () => checkStatements('postgres', seen))

for (const lacking of ['skipLocked', 'advisoryLock'] as const) {
  storageSuite({
    name: `pglite without ${lacking}`,
    test,
    engine: async () => postgresStorage({ connection: fromPglite(db), schema: schema(), capabilities: { [lacking]: false } }),
    capabilities: { ddl: true, ...(lacking === 'skipLocked' ? { skipLocked: false } : {}) },
  })
}

test('a server without SKIP LOCKED or advisory locks is never asked for them', async () => {
  const asked = new Set<string>()
  const inner = fromPglite(db)
  const listening = (session: Session): Session => ({
    ...session,
    run: (text, params) => {
      asked.add(text)
      return session.run(text, params)
    },
  })
  const connection: Session = { ...listening(inner), transaction: (work) => inner.transaction!((session) => work(listening(session))) }
  const storage = postgresStorage({ connection, schema: schema(), capabilities: { skipLocked: false, advisoryLock: false } })
  storage.declare(accountsSchema)
  await storage.schema.migrate()
  await storage.commit([{ ...unit('a', 1), timers: [{ timer: 'set', queue: 'q', key: 'k', dueAt: 1 }] }])
  expect(await storage.claim({ queues: ['q'], now: 9, limit: 9, leaseMs: 9, lease: 'l' })).toHaveLength(1)
  expect(asked.size).toBeGreaterThan(10)
  expect([...asked].filter((text) => /skip locked|advisory/.test(text))).toEqual([])
})

async function migrated(name: string) {
  const storage = postgresStorage({ connection: fromPglite(db), schema: name })
  storage.declare(accountsSchema)
  await storage.schema.migrate()
  return storage
}

test('the printed DDL, run by hand, leaves nothing to migrate', async () => {
  const storage = postgresStorage({ connection: fromPglite(db), schema: 'by_hand', tablePrefix: 'crm_' })
  storage.declare(accountsSchema)
  await db.exec(storage.schema.sql())
  expect(await storage.schema.migrate()).toEqual({ applied: 0 })
  expect(await storage.schema.drift()).toEqual([])
})

test('drift names what somebody changed by hand', async () => {
  const storage = await migrated('drifts')
  await db.exec(`drop index drifts.test_account_by_points; alter table drifts.head add column surprise text; drop table drifts.lane;
    drop index drifts.timer_due; create index timer_due on drifts.timer (due_at); alter table drifts.event alter column body type text`)
  expect(await storage.schema.drift()).toEqual([
    'column drifts.head.surprise is not expected',
    'column drifts.event.body is text, expected text collate "C"',
    'index timer_due is over due_at, expected queue, due_at',
    'table drifts.lane is missing',
    'index test_account_by_points is missing',
  ])
})

test('before migrate() has run, reading and writing say that it has to', async () => {
  const storage = postgresStorage({ connection: fromPglite(db), schema: 'not_yet' })
  storage.declare(accountsSchema)
  const refused = (work: () => unknown) => expect(Promise.resolve().then(work)).rejects.toThrow('storage/not-migrated')
  await refused(() => storage.read('acme', [get(accounts, { id: 'a' })]))
  await refused(() => storage.commit([unit('a', 1)]))
  await refused(() => storage.feed({ consumer: 'c', now: 1, limit: 1 }))
})

test('an integer beyond 2^53 that somebody else stored is refused and not rounded', async () => {
  const storage = await migrated('numbers')
  await db.exec(`insert into numbers.test_account values ('acme', 'most', 9007199254740991), ('acme', 'more', 9007199254740993)`)
  expect(await storage.read('acme', [get(accounts, { id: 'most' })])).toEqual([{ id: 'most', points: 2 ** 53 - 1 }])
  await expect(Promise.resolve(storage.read('acme', [get(accounts, { id: 'more' })]))).rejects.toThrow('storage/integer-out-of-range')
})

test('one call answers more reads than a function takes arguments', async () => {
  const storage = await migrated('many')
  const ids = Array.from({ length: 250 }, (_, i) => `s${i}`)
  await storage.commit(ids.map((id, i) => unit(id, i)))
  const rows = await storage.read(
    'acme',
    ids.map((id) => get(accounts, { id })),
  )
  expect(rows).toEqual(ids.map((id, points) => ({ id, points })))
  const page = await storage.read('acme', [list(accounts, { where: all(field('points').gte(247)), order: ['points'], limit: 9 })])
  expect(page).toEqual([[247, 248, 249].map((points) => ({ id: `s${points}`, points }))])
})

test('a storage is not given a connection that could not begin a transaction', async () => {
  await db.transaction(async (tx) => {
    expect(() => postgresStorage({ connection: fromPglite(tx) })).toThrow('storage/no-own-transaction')
  })
  for (const bad of ['x"; drop', 'a.b', '', 'pg_own', 'ü', 'x'.repeat(61)]) {
    expect(() => postgresStorage({ connection: fromPglite(db), schema: bad })).toThrow('storage/bad-schema')
  }
})
