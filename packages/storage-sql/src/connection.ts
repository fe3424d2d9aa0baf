import { isPatronkitError, retrying } from '@patronkit/core'
import { drive, isPromise, type MaybePromise, refusePromise, type Session, type Steps } from '@patronkit/core/storage'
import type { Dialect } from './dialect.ts'
import { busy, connectionInTransaction, hostTransactionAborted, notMigrated, wrongDialect } from './errors.ts'
import type { Statement } from './statement.ts'
import { takingTurns } from './turns.ts'

/** A statement that ran: its text, how long it took in milliseconds, and whether it failed. Parameters are never told. */
export interface StatementRun {
  readonly text: string
  readonly ms: number
  readonly failed: boolean
}

/** Hears of every statement. What it throws is ignored. */
export type StatementHook = (run: StatementRun) => void

/** Runs operations: in the host's transaction, or alone, or in a transaction of our own. */
export interface Connection {
  /** In the host's open transaction: no begin and no end of ours. */
  joined<T>(session: Session, steps: Steps<Statement, T>): MaybePromise<T>
  /** One statement or several that need no transaction. */
  alone<T>(steps: Steps<Statement, T>): MaybePromise<T>
  /** One statement that writes: a transaction by itself, and run again like one. */
  once<T>(steps: () => Steps<Statement, T>): MaybePromise<T>
  /** Begins as a writer, and keeps all or nothing. Runs again when the engine gave the transaction up because of another. */
  writing<T>(steps: () => Steps<Statement, T>): MaybePromise<T>
  /** Work of others in a transaction of our own, with its session. Keeps all or nothing, and runs again like `writing`. */
  transaction<T>(work: (session: Session) => MaybePromise<T>): MaybePromise<T>
}

/** A connection over a session that nobody else uses while one of its operations runs. */
export function connectionOver(dialect: Dialect, own: Session, heard?: StatementHook): Connection {
  checkDialect(dialect, own)
  const { transaction } = own
  if (transaction) return overPool(dialect, own, transaction, heard)
  const inTurn = own.sync ? <T>(work: () => MaybePromise<T>) => work() : takingTurns()
  const perform = performing(dialect, own, busy, heard)
  return {
    joined: joining(dialect, heard),
    alone: (steps) => inTurn(() => drive(steps, perform)),
    once: (steps) => inTurn(() => drive(steps(), perform)),
    writing: (steps) => inTurn(() => drive(inTransaction(dialect, steps()), perform)),
    transaction: (work) =>
      inTurn(() =>
        drive(
          inTransaction(
            dialect,
            calling(() => ended(own, work(own))),
          ),
          perform,
        ),
      ),
  }
}

/** A pool or database begins transactions itself, many at a time, and gives each its own session. */
function overPool(dialect: Dialect, own: Session, transaction: NonNullable<Session['transaction']>, heard?: StatementHook): Connection {
  const perform = performing(dialect, own, busy, heard)
  return {
    joined: joining(dialect, heard),
    alone: (steps) => drive(steps, perform),
    once: (steps) => retrying(async () => drive(steps(), perform)),
    writing: (steps) => {
      const once = () => transaction.call(own, async (session) => drive(steps(), performing(dialect, session, busy, heard)))
      return retrying(() => translating(dialect, busy, once as () => Promise<never>))
    },
    transaction: (work) => {
      const once = () => transaction.call(own, async (session) => work(session))
      return retrying(() => translating(dialect, busy, once as () => Promise<never>))
    },
  }
}

const joining =
  (dialect: Dialect, heard?: StatementHook) =>
  <T>(session: Session, steps: Steps<Statement, T>): MaybePromise<T> => {
    checkDialect(dialect, session)
    const aborted = (cause: unknown) => hostTransactionAborted(dialect.name, cause)
    // a pool is in no transaction: its statements would go to different connections
    if (session.transaction) return session.transaction(async (inner) => drive(steps, performing(dialect, inner, aborted, heard)))
    return drive(steps, performing(dialect, session, aborted, heard))
  }

type Work = () => unknown

/** Somebody else's work as a step among statements. */
function* calling<T>(work: () => MaybePromise<T>): Steps<Work, T> {
  return (yield work) as T
}

/** On a synchronous connection a promise would be kept after the transaction has ended. */
function ended<T>(session: Session, answer: MaybePromise<T>): MaybePromise<T> {
  if (session.sync) refusePromise('the work of storage.transaction', answer)
  return answer
}

function* inTransaction<S extends Statement | Work, T>(dialect: Dialect, steps: Steps<S, T>): Steps<S | Statement, T> {
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

/** The same session, told of. */
function listening(session: Session, heard: StatementHook): Session {
  const tell = (text: string, start: number, failed: boolean) => {
    try {
      heard({ text, ms: performance.now() - start, failed })
    } catch {
      // the host's log must not decide whether a statement counts
    }
  }
  const run: Session['run'] = (text, params) => {
    const start = performance.now()
    let answer: ReturnType<Session['run']>
    try {
      answer = session.run(text, params)
    } catch (error) {
      tell(text, start, true)
      throw error
    }
    if (!isPromise(answer)) {
      tell(text, start, false)
      return answer
    }
    const told = (failed: boolean) => () => tell(text, start, failed)
    answer.then(told(false), told(true))
    return answer
  }
  return { dialect: session.dialect, sync: session.sync, run }
}

/** Runs a statement and tells the driver's errors apart. */
function performing(dialect: Dialect, session: Session, whenLocked: (cause: unknown) => Error, heard?: StatementHook) {
  const perform = performingStatements(dialect, heard ? listening(session, heard) : session, whenLocked)
  return (asked: Statement | Work) => (typeof asked === 'function' ? asked() : perform(asked))
}

function performingStatements(dialect: Dialect, session: Session, whenLocked: (cause: unknown) => Error) {
  if (session.sync) {
    return ({ text, params }: Statement) => {
      try {
        return session.run(text, params)
      } catch (error) {
        throw translated(dialect, whenLocked, error)
      }
    }
  }
  return ({ text, params }: Statement) => translating(dialect, whenLocked, async () => session.run(text, params))
}

async function translating<T>(dialect: Dialect, whenLocked: (cause: unknown) => Error, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translated(dialect, whenLocked, error)
  }
}

function translated(dialect: Dialect, whenLocked: (cause: unknown) => Error, error: unknown): unknown {
  if (isPatronkitError(error)) return error
  const fault = dialect.fault(error)
  if (fault === 'missing-relation') return notMigrated(dialect.name, error)
  if (fault === 'busy' || fault === 'aborted') return whenLocked(error)
  return fault === 'nested-transaction' ? connectionInTransaction(dialect.name, error) : error
}

function checkDialect(dialect: Dialect, session: Session): void {
  if (session.dialect !== dialect.name) throw wrongDialect(dialect.name, session.dialect)
}
