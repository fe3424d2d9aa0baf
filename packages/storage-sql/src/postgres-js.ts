import type { Session } from '@patronkit/core/storage'

/** What is used of the `sql` of postgres.js inside a transaction, or of a reserved connection. */
export interface PostgresJsTransaction {
  unsafe(text: string, params: (string | null)[], o: { readonly prepare: boolean }): PromiseLike<readonly unknown[]>
}

/** What is used of the `sql` that `postgres()` gives. */
export interface PostgresJsSql extends PostgresJsTransaction {
  begin(work: (sql: PostgresJsTransaction) => Promise<unknown>): Promise<unknown>
}

/** How statements are sent. */
export interface PostgresJsOptions {
  /** `never` for poolers that keep no prepared statements, such as PgBouncer before 1.21 by transaction. Default: `auto`. */
  readonly prepare?: 'auto' | 'never'
}

/** Your `sql`, which begins transactions of its own, or the one your `sql.begin(async (sql) => …)` gave you, which is in it. */
export function fromPostgresJs(sql: PostgresJsSql | PostgresJsTransaction, o: PostgresJsOptions = {}): Session {
  const session = over(sql, o)
  if (!('begin' in sql)) return session
  return { ...session, transaction: async <T>(work: (session: Session) => Promise<T>) => (await sql.begin((tx) => work(over(tx, o)))) as T }
}

const over = (sql: PostgresJsTransaction, o: PostgresJsOptions): Session => ({
  dialect: 'postgres',
  sync: false,
  run: async (text, params) => {
    const [row] = await sql.unsafe(text, [...params], { prepare: o.prepare !== 'never' })
    return row ? (Object.values(row as Record<string, string | null>)[0] ?? null) : null
  },
})
