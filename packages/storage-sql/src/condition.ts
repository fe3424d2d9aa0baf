import type { Column, Pred, Scalar, Table } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { CastType, Dialect } from './dialect.ts'
import { unknownColumn } from './errors.ts'
import { textParameter } from './values.ts'

/** Where a condition's shape and values are gathered. Equal shapes have the same text in SQL. */
export interface Described {
  shape: string
  readonly values: string[]
}

type Comparing = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in'

/** What a leaf comes to for its column's type and its value's: fixed, a question of presence, or a comparison. */
type Leaf =
  | { readonly is: 'never' | 'missing' | 'present' }
  | {
      readonly is: Comparing
      readonly cast: CastType
      readonly values: readonly string[]
      /** Of an `in` that lists null. */
      readonly orMissing?: boolean
      /** Compares what a JSON column holds, not its text. */
      readonly insideJson?: 'number' | 'text'
    }

const NEVER: Leaf = { is: 'never' }
const MISSING: Leaf = { is: 'missing' }
const PRESENT: Leaf = { is: 'present' }

type PredLeaf = Extract<Pred, { field: string }>

/** Appends the shape of a condition and, in the order of its leaves, its values. */
export function describeCondition(pred: Pred, of: Table, into: Described): void {
  if ('of' in pred) {
    into.shape += `${pred.op}(`
    for (const inner of pred.op === 'not' ? [pred.of] : pred.of) describeCondition(inner, of, into)
    into.shape += ')'
  } else {
    const leaf = leafOf(pred, of)
    into.shape += `${pred.field} ${leaf.is}`
    if ('values' in leaf) {
      into.shape += ` ${leaf.insideJson ?? ''} ${leaf.cast}${leaf.values.length}${leaf.orMissing ? '?' : ''}`
      for (const value of leaf.values) into.values.push(value)
    }
    into.shape += ';'
  }
}

/** The condition in SQL. `next` gives the parameter of the next value, in the order of {@link describeCondition}. */
export function buildCondition(pred: Pred, of: Table, dialect: Dialect, next: () => Expression<unknown>): Expression<boolean> {
  // inside, unknown counts as false all the way up; only `not` could tell them apart, and `is not true` does not
  if (pred.op === 'not') return sql`(${buildCondition(pred.of, of, dialect, next)} is not true)`
  if ('of' in pred) {
    if (pred.of.length === 0) return pred.op === 'all' ? sql`true` : sql`false`
    const parts = pred.of.map((inner) => buildCondition(inner, of, dialect, next))
    return sql`(${sql.join(parts, pred.op === 'all' ? sql` and ` : sql` or `)})`
  }
  return buildLeaf(pred.field, leafOf(pred, of), dialect, next)
}

function buildLeaf(column: string, leaf: Leaf, dialect: Dialect, next: () => Expression<unknown>): Expression<boolean> {
  const ref = sql.ref(column)
  if (!('values' in leaf)) {
    if (leaf.is === 'never') return sql`false`
    return leaf.is === 'missing' ? sql`${ref} is null` : sql`${ref} is not null`
  }
  const values = leaf.values.map(() => dialect.cast(leaf.cast, next()))
  if (leaf.is === 'in') {
    const listed = sql<boolean>`${ref} in (${sql.join(values)})`
    return leaf.orMissing ? sql`(${listed} or ${ref} is null)` : listed
  }
  const compared = leaf.insideJson ? dialect.scalarInJson(column, leaf.insideJson) : ref
  return sql`${compared} ${OPERATORS[leaf.is]} ${values[0]!}`
}

const OPERATORS = { eq: sql`=`, ne: sql`<>`, lt: sql`<`, lte: sql`<=`, gt: sql`>`, gte: sql`>=` }

/** The same answers as `holds` in core: types are compared strictly, and a missing value only equals null. */
function leafOf(pred: PredLeaf, of: Table): Leaf {
  const column = Object.hasOwn(of.columns, pred.field) ? of.columns[pred.field] : undefined
  if (!column) throw unknownColumn(of.name, pred.field)
  const where = `a condition on ${of.name}.${pred.field}`
  if (pred.op === 'in') return listed(pred.values, column, where)
  if (pred.op === 'eq' || pred.op === 'ne') {
    if (pred.value === null) return pred.op === 'eq' ? MISSING : PRESENT
    const same = equalTo(pred.value, column, where)
    if (same === null) return pred.op === 'eq' ? NEVER : PRESENT
    return { is: pred.op, cast: column.type, values: [same] }
  }
  return ordered(pred.op, pred.value, column, where)
}

/** The one text a stored value has when it equals this one; null when no stored value can. */
function equalTo(value: Exclude<Scalar, null>, column: Column, where: string): string | null {
  switch (column.type) {
    case 'text':
    case 'decimal':
      return typeof value === 'string' ? textParameter(value, where) : null
    case 'integer':
    case 'instant':
      return Number.isSafeInteger(value) ? String(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? (value ? '1' : '0') : null
    case 'json':
      return JSON.stringify(value)
  }
}

function listed(values: readonly Scalar[], column: Column, where: string): Leaf {
  const orMissing = values.includes(null)
  const texts = values.flatMap((value) => (value === null ? [] : (equalTo(value, column, where) ?? [])))
  if (texts.length === 0) return orMissing ? MISSING : NEVER
  // filled up to a power of two, so that few shapes serve every length
  const room = 2 ** Math.ceil(Math.log2(texts.length))
  while (texts.length < room) texts.push(texts[0]!)
  return { is: 'in', cast: column.type, orMissing, values: texts }
}

function ordered(is: 'lt' | 'lte' | 'gt' | 'gte', value: Scalar, column: Column, where: string): Leaf {
  const leaf = (cast: CastType, text: string): Leaf => ({ is, cast, values: [text] })
  const inside = (type: 'number' | 'text', text: string): Leaf => ({ is, cast: type, values: [text], insideJson: type })
  if (typeof value === 'string') {
    if (column.type === 'text' || column.type === 'decimal') return leaf('text', textParameter(value, where))
    return column.type === 'json' ? inside('text', textParameter(value, where)) : NEVER
  }
  if (typeof value !== 'number' || Number.isNaN(value)) return NEVER
  if (column.type === 'json') return inside('number', numberText(value))
  if (column.type !== 'integer' && column.type !== 'instant') return NEVER
  return Number.isSafeInteger(value) ? leaf('integer', String(value)) : leaf('number', numberText(value))
}

/** No engine's cast knows JavaScript's word for infinity; a number beyond every double does as well. */
const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : value > 0 ? '9e999' : '-9e999')
