import { DatabaseSync } from 'node:sqlite'
import type { PGlite } from '@electric-sql/pglite'
import type { Session, Storage } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'

/** A database of its own that several storages share, as processes of several versions do, and that the host can reach. */
export interface Place {
  readonly storage: (o?: { readonly tablePrefix?: string; readonly noting?: (text: string) => void }) => Storage
  /** Runs the host's own statements. */
  readonly exec: (text: string) => Promise<void>
  readonly rows: (text: string) => Promise<Record<string, unknown>[]>
  /** A table of ours as the host's SQL names it, under the default prefix. */
  readonly named: (table: string) => string
}

/** SQLite in memory. */
export function sqlitePlace(): Place {
  const db = new DatabaseSync(':memory:')
  return {
    storage: (o = {}) => sqliteStorage({ connection: noting(fromNodeSqlite(db), o.noting), ...prefix(o.tablePrefix) }),
    exec: async (text) => db.exec(text),
    rows: async (text) => db.prepare(text).all() as Record<string, unknown>[],
    named: (table) => `patronkit_${table}`,
  }
}

/** A schema of a PGlite that all tests share, because it takes seconds to start. */
export function pglitePlace(db: PGlite, schema: string): Place {
  return {
    storage: (o = {}) => postgresStorage({ connection: noting(fromPglite(db), o.noting), schema, ...prefix(o.tablePrefix) }),
    exec: async (text) => void (await db.exec(text)),
    rows: async (text) => (await db.query<Record<string, unknown>>(text)).rows,
    named: (table) => `"${schema.replaceAll('"', '""')}"."${table}"`,
  }
}

const prefix = (tablePrefix: string | undefined) => (tablePrefix === undefined ? {} : { tablePrefix })

function noting(session: Session, note: ((text: string) => void) | undefined): Session {
  if (!note) return session
  const { transaction } = session
  return {
    ...session,
    run: (text, params) => {
      note(text)
      return session.run(text, params)
    },
    ...(transaction ? { transaction: (work) => transaction((inner) => work(noting(inner, note))) } : {}),
  }
}
