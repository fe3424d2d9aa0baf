import type { HostColumn, HostCondition, HostFold, HostLink, HostTable, HostValue } from '@patronkit/core/storage'
import { sql } from 'kysely'
import { notInSql } from '../errors.ts'
import type { HostDialect, Sql } from './values.ts'

/** How a question is put into SQL. */
export interface Putting {
  readonly dialect: HostDialect
  readonly tenant: string
  /** `exact` refuses what SQL cannot answer; the others let it through, or keep it out, wherever it stands. */
  readonly as: 'exact' | 'superset' | 'subset'
  /** Gives each table a name of its own. */
  readonly alias: () => string
}

const TRUE = sql`true`
const FALSE = sql`false`
const OPERATORS = { eq: sql`=`, ne: sql`<>`, lt: sql`<`, lte: sql`<=`, gt: sql`>`, gte: sql`>=` }
type Compared = keyof typeof OPERATORS

const ref = (alias: string, column: HostColumn): Sql => sql`${sql.ref(`${alias}.${column.column}`)}`

/** A condition on the rows of `alias`. Inside, unknown counts as false; only `not` could tell them apart, and `is not true` does not. */
export function hostCondition(condition: HostCondition, alias: string, put: Putting): Sql {
  const { dialect } = put
  switch (condition.op) {
    case 'all':
    case 'any': {
      if (condition.of.length === 0) return condition.op === 'all' ? TRUE : FALSE
      const parts = condition.of.map((inner) => hostCondition(inner, alias, put))
      return parts.length === 1 ? parts[0]! : sql`(${sql.join(parts, condition.op === 'all' ? sql` and ` : sql` or `)})`
    }
    case 'not':
      return sql`((${hostCondition(condition.of, alias, opposite(put))}) is not true)`
    case 'missing': {
      const column = ref(alias, condition.column)
      // a decimal is taken apart on SQLite, and what is there can be seen before
      return sql`${condition.column.type === 'decimal' ? column : dialect.value(column, condition.column)} is null`
    }
    case 'in': {
      if (condition.values.length === 0) return FALSE
      const column = dialect.value(ref(alias, condition.column), condition.column)
      if (condition.column.type === 'instant') {
        return sql`(${sql.join(
          condition.values.map((value) => compare('eq', ref(alias, condition.column), condition.column, value, dialect)),
          sql` or `,
        )})`
      }
      if (condition.values.length > 16) return sql`${column} in ${dialect.listed(condition.values, condition.column)}`
      return sql`${column} in (${sql.join(condition.values.map((value) => dialect.parameter(value, condition.column)))})`
    }
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return dialect[condition.op](dialect.value(ref(alias, condition.column), condition.column), condition.value)
    case 'like':
      return dialect.like(dialect.value(ref(alias, condition.column), condition.column), condition.pieces)
    case 'score':
      return scored(condition, alias, put)
    case 'grouped':
      return grouped(condition, alias, put)
    case 'regular':
    case 'sequence':
      if (put.as !== 'exact' && hasUnknown(condition)) return put.as === 'superset' ? TRUE : FALSE
      return condition.op === 'regular' ? regular(condition, alias, put) : sequence(condition, alias, put)
    case 'unknown':
      if (put.as === 'exact') throw notInSql(dialect.name, condition.path, condition.what)
      if (put.as === 'subset') return FALSE
      return condition.bound ? hostCondition(condition.bound, alias, put) : TRUE
    default:
      return compare(condition.op, ref(alias, condition.column), condition.column, condition.value, dialect)
  }
}

/** What lets more through inside a `not` keeps more out of it. */
const opposite = (put: Putting): Putting => (put.as === 'exact' ? put : { ...put, as: put.as === 'superset' ? 'subset' : 'superset' })

/** Beyond these no timestamp of Postgres lies. */
const EARLIEST = -2e14
const LATEST = 8.64e15

function compare(is: Compared, column: Sql, of: HostColumn, value: HostValue, dialect: HostDialect): Sql {
  if (of.type === 'instant' && of.stored !== 'milliseconds' && dialect.name === 'postgres')
    return compareTimestamp(is, column, value as number)
  return sql`${dialect.value(column, of)} ${OPERATORS[is]} ${dialect.parameter(value, of)}`
}

/** A timestamp has microseconds, and everybody else sees its whole millisecond: bounds are put so, and an index serves. */
function compareTimestamp(is: Compared, column: Sql, value: number): Sql {
  const at = (ms: number) =>
    sql`timestamptz 'epoch' + ${sql.val(String(Math.min(Math.max(ms, EARLIEST), LATEST)))}::text::int8 * interval '1 millisecond'`
  switch (is) {
    case 'lt':
      return sql`${column} < ${at(value)}`
    case 'gte':
      return sql`${column} >= ${at(value)}`
    case 'lte':
      return sql`${column} < ${at(value + 1)}`
    case 'gt':
      return sql`${column} >= ${at(value + 1)}`
    case 'eq':
      return sql`(${column} >= ${at(value)} and ${column} < ${at(value + 1)})`
    case 'ne':
      return sql`(${column} < ${at(value)} or ${column} >= ${at(value + 1)})`
  }
}

function scored({ parts, atLeast }: Extract<HostCondition, { op: 'score' }>, alias: string, put: Putting): Sql {
  const weights = parts.map(({ weight, when }) => {
    // a negative weight takes away: what lets more through there lets less through here
    const condition = hostCondition(when, alias, weight < 0 ? opposite(put) : put)
    return sql`case when ${condition} then ${sql.lit(weight)} else 0 end`
  })
  return sql`(${sql.join(weights, sql` + `)}) >= ${sql.lit(atLeast)}`
}

/** `from table as alias where tenant = … and …` */
function from(table: HostTable, alias: string, where: Sql, put: Putting): Sql {
  return sql`from ${sql.table(table.table)} as ${sql.ref(alias)} where ${ofTenant(table, alias, put)} and ${where}`
}

export const ofTenant = (table: HostTable, alias: string, { dialect, tenant }: Pick<Putting, 'dialect' | 'tenant'>): Sql =>
  sql`${dialect.text(sql`${sql.ref(`${alias}.${table.tenant}`)}`)} = ${dialect.parameter(tenant, { column: table.tenant, type: 'text' })}`

function grouped(condition: Extract<HostCondition, { op: 'grouped' }>, alias: string, put: Putting): Sql {
  // folds over rows that are let through without an answer are folds over other rows
  const exact = condition.having.length === 0 ? put : { ...put, as: 'exact' as const }
  if (condition.having.length > 0 && put.as !== 'exact' && hasUnknown(condition.where)) return put.as === 'superset' ? TRUE : FALSE
  const inner = put.alias()
  const link = ref(inner, condition.link)
  const where = hostCondition(condition.where, inner, exact)
  const having = condition.having.map((fold) => foldOf(fold, inner, exact))
  const groups = having.length === 0 ? sql`` : sql` group by ${link} having ${sql.join(having, sql` and `)}`
  return sql`${ref(alias, condition.to)} in (select ${link} ${from(condition.table, inner, where, put)}${groups})`
}

function foldOf(fold: HostFold, alias: string, put: Putting): Sql {
  const { dialect } = put
  const is = OPERATORS[fold.is]
  if (fold.fold === 'count') {
    const count = fold.where ? sql`sum(case when ${hostCondition(fold.where, alias, put)} then 1 else 0 end)` : sql`count(*)`
    return sql`${count} ${is} ${dialect.integer(fold.value as number)}`
  }
  const of = fold.of!
  const value = dialect.value(ref(alias, of), of)
  switch (fold.fold) {
    case 'distinct':
      return sql`count(distinct ${value}) ${is} ${dialect.integer(fold.value as number)}`
    case 'sum':
      return sql`coalesce(sum(${value}), 0) ${is} ${dialect.parameter(fold.value, of)}`
    case 'average':
      // both sides times the count, instead of a quotient that is rounded
      return sql`${dialect.hundredths(sql`sum(${value})`, of)} ${is} ${dialect.integer(fold.value as number)} * count(${value})`
    case 'min':
    case 'max':
      return sql`${fold.fold === 'min' ? sql`min` : sql`max`}(${value}) ${is} ${dialect.parameter(fold.value, of)}`
  }
}

function regular(condition: Extract<HostCondition, { op: 'regular' }>, alias: string, put: Putting): Sql {
  const { dialect } = put
  const inner = put.alias()
  const stretches = put.alias()
  const link = ref(inner, condition.link)
  const back = sql`(${dialect.integer(condition.before)} - ${dialect.value(ref(inner, condition.at), condition.at)}) / ${sql.lit(condition.width)}`
  const where = hostCondition(condition.where, inner, put)
  const counted = sql`select ${link} as "k", ${back} as "b", count(*) as "n" ${from(condition.table, inner, where, put)} group by 1, 2`
  return sql`${ref(alias, condition.to)} in (select "k" from (${counted}) as ${sql.ref(stretches)} where "n" >= ${dialect.integer(condition.times)} group by "k" having count(*) >= ${dialect.integer(condition.atLeast)})`
}

function sequence(condition: Extract<HostCondition, { op: 'sequence' } & HostLink>, alias: string, put: Putting): Sql {
  const { dialect } = put
  const names = condition.steps.map(() => put.alias())
  const at = (step: number) => dialect.value(ref(names[step]!, condition.at), condition.at)
  const parts = condition.steps.flatMap(({ where, after, within }, step) => {
    const own = [ofTenant(condition.table, names[step]!, put), hostCondition(where, names[step]!, put)]
    if (step === 0) return own
    return [
      ...own,
      sql`${ref(names[step]!, condition.link)} = ${ref(names[0]!, condition.link)}`,
      sql`${at(step)} > ${at(step - 1)}`,
      ...(after === undefined ? [] : [sql`${at(step)} - ${at(step - 1)} >= ${dialect.integer(after)}`]),
      ...(within === undefined ? [] : [sql`${at(step)} - ${at(step - 1)} <= ${dialect.integer(within)}`]),
    ]
  })
  const tables = names.map((name) => sql`${sql.table(condition.table.table)} as ${sql.ref(name)}`)
  return sql`${ref(alias, condition.to)} in (select ${ref(names[0]!, condition.link)} from ${sql.join(tables)} where ${sql.join(parts, sql` and `)})`
}

/** Whether SQL lacks an answer somewhere in a condition. */
export function hasUnknown(condition: HostCondition): boolean {
  return unknownsIn(condition).length > 0
}

export function unknownsIn(condition: HostCondition): readonly { readonly path: string; readonly what: string }[] {
  switch (condition.op) {
    case 'all':
    case 'any':
      return condition.of.flatMap(unknownsIn)
    case 'not':
      return unknownsIn(condition.of)
    case 'score':
      return condition.parts.flatMap(({ when }) => unknownsIn(when))
    case 'grouped':
    case 'regular':
      return unknownsIn(condition.where)
    case 'sequence':
      return condition.steps.flatMap(({ where }) => unknownsIn(where))
    case 'unknown':
      return [{ path: condition.path, what: condition.what }]
    default:
      return []
  }
}
