import { DatabaseSync } from 'node:sqlite'
import { boolean, get, headOf, integer, json, nullable, type PackageSchema, table, text } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { expect, test } from 'vitest'
import { accounts, migrated, schema, unit } from './sample.ts'

test('before migrate() has run, reading and writing say that it has to', async () => {
  const storage = sqliteStorage({ file: ':memory:' })
  storage.declare(schema)
  expect(() => storage.read('acme', [get(accounts, { id: 'a' })])).toThrow('storage/not-migrated')
  expect(() => storage.commit([unit('a', 1)])).toThrow('storage/not-migrated')
  expect(() => storage.claim({ queues: ['q'], now: 1, limit: 1, leaseMs: 1, lease: 'l' })).toThrow('storage.schema.migrate()')
  expect(await storage.schema.migrate()).toEqual({ applied: 3 })
  expect(storage.commit([unit('a', 1)])).toEqual([{ outcome: 'done' }])
})

test('a table that was declared after migrate() is not there until it runs again', async () => {
  const storage = sqliteStorage({ file: ':memory:' })
  await storage.schema.migrate()
  storage.declare(schema)
  expect(() => storage.commit([unit('a', 1)])).toThrow('storage/not-migrated')
  expect(storage.read('acme', [headOf('test', 'a')]), 'the whole commit was rolled back').toEqual([
    { version: 0, lastAt: 0, seq: 0, chain: '' },
  ])
  expect(await storage.schema.migrate()).toEqual({ applied: 1 })
  expect(storage.commit([unit('a', 1)])).toEqual([{ outcome: 'done' }])
})

test('the printed DDL, run by hand, leaves nothing to migrate', async () => {
  const db = new DatabaseSync(':memory:')
  const storage = sqliteStorage({ connection: fromNodeSqlite(db), tablePrefix: 'crm_' })
  storage.declare(schema)
  db.exec(storage.schema.sql())
  expect(await storage.schema.migrate()).toEqual({ applied: 0 })
  expect(await storage.schema.drift()).toEqual([])
})

test('later steps bring a database to where a new one starts', async () => {
  const before = table('test_late', { id: text() }, { key: ['id'], subject: ['id'] })
  const after = table(
    'test_late',
    { id: text(), n: nullable(integer()), open: nullable(boolean()), extra: nullable(json()) },
    { key: ['id'], subject: ['id'], indexes: { by_n: ['n'] } },
  )
  const step = { id: 1, about: 'first', steps: [{ addTable: before }] }
  const column = (name: string, type: 'integer' | 'boolean' | 'json') => ({
    addColumn: { table: 'test_late', column: name, type: { type, nullable: true } },
  })
  const more = {
    id: 2,
    about: 'more',
    steps: [
      column('n', 'integer'),
      column('open', 'boolean'),
      column('extra', 'json'),
      { addIndex: { table: 'test_late', index: 'by_n', columns: ['n'] } },
    ],
  }
  const db = new DatabaseSync(':memory:')
  const old = sqliteStorage({ connection: fromNodeSqlite(db) })
  old.declare({ package: 'late', tables: [before], migrations: [step] })
  await old.schema.migrate()

  const now = sqliteStorage({ connection: fromNodeSqlite(db) })
  now.declare({ package: 'late', tables: [after], migrations: [step, more] })
  expect(await now.schema.drift()).toEqual([
    'column patronkit_test_late.n is missing',
    'column patronkit_test_late.open is missing',
    'column patronkit_test_late.extra is missing',
    'index patronkit_test_late_by_n is missing',
    'migration late 2 was not applied',
  ])
  expect(await now.schema.migrate()).toEqual({ applied: 1 })
  expect(await now.schema.drift()).toEqual([])
  expect(await old.schema.drift(), 'an older version sees that it is older').toContain('migration late 2 was applied by a newer version')
})

test('drift names what somebody changed by hand', async () => {
  const db = new DatabaseSync(':memory:')
  const storage = await migrated({ connection: fromNodeSqlite(db) })
  db.exec(`drop index patronkit_test_account_by_points; alter table patronkit_head add column surprise text; drop table patronkit_lane;
    drop index patronkit_timer_due; create index patronkit_timer_due on patronkit_timer (due_at)`)
  expect(await storage.schema.drift()).toEqual([
    'column patronkit_head.surprise is not expected',
    'index patronkit_timer_due is over due_at, expected queue, due_at',
    'table patronkit_lane is missing',
    'index patronkit_test_account_by_points is missing',
  ])
})

test('a migration that fails leaves nothing behind', async () => {
  const db = new DatabaseSync(':memory:')
  db.exec('create table patronkit_test_account (id text)')
  const storage = sqliteStorage({ connection: fromNodeSqlite(db) })
  storage.declare(schema)
  await expect(storage.schema.migrate()).rejects.toThrow('already exists')
  expect(db.prepare(`select count(*) as n from sqlite_master where name = 'patronkit_head'`).get()).toEqual({ n: 0 })
})

const broken: readonly (readonly [string, Partial<PackageSchema>])[] = [
  ['a name that is no identifier', { tables: [table('x"; drop table y', { id: text() }, { key: ['id'], subject: ['id'] })] }],
  ['a column called tenant', { tables: [table('x', { tenant: text() }, { key: ['tenant'], subject: ['tenant'] })] }],
  ['the name of a work table', { tables: [table('event', { id: text() }, { key: ['id'], subject: ['id'] })] }],
  ['a package name that is taken', { package: 'storage' }],
  [
    'an added column that has to hold something',
    { migrations: [{ id: 1, about: '', steps: [{ addColumn: { table: 'x', column: 'n', type: integer() } }] }] },
  ],
]
test.each(broken)('%s is refused when it is declared', (_, part) => {
  const storage = sqliteStorage({ file: ':memory:' })
  expect(() => storage.declare({ package: 'bad', tables: [], migrations: [], ...part })).toThrow('storage/bad-schema')
})

test('a table that no declared package has is refused', () => {
  const storage = sqliteStorage({ file: ':memory:' })
  expect(() => storage.read('acme', [get(accounts, { id: 'a' })])).toThrow('storage/undeclared-table')
})
