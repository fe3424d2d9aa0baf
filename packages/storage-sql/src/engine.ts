import { isPromise, type MaybePromise, type Session, type Storage, type Unit, type UnitAnswer, whenDone } from '@patronkit/core/storage'
import { createCatalog, declarePackage } from './catalog.ts'
import { anyRipe, claimShapes, leaseRipe, nextDue } from './claim.ts'
import { commitAtOnce, commitShapes, commitUnits, NOT_AS_READ, wholeOrNothing } from './commit.ts'
import { connectionOver, type StatementHook } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { driftOf } from './drift.ts'
import { advance, feedPage, feedShapes } from './feed.ts'
import { applyMissing, lastApplied, missingMigrations, printMigrations } from './migrate.ts'
import { refuseNewer, refusingNewer } from './newer.ts'
import { postgresClaim } from './postgres-claim.ts'
import { postgresFeed } from './postgres-feed.ts'
import { postgresSequencer } from './postgres-sequencer.ts'
import { postgresUnits } from './postgres-units.ts'
import { reader } from './read.ts'
import { planner } from './rows.ts'
import { eventsWait, sequence, sequencerShapes } from './sequencer.ts'
import { kept } from './statement.ts'
import { clearRows, dropRows, healthOf, redactEvents } from './upkeep.ts'

/** What the engine needs to know about its place. */
export interface EngineOptions {
  readonly dialect: Dialect
  /** The connection for everything that is not in the host's transaction. */
  readonly connection: Session
  readonly tablePrefix: string
  readonly onStatement?: StatementHook | undefined
  readonly close: () => MaybePromise<void>
}

/** The storage port over SQL: statements compiled once per shape, run by any session of the dialect. */
export function sqlStorage(o: EngineOptions): Storage {
  const catalog = createCatalog(o.dialect, o.tablePrefix)
  const connection = connectionOver(o.dialect, o.connection, o.onStatement)
  const plan = planner(catalog)
  const readAll = reader(catalog, plan)
  const shapes = lazily(() => ({
    commit: commitShapes(catalog, plan),
    claim: claimShapes(catalog),
    feed: feedShapes(catalog),
    sequencer: sequencerShapes(catalog),
  }))
  // one server and many connections: locks by row instead of one writer at a time
  const postgres =
    o.dialect.name === 'postgres' &&
    lazily(() => ({
      commit: postgresUnits(catalog, plan, connection),
      claim: postgresClaim(catalog),
      sequence: postgresSequencer(catalog),
      feed: postgresFeed(catalog),
    }))
  // SQLite goes row by row, and looks at guards first only where the usual way did not go through
  const sqlite = (units: readonly Unit[]): MaybePromise<readonly UnitAnswer[]> => {
    const again = (error: unknown) => {
      if (error !== NOT_AS_READ) throw error
      return connection.writing(() => commitUnits(shapes().commit, units))
    }
    try {
      const answers = connection.writing(() => commitAtOnce(shapes().commit, units))
      return isPromise(answers) ? answers.catch(again) : answers
    } catch (error) {
      return again(error)
    }
  }
  const checked = refusingNewer(catalog, connection)
  return {
    engine: o.dialect.name,
    declare: (schema) => declarePackage(catalog, schema),
    read: (tenant, reads, session) =>
      checked(session, () => (session ? connection.joined(session, readAll(tenant, reads)) : connection.alone(readAll(tenant, reads)))),
    commit: (units, session) =>
      checked(session, () => {
        if (postgres) return postgres().commit(units, session)
        return session ? connection.joined(session, wholeOrNothing(commitUnits(shapes().commit, units))) : sqlite(units)
      }),
    // looks first and takes the write lock only when there is something to write: most calls find nothing
    claim: (request) =>
      checked(undefined, () => {
        if (postgres) return connection.once(() => postgres().claim(request))
        return whenDone(connection.alone(anyRipe(shapes().claim, request)), (any) =>
          any ? connection.writing(() => leaseRipe(shapes().claim, request)) : [],
        )
      }),
    nextDue: (queues) => checked(undefined, () => connection.alone(nextDue(shapes().claim, queues))),
    feed: (request) =>
      checked(undefined, () =>
        whenDone(connection.alone(eventsWait(shapes().sequencer)), (waiting) =>
          whenDone(waiting ? connection.writing(() => (postgres ? postgres().sequence() : sequence(shapes().sequencer))) : undefined, () =>
            connection.alone(postgres ? postgres().feed(request) : feedPage(shapes().feed, request)),
          ),
        ),
      ),
    advance: (from, to, session) =>
      checked(session, () => {
        const steps = advance(shapes().feed, from, to)
        return session ? connection.joined(session, steps) : connection.alone(steps)
      }),
    transaction: (work) => checked(undefined, () => connection.transaction(work)),
    redact: (tenant, of, session) =>
      checked(session, () => {
        const steps = () => redactEvents(catalog, tenant, of)
        return session ? connection.joined(session, steps()) : connection.writing(steps)
      }),
    clear: (tenant, of) => checked(undefined, () => connection.writing(() => clearRows(catalog, tenant, of))),
    drop: (tenant, limit) => checked(undefined, () => connection.writing(() => dropRows(catalog, tenant, limit))),
    tables: () => [...catalog.tables.values()],
    health: () => checked(undefined, () => connection.alone(healthOf(catalog))),
    schema: {
      sql: (of) => printMigrations(catalog, of?.from),
      applied: async () => connection.alone(lastApplied(catalog)),
      migrate: async () => {
        await connection.alone(refuseNewer(catalog))
        const missing = await connection.alone(missingMigrations(catalog))
        return { applied: missing.length === 0 ? 0 : await connection.writing(() => applyMissing(catalog)) }
      },
      drift: async () => connection.alone(driftOf(catalog)),
    },
    close: () => o.close(),
  }
}

function lazily<T>(build: () => T): () => T {
  const cell = new Map<'value', T>()
  return () => kept(cell, 'value', build)
}
