import './errors.ts'
import type { Session, Storage } from '@patronkit/core/storage'
import type { StatementHook, StatementRun } from './connection.ts'
import { sqlStorage } from './engine.ts'
import { noOwnTransaction } from './errors.ts'
import { type PostgresCapabilities, postgresDialect } from './postgres-dialect.ts'

/** Where a Postgres storage lives. */
export interface PostgresOptions {
  /** Your pool or database: `fromPg(pool)`, `fromPostgresJs(sql)` or `fromPglite(db)`. It stays open when the storage closes. */
  readonly connection: Session
  /** The schema of all tables. Default: `patronkit`. */
  readonly schema?: string
  /** Stands before every table and index. Default: nothing. */
  readonly tablePrefix?: string
  /** What a server that only speaks like PostgreSQL lacks. */
  readonly capabilities?: PostgresCapabilities
  /** Hears of every statement, for your log of slow ones. */
  readonly onStatement?: StatementHook
}

export type { PostgresCapabilities, StatementHook, StatementRun }

/**
 * Storage in PostgreSQL 14 or newer, on connections of yours.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite'
 * import { fromPglite } from '@patronkit/storage-sql/pglite'
 * import { postgresStorage } from '@patronkit/storage-sql/postgres'
 *
 * const storage = postgresStorage({ connection: fromPglite(new PGlite()) })
 * await storage.schema.migrate()
 * await storage.close()
 * ```
 */
export function postgresStorage(o: PostgresOptions): Storage {
  const { connection } = o
  if (connection.dialect === 'postgres' && !connection.transaction) throw noOwnTransaction('postgres')
  const dialect = postgresDialect(o.schema ?? 'patronkit', o.capabilities)
  return sqlStorage({ dialect, connection, tablePrefix: o.tablePrefix ?? '', onStatement: o.onStatement, close: () => undefined })
}
