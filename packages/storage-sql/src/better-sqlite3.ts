import type { Session } from '@patronkit/core/storage'
import { syncSession } from './sync-statements.ts'

/** What is used of a `Database` of better-sqlite3. */
export interface BetterSqlite3Database {
  prepare(text: string): BetterSqlite3Statement
}

/** What is used of a prepared statement of better-sqlite3. */
export interface BetterSqlite3Statement {
  /** Whether it answers rows; the others are to be run. */
  readonly reader: boolean
  get(...params: unknown[]): unknown
  run(...params: unknown[]): unknown
}

/**
 * The host's database, in whatever transaction it has open. Begin that with `db.transaction(…).immediate()`: a deferred
 * one that has read cannot wait for another writer.
 */
export function fromBetterSqlite3(db: BetterSqlite3Database): Session {
  return syncSession(db, (statement: BetterSqlite3Statement, params) => {
    if (statement.reader) return statement.get(...params)
    statement.run(...params)
    return undefined
  })
}
