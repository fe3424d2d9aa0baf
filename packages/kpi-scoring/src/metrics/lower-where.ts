import type { HostColumn, HostCondition } from '@patronkit/core/service'
import { holds, type Pred } from '@patronkit/core/service'
import { type Exact as Decimal, Exact } from '../exact.ts'

/** A field of a condition: a column, what a missing value counts as, and how many digits a constant has where there is no column. */
export type Field =
  | { readonly column: HostColumn; readonly ifMissing?: string }
  /** The same for every row. */
  | { readonly always: string | number }

type Leaf = Extract<Pred, { field: string }>
type Order = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'

const ALWAYS: HostCondition = { op: 'all', of: [] }
const NEVER: HostCondition = { op: 'any', of: [] }
const not = (of: HostCondition): HostCondition => ({ op: 'not', of })

/**
 * A condition on measurements as a question to the host's database, by the rules of `holds`: values are compared with values of their
 * own type only, and nothing but `eq(null)` holds for what is missing.
 */
export function lowerWhere(pred: Pred, path: string, fieldOf: (name: string) => Field): HostCondition {
  switch (pred.op) {
    case 'all':
    case 'any':
      return { op: pred.op, of: pred.of.map((inner, at) => lowerWhere(inner, `${path}.of.${at}`, fieldOf)) }
    case 'not':
      return not(lowerWhere(pred.of, `${path}.of`, fieldOf))
    default: {
      const field = fieldOf(pred.field)
      if ('always' in field) return holds(pred, () => field.always) ? ALWAYS : NEVER
      const { column, ifMissing } = field
      if (ifMissing === undefined) return lowerLeaf(pred, column, path)
      const present = { op: 'all', of: [not(missing(column)), lowerLeaf(pred, column, path)] } as const
      return holds(pred, () => ifMissing) ? { op: 'any', of: [missing(column), present] } : present
    }
  }
}

const missing = (column: HostColumn): HostCondition => ({ op: 'missing', column })

function lowerLeaf(leaf: Leaf, column: HostColumn, path: string): HostCondition {
  if (leaf.op === 'in') {
    const of = leaf.values.map((value): HostCondition => (value === null ? missing(column) : compared('eq', column, value, path)))
    return { op: 'any', of: joined(of) }
  }
  const { op, value } = leaf
  if (value !== null) return compared(op, column, value, path)
  if (op === 'eq') return missing(column)
  return op === 'ne' ? not(missing(column)) : NEVER
}

type Equal = Extract<HostCondition, { op: Order }>
const isEqual = (one: HostCondition): one is Equal => one.op === 'eq'

/** Many values of one column as one list. */
function joined(of: readonly HostCondition[]): readonly HostCondition[] {
  const equal = of.filter(isEqual)
  if (equal.length < 2) return of
  return [{ op: 'in', column: equal[0]!.column, values: equal.map(({ value }) => value) }, ...of.filter((one) => !isEqual(one))]
}

function compared(op: Order, column: HostColumn, value: string | number | boolean, path: string): HostCondition {
  const unlike = op === 'ne' ? not(missing(column)) : NEVER
  const unknown = (what: string): HostCondition => ({ op: 'unknown', path, what })
  switch (column.type) {
    case 'boolean':
      if (typeof value !== 'boolean') return unlike
      return op === 'eq' || op === 'ne' ? { op, column, value } : NEVER
    case 'text':
      if (typeof value !== 'string') return unlike
      if (!value.isWellFormed() || value.includes('\u0000')) return unknown('a text that no engine keeps as it is')
      return { op, column, value }
    case 'date':
      if (typeof value !== 'string') return unlike
      return isDay(value) ? { op, column, value } : unknown('a day that is none')
    case 'integer':
    case 'decimal':
      return typeof value === 'number' ? wholeUnits(op, column, value) : unlike
    default:
      return unknown(`a comparison with a column of type ${column.type}`)
  }
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text

/** A comparison in whole smallest units: 'below 1.005' is 'at most 1.00' where there are two digits. */
function wholeUnits(op: Order, column: HostColumn, value: number): HostCondition {
  const present = not(missing(column))
  const units: Decimal = new Exact(value).times(new Exact(10).pow(column.scale ?? 0))
  if (!units.abs().lte(Number.MAX_SAFE_INTEGER)) {
    // beyond everything that stands there, or not a number and then unlike anything
    const above = units.isNaN()
      ? op === 'ne'
      : op === 'ne' || (units.isPositive() ? op === 'lt' || op === 'lte' : op === 'gt' || op === 'gte')
    return above ? present : NEVER
  }
  if (units.isInteger()) return { op, column, value: units.toNumber() + 0 }
  if (op === 'eq') return NEVER
  if (op === 'ne') return present
  const below = op === 'lt' || op === 'lte'
  return { op: below ? 'lte' : 'gte', column, value: (below ? units.floor() : units.ceil()).toNumber() + 0 }
}
