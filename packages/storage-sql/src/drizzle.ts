import type { Session } from '@patronkit/core/storage'

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
  /** True for a database over one client, on which you began a transaction by hand. Default: a `tx` is in it, a database is not. */
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
  const begins = !(o.inTransaction ?? 'rollback' in db)
  if ('refreshMaterializedView' in db) return begins ? postgresDatabase(db as DrizzlePostgres) : postgres(db)
  if (!('values' in db)) throw new TypeError('fromDrizzle takes a database or transaction of drizzle-orm for Postgres or SQLite')
  if ((db as { resultKind?: unknown }).resultKind === 'sync') return sqliteSync(db)
  return begins ? sqliteDatabase(db as DrizzleSqlite) : sqlite(db)
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

const sqliteDatabase = (db: DrizzleSqlite): Session => ({
  ...sqlite(db),
  transaction: async <T>(work: (session: Session) => Promise<T>) =>
    (await (db.transaction as unknown as AsyncTransaction).call(db, (tx) => work(sqlite(tx)), { behavior: 'immediate' })) as T,
})
