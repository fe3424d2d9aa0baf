import { DatabaseSync } from 'node:sqlite'
import type { Session, Storage } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrated, unit } from './sample.ts'

let db: DatabaseSync
let storage: Storage
beforeEach(async () => {
  db = new DatabaseSync(':memory:')
  storage = await migrated({ connection: fromNodeSqlite(db) })
})
afterEach(() => db.close())

test('a database gives one session, so its prepared statements live from transaction to transaction', () => {
  expect(fromNodeSqlite(db)).toBe(fromNodeSqlite(db))
})

test('a session of another dialect is refused', () => {
  const postgres: Session = { dialect: 'postgres', sync: false, run: async () => null }
  expect(() => storage.commit([unit('a', 1)], postgres)).toThrow('storage/wrong-dialect')
})
