import { DatabaseSync } from 'node:sqlite'
import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { describe, expect, test } from 'vitest'
import { createLoyalty, defineProgramme, type Loyalty } from '../src/index.ts'
import { eur, START } from './histories.ts'
import { patience } from './settings.ts'
import { answered } from './verbs.ts'

const stars = defineProgramme({
  id: 'stars',
  currency: 'star',
  earn: [{ points: 1, per: eur('1.00') }],
  campaigns: [{ id: 'spring', add: 10, budget: { money: eur('4.00') }, costPerPoint: eur('0.05') }],
  rewards: [{ id: 'mug', points: 20, stock: 2 }],
  offers: [{ id: 'letter', points: 5, stock: 3, byCode: true }],
  referral: { referrer: 40, referee: 30 },
})

const on = (account: string) => ({ account, programme: 'stars' })
const order = (id: string, total = '20.00') => ({ id, total: eur(total) })
const letter = { programme: 'stars', offer: 'letter' }

async function shop(storage: Storage = memoryStorage()) {
  const clock = manualClock(START)
  const service = createLoyalty({ storage, clock })
  await storage.schema.migrate()
  const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  await loyalty.publish({ definition: stars })
  return { loyalty, clock, storage }
}

/** A shop in a database, and its rows to lay hands on. */
async function laidOpen() {
  const db = new DatabaseSync(':memory:')
  const { loyalty } = await shop(sqliteStorage({ connection: fromNodeSqlite(db) }))
  const run = (sql: string) => db.exec(sql.replace(/ (loyalty_\w+|event|head)\b/g, ' patronkit_$1'))
  return { loyalty, run }
}

async function lived(loyalty: Loyalty): Promise<void> {
  await loyalty.issueCodes({ idempotencyKey: 'i1', ...letter, codes: ['A', 'B'] })
  await loyalty.issueCodes({ idempotencyKey: 'i2', ...letter, codes: ['C'] })
  for (const account of ['c_1', 'c_2']) await loyalty.earn({ idempotencyKey: account, ...on(account), order: order(account) })
  await loyalty.redeem({ idempotencyKey: 'm', ...on('c_1'), reward: 'mug' })
  await loyalty.claim({ idempotencyKey: 'l', ...on('c_2'), offer: 'letter', code: 'A' })
  await loyalty.refer({ idempotencyKey: 'r', programme: 'stars', referrer: 'c_1', referee: 'c_3' })
}

describe('verify names what of shared things is not as the events say', () => {
  const cases: readonly (readonly [what: string, sql: string, found: object])[] = [
    [
      'a budget that gave less',
      'update loyalty_budget set points = 19',
      { row: 'loyalty_budget stars spring', message: 'points is 19, events come to 20' },
    ],
    [
      'its money',
      'update loyalty_budget set money = 101',
      { row: 'loyalty_budget stars spring', message: 'money is 101, events come to 100' },
    ],
    [
      'a budget that forgot',
      'delete from loyalty_budget',
      { row: 'loyalty_budget stars spring', message: 'the row is gone, points is 20' },
    ],
    ['a shelf that is fuller', "update loyalty_stock set taken = 0 where item = 'reward/mug'", { row: 'loyalty_stock stars reward/mug' }],
    [
      'a shelf that nobody knows',
      "insert into loyalty_stock (tenant, programme, item, taken) values ('shop', 'stars', 'reward/cup', 0)",
      { row: 'loyalty_stock stars reward/cup', message: 'no event makes this row' },
    ],
    ['a code that may be used again', 'delete from loyalty_code_use', { account: 'c_2', row: 'loyalty_code_use stars A' }],
    [
      'a code that somebody used up',
      "insert into loyalty_code_use (tenant, programme, code, posting) values ('shop', 'stars', 'B', 'claim/x')",
      { account: '', row: 'loyalty_code_use stars B', message: 'no event uses this code' },
    ],
    [
      'a code out of nowhere',
      "insert into loyalty_code (tenant, programme, code, offer) values ('shop', 'stars', 'Z', 'letter')",
      { row: 'loyalty_code stars Z', message: 'no event gave this code out' },
    ],
    ['a code for another offer', "update loyalty_code set offer = 'gift' where code = 'C'", { row: 'loyalty_code stars C' }],
    [
      'a code that is gone',
      "delete from loyalty_code where code = 'C'",
      { row: '~codes/stars/letter', event: 2, message: 'a code that the event gave out is gone' },
    ],
    ['who was brought may be brought again', 'delete from loyalty_referral', { account: 'c_3', row: 'loyalty_referral stars c_3' }],
    ['who brought somebody', "update loyalty_referral set referrer = 'c_2'", { account: 'c_3', row: 'loyalty_referral stars c_3' }],
    [
      'a referral that never was',
      "insert into loyalty_referral (tenant, programme, referee, referrer, at) values ('shop', 'stars', 'c_2', 'c_1', 1)",
      { account: 'c_2', row: 'loyalty_referral stars c_2', message: 'no event says that somebody brought the account' },
    ],
    [
      'a referral of nobody',
      "insert into loyalty_referral (tenant, programme, referee, referrer, at) values ('shop', 'stars', 'c_9', 'c_1', 1)",
      { account: 'c_9', row: 'loyalty_referral stars c_9' },
    ],
  ]
  test.each(cases)('%s', async (_, sql, found) => {
    const { loyalty, run } = await laidOpen()
    await lived(loyalty)
    expect(await loyalty.verify({})).toMatchObject({ accounts: 3, broken: null })
    run(sql)
    expect((await loyalty.verify({})).broken).toMatchObject({ programme: expect.any(String), ...found })
  })

  test('codes that are gone with the whole chain that says so, against the anchor', async () => {
    const { loyalty, run } = await laidOpen()
    await lived(loyalty)
    const { id, root, accounts } = await loyalty.anchor({ idempotencyKey: 'a' })
    expect(accounts).toBe(3)
    await loyalty.issueCodes({ idempotencyKey: 'i3', ...letter, codes: ['D'] })
    expect((await loyalty.verify({ anchor: { id, root } })).broken).toBe(null)
    run("delete from loyalty_code; delete from event where kind = 'loyalty-codes'; delete from head where kind = 'loyalty-codes'")
    expect((await loyalty.verify({})).broken).toBe(null)
    expect((await loyalty.verify({ anchor: { id, root } })).broken).toMatchObject({ row: '~codes/stars/letter' })
  })
})

test('events that give codes out do not tell them', async () => {
  const db = new DatabaseSync(':memory:')
  const { loyalty } = await shop(sqliteStorage({ connection: fromNodeSqlite(db) }))
  await loyalty.issueCodes({ idempotencyKey: 'i', ...letter, codes: ['SECRET-CODE'] })
  const bodies = db.prepare("select body from patronkit_event where type = 'loyalty.codes-issued'").all()
  expect(bodies).toHaveLength(1)
  expect(JSON.stringify(bodies)).not.toContain('SECRET-CODE')
})

test('more codes than are looked at once are held against their events all the same', { timeout: patience * 3 }, async () => {
  const { loyalty, run } = await laidOpen()
  for (let batch = 0; batch < 101; batch++)
    await loyalty.issueCodes({ idempotencyKey: `b${batch}`, ...letter, codes: Array.from({ length: 1_000 }, (_, n) => `${batch}-${n}`) })
  expect((await loyalty.verify({})).broken).toBe(null)
  run("delete from loyalty_code where code = '77-500'")
  expect((await loyalty.verify({})).broken).toMatchObject({ row: '~codes/stars/letter', event: 78 })
})

test('a reward of an order that was refunded whole is on the shelf again, and the events say so', async () => {
  const { loyalty } = await shop()
  for (const account of ['c_1', 'c_2']) await loyalty.adjust({ idempotencyKey: account, ...on(account), points: 100, reason: 'start' })
  const mug = (key: string) =>
    answered(() => loyalty.redeem({ idempotencyKey: key, ...on('c_1'), reward: 'mug', order: order(`order-${key}`) }))
  await mug('a')
  await mug('b')
  expect(await mug('c')).toBe('loyalty/offer-unavailable')
  await loyalty.refund({ idempotencyKey: 'half', order: 'order-a', amount: eur('10.00') })
  expect(await mug('c')).toBe('loyalty/offer-unavailable')
  await loyalty.refund({ idempotencyKey: 'rest', order: 'order-a', amount: eur('10.00') })
  expect(typeof (await mug('c'))).toBe('object')
  expect(await mug('d')).toBe('loyalty/offer-unavailable')
  expect((await loyalty.verify({})).broken).toBe(null)
})

test('what an account took of budgets, stock and codes stays taken when it is erased, twice too', async () => {
  const { loyalty } = await shop()
  await lived(loyalty)
  const { id, root } = await loyalty.anchor({ idempotencyKey: 'a' })
  for (const account of ['c_1', 'c_2', 'c_3']) await loyalty.erase(on(account))
  expect((await loyalty.verify({ anchor: { id, root } })).broken).toBe(null)
  await loyalty.earn({ idempotencyKey: 'anew', ...on('c_1'), order: order('anew') })
  await loyalty.redeem({ idempotencyKey: 'anew', ...on('c_1'), reward: 'mug' })
  await loyalty.erase(on('c_1'))
  expect((await loyalty.verify({ anchor: { id, root } })).broken).toBe(null)
  expect(await answered(() => loyalty.refer({ idempotencyKey: 'again', programme: 'stars', referrer: 'c_1', referee: 'c_3' }))).toBe(
    'loyalty/already-referred',
  )
})

test('a referral is dated when it was', async () => {
  const { loyalty, run } = await laidOpen()
  await lived(loyalty)
  run('update loyalty_referral set at = 0')
  expect((await loyalty.verify({})).broken).toMatchObject({ account: 'c_3' })
})
