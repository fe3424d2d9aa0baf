import { PatronkitError } from './errors.ts'
import { all, any, field, type Pred } from './predicate.ts'

/** A page of a list, and the cursor of the next one; null on the last page. */
export interface Page<T> {
  readonly rows: readonly T[]
  readonly next: string | null
}

/** The cursor behind a row of a list in this order. */
export const cursorAt = (order: readonly string[], row: { readonly [column: string]: unknown }): string =>
  JSON.stringify(order.map((column) => row[column]))

/** The condition "behind the cursor": later in the first column, or equal there and later in the next. Without a cursor: everything. */
export function behind(order: readonly string[], cursor: string | undefined): Pred {
  if (cursor === undefined) return all()
  const values = readCursor(cursor, order.length)
  const equalBefore = (i: number) => order.slice(0, i).map((column, j) => field(column).eq(values[j]!))
  return any(...order.map((column, i) => all(...equalBefore(i), field(column).gt(values[i]!))))
}

function readCursor(cursor: string, length: number): readonly (string | number)[] {
  try {
    const values: unknown = JSON.parse(cursor)
    if (Array.isArray(values) && values.length === length && values.every(isPlain)) return values as (string | number)[]
  } catch {
    // falls through to the refusal
  }
  throw new PatronkitError({
    code: 'core/bad-cursor',
    message: 'the cursor is not one that this list gave. Pass `next` of the page before, unchanged, or leave it out to start anew.',
    details: { cursor: cursor.slice(0, 200) },
  })
}

const isPlain = (value: unknown): boolean => (typeof value === 'string' && value.isWellFormed()) || Number.isSafeInteger(value)
