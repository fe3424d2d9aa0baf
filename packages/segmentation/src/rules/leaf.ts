import { compareText } from '@patronkit/core/storage'
import { badRule } from '../refusals.ts'
import type { Comparison, Rule, RuleOf } from './model.ts'
import { matcher } from './pattern.ts'
import { type Columns, columnOf, regionsUnder, type SourceColumn } from './source.ts'
import { type Compared, foldText, literal, reader } from './values.ts'
import { daysOf, lengthMs, stretches } from './window.ts'

/** The host's data by column name; own properties only. */
export type Values = { readonly [column: string]: unknown }
/** Whether a row holds a condition at an instant in milliseconds. */
export type RowTest = (values: Values, now: number) => boolean

/** The conditions that look at one row alone. */
export type FieldRule = RuleOf<
  Comparison | 'in' | 'between' | 'contains' | 'startsWith' | 'endsWith' | 'like' | 'within' | 'hasBeen' | 'under' | 'near' | 'inBox'
>

const FIELD_OPS = new Set('eq ne lt lte gt gte in between contains startsWith endsWith like within hasBeen under near inBox'.split(' '))
export const isFieldRule = (rule: Rule): rule is FieldRule => FIELD_OPS.has(rule.op)

export const at = (path: string, ...steps: readonly (string | number)[]): string => [...(path ? [path] : []), ...steps].join('.')

/** A column that a rule may name. */
export function columnNamed(columns: Columns, name: string, path: string): SourceColumn {
  if (Object.hasOwn(columns, name)) return columnOf(columns[name]!)
  throw badRule(
    path,
    `there is no column ${JSON.stringify(name)}`,
    `Name one of: ${Object.keys(columns).join(', ') || 'none are declared'}.`,
  )
}

/** The value of a rule as its column compares it. */
export function valueFor(value: unknown, column: SourceColumn, name: string, path: string): Exclude<Compared, null> {
  const found = literal(value, column)
  if (found !== null) return found
  const more = column.type === 'decimal' ? ` with at most ${column.scale ?? 2} digits behind the point` : ''
  throw badRule(path, `${JSON.stringify(value)} is no ${column.type}${more}, which ${name} holds`, `Give a value of type ${column.type}.`)
}

const ORDERED: ReadonlySet<SourceColumn['type']> = new Set(['text', 'integer', 'decimal', 'number', 'instant', 'date'])

export function ordered(column: SourceColumn, name: string, path: string): void {
  if (!ORDERED.has(column.type)) throw badRule(path, `${name} is ${column.type}, which has no order`, 'Ask whether it is equal.')
}

/** Order of two values of one column. */
export const order = (a: Exclude<Compared, null>, b: Exclude<Compared, null>): number =>
  typeof a === 'string' ? compareText(a, b as string) : (a as number) - (b as number)

export function compares(is: Comparison): (order: number) => boolean {
  switch (is) {
    case 'eq':
      return (found) => found === 0
    case 'ne':
      return (found) => found !== 0
    case 'lt':
      return (found) => found < 0
    case 'lte':
      return (found) => found <= 0
    case 'gt':
      return (found) => found > 0
    case 'gte':
      return (found) => found >= 0
  }
}

/** The column that a comparison without case looks at, and the text it compares with. */
export function foldedOf(
  rule: { readonly field: string; readonly value: string; readonly fold?: true },
  columns: Columns,
  path: string,
): { readonly name: string; readonly column: SourceColumn; readonly text: string } {
  const column = columnNamed(columns, rule.field, at(path, 'field'))
  if (column.type !== 'text') throw badRule(at(path, 'field'), `${rule.field} is ${column.type}, not text`, 'Name a text column.')
  if (!rule.fold) return { name: rule.field, column, text: rule.value }
  if (column.folded === undefined) {
    throw badRule(
      at(path, 'fold'),
      `${rule.field} has no folded column, and engines fold differently`,
      'Declare one under folded, filled with text.normalize("NFC").toLowerCase(), or compare with case.',
    )
  }
  return { name: column.folded, column: columnNamed(columns, column.folded, at(path, 'fold')), text: foldText(rule.value) }
}

/** Reads one column; nothing that stands on a prototype is seen. */
export function getter(name: string, column: SourceColumn): (values: Values) => Compared {
  const read = reader(name, column)
  return (values) => (Object.hasOwn(values, name) ? read(values[name]) : null)
}

/** Compiles a condition on one row to a closure. Whatever is wrong with it is refused here, with its path. */
export function compileField(rule: FieldRule, columns: Columns, path: string): RowTest {
  switch (rule.op) {
    case 'in':
      return compileIn(rule, columns, path)
    case 'between': {
      const [column, get] = ordinal(rule.field, columns, path)
      const from = valueFor(rule.from, column, rule.field, at(path, 'from'))
      const to = valueFor(rule.to, column, rule.field, at(path, 'to'))
      return (values) => {
        const found = get(values)
        return found !== null && order(found, from) >= 0 && order(found, to) < 0
      }
    }
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'like':
      return compileText(rule, columns, path)
    case 'within':
      return compileWithin(rule, columns, path)
    case 'hasBeen':
      return compileHasBeen(rule, columns, path)
    case 'under': {
      const column = columnNamed(columns, rule.field, at(path, 'field'))
      const regions = new Set(regionsOf(rule, column, path))
      const get = getter(rule.field, column)
      return (values) => regions.has(get(values) as string)
    }
    case 'near':
    case 'inBox':
      return compilePlace(rule, columns, path)
    default:
      return compileComparison(rule, columns, path)
  }
}

export function regionsOf(rule: RuleOf<'under'>, column: SourceColumn, path: string): readonly string[] {
  const parents = column.regions
  if (!parents) throw badRule(at(path, 'field'), `${rule.field} has no regions`, 'Declare each region with its parent under regions.')
  if (Object.hasOwn(parents, rule.region) || Object.values(parents).includes(rule.region)) return regionsUnder(parents, rule.region)
  throw badRule(at(path, 'region'), `there is no region ${JSON.stringify(rule.region)}`, `Name one that is in the tree of ${rule.field}.`)
}

function ordinal(name: string, columns: Columns, path: string): readonly [SourceColumn, (values: Values) => Compared] {
  const column = columnNamed(columns, name, at(path, 'field'))
  ordered(column, name, at(path, 'field'))
  return [column, getter(name, column)]
}

function compileComparison(rule: RuleOf<Comparison>, columns: Columns, path: string): RowTest {
  const { field: name, value, op } = rule
  const column = columnNamed(columns, name, at(path, 'field'))
  const get = getter(name, column)
  if (value === null) {
    if (op === 'eq') return (values) => get(values) === null
    if (op === 'ne') return (values) => get(values) !== null
    throw badRule(at(path, 'value'), 'null has no order', 'Ask eq or ne null for missing or present.')
  }
  const wanted = valueFor(value, column, name, at(path, 'value'))
  if (op !== 'eq' && op !== 'ne') ordered(column, name, at(path, 'field'))
  if (column.type === 'integer' && typeof wanted === 'number') return compareIntegers(op, name, wanted, get)
  if (column.type === 'text' && op === 'eq') {
    return (values) => {
      const found = values[name]
      return typeof found === 'string' ? found === wanted && Object.hasOwn(values, name) : get(values) === wanted
    }
  }
  if (op === 'eq') return (values) => get(values) === wanted
  if (op === 'ne') {
    return (values) => {
      const found = get(values)
      return found !== null && found !== wanted
    }
  }
  if (typeof wanted === 'string') {
    const holds = compares(op)
    return (values) => {
      const found = get(values)
      return found !== null && holds(compareText(found as string, wanted))
    }
  }
  switch (op) {
    case 'lt':
      return (values) => {
        const found = get(values)
        return found !== null && found < wanted
      }
    case 'lte':
      return (values) => {
        const found = get(values)
        return found !== null && found <= wanted
      }
    case 'gt':
      return (values) => {
        const found = get(values)
        return found !== null && found > wanted
      }
    case 'gte':
      return (values) => {
        const found = get(values)
        return found !== null && found >= wanted
      }
  }
}

/**
 * Whole numbers, the commonest leaf, without a call: whether the value is the row's own is asked only where it would pass. What is no
 * whole number goes the long way, where it is missing or refused.
 */
function compareIntegers(is: Comparison, name: string, wanted: number, get: (values: Values) => Compared): RowTest {
  const holds = compares(is)
  const other = (values: Values): boolean => {
    const found = get(values) as number | null
    return found !== null && holds(found - wanted)
  }
  switch (is) {
    case 'lt':
      return (values) => {
        const found = values[name]
        return Number.isSafeInteger(found) ? (found as number) < wanted && Object.hasOwn(values, name) : other(values)
      }
    case 'lte':
      return (values) => {
        const found = values[name]
        return Number.isSafeInteger(found) ? (found as number) <= wanted && Object.hasOwn(values, name) : other(values)
      }
    case 'gt':
      return (values) => {
        const found = values[name]
        return Number.isSafeInteger(found) ? (found as number) > wanted && Object.hasOwn(values, name) : other(values)
      }
    case 'gte':
      return (values) => {
        const found = values[name]
        return Number.isSafeInteger(found) ? (found as number) >= wanted && Object.hasOwn(values, name) : other(values)
      }
    default:
      return other
  }
}

function compileIn(rule: RuleOf<'in'>, columns: Columns, path: string): RowTest {
  const column = columnNamed(columns, rule.field, at(path, 'field'))
  const get = getter(rule.field, column)
  const wanted = new Set(
    rule.values.map((value, i) => (value === null ? null : valueFor(value, column, rule.field, at(path, 'values', i)))),
  )
  if (column.type === 'text' && !wanted.has(null)) {
    const texts = [...wanted] as readonly string[]
    const [first, second] = texts
    // a few texts are compared faster than looked up
    const listed = texts.length <= 2 ? (found: string) => found === first || found === second : (found: string) => wanted.has(found)
    return (values) => {
      const found = values[rule.field]
      return typeof found === 'string' ? listed(found) && Object.hasOwn(values, rule.field) : wanted.has(get(values))
    }
  }
  return (values) => wanted.has(get(values))
}

function compileText(rule: RuleOf<'contains' | 'startsWith' | 'endsWith' | 'like'>, columns: Columns, path: string): RowTest {
  const { name, column, text } = foldedOf(rule, columns, path)
  const get = getter(name, column) as (values: Values) => string | null
  const matches = rule.op === 'like' ? matcher(text) : null
  switch (rule.op) {
    case 'contains':
      return (values) => get(values)?.includes(text) ?? false
    case 'startsWith':
      return (values) => get(values)?.startsWith(text) ?? false
    case 'endsWith':
      return (values) => get(values)?.endsWith(text) ?? false
    case 'like':
      return (values) => {
        const found = get(values)
        return found !== null && matches!(found)
      }
  }
}

function compileWithin(rule: RuleOf<'within'>, columns: Columns, path: string): RowTest {
  const column = columnNamed(columns, rule.field, at(path, 'field'))
  const get = getter(rule.field, column)
  const stretch = stretches(rule.window)
  if (column.type === 'instant') {
    return (values, now) => {
      const found = get(values) as number | null
      if (found === null) return false
      const { from, to } = stretch(now)
      return found >= from && found < to
    }
  }
  if (column.type === 'date') {
    return (values, now) => {
      const found = get(values) as string | null
      if (found === null) return false
      const { from, to } = daysOf(stretch(now))
      return found >= from && found < to
    }
  }
  throw badRule(at(path, 'field'), `${rule.field} is ${column.type}, not an instant or a date`, 'Name a column that holds one.')
}

/** The column that says since when a value stands. */
export function sinceOf(rule: RuleOf<'hasBeen'>, columns: Columns, path: string): string {
  const column = columnNamed(columns, rule.field, at(path, 'field'))
  if (column.since !== undefined) return column.since
  throw badRule(
    at(path, 'field'),
    `nothing says since when ${rule.field} has its value`,
    'Declare the column with that instant under since.',
  )
}

function compileHasBeen(rule: RuleOf<'hasBeen'>, columns: Columns, path: string): RowTest {
  const since = sinceOf(rule, columns, path)
  const is = compileComparison({ op: 'eq', field: rule.field, value: rule.value }, columns, path)
  const get = getter(since, columnNamed(columns, since, at(path, 'field')))
  const length = lengthMs(rule.for)
  return (values, now) => {
    if (!is(values, now)) return false
    const from = get(values) as number | null
    return from !== null && from <= now - length
  }
}

export function degreesOf(name: string, columns: Columns, path: string): SourceColumn {
  const column = columnNamed(columns, name, path)
  if (column.type === 'number') return column
  throw badRule(path, `${name} is ${column.type}, not a number of degrees`, 'Declare it as number.')
}

const RADIUS_KM = 6_371.0088
const RADIANS = Math.PI / 180

/** Great-circle distance in kilometres by the haversine formula, on a sphere of the earth's mean radius (IUGG). */
export function distanceKm(a: readonly [number, number], b: readonly [number, number]): number {
  const half = (degrees: number) => Math.sin((degrees * RADIANS) / 2) ** 2
  const h = half(b[0] - a[0]) + Math.cos(a[0] * RADIANS) * Math.cos(b[0] * RADIANS) * half(b[1] - a[1])
  return 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)))
}

function compilePlace(rule: RuleOf<'near' | 'inBox'>, columns: Columns, path: string): RowTest {
  const latitude = getter(rule.latitude, degreesOf(rule.latitude, columns, at(path, 'latitude')))
  const longitude = getter(rule.longitude, degreesOf(rule.longitude, columns, at(path, 'longitude')))
  const inside =
    rule.op === 'near'
      ? (lat: number, lon: number) => distanceKm([lat, lon], rule.to) <= rule.km
      : (lat: number, lon: number) =>
          lat >= rule.south &&
          lat <= rule.north &&
          (rule.west <= rule.east ? lon >= rule.west && lon <= rule.east : lon >= rule.west || lon <= rule.east)
  return (values) => {
    const lat = latitude(values) as number | null
    const lon = longitude(values) as number | null
    return lat !== null && lon !== null && inside(lat, lon)
  }
}
