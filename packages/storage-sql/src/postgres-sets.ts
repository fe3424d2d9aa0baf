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

/**
 * Where rows travel: all in one JSON text at a parameter, or each value at a parameter of its own from there on. Values
 * of their own cost the server less, but their number is part of the text.
 */
export interface Place {
  readonly param: number
  /** How many rows, when each value has its own parameter. */
  readonly rows: number | null
}

/** Rows as a table called `w`. */
export function setOf(relation: Relation, columns: readonly string[], { param, rows }: Place) {
  const types = new Map(relation.columns.map((column) => [column.name, TYPES[column.type]]))
  if (rows === null) {
    const described = columns.map((column) => sql`${sql.ref(column)} ${sql.raw(types.get(column)!)}`)
    return sql`json_to_recordset(${sql.raw(`$${param}`)}::text::json) as "w" (${sql.ref(UNIT)} int4, ${sql.join(described)})`
  }
  const cast = (row: number) =>
    columns.map((column, i) =>
      sql.raw(`$${param + row * columns.length + i}::text${types.get(column) === 'text' ? '' : `::${types.get(column)}`}`),
    )
  const names = sql.join([UNIT, ...columns].map((column) => sql.ref(column)))
  // only a lone unit travels so
  const values = Array.from({ length: rows }, (_, row) => sql`(0, ${sql.join(cast(row))})`)
  return sql`(values ${sql.join(values)}) as "w" (${names})`
}

/** The parameters of rows in their place. */
export const paramsOf = (cells: readonly Cells[], columns: readonly string[], { rows }: Place): readonly (string | null)[] =>
  rows === null ? [JSON.stringify(cells)] : cells.flatMap((row) => columns.map((column) => row[column] as string | null))

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
