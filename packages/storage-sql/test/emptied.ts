import { isPromise, type Session, type Storage } from '@patronkit/core/storage'
import { test } from 'vitest'

const WORK_TABLES = ['head', 'event', 'timer', 'lane', 'consumer']

/**
 * One storage for many histories, each of which finds it empty: to make the tables and to plan the statements anew takes
 * longer than the history itself. `named` gives a table as the statement has it.
 */
export function emptied(storage: Storage, session: Session, named: (table: string) => string): () => Promise<Storage> {
  let histories = 0
  return async () => {
    if (histories++ === 0) return storage
    const tables = [...WORK_TABLES, ...storage.tables().map((table) => table.name)].map(named)
    if (session.dialect === 'sqlite') {
      for (const table of tables) await answered(session.run(`delete from ${table}`, []))
    } else {
      await session.run(`with ${tables.map((table, i) => `d${i} as (delete from ${table})`).join()} select null::text`, [])
      // PGlite never does so by itself, and walks past all that was ever there
      if (histories % 50 === 0) await session.run(`vacuum ${tables.join()}`, [])
    }
    return storage
  }
}

const answered = async (answer: ReturnType<Session['run']>) => (isPromise(answer) ? await answer : answer)

/** For suites whose random histories take longer than a test may by default. */
export const longTest = (name: string, run: () => Promise<void>) => test(name, { timeout: 3_600_000 }, run)
