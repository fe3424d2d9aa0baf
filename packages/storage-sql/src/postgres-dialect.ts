import { type ColumnType, sha256Hex } from '@patronkit/core/storage'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import type { AnyTables, CastType, Dialect, Fault } from './dialect.ts'
import { badSchema } from './errors.ts'
import { isPlainName, NAMES } from './names.ts'
import { columnsOf, hasTable, indexesOf } from './postgres-catalog.ts'
import { unseen } from './postgres-sets.ts'
import { postgresViews } from './postgres-views.ts'

const COLUMN_TYPES: { readonly [T in ColumnType]: string } = {
  text: 'text collate "C"',
  decimal: 'text collate "C"',
  json: 'text collate "C"',
  integer: 'bigint',
  instant: 'bigint',
  boolean: 'boolean',
}

const CASTS: { readonly [T in CastType]?: ReturnType<typeof sql> } = {
  integer: sql`int8`,
  instant: sql`int8`,
  boolean: sql`boolean`,
  // a double would round integers, and refuses what is beyond it
  number: sql`numeric`,
}

const build = new Kysely<AnyTables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

const RESERVED = /^pg_/

/** What a server can do. PostgreSQL can do all of it. */
export interface PostgresCapabilities {
  /**
   * `for update skip locked`. Default: true. Without it claims that meet stay disjoint, but the one that comes second gets
   * fewer timers than are due, or none, and asks again.
   */
  readonly skipLocked?: boolean
  /** `pg_advisory_xact_lock`. Default: true. Without it `migrate()` has to be run from one place at a time. */
  readonly advisoryLock?: boolean
}

/** Postgres cuts a longer name off without a word, and two names with one beginning would meet. */
const MOST_BYTES = 63

/**
 * PostgreSQL 14 or newer, its tables in a schema of their own. Every parameter is bound as a text and cast in the
 * statement, so that no driver's type parsers are asked. Text compares by code point: `collate "C"` stands at each column.
 */
export function postgresDialect(schema: string, { skipLocked = true, advisoryLock = true }: PostgresCapabilities = {}): Dialect {
  if (!isPlainName(schema, 1) || RESERVED.test(schema)) throw badSchema('storage', `"${schema}" is no schema name; ${NAMES}`)
  return {
    name: 'postgres',
    build,
    schema,
    skipLocked,
    beforeMigrating: [
      ...(advisoryLock ? [{ text: 'select pg_advisory_xact_lock($1::text::int8)::text', params: [migrationLock(schema)] }] : []),
      {
        // asked first, because even "if not exists" needs the right to create one
        unless: 'select nspname::text from pg_catalog.pg_namespace where nspname = $1::text',
        text: build.schema.createSchema(schema).compile().sql,
        params: [schema],
      },
    ],
    begin: 'begin',
    commit: 'commit',
    rollback: 'rollback',
    tableEnd: null,
    views: postgresViews,
    columnType: (type) => COLUMN_TYPES[type],
    reserved: RESERVED,
    identifier: (name) => (name.length <= MOST_BYTES ? name : `${name.slice(0, MOST_BYTES - 9)}_${sha256Hex(name).slice(0, 8)}`),
    indexed: ({ nullable }) => (nullable ? sql`nulls first` : null),
    cast: (type, parameter) => {
      const target = CASTS[type]
      return target ? sql`${parameter}::text::${target}` : sql`${parameter}::text`
    },
    row: (columns) => sql`json_build_array(${refs(columns)})`,
    rows: (columns) => sql`coalesce(json_agg(json_build_array(${refs(columns)})), '[]'::json)`,
    asText: (json) => sql`(${json})::text`,
    // an array, because a function takes no more than 100 arguments
    answers: (parts) => sql`select array_to_json(array[${sql.join(parts.map((part) => sql`to_json(${part})`))}])::text`,
    forEach: (arrays, query) => {
      const names = sql.join([...arrays.map((_, i) => sql.ref(`p${i + 1}`)), sql.ref('no')])
      const columns = sql.join(arrays.map((array, i) => unseen(i, sql`${array}::text::text[]`)))
      return sql`(select json_agg(${query} order by "each"."no") from unnest(${columns}) with ordinality as "each" (${names}))`
    },
    scalarInJson,
    nowMs: sql`(extract(epoch from clock_timestamp()) * 1000)::int8`,
    fault,
    columnsOf,
    indexesOf,
    hasTable,
  }
}

const refs = (columns: readonly string[]) => sql.join(columns.map((column) => sql.ref(column)))

/** A number or a text in a JSON column. Texts with an escaped U+0000 or half a surrogate pair have no value in Postgres. */
function scalarInJson(column: string, type: 'number' | 'text') {
  const ref = sql.ref(column)
  const value = sql`(${ref}::json #>> '{}')`
  if (type === 'number') return sql`case when json_typeof(${ref}::json) = 'number' then ${value}::numeric end`
  return sql`(case when json_typeof(${ref}::json) = 'string' and ${ref} !~ '\\\\u(0000|d[89a-f])' then ${value} end collate "C")`
}

/** One lock for each schema, out of the 64 bits that hosts and migration tools share. */
const migrationLock = (schema: string): string => BigInt.asIntN(64, BigInt(`0x${sha256Hex(`patronkit ${schema}`).slice(0, 16)}`)).toString()

const FAULTS: { readonly [sqlState: string]: Fault } = {
  '42P01': 'missing-relation',
  '42703': 'missing-relation',
  '3F000': 'missing-relation',
  '23505': 'duplicate',
  // how the one statement of a commit ends itself when a row is not as it was read: by reading a sentence as a number
  '22P02': 'broken-write',
  '55P03': 'busy',
  '40001': 'aborted',
  '40P01': 'aborted',
}

/** Drivers give the SQLSTATE as `code`; query builders wrap the error, so it is looked for along the chain of causes. */
function fault(error: unknown): Fault | null {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const code = (e as { readonly code?: unknown }).code
    if (typeof code === 'string' && FAULTS[code]) return FAULTS[code]
  }
  return null
}
