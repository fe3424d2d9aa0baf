import { type ColumnType, laneOf, type Row, type StoredEvent } from '@patronkit/core/storage'
import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { EVENT_PROPERTIES } from './events.ts'
import { type Relation, relationOf } from './relation.ts'
import type { TablePlan } from './rows.ts'
import { integerParameter, textParameter } from './values.ts'

/** A row on its way: texts or null by column. */
export type Cells = { readonly [column: string]: string | null }

/** What a column of a set is read as. */
const TYPES: { readonly [T in ColumnType]: string } = {
  text: 'text',
  decimal: 'text',
  json: 'text',
  integer: 'int8',
  instant: 'int8',
  boolean: 'boolean',
}

/**
 * Where rows travel, from a parameter on: each column as one array, which fits any number of rows; or each value at a
 * parameter of its own, which costs the server less, but the number of rows is then part of the text.
 */
export interface Place {
  readonly param: number
  /** How many rows, when each value has its own parameter. */
  readonly rows: number | null
}

/** How many parameters a set takes. */
export const widthOf = (columns: readonly string[], rows: number | null): number => columns.length * (rows ?? 1)

/** The places of sets that travel side by side. */
export function placesOf(
  sets: readonly { readonly columns: readonly string[]; readonly rows: { readonly length: number } }[],
  first: number,
  singly: boolean,
): readonly Place[] {
  let param = first
  return sets.map(({ columns, rows }) => {
    const place = { param, rows: singly ? rows.length : null }
    param += widthOf(columns, place.rows)
    return place
  })
}

/**
 * The first of some arrays behind a subselect, so that the planner sees none of their lengths: it would take a plan of its own for
 * few rows to be cheaper than the kept one, and plan each commit anew, which costs more than the commit.
 */
export const unseen = (i: number, array: RawBuilder<unknown>): RawBuilder<unknown> => (i === 0 ? sql`(select ${array})` : array)

/** Rows as a table called `w`. */
export function setOf(relation: Relation, columns: readonly string[], { param, rows }: Place) {
  const types = new Map(relation.columns.map((column) => [column.name, TYPES[column.type]]))
  const cast = (column: string, at: number, end: string) => {
    const type = types.get(column)!
    return sql.raw(`$${at}::text${type === 'text' && end === '' ? '' : `::${type}${end}`}`)
  }
  const names = sql.join(columns.map((column) => sql.ref(column)))
  if (rows === null) return sql`unnest(${sql.join(columns.map((column, i) => unseen(i, cast(column, param + i, '[]'))))}) as "w" (${names})`
  const row = (no: number) => sql`(${sql.join(columns.map((column, i) => cast(column, param + no * columns.length + i, '')))})`
  return sql`(values ${sql.join(Array.from({ length: rows }, (_, no) => row(no)))}) as "w" (${names})`
}

/** The parameters of rows in their place. */
export const paramsOf = (rows: readonly Cells[], columns: readonly string[], place: Place): readonly (string | null)[] =>
  place.rows === null
    ? columns.map((column) => arrayOf(rows.map((row) => row[column]!)))
    : rows.flatMap((row) => columns.map((column) => row[column]!))

/** Texts and nulls as Postgres writes an array. */
export function arrayOf(values: readonly (string | null)[]): string {
  let text = '{'
  for (const [i, value] of values.entries()) {
    if (i > 0) text += ','
    text += value === null ? 'null' : `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`
  }
  return `${text}}`
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

/** Every column of a plan's table, always the same array. */
export function allColumns(plan: TablePlan): readonly string[] {
  const known = columnLists.get(plan) ?? relationIn(plan).columns.map((column) => column.name)
  columnLists.set(plan, known)
  return known
}

const columnLists = new WeakMap<TablePlan, readonly string[]>()

/** Compiles text whose parameters were written as `$n`. */
export const textOf = (catalog: Catalog, query: ReturnType<typeof sql>): string =>
  query.compile(catalog.dialect.build).sql.replace(/\s+/g, ' ')
