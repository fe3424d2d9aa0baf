import type { Session } from '@patronkit/core/storage'

/** What is used of a transaction of PGlite. */
export interface PgliteTransaction {
  query(text: string, params: (string | null)[], o: { readonly rowMode: 'array' }): Promise<{ readonly rows: readonly unknown[] }>
}

/** What is used of a `PGlite` database. */
export interface PgliteDatabase extends PgliteTransaction {
  transaction(work: (tx: PgliteTransaction) => Promise<unknown>): Promise<unknown>
}

/** Your database, which begins transactions of its own, or the `tx` your `db.transaction(async (tx) => …)` gave you, which is in it. */
export function fromPglite(db: PgliteDatabase | PgliteTransaction): Session {
  const session = over(db)
  if (!('transaction' in db)) return session
  return {
    ...session,
    transaction: async <T>(work: (session: Session) => Promise<T>) => (await db.transaction((tx) => work(over(tx)))) as T,
  }
}

const over = (db: PgliteTransaction): Session => ({
  dialect: 'postgres',
  sync: false,
  run: async (text, params) => {
    const { rows } = await db.query(text, [...params], { rowMode: 'array' })
    return (rows as readonly (readonly (string | null)[])[])[0]?.[0] ?? null
  },
})
