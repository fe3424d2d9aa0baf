import { PatronkitError } from '../errors.ts'
import type { Fold, Read } from '../port.ts'
import type { Scalar } from '../predicate.ts'
import type { Row } from '../table.ts'
import { compareText } from '../text.ts'
import { type Doing, keyOf, type RowStore } from './row-store.ts'
import { listRows } from './rows.ts'

interface Group {
  readonly by: Row
  count: number
  readonly sums: bigint[]
}

/** Walks every matching row and adds it to its group; groups come in the order of their columns, missing values first. */
export function* foldRows(store: RowStore, tenant: string, read: Extract<Read, { read: 'fold' }>): Doing<readonly Fold[]> {
  const { table, where, by, sum, limit } = read
  const empty = (group: Row): Group => ({ by: group, count: 0, sums: sum.map(() => 0n) })
  const groups = new Map<string, Group>()
  if (by.length === 0) groups.set('', empty({}))
  for (const row of yield* listRows(store, table, tenant, where, [], Number.MAX_SAFE_INTEGER)) {
    const key = keyOf(...by.map((column) => row[column] as Scalar))
    const group = groups.get(key) ?? empty(Object.fromEntries(by.map((column) => [column, row[column]!])))
    groups.set(key, group)
    group.count += 1
    for (const [i, column] of sum.entries()) group.sums[i]! += BigInt((row[column] ?? 0) as number)
  }
  const inOrder = [...groups].sort(([a], [b]) => compareText(a, b)).slice(0, Math.max(0, limit))
  return inOrder.map(([, group]) => ({
    by: group.by,
    count: group.count,
    sum: Object.fromEntries(sum.map((column, i) => [column, safe(`the sum of ${table.name}.${column}`, group.sums[i]!)])),
  }))
}

function safe(where: string, value: bigint): number {
  if (Number.isSafeInteger(Number(value))) return Number(value)
  throw new PatronkitError({
    code: 'storage/integer-out-of-range',
    message: `${where} is ${value}. Stay within ±9007199254740991: sum fewer rows at a time.`,
    details: { where, value: String(value) },
  })
}
