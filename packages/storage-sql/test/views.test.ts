import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import {
  all,
  boolean,
  decimal,
  field,
  instant,
  integer,
  json,
  NO_HEAD,
  nullable,
  type PackageSchema,
  type Row,
  type Storage,
  table,
  text,
  type Unit,
  type View,
  view,
} from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, describe, expect, test } from 'vitest'

const owners = table('seen_owner', { owner: text(), name: text() }, { key: ['owner'], subject: ['owner'] })
const visits = table(
  'seen_visit',
  {
    id: text(),
    owner: text(),
    at: nullable(instant()),
    open: boolean(),
    price: nullable(decimal()),
    stars: nullable(integer()),
    state: json(),
  },
  { key: ['id'], subject: ['id'] },
)
const shown = view('seen_visit_v1', {
  from: visits,
  join: { table: owners, on: ['owner'], optional: true },
  columns: {
    id: 'id',
    owner_name: { joined: 'name' },
    visited_at: 'at',
    visited_ms: { column: 'at', stored: true },
    is_open: 'open',
    price: 'price',
    late_stars: { column: 'stars', when: field('stars').lt(3) },
    word: { cases: [[all(field('stars').gte(4), field('open').eq(false)), "it's good"]], otherwise: null },
    mood: { json: 'state', path: ['mood', 'now'], type: 'text' },
    count: { json: 'state', path: ['count'], type: 'integer' },
    since: { json: 'state', path: ['since'], type: 'instant' },
    sure: { json: 'state', path: ['sure'], type: 'boolean' },
    paid: { json: 'state', path: ['paid'], type: 'decimal' },
    list: { json: 'state', path: ['list'], type: 'json' },
  },
  where: field('id').ne('hidden'),
})
const plain = view('seen_owner_v1', { from: owners, columns: { owner: 'owner', name: 'name' } })

const tables = { package: 'seen', tables: [owners, visits] }
const addTables = { id: 1, about: 'tables', steps: [{ addTable: owners }, { addTable: visits }] }
const addViews = { id: 2, about: 'views', steps: [{ addView: shown }, { addView: plain }] }
const schema: PackageSchema = { ...tables, views: [shown, plain], migrations: [addTables, addViews] }

const rows: readonly Row[] = [
  {
    id: 'a',
    owner: 'o',
    at: 1_767_225_600_123,
    open: true,
    price: '10.50',
    stars: 2,
    state: { mood: { now: 'glad' }, count: 7, since: 0, sure: true, paid: '0.10', list: [1, 'x'] },
  },
  { id: 'b', owner: 'nobody', at: -1, open: false, price: null, stars: 5, state: { mood: 7, count: 'seven', sure: 'yes' } },
  { id: 'c', owner: 'o', at: null, open: false, price: '9', stars: null, state: { mood: { now: '\u0000' } } },
  { id: 'hidden', owner: 'o', at: 0, open: false, price: null, stars: null, state: null },
]
const unit = (tenant: string): Unit => ({
  tenant,
  heads: [{ kind: 'seen', subject: 'all', from: NO_HEAD, to: { version: 1, lastAt: 1, seq: 0, chain: '' } }],
  writes: [
    { write: 'insert', table: owners, row: { owner: 'o', name: `Otto of ${tenant}` } },
    ...rows.map((row) => ({ write: 'insert', table: visits, row }) as const),
  ],
  events: [],
  timers: [],
})

async function filled(storage: Storage, of = schema): Promise<Storage> {
  storage.declare(of)
  await storage.schema.migrate()
  for (const tenant of ['acme', 'other']) await storage.commit([unit(tenant)])
  return storage
}

const db = new PGlite()
afterAll(() => db.close())

describe.each(['sqlite', 'postgres'] as const)('views on %s', (engine) => {
  let schemas = 0
  function host() {
    if (engine === 'sqlite') {
      const file = new DatabaseSync(':memory:')
      const all = async (text: string) => file.prepare(text).all() as Record<string, unknown>[]
      const storage = () => sqliteStorage({ connection: fromNodeSqlite(file), tablePrefix: 'crm_' })
      return { storage, all, exec: async (text: string) => file.exec(text), named: (name: string) => `crm_${name}` }
    }
    const own = `views_${++schemas}`
    const all = async (text: string) => (await db.query(text)).rows as Record<string, unknown>[]
    const storage = () => postgresStorage({ connection: fromPglite(db), schema: own, tablePrefix: 'crm_' })
    return { storage, all, exec: async (text: string) => void (await db.exec(text)), named: (name: string) => `${own}.crm_${name}` }
  }

  test('the host reads columns under their published names, in the types its own queries expect', async () => {
    const { storage, all, named } = host()
    await filled(storage())
    const found = await all(`select * from ${named('seen_visit_v1')} where tenant = 'acme' order by visited_at, id`)
    const ordered = engine === 'sqlite' ? ['c', 'b', 'a'] : ['b', 'a', 'c']
    expect(found.map((row) => row.id)).toEqual(ordered)
    const [a, b, c] = ['a', 'b', 'c'].map((id) => found.find((row) => row.id === id)!)
    const at = (iso: string) => (engine === 'sqlite' ? iso : new Date(iso))
    const bool = (value: boolean) => (engine === 'sqlite' ? Number(value) : value)
    expect(a).toEqual({
      tenant: 'acme',
      id: 'a',
      owner_name: 'Otto of acme',
      visited_at: at('2026-01-01T00:00:00.123Z'),
      visited_ms: 1_767_225_600_123,
      is_open: bool(true),
      price: '10.50',
      late_stars: 2,
      word: null,
      mood: 'glad',
      count: 7,
      since: at('1970-01-01T00:00:00.000Z'),
      sure: bool(true),
      paid: '0.10',
      list: engine === 'sqlite' ? '[1,"x"]' : [1, 'x'],
    })
    const none = { mood: null, count: null, since: null, sure: null, paid: null, list: null }
    expect(b).toMatchObject({ owner_name: null, visited_at: at('1969-12-31T23:59:59.999Z'), late_stars: null, word: "it's good", ...none })
    expect(c).toMatchObject({ visited_at: null, visited_ms: null, price: '9', ...(engine === 'sqlite' ? {} : none) })
  })

  test('no view can be written, also one over a single table', async () => {
    const { storage, all, named } = host()
    await filled(storage())
    for (const name of ['seen_visit_v1', 'seen_owner_v1']) {
      const to = named(name)
      const column = name === 'seen_owner_v1' ? 'name' : 'id'
      for (const text of [
        `delete from ${to}`,
        `update ${to} set ${column} = 'x'`,
        `insert into ${to} (tenant, ${column}) values ('t', 'x')`,
      ]) {
        await expect(all(text), text).rejects.toThrow(/cannot (modify|delete|update|insert)/)
      }
    }
    expect(await all(`select name from ${named('seen_owner_v1')} order by tenant`)).toEqual([
      { name: 'Otto of acme' },
      { name: 'Otto of other' },
    ])
  })

  test('drift tells a view that is missing, one that is another, and nothing when all is as published', async () => {
    const { storage, exec, named } = host()
    const at = await filled(storage())
    expect(await at.schema.drift()).toEqual([])
    await exec(`drop view ${named('seen_visit_v1')}; drop view ${named('seen_owner_v1')};
      create view ${named('seen_owner_v1')} as select tenant, owner, 1 as extra from ${named('seen_owner')}`)
    expect(await at.schema.drift()).toEqual([
      `view ${named('seen_visit_v1')} is missing`,
      `column ${named('seen_owner_v1')}.name is missing`,
      `column ${named('seen_owner_v1')}.extra is not expected`,
    ])
  })

  test('the next version of a view stands beside the first, until a later step takes that away', async () => {
    const { storage, all, exec, named } = host()
    await filled(storage())
    const second = view('seen_owner_v2', { from: owners, columns: { id: 'owner', full_name: 'name' } })
    const addSecond = { id: 3, about: 'owners anew', steps: [{ addView: second }] }
    const both = storage()
    both.declare({ ...schema, views: [shown, plain, second], migrations: [addTables, addViews, addSecond] })
    expect(await both.schema.migrate()).toEqual({ applied: 1 })
    expect(await all(`select id, full_name from ${named('seen_owner_v2')} where tenant = 'acme'`)).toEqual([
      { id: 'o', full_name: 'Otto of acme' },
    ])
    const last = storage()
    const dropFirst = { id: 4, about: 'the first view of owners goes', breaking: true, steps: [{ dropView: 'seen_owner_v1' }] } as const
    last.declare({ ...schema, views: [shown, second], migrations: [addTables, addViews, addSecond, dropFirst] })
    await exec(last.schema.sql().slice(last.schema.sql().indexOf('-- seen 4')))
    expect(await last.schema.drift()).toEqual([])
    await expect(all(`select * from ${named('seen_owner_v1')}`)).rejects.toThrow(/no such table|does not exist/)
  })
})

const broken: readonly (readonly [string, Partial<View>])[] = [
  ['a name without its version', { name: 'seen_owner' }],
  ['a name that is no identifier', { name: 'x"; drop table y_v1' }],
  ['a column called tenant', { columns: { tenant: { from: 'owner', type: 'text' } } }],
  ['a path that is none', { columns: { x: { json: 'name', path: ["a'b"], type: 'text' } } }],
]
test.each(broken)('a view with %s is refused when it is declared', (_, part) => {
  const storage = sqliteStorage({ file: ':memory:' })
  const bad = { ...plain, ...part }
  expect(() => storage.declare({ ...tables, views: [bad], migrations: [addTables] })).toThrow('storage/bad-schema')
  expect(() => storage.declare({ ...tables, migrations: [{ id: 1, about: '', steps: [{ addView: bad }] }] })).toThrow('storage/bad-schema')
})
