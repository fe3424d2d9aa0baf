import type { Session } from '@patronkit/core/storage'
import { noDriver } from './errors.ts'
import { syncSession } from './sync-statements.ts'

/** What is used of `DatabaseSync` from node:sqlite; described here so that importing this file loads no Node module. */
export interface NodeSqliteDatabase {
  prepare(text: string): NodeSqliteStatement
  exec(text: string): void
  close(): void
}

/** What is used of a prepared statement of node:sqlite. */
export interface NodeSqliteStatement {
  get(...params: (string | null)[]): unknown
}

/**
 * The host's `DatabaseSync`, in whatever transaction it has open. Begin that with `BEGIN IMMEDIATE`: a deferred one that
 * has read cannot wait for another writer.
 */
export function fromNodeSqlite(db: NodeSqliteDatabase): Session {
  return syncSession(db, (statement: NodeSqliteStatement, params) => statement.get(...params))
}

/** How a database file is opened. */
export interface OpenOptions {
  readonly file: string
  /** How long a writer waits for another, in milliseconds. */
  readonly busyTimeoutMs: number
}

/** Pages of the log between two checkpoints: 16 MB. Each copies the pages that changed into the file, and waits for the disk. */
const CHECKPOINT_PAGES = 4_000

/** Opens a file, or `:memory:`, the way an embedded store wants it: WAL, and a sync to disk at checkpoints only, which are rare. */
export function openNodeSqlite(o: OpenOptions): NodeSqliteDatabase {
  const { DatabaseSync } = nodeSqlite()
  const db = new DatabaseSync(o.file)
  db.exec(`pragma busy_timeout = ${Math.trunc(o.busyTimeoutMs)}; pragma journal_mode = wal; pragma synchronous = normal;
    pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  return db
}

interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => NodeSqliteDatabase
}

/** Asked for when a file is opened and not imported: bundlers for other platforms need not know the module. */
function nodeSqlite(): NodeSqlite {
  const host = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process
  const module = host?.getBuiltinModule?.('node:sqlite')
  if (!module) throw noDriver('node:sqlite')
  return module as NodeSqlite
}
