import './errors.ts'
import type { Session, Storage } from '@patronkit/core/storage'
import type { StatementHook, StatementRun } from './connection.ts'
import { sqlStorage } from './engine.ts'
import { fromNodeSqlite, openNodeSqlite } from './node-sqlite.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/** Where a SQLite storage lives. */
export type SqliteOptions = SqliteNames & { readonly onStatement?: StatementHook } & (
    | {
        /** A database file, or `:memory:`. Opened through node:sqlite: WAL, synchronous = normal. */
        readonly file: string
        /** How long a writer waits for another, in milliseconds. Default: 5,000. */
        readonly busyTimeoutMs?: number
      }
    | {
        /** A connection of yours, used while no transaction of yours is open on it. It stays open when the storage closes. */
        readonly connection: Session
      }
  )

export type { StatementHook, StatementRun }

/** What the tables are called. */
export interface SqliteNames {
  /** Stands before every table and index. Default: `patronkit_`. */
  readonly tablePrefix?: string
}

/**
 * Storage in SQLite: by default an embedded file with no server and nothing to install.
 *
 * @example
 * ```ts
 * import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
 *
 * const storage = sqliteStorage({ file: ':memory:' })
 * await storage.schema.migrate()
 * await storage.close()
 * ```
 */
export function sqliteStorage(o: SqliteOptions): Storage {
  const tablePrefix = o.tablePrefix ?? 'patronkit_'
  const { onStatement } = o
  if ('connection' in o)
    return sqlStorage({ dialect: sqliteDialect, connection: o.connection, tablePrefix, onStatement, close: () => undefined })
  const db = openNodeSqlite({ file: o.file, busyTimeoutMs: o.busyTimeoutMs ?? 5_000 })
  return sqlStorage({ dialect: sqliteDialect, connection: fromNodeSqlite(db), tablePrefix, onStatement, close: () => db.close() })
}
