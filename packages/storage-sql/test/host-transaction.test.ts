import { DatabaseSync } from 'node:sqlite'
import { isPatronkitError } from '@patronkit/core'
import { get, headOf, NO_HEAD, type Session, type Storage } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { type StatementRun, sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accounts, migrated, schema, unit } from './sample.ts'

let db: DatabaseSync
let storage: Storage
beforeEach(async () => {
  db = new DatabaseSync(':memory:')
  db.exec('create table host_order (id text primary key)')
  storage = await migrated({ connection: fromNodeSqlite(db) })
})
afterEach(() => db.close())

const order = (id: string) => db.prepare('insert into host_order values (?)').run(id)
const orders = () => db.prepare('select count(*) as n from host_order').get()?.n

test('the host and the engine write in one transaction of the host', async () => {
  db.exec('begin immediate')
  order('o1')
  expect(storage.commit([unit('a', 1)], fromNodeSqlite(db))).toEqual([{ outcome: 'done' }])
  expect(storage.read('acme', [get(accounts, { id: 'a' })], fromNodeSqlite(db)), 'it sees its own writes').toEqual([{ id: 'a', points: 1 }])
  expect(db.isTransaction, 'the transaction is still the host’s').toBe(true)
  db.exec('commit')
  expect([orders(), await storage.read('acme', [get(accounts, { id: 'a' })])]).toEqual([1, [{ id: 'a', points: 1 }]])
})

test('a guard that does not hold reports, and the host goes on and commits', async () => {
  await storage.commit([unit('a', 1)])
  db.exec('begin immediate')
  order('o1')
  const answers = storage.commit([unit('a', 2), unit('b', 3)], fromNodeSqlite(db))
  expect(answers).toEqual([{ outcome: 'conflict', subject: 'test a', found: 1 }, { outcome: 'done' }])
  order('o2')
  db.exec('commit')
  expect(orders()).toBe(2)
  const rows = await storage.read('acme', [get(accounts, { id: 'a' }), get(accounts, { id: 'b' })])
  expect(rows).toEqual([
    { id: 'a', points: 1 },
    { id: 'b', points: 3 },
  ])
})

test('when the host throws and rolls back, both are gone', async () => {
  db.exec('begin immediate')
  order('o1')
  storage.commit([unit('a', 1)], fromNodeSqlite(db))
  db.exec('rollback')
  expect([orders(), await storage.read('acme', [get(accounts, { id: 'a' }), headOf('test', 'a')])]).toEqual([0, [null, NO_HEAD]])
})

test('a commit that throws leaves nothing of itself, and the host may still commit', async () => {
  db.exec('begin immediate')
  order('o0')
  const bad = { ...unit('a', 1), writes: [{ write: 'remove', table: accounts, key: { id: 'nobody' } }] } as const
  expect(() => storage.commit([unit('b', 1), bad], fromNodeSqlite(db))).toThrow('storage/row-missing')
  expect(db.isTransaction).toBe(true)
  db.exec('commit')
  expect(await storage.read('acme', [headOf('test', 'a'), headOf('test', 'b'), get(accounts, { id: 'b' })])).toEqual([
    NO_HEAD,
    NO_HEAD,
    null,
  ])
  expect(orders()).toBe(1)
})

test('the hook hears of each statement and its time, never of its parameters, and may throw', async () => {
  const runs: StatementRun[] = []
  const heard = sqliteStorage({
    connection: fromNodeSqlite(db),
    onStatement: (run) => {
      runs.push(run)
      throw new TypeError('the log is full')
    },
  })
  heard.declare(schema)
  await heard.read('acme', [get(accounts, { id: 'a' })])
  expect(runs.at(-1)).toEqual({ text: expect.stringMatching(/^select json_array/), ms: expect.any(Number), failed: false })
  expect(JSON.stringify(runs)).not.toContain('acme')
})

test('a write that throws leaves the decision to the host: nothing of ours ends its transaction', () => {
  db.exec('begin immediate')
  order('o1')
  const bad = { ...unit('a', 1), writes: [{ write: 'remove', table: accounts, key: { id: 'nobody' } }] } as const
  expect(() => storage.commit([bad], fromNodeSqlite(db))).toThrow('storage/row-missing')
  expect(db.isTransaction).toBe(true)
  db.exec('rollback')
  expect(orders()).toBe(0)
})

test('a database gives one session, so its prepared statements live from transaction to transaction', () => {
  expect(fromNodeSqlite(db)).toBe(fromNodeSqlite(db))
})

test('a session of another dialect is refused', () => {
  const postgres: Session = { dialect: 'postgres', sync: false, run: async () => null }
  expect(() => storage.commit([unit('a', 1)], postgres)).toThrow('storage/wrong-dialect')
})

test('a deferred transaction that another writer overtook asks to be repeated as a whole', async () => {
  const { mkdtempSync, rmSync } = await import('node:fs')
  const folder = mkdtempSync('/tmp/patronkit-host-')
  const mine = new DatabaseSync(`${folder}/host.db`)
  const shared = await migrated({ file: `${folder}/host.db` })
  mine.exec('begin')
  shared.read('acme', [headOf('test', 'a')], fromNodeSqlite(mine))
  await shared.commit([unit('a', 1)])
  const tried = await Promise.resolve()
    .then(() => shared.commit([unit('b', 1)], fromNodeSqlite(mine)))
    .catch((error: unknown) => error)
  expect(isPatronkitError(tried, 'core/host-transaction-aborted') && tried.retryable).toBe('whole-transaction')
  mine.exec('rollback')
  mine.close()
  await shared.close()
  rmSync(folder, { recursive: true })
})
