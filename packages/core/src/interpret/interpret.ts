import { PatronkitError } from '../errors.ts'
import type { Head } from '../event.ts'
import type { ClaimRequest, ConsumerState, FeedRequest, MaybePromise, Read, Session, Storage } from '../port.ts'
import { drive, isPromise } from '../steps.ts'
import { refusePromise } from '../sync.ts'
import type { PackageSchema } from '../table.ts'
import type { Unit, UnitAnswer } from '../unit.ts'
import { commitUnit, readEvents, readHead, readSubjects } from './commit.ts'
import { advanceConsumer, feedPage } from './feed.ts'
import { foldRows } from './fold.ts'
import type { Doing, RowStore, StoreCall } from './row-store.ts'
import { getRow, listRows, pickColumns } from './rows.ts'
import { claimTimers, nextDueTimer, readTimers } from './timers.ts'
import { clearRows, dropRows, healthOf, redactEvents } from './upkeep.ts'

/**
 * The whole storage port over an ordered row store: what an adapter for any other database has to bring. `sync` says
 * that the store answers at once, so that work inside its transactions may not be left with a promise.
 */
export function interpret(store: RowStore, o: { readonly engine: string; readonly sync?: boolean }): Storage {
  const declared = new Map<string, PackageSchema>()
  const run = <T>(steps: Doing<T>) => drive(steps, (call: StoreCall) => call())
  const tables = () => [...declared.values()].flatMap((schema) => schema.tables)
  const sync = o.sync ?? false
  const open = new Set<Session>()
  const atomically = <T>(work: () => Doing<T>, session?: Session) => {
    if (!session) return store.atomically(() => run(work()))
    if (!open.has(session)) throw noTransaction(o.engine)
    return run(work())
  }
  /** Each transaction has a session of its own, known while it is open. */
  const transaction = <T>(work: (session: Session) => MaybePromise<T>): MaybePromise<T> =>
    store.atomically(() => {
      const session: Session = Object.freeze({
        dialect: 'none',
        sync,
        run: () => {
          throw noTransaction(o.engine)
        },
      })
      open.add(session)
      const done = () => void open.delete(session)
      try {
        const answer = work(session)
        if (sync) refusePromise('the work of storage.transaction', answer)
        if (isPromise(answer)) return (answer as Promise<T>).finally(done)
        done()
        return answer
      } catch (error) {
        done()
        throw error
      }
    })
  return {
    engine: o.engine,
    declare: (schema) => void declared.set(schema.package, schema),
    read: (tenant, reads, session) => atomically(() => answerAll(store, tenant, reads), session),
    commit: (units, session) => atomically(() => commitAll(store, units), session),
    claim: (request: ClaimRequest) => atomically(() => claimTimers(store, request)),
    nextDue: (queues) => run(nextDueTimer(store, queues)),
    feed: (request: FeedRequest) => atomically(() => feedPage(store, request)),
    advance: (from: number, to: ConsumerState, session) => atomically(() => advanceConsumer(store, from, to), session),
    transaction,
    redact: (tenant, of, session) => atomically(() => redactEvents(store, tenant, of), session),
    clear: (tenant, of) => atomically(() => clearRows(store, tenant, of)),
    drop: (tenant, limit) => atomically(() => dropRows(store, tables(), tenant, limit)),
    tables,
    health: () => atomically(() => healthOf(store)),
    // a row store has no schema of its own: nothing to apply, nothing to drift from
    schema: { sql: () => '', applied: async () => ({}), migrate: async () => ({ applied: 0 }), drift: async () => [] },
    close: () => undefined,
  }
}

function* answerAll(store: RowStore, tenant: string, reads: readonly Read[]): Doing<readonly unknown[]> {
  const answers: unknown[] = []
  for (const read of reads) answers.push(yield* answer(store, tenant, read))
  return answers
}

function* answer(store: RowStore, tenant: string, read: Read): Doing<unknown> {
  switch (read.read) {
    case 'head':
      return yield* readHead(store, tenant, read.kind, read.subject)
    case 'get':
      return yield* getRow(store, read.table, tenant, read.key)
    case 'list': {
      const rows = yield* listRows(store, read.table, tenant, read.where, read.order, read.limit)
      return read.columns ? pickColumns(read.table, rows, read.columns) : rows
    }
    case 'fold':
      return yield* foldRows(store, tenant, read)
    case 'heads': {
      const heads: Head[] = []
      for (const subject of read.subjects) heads.push(yield* readHead(store, tenant, read.kind, subject))
      return heads
    }
    case 'subjects':
      return yield* readSubjects(store, tenant, read.after, read.limit)
    case 'timers':
      return yield* readTimers(store, tenant, read)
    case 'events':
      return yield* readEvents(store, { tenant, kind: read.kind, subject: read.subject }, read.after, read.limit)
  }
}

function* commitAll(store: RowStore, units: readonly Unit[]): Doing<readonly UnitAnswer[]> {
  const answers: UnitAnswer[] = []
  for (const unit of units) answers.push(yield* commitUnit(store, unit))
  return answers
}

const noTransaction = (engine: string) =>
  new PatronkitError({
    code: 'core/no-host-transaction',
    message: `${engine} storage has no host transaction to join. Leave out .in(session), use a SQL storage, or pass the session of its own transaction() while that is open.`,
    details: { engine },
  })
