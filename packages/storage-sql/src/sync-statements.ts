import type { Session } from '@patronkit/core/storage'

const MOST_STATEMENTS = 500

/** The same database gives the same session, so a host may call a binding for each transaction and keep its prepared statements. */
const sessions = new WeakMap<object, Session>()

type Row = Record<string, string | null>

/** A synchronous SQLite session that keeps what it prepared, the first of them going first. */
export function syncSession<D extends { prepare(text: string): S }, S>(
  db: D,
  row: (statement: S, params: readonly (string | null)[]) => unknown,
): Session {
  const known = sessions.get(db)
  if (known) return known
  const statements = new Map<string, S>()
  const prepared = (text: string) => {
    if (statements.size >= MOST_STATEMENTS) statements.delete(statements.keys().next().value!)
    const statement = db.prepare(text)
    statements.set(text, statement)
    return statement
  }
  const session: Session = Object.freeze({
    dialect: 'sqlite',
    sync: true,
    run: (text: string, params: readonly (string | null)[]) => firstText(row(statements.get(text) ?? prepared(text), params)),
  })
  sessions.set(db, session)
  return session
}

function firstText(row: unknown): string | null {
  for (const column in row as Row | undefined) return (row as Row)[column]!
  return null
}
