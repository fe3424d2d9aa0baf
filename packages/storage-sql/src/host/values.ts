import type { HostColumn, HostValue } from '@patronkit/core/storage'
import { type RawBuilder, sql } from 'kysely'

export type Engine = 'sqlite' | 'postgres'
export type Sql = RawBuilder<unknown>

/** What differs between the engines when the host's own columns are read. */
export interface HostDialect {
  readonly name: Engine
  /** A column as it is compared, grouped and counted: instants in whole milliseconds, texts by code point. */
  value(ref: Sql, column: HostColumn): Sql
  /** A value as that column compares it. */
  parameter(value: HostValue, column: HostColumn): Sql
  /** Texts, numbers or booleans of a JSON list, as the column compares them. */
  listed(values: readonly HostValue[], column: HostColumn): Sql
  /** Whole numbers, such as counts. */
  integer(value: number): Sql
  /** Any column as a text, for tenants: an index on texts still serves. */
  text(ref: Sql): Sql
  contains(ref: Sql, text: string): Sql
  startsWith(ref: Sql, text: string): Sql
  endsWith(ref: Sql, text: string): Sql
  like(ref: Sql, pieces: readonly ({ readonly text: string } | '?' | '*')[]): Sql
  /** Averages in hundredths of the smallest unit: the sum, so often that it is a whole number of those. */
  hundredths(sum: Sql, column: HostColumn): Sql
  /** All values of `k` of a query, in its order, as a JSON list. */
  list(query: Sql): Sql
  /** All rows of a query, as a JSON list of lists. */
  rows(names: readonly string[], query: Sql): Sql
  /** A column as it stands in JSON. */
  shown(ref: Sql, column: HostColumn): Sql
}

const characters = (text: string): number => [...text].length

const SQLITE_TYPES: { readonly [T in HostColumn['type']]?: Sql } = {
  integer: sql`integer`,
  decimal: sql`integer`,
  instant: sql`integer`,
  boolean: sql`integer`,
  number: sql`real`,
}

const textOf = (value: HostValue): string => (typeof value === 'boolean' ? (value ? '1' : '0') : String(value))

export const sqliteHost: HostDialect = {
  name: 'sqlite',
  value: (ref, column) => {
    if (column.type === 'text' || column.type === 'date') return sql`${ref} collate binary`
    if (column.type === 'instant' && column.stored !== 'milliseconds')
      return sql`cast(round(unixepoch(${ref}, 'subsec') * 1000) as integer)`
    if (column.type === 'decimal' && column.stored !== 'minor') return sqliteMinor(ref, column.scale ?? 2)
    return ref
  },
  parameter: (value, column) => {
    const type = SQLITE_TYPES[column.type]
    return type ? sql`cast(${sql.val(textOf(value))} as ${type})` : sql`${sql.val(value)}`
  },
  listed: (values) =>
    sql`(select "value" from json_each(${sql.val(JSON.stringify(values.map((value) => (typeof value === 'boolean' ? Number(value) : value))))}))`,
  integer: (value) => sql`cast(${sql.val(String(value))} as integer)`,
  text: (ref) => ref,
  contains: (ref, text) => sql`instr(${ref}, ${sql.val(text)}) > 0`,
  startsWith: (ref, text) => sql`substr(${ref}, 1, ${sql.lit(characters(text))}) = ${sql.val(text)} collate binary`,
  endsWith: (ref, text) => sql`substr(${ref}, ${sql.lit(-characters(text))}) = ${sql.val(text)} collate binary`,
  like: (ref, pieces) =>
    sql`${ref} glob ${sql.val(pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text.replace(/[*?[]/g, '[$&]'))).join(''))}`,
  hundredths: (sum) => sql`${sum} * 100`,
  list: (query) => sql`select json_group_array("k") from (${query})`,
  rows: (names, query) => sql`select json_group_array(json_array(${sql.join(names.map((name) => sql.ref(name)))})) from (${query})`,
  shown: (ref, column) => {
    if (column.type === 'instant' && column.stored !== 'milliseconds') return sqliteHost.value(ref, column)
    return column.type === 'decimal' && column.stored !== 'minor' ? sql`cast(${ref} as text)` : ref
  },
}

/**
 * SQLite has no decimals: a text is taken apart into a whole number of smallest units. One with more digits than declared ends
 * the statement (`malformed JSON` is the only error an expression can raise), so that nothing is cut off without a word.
 */
function sqliteMinor(ref: Sql, scale: number): Sql {
  const text = sql`ltrim(cast(${ref} as text), '-')`
  const point = sql`instr(${text} || '.', '.')`
  const behind = sql`substr(${text}, ${point} + 1)`
  const whole = sql`cast(substr(${text}, 1, ${point} - 1) as integer) * ${sql.lit(10 ** scale)}`
  const part = scale === 0 ? sql`0` : sql`cast(substr(${behind} || '00000000', 1, ${sql.lit(scale)}) as integer)`
  const sign = sql`case when substr(cast(${ref} as text), 1, 1) = '-' then -1 else 1 end`
  return sql`(case when length(rtrim(${behind}, '0')) > ${sql.lit(scale)} then json('more digits than declared') when ${ref} is not null then (${sign}) * (${whole} + ${part}) end)`
}

const POSTGRES_TYPES: { readonly [T in HostColumn['type']]: Sql } = {
  text: sql`text`,
  date: sql`date`,
  integer: sql`int8`,
  decimal: sql`numeric`,
  instant: sql`int8`,
  boolean: sql`boolean`,
  number: sql`float8`,
}

/** Texts of decimals: smallest units with the point put back. */
function decimalText(units: number, scale: number): string {
  if (scale === 0) return String(units)
  const digits = String(Math.abs(units)).padStart(scale + 1, '0')
  return `${units < 0 ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const isMinor = (column: HostColumn) => column.type === 'decimal' && column.stored === 'minor'
const postgresText = (value: HostValue, column: HostColumn): string =>
  column.type === 'decimal' && !isMinor(column) ? decimalText(value as number, column.scale ?? 2) : textOf(value)

export const postgresHost: HostDialect = {
  name: 'postgres',
  value: (ref, column) => {
    switch (column.type) {
      case 'text':
        return sql`(${ref})::text collate "C"`
      case 'instant':
        return column.stored === 'milliseconds' ? ref : sql`floor(extract(epoch from ${ref}) * 1000)::int8`
      case 'decimal':
        return isMinor(column) ? ref : sql`(${ref})::numeric`
      case 'number':
        // greater than every number in Postgres, and no number to anybody else
        return sql`nullif((${ref})::float8, 'NaN'::float8)`
      default:
        return ref
    }
  },
  parameter: (value, column) => sql`${sql.val(postgresText(value, column))}::text::${POSTGRES_TYPES[column.type]}`,
  listed: (values, column) =>
    sql`(select "v"::${POSTGRES_TYPES[column.type]} from json_array_elements_text(${sql.val(JSON.stringify(values.map((value) => postgresText(value, column))))}::text::json) as "l" ("v"))`,
  integer: (value) => sql`${sql.val(String(value))}::text::int8`,
  text: (ref) => sql`(${ref})::text`,
  contains: (ref, text) => sql`strpos(${ref}, ${sql.val(text)}::text) > 0`,
  startsWith: (ref, text) => sql`starts_with(${ref}, ${sql.val(text)}::text)`,
  endsWith: (ref, text) => sql`right(${ref}, ${sql.lit(characters(text))}) = ${sql.val(text)}::text`,
  like: (ref, pieces) => {
    const pattern = pieces.map((piece) => (piece === '*' ? '%' : piece === '?' ? '_' : piece.text.replace(/[%_\\]/g, '\\$&'))).join('')
    return sql`${ref} like ${sql.val(pattern)}::text escape '\\'`
  },
  hundredths: (sum, column) =>
    sql`${sum} * ${sql.lit(100 * (column.type === 'decimal' && !isMinor(column) ? 10 ** (column.scale ?? 2) : 1))}`,
  list: (query) => sql`select coalesce(json_agg("k"), '[]'::json)::text from (${query}) as "q"`,
  rows: (names, query) =>
    sql`select coalesce(json_agg(json_build_array(${sql.join(names.map((name) => sql.ref(name)))})), '[]'::json)::text from (${query}) as "q"`,
  shown: (ref, column) => {
    switch (column.type) {
      case 'date':
        return sql`to_char(${ref}, 'YYYY-MM-DD')`
      case 'decimal':
        return isMinor(column) ? ref : sql`(${ref})::text`
      case 'text':
        return sql`(${ref})::text`
      default:
        return postgresHost.value(ref, column)
    }
  },
}
