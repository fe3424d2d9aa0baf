import { PatronkitError } from '../errors.ts'
import type { ClaimRequest, ConsumerState, FeedRequest, Read, Session, Storage } from '../port.ts'
import { drive } from '../steps.ts'
import type { PackageSchema } from '../table.ts'
import type { Unit, UnitAnswer } from '../unit.ts'
import { commitUnit, readEvents, readHead } from './commit.ts'
import { advanceConsumer, feedPage } from './feed.ts'
import type { Doing, RowStore, StoreCall } from './row-store.ts'
import { getRow, listRows } from './rows.ts'
import { claimTimers, nextDueTimer } from './timers.ts'

/** The whole storage port over an ordered row store: what an adapter for any other database has to bring. */
export function interpret(store: RowStore, o: { engine: string }): Storage {
  const declared = new Map<string, PackageSchema>()
  const run = <T>(steps: Doing<T>) => drive(steps, (call: StoreCall) => call())
  const atomically = <T>(work: () => Doing<T>) => store.atomically(() => run(work()))
  return {
    engine: o.engine,
    declare: (schema) => void declared.set(schema.package, schema),
    read: (tenant, reads, session) => {
      refuseSession(session, o.engine)
      return atomically(() => answerAll(store, tenant, reads))
    },
    commit: (units, session) => {
      refuseSession(session, o.engine)
      return atomically(() => commitAll(store, units))
    },
    claim: (request: ClaimRequest) => atomically(() => claimTimers(store, request)),
    nextDue: (queues) => run(nextDueTimer(store, queues)),
    feed: (request: FeedRequest) => atomically(() => feedPage(store, request)),
    advance: (from: number, to: ConsumerState) => atomically(() => advanceConsumer(store, from, to)),
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
    case 'list':
      return yield* listRows(store, read.table, tenant, read.where, read.order, read.limit)
    case 'events':
      return yield* readEvents(store, { tenant, kind: read.kind, subject: read.subject }, read.after, read.limit)
  }
}

function* commitAll(store: RowStore, units: readonly Unit[]): Doing<readonly UnitAnswer[]> {
  const answers: UnitAnswer[] = []
  for (const unit of units) answers.push(yield* commitUnit(store, unit))
  return answers
}

function refuseSession(session: Session | undefined, engine: string): void {
  if (!session) return
  throw new PatronkitError({
    code: 'core/no-host-transaction',
    message: `${engine} storage has no host transaction to join. Leave out .in(session), or use a SQL storage.`,
    details: { engine },
  })
}
