import { type Context, type Operation, read } from './context.ts'
import { PatronkitError } from './errors.ts'
import { list } from './port.ts'
import { all, any, field, type Pred } from './predicate.ts'
import type { RowOf, Table } from './table.ts'

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

const FIRST_PAGE = 32

/**
 * Rows in order until the sum of a column reaches `reach`, the row that reaches it included; all of them when they do
 * not. Asks for 32 rows, then for four times as many each time, so that few rows are looked at when few are needed.
 * Read the head of their subject first: the pages are one state only as long as nobody moves it.
 */
export function* listUntil<T extends Table>(
  ctx: Context,
  of: T,
  o: { readonly where: Pred; readonly order: readonly string[]; readonly sum: string; readonly reach: number },
): Operation<readonly RowOf<T>[]> {
  const order = [...o.order, ...of.key.filter((column) => !o.order.includes(column))]
  const rows: RowOf<T>[] = []
  let left = o.reach
  for (let limit = FIRST_PAGE; left > 0; limit *= 4) {
    const cursor = rows.length === 0 ? undefined : cursorAt(order, rows.at(-1) as { readonly [column: string]: unknown })
    const [page] = yield* read(ctx, list(of, { where: all(o.where, behind(order, cursor)), order, limit }))
    for (const row of page) {
      if (left <= 0) return rows
      rows.push(row)
      left -= (row as { readonly [column: string]: unknown })[o.sum] as number
    }
    if (page.length < limit) return rows
  }
  return rows
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
