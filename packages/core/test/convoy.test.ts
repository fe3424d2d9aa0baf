import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { createService } from '../src/create-service.ts'
import { attempt, isPatronkitError, memoryStorage, type Storage } from '../src/index.ts'
import { merged } from '../src/merged.ts'
import { pendingUnits, UNSURE } from '../src/pending.ts'
import {
  type Add,
  all,
  type Context,
  canonicalJson,
  commit,
  commitEach,
  field,
  fold,
  get,
  type Head,
  headOf,
  integer,
  json,
  keyed,
  keyRead,
  list,
  NO_HEAD,
  nullable,
  type Operation,
  once,
  type Read,
  read,
  table,
  text,
  type Unit,
  unitOn,
} from '../src/service.ts'
import { eventsOf, timersAfter } from '../src/storage.ts'
import { watchedStorage } from './watched.ts'

const accounts = table('c_account', { id: text(), left: integer(), note: nullable(json()) }, { key: ['id'], subject: ['id'] })
const lots = table(
  'c_lot',
  { account: text(), no: integer(), left: integer(), goes: nullable(integer()) },
  { key: ['account', 'no'], subject: ['account'], indexes: { goes: ['account', 'goes'] } },
)
const budgets = table('c_budget', { id: text(), given: integer() }, { key: ['id'], subject: ['id'] })
const schema = {
  package: 'convoy',
  tables: [accounts, lots, budgets],
  migrations: [{ id: 1, about: 'the tables', steps: [accounts, lots, budgets].map((addTable) => ({ addTable })) }],
}
const ctx: Context = { tenant: 't', by: { type: 'user', id: 'u' }, now: 1, salt: () => 'salt' }

/** What one step of a history does to the rows of one subject. */
interface Step {
  readonly no: number
  readonly left: number
  readonly goes: number | null
  readonly does: 'insert' | 'put' | 'change' | 'remove' | 'unique' | 'touch'
  readonly add: number
  readonly timer: 'set' | 'cancel' | null
}
const step: fc.Arbitrary<Step> = fc.record({
  no: fc.integer({ min: 1, max: 6 }),
  left: fc.integer({ min: 0, max: 3 }),
  goes: fc.option(fc.integer({ min: 1, max: 3 })),
  does: fc.constantFrom('insert', 'put', 'change', 'remove', 'unique', 'touch'),
  add: fc.integer({ min: -2, max: 3 }),
  timer: fc.option(fc.constantFrom('set' as const, 'cancel' as const)),
})

/** A unit that holds: what has to be there is there, and what must not be is not. */
function unitOf(i: Step, head: Head, there: Map<number, boolean>): Unit {
  const row = { account: 'a', no: i.no, left: i.left, goes: i.goes }
  const key = { account: 'a', no: i.no }
  const is = there.get(i.no) ?? false
  const does = is
    ? i.does === 'insert' || i.does === 'unique'
      ? 'put'
      : i.does
    : i.does === 'change' || i.does === 'remove'
      ? 'insert'
      : i.does
  if (does === 'remove') there.set(i.no, false)
  else if (does !== 'touch') there.set(i.no, true)
  const lot =
    does === 'insert' || does === 'put'
      ? [{ write: does, table: lots, row } as const]
      : does === 'change'
        ? [{ write: 'change', table: lots, key, set: { left: i.left } } as const]
        : does === 'remove'
          ? [{ write: 'remove', table: lots, key } as const]
          : []
  const account = { write: 'put', table: accounts, row: { id: 'a', left: i.left, note: { at: i.no } } } as const
  const adds: Add[] = i.add === 0 ? [] : [{ table: budgets, key: { id: 'b' }, column: 'given', by: i.add, min: -50 }]
  const timers = i.timer === null ? [] : [{ timer: i.timer, queue: 'q', key: 'a', dueAt: i.no }]
  const unit = unitOn(ctx, {
    kind: 'account',
    subject: 'a',
    head,
    events: [{ type: 'c.did', v: 1, at: 1, data: { ...row } }],
    writes: [account, ...lot],
    timers: timers as Unit['timers'],
  })
  return { ...unit, adds, unique: does === 'unique' ? [{ table: lots, row }] : [] }
}

async function filled(before: readonly Step[], chain: readonly Step[]) {
  const storage = (): Storage => {
    const one = memoryStorage()
    one.declare(schema)
    return one
  }
  const there = new Map<number, boolean>()
  let head = NO_HEAD
  const units = [...before, ...chain].map((one) => {
    const unit = unitOf(one, head, there)
    head = unit.heads[0]!.to
    return unit
  })
  const [first, rest] = [units.slice(0, before.length), units.slice(before.length)]
  const [a, b] = [storage(), storage()]
  for (const one of [a, b]) for (const unit of first) expect(await one.commit([unit])).toEqual([{ outcome: 'done' }])
  return { a, b, chain: rest }
}

const ofA = field('account').eq('a')
const READS: readonly Read[] = [
  headOf('account', 'a'),
  headOf('account', 'other'),
  get(accounts, { id: 'a' }),
  get(budgets, { id: 'b' }),
  ...[1, 2, 3].map((no) => get(lots, { account: 'a', no })),
  list(lots, { where: ofA, limit: 100 }),
  list(lots, { where: all(ofA, field('left').gt(0)), order: ['goes', 'no'], limit: 100 }),
  list(lots, { where: all(ofA, field('left').gt(0)), order: ['goes', 'no'], limit: 2 }),
  list(lots, { where: ofA, order: [{ column: 'left', direction: 'desc' }], limit: 2 }),
  fold(lots, { where: all(ofA, field('left').gt(1)), sum: ['left'], limit: 1 }),
  fold(lots, { where: ofA, by: ['left'], sum: ['goes'], limit: 10 }),
  eventsOf('account', 'a', { limit: 100 }),
  list(accounts, { where: all(), limit: 10 }),
]

test('one unit leaves what its units leave one after another', async () => {
  let whole = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.array(step, { minLength: 1, maxLength: 8 }), async (before, steps) => {
      const { a, b, chain } = await filled(before, steps)
      const one = merged(chain)
      if (!one) return
      whole++
      for (const unit of chain) expect(await a.commit([unit])).toEqual([{ outcome: 'done' }])
      expect(await b.commit([one])).toEqual([{ outcome: 'done' }])
      expect(await b.read('t', READS)).toEqual(await a.read('t', READS))
      const due = async (of: Storage) =>
        ((await of.read('t', [timersAfter(false, null, 9)]))[0] as { key: string; dueAt: number }[]).map(({ key, dueAt }) => [key, dueAt])
      expect(await due(b)).toEqual(await due(a))
    }),
    runs(4_000, 'chains as one unit'),
  )
  expect(whole).toBeGreaterThan(10)
})

test('what is seen of units that wait for their commit is what is read after it, or nothing is said', async () => {
  let seen = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.array(step, { minLength: 1, maxLength: 4 }), async (before, steps) => {
      const { a, chain } = await filled(before, steps)
      const found = await a.read('t', READS)
      const pending = pendingUnits()
      for (const unit of chain) pending.add(unit)
      for (const unit of chain) expect(await a.commit([unit])).toEqual([{ outcome: 'done' }])
      const after = await a.read('t', READS)
      for (const [i, one] of READS.entries()) {
        const answer = pending.see(one, found[i])
        if (answer === UNSURE) continue
        seen++
        expect([i, answer]).toEqual([i, after[i]])
      }
    }),
    runs(4_000, 'reads under units that wait'),
  )
  expect(seen).toBeGreaterThan(100)
})

interface Purse {
  fill(i: { id: string; by: number }): Promise<number>
  spend(i: { key: string; id: string; by: number }): Promise<number>
  look(i: { id: string }): Promise<number>
  history(i: { id: string }): Promise<number>
  spoil(i: { id: string }): Promise<void>
}

/** Purses over a storage that answers with promises. */
function purses(meddle?: Parameters<typeof watchedStorage>[0]) {
  const { inner, storage, commits: sent, reads } = watchedStorage(meddle)
  const set = (of: Context, head: Head, id: string, left: number, by: number): Unit =>
    unitOn(of, {
      kind: 'purse',
      subject: id,
      head,
      events: [{ type: 'purse.changed', v: 1, at: 1, data: { by } }],
      writes: [{ write: 'put', table: accounts, row: { id, left, note: null } }],
    })
  const asks = (id: string) => [headOf('purse', id), get(accounts, { id })] as const
  const service = createService<Purse>(
    { storage },
    {
      name: 'purse',
      schema,
      verbs: {
        fill: function* (of, { id, by }) {
          const [head, row] = yield* read(of, ...asks(id))
          const left = (row?.left ?? 0) + by
          yield* commit([set(of, head, id, left, by)])
          return left
        },
        spend: function* (of, { key, id, by }) {
          const content = { id, by }
          return yield* once(of, { command: 'spend', idempotencyKey: key, content, reads: asks(id) }, function* ([head, row]): Operation<{
            units: [Unit]
            answer: number
          }> {
            // asked again, it costs a convoy no call
            yield* read(of, get(accounts, { id }))
            const left = (row?.left ?? 0) - by
            if (left < 0) throw new RangeError('short')
            return { units: [set(of, head, id, left, -by)], answer: left }
          })
        },
        look: function* (of, { id }) {
          const [, row] = yield* read(of, ...asks(id))
          return row?.left ?? 0
        },
        history: function* (of, { id }) {
          const [head] = yield* read(of, ...asks(id))
          const [events] = yield* read(of, eventsOf('purse', id, { limit: 1_000 }))
          expect(events.length).toBe(head.seq)
          return events.length
        },
        spoil: function* (of, { id }) {
          const [head, row] = yield* read(of, ...asks(id))
          const unit = set(of, head, id, row?.left ?? 0, 0)
          yield* commitEach([{ ...unit, events: [...unit.events, ...unit.events] }])
        },
      },
    },
  )
  return { inner, sent, reads, purse: service.for({ tenant: 't', by: { type: 'user', id: 'u' } }) }
}

/** As another process would: one more on the purse, unless somebody is faster still. */
async function other(storage: Storage, id: string): Promise<boolean> {
  const [head, row] = (await storage.read('t', [headOf('purse', id), get(accounts, { id })])) as [Head, { left: number }]
  const unit = unitOn(ctx, {
    kind: 'purse',
    subject: id,
    head,
    events: [],
    writes: [{ write: 'put', table: accounts, row: { id, left: row.left + 1, note: null } }],
  })
  return (await storage.commit([unit]))[0]!.outcome === 'done'
}

test('behind the first a crowd on one subject goes with one read and one commit, each decided on what the one before it decided', async () => {
  const { purse, sent, reads } = purses()
  await purse.fill({ id: 'a', by: 100 })
  const [commits, asked] = [sent.length, reads.length]
  const all = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => purse.spend({ key: `k${i}`, id: 'a', by: 4 })))
  expect(all.filter(({ status }) => status === 'fulfilled').length).toBe(25)
  expect(await purse.look({ id: 'a' })).toBe(0)
  // the first by itself, in two reads, and 29 with one
  expect([sent.length - commits, reads.length - asked - 1]).toEqual([2, 3])
})

test('one key twice in a crowd has one effect and one answer', async () => {
  const { purse } = purses()
  await purse.fill({ id: 'a', by: 100 })
  expect(await Promise.all(['k', 'k', 'l', 'k'].map((key) => purse.spend({ key, id: 'a', by: 1 })))).toEqual([99, 99, 98, 99])
})

test('somebody else was faster: nobody of the crowd answers by what did not come about', async () => {
  let once = true
  const { purse, inner } = purses(async (storage, commits) => {
    if (commits === 1 || !once) return
    once = false
    await other(storage, 'a')
  })
  await purse.fill({ id: 'a', by: 10 })
  // on 10 the third is short; on 11 too, but by what is written and not by what was hoped for
  const tried = [6, 5, 5].map((by, i) => purse.spend({ key: `k${i}`, id: 'a', by }).catch((error: Error) => error.message))
  const answers = await Promise.all([...tried, purse.look({ id: 'a' })])
  const left = ((await inner.read('t', [get(accounts, { id: 'a' })])) as [{ left: number }])[0].left
  const spent = [6, 5, 5].filter((_, i) => answers[i] !== 'short')
  expect(spent.length).toBe(2)
  expect(left).toBe(11 - spent[0]! - spent[1]!)
})

test('a row that somebody else made meanwhile refuses one of the crowd, and the others go through', async () => {
  let once = true
  const { purse } = purses(async (storage, commits) => {
    if (commits === 1 || !once) return
    once = false
    const key = { command: 'spend', idempotencyKey: 'k1', content: { id: 'a', by: 1 } }
    const bare: Unit = { tenant: 't', heads: [], writes: [], events: [], timers: [] }
    await storage.commit(keyed(ctx, key, { units: [bare], answer: 77 }))
    expect((await storage.read('t', [keyRead(key)]))[0]).not.toBeNull()
  })
  await purse.fill({ id: 'a', by: 10 })
  const answers = await Promise.all([0, 1, 2, 3].map((n) => purse.spend({ key: `k${n}`, id: 'a', by: 1 })))
  expect(answers[1]).toBe(77)
  expect(answers.toSorted((a, b) => a - b)).toEqual([7, 8, 9, 77])
  expect(await purse.look({ id: 'a' })).toBe(7)
})

test('what only the storage can tell is asked once all before it is committed', async () => {
  const { purse } = purses()
  await purse.fill({ id: 'a', by: 1 })
  const crowd = Array.from({ length: 9 }, (_, i) => (i % 3 === 2 ? purse.history({ id: 'a' }) : purse.fill({ id: 'a', by: 1 })))
  expect(await Promise.all(crowd)).toEqual([2, 3, 3, 4, 5, 5, 6, 7, 7])
})

test('one of a crowd that cannot be written is refused alone', async () => {
  const { purse } = purses()
  await purse.fill({ id: 'a', by: 1 })
  const crowd = [purse.fill({ id: 'a', by: 1 }), purse.spoil({ id: 'a' }), purse.fill({ id: 'a', by: 1 })]
  const ends = await Promise.all(crowd.map((one) => attempt(() => one as Promise<unknown>)))
  expect(ends.map((end) => (end.ok ? end.value : isPatronkitError(end.error, 'storage/row-exists')))).toEqual([2, true, 3])
  expect(await purse.look({ id: 'a' })).toBe(3)
})

test('random crowds end as if one had come after the other', async () => {
  const command = fc.record({
    key: fc.integer({ min: 1, max: 12 }),
    id: fc.constantFrom('a', 'b'),
    by: fc.integer({ min: -3, max: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 30 }), fc.array(fc.nat(5), { maxLength: 4 }), async (crowd, meddling) => {
      const bad = new Set(meddling)
      let meddled = 0
      const { purse, inner } = purses(async (storage, commits) => {
        if (commits <= 2 || !bad.has(commits - 3)) return
        if (await other(storage, 'a')) meddled++
      })
      await purse.fill({ id: 'a', by: 5 })
      await purse.fill({ id: 'b', by: 5 })
      const ends = await Promise.all(
        crowd.map(async ({ key, id, by }) => {
          try {
            await (by < 0 ? purse.fill({ id, by: -by }) : purse.spend({ key: `${key}/${id}/${by}`, id, by }))
            return true
          } catch (error) {
            if (error instanceof RangeError) return false
            throw error
          }
        }),
      )
      const sums = { a: 5 + meddled, b: 5 }
      const spent = new Set<string>()
      for (const [i, { key, id, by }] of crowd.entries()) {
        if (!ends[i]) continue
        if (by >= 0 && spent.has(canonicalJson([key, id, by]))) continue
        if (by >= 0) spent.add(canonicalJson([key, id, by]))
        sums[id as 'a' | 'b'] -= by
      }
      const rows = (await inner.read('t', [get(accounts, { id: 'a' }), get(accounts, { id: 'b' })])) as [{ left: number }, { left: number }]
      expect(rows.map(({ left }) => left)).toEqual([sums.a, sums.b])
      expect(Math.min(...rows.map(({ left }) => left))).toBeGreaterThanOrEqual(0)
    }),
    runs(1_000, 'crowds on two subjects'),
  )
})
