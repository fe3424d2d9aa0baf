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
  /** A sum or a value as a text with all its digits; what the engine could not count exactly ends the statement. */
  digits(number: Sql): Sql
  /** Digits behind the point that `value` has made whole. */
  shift(column: HostColumn): number
  /** Stretches of time as a table of `n`, `from` and `to`. */
  stretches(of: readonly { readonly from: number; readonly to: number }[]): Sql
  /** Whether a column lies in the stretch called by that name. */
  during(ref: Sql, column: HostColumn, stretch: string): Sql
  /** Some queries' lists of lists, all in one answer. */
  together(lists: readonly Sql[]): Sql
}

const bounds = (of: readonly { readonly from: number; readonly to: number }[]): Sql =>
  sql.val(JSON.stringify(of.map(({ from, to }) => [from, to])))

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
  digits: (number) =>
    sql`(case when typeof(${number}) in ('integer', 'null') then cast(${number} as text) else json('no whole number of 64 bits') end)`,
  shift: (column) => (column.type === 'decimal' ? (column.scale ?? 2) : 0),
  stretches: (of) =>
    sql`(select "key" as "n", json_extract("value", '$[0]') as "from", json_extract("value", '$[1]') as "to" from json_each(${bounds(of)}))`,
  during: (ref, column, stretch) => {
    const at = sqliteHost.value(ref, column)
    return sql`${at} >= ${sql.ref(`${stretch}.from`)} and ${at} < ${sql.ref(`${stretch}.to`)}`
  },
  together: (lists) => sql`select json_array(${sql.join(lists.map((list) => sql`json((${list}))`))})`,
}

/**
 * SQLite has no decimals: a text is taken apart into a whole number of smallest units. One with more digits than declared, or that
 * is no decimal, ends the statement (`malformed JSON` is the only error an expression can raise), so that nothing is cut off without
 * a word.
 */
function sqliteMinor(ref: Sql, scale: number): Sql {
  const text = sql`ltrim(cast(${ref} as text), '-')`
  const point = sql`instr(${text} || '.', '.')`
  const behind = sql`substr(${text}, ${point} + 1)`
  const whole = sql`cast(substr(${text}, 1, ${point} - 1) as integer) * ${sql.lit(10 ** scale)}`
  const part = scale === 0 ? sql`0` : sql`cast(substr(${behind} || '00000000', 1, ${sql.lit(scale)}) as integer)`
  const sign = sql`case when substr(cast(${ref} as text), 1, 1) = '-' then -1 else 1 end`
  const tooFine = sql`length(rtrim(${behind}, '0')) > ${sql.lit(scale)}`
  // 18 digits are what 64 bits always hold
  const tooLarge = sql`${point} > ${sql.lit(19 - scale)}`
  const noDecimal = sql`${text} glob '*[^0-9.]*' or ${text} glob '*.*.*' or ${text} in ('', '.')`
  return sql`(case when ${tooFine} or ${tooLarge} or ${noDecimal} then json('no decimal of as many digits as declared') when ${ref} is not null then (${sign}) * (${whole} + ${part}) end)`
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
export function decimalText(units: string, scale: number): string {
  if (scale === 0) return units
  const minus = units.startsWith('-') ? '-' : ''
  const digits = units.slice(minus.length).padStart(scale + 1, '0')
  return `${minus}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const isMinor = (column: HostColumn) => column.type === 'decimal' && column.stored === 'minor'
const postgresText = (value: HostValue, column: HostColumn): string =>
  column.type === 'decimal' && !isMinor(column) ? decimalText(String(value), column.scale ?? 2) : textOf(value)

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
  digits: (number) => sql`(${number})::text`,
  shift: (column) => (isMinor(column) ? (column.scale ?? 2) : 0),
  stretches: (of) =>
    sql`(select "o" - 1 as "n", ("v" ->> 0)::int8 as "from", ("v" ->> 1)::int8 as "to" from json_array_elements(${bounds(of)}::text::json) with ordinality as "l" ("v", "o"))`,
  during: (ref, column, stretch) => {
    const bound = (end: 'from' | 'to') => {
      const ms = sql.ref(`${stretch}.${end}`)
      return column.stored === 'milliseconds' ? ms : sql`timestamptz 'epoch' + ${ms} * interval '1 millisecond'`
    }
    return sql`${ref} >= ${bound('from')} and ${ref} < ${bound('to')}`
  },
  together: (lists) => sql`select json_build_array(${sql.join(lists.map((list) => sql`(${list})::json`))})::text`,
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
