import type { Column, ColumnType, Pred, Table, View, ViewColumn, When } from '@patronkit/core/storage'
import { type Expression, type RawBuilder, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { buildCondition, describeCondition } from './condition.ts'

/** What differs between the engines in a view. */
export interface ViewDialect {
  /** A stored value as the host reads it: instants as timestamps, decimals and JSON as the engine's own where it has them. */
  shown(type: ColumnType, stored: RawBuilder<unknown>): RawBuilder<unknown>
  /** A member of a JSON column; null where it is of another type. */
  member(column: RawBuilder<unknown>, path: readonly string[], type: ColumnType): RawBuilder<unknown>
  /** A text of ours. */
  text(value: RawBuilder<unknown>): RawBuilder<unknown>
  /** Stands behind the table of a view that the engine would let the host write through. */
  readonly readOnly: RawBuilder<unknown> | null
  /** The type a column of a view has in the catalog; null where the catalog does not tell. */
  typeOf(type: ColumnType): string | null
  /** A view as a statement that answers JSON `{ columns: [name, type][], text }`, or null where there is none. */
  viewOf(view: string): { readonly text: string; readonly params: readonly string[] }
}

/** The statement that makes a view. */
export const createView = (catalog: Catalog, view: View): string =>
  compiled(catalog, sql`create view ${sql.table(catalog.named(view.name))} as ${selectOf(catalog, view)}`)

/** The statement that takes a view away. */
export const dropView = (catalog: Catalog, name: string): string => compiled(catalog, sql`drop view ${sql.table(catalog.named(name))}`)

const compiled = (catalog: Catalog, statement: RawBuilder<unknown>): string => statement.compile(catalog.dialect.build).sql.trim()

const MAIN = 't'
const JOINED = 'j'
const main = (column: string) => sql.ref(`${MAIN}.${column}`)

function selectOf(catalog: Catalog, view: View): RawBuilder<unknown> {
  const columns = Object.entries(view.columns).map(([name, column]) => sql`${columnOf(catalog, view, column)} as ${sql.ref(name)}`)
  const { readOnly } = catalog.dialect.views
  return sql`select ${sql.join([main('tenant'), ...columns])} from ${sql.table(catalog.named(view.table))} as ${sql.ref(MAIN)}${
    view.join ? joinOf(catalog, view.join) : readOnly ? sql` ${readOnly}` : sql``
  } where ${conditionOf(catalog, view, view.where)}`
}

function joinOf(catalog: Catalog, join: NonNullable<View['join']>): RawBuilder<unknown> {
  const on = ['tenant', ...join.on].map((column) => sql`${sql.ref(`${JOINED}.${column}`)} = ${main(column)}`)
  const how = join.optional ? sql` left join ` : sql` inner join `
  return sql`${how}${sql.table(catalog.named(join.table))} as ${sql.ref(JOINED)} on ${sql.join(on, sql` and `)}`
}

function columnOf(catalog: Catalog, view: View, column: ViewColumn): RawBuilder<unknown> {
  const { member, shown, text } = catalog.dialect.views
  if ('joined' in column) return shown(column.type, sql`${sql.ref(`${JOINED}.${column.joined}`)}`)
  if ('json' in column) return shown(column.type, member(sql`${main(column.json)}`, column.path, column.type))
  if ('cases' in column) {
    const cases = column.cases.map(([when, then]) => sql`when ${conditionOf(catalog, view, when)} then ${sql.lit(then)}`)
    return text(sql`case ${sql.join(cases, sql` `)} else ${sql.lit(column.otherwise)} end`)
  }
  if (!column.when) return shown(column.type, sql`${main(column.from)}`)
  return shown(column.type, sql`case when ${conditionOf(catalog, view, column.when)} then ${main(column.from)} end`)
}

/** A condition with its values in its text: a view takes no parameters. */
function conditionOf(catalog: Catalog, view: View, pred: When): Expression<boolean> {
  if ('greater' in pred) return sql`${main(pred.greater[0])} > ${main(pred.greater[1])}`
  const inView = qualified(pred)
  const table = tableOf(view)
  const described = { shape: '', values: [] as string[] }
  describeCondition(inView, table, described)
  const values = described.values.values()
  return buildCondition(inView, table, catalog.dialect, () => sql.lit(values.next().value!))
}

const qualified = (pred: Pred): Pred => {
  if ('field' in pred) return { ...pred, field: `${MAIN}.${pred.field}` }
  return pred.op === 'not' ? { ...pred, of: qualified(pred.of) } : { ...pred, of: pred.of.map(qualified) }
}

/** The columns that conditions name, as a view calls its table's. */
const tableOf = (view: View): Table => ({
  name: view.name,
  columns: Object.fromEntries(Object.entries(view.fields).map(([name, column]): [string, Column] => [`${MAIN}.${name}`, column])),
  key: [],
  subject: [],
  indexes: {},
})
