import type { ColumnType } from '@patronkit/core/storage'
import { sql } from 'kysely'
import { viewOf } from './postgres-catalog.ts'
import type { ViewDialect } from './views.ts'

const TYPES: { readonly [T in ColumnType]: string } = {
  text: 'text collate "C"',
  decimal: 'numeric',
  json: 'json',
  integer: 'bigint',
  instant: 'timestamp with time zone',
  boolean: 'boolean',
}

/** Views on Postgres: instants as timestamptz, decimals as numeric, JSON as json. */
export const postgresViews: ViewDialect = {
  shown: (type, stored) => {
    // exact: milliseconds times a thousand stay below 2^53 until 2255
    if (type === 'instant') return sql`timestamptz 'epoch' + ${stored} * interval '1 millisecond'`
    if (type === 'decimal') return sql`(${stored})::numeric`
    return type === 'json' ? sql`(${stored})::json` : stored
  },
  member: (column, path, type) => {
    const steps = sql`array[${sql.join(path.map((step) => sql.lit(step)))}]::text[]`
    const found = sql`(${column}::json #>> ${steps})`
    // a JSON text with an escaped U+0000 or half a surrogate pair cannot be taken apart
    const readable = sql`${column} !~ '\\\\u(0000|d[89a-f])'`
    const ofType = (...kinds: readonly string[]) =>
      sql`${readable} and json_typeof(${column}::json #> ${steps}) in (${sql.join(kinds.map((kind) => sql.lit(kind)))})`
    switch (type) {
      case 'json':
        return sql`case when ${readable} then ${column}::json #> ${steps} end`
      case 'text':
        return sql`(case when ${ofType('string')} then ${found} end) collate "C"`
      case 'decimal':
        return sql`case when ${ofType('string')} then ${found} end`
      case 'boolean':
        return sql`case when ${ofType('boolean')} then ${found}::boolean end`
      default:
        return sql`case when ${ofType('number')} then ${found}::numeric::int8 end`
    }
  },
  text: (value) => sql`(${value})::text collate "C"`,
  // a view over one table alone would be writable; the planner takes this row out again
  readOnly: sql`cross join (select 1 as "one") as "read_only"`,
  typeOf: (type) => TYPES[type],
  viewOf,
}
