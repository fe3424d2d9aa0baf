import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import type { Relation } from './relation.ts'
import { type Pick, parameter } from './statement.ts'
import { integerParameter, textParameter } from './values.ts'

/** A text property as a parameter, checked. */
export const text =
  <S>(of: (from: S) => string): Pick<S> =>
  (_, from) =>
    textParameter(of(from), 'a text')

/** A text or null as a parameter, checked. */
export const maybeText =
  <S>(of: (from: S) => string | null): Pick<S> =>
  (_, from) => {
    const value = of(from)
    return value === null ? null : textParameter(value, 'a text')
  }

/** An integer property as a parameter, checked. */
export const int =
  <S>(of: (from: S) => number): Pick<S> =>
  (_, from) =>
    integerParameter(of(from), 'an integer')

/** The tenant of the call; whoever begins the call has checked it. */
export const tenantPick: Pick<unknown> = (tenant) => tenant

/** What some columns of a work table are set to or compared with. */
export type Fields<S> = { readonly [column: string]: Pick<S> }

/** The fields as cast parameters by column name. */
export function bound<S>(
  catalog: Catalog,
  of: Relation,
  fields: Fields<S>,
  bind: (pick: Pick<S>) => Expression<unknown> = parameter,
): { [column: string]: Expression<unknown> } {
  const types = new Map(of.columns.map((column) => [column.name, column.type]))
  return Object.fromEntries(Object.entries(fields).map(([column, pick]) => [column, catalog.dialect.cast(types.get(column)!, bind(pick))]))
}

/** `column = ? and …` */
export function matching<S>(
  catalog: Catalog,
  of: Relation,
  fields: Fields<S>,
  bind: (pick: Pick<S>) => Expression<unknown> = parameter,
): Expression<boolean> {
  const parts = Object.entries(bound(catalog, of, fields, bind)).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
  return sql`${sql.join(parts, sql` and `)}`
}

/** How many rows at most, as a parameter. A negative limit asks for nothing; SQLite would answer everything. */
export const limitedTo = <S>(
  catalog: Catalog,
  of: (from: S) => number,
  bind: (pick: Pick<S>) => Expression<unknown> = parameter,
): Expression<number> =>
  sql<number>`${catalog.dialect.cast(
    'integer',
    bind((_, from) => integerParameter(Math.max(0, of(from)), 'a limit')),
  )}`
