import type { ColumnType } from '@patronkit/core/storage'
import { DummyDriver, type Expression, Kysely, type RawBuilder, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'
import type { AnyTables, CastType, Dialect, Fault } from './dialect.ts'
import { sqliteViews } from './sqlite-views.ts'

const COLUMN_TYPES: { readonly [T in ColumnType]: string } = {
  text: 'text',
  decimal: 'text',
  json: 'text',
  integer: 'integer',
  instant: 'integer',
  boolean: 'integer',
}

/** SQLite 3.38 or newer (Node ≥ 22.13 ships 3.47). Its text compares as BINARY, which is by code point. */
export const sqliteDialect: Dialect = {
  name: 'sqlite',
  build: new Kysely<AnyTables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  // a deferred transaction that read first cannot wait for another writer: it fails at once
  schema: null,
  skipLocked: false,
  beforeMigrating: [],
  begin: 'begin immediate',
  commit: 'commit',
  rollback: 'rollback',
  tableEnd: sql`without rowid`,
  views: sqliteViews,
  columnType: (type) => COLUMN_TYPES[type],
  reserved: /^sqlite_/i,
  // SQLite does not tell upper from lower case
  identifier: (name) => name.toLowerCase(),
  // missing values stand first in SQLite's indexes as they are
  indexed: () => null,
  cast: (type, parameter) => {
    const target = CASTS[type]
    return target ? sql`cast(${parameter} as ${target})` : sql`${parameter}`
  },
  row: (columns) => sql`json_array(${sql.join(columns.map((column) => sql.ref(column)))})`,
  rows: (columns) => sql`json_group_array(json_array(${sql.join(columns.map((column) => sql.ref(column)))}))`,
  asText: (json) => sql`${json}`,
  answers: (parts) => sql`select '[' || ${joined(parts)} || ']'`,
  forEach: null,
  scalarInJson: (column, type) => {
    const kinds = type === 'text' ? sql`('text')` : sql`('integer', 'real')`
    return sql`case when json_type(${sql.ref(column)}) in ${kinds} then ${sql.ref(column)} ->> '$' end`
  },
  nowMs: sql`cast(unixepoch('subsec') * 1000 as integer)`,
  fault,
  columnsOf: (table) => ({
    text: `select json_group_array(json_array("name", lower("type"), "notnull", "pk")) from pragma_table_info(?)`,
    params: [table],
  }),
  indexesOf: (table) => ({
    text: `select json_group_array(json_array("name", json((select json_group_array("name") from pragma_index_info("list"."name")))))
      from pragma_index_list(?) as "list" where "origin" = 'c'`,
    params: [table],
  }),
  hasTable: (table) => ({ text: `select "name" from sqlite_master where "type" = 'table' and "name" = ?`, params: [table] }),
}

/**
 * From 3.54 on a subquery's JSON counts as mere text in a JSON function, and a function takes so many arguments only; so
 * texts are joined. By halves, because SQLite limits how deep an expression is.
 */
function joined(parts: readonly Expression<unknown>[]): RawBuilder<unknown> {
  if (parts.length === 1) return sql`coalesce(${parts[0]!}, 'null')`
  const half = parts.length >> 1
  return sql`(${joined(parts.slice(0, half))} || ',' || ${joined(parts.slice(half))})`
}

const CASTS: { readonly [T in CastType]?: ReturnType<typeof sql> } = {
  integer: sql`integer`,
  instant: sql`integer`,
  boolean: sql`integer`,
  number: sql`real`,
}

/** Drivers and query builders wrap SQLite's error, so its words are looked for along the chain of causes. */
function fault(error: unknown): Fault | null {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (/no such (table|column)|has no column named/.test(e.message)) return 'missing-relation'
    if (/(UNIQUE|PRIMARY KEY) constraint failed/.test(e.message)) return 'duplicate'
    if (/database (table )?is locked/.test(e.message)) return 'busy'
    if (/cannot start a transaction within a transaction/.test(e.message)) return 'nested-transaction'
  }
  return null
}
