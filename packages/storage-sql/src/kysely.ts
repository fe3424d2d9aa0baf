import type { Session } from '@patronkit/core/storage'
import { CompiledQuery } from 'kysely'

/** What is used of a `Kysely` database or `Transaction`. */
export interface KyselyDatabase {
  readonly isTransaction: boolean
  withoutPlugins(): KyselyDatabase
  getExecutor(): { readonly adapter: KyselyAdapter }
  executeQuery(query: CompiledQuery): Promise<{ readonly rows: readonly unknown[] }>
  transaction(): { execute(work: (trx: KyselyDatabase) => Promise<unknown>): Promise<unknown> }
  connection(): { execute(work: (db: KyselyDatabase) => Promise<unknown>): Promise<unknown> }
}

/** What an adapter of Kysely says about its database. */
export interface KyselyAdapter {
  readonly supportsReturning?: boolean
  readonly supportsOutput?: boolean
  readonly supportsTransactionalDdl?: boolean
}

/** What Kysely cannot be asked for. */
export interface KyselyOptions {
  /** Default: what the adapter of its dialect can do tells it. */
  readonly dialect?: 'postgres' | 'sqlite'
  /** True for a connection of `db.connection()` on which you began a transaction by hand. Default: a `trx` is in it, a database is not. */
  readonly inTransaction?: boolean
}

/** Your Kysely, which begins transactions of its own, or the `trx` of a transaction of yours, which is in it. Postgres and SQLite. */
export function fromKysely(db: KyselyDatabase, o: KyselyOptions = {}): Session {
  // a plugin that parses or renames would change what a statement answers
  const plain = db.withoutPlugins()
  const dialect = o.dialect ?? dialectOf(plain.getExecutor().adapter)
  const session = over(plain, dialect)
  if (o.inTransaction ?? plain.isTransaction) return session
  const transaction = dialect === 'postgres' ? inTransaction : inImmediate
  return { ...session, transaction: (work) => transaction(plain, work) }
}

function dialectOf(adapter: KyselyAdapter): 'postgres' | 'sqlite' {
  if (adapter.supportsReturning && !adapter.supportsOutput) return adapter.supportsTransactionalDdl ? 'postgres' : 'sqlite'
  throw new TypeError('fromKysely takes a Kysely over Postgres or SQLite. If yours is one, name it: fromKysely(db, { dialect })')
}

const over = (db: KyselyDatabase, dialect: 'postgres' | 'sqlite'): Session => ({
  dialect,
  sync: false,
  run: async (text, params) => {
    const { rows } = await db.executeQuery(CompiledQuery.raw(text, [...params]))
    const [row] = rows as readonly Record<string, string | null>[]
    return row ? (Object.values(row)[0] ?? null) : null
  },
})

const inTransaction = async <T>(db: KyselyDatabase, work: (session: Session) => Promise<T>): Promise<T> =>
  (await db.transaction().execute((trx) => work(over(trx, 'postgres')))) as T

/** Kysely begins deferred transactions on SQLite, which cannot wait for another writer once they have read. */
const inImmediate = async <T>(db: KyselyDatabase, work: (session: Session) => Promise<T>): Promise<T> =>
  (await db.connection().execute(async (connection) => {
    const session = over(connection, 'sqlite')
    await session.run('begin immediate', [])
    try {
      const answer = await work(session)
      await session.run('commit', [])
      return answer
    } catch (error) {
      // some failures have rolled back already; the one that matters is the first
      await Promise.resolve(session.run('rollback', [])).catch(() => undefined)
      throw error
    }
  })) as T
