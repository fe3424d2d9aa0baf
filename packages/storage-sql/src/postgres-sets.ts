import { type ColumnType, laneOf, type Row, type StoredEvent } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { EVENT_PROPERTIES } from './events.ts'
import { type Relation, relationOf } from './relation.ts'
import type { TablePlan } from './rows.ts'
import { integerParameter, textParameter } from './values.ts'

/** Rows that travel as one text parameter: a list of objects whose values are texts or null. */
export type Cells = { readonly [column: string]: string | number | null }

/** What a column of a set is read as. */
const TYPES: { readonly [T in ColumnType]: string } = {
  text: 'text',
  decimal: 'text',
  json: 'text',
  integer: 'int8',
  instant: 'int8',
  boolean: 'boolean',
}

/** Beside a row's columns, which unit it is of. No column can be called so. */
export const UNIT = '#unit'

/** The rows of parameter `$n`, as a table called `w`. */
export function setOf(relation: Relation, columns: readonly string[], n: number) {
  const types = new Map(relation.columns.map((column) => [column.name, TYPES[column.type]]))
  const described = columns.map((column) => sql`${sql.ref(column)} ${sql.raw(types.get(column)!)}`)
  return sql`json_to_recordset(${sql.raw(`$${n}`)}::text::json) as "w" (${sql.ref(UNIT)} int4, ${sql.join(described)})`
}

/** `"t"."a" = "w"."a" and …` */
export const sameKey = (key: readonly string[]) =>
  sql.join(
    key.map((column) => sql`${sql.ref(`t.${column}`)} = ${sql.ref(`w.${column}`)}`),
    sql` and `,
  )

/** Columns of `w`, or of another name. */
export const columnsOf = (columns: readonly string[], of = 'w') => sql.join(columns.map((column) => sql.ref(`${of}.${column}`)))

/** Columns of a declared table's row as texts. */
export function cellsOf(plan: TablePlan, tenant: string, row: Row, columns: readonly string[]): Cells {
  const cells: { [column: string]: string | null } = { tenant }
  for (const column of columns) cells[column] = plan.encode[column]!(row[column])
  return cells
}

/** An event as texts. */
export function eventCells(event: StoredEvent): Cells {
  const cells: { [column: string]: string | null } = { lane: String(laneOf(event.tenant)) }
  for (const [column, property] of EVENT_PROPERTIES) {
    const value = event[property]
    cells[column] =
      value === null ? null : typeof value === 'number' ? integerParameter(value, 'an integer') : textParameter(value, 'a text')
  }
  return cells
}

const relations = new WeakMap<TablePlan, Relation>()

/** The table of a plan as the database has it. */
export function relationIn(plan: TablePlan): Relation {
  const known = relations.get(plan) ?? relationOf(plan.table)
  relations.set(plan, known)
  return known
}

/** Compiles text whose parameters were written as `$n`. */
export const textOf = (catalog: Catalog, query: ReturnType<typeof sql>): string =>
  query.compile(catalog.dialect.build).sql.replace(/\s+/g, ' ')
