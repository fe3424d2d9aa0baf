import type { Row, Table, Write } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import { type Catalog, declaredTable } from './catalog.ts'
import { unknownColumn } from './errors.ts'
import { tenantPick } from './fields.ts'
import { kept, type Pick, parameter, type Shape, shapeOf } from './statement.ts'
import { type Decode, decoder, type Encode, encoder } from './values.ts'

/** A declared table with the statements that write its rows, each compiled at its first use. */
export interface TablePlan {
  readonly table: Table
  readonly columns: readonly string[]
  readonly encode: { readonly [column: string]: Encode }
  decodeRow(stored: readonly unknown[]): Row
  /** Understands rows of some of the columns. */
  decoderOf(columns: readonly string[]): (stored: readonly unknown[]) => Row
  readonly insert: () => Shape<Row>
  readonly put: () => Shape<Row>
  readonly change: (columns: readonly string[]) => Shape<Change>
  readonly remove: () => Shape<Row>
}

type Change = Extract<Write, { write: 'change' }>

/** The plan of a table, built once for an instance. */
export function planner(catalog: Catalog): (of: Table) => TablePlan {
  const plans = new Map<Table, TablePlan>()
  return (of) => plans.get(of) ?? kept(plans, of, () => planOf(catalog, declaredTable(catalog, of)))
}

function planOf(catalog: Catalog, table: Table): TablePlan {
  const columns = Object.keys(table.columns)
  const where = (column: string) => `${table.name}.${column}`
  const encode = Object.fromEntries(columns.map((column) => [column, encoder(where(column), table.columns[column]!)]))
  const decoders = new Map<string, (stored: readonly unknown[]) => Row>()
  const decoderOf = (some: readonly string[]) =>
    kept(decoders, some.join(), () => {
      const decode = some.map((column) => {
        if (!Object.hasOwn(table.columns, column)) throw unknownColumn(table.name, column)
        return decoder(where(column), table.columns[column]!)
      })
      return (stored) => rowOf(some, decode, stored)
    })
  const shapes = new Map<string, Shape<never>>()
  const shape = <S>(name: string, build: () => Shape<S>) => kept(shapes as Map<string, Shape<S>>, name, build)
  return {
    table,
    columns,
    encode,
    decodeRow: decoderOf(columns),
    decoderOf,
    insert: () => shape('insert', () => insertShape(catalog, table, encode)),
    put: () => shape('put', () => putShape(catalog, table, encode)),
    change: (changed) => shape(`change ${changed.join()}`, () => changeShape(catalog, table, encode, changed)),
    remove: () => shape('remove', () => removeShape(catalog, table, encode)),
  }
}

function rowOf(columns: readonly string[], decode: readonly Decode[], stored: readonly unknown[]): Row {
  const row: { [column: string]: Row[string] } = {}
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = decode[i]!(stored[i])
  return row
}

type Encoders = TablePlan['encode']

/** A column's value as a cast parameter. */
export function cellOf<S>(
  catalog: Catalog,
  table: Table,
  encode: Encoders,
  column: string,
  of: (from: S) => Row,
  bind: (pick: Pick<S>) => Expression<unknown> = parameter,
): Expression<unknown> {
  const encodeColumn = Object.hasOwn(encode, column) ? encode[column] : undefined
  if (!encodeColumn) throw unknownColumn(table.name, column)
  return catalog.dialect.cast(
    table.columns[column]!.type,
    bind((_, from) => encodeColumn(of(from)[column])),
  )
}

/** `tenant = ? and key1 = ? …` */
export function whereKey<S>(
  catalog: Catalog,
  table: Table,
  encode: Encoders,
  of: (from: S) => Row,
  bind: (pick: Pick<S>) => Expression<unknown> = parameter,
): Expression<boolean> {
  const parts = [
    sql`${sql.ref('tenant')} = ${bind(tenantPick)}`,
    ...table.key.map((column) => sql`${sql.ref(column)} = ${cellOf(catalog, table, encode, column, of, bind)}`),
  ]
  return sql`${sql.join(parts, sql` and `)}`
}

const self = (row: Row): Row => row

function insertInto(catalog: Catalog, table: Table, encode: Encoders) {
  const values: { [column: string]: Expression<unknown> } = { tenant: parameter(tenantPick) }
  for (const column of Object.keys(table.columns)) values[column] = cellOf(catalog, table, encode, column, self)
  return catalog.dialect.build.insertInto(catalog.named(table.name)).values(values)
}

const insertShape = (catalog: Catalog, table: Table, encode: Encoders): Shape<Row> => shapeOf(insertInto(catalog, table, encode).compile())

function putShape(catalog: Catalog, table: Table, encode: Encoders): Shape<Row> {
  const rest = Object.keys(table.columns).filter((column) => !table.key.includes(column))
  const query = insertInto(catalog, table, encode).onConflict((conflict) => {
    const same = conflict.columns(['tenant', ...table.key])
    if (rest.length === 0) return same.doNothing()
    return same.doUpdateSet(Object.fromEntries(rest.map((column) => [column, sql.ref(`excluded.${column}`)])))
  })
  return shapeOf(query.compile())
}

/** SQLite's own: whether it hit a row is asked afterwards, which costs it a third of an answer with the update. */
function changeShape(catalog: Catalog, table: Table, encode: Encoders, changed: readonly string[]): Shape<Change> {
  const key = whereKey<Change>(catalog, table, encode, (change) => change.key)
  const { build } = catalog.dialect
  const name = catalog.named(table.name)
  // nothing to set: the row has to be there all the same
  if (changed.length === 0) return shapeOf(build.selectFrom(name).where(key).select(HIT).compile())
  const set: { [column: string]: Expression<unknown> } = {}
  for (const column of changed) {
    if (table.key.includes(column)) throw unknownColumn(table.name, column)
    set[column] = cellOf<Change>(catalog, table, encode, column, (change) => change.set)
  }
  return shapeOf(build.updateTable(name).set(set).where(key).compile())
}

const removeShape = (catalog: Catalog, table: Table, encode: Encoders): Shape<Row> =>
  shapeOf(
    catalog.dialect.build
      .deleteFrom(catalog.named(table.name))
      .where(whereKey<Row>(catalog, table, encode, self))
      .returning(HIT)
      .compile(),
  )

/** A statement that found its row answers this. */
export const HIT = sql<string>`'1'`.as('hit')
