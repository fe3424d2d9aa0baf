import { z } from 'zod'
import { compareText } from './text.ts'

/** A single value a condition compares with. */
export type Scalar = string | number | boolean | null

type Comparison = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'

/**
 * A condition as data. SLA policies, segments and storage reads share it: one tree, answered in memory or in SQL.
 * Logic is two-valued: a comparison with a missing value is false, and `not` of it is true.
 * `eq(null)` asks whether the value is missing.
 */
export type Pred =
  | { readonly op: 'all' | 'any'; readonly of: readonly Pred[] }
  | { readonly op: 'not'; readonly of: Pred }
  | { readonly op: Comparison; readonly field: string; readonly value: Scalar }
  | { readonly op: 'in'; readonly field: string; readonly values: readonly Scalar[] }

/** True when every condition holds; `all()` is always true. */
export const all = (...of: readonly Pred[]): Pred => ({ op: 'all', of })
/** True when one condition holds; `any()` is never true. */
export const any = (...of: readonly Pred[]): Pred => ({ op: 'any', of })
/** True when the condition does not hold. */
export const not = (of: Pred): Pred => ({ op: 'not', of })

/** Names a field and compares it: `field('priority').eq('high')`. */
export const field = (path: string) => ({
  eq: (value: Scalar): Pred => ({ op: 'eq', field: path, value }),
  ne: (value: Scalar): Pred => ({ op: 'ne', field: path, value }),
  lt: (value: number | string): Pred => ({ op: 'lt', field: path, value }),
  lte: (value: number | string): Pred => ({ op: 'lte', field: path, value }),
  gt: (value: number | string): Pred => ({ op: 'gt', field: path, value }),
  gte: (value: number | string): Pred => ({ op: 'gte', field: path, value }),
  in: (values: readonly Scalar[]): Pred => ({ op: 'in', field: path, values }),
})

/** Whether the condition holds for the values that `get` answers. */
export function holds(pred: Pred, get: (path: string) => unknown): boolean {
  switch (pred.op) {
    case 'all':
      return pred.of.every((inner) => holds(inner, get))
    case 'any':
      return pred.of.some((inner) => holds(inner, get))
    case 'not':
      return !holds(pred.of, get)
    case 'in':
      return isAmong(pred.values, get(pred.field))
    case 'eq':
      return same(get(pred.field), pred.value)
    case 'ne':
      return get(pred.field) != null && !same(get(pred.field), pred.value)
    default: {
      const order = compareScalars(get(pred.field), pred.value)
      if (order === undefined) return false
      if (pred.op === 'lt') return order < 0
      if (pred.op === 'lte') return order <= 0
      if (pred.op === 'gt') return order > 0
      return order >= 0
    }
  }
}

/** A list of thousands of keys is asked once for every row, so it is made into a set when it is asked first. */
const sets = new WeakMap<readonly Scalar[], ReadonlySet<unknown>>()
const FEW = 8

function isAmong(values: readonly Scalar[], found: unknown): boolean {
  if (values.length <= FEW) return values.some((value) => same(found, value))
  let set = sets.get(values)
  if (!set) {
    set = new Set(values)
    sets.set(values, set)
  }
  return found == null ? set.has(null) : set.has(found)
}

const same = (found: unknown, value: Scalar): boolean => (value === null ? found == null : found === value)

/** Order of two numbers or two texts; undefined where they cannot be compared. */
function compareScalars(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  return undefined
}

/** Reads a path such as `customer.tier` out of plain data; only own properties are seen. */
export function valueAt(data: unknown, path: string): unknown {
  let found = data
  for (const step of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as Record<string, unknown>)[step]
  }
  return found
}

const path = z.string().min(1).max(200)
const scalar = z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()])

/** Parses a condition that came from outside: at most 1,000 nodes, nested at most 20 deep. */
export const predSchema: z.ZodType<Pred> = z
  .unknown()
  .refine((value) => size(value, 20) <= 1_000, 'a condition has at most 1,000 parts, nested at most 20 deep')
  .pipe(z.lazy(() => node))

const node: z.ZodType<Pred> = z.lazy(() =>
  z.discriminatedUnion('op', [
    z.strictObject({ op: z.enum(['all', 'any']), of: z.array(node) }),
    z.strictObject({ op: z.literal('not'), of: node }),
    z.strictObject({ op: z.enum(['eq', 'ne', 'lt', 'lte', 'gt', 'gte']), field: path, value: scalar }),
    z.strictObject({ op: z.literal('in'), field: path, values: z.array(scalar).max(1_000) }),
  ]),
)

/** Counts before anything else is looked at: what nests too deep must not be walked to its end. */
function size(value: unknown, depth: number): number {
  if (depth === 0) return Number.POSITIVE_INFINITY
  const of = typeof value === 'object' && value !== null && Object.hasOwn(value, 'of') ? (value as { readonly of: unknown }).of : []
  const inner: readonly unknown[] = Array.isArray(of) ? of : [of]
  let sum = 1
  for (const one of inner) if (sum <= 1_000) sum += size(one, depth - 1)
  return sum
}
