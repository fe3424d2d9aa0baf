import './errors.ts'
import {
  type HostColumn,
  type HostQuestion,
  type HostReader,
  type HostReading,
  type HostSummary,
  type MaybePromise,
  type Session,
  whenDone,
} from '@patronkit/core/storage'
import { sql } from 'kysely'
import { hostCondition, ofTenant, type Putting, unknownsIn } from './host/condition.ts'
import { summaryOf, totalsOf } from './host/summary.ts'
import { type HostDialect, postgresHost, type Sql, sqliteHost } from './host/values.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/**
 * Reads the host's own tables and views over the host's connection; it never writes.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from 'node:sqlite'
 * import { hostReader } from '@patronkit/storage-sql/host'
 * import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
 *
 * export const reader = hostReader({ connection: fromNodeSqlite(new DatabaseSync('crm.db')) })
 * ```
 */
export function hostReader(i: { readonly connection: Session }): HostReader {
  const engine = i.connection.dialect === 'postgres' ? 'postgres' : 'sqlite'
  const dialect = engine === 'postgres' ? postgresHost : sqliteHost
  const { build } = engine === 'postgres' ? postgresDialect('patronkit') : sqliteDialect
  const compiled = (query: Sql) => {
    const { sql: text, parameters } = query.compile(build)
    return { text, params: parameters as readonly (string | null)[] }
  }
  const run = (query: Sql, o: HostReading = {}): MaybePromise<string | null> => {
    const { text, params } = compiled(query)
    return (o.session ?? i.connection).run(text, params)
  }
  return {
    engine,
    statement: (q) => compiled('length' in q ? summariesOf(q, dialect) : keysOf(q, puttingOf(q, 'exact', dialect), sql``)),
    summaries: (all, o) => {
      if (all.length === 0) return []
      return whenDone(run(summariesOf(all, dialect), o), (text) => {
        const lists = JSON.parse(text!) as unknown[][][]
        return all.map((q, at) => totalsOf(q, lists[at]!, read, dialect))
      })
    },
    unknowns: (q) => unknownsIn(q.where),
    count: (q, o) => whenDone(run(countOf(q, puttingOf(q, o?.superset ? 'superset' : 'exact', dialect)), o), Number),
    keys: (q, o) => {
      const put = puttingOf(q, o.superset ? 'superset' : 'exact', dialect)
      const key = dialect.value(sql`${sql.ref(`t0.${q.key.column}`)}`, q.key)
      const behind = o.after === undefined ? sql`` : sql` and ${key} > ${dialect.parameter(o.after, q.key)}`
      const page = sql`${keysOf(q, put, behind)} order by ${key} limit ${sql.lit(o.limit)}`
      return whenDone(run(dialect.list(page), o), (text) => JSON.parse(text ?? '[]') as string[])
    },
    rows: ({ tenant, table, key, columns, keys }, o) => {
      if (keys.length === 0) return []
      const all = [key, ...columns]
      const names = all.map((_, at) => `c${at}`)
      const column = (of: HostColumn) => sql`${sql.ref(`t0.${of.column}`)}`
      const shown = all.map((of, at) => sql`${dialect.shown(column(of), of)} as ${sql.ref(names[at]!)}`)
      const query = sql`select ${sql.join(shown)} from ${sql.table(table.table)} as "t0" where ${ofTenant(table, 't0', { dialect, tenant })} and ${dialect.value(column(key), key)} in ${dialect.listed(keys, key)}`
      return whenDone(run(dialect.rows(names, query), o), (text) =>
        (JSON.parse(text ?? '[]') as unknown[][]).map((row) => row.map((value, at) => read(value, all[at]!))),
      )
    },
  }
}

const read = (value: unknown, column: HostColumn): string | number | boolean | null => {
  if (value === null) return null
  if (column.type === 'boolean') return value === true || value === 1
  // JSON has no word for infinity; Postgres writes it as a text
  return column.type === 'number' ? Number(value) : (value as string | number)
}

function puttingOf(q: HostQuestion | HostSummary, as: Putting['as'], dialect: HostDialect): Putting {
  let next = 1
  return { dialect, tenant: q.tenant, as, alias: () => `t${next++}` }
}

const summariesOf = (all: readonly HostSummary[], dialect: HostDialect): Sql =>
  dialect.together(all.map((q) => summaryOf(q, puttingOf(q, 'exact', dialect))))

const bodyOf = (q: HostQuestion, put: Putting): Sql =>
  sql`from ${sql.table(q.table.table)} as "t0" where ${ofTenant(q.table, 't0', put)} and ${hostCondition(q.where, 't0', put)}`

const countOf = (q: HostQuestion, put: Putting): Sql => sql`select cast(count(*) as text) ${bodyOf(q, put)}`

const keysOf = (q: HostQuestion, put: Putting, behind: Sql): Sql =>
  sql`select ${put.dialect.text(sql`${sql.ref(`t0.${q.key.column}`)}`)} as "k" ${bodyOf(q, put)}${behind}`
