import { all, type Pred } from './predicate.ts'
import type { Column, ColumnType, Table } from './table.ts'

/** When a case holds: a condition, or that one column is greater than another and neither is missing. */
export type When<C extends string = string> = Pred | { readonly greater: readonly [column: C, than: C] }

/**
 * What stands in a column of a view: a column of its table, one of the joined table, a member of a JSON column, or the text
 * of the first case that holds. Instants come out as timestamps; `stored` leaves them the milliseconds that an index orders by.
 */
export type Shown<From extends string = string, Joined extends string = string> =
  | From
  | { readonly column: From; readonly when?: Pred; readonly stored?: boolean }
  | { readonly joined: Joined }
  | { readonly json: From; readonly path: readonly string[]; readonly type: ColumnType }
  | { readonly cases: readonly (readonly [when: When<From>, then: string])[]; readonly otherwise: string | null }

/** A column of a view as it is published: with its type, so that the step that adds it stays what it was. */
export type ViewColumn =
  | { readonly from: string; readonly type: ColumnType; readonly when?: Pred }
  | { readonly joined: string; readonly type: ColumnType }
  | { readonly json: string; readonly path: readonly string[]; readonly type: ColumnType }
  | { readonly cases: readonly (readonly [when: When, then: string])[]; readonly otherwise: string | null; readonly type: 'text' }

/** A read-only view as data. Its first column is the tenant, which is also part of each join; engines add it. */
export interface View {
  readonly name: string
  readonly table: string
  readonly join?: { readonly table: string; readonly on: readonly string[]; readonly optional?: true }
  readonly columns: { readonly [name: string]: ViewColumn }
  readonly where: Pred
  /** The columns of the table that conditions name. */
  readonly fields: { readonly [column: string]: Column }
}

/**
 * Declares a view for the host's own SQL. What was published under a name stays as it is: a change is a new view with the
 * next number, such as `sla_clock_v2`.
 *
 * @example
 * ```ts
 * import { field } from '@patronkit/core'
 * import { instant, table, text, view } from '@patronkit/core/service'
 *
 * const visits = table('visit', { id: text(), phase: text(), at: instant() }, { key: ['id'], subject: ['id'] })
 * const open = view('visit_open_v1', { from: visits, columns: { id: 'id', planned_at: 'at' }, where: field('phase').eq('open') })
 * ```
 */
export function view<C extends Record<string, Column>, J extends Record<string, Column> = Record<never, Column>>(
  name: string,
  o: {
    from: Table<C>
    /** Rows of another table with the same values in these columns; with `optional`, rows without one stay. */
    join?: { table: Table<J>; on: readonly (keyof C & keyof J & string)[]; optional?: true }
    columns: { readonly [name: string]: Shown<keyof C & string, keyof J & string> }
    where?: Pred
  },
): View {
  const { from, join } = o
  const where = o.where ?? all()
  const columns = Object.fromEntries(
    Object.entries(o.columns).map(([as, shown]) => [as, published(shown as Shown, from.columns, join?.table.columns ?? {})]),
  )
  const conditions: readonly When[] = [where, ...Object.values(columns).flatMap(conditionsOf)]
  const named = new Set(conditions.flatMap(fieldsOf))
  return Object.freeze({
    name,
    table: from.name,
    ...(join ? { join: { table: join.table.name, on: join.on, ...(join.optional ? { optional: join.optional } : {}) } } : {}),
    columns,
    where,
    fields: Object.fromEntries([...named].sort().map((column) => [column, typed(from.columns, column)])),
  })
}

type Columns = { readonly [column: string]: Column }

function published(shown: Shown, from: Columns, joined: Columns): ViewColumn {
  if (typeof shown === 'string') return { from: shown, type: typed(from, shown).type }
  if ('joined' in shown) return { joined: shown.joined, type: typed(joined, shown.joined).type }
  if ('cases' in shown) return { ...shown, type: 'text' }
  if ('json' in shown) return shown
  const { type } = typed(from, shown.column)
  return { from: shown.column, type: shown.stored && type === 'instant' ? 'integer' : type, ...(shown.when ? { when: shown.when } : {}) }
}

function typed(columns: Columns, name: string): Column {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined
  if (!column) throw new TypeError(`a view names the column "${name}", which its table does not have`)
  return column
}

const conditionsOf = (column: ViewColumn): readonly When[] =>
  'cases' in column ? column.cases.map(([when]) => when) : 'when' in column && column.when ? [column.when] : []

function fieldsOf(when: When): readonly string[] {
  if ('greater' in when) return when.greater
  if ('field' in when) return [when.field]
  return when.op === 'not' ? fieldsOf(when.of) : when.of.flatMap(fieldsOf)
}
