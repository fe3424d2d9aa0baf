import { isPatronkitError, manualClock, retrying } from '@patronkit/core'
import { createService, headOf as head, type Operation, once, read, unitOn } from '@patronkit/core/service'
import {
  type Add,
  drive,
  get,
  type Head,
  headOf,
  integer,
  type MaybePromise,
  NO_HEAD,
  type Session,
  type Steps,
  type Storage,
  table,
  text,
  type Unit,
  type UnitAnswer,
} from '@patronkit/core/storage'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { expect, test } from 'vitest'
import { accounts, schema as accountsSchema, unit } from './sample.ts'

/** How a host begins its transaction; `usual` is READ COMMITTED, on SQLite IMMEDIATE. */
export type Begin = 'usual' | 'repeatable read' | 'serializable' | 'deferred'

/** The host's work: what it yields may be a promise. So the same work fits a synchronous driver and any other. */
export type Work<T> = (sql: (text: string) => unknown, session: Session) => Steps<unknown, T>

/** A host's database as its driver or query builder shows it: a row of the matrix. */
export interface Host {
  readonly name: string
  /** The session our own transactions come from; on SQLite over a connection that is not the host's. */
  readonly connection: () => Session
  /** Runs the host's work in a transaction of the host: `sql` runs a statement of the host, `session` is ours to join. */
  readonly transaction: <T>(work: Work<T>, begin?: Begin) => MaybePromise<T>
  readonly count: (text: string) => Promise<number>
}

/** Does a host's work: the body of its transaction. */
export const doing = <T>(work: Steps<unknown, T>): MaybePromise<T> => drive(work, (answer) => answer)

/** The same where the driver's types want a promise. */
export const awaiting = async <T>(work: Steps<unknown, T>): Promise<T> => doing(work)

const counters = table('test_counter', { id: text(), given: integer() }, { key: ['id'], subject: ['id'] })
const counting = {
  package: 'counting',
  tables: [counters],
  migrations: [{ id: 1, about: 'counters', steps: [{ addTable: counters }] }],
}
const give: Add = { table: counters, key: { id: 'cap' }, column: 'given', by: 1, max: 1 }

let places = 0

/** A storage of its own at the host, with the host's table of orders beside it. */
async function settle(host: Host): Promise<{ storage: Storage; orders: string }> {
  const connection = host.connection()
  const place = `host_${host.name.replace(/\W/g, '_').toLowerCase()}_${++places}`
  const own = connection.dialect === 'postgres'
  const storage = own
    ? postgresStorage({ connection, schema: place, tablePrefix: 'pk_' })
    : sqliteStorage({ connection, tablePrefix: place })
  for (const one of [accountsSchema, counting]) storage.declare(one)
  await storage.schema.migrate()
  const orders = `${place}${own ? '.' : '_'}host_order`
  await host.transaction(function* (sql) {
    yield sql(`create table ${orders} (id text primary key)`)
  })
  return { storage, orders }
}

interface Notes {
  note(i: { idempotencyKey: string; text: string }): Promise<number>
}

/** A service whose one command is done once for its key. */
function notesOver(storage: Storage) {
  function* note(ctx: Parameters<typeof unitOn>[0], i: { idempotencyKey: string; text: string }): Operation<number> {
    return yield* once(ctx, { command: 'notes.note', idempotencyKey: i.idempotencyKey, content: { text: i.text } }, function* () {
      const [found] = yield* read(ctx, head('note', 'n'))
      const events = [{ type: 'note.written', v: 1, at: ctx.now, data: { text: i.text } }]
      return { units: [unitOn(ctx, { kind: 'note', subject: 'n', head: found, events, writes: [] })], answer: found.seq + 1 }
    })
  }
  const deps = { storage, clock: manualClock('2026-08-01T09:00:00Z') }
  const of = { name: 'notes', schema: { package: 'notes', tables: [], migrations: [] }, verbs: { note } }
  return createService<Notes>(deps, of).for({ tenant: 'acme', by: { type: 'user', id: 'u' } })
}

/** What holds in a transaction of the host, whatever its driver. One connection is enough: so these run on pools of one. */
export function hostFacts(host: Host): void {
  const fact = (name: string, run: (i: { storage: Storage; orders: string }) => Promise<void>) =>
    test(`${host.name}: ${name}`, async () => run(await settle(host)))
  const countOf = (orders: string) => host.count(`select count(*) as n from ${orders}`)
  const stands = (storage: Storage) => storage.read('acme', [get(accounts, { id: 'a' }), headOf('test', 'a')])

  fact('what the host and the engine wrote is there after COMMIT, and each saw the other before', async ({ storage, orders }) => {
    await host.transaction(function* (sql, session) {
      yield sql(`insert into ${orders} values ('o1')`)
      expect(yield storage.commit([unit('a', 1)], session)).toEqual([{ outcome: 'done' }])
      expect(yield storage.read('acme', [get(accounts, { id: 'a' })], session)).toEqual([{ id: 'a', points: 1 }])
      yield sql(`insert into ${orders} values ('o2')`)
    })
    expect(await countOf(orders)).toBe(2)
    expect(await storage.read('acme', [get(accounts, { id: 'a' })])).toEqual([{ id: 'a', points: 1 }])
  })

  fact('when the host throws, nothing of either is there', async ({ storage, orders }) => {
    const work = async () =>
      host.transaction(function* (sql, session) {
        yield sql(`insert into ${orders} values ('o1')`)
        yield storage.commit([unit('a', 1)], session)
        throw new Error('the host changed its mind')
      })
    await expect(work()).rejects.toThrow('changed its mind')
    expect([await countOf(orders), await stands(storage)]).toEqual([0, [null, NO_HEAD]])
  })

  fact('a conflict, a taken row and a full counter are reported, and the host goes on and commits', async ({ storage, orders }) => {
    const row = { id: 'u', given: 1 }
    const first: Unit = { ...unit('a', 1), unique: [{ table: counters, row }], adds: [give] }
    await storage.commit([first])
    await host.transaction(function* (sql, session) {
      yield sql(`insert into ${orders} values ('o1')`)
      const units = [unit('a', 2), { ...unit('b', 3), unique: [{ table: counters, row }] }, { ...unit('c', 4), adds: [give] }, unit('d', 5)]
      expect(yield storage.commit(units, session)).toEqual([
        { outcome: 'conflict', subject: 'test a', found: 1 },
        { outcome: 'taken', table: 'test_counter', key: { id: 'u' } },
        { outcome: 'out-of-bounds', table: 'test_counter', key: { id: 'cap' }, column: 'given', found: 1 },
        { outcome: 'done' },
      ])
      yield sql(`insert into ${orders} values ('o2')`)
    })
    expect(await countOf(orders)).toBe(2)
    const ids = ['a', 'b', 'c', 'd']
    const points = await storage.read(
      'acme',
      ids.map((id) => get(accounts, { id })),
    )
    expect(points).toEqual([{ id: 'a', points: 1 }, null, null, { id: 'd', points: 5 }])
  })

  fact('several new subjects go in at once, and each fails alone', async ({ storage, orders }) => {
    await storage.commit([unit('b', 1)])
    await host.transaction(function* (sql, session) {
      const units = [unit('a', 1), unit('b', 2), { ...unit('c', 3), adds: [give] }]
      const answers = [{ outcome: 'done' }, { outcome: 'conflict', subject: 'test b', found: 1 }, { outcome: 'done' }]
      expect(yield storage.commit(units, session)).toEqual(answers)
      yield sql(`insert into ${orders} values ('o1')`)
    })
    expect(await storage.read('acme', [get(counters, { id: 'cap' }), get(accounts, { id: 'c' })])).toEqual([
      { id: 'cap', given: 1 },
      { id: 'c', points: 3 },
    ])
  })

  fact('a write that throws has not ended the transaction: the host decides', async ({ storage, orders }) => {
    const bad = { ...unit('a', 1), writes: [{ write: 'remove', table: accounts, key: { id: 'nobody' } }] } as const
    await host.transaction(function* (sql, session) {
      const refused = yield* caught(() => storage.commit([bad], session))
      expect(String(refused)).toContain('storage/row-missing')
      yield sql(`insert into ${orders} values ('o1')`)
    })
    expect(await countOf(orders)).toBe(1)
  })

  fact(
    'a command is replayed by its key: the same answer, nothing twice, and the host goes on and commits',
    async ({ storage, orders }) => {
      const notes = notesOver(storage)
      await storage.schema.migrate()
      const note = (session: Session, text: string) => {
        const joined = notes.in(session)
        return (session.sync ? joined.sync : joined).note({ idempotencyKey: 'k', text })
      }
      for (const order of ['o1', 'o2']) {
        await host.transaction(function* (sql, session) {
          yield sql(`insert into ${orders} values ('${order} before')`)
          expect([yield note(session, 'once'), yield note(session, 'once')]).toEqual([1, 1])
          expect(isPatronkitError(yield* caught(() => note(session, 'other')), 'core/idempotency-conflict')).toBe(true)
          yield sql(`insert into ${orders} values ('${order} after')`)
        })
      }
      expect(await countOf(orders)).toBe(4)
      expect(await storage.read('acme', [headOf('note', 'n')])).toMatchObject([{ version: 1, seq: 1 }])
    },
  )

  if (!host.connection().sync) return
  fact('a promise inside a synchronous transaction is refused, and the host commits the rest', async ({ storage, orders }) => {
    const notes = notesOver(storage)
    await storage.schema.migrate()
    const attempts: Promise<unknown>[] = []
    await host.transaction(function* (sql, session) {
      attempts.push(notes.in(session).note({ idempotencyKey: 'k', text: 'late' }))
      yield sql(`insert into ${orders} values ('o1')`)
    })
    attempts.push(Promise.resolve().then(() => storage.transaction(async () => 1)))
    for (const attempt of attempts) await expect(attempt).rejects.toThrow('core/async-in-sync-transaction')
    expect([await countOf(orders), await storage.read('acme', [headOf('note', 'n')])]).toEqual([1, [NO_HEAD]])
  })
}

function* caught(work: () => unknown): Steps<unknown, unknown> {
  try {
    return yield work()
  } catch (error) {
    return error
  }
}

/** A transaction that was overtaken by another connection's commit, at each of the stricter ways to begin it. */
export function overtakenFacts(host: Host, begins: readonly Begin[]): void {
  for (const begin of begins) {
    test(`${host.name}: a ${begin} transaction that was overtaken is to be repeated as a whole, and retrying() does`, async () => {
      const { storage, orders } = await settle(host)
      let tries = 0
      const codes: unknown[] = []
      const work = async () =>
        host.transaction(function* (sql, session) {
          const [found] = (yield storage.read('acme', [headOf('test', 'a')], session)) as readonly [Head]
          if (tries++ === 0) yield storage.commit([unit('a', 1)])
          const answer = yield* caught(() => storage.commit([unit('a', 7, found)], session))
          if (answer instanceof Error) {
            codes.push(isPatronkitError(answer) ? [answer.code, answer.retryable] : answer)
            throw answer
          }
          yield sql(`insert into ${orders} values ('o1')`)
          return answer
        }, begin)
      expect(await retrying(work)).toEqual([{ outcome: 'done' }])
      expect(codes).toEqual([['core/host-transaction-aborted', 'whole-transaction']])
      expect(await storage.read('acme', [get(accounts, { id: 'a' })])).toEqual([{ id: 'a', points: 7 }])
      expect(await host.count(`select count(*) as n from ${orders}`)).toBe(1)
    })
  }
}

/** What holds where several connections meet. */
export function rivalFacts(host: Host): void {
  const unique = [{ table: counters, row: { id: 'u', given: 1 } }]
  const races: readonly (readonly [string, Partial<Unit>, object])[] = [
    ['an unseen subject', {}, { outcome: 'conflict', subject: 'test a', found: 1 }],
    ['a unique row', { unique, heads: [], events: [], writes: [] }, { outcome: 'taken', table: 'test_counter', key: { id: 'u' } }],
    ['both', { unique }, { outcome: 'conflict', subject: 'test a', found: 1 }],
    ['a new counter', { adds: [give], heads: [], events: [], writes: [] }, { outcome: 'out-of-bounds' }],
  ]
  for (const [what, part, loses] of races) {
    test(`${host.name}: a transaction of the host that loses the race for ${what} is told so, writes on, and commits`, async () => {
      const { storage, orders } = await settle(host)
      const racing: Unit = { ...unit('a', 1), ...part }
      let second: MaybePromise<unknown>
      await host.transaction(function* (_, session) {
        expect(yield storage.commit([racing], session)).toEqual([{ outcome: 'done' }])
        second = host.transaction(function* (sql, other) {
          const [answer] = (yield storage.commit([racing], other)) as readonly UnitAnswer[]
          yield sql(`insert into ${orders} values ('went on')`)
          return [answer, yield storage.commit([unit('after', 1)], other)]
        })
        // long enough for the second to stand before what the first holds
        yield new Promise((resolve) => setTimeout(resolve, 100))
      })
      expect(await second).toEqual([expect.objectContaining(loses), [{ outcome: 'done' }]])
      expect(await host.count(`select count(*) as n from ${orders}`)).toBe(1)
      expect(await storage.read('acme', [get(accounts, { id: 'after' })])).toEqual([{ id: 'after', points: 1 }])
    })
  }
}
