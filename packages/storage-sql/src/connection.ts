import { drive, type MaybePromise, type Session, type Steps, whenDone } from '@patronkit/core/storage'
import type { Dialect } from './dialect.ts'
import { busy, connectionInTransaction, hostTransactionAborted, notMigrated, wrongDialect } from './errors.ts'
import type { Statement } from './statement.ts'

/** Runs operations: in the host's transaction, or alone, or in a transaction of our own. */
export interface Connection {
  /** In the host's open transaction: no begin and no end of ours. */
  joined<T>(session: Session, steps: Steps<Statement, T>): MaybePromise<T>
  /** One statement or several that need no transaction. */
  alone<T>(steps: Steps<Statement, T>): MaybePromise<T>
  /** Begins as a writer, and keeps all or nothing. */
  writing<T>(steps: Steps<Statement, T>): MaybePromise<T>
}

/** A connection over a session that nobody else uses while one of its operations runs. */
export function connectionOver(dialect: Dialect, own: Session): Connection {
  checkDialect(dialect, own)
  const inTurn = own.sync ? <T>(work: () => MaybePromise<T>) => work() : takingTurns()
  const perform = performing(dialect, own, busy)
  return {
    joined: (session, steps) => {
      checkDialect(dialect, session)
      return drive(
        steps,
        performing(dialect, session, (cause) => hostTransactionAborted(dialect.name, cause)),
      )
    },
    alone: (steps) => inTurn(() => drive(steps, perform)),
    writing: (steps) => inTurn(() => drive(inTransaction(dialect, steps), perform)),
  }
}

function* inTransaction<T>(dialect: Dialect, steps: Steps<Statement, T>): Steps<Statement, T> {
  yield plain(dialect.begin)
  try {
    const answer = yield* steps
    yield plain(dialect.commit)
    return answer
  } catch (error) {
    // some failures have rolled back already; the one that matters is the first
    try {
      yield plain(dialect.rollback)
    } catch {}
    throw error
  }
}

const plain = (text: string): Statement => ({ text, params: [] })

/** Runs a statement and tells the driver's errors apart. */
function performing(dialect: Dialect, session: Session, whenLocked: (cause: unknown) => Error) {
  const translated = (error: unknown): unknown => {
    const fault = dialect.fault(error)
    if (fault === 'missing-relation') return notMigrated(dialect.name, error)
    if (fault === 'busy') return whenLocked(error)
    return fault === 'nested-transaction' ? connectionInTransaction(dialect.name, error) : error
  }
  if (session.sync) {
    return ({ text, params }: Statement) => {
      try {
        return session.run(text, params)
      } catch (error) {
        throw translated(error)
      }
    }
  }
  return async ({ text, params }: Statement) => {
    try {
      return await session.run(text, params)
    } catch (error) {
      throw translated(error)
    }
  }
}

function checkDialect(dialect: Dialect, session: Session): void {
  if (session.dialect !== dialect.name) throw wrongDialect(dialect.name, session.dialect)
}

/** On an asynchronous driver operations wait for one another: they share one connection, and a transaction is the connection's. */
function takingTurns(): <T>(work: () => MaybePromise<T>) => MaybePromise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}

/** Marks an operation as a promise for the calls that have to be one. */
export const promised = async <T>(answer: MaybePromise<T>): Promise<T> => whenDone(answer, (value) => value)
