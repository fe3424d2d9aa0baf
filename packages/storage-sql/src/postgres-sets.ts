import type { ColumnType } from '@patronkit/core/storage'
import { type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import type { Cells } from './postgres-tasks.ts'
import type { Relation } from './relation.ts'

/** What a column of a set is read as. */
const TYPES: { readonly [T in ColumnType]: string } = {
  text: 'text',
  decimal: 'text',
  json: 'text',
  integer: 'int8',
  instant: 'int8',
  boolean: 'boolean',
}

/** Rows that travel, and their columns: the tenant first. */
export interface RowSet {
  readonly columns: readonly string[]
  readonly rows: readonly Cells[]
}

/**
 * Where rows travel, from a parameter on: each column as one array, which fits any number of rows; or each value at a
 * parameter of its own, which costs the server less, but the number of rows is then part of the text.
 */
export interface Place {
  readonly param: number
  /** The parameter of the one tenant that all rows are of; null where each row brings its own. */
  readonly tenant: number | null
  /** How many rows, when each value has its own parameter. */
  readonly rows: number | null
}

/** Sets that travel side by side in one statement. */
export interface Travel {
  /** The one tenant of all rows, or null. */
  readonly tenant: string | null
  readonly singly: boolean
}

/** The places of sets, from a parameter on. The tenant, where it is one, is the first parameter of the statement. */
export function placesOf(sets: readonly RowSet[], first: number, { tenant, singly }: Travel): readonly Place[] {
  let param = first
  return sets.map(({ columns, rows }) => {
    const place = { param, tenant: tenant === null ? null : 1, rows: singly ? rows.length : null }
    param += (columns.length - (tenant === null ? 0 : 1)) * (place.rows ?? 1)
    return place
  })
}

/** The parameters of sets in their places. */
export function paramsOf(sets: readonly RowSet[], { tenant, singly }: Travel): (string | null)[] {
  const params: (string | null)[] = []
  const first = tenant === null ? 0 : 1
  for (const { columns, rows } of sets) {
    if (singly) {
      for (const row of rows) for (let i = first; i < columns.length; i++) params.push(row[i]!)
    } else {
      for (let i = first; i < columns.length; i++) params.push(columnOf(rows, i))
    }
  }
  return params
}

/** The one tenant of some units, or null. */
export function oneTenant(units: readonly { readonly tenant: string }[]): string | null {
  const { tenant } = units[0]!
  return units.every((unit) => unit.tenant === tenant) ? tenant : null
}

/** Rows as a table called `w`. */
export function setOf(relation: Relation, columns: readonly string[], { param, tenant, rows }: Place) {
  const types = new Map(relation.columns.map((column) => [column.name, TYPES[column.type]]))
  const own = tenant === null ? columns : columns.slice(1)
  const cast = (column: string, at: number, end: string) => {
    const type = types.get(column)!
    return sql.raw(`$${at}::text${type === 'text' && end === '' ? '' : `::${type}${end}`}`)
  }
  const ofTenant = tenant === null ? [] : [sql`${sql.raw(`$${tenant}::text`)}`]
  if (rows === null) {
    const arrays = own.map((column, i) => sql`unnest(${unseen(i, cast(column, param + i, '[]'))}) as ${sql.ref(column)}`)
    return sql`(select ${sql.join([...ofTenant.map((one) => sql`${one} as "tenant"`), ...arrays])}) as "w"`
  }
  const row = (no: number) => sql`(${sql.join([...ofTenant, ...own.map((column, i) => cast(column, param + no * own.length + i, ''))])})`
  return sql`(values ${sql.join(Array.from({ length: rows }, (_, no) => row(no)))}) as "w" (${sql.join(columns.map((column) => sql.ref(column)))})`
}

/**
 * The first of some arrays behind a subselect, so that the planner sees none of their lengths: it would take a plan of its
 * own for few rows to be cheaper than the kept one, and plan each commit anew, which costs more than the commit.
 */
export const unseen = (i: number, array: RawBuilder<unknown>): RawBuilder<unknown> => (i === 0 ? sql`(select ${array})` : array)

/** One column of some rows as Postgres writes an array. */
function columnOf(rows: readonly Cells[], column: number): string {
  const elements = new Array<string>(rows.length)
  for (let i = 0; i < rows.length; i++) elements[i] = element(rows[i]![column]!)
  return `{${elements.join()}}`
}

/** Texts and nulls as Postgres writes an array. */
export const arrayOf = (values: readonly (string | null)[]): string => `{${values.map(element).join()}}`

/** JSON quotes what Postgres quotes, and takes half the time of a replacement; only signs of control it writes in words. */
const element = (value: string | null): string => {
  if (value === null) return 'null'
  return CONTROL.test(value) ? `"${value.replace(SIGNS, '\\$&')}"` : JSON.stringify(value)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u001f]/
const SIGNS = /["\\]/g

/** `"t"."a" = "w"."a" and …` */
export const sameKey = (key: readonly string[]) =>
  sql.join(
    key.map((column) => sql`${sql.ref(`t.${column}`)} = ${sql.ref(`w.${column}`)}`),
    sql` and `,
  )

/** Columns of `w`, or of another name. */
export const columnsOf = (columns: readonly string[], of = 'w') => sql.join(columns.map((column) => sql.ref(`${of}.${column}`)))

/** Compiles text whose parameters were written as `$n`. */
export const textOf = (catalog: Catalog, query: ReturnType<typeof sql>): string =>
  query.compile(catalog.dialect.build).sql.replace(/\s+/g, ' ')
