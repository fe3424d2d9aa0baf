import { sql } from 'kysely'
import type { ViewDialect } from './views.ts'

/** Views on SQLite, which has no type for an instant: ISO text, to the millisecond, in UTC. */
export const sqliteViews: ViewDialect = {
  shown: (type, stored) => (type === 'instant' ? sql`strftime('%Y-%m-%dT%H:%M:%fZ', ${stored} / 1000.0, 'unixepoch')` : stored),
  member: (column, path, type) => {
    const at = sql.lit(`$${path.map((step) => `."${step}"`).join('')}`)
    if (type === 'json') return sql`${column} -> ${at}`
    return sql`case when json_type(${column}, ${at}) in (${sql.join(JSON_TYPES[type].map((one) => sql.lit(one)))}) then ${column} ->> ${at} end`
  },
  text: (value) => value,
  // SQLite writes through no view
  readOnly: null,
  typeOf: () => null,
  viewOf: (view) => ({
    text: `select json_object('columns', json((select json_group_array(json_array("name", null)) from pragma_table_info("v"."name"))), 'text', "v"."sql")
      from sqlite_master as "v" where "v"."type" = 'view' and "v"."name" = ? collate nocase`,
    params: [view],
  }),
}

const JSON_TYPES = {
  text: ['text'],
  decimal: ['text'],
  integer: ['integer'],
  instant: ['integer'],
  boolean: ['true', 'false'],
} as const
