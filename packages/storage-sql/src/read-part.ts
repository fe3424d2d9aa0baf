import type { OrderBy, Pred, Read } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { buildCondition } from './condition.ts'
import { unknownColumn } from './errors.ts'
import { tenantPick } from './fields.ts'
import type { TablePlan } from './rows.ts'
import type { Pick } from './statement.ts'

/** One read on its way: what names its shape, the values its condition takes, and how its answer is understood. */
export interface Part {
  readonly read: Read
  readonly shape: string
  readonly values: readonly string[]
  /** Builds the read; `bind` makes a parameter of a pick from this part. */
  readonly build: (bind: Bind) => Expression<unknown>
  readonly decode: (stored: unknown) => unknown
}

export type Bind = (pick: Pick<Part>) => Expression<unknown>

/** The values of a read whose condition has none. */
export const NONE: readonly string[] = []

export type ReadOf<K extends Read['read']> = Extract<Read, { read: K }>
/** Picks from the read of a part, whose kind the shape has fixed. */
export const from =
  <K extends Read['read']>(bind: Bind) =>
  (pick: Pick<ReadOf<K>>): Expression<unknown> =>
    bind(pick === tenantPick ? tenantPick : (tenant, part) => pick(tenant, part.read as ReadOf<K>))

/** The tenant's rows that match. Parameters of the condition are taken in the order they were described. */
export function conditionOf(catalog: Catalog, of: TablePlan, where: Pred, bind: Bind): Expression<boolean> {
  let value = 0
  const next = () => {
    const i = value++
    return bind((_, part) => part.values[i]!)
  }
  return sql`${sql.ref('tenant')} = ${bind(tenantPick)} and ${buildCondition(where, of.table, catalog.dialect, next)}`
}

/** Missing values first, whatever the engine would do by itself. */
export function orderOf(of: TablePlan, by: OrderBy): Expression<unknown> {
  const column = Object.hasOwn(of.table.columns, by.column) ? of.table.columns[by.column] : undefined
  if (!column) throw unknownColumn(of.table.name, by.column)
  const desc = by.direction === 'desc'
  if (!column.nullable && column.type !== 'json') return desc ? sql`${sql.ref(by.column)} desc` : sql`${sql.ref(by.column)} asc`
  return desc ? sql`${sql.ref(by.column)} desc nulls last` : sql`${sql.ref(by.column)} asc nulls first`
}
