import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { memoryStorage } from '@patronkit/core'
import {
  all,
  type ColumnType,
  get,
  list,
  type Migration,
  NO_HEAD,
  type PackageSchema,
  type Row,
  type Storage,
  type Table,
} from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { createPatronkit } from '../src/index.ts'

/** Every package that the kit declares, so that one that comes later is tested as well. */
const packages: PackageSchema[] = []
createPatronkit({
  storage: {
    ...memoryStorage(),
    declare: (schema) => void (packages.some((one) => one.package === schema.package) || packages.push(schema)),
  },
})

/** The package as it was after its first steps: the tables and views that these lead to. */
function after(schema: PackageSchema, migrations: readonly Migration[]): PackageSchema {
  const tables = new Map<string, Table>()
  const views = new Map<string, NonNullable<PackageSchema['views']>[number]>()
  for (const step of migrations.flatMap((migration) => migration.steps)) {
    if ('addTable' in step) tables.set(step.addTable.name, step.addTable)
    else if ('addView' in step) views.set(step.addView.name, step.addView)
    else if ('dropView' in step) views.delete(step.dropView)
    else if ('addColumn' in step) {
      const { table, column, type } = step.addColumn
      const of = tables.get(table)!
      tables.set(table, { ...of, columns: { ...of.columns, [column]: type } })
    } else {
      const { table, index, columns } = step.addIndex
      const of = tables.get(table)!
      tables.set(table, { ...of, indexes: { ...of.indexes, [index]: columns } })
    }
  }
  return { package: schema.package, tables: [...tables.values()], views: [...views.values()], migrations }
}

test.each(packages.map((schema) => [schema.package, schema] as const))('the steps of %s lead to its tables and views', (_, schema) => {
  const { tables, views } = after(schema, schema.migrations)
  const byName = <T extends { readonly name: string }>(of: readonly T[]) => new Map(of.map((one) => [one.name, one]))
  expect(byName(tables)).toEqual(byName(schema.tables))
  expect(byName(views ?? [])).toEqual(byName(schema.views ?? []))
})

const SAMPLE: { readonly [T in ColumnType]: Row[string] } = {
  text: 'a text',
  integer: 7,
  instant: 1_767_225_600_000,
  boolean: true,
  decimal: '10.50',
  json: { a: [1, null] },
}
const sampleRow = (table: Table): Row => Object.fromEntries(Object.entries(table.columns).map(([name, { type }]) => [name, SAMPLE[type]]))
const keyOf = (table: Table): Row => Object.fromEntries(table.key.map((column) => [column, SAMPLE[table.columns[column]!.type]]))

const db = new PGlite()
afterAll(() => db.close())
let schemas = 0
const engines: { readonly [engine: string]: () => () => Storage } = {
  sqlite: () => {
    const connection = fromNodeSqlite(new DatabaseSync(':memory:'))
    return () => sqliteStorage({ connection })
  },
  pglite: () => {
    const schema = `upgrade_${++schemas}`
    return () => postgresStorage({ connection: fromPglite(db), schema })
  },
}

const upgrades = packages.flatMap((schema) => schema.migrations.map((_, k) => [schema.package, k, schema] as const))

describe.each(Object.keys(engines))('on %s', (engine) => {
  test.each(upgrades)('a database with %s after %i of its steps comes to the latest with its rows', async (_, k, schema) => {
    const open = engines[engine]!()
    const old = open()
    const known = packages.map((one) => (one === schema ? after(one, one.migrations.slice(0, k)) : one))
    for (const one of known) old.declare(one)
    await old.schema.migrate()
    expect(await old.schema.drift()).toEqual([])
    const tables = known.find((one) => one.package === schema.package)!.tables
    for (const table of tables) {
      const heads = [{ kind: table.name, subject: 'a', from: NO_HEAD, to: { version: 1, lastAt: 1, seq: 0, chain: '' } }]
      const writes = [{ write: 'insert', table, row: sampleRow(table) } as const]
      expect(await old.commit([{ tenant: 'acme', heads, writes, events: [], timers: [] }])).toEqual([{ outcome: 'done' }])
    }

    const now = open()
    for (const one of packages) now.declare(one)
    expect(await now.schema.migrate()).toEqual({ applied: schema.migrations.length - k })
    expect(await now.schema.drift()).toEqual([])
    for (const latest of schema.tables) {
      const was = tables.find((table) => table.name === latest.name)
      const expected = was && { ...Object.fromEntries(Object.keys(latest.columns).map((column) => [column, null])), ...sampleRow(was) }
      expect(await now.read('acme', [get(latest, keyOf(latest)), list(latest, { where: all(), limit: 9 })])).toEqual([
        expected ?? null,
        expected ? [expected] : [],
      ])
    }
  })
})
