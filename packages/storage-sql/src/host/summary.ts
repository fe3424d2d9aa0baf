import type { HostColumn, HostSummary, HostTable, HostTold, HostTotals } from '@patronkit/core/storage'
import { sql } from 'kysely'
import { hostCondition, ofTenant, type Putting } from './condition.ts'
import { decimalText, type HostDialect, type Sql } from './values.ts'

const COUNTED = sql`1`
const ref = (alias: string, column: HostColumn): Sql => sql`${sql.ref(`${alias}.${column.column}`)}`
const pair = (alias: string, name: string): Sql => sql`${sql.ref(`${alias}.${name}`)}`

/**
 * A summary as SQL that answers a list of rows: stretch, what rows are told apart by, their count, and the values as texts. Inside,
 * each row is given its stretch, its place among its like (`r`) and their number (`c`); outside they are put together.
 */
export function summaryOf(q: HostSummary, put: Putting): Sql {
  const { dialect } = put
  const columns = q.by.map((column, at) => ({ column, name: `b${at}` }))
  const stretch = put.alias()
  const rows = put.alias()
  const value = (column: HostColumn | null): Sql => (column ? dialect.value(ref('t0', column), column) : COUNTED)
  const group = sql.join([pair(stretch, 'n'), ...q.by.map(value)])
  const inner = sql.join([
    sql`${pair(stretch, 'n')} as "n"`,
    ...columns.map(({ column, name }) => sql`${value(column)} as ${sql.ref(name)}`),
    ...toldOf(q, group, value, put),
  ])
  // a cross join makes SQLite go through the stretches first; left to itself it reads their JSON anew for every row
  const from = sql`${dialect.stretches(q.stretches)} as ${sql.ref(stretch)} cross join ${sql.table(q.table.table)} as "t0"`
  const where = sql`${ofTenant(q.table, 't0', put)} and ${dialect.during(ref('t0', q.at), q.at, stretch)} and ${hostCondition(q.where, 't0', put)}`
  const by = [pair(rows, 'n'), ...columns.map(({ column, name }) => dialect.value(pair(rows, name), column))]
  const answers = [...by, sql`count(*)`, ...putTogether(q.tell, rows, dialect)]
  const names = answers.map((_, at) => `a${at}`)
  const shown = sql.join(answers.map((answer, at) => sql`${answer} as ${sql.ref(names[at]!)}`))
  return dialect.rows(
    names,
    sql`select ${shown} from (select ${inner} from ${from} where ${where}) as ${sql.ref(rows)} group by ${sql.join(by)}`,
  )
}

/** What each row brings along. */
function toldOf({ tell, at, by, tenant }: HostSummary, group: Sql, value: (column: HostColumn | null) => Sql, put: Putting): Sql[] {
  switch (tell.told) {
    case 'count':
      return []
    case 'ranked':
      return [
        sql`${value(tell.of)} as "v"`,
        sql`row_number() over (partition by ${group} order by ${value(tell.of)}) as "r"`,
        sql`count(*) over (partition by ${group}) as "c"`,
      ]
    case 'latest':
      return [
        sql`${value(tell.of)} as "v"`,
        sql`row_number() over (partition by ${group}, ${whose('t0', tell.per, put.dialect)} order by ${value(at)} desc, ${value(tell.key)} desc) as "r"`,
      ]
    case 'followed':
      return [sql`case when ${followed(tell, { at, by, tenant }, put)} then 1 else 0 end as "v"`]
    default:
      return [sql`${value(tell.of)} as "v"`]
  }
}

function putTogether(tell: HostTold, rows: string, { digits }: HostDialect): Sql[] {
  const value = pair(rows, 'v')
  const only = (when: Sql): Sql => sql`case when ${when} then ${value} end`
  switch (tell.told) {
    case 'count':
      return []
    case 'min':
      return [digits(sql`min(${value})`)]
    case 'max':
      return [digits(sql`max(${value})`)]
    case 'latest':
      return [digits(sql`sum(${only(sql`${pair(rows, 'r')} = 1`)})`)]
    case 'ranked':
      return tell.places.map(({ times, plus, over }) => {
        const place = sql`(${pair(rows, 'c')} * ${sql.lit(times)} + ${sql.lit(plus)}) / ${sql.lit(over)}`
        return digits(sql`min(${only(sql`${pair(rows, 'r')} = ${place}`)})`)
      })
    default:
      return [digits(sql`sum(${value})`)]
  }
}

/** Whose row it is; of nobody where that is missing. */
const whose = (alias: string, per: HostColumn | null, dialect: HostDialect): Sql =>
  per ? sql`coalesce(${dialect.value(ref(alias, per), per)}, '')` : sql`''`

function followed(
  { per, within, next }: Extract<HostTold, { told: 'followed' }>,
  { at, by, tenant }: Pick<HostSummary, 'at' | 'by' | 'tenant'>,
  put: Putting,
): Sql {
  const { dialect } = put
  const alias = put.alias()
  const table: HostTable = next.table
  const since = sql`${dialect.value(ref(alias, next.at), next.at)} - ${dialect.value(ref('t0', at), at)}`
  const alike = by.map((column, place) => {
    const its = next.by[place]!
    return sql`${dialect.value(ref(alias, its), its)} is not distinct from ${dialect.value(ref('t0', column), column)}`
  })
  const conditions = [
    ofTenant(table, alias, { dialect, tenant }),
    hostCondition(next.where, alias, put),
    sql`${whose(alias, next.per, dialect)} = ${whose('t0', per, dialect)}`,
    sql`${since} >= 0`,
    sql`${since} < ${dialect.integer(within)}`,
    ...alike,
  ]
  return sql`exists (select 1 from ${sql.table(table.table)} as ${sql.ref(alias)} where ${sql.join(conditions, sql` and `)})`
}

/** What the statement answered of one summary. */
export function totalsOf(
  q: HostSummary,
  rows: readonly (readonly unknown[])[],
  read: (value: unknown, column: HostColumn) => HostTotals['by'][number],
  dialect: HostDialect,
): readonly HostTotals[] {
  const shift = q.tell.told === 'count' || q.tell.told === 'followed' || q.tell.of === null ? 0 : dialect.shift(q.tell.of)
  const behind = 1 + q.by.length
  return rows.map((row) => ({
    stretch: Number(row[0]),
    by: q.by.map((column, at) => read(row[at + 1], column)),
    count: Number(row[behind]),
    values: row.slice(behind + 1).map((text) => decimalText(String(text), shift)),
  }))
}
