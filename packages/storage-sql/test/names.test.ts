import { PGlite } from '@electric-sql/pglite'
import { get, headOf, NO_HEAD } from '@patronkit/core/storage'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { storageSuite } from '@patronkit/storage-testkit'
import { afterAll, describe, expect, test } from 'vitest'
import { type Place, pglitePlace, sqlitePlace } from './engines.ts'
import { accounts, schema, unit } from './sample.ts'

const AWKWARD = `Up"'\`$?_;--`
const LONG = 'x'.repeat(60)

const db = new PGlite()
afterAll(() => db.close())
let schemas = 0
const places: { readonly [engine: string]: () => Place } = {
  sqlite: sqlitePlace,
  pglite: () => pglitePlace(db, `${AWKWARD}Names${++schemas}`),
}

for (const [engine, place] of Object.entries(places)) {
  storageSuite({
    name: `${engine}, everything quoted`,
    test,
    engine: async () => place().storage({ tablePrefix: AWKWARD }),
    capabilities: { ddl: true },
  })
}

describe.each(Object.keys(places))('names on %s', (engine) => {
  test('storages with different prefixes in one database do not meet', async () => {
    const at = places[engine]!()
    const prefixes = ['', 'a_', 'a_b_', 'Select', `"`, `""`, LONG, `${LONG.slice(1)}y`]
    const storages = prefixes.map((tablePrefix) => at.storage({ tablePrefix }))
    for (const [i, storage] of storages.entries()) {
      storage.declare(schema)
      expect(await storage.schema.migrate()).toEqual({ applied: 3 })
      expect(await storage.commit([unit(`only ${i}`, i)])).toEqual([{ outcome: 'done' }])
    }
    for (const [i, storage] of storages.entries()) {
      expect(await storage.schema.drift()).toEqual([])
      const reads = prefixes.map((_, j) => get(accounts, { id: `only ${j}` }))
      expect(await storage.read('acme', reads)).toEqual(prefixes.map((_, j) => (i === j ? { id: `only ${i}`, points: i } : null)))
      const { events } = await storage.feed({ consumer: 'c', now: 1, limit: 99 })
      expect(events.map((event) => event.subject)).toEqual([`only ${i}`])
    }
  })

  test('what is printed under such names runs by hand', async () => {
    const at = places[engine]!()
    for (const tablePrefix of [AWKWARD, LONG]) {
      const storage = at.storage({ tablePrefix })
      storage.declare(schema)
      await at.exec(storage.schema.sql())
      expect([await storage.schema.migrate(), await storage.schema.drift()]).toEqual([{ applied: 0 }, []])
    }
  })
})

test('prefixes that differ in case only are one on SQLite, and two on Postgres', async () => {
  for (const [engine, place] of Object.entries(places)) {
    const at = place()
    const [lower, upper] = ['crm_', 'CRM_'].map((tablePrefix) => at.storage({ tablePrefix }))
    for (const storage of [lower!, upper!]) storage.declare(schema)
    await lower!.schema.migrate()
    expect(await upper!.schema.migrate()).toEqual({ applied: engine === 'sqlite' ? 0 : 3 })
    expect(await upper!.schema.drift()).toEqual([])
    await lower!.commit([unit('a', 1)])
    const [head] = await upper!.read('acme', [headOf('test', 'a')])
    expect(head === NO_HEAD).toBe(engine !== 'sqlite')
  }
})

test.each(['a.b', 'two words', 'ümlaut', 'x'.repeat(61), 'sqlite_'])('the prefix "%s" is refused', (tablePrefix) => {
  expect(() => sqliteStorage({ file: ':memory:', tablePrefix })).toThrow('storage/bad-schema')
})
