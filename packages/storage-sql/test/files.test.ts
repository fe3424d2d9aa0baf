import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isPatronkitError } from '@patronkit/core'
import { all, eventsOf, get, headOf, list, type Unit } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accounts, migrated, schema, unit } from './sample.ts'

let folder = ''
const file = () => join(folder, 'crm.db')
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'patronkit-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const timer = { timer: 'set', queue: 'q', key: 'k', dueAt: 5 } as const

test('what was committed is there when the file is opened again', async () => {
  const first = await migrated({ file: file() })
  const written: Unit = { ...unit('a', 10), timers: [timer] }
  await first.commit([written])
  await first.feed({ consumer: 'c', now: 0, limit: 9 })
  await first.close()

  const second = sqliteStorage({ file: file() })
  second.declare(schema)
  expect(await second.schema.migrate()).toEqual({ applied: 0 })
  expect(await second.read('acme', [get(accounts, { id: 'a' }), headOf('test', 'a'), eventsOf('test', 'a', { limit: 9 })])).toEqual([
    { id: 'a', points: 10 },
    written.heads[0]!.to,
    written.events,
  ])
  expect(await second.nextDue(['q'])).toBe(5)
  const page = await second.feed({ consumer: 'c', now: 0, limit: 9 })
  expect(page.events.map((event) => event.position)).toEqual([1])
  await second.close()
})

test('the file is in WAL mode', async () => {
  const storage = await migrated({ file: file() })
  const other = new DatabaseSync(file())
  expect(other.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' })
  other.close()
  await storage.close()
})

test('two connections on one file: of two units on one head one goes through, and claims are disjoint', async () => {
  const [one, two] = [await migrated({ file: file() }), await migrated({ file: file() })]
  let won = 0
  for (let i = 0; i < 50; i++) {
    const racing = unit(`s${i}`, i)
    const answers = await Promise.all([one.commit([racing]), two.commit([racing])])
    won += answers.flat().filter((answer) => answer.outcome === 'done').length
  }
  expect(won).toBe(50)
  await one.commit([{ ...unit('timers', 0), timers: Array.from({ length: 30 }, (_, i) => ({ ...timer, key: `k${i}` })) }])
  const request = { queues: ['q'], now: 9, limit: 10, leaseMs: 50 }
  const claims = await Promise.all([one, two, one, two].map((storage, i) => storage.claim({ ...request, lease: `lease ${i}` })))
  expect(new Set(claims.flat().map((claimed) => claimed.key)).size).toBe(30)
  expect(claims.flat()).toHaveLength(30)
  const [first, second] = await Promise.all([one, two].map((storage) => storage.feed({ consumer: 'c', now: 0, limit: 99 })))
  expect(first).toEqual(second)
  expect(first?.events.map((event) => event.position)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1))
  await one.close()
  await two.close()
})

test('while another connection writes, a commit waits as long as it was told and then says the database is busy', async () => {
  const storage = await migrated({ file: file(), busyTimeoutMs: 30 })
  const other = new DatabaseSync(file())
  other.exec('begin immediate')
  const tried = await Promise.resolve()
    .then(() => storage.commit([unit('a', 1)]))
    .catch((error: unknown) => error)
  expect(isPatronkitError(tried, 'core/busy') && tried.retryable).toBe('command')
  expect(await storage.read('acme', [list(accounts, { where: all(), limit: 9 })]), 'readers do not wait').toEqual([[]])
  other.exec('commit')
  expect(await storage.commit([unit('a', 1)])).toEqual([{ outcome: 'done' }])
  other.close()
  await storage.close()
})

test('two processes may migrate at once: each step is applied once', async () => {
  const storages = [1, 2, 3].map(() => {
    const storage = sqliteStorage({ file: file() })
    storage.declare(schema)
    return storage
  })
  const applied = await Promise.all(storages.map((storage) => storage.schema.migrate()))
  expect(applied.map((one) => one.applied).sort()).toEqual([0, 0, 3])
  for (const storage of storages) {
    expect(await storage.schema.drift()).toEqual([])
    await storage.close()
  }
})

test('a connection given to the storage is refused while the host has a transaction open on it', async () => {
  const db = new DatabaseSync(':memory:')
  const storage = await migrated({ connection: fromNodeSqlite(db) })
  db.exec('begin immediate')
  const tried = await Promise.resolve()
    .then(() => storage.commit([unit('a', 1)]))
    .catch((error: unknown) => error)
  expect(isPatronkitError(tried, 'storage/connection-in-transaction')).toBe(true)
  expect(db.isTransaction, "the host's transaction stays open").toBe(true)
  db.exec('rollback')
  expect(await storage.commit([unit('a', 1)])).toEqual([{ outcome: 'done' }])
  await storage.close()
  expect(db.isOpen, "the host's connection stays open").toBe(true)
  db.close()
})
