import { DatabaseSync } from 'node:sqlite'
import { isPatronkitError } from '@patronkit/core'
import { all, field, get, headOf, list, NO_HEAD } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { expect, test } from 'vitest'
import { accounts, migrated, unit } from './sample.ts'

test('an integer beyond 2^53 that somebody else stored is refused and not rounded', async () => {
  const db = new DatabaseSync(':memory:')
  const storage = await migrated({ connection: fromNodeSqlite(db) })
  db.exec(`insert into patronkit_test_account values ('acme', 'most', 9007199254740991), ('acme', 'more', 9007199254740992),
    ('acme', 'least', -9007199254740993)`)
  expect(storage.read('acme', [get(accounts, { id: 'most' })])).toEqual([{ id: 'most', points: 2 ** 53 - 1 }])
  for (const id of ['more', 'least']) expect(() => storage.read('acme', [get(accounts, { id })])).toThrow('storage/integer-out-of-range')
})

test.each(['\u0000', 'a\u0000b', '\ud800', 'x\udc00y'])(
  'a text no SQL engine keeps faithfully (%j) is refused wherever it stands',
  async (text) => {
    const storage = await migrated({ file: ':memory:' })
    const refused = (work: () => unknown) => expect(work).toThrow('storage/text-not-storable')
    refused(() => storage.commit([{ ...unit('a', 1), writes: [{ write: 'put', table: accounts, row: { id: text, points: 1 } }] }]))
    refused(() => storage.commit([unit(text, 1)]))
    refused(() => storage.commit([{ ...unit('a', 1), tenant: text }]))
    refused(() => storage.commit([{ ...unit('a', 1), timers: [{ timer: 'set', queue: 'q', key: text, dueAt: 1 }] }]))
    refused(() => storage.read('acme', [get(accounts, { id: text })]))
    refused(() => storage.read('acme', [list(accounts, { where: field('id').in(['a', text]), limit: 1 })]))
    refused(() => storage.read(text, [headOf('test', 'a')]))
    expect(storage.read('acme', [headOf('test', 'a'), list(accounts, { where: all(), limit: 9 })])).toEqual([NO_HEAD, []])
  },
)

test('a column is never taken from outside the declaration', async () => {
  const storage = await migrated({ file: ':memory:' })
  for (const name of ['tenant', 'nothing', '__proto__', 'constructor', 'points" = 0 or 1 = 1 --']) {
    const where = field(name).eq(1)
    expect(() => storage.read('acme', [list(accounts, { where, limit: 1 })])).toThrow('storage/unknown-column')
    expect(() => storage.read('acme', [list(accounts, { where: all(), order: [name], limit: 1 })])).toThrow('storage/unknown-column')
    const change = { write: 'change', table: accounts, key: { id: 'a' }, set: Object.fromEntries([[name, 1]]) } as const
    expect(() => storage.commit([{ ...unit('a', 1), writes: [change] }])).toThrow('storage/unknown-column')
  }
})

test('errors are of the library and carry what happened', async () => {
  const storage = await migrated({ file: ':memory:' })
  const remove = { write: 'remove', table: accounts, key: { id: 'nobody' } } as const
  const tried = await Promise.resolve()
    .then(() => storage.commit([{ ...unit('a', 1), writes: [remove] }]))
    .catch((error: unknown) => error)
  expect(isPatronkitError(tried, 'storage/row-missing') && tried.details).toEqual({ table: 'test_account' })
})
