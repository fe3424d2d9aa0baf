import type { Session } from '@patronkit/core/storage'
import { takingTurns } from './turns.ts'

/** What is used of a Postgres transaction of Drizzle. */
export interface DrizzlePostgresTransaction {
  execute(statement: DrizzleStatement | string): PromiseLike<unknown>
  refreshMaterializedView: unknown
}

/** What is used of a Postgres database of Drizzle, over whichever of its drivers. */
export interface DrizzlePostgres extends DrizzlePostgresTransaction {
  transaction(work: (tx: DrizzlePostgresTransaction) => Promise<unknown>): Promise<unknown>
}

/** What is used of a SQLite transaction of Drizzle. */
export interface DrizzleSqliteTransaction {
  values(statement: DrizzleStatement | string): unknown
  run(statement: DrizzleStatement | string): unknown
}

/** What is used of a SQLite database of Drizzle, over whichever of its drivers. */
export interface DrizzleSqlite extends DrizzleSqliteTransaction {
  // a synchronous one takes other work than an asynchronous one; only the latter is asked for a transaction
  transaction(work: (tx: never) => never, config?: { readonly behavior?: 'deferred' | 'immediate' | 'exclusive' }): unknown
}

/** What Drizzle asks a statement for: something that tells its text and parameters. */
export interface DrizzleStatement {
  getSQL(): unknown
}

/** What cannot be seen from a database. */
export interface DrizzleOptions {
  /** Whether you have a transaction open on it. Default: a `tx` is in it and so is a Postgres database over one client; others are not. */
  readonly inTransaction?: boolean
}

/**
 * Your Drizzle database, which begins transactions of its own, or the `tx` your `db.transaction((tx) => …)` gave you,
 * which is in it. Postgres and SQLite; over better-sqlite3 the session is synchronous, as Drizzle is there.
 */
export function fromDrizzle(
  db: DrizzlePostgres | DrizzlePostgresTransaction | DrizzleSqlite | DrizzleSqliteTransaction,
  o: DrizzleOptions = {},
): Session {
  // a transaction can be rolled back by hand, a database cannot
  const begins = !(o.inTransaction ?? ('rollback' in db || isLoneClient(db)))
  if ('refreshMaterializedView' in db) return begins ? postgresDatabase(db as DrizzlePostgres) : postgres(db)
  if (!('values' in db)) throw new TypeError('fromDrizzle takes a database or transaction of drizzle-orm for Postgres or SQLite')
  if ((db as { resultKind?: unknown }).resultKind === 'sync') return sqliteSync(db)
  return begins ? sqliteDatabase(db as DrizzleSqlite) : sqlite(db)
}

/**
 * A client of pg or its like, as opposed to a pool, PGlite and postgres.js. A COMMIT of ours on it would be one of
 * whatever transaction the host has begun on it, and two transactions at once would be one.
 */
function isLoneClient(db: object): boolean {
  const { $client } = db as { readonly $client?: unknown }
  return typeof $client === 'object' && $client !== null && 'query' in $client && !('totalCount' in $client) && !('transaction' in $client)
}

/** Drizzle would number the parameters itself; a statement that has its numbers gives text and parameters as they are. */
const ready = (text: string, params: readonly (string | null)[]): DrizzleStatement => ({
  getSQL: () => ({ toQuery: () => ({ sql: text, params: [...params] }) }),
})

const postgres = (tx: DrizzlePostgresTransaction): Session => ({
  dialect: 'postgres',
  sync: false,
  run: async (text, params) => {
    // postgres.js answers the rows, the others an object that has them
    const answer = (await tx.execute(ready(text, params))) as Rows | { readonly rows: Rows }
    const [row] = 'rows' in answer ? answer.rows : answer
    return row ? (Object.values(row)[0] ?? null) : null
  },
})

type Rows = readonly Record<string, string | null>[]

const postgresDatabase = (db: DrizzlePostgres): Session => ({
  ...postgres(db),
  transaction: async <T>(work: (session: Session) => Promise<T>) => (await db.transaction((tx) => work(postgres(tx)))) as T,
})

type Values = readonly (readonly (string | null)[])[]

const first = (rows: Values): string | null => rows[0]?.[0] ?? null

const sqliteSync = (db: DrizzleSqliteTransaction): Session => ({
  dialect: 'sqlite',
  sync: true,
  run: (text, params) => {
    const statement = ready(text, params)
    if (answersRows(text)) return first(db.values(statement) as Values)
    db.run(statement)
    return null
  },
})

/** better-sqlite3 is to be told which statements answer rows, and refuses when it is told wrong. */
const answersRows = (text: string): boolean => /^\s*(select|with|pragma)\b|\breturning\b/i.test(text)

const sqlite = (tx: DrizzleSqliteTransaction): Session => ({
  dialect: 'sqlite',
  sync: false,
  run: async (text, params) => first((await tx.values(ready(text, params))) as Values),
})

type AsyncTransaction = (
  work: (tx: DrizzleSqliteTransaction) => Promise<unknown>,
  config: { readonly behavior: 'immediate' },
) => Promise<unknown>

/** SQLite has one writer: transactions of ours that began at once would only take up the client's connections and fail. */
function sqliteDatabase(db: DrizzleSqlite): Session {
  const inTurn = takingTurns()
  const begin = db.transaction.bind(db) as unknown as AsyncTransaction
  return {
    ...sqlite(db),
    transaction: async <T>(work: (session: Session) => Promise<T>) =>
      (await inTurn(() => begin((tx) => work(sqlite(tx)), { behavior: 'immediate' }))) as T,
  }
}
