import { PatronkitError } from '../errors.ts'
import type { OrderBy } from '../port.ts'
import { holds, type Pred, type Scalar } from '../predicate.ts'
import type { Row, Table } from '../table.ts'
import { compareText } from '../text.ts'
import { after, type Doing, getKept, type Kept, keyOf, putKept, type RowStore, removeKept, scanKept } from './row-store.ts'

const PAGE = 256

const rowKey = (of: Table, tenant: string, row: Row): string =>
  keyOf('row', of.name, tenant, ...of.key.map((column) => scalarOf(row, column)))

const indexKey = (of: Table, index: string, tenant: string, row: Row): string =>
  keyOf('index', of.name, index, tenant, ...[...of.indexes[index]!, ...of.key].map((column) => scalarOf(row, column)))

const scalarOf = (row: Row, column: string): Scalar => (row[column] ?? null) as Scalar

/** JSON columns are kept as text, so that what comes back is what any SQL engine gives. */
const keep = (of: Table, row: Row): Kept =>
  Object.fromEntries(
    Object.entries(of.columns).map(([name, column]) => {
      const value = row[name] ?? null
      return [name, column.type === 'json' && value !== null ? JSON.stringify(value) : (value as Scalar)]
    }),
  )

const restore = (of: Table, kept: Kept): Row =>
  Object.fromEntries(
    Object.entries(of.columns).map(([name, column]) => {
      const value = kept[name] ?? null
      return [name, column.type === 'json' && value !== null ? JSON.parse(value as string) : value]
    }),
  )

export function* getRow(store: RowStore, of: Table, tenant: string, key: Row): Doing<Row | null> {
  const kept = yield* getKept(store, rowKey(of, tenant, key))
  return kept ? restore(of, kept) : null
}

export function* putRow(store: RowStore, of: Table, tenant: string, row: Row, before: Row | null): Doing<void> {
  const kept = keep(of, row)
  yield* putKept(store, rowKey(of, tenant, row), kept)
  for (const index of Object.keys(of.indexes)) {
    const now = indexKey(of, index, tenant, row)
    const then = before && indexKey(of, index, tenant, before)
    if (then !== null && then !== now) yield* removeKept(store, then)
    yield* putKept(store, now, kept)
  }
}

export function* removeRow(store: RowStore, of: Table, tenant: string, row: Row): Doing<void> {
  yield* removeKept(store, rowKey(of, tenant, row))
  for (const index of Object.keys(of.indexes)) yield* removeKept(store, indexKey(of, index, tenant, row))
}

/** Walks the key or the index that fits best; sorts only when that walk is not already in the order asked for. */
export function* listRows(
  store: RowStore,
  of: Table,
  tenant: string,
  where: Pred,
  order: readonly OrderBy[],
  limit: number,
): Doing<readonly Row[]> {
  checkColumns(of, [...columnsIn(where), ...order.map((by) => by.column)])
  if (limit <= 0) return []
  const fixed = fixedColumns(where)
  const walk = bestWalk(of, fixed, order)
  const prefix =
    walk.index === null ? keyOf('row', of.name, tenant, ...walk.values) : keyOf('index', of.name, walk.index, tenant, ...walk.values)
  const found: Row[] = []
  let from = prefix
  let to = after(prefix)
  for (;;) {
    const page = yield* scanKept(store, from, to, PAGE, walk.reverse)
    for (const [, kept] of page) {
      const row = restore(of, kept)
      if (holds(where, (column) => row[column])) found.push(row)
      if (walk.ordered && found.length === limit) return found
    }
    if (page.length < PAGE) break
    const last = page.at(-1)![0]
    if (walk.reverse) to = last
    else from = `${last}\u0000`
  }
  return walk.ordered ? found : found.sort((a, b) => compareRows(a, b, order)).slice(0, limit)
}

/** Rows without the columns that nobody asked for. */
export function pickColumns(of: Table, rows: readonly Row[], columns: readonly string[]): readonly Row[] {
  checkColumns(of, columns)
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]!])))
}

/** Columns that the condition pins to one value. */
function fixedColumns(where: Pred, fixed = new Map<string, Scalar>()): ReadonlyMap<string, Scalar> {
  if (where.op === 'eq' && storable(where.value)) fixed.set(where.field, where.value)
  if (where.op === 'all') for (const part of where.of) fixedColumns(part, fixed)
  return fixed
}

/** A number that no column can hold matches no row; the walk is then left to the condition. */
const storable = (value: Scalar): boolean => typeof value !== 'number' || Number.isSafeInteger(value)

/** Every engine refuses to look at a column that is not there, instead of finding nothing. */
function checkColumns(of: Table, columns: readonly string[]): void {
  for (const column of columns) {
    if (Object.hasOwn(of.columns, column)) continue
    throw new PatronkitError({
      code: 'storage/unknown-column',
      message: `${of.name} has no column ${JSON.stringify(column)}. Use one of: ${Object.keys(of.columns).join(', ')}.`,
      details: { table: of.name, column },
    })
  }
}

/** The columns that a condition looks at. */
export function columnsIn(pred: Pred): readonly string[] {
  if ('field' in pred) return [pred.field]
  return pred.op === 'not' ? columnsIn(pred.of) : pred.of.flatMap(columnsIn)
}

interface Walk {
  readonly index: string | null
  readonly values: readonly Scalar[]
  readonly ordered: boolean
  readonly reverse: boolean
}

function bestWalk(of: Table, fixed: ReadonlyMap<string, Scalar>, order: readonly OrderBy[]): Walk {
  const ways = [
    { index: null, columns: of.key },
    ...Object.entries(of.indexes).map(([index, columns]) => ({ index, columns: [...columns, ...of.key] })),
  ]
  const walks = ways.map(({ index, columns }): Walk => {
    const pinned = columns.findIndex((column) => !fixed.has(column))
    const depth = pinned === -1 ? columns.length : pinned
    const wanted = order.filter((by) => !fixed.has(by.column))
    const rest = columns.slice(depth).filter((column, i, list) => !fixed.has(column) && list.indexOf(column) === i)
    const inOrder = wanted.every((by, i) => by.column === rest[i])
    const reverse = wanted.length > 0 && wanted.every((by) => by.direction === 'desc')
    const ordered = inOrder && (reverse || wanted.every((by) => by.direction === 'asc'))
    return { index, values: columns.slice(0, depth).map((column) => fixed.get(column)!), ordered, reverse: ordered && reverse }
  })
  return walks.reduce((best, walk) => {
    const gain = walk.values.length - best.values.length
    return gain > 0 || (gain === 0 && walk.ordered && !best.ordered) ? walk : best
  })
}

/** Rows in an order. */
export function compareRows(a: Row, b: Row, order: readonly OrderBy[]): number {
  for (const by of order) {
    const sign = compareValues(scalarOf(a, by.column), scalarOf(b, by.column))
    if (sign !== 0) return by.direction === 'asc' ? sign : -sign
  }
  return 0
}

/** Missing values first, as SQLite sorts them. */
function compareValues(a: Scalar, b: Scalar): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  return Number(a) - Number(b)
}
