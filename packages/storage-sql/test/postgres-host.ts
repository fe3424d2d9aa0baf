import { isPatronkitError, retrying } from '@patronkit/core'
import { type Add, get, headOf, integer, NO_HEAD, type Session, type Storage, table, text, type Unit } from '@patronkit/core/storage'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { expect, test } from 'vitest'
import { accounts, schema as accountsSchema, unit } from './sample.ts'

/** A host's database as its driver shows it. */
export interface Host {
  readonly name: string
  /** The session our own transactions come from. */
  readonly connection: () => Session
  /** Runs the host's work in a transaction of the host: `sql` runs a statement of the host, `session` is ours to join. */
  readonly transaction: <T>(work: (sql: (text: string) => Promise<unknown>, session: Session) => Promise<T>, begin?: string) => Promise<T>
  readonly count: (text: string) => Promise<number>
}

const counters = table('test_counter', { id: text(), given: integer() }, { key: ['id'], subject: ['id'] })
const counting = {
  package: 'counting',
  tables: [counters],
  migrations: [{ id: 1, about: 'counters', steps: [{ addTable: counters }] }],
}
const give: Add = { table: counters, key: { id: 'cap' }, column: 'given', by: 1, max: 1 }

/** What holds in a transaction of the host, whatever its driver. */
export function hostFacts(host: Host): void {
  let schemas = 0
  const fact = (name: string, run: (i: { storage: Storage; orders: string }) => Promise<void>) =>
    test(`${host.name}: ${name}`, async () => {
      const schema = `host_${host.name.replace(/\W/g, '_').toLowerCase()}_${++schemas}`
      const storage = postgresStorage({ connection: host.connection(), schema, tablePrefix: 'pk_' })
      for (const one of [accountsSchema, counting]) storage.declare(one)
      await storage.schema.migrate()
      const orders = `${schema}.host_order`
      await host.transaction((sql) => sql(`create table ${orders} (id text primary key)`))
      await run({ storage, orders })
    })
  const countOf = (orders: string) => host.count(`select count(*)::int as n from ${orders}`)
  const read = (storage: Storage) => storage.read('acme', [get(accounts, { id: 'a' }), headOf('test', 'a')])

  fact('what the host and the engine wrote is there after COMMIT, and each saw the other before', async ({ storage, orders }) => {
    await host.transaction(async (sql, session) => {
      await sql(`insert into ${orders} values ('o1')`)
      expect(await storage.commit([unit('a', 1)], session)).toEqual([{ outcome: 'done' }])
      expect(await storage.read('acme', [get(accounts, { id: 'a' })], session)).toEqual([{ id: 'a', points: 1 }])
      await sql(`insert into ${orders} values ('o2')`)
    })
    expect(await countOf(orders)).toBe(2)
    expect(await storage.read('acme', [get(accounts, { id: 'a' })])).toEqual([{ id: 'a', points: 1 }])
  })

  fact('when the host throws, nothing of either is there', async ({ storage, orders }) => {
    const work = host.transaction(async (sql, session) => {
      await sql(`insert into ${orders} values ('o1')`)
      await storage.commit([unit('a', 1)], session)
      throw new Error('the host changed its mind')
    })
    await expect(work).rejects.toThrow('changed its mind')
    expect([await countOf(orders), await read(storage)]).toEqual([0, [null, NO_HEAD]])
  })

  fact('a conflict, a taken row and a full counter are reported, and the host goes on and commits', async ({ storage, orders }) => {
    const row = { id: 'u', given: 1 }
    const first: Unit = { ...unit('a', 1), unique: [{ table: counters, row }], adds: [give] }
    await storage.commit([first])
    await host.transaction(async (sql, session) => {
      await sql(`insert into ${orders} values ('o1')`)
      const units = [unit('a', 2), { ...unit('b', 3), unique: [{ table: counters, row }] }, { ...unit('c', 4), adds: [give] }, unit('d', 5)]
      expect(await storage.commit(units, session)).toEqual([
        { outcome: 'conflict', subject: 'test a', found: 1 },
        { outcome: 'taken', table: 'test_counter', key: { id: 'u' } },
        { outcome: 'out-of-bounds', table: 'test_counter', key: { id: 'cap' }, column: 'given', found: 1 },
        { outcome: 'done' },
      ])
      await sql(`insert into ${orders} values ('o2')`)
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
    await host.transaction(async (sql, session) => {
      const units = [unit('a', 1), unit('b', 2), { ...unit('c', 3), adds: [give] }]
      const answers = [{ outcome: 'done' }, { outcome: 'conflict', subject: 'test b', found: 1 }, { outcome: 'done' }]
      expect(await storage.commit(units, session)).toEqual(answers)
      await sql(`insert into ${orders} values ('o1')`)
    })
    expect(await storage.read('acme', [get(counters, { id: 'cap' }), get(accounts, { id: 'c' })])).toEqual([
      { id: 'cap', given: 1 },
      { id: 'c', points: 3 },
    ])
  })

  fact('a write that throws has not ended the transaction: the host decides', async ({ storage, orders }) => {
    const bad = { ...unit('a', 1), writes: [{ write: 'remove', table: accounts, key: { id: 'nobody' } }] } as const
    await host.transaction(async (sql, session) => {
      await expect(Promise.resolve(storage.commit([bad], session))).rejects.toThrow('storage/row-missing')
      await sql(`insert into ${orders} values ('o1')`)
    })
    expect(await countOf(orders)).toBe(1)
  })
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
  for (const [i, [what, part, loses]] of races.entries()) {
    test(`${host.name}: a transaction of the host that loses the race for ${what} is told so, writes on, and commits`, async () => {
      const schema = `race_${host.name.replace(/\W/g, '_').toLowerCase()}_${i}`
      const storage = postgresStorage({ connection: host.connection(), schema })
      for (const one of [accountsSchema, counting]) storage.declare(one)
      await storage.schema.migrate()
      const racing: Unit = { ...unit('a', 1), ...part }
      let second: Promise<unknown> | undefined
      await host.transaction(async (_, session) => {
        expect(await storage.commit([racing], session)).toEqual([{ outcome: 'done' }])
        second = host.transaction(async (sql, other) => {
          const [answer] = await storage.commit([racing], other)
          await sql(`create table ${schema}.went_on (id text)`)
          return [answer, await storage.commit([unit('after', 1)], other)]
        })
        // long enough for the second to stand before what the first holds
        await new Promise((resolve) => setTimeout(resolve, 100))
      })
      expect(await second).toEqual([expect.objectContaining(loses), [{ outcome: 'done' }]])
      expect(await host.count(`select count(*)::int as n from ${schema}.went_on`)).toBe(0)
      expect(await storage.read('acme', [get(accounts, { id: 'after' })])).toEqual([{ id: 'after', points: 1 }])
    })
  }

  test(`${host.name}: a serializable transaction that was overtaken is to be repeated as a whole, and retrying() does`, async () => {
    const storage = postgresStorage({ connection: host.connection(), schema: `rival_${host.name.replace(/\W/g, '_').toLowerCase()}` })
    storage.declare(accountsSchema)
    await storage.schema.migrate()
    let tries = 0
    const codes: unknown[] = []
    const work = () =>
      host.transaction(async (_, session) => {
        const [head] = await storage.read('acme', [headOf('test', 'a')], session)
        if (tries++ === 0) await storage.commit([unit('a', 1)])
        try {
          return await storage.commit([unit('a', 7, head as typeof NO_HEAD)], session)
        } catch (error) {
          codes.push(isPatronkitError(error) && [error.code, error.retryable])
          throw error
        }
      }, 'isolation level serializable')
    expect(await retrying(work)).toEqual([{ outcome: 'done' }])
    expect(codes).toEqual([['core/host-transaction-aborted', 'whole-transaction']])
    expect(await storage.read('acme', [get(accounts, { id: 'a' })])).toEqual([{ id: 'a', points: 7 }])
  })
}
