import type { ColumnType, Session } from '@patronkit/core/storage'
import type { Expression, Kysely, RawBuilder } from 'kysely'
import type { ViewDialect } from './views.ts'

/** Tables as the query builder sees them: names and columns come from declarations, not from types. */
export type AnyTables = Record<string, Record<string, unknown>>

/** What a text parameter is cast to: a column's type, or any number (for bounds with a fraction). */
export type CastType = ColumnType | 'number'

/** What went wrong inside a driver, told apart by its message because host drivers wrap errors in their own. */
export type Fault = 'missing-relation' | 'duplicate' | 'busy' | 'aborted' | 'broken-write' | 'nested-transaction'

/** A column as the database itself describes it. */
export interface FoundColumn {
  readonly name: string
  readonly type: string
  readonly required: boolean
  /** Place in the key from 1, or 0. */
  readonly key: number
}

/** All that differs between the SQL engines. Everything else is written once over this. */
export interface Dialect {
  readonly name: Session['dialect']
  /** Builds and compiles statements; has no connection. */
  readonly build: Kysely<AnyTables>
  /** Where all tables stand, on engines that have schemas. */
  readonly schema: string | null
  /** Whether a claim can pass over rows that another holds. */
  readonly skipLocked: boolean
  /** Statements that run first in the transaction that migrates: whoever comes second waits. */
  readonly beforeMigrating: readonly { readonly text: string; readonly params: readonly string[]; readonly unless?: string }[]
  readonly begin: string
  readonly commit: string
  readonly rollback: string
  /** What stands behind a table's closing parenthesis. */
  readonly tableEnd: RawBuilder<unknown> | null
  readonly views: ViewDialect
  columnType(type: ColumnType): string
  /** How names begin that the engine keeps for itself. */
  readonly reserved: RegExp
  /** A name that the engine keeps in full, and tells from any other. */
  identifier(name: string): string
  /** What stands behind a column of an index so that it gives the order that lists ask for. */
  indexed(column: { readonly nullable: boolean }): RawBuilder<unknown> | null
  /** A text parameter as a value of that type. */
  cast(type: CastType, parameter: Expression<unknown>): RawBuilder<unknown>
  /** One row as a JSON array. */
  row(columns: readonly string[]): RawBuilder<unknown>
  /** An aggregate: many rows, in the order they come, as a JSON array of arrays. */
  rows(columns: readonly string[]): RawBuilder<unknown>
  /** Makes the answer of a whole statement of what `rows` built. */
  asText(json: Expression<unknown>): RawBuilder<unknown>
  /** One statement whose only answer is a JSON array of these answers. */
  answers(parts: readonly Expression<unknown>[]): RawBuilder<unknown>
  /**
   * One query for each place of some arrays, all of the same length, as a JSON array of what it answers. The query calls
   * their values `each.p1`, `each.p2` …; null where an engine is better off with queries side by side.
   */
  readonly forEach: ((arrays: readonly Expression<unknown>[], query: Expression<unknown>) => RawBuilder<unknown>) | null
  /** A number or a text out of a JSON column; null where it holds something else. */
  scalarInJson(column: string, type: 'number' | 'text'): RawBuilder<unknown>
  /** The present moment as integer milliseconds, for the record of migrations only. */
  readonly nowMs: RawBuilder<unknown>
  fault(error: unknown): Fault | null
  /** The columns of a table, as a statement that answers JSON `[name, type, required, key][]`. */
  columnsOf(table: string): { readonly text: string; readonly params: readonly string[] }
  /** The indexes of a table, as a statement that answers JSON `[name, columns[]][]`; the key's own index left out. */
  indexesOf(table: string): { readonly text: string; readonly params: readonly string[] }
  /** Whether a table is there: answers a text or null. */
  hasTable(table: string): { readonly text: string; readonly params: readonly string[] }
}
