import { PGlite } from '@electric-sql/pglite'
import { isPatronkitError } from '@patronkit/core'
import {
  all,
  get,
  type Head,
  headOf,
  integer,
  list,
  NO_HEAD,
  nullable,
  type PackageSchema,
  table,
  text,
  type Unit,
  type Write,
} from '@patronkit/core/storage'
import { afterAll, describe, expect, test } from 'vitest'
import { type Place, pglitePlace, sqlitePlace } from './engines.ts'

const before = table('side_card', { id: text(), points: integer() }, { key: ['id'], subject: ['id'] })
const after = table('side_card', { id: text(), points: integer(), tier: nullable(text()) }, { key: ['id'], subject: ['id'] })
const first = { id: 1, about: 'cards', steps: [{ addTable: before }] }
const second = { id: 2, about: 'tiers', steps: [{ addColumn: { table: 'side_card', column: 'tier', type: nullable(text()) } }] }
const third = { id: 3, about: 'tiers count for all', breaking: true, steps: [] } as const
const older: PackageSchema = { package: 'side', tables: [before], migrations: [first] }
const newer: PackageSchema = { package: 'side', tables: [after], migrations: [first, second] }
const newest: PackageSchema = { package: 'side', tables: [after], migrations: [first, second, third] }

const unit = (id: string, from: Head, write: Write): Unit => ({
  tenant: 'acme',
  heads: [{ kind: 'side', subject: id, from, to: { version: from.version + 1, lastAt: 1, seq: 0, chain: '' } }],
  writes: [write],
  events: [],
  timers: [],
})

const db = new PGlite()
afterAll(() => db.close())
let schemas = 0
const places: { readonly [engine: string]: () => Place } = {
  sqlite: sqlitePlace,
  pglite: () => pglitePlace(db, `versions_${++schemas}`),
}

describe.each(Object.keys(places))('two versions of a package in one database on %s', (engine) => {
  const place = places[engine]!
  const opened = (at: Place, schema: PackageSchema) => {
    const storage = at.storage()
    storage.declare(schema)
    const commit = async (id: string, write: Write) => {
      const [head] = (await storage.read('acme', [headOf('side', id)])) as [Head]
      expect(await storage.commit([unit(id, head, write)])).toEqual([{ outcome: 'done' }])
    }
    const read = async (id: string) => (await storage.read('acme', [get(schema.tables[0]!, { id })]))[0]
    return { storage, commit, read }
  }

  test('neighbours read and commit side by side; what the older does not know it leaves as it is', async () => {
    const at = place()
    const old = opened(at, older)
    await old.storage.schema.migrate()
    await old.commit('a', { write: 'insert', table: before, row: { id: 'a', points: 1 } })
    const young = opened(at, newer)
    expect(await young.storage.schema.migrate()).toEqual({ applied: 1 })
    expect(await young.read('a')).toEqual({ id: 'a', points: 1, tier: null })

    await young.commit('a', { write: 'change', table: after, key: { id: 'a' }, set: { tier: 'gold' } })
    await old.commit('a', { write: 'change', table: before, key: { id: 'a' }, set: { points: 2 } })
    expect(await young.read('a'), 'a change sets the columns it names').toEqual({ id: 'a', points: 2, tier: 'gold' })
    await old.commit('a', { write: 'put', table: before, row: { id: 'a', points: 3 } })
    expect(await young.read('a'), 'a put sets the columns its version knows').toEqual({ id: 'a', points: 3, tier: 'gold' })
    await old.commit('b', { write: 'put', table: before, row: { id: 'b', points: 4 } })
    expect(await young.read('b'), 'a new row has none').toEqual({ id: 'b', points: 4, tier: null })
    await young.commit('b', { write: 'put', table: after, row: { id: 'b', points: 5, tier: 'blue' } })
    expect(await old.read('b')).toEqual({ id: 'b', points: 5 })
    expect(await old.storage.read('acme', [list(before, { where: all(), limit: 9 })])).toEqual([
      [
        { id: 'a', points: 3 },
        { id: 'b', points: 5 },
      ],
    ])
    await old.commit('a', { write: 'remove', table: before, key: { id: 'a' } })
    expect(await young.read('a')).toBeNull()
    expect(await old.storage.schema.migrate(), 'the older has nothing to do').toEqual({ applied: 0 })
    expect(await old.storage.schema.drift()).toEqual([
      `column ${engine === 'sqlite' ? at.named('side_card') : `versions_${schemas}.side_card`}.tier is not expected`,
      'migration side 2 was applied by a newer version',
    ])
  })

  test('a newer breaking schema is refused by every call, and says which steps it is about', async () => {
    const at = place()
    const now = opened(at, newest)
    expect(await now.storage.schema.migrate()).toEqual({ applied: 5 })
    await now.commit('a', { write: 'insert', table: after, row: { id: 'a', points: 1, tier: 'gold' } })
    for (const schema of [older, newer]) {
      const { storage } = opened(at, schema)
      const state = { consumer: 'c', lane: 0, position: 1, attempts: 0, retryAt: 0, lastError: null }
      const calls: readonly (() => unknown)[] = [
        () => storage.read('acme', [headOf('side', 'a')]),
        () => storage.commit([unit('b', NO_HEAD, { write: 'insert', table: before, row: { id: 'b', points: 1 } })]),
        () => storage.claim({ queues: ['q'], now: 1, limit: 1, leaseMs: 1, lease: 'l' }),
        () => storage.nextDue(['q']),
        () => storage.feed({ consumer: 'c', now: 1, limit: 1 }),
        () => storage.advance(0, state),
        () => storage.schema.migrate(),
      ]
      for (const call of calls) {
        const error = await Promise.resolve()
          .then(call)
          .catch((thrown) => thrown)
        expect(isPatronkitError(error, 'storage/newer-schema') && error.details).toEqual({
          engine: engine === 'sqlite' ? 'sqlite' : 'postgres',
          package: 'side',
          steps: [3],
        })
      }
      expect(await storage.schema.drift(), 'looking is allowed').toContain('migration side 3 was applied by a newer version')
    }
    expect(await now.read('b')).toBeNull()
    const other = at.storage()
    other.declare({ package: 'other', tables: [], migrations: [] })
    expect(await other.read('acme', [headOf('side', 'b')]), 'who has not the package is not asked').toEqual([NO_HEAD])
  })

  test('the database is looked at before the first call, and again only when a package comes to it', async () => {
    const at = place()
    const seen: string[] = []
    const storage = at.storage({ noting: (statement) => seen.push(statement) })
    storage.declare(older)
    await storage.schema.migrate()
    const looks = async () => {
      seen.length = 0
      await storage.read('acme', [headOf('side', 'a')])
      return seen.length - 1
    }
    expect([await looks(), await looks()]).toEqual([2, 0])
    storage.declare({ package: 'other', tables: [], migrations: [] })
    expect([await looks(), await looks()]).toEqual([2, 0])
    expect(seen.join()).not.toMatch(/create|alter|lock/i)
  })

  test('sql({ from }) prints what is left: by hand or by migrate(), the same is there', async () => {
    const printed = place()
    const all = opened(printed, newest).storage
    await printed.exec(all.schema.sql())
    expect([await all.schema.migrate(), await all.schema.drift()]).toEqual([{ applied: 0 }, []])

    const at = place()
    const old = opened(at, older).storage
    await old.schema.migrate()
    const { storage, commit, read } = opened(at, newest)
    const from = await storage.schema.applied()
    expect(from).toEqual({ storage: 2, side: 1 })
    const rest = storage.schema.sql({ from })
    expect(rest.match(/^-- .*/gm)).toEqual(['-- side 2', '-- side 3'])
    expect(rest).not.toMatch(/create (schema|table)/)
    await at.exec(rest)
    expect([await storage.schema.migrate(), await storage.schema.drift()]).toEqual([{ applied: 0 }, []])
    expect(await storage.schema.applied()).toEqual({ storage: 2, side: 3 })
    expect(storage.schema.sql({ from: await storage.schema.applied() })).toBe('')
    await commit('a', { write: 'insert', table: after, row: { id: 'a', points: 1, tier: 'gold' } })
    expect(await read('a')).toEqual({ id: 'a', points: 1, tier: 'gold' })
    await expect(
      Promise.resolve().then(() => opened(at, newer).read('a')),
      'the printed record says breaking too',
    ).rejects.toThrow('storage/newer-schema')
  })

  test('a database from before that flag is brought on, and until then refuses nobody', async () => {
    const at = place()
    const { storage, commit, read } = opened(at, older)
    const text = storage.schema.sql()
    const [flag, next] = [text.indexOf('-- storage 2'), text.indexOf('-- side 1')]
    await at.exec(text.slice(0, flag) + text.slice(next))
    await commit('a', { write: 'insert', table: before, row: { id: 'a', points: 1 } })
    expect((await storage.schema.drift()).at(-1)).toBe('migration storage 2 was not applied')
    expect(await storage.schema.migrate()).toEqual({ applied: 1 })
    expect([await storage.schema.drift(), await read('a')]).toEqual([[], { id: 'a', points: 1 }])
  })
})
