import { duplicateId, noSpread, wrong } from './refusals.ts'

/** Refuses everything but a finite number. */
export function finite(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw wrong(
    path,
    `is ${shown(value)}, not a finite number`,
    'Give a number; for something that is not known give null where that is allowed.',
  )
}

/** Refuses everything but a finite number of at least 0. */
export function notNegative(value: unknown, path: string): number {
  if (finite(value, path) >= 0) return value as number
  throw wrong(path, `is ${shown(value)}, which is negative`, 'Give 0 or more.')
}

/** Refuses everything but a whole number of at least `least`. */
export function whole(value: unknown, path: string, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number
  throw wrong(path, `is ${shown(value)}, not a whole number from ${least} up`, `Give a whole number of at least ${least}.`)
}

/** A share above 0 and below 1, such as a confidence. */
export function between(value: unknown, path: string): number {
  const share = finite(value, path)
  if (share > 0 && share < 1) return share
  throw wrong(path, `is ${share}, not between 0 and 1`, 'Give a share such as 0.95.')
}

/** A list of finite numbers with at least `least` of them. */
export function numbers(values: unknown, path: string, least = 1): readonly number[] {
  const found = listOf(values, path, least)
  for (let i = 0; i < found.length; i++) finite(found[i], `${path}.${i}`)
  return found as readonly number[]
}

/** A list with at least `least` entries. */
export function listOf(values: unknown, path: string, least = 1): readonly unknown[] {
  if (!Array.isArray(values)) throw wrong(path, `is ${shown(values)}, not a list`, 'Give a list.')
  if (values.length < least) {
    throw wrong(path, `has ${values.length} entries`, `Give at least ${least}.`)
  }
  return values
}

/** Weights as shares of their sum: none negative, not all 0. Without weights everyone weighs the same. */
export function shares(weights: readonly number[] | undefined, count: number, path = 'weights'): number[] {
  if (weights === undefined) return new Array<number>(count).fill(1 / count)
  if (listOf(weights, path, 0).length !== count) {
    throw wrong(path, `has ${weights.length} entries for ${count} values`, 'Give one weight for each.')
  }
  let sum = 0
  for (let i = 0; i < count; i++) sum += notNegative(weights[i], `${path}.${i}`)
  if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) throw wrong(path, `sum to ${sum}`, 'Give at least one weight above 0.')
  return weights.map((weight) => weight / sum)
}

/** A matrix of finite numbers, every row as long as the first. */
export function matrixOf(matrix: unknown, path: string, leastRows = 1): readonly (readonly number[])[] {
  const rows = listOf(matrix, path, leastRows) as readonly (readonly number[])[]
  for (let i = 0; i < rows.length; i++) {
    const row = numbers(rows[i], `${path}.${i}`)
    if (row.length !== rows[0]!.length) {
      throw wrong(`${path}.${i}`, `has ${row.length} columns, the first row has ${rows[0]!.length}`, 'Make all rows equally long.')
    }
  }
  return rows
}

export const columnsOf = (rows: readonly (readonly number[])[]): number[][] => rows[0]!.map((_, j) => rows.map((row) => row[j]!))

/** Refuses an id that stands twice, or is no text. */
export function distinct(ids: readonly string[], where: string): ReadonlySet<string> {
  const seen = new Set<string>()
  for (const id of ids) {
    if (typeof id !== 'string' || id === '') throw wrong(where, `has the id ${shown(id)}`, 'Give each a text that is not empty.')
    if (seen.has(id)) throw duplicateId(id, where)
    seen.add(id)
  }
  return seen
}

/** Least and greatest of a list of any length; a spread call would overflow the stack. */
export function extent(values: Iterable<number>): { readonly min: number; readonly max: number } {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}

/** Least and greatest where they differ. */
export function spread(values: Iterable<number>, of: string): { readonly min: number; readonly max: number; readonly range: number } {
  const { min, max } = extent(values)
  if (!(max > min)) throw noSpread(of)
  return { min, max, range: max - min }
}

/** A value as it stands in an error: short, and safe for whatever came in. */
export const shown = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value.slice(0, 60))
    : Array.isArray(value)
      ? `a list of ${value.length}`
      : typeof value === 'object' && value !== null
        ? 'an object'
        : String(value)
