import { expect, test } from 'vitest'
import { createService } from '../src/create-service.ts'
import { manualClock, memoryStorage } from '../src/index.ts'
import {
  all,
  type Context,
  commit,
  field,
  get,
  headOf,
  integer,
  list,
  listUntil,
  type Operation,
  read,
  type Swept,
  sweepPage,
  table,
  text,
  unitOn,
} from '../src/service.ts'
import type { Storage } from '../src/storage.ts'
import { promisedStorage } from '../src/testing.ts'

const lots = table(
  'sweep_lot',
  { account: text(), no: integer(), left: integer() },
  { key: ['account', 'no'], subject: ['account'], indexes: { open: ['left'] } },
)

interface Points {
  earn(i: { account: string; points: number }): Promise<void>
  halve(i: { page: number }): Promise<Swept>
  enough(i: { account: string; points: number }): Promise<readonly number[]>
}

/** Halves every lot above 1, as a bulk change would; `beside` runs between the looking and the deciding. */
function points(storage: Storage, beside: () => void = () => {}) {
  const unitFor = (
    ctx: Context,
    account: string,
    head: Parameters<typeof unitOn>[1]['head'],
    writes: Parameters<typeof unitOn>[1]['writes'],
  ) => unitOn(ctx, { kind: 'points', subject: account, head, events: [{ type: 'points.changed', v: 1, at: ctx.now, data: {} }], writes })
  function* earn(ctx: Context, i: { account: string; points: number }): Operation<void> {
    const [head] = yield* read(ctx, headOf('points', i.account))
    const row = { account: i.account, no: head.version + 1, left: i.points }
    yield* commit([unitFor(ctx, i.account, head, [{ write: 'insert', table: lots, row }])])
  }
  const halve = (ctx: Context, i: { page: number }): Operation<Swept> =>
    sweepPage(ctx, {
      name: 'halve',
      over: lots,
      where: field('left').gt(1),
      kind: 'points',
      subjectOf: (row) => row.account,
      page: i.page,
      decide: (account, head, rows) => {
        beside()
        const halved = rows.map(({ no, left }) => ({
          write: 'change' as const,
          table: lots,
          key: { account, no },
          set: { left: -Math.floor(left / 2) },
        }))
        return unitFor(ctx, account, head, halved)
      },
    })
  const enough = function* (ctx: Context, i: { account: string; points: number }): Operation<readonly number[]> {
    const rows = yield* listUntil(ctx, lots, { where: field('account').eq(i.account), order: ['no'], sum: 'left', reach: i.points })
    return rows.map((row) => row.no)
  }
  const schema = { package: 'points', tables: [lots], migrations: [] }
  return createService<Points>(
    { storage, clock: manualClock('2026-11-24T09:00:00Z') },
    { name: 'points', schema, verbs: { earn, halve, enough } },
  )
}

const scope = { tenant: 'acme', by: { type: 'system', id: 'test' } } as const

async function filled(storage: Storage, accounts: number) {
  const bound = points(storage).for(scope)
  for (let n = 0; n < accounts; n++) for (const left of [4, 1, 6]) await bound.earn({ account: `a${n}`, points: left })
}

const lefts = async (storage: Storage) => {
  const [rows] = (await storage.read('acme', [list(lots, { where: all(), limit: 999 })])) as [{ left: number }[]]
  return rows.map((row) => row.left).join(' ')
}

test.each([
  ['at once', memoryStorage],
  ['with promises', promisedStorage],
])('a sweep goes through every row once, page by page (%s)', async (_, storageOf) => {
  const storage = storageOf()
  await filled(storage, 30)
  const bound = points(storage).for(scope)
  const pages: Swept[] = []
  do pages.push(await bound.halve({ page: 7 }))
  while (pages.at(-1)!.more)
  expect(pages.reduce((sum, page) => sum + page.rows, 0)).toBe(60)
  expect(await lefts(storage)).toBe(Array(30).fill('-2 1 -3').join(' '))
  // its place is forgotten, and a second sweep finds nothing to do
  expect(await bound.halve({ page: 7 })).toEqual({ rows: 0, changed: 0, more: false })
})

test('a sweep that dies between its rows and its place does the page again and doubles nothing', async () => {
  const storage = memoryStorage()
  await filled(storage, 10)
  let commits = 0
  const dying: Storage = {
    ...storage,
    commit: (units, session) => {
      if (++commits === 2) throw new RangeError('killed')
      return storage.commit(units, session)
    },
  }
  await expect(points(dying).for(scope).halve({ page: 8 })).rejects.toThrow('killed')
  const bound = points(storage).for(scope)
  while ((await bound.halve({ page: 8 })).more);
  expect(await lefts(storage)).toBe(Array(10).fill('-2 1 -3').join(' '))
})

test('a subject that somebody changes meanwhile is decided anew', async () => {
  const storage = memoryStorage()
  await filled(storage, 3)
  let once = true
  // another process knows nothing of this one's queues
  const other = points({ ...storage }).for(scope)
  const bound = points(storage, () => {
    if (!once) return
    once = false
    void other.earn({ account: 'a1', points: 8 })
  }).for(scope)
  expect(await bound.halve({ page: 100 })).toMatchObject({ changed: 3, more: false })
  expect(await lefts(storage)).toBe('-2 1 -3 -2 1 -3 -4 -2 1 -3')
})

test('rows are read page by page until their sum is reached', async () => {
  const storage = memoryStorage()
  const bound = points(storage).for(scope)
  for (let n = 0; n < 300; n++) await bound.earn({ account: 'a', points: 1 })
  const reads: number[] = []
  const counting: Storage = {
    ...storage,
    read: (tenant, asked, session) => {
      const answers = storage.read(tenant, asked, session) as readonly unknown[]
      reads.push(...answers.map((answer) => (answer as readonly unknown[]).length))
      return answers
    },
  }
  const ask = (sum: number) => points(counting).for(scope).enough({ account: 'a', points: sum })
  expect(await ask(5)).toEqual([1, 2, 3, 4, 5])
  expect(reads).toEqual([32])
  reads.length = 0
  expect((await ask(100)).length).toBe(100)
  expect(reads).toEqual([32, 128])
  expect((await ask(1_000)).length).toBe(300)
  expect(await ask(0)).toEqual([])
  expect(await storage.read('acme', [get(lots, { account: 'a', no: 1 })])).toMatchObject([{ left: 1 }])
})
