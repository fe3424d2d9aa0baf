import type { Json } from './canonical.ts'
import type { View } from './view.ts'

/** What a column holds. `instant` is epoch milliseconds, `decimal` a decimal text, `integer` a safe integer. */
export type ColumnType = 'text' | 'integer' | 'instant' | 'boolean' | 'decimal' | 'json'

export interface Column<T = unknown> {
  readonly type: ColumnType
  readonly nullable: boolean
  /** Only for the type checker: what a row holds here. */
  readonly holds?: T
}

/** One row, by column name. Engines take and give these; the tenant travels beside them. */
export type Row = { readonly [column: string]: Value }
export type Value = string | number | boolean | null | Json

const column = <T>(type: ColumnType): Column<T> => ({ type, nullable: false })
export const text = (): Column<string> => column('text')
export const integer = (): Column<number> => column('integer')
export const instant = (): Column<number> => column('instant')
export const boolean = (): Column<boolean> => column('boolean')
export const decimal = (): Column<string> => column('decimal')
export const json = (): Column<Json> => column('json')
export const nullable = <T>(of: Column<T>): Column<T | null> => ({ type: of.type, nullable: true })

/**
 * A table as data. Every table also has the tenant as the first column of its key and of each index; engines add it.
 * `subject` names the columns that say whose row it is: a commit that writes the row moves that subject's head.
 */
export interface Table<C extends Record<string, Column> = Record<string, Column>> {
  readonly name: string
  readonly columns: C
  readonly key: readonly string[]
  readonly subject: readonly string[]
  readonly indexes: { readonly [name: string]: readonly string[] }
  /** Rows that only remember something for a while: they may be cleared by a condition. */
  readonly derived?: true
}

export type RowOf<T> = T extends Table<infer C> ? { readonly [K in keyof C]: C[K] extends Column<infer V> ? V : never } : never

/** Declares a table. Names are lower snake case with the package's prefix, such as `sla_clock`. */
export function table<const C extends Record<string, Column>>(
  name: string,
  columns: C,
  o: {
    key: readonly (keyof C & string)[]
    subject: readonly (keyof C & string)[]
    indexes?: { readonly [name: string]: readonly (keyof C & string)[] }
    derived?: true
  },
): Table<C> {
  const derived = o.derived ? { derived: o.derived } : {}
  return Object.freeze({ name, columns, key: o.key, subject: o.subject, indexes: o.indexes ?? {}, ...derived })
}

/** Which row of a table, as one text. No stored text has the sign between the parts. */
export function rowName(of: Table, row: Row): string {
  let name = of.name
  for (const column of of.key) name += `\u0000${row[column] ?? null}`
  return name
}

/** One append-only step towards a package's tables. Steps that were published are never edited. */
export type MigrationStep =
  | { readonly addTable: Table }
  | { readonly addColumn: { readonly table: string; readonly column: string; readonly type: Column } }
  | { readonly addIndex: { readonly table: string; readonly index: string; readonly columns: readonly string[] } }
  | { readonly addView: View }
  | { readonly dropView: string }

export interface Migration {
  readonly id: number
  readonly about: string
  /** True when a process with an older version of the package must not write any more once this is applied. */
  readonly breaking?: true
  readonly steps: readonly MigrationStep[]
}

/** What a package asks of the host's database. */
export interface PackageSchema {
  readonly package: string
  readonly tables: readonly Table[]
  /** Views for the host's own SQL. */
  readonly views?: readonly View[]
  readonly migrations: readonly Migration[]
}
