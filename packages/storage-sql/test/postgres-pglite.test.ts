import { PGlite } from '@electric-sql/pglite'
import { memoryStorage } from '@patronkit/core'
import { all, field, get, list, type Session } from '@patronkit/core/storage'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { hostFacts } from './postgres-host.ts'
import { accounts, schema as accountsSchema, unit } from './sample.ts'

const runs = Number(process.env.PATRONKIT_RUNS ?? (process.env.PATRONKIT_DEEP ? 500 : 25))
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
      seen.add(text.replace(/"(s\d+|host_\w+)"\./g, '').replace(/schema "\w+"/, 'schema "s"'))
      expect(params.every((param) => param === null || typeof param === 'string')).toBe(true)
      return inner.run(text, params)
    },
    ...(transaction ? { transaction: (work) => transaction((session) => work(noting(session))) } : {}),
  }
}

storageSuite({
  name: 'pglite',
  test,
  engine: async () => postgresStorage({ connection: noting(fromPglite(db)), schema: schema(), tablePrefix: 'pk_' }),
  capabilities: { ddl: true },
  model: { fc, reference: async () => memoryStorage(), runs },
})

hostFacts({
  name: 'pglite',
  connection: () => noting(fromPglite(db)),
  transaction: async (work) =>
    (await db.transaction((tx) => work((text) => tx.query(text), noting(fromPglite(tx))))) as Awaited<ReturnType<typeof work>>,
  count: async (text) => (await db.query<{ n: number }>(text)).rows[0]!.n,
})

/** What runs without a tenant: the catalog, DDL, locks, consumers, and the four calls over all tenants. */
const NO_TENANT = [
  /pg_catalog\./,
  /^(create (unique )?(table|index|schema)|alter table) /,
  /^select pg_advisory_xact_lock/,
  /^(rollback to |release )?savepoint "patronkit"$/,
  /"pk_migration"/,
  /^(insert into|update) "pk_consumer"/,
  /^with "lapsed" as materialized \(select \* from \(select "lane", "tenant", "queue", "key"/,
  /^select array_to_json\(array\[to_json\(\(select "due_at" as "at" from "pk_timer" where "queue" = /,
  /^select '1' from "pk_event" where "position" is null/,
  /^insert into "pk_lane"/,
  /^select coalesce\(json_agg\("lane"\)/,
  /^with "new" as materialized/,
  /^select \(coalesce\(json_agg\(json_build_array\("lane", "at"/,
]

const TENANT = /"tenant" = \$\d+|"t"\."tenant" = "w"\."tenant"|insert into "\w+" (as "t" )?\([^)]*"tenant"/g

test('every statement names the tenant, but for those that are listed', () => {
  expect(seen.size).toBeGreaterThan(60)
  for (const text of seen) {
    if (NO_TENANT.some((pattern) => pattern.test(text.replace(/\s+/g, ' ')))) continue
    const tables = text.match(/\b(from|into|update) "pk_\w+"/g)?.length ?? 0
    // what was inserted is found again by its key, which has the tenant as well
    const tenants = text.replace(/join "g\d+" as "t" on "t"."tenant" = "w"."tenant"/g, '').match(TENANT)
    expect(tables, text).toBeGreaterThan(0)
    expect(tenants?.length, text).toBe(tables)
  }
  for (const pattern of NO_TENANT)
    expect(
      [...seen].some((text) => pattern.test(text.replace(/\s+/g, ' '))),
      `${pattern} is of use`,
    ).toBe(true)
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
  for (const bad of ['x"; drop', 'Upper', '']) {
    expect(() => postgresStorage({ connection: fromPglite(db), schema: bad })).toThrow('storage/bad-schema')
  }
})
