import {
  type Add,
  fitsBounds,
  outOfBounds,
  type Row,
  type Steps,
  type Table,
  taken,
  type Unit,
  type UnitAnswer,
} from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { cellOf, HIT, type TablePlan, whereKey } from './rows.ts'
import { ask, kept, parameter, type Shape, type Statement, shapeOf } from './statement.ts'
import { integerParameter } from './values.ts'

/** The statements on rows that must not be there yet, and on bounded counters. */
export interface GuardShapes {
  readonly present: (of: TablePlan) => Shape<Row>
  readonly counted: (of: TablePlan, column: string) => Shape<Row>
  readonly add: (of: TablePlan, column: string) => Shape<Add>
}

export function guardShapes(catalog: Catalog): GuardShapes {
  const shapes = new Map<string, Shape<never>>()
  const shape = <S>(name: string, build: () => Shape<S>) => kept(shapes as Map<string, Shape<S>>, name, build)
  const self = (row: Row): Row => row
  const at = (of: TablePlan) => whereKey<Row>(catalog, of.table, of.encode, self)
  const from = (of: TablePlan) => catalog.dialect.build.selectFrom(catalog.named(of.table.name))
  return {
    present: (of) => shape(`present ${of.table.name}`, () => shapeOf(from(of).where(at(of)).select(HIT).compile())),
    counted: (of, column) =>
      shape(`counted ${of.table.name} ${column}`, () =>
        shapeOf(
          from(of)
            .where(at(of))
            .select(sql`cast(${sql.ref(column)} as text)`.as('counted'))
            .compile(),
        ),
      ),
    add: (of, column) => shape(`add ${of.table.name} ${column}`, () => addShape(catalog, of, column)),
  }
}

/** Adds to the counter that is there, or begins it; its neighbours in the row begin at 0. */
function addShape(catalog: Catalog, of: TablePlan, column: string): Shape<Add> {
  const { table, encode, columns } = of
  const { build, cast } = catalog.dialect
  const name = catalog.named(table.name)
  const by = cast(
    'integer',
    parameter<Add>((_, add) => integerParameter(add.by, 'an add')),
  )
  const values: { [column: string]: Expression<unknown> } = { tenant: parameter((tenant) => tenant) }
  for (const other of columns)
    values[other] = table.key.includes(other) ? cellOf<Add>(catalog, table, encode, other, (add) => add.key) : sql`0`
  values[column] = by
  return shapeOf(
    build
      .insertInto(name)
      .values(values)
      .onConflict((conflict) =>
        conflict
          .columns(['tenant', ...table.key])
          .doUpdateSet({ [column]: sql`${sql.ref(`${name}.${column}`)} + ${sql.ref(`excluded.${column}`)}` }),
      )
      .compile(),
  )
}

type Doing<T> = Steps<Statement, T>
type Plan = (of: Table) => TablePlan

/** Bounds first, then rows that are taken; null when all hold. Nothing is written. */
export function* checkGuards(shapes: GuardShapes, plan: Plan, unit: Unit): Doing<UnitAnswer | null> {
  const beyond = yield* checkBounds(shapes, plan, unit)
  if (beyond) return beyond
  for (const unique of unit.unique ?? []) {
    if ((yield ask(shapes.present(plan(unique.table)), unit.tenant, unique.row)) !== null) return taken(unique)
  }
  return null
}

/** The counter that would pass its bound, or null. */
export function* checkBounds(shapes: GuardShapes, plan: Plan, unit: Unit): Doing<UnitAnswer | null> {
  for (const add of unit.adds ?? []) {
    const found = Number(((yield ask(shapes.counted(plan(add.table), add.column), unit.tenant, add.key)) as string | null) ?? 0)
    if (!fitsBounds(add, found + add.by)) return outOfBounds(add, found)
  }
  return null
}

/** Writes what {@link checkGuards} found to hold. */
export function* writeGuards(shapes: GuardShapes, plan: Plan, unit: Unit): Doing<void> {
  for (const { table, row } of unit.unique ?? []) yield ask(plan(table).insert(), unit.tenant, row)
  for (const add of unit.adds ?? []) yield ask(shapes.add(plan(add.table), add.column), unit.tenant, add)
}
