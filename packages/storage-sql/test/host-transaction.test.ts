import { DatabaseSync } from 'node:sqlite'
import { get, headOf, NO_HEAD, type Storage } from '@patronkit/core/storage'
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
  expect(runs.at(-1)).toEqual({ text: expect.stringContaining('test_account'), ms: expect.any(Number), failed: false })
  expect(JSON.stringify(runs)).not.toContain('acme')
})
