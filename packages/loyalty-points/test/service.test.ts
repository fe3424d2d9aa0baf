import { attempt, isPatronkitError, manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { createLoyalty, decide, defineProgramme, type Loyalty, type Programme } from '../src/index.ts'
import { opened, type Story } from '../src/testing.ts'
import { anyProgramme, commandOf, DAY, eur, moves, START } from './histories.ts'
import { check, patience } from './settings.ts'
import { ACCOUNT, answered, send } from './verbs.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)

const plain: Programme = {
  currency: 'star',
  earn: [{ points: 1, per: eur('1.00'), base: 'net-of-points' }],
  redeem: { points: 100, worth: eur('1.00'), maxShare: '0.5' },
  expiry: { kind: 'months', months: 12, roundUpTo: 'month' },
}

async function shop(programme: Programme = plain, storage: Storage = memoryStorage()) {
  const clock = manualClock(START)
  const service = createLoyalty({ storage, clock })
  await storage.schema.migrate()
  const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  await loyalty.publish({ definition: defineProgramme({ id: 'stars', ...programme }) })
  return { storage, clock, service, loyalty, runner: createRunner({ storage, clock, services: [service] }) }
}

const order = (id: string, total: string) => ({ id, total: eur(total) })
const earned = (loyalty: Loyalty, id: string, total: string, account = 'c_1') =>
  loyalty.earn({ idempotencyKey: id, account, programme: 'stars', order: order(id, total) })

test('a checkout: quote, hold, charge, capture and earn; what the quote said is what the hold does', async () => {
  const { loyalty } = await shop()
  await earned(loyalty, 'o_1', '600.00')
  const ask = { ...ACCOUNT, points: 500, for: { minutes: 15 }, order: order('o_2', '21.90') }
  const quoted = await loyalty.preview.hold(ask)
  const held = await loyalty.hold({ idempotencyKey: 'o_2', ...ask })
  expect({ ...held, id: '' }).toEqual({ ...quoted, id: '' })
  expect([held.points, held.worth, held.leftToPay, held.available, held.held]).toEqual([-500, eur('5.00'), eur('16.90'), 100, 500])
  await loyalty.capture({ idempotencyKey: 'o_2', hold: held.id })
  const paid = { ...order('o_2', '21.90'), paidWithPoints: held.worth }
  const { points, available } = await loyalty.earn({ idempotencyKey: 'o_2', ...ACCOUNT, order: paid })
  expect([points, available]).toEqual([16, 116])
  const back = await loyalty.refund({ idempotencyKey: 'r_1', order: 'o_2', amount: eur('21.90') })
  expect([back.clawedBack, back.givenBack, back.moneyBack, back.available]).toEqual([16, 500, eur('16.90'), 600])
})

test('a key may be any text, also the word preview', async () => {
  const { loyalty } = await shop()
  await earned(loyalty, 'preview', '10.00')
  expect((await loyalty.preview.earn({ ...ACCOUNT, order: order('o_2', '10.00') })).points).toBe(10)
})

test('too many points are refused with what is there, also on an account that nobody has seen', async () => {
  const { loyalty } = await shop()
  for (const account of ['c_1', 'stranger']) {
    if (account === 'c_1') await earned(loyalty, 'o_1', '100.00')
    const tried = await attempt(() => loyalty.redeem({ idempotencyKey: 'k', account, programme: 'stars', points: 120 }))
    if (tried.ok || !isPatronkitError(tried.error, 'loyalty/insufficient-points')) throw new Error('it was not refused')
    expect(tried.error.details).toEqual({ account, requested: 120, available: account === 'c_1' ? 100 : 0 })
  }
  expect(await answered(() => loyalty.balance({ account: 'stranger', programme: 'stars' }))).toBe('loyalty/account-unknown')
})

test('buying and refunding an order 1,000 times leaves 0 points, and the ledger verifies', { timeout: patience }, async () => {
  const { loyalty } = await shop(plain, sqliteStorage({ file: ':memory:' }))
  for (let n = 0; n < 1_000; n++) {
    await earned(loyalty, `o_${n}`, '21.90')
    await loyalty.refund({ idempotencyKey: `r_${n}`, order: `o_${n}`, amount: eur('21.90') })
  }
  expect(await loyalty.balance(ACCOUNT)).toMatchObject({ posted: 0, available: 0, debt: 0 })
  expect((await loyalty.verify({})).broken).toBe(null)
})

test('the same 200 events in any order give the same balance on each effective date', { timeout: patience * 3 }, async () => {
  const events = Array.from({ length: 200 }, (_, n) => ({ n, at: START + Math.floor(n / 3) * DAY, total: `${1 + ((n * 37) % 90)}.00` }))
  const days = [0, 10, 33, 66, 70].map((day) => START + day * DAY + 1)
  const balancesOf = async (inOrder: typeof events) => {
    const { loyalty, clock } = await shop({ ...plain, expiry: { kind: 'never' } })
    await loyalty.open({ idempotencyKey: 'open', ...ACCOUNT })
    clock.set(START + 100 * DAY)
    for (const { n, at, total } of inOrder) {
      if (n % 5 === 4) await loyalty.adjust({ idempotencyKey: `e${n}`, ...ACCOUNT, at, points: 7, reason: 'survey' })
      else await loyalty.earn({ idempotencyKey: `e${n}`, ...ACCOUNT, at, order: order(`o${n}`, total) })
    }
    const then = []
    for (const asOf of days) then.push((await loyalty.balance({ ...ACCOUNT, asOf })).posted)
    return then
  }
  const expected = await balancesOf(events)
  const runs = DEEP ? 100 : 5
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(events, { minLength: events.length }), async (shuffled) => {
      expect(await balancesOf(shuffled)).toEqual(expected)
    }),
    { ...check, numRuns: runs },
  )
  figure('permutations of the same 200 events, same balance on each effective date', runs, 'permutations')
})

test('with no tick ever run, balances are right to the millisecond; a tick changes none of them', { timeout: patience * 5 }, async () => {
  const runs = DEEP ? 1_000 : 50
  await fc.assert(
    fc.asyncProperty(
      moves,
      anyProgramme,
      fc.array(fc.nat(90 * 24 * 60), { minLength: 1, maxLength: 4 }),
      async (list, { programme }, later) => {
        const [still, swept] = [await shop(programme), await shop(programme)]
        for (const { loyalty } of [still, swept]) await loyalty.open({ idempotencyKey: 'open', ...ACCOUNT, zone: 'Europe/Rome' })
        let story: Story = opened(programme, START, { zone: 'Europe/Rome' })
        let now = START
        for (const [i, one] of list.entries()) {
          now += one.hours * 3_600_000
          const command = commandOf(one, i, story, now)
          if (!command || command.type === 'pass-time') continue
          for (const at of [still, swept]) {
            at.clock.set(now)
            await answered(() => send(at.loyalty, command, `p${i}`))
          }
          await swept.runner.tick()
          const decision = decide(command, story.state, { now, programme })
          if (decision.outcome === 'accepted') story = { state: decision.state, events: [...story.events, ...decision.events] }
        }
        for (const minutes of later.sort((a, b) => a - b)) {
          for (const at of [still, swept]) at.clock.set(now + minutes * 60_000)
          await swept.runner.tick()
          expect(await still.loyalty.balance(ACCOUNT)).toEqual(await swept.loyalty.balance(ACCOUNT))
          expect((await still.loyalty.status(ACCOUNT)).tier).toEqual((await swept.loyalty.status(ACCOUNT)).tier)
        }
      },
    ),
    { ...check, numRuns: runs },
  )
  figure('histories through the service with and without ticks, same balances and tiers', runs, 'histories')
})

test('a hold ends by itself: its points are free at that very millisecond, whether or not anybody looks', async () => {
  const { loyalty, clock, runner } = await shop()
  await earned(loyalty, 'o_1', '600.00')
  const held = await loyalty.hold({ idempotencyKey: 'h', ...ACCOUNT, points: 500, for: { minutes: 15 }, order: order('o_2', '21.90') })
  clock.set(START + 15 * 60_000 - 1)
  expect(await loyalty.balance(ACCOUNT)).toMatchObject({ available: 100, held: 500 })
  expect(await loyalty.holds(ACCOUNT)).toHaveLength(1)
  clock.set(START + 15 * 60_000)
  expect(await loyalty.balance(ACCOUNT)).toMatchObject({ available: 600, held: 0 })
  expect(await loyalty.holds(ACCOUNT)).toHaveLength(0)
  expect(await answered(() => loyalty.capture({ idempotencyKey: 'c', hold: held.id }))).toBe('loyalty/hold-expired')
  expect(await runner.tick()).toMatchObject({ fired: 1, failed: [] })
})

test('points expire with the tick and consumers hear of it once', async () => {
  const { loyalty, clock, runner } = await shop({ ...plain, expiry: { kind: 'exact', duration: { days: 30 } } })
  const heard: number[] = []
  runner.consumer({ name: 'mail', types: ['loyalty.expired'], handle: (event) => void heard.push(event.data.points) })
  await earned(loyalty, 'o_1', '80.00')
  clock.advance({ days: 30 })
  await runner.tick()
  await runner.tick()
  expect(heard).toEqual([80])
  expect((await loyalty.lots(ACCOUNT)).rows).toEqual([])
})

test('a budget shared by all accounts is never overdrawn, however many earn at once; whoever comes too late earns without it', async () => {
  const campaigns = [{ id: 'spring', add: 10, budget: { points: 95, money: eur('5.00') }, costPerPoint: eur('0.05') }]
  const { loyalty } = await shop({ ...plain, campaigns }, sqliteStorage({ file: ':memory:' }))
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => earned(loyalty, `o_${n}`, '5.00', `c_${n}`)))
  expect(answers.filter(({ points }) => points === 15)).toHaveLength(9)
  expect(answers.filter(({ points }) => points === 5)).toHaveLength(21)
  const late = answers.find(({ points }) => points === 5)!
  expect(late.explanation.lines.map(({ text }) => text)).toContain('campaign spring: nothing, its budget is used up')
})

test('a programme counts by the version in force when it happened, and an order is refunded by the terms of its day', async () => {
  const { loyalty, clock } = await shop()
  await earned(loyalty, 'o_1', '50.00')
  clock.advance({ days: 1 })
  const better = defineProgramme({ id: 'stars', ...plain, earn: [{ points: 2, per: eur('1.00') }] })
  expect((await loyalty.publish({ definition: better })).version).toBe(2)
  const second = await earned(loyalty, 'o_2', '50.00')
  const dated = await loyalty.earn({ idempotencyKey: 'o_3', ...ACCOUNT, at: START + 1, order: order('o_3', '50.00') })
  expect([second.points, second.programme.version, dated.points, dated.programme.version]).toEqual([100, 2, 50, 1])
  expect((await loyalty.refund({ idempotencyKey: 'r', order: 'o_1', amount: eur('50.00') })).clawedBack).toBe(50)
})

test('a closed statement stays as it is; what comes later with an earlier date stands in the next one', async () => {
  const { loyalty, clock } = await shop()
  await loyalty.open({ idempotencyKey: 'open', ...ACCOUNT })
  await earned(loyalty, 'o_1', '50.00')
  clock.set(START + 31 * DAY)
  const period = { from: START, to: START + 30 * DAY }
  const closed = await loyalty.closeStatement({ idempotencyKey: 'jan', ...ACCOUNT, ...period })
  expect([closed.opening, closed.closing, closed.movements.length]).toEqual([0, 50, 1])
  await loyalty.earn({ idempotencyKey: 'late', ...ACCOUNT, at: START + 5 * DAY, order: order('late', '7.00') })
  expect(await loyalty.statement({ ...ACCOUNT, ...period })).toEqual(closed)
  clock.set(START + 61 * DAY)
  const next = await loyalty.statement({ ...ACCOUNT, from: period.to, to: START + 60 * DAY })
  expect([next.opening, next.corrections.map(({ points }) => points), next.movements, next.closing]).toEqual([50, [7], [], 57])
  expect(await answered(() => loyalty.closeStatement({ idempotencyKey: 'again', ...ACCOUNT, ...period }))).toBe('loyalty/already-posted')
  expect((await loyalty.balance({ ...ACCOUNT, asOf: START + 10 * DAY })).posted).toBe(57)
  expect((await loyalty.balance({ ...ACCOUNT, asOf: START + 10 * DAY, knownAt: START + 31 * DAY - 1 })).posted).toBe(50)
})

test('an erased account leaves amounts and hashes behind: the ledger verifies, and the name begins anew', async () => {
  const { loyalty, storage } = await shop(plain, sqliteStorage({ file: ':memory:' }))
  await earned(loyalty, 'o_1', '50.00')
  await earned(loyalty, 'o_2', '20.00', 'c_2')
  const { id, root } = await loyalty.anchor({ idempotencyKey: 'a' })
  expect(await loyalty.erase(ACCOUNT)).toMatchObject({ events: 2 })
  expect(await loyalty.erase(ACCOUNT)).toMatchObject({ rows: 0, events: 0 })
  expect((await loyalty.verify({ anchor: { id, root } })).broken).toBe(null)
  expect(await answered(() => loyalty.balance(ACCOUNT))).toBe('loyalty/account-unknown')
  expect((await earned(loyalty, 'o_9', '5.00')).available).toBe(5)
  expect(await loyalty.verify({ anchor: { id, root } })).toMatchObject({ accounts: 2, broken: null })
  await storage.close()
})

test('an order that two accounts took part in is refunded on each, by name', async () => {
  const { loyalty } = await shop()
  await earned(loyalty, 'o_0', '600.00', 'parent')
  await loyalty.redeem({ idempotencyKey: 'o_1', account: 'parent', programme: 'stars', points: 100, order: order('o_1', '20.00') })
  await earned(loyalty, 'o_1', '20.00', 'child')
  const refund = { order: 'o_1', amount: eur('20.00') }
  expect(await answered(() => loyalty.refund({ idempotencyKey: 'r', ...refund }))).toBe('loyalty/order-on-several-accounts')
  expect((await loyalty.refund({ idempotencyKey: 'r1', ...refund, account: 'parent' })).givenBack).toBe(100)
  expect((await loyalty.refund({ idempotencyKey: 'r2', ...refund, account: 'child' })).clawedBack).toBe(20)
})

test('a merge and its taking apart go through the books of both; points that are moved keep their expiry', async () => {
  const { loyalty } = await shop(plain, sqliteStorage({ file: ':memory:' }))
  await earned(loyalty, 'o_1', '60.00', 'old')
  await earned(loyalty, 'o_2', '40.00', 'new')
  const merged = await loyalty.merge({ idempotencyKey: 'm', programme: 'stars', from: 'old', into: 'new' })
  expect([merged.from.available, merged.to.available]).toEqual([0, 100])
  expect(await answered(() => earned(loyalty, 'o_3', '1.00', 'old'))).toBe('loyalty/account-merged')
  await loyalty.redeem({ idempotencyKey: 's', account: 'new', programme: 'stars', points: 50 })
  const apart = await loyalty.unmerge({ idempotencyKey: 'u', merge: merged.to.id })
  expect(apart.from.available + apart.to.available).toBe(50)
  expect((await loyalty.verify({})).broken).toBe(null)
})

test('explained points sum to posted points, whatever was earned', { timeout: patience }, async () => {
  const { loyalty } = await shop({
    ...plain,
    campaigns: [{ id: 'x2', multiply: '2' }],
    caps: [{ id: 'cap', points: 150, each: 'lifetime' }],
  })
  for (const [n, total] of ['10.00', '99.99', '0.50', '200.00'].entries()) {
    const posted = await earned(loyalty, `o_${n}`, total)
    const explained = await loyalty.explain({ posting: posted.id })
    expect(explained).toEqual(posted.explanation)
    expect(explained.lines.reduce((sum, line) => sum + (line.data.points as number), 0)).toBe(posted.points)
  }
})

test('a batch of earnings: each counts once and for itself, also two on one account and one that stands twice', async () => {
  const { loyalty } = await shop(
    { ...plain, campaigns: [{ id: 'spring', add: 10, budget: { points: 15 } }] },
    sqliteStorage({ file: ':memory:' }),
  )
  const item = (id: string, account: string, total: string) => ({
    idempotencyKey: id,
    account,
    programme: 'stars',
    order: order(id, total),
  })
  await earned(loyalty, 'o_0', '5.00', 'c_0')
  const items = [
    item('o_1', 'c_1', '5.00'),
    item('o_2', 'c_1', '7.00'),
    item('o_2', 'c_1', '7.00'),
    item('o_0', 'c_0', '6.00'),
    item('o_3', 'c_2', '1.00'),
  ]
  const answers = await loyalty.earnMany({ items })
  expect(answers.map((one) => (one.ok ? one.value.available : one.error.code))).toEqual([5, 12, 12, 'core/idempotency-conflict', 1])
  expect(await loyalty.earnMany({ items })).toEqual(answers)
  expect((await loyalty.verify({})).broken).toBe(null)
})

test('a reward that comes back whole is put back on the shelf, once; one of a day without a stock was never counted', async () => {
  const { loyalty } = await shop({ ...plain, rewards: [{ id: 'mug', points: 10 }] }, sqliteStorage({ file: ':memory:' }))
  await loyalty.adjust({ idempotencyKey: 'start', ...ACCOUNT, points: 100, reason: 'start' })
  const mug = (key: string) => answered(() => loyalty.redeem({ idempotencyKey: key, ...ACCOUNT, reward: 'mug' }))
  await mug('before')
  await loyalty.publish({ definition: defineProgramme({ id: 'stars', ...plain, rewards: [{ id: 'mug', points: 10, stock: 1 }] }) })
  expect(typeof (await mug('m1'))).toBe('object')
  expect(await mug('m2')).toBe('loyalty/offer-unavailable')
  await loyalty.reverse({ idempotencyKey: 'b0', posting: 'redeem/before' })
  await loyalty.reverse({ idempotencyKey: 'b1', posting: 'redeem/m1', points: 4 })
  expect(await mug('m2')).toBe('loyalty/offer-unavailable')
  await loyalty.reverse({ idempotencyKey: 'b2', posting: 'redeem/m1' })
  await loyalty.reverse({ idempotencyKey: 'b2', posting: 'redeem/m1' })
  expect(typeof (await mug('m3'))).toBe('object')
  expect(await mug('m4')).toBe('loyalty/offer-unavailable')
  expect((await loyalty.verify({})).broken).toBe(null)
})

test('a limited reward and an offer end with their stock, whoever asks; a code is good once, for whoever comes first', async () => {
  const offers = [
    { id: 'gift', points: 30, stock: 4 },
    { id: 'letter', points: 5, byCode: true },
  ]
  const { loyalty } = await shop({ ...plain, rewards: [{ id: 'mug', points: 10, stock: 3 }], offers }, sqliteStorage({ file: ':memory:' }))
  const many = Array.from({ length: 10 }, (_, n) => ({ account: `c_${n}`, programme: 'stars' }))
  const claimed = await Promise.all(
    many.map((on) => answered(() => loyalty.claim({ idempotencyKey: `g${on.account}`, ...on, offer: 'gift' }))),
  )
  expect(claimed.filter((answer) => answer === 'loyalty/offer-unavailable')).toHaveLength(6)
  expect(await answered(() => loyalty.claim({ idempotencyKey: 'twice', account: 'c_0', programme: 'stars', offer: 'gift' }))).toBe(
    'loyalty/offer-unavailable',
  )
  for (const on of many) await loyalty.adjust({ idempotencyKey: `a${on.account}`, ...on, points: 20, reason: 'start' })
  const mugs = await Promise.all(
    many.map((on) => answered(() => loyalty.redeem({ idempotencyKey: `m${on.account}`, ...on, reward: 'mug' }))),
  )
  expect(mugs.filter((answer) => typeof answer !== 'string')).toHaveLength(3)

  await loyalty.issueCodes({ idempotencyKey: 'batch', programme: 'stars', offer: 'letter', codes: ['X-1', 'X-2'] })
  expect(await answered(() => loyalty.claim({ idempotencyKey: 'no', ...ACCOUNT, offer: 'letter' }))).toBe('loyalty/offer-unavailable')
  const first = await Promise.all(
    many.map((on) => answered(() => loyalty.claim({ idempotencyKey: `x${on.account}`, ...on, offer: 'letter', code: 'X-1' }))),
  )
  expect(first.filter((answer) => typeof answer !== 'string')).toHaveLength(1)
  expect((await loyalty.claim({ idempotencyKey: 'x2', account: 'other', programme: 'stars', offer: 'letter', code: 'X-2' })).points).toBe(5)
  expect(await answered(() => loyalty.issueCodes({ idempotencyKey: 'again', programme: 'stars', offer: 'gift', codes: ['X-2'] }))).toBe(
    'core/invalid-input',
  )
  expect((await loyalty.verify({})).broken).toBe(null)
})

test('whoever brings somebody along gets points, and so does who was brought, once', async () => {
  const { loyalty } = await shop({ ...plain, referral: { referrer: 100, referee: 50 } })
  for (const account of ['a', 'b']) await loyalty.open({ idempotencyKey: account, account, programme: 'stars' })
  const refer = (key: string, referrer: string) => loyalty.refer({ idempotencyKey: key, programme: 'stars', referrer, referee: 'new' })
  const { from, to } = await refer('k', 'a')
  expect([from.points, to.points]).toEqual([100, 50])
  expect(await refer('k', 'a')).toEqual({ from, to })
  expect(await answered(() => refer('k2', 'b'))).toBe('loyalty/already-referred')
})

test('C11 [household] 500 come from the oldest points, whosever they are: 1,600 and 1,900 are left', async () => {
  const { loyalty } = await shop({ ...plain, expiry: { kind: 'never' } }, sqliteStorage({ file: ':memory:' }))
  const give = (account: string, lots: { points: number; expiresAt: string }[]) =>
    loyalty.import({ idempotencyKey: account, account, programme: 'stars', lots })
  await give('card-1', [
    { points: 400, expiresAt: '2026-01-01T00:00:00Z' },
    { points: 1_600, expiresAt: '2026-09-01T00:00:00Z' },
  ])
  await give('card-2', [{ points: 2_000, expiresAt: '2026-05-01T00:00:00Z' }])
  const ask = { idempotencyKey: 'k', programme: 'stars', accounts: ['card-1', 'card-2'], points: 500 }
  const { shares } = await loyalty.redeemTogether(ask)
  expect(shares.map(({ account, points, available }) => [account, points, available])).toEqual([
    ['card-1', -400, 1_600],
    ['card-2', -100, 1_900],
  ])
  expect(await loyalty.redeemTogether(ask)).toEqual({ shares })
  expect(await answered(() => loyalty.redeemTogether({ ...ask, idempotencyKey: 'all', points: 3_501 }))).toBe('loyalty/insufficient-points')
  expect((await loyalty.reverse({ idempotencyKey: 'r', posting: shares[0]!.id })).available).toBe(2_000)
  expect((await loyalty.verify({})).broken).toBe(null)
})

test('a programme keeps its currency: under another one nobody would see the points that are there', async () => {
  const { loyalty } = await shop()
  await earned(loyalty, 'o_1', '40.00')
  const coins = defineProgramme({ id: 'stars', ...plain, currency: 'coin' })
  expect(await answered(() => loyalty.publish({ definition: coins }))).toBe('core/invalid-input')
  expect((await loyalty.publish({ definition: defineProgramme({ id: 'stars', ...plain, zone: 'Europe/Rome' }) })).version).toBe(2)
  expect((await loyalty.publish({ definition: defineProgramme({ id: 'coins', ...plain, currency: 'coin' }) })).version).toBe(1)
  expect((await loyalty.balance(ACCOUNT)).available).toBe(40)
})

test('a household spends beside a debt what is available, and leaves what covers the debt', async () => {
  const { loyalty } = await shop({ ...plain, pending: { until: 'released' }, negative: { policy: 'debt', floor: -100 } })
  const owing = { account: 'card-1', programme: 'stars' }
  const { id: waiting } = await loyalty.earn({ idempotencyKey: 'o', ...owing, order: { id: 'o', total: eur('300.00') } })
  await loyalty.adjust({ idempotencyKey: 'd', ...owing, points: -100, reason: 'damage' })
  await loyalty.settle({ idempotencyKey: 's', ...owing, posting: waiting })
  await loyalty.adjust({ idempotencyKey: 'g', ...owing, account: 'card-2', points: 50, reason: 'goodwill' })
  const ask = { programme: 'stars', accounts: ['card-1', 'card-2'] }
  expect(await answered(() => loyalty.redeemTogether({ ...ask, idempotencyKey: 'all', points: 251 }))).toBe('loyalty/insufficient-points')
  const { shares } = await loyalty.redeemTogether({ ...ask, idempotencyKey: 'most', points: 250 })
  expect(shares.map(({ account, points, available }) => [account, points, available])).toEqual([
    ['card-1', -200, 0],
    ['card-2', -50, 0],
  ])
})

test('an achievement is reached once: the third visit', async () => {
  const { loyalty } = await shop({ ...plain, earn: [{ id: 'regular', points: 50, achievement: { of: 'visit', times: 3 } }] })
  const visits = []
  for (let n = 0; n < 5; n++) visits.push((await loyalty.earn({ idempotencyKey: `v${n}`, ...ACCOUNT, event: { type: 'visit' } })).points)
  expect(visits).toEqual([0, 0, 50, 0, 0])
})

test('an earning over a limit waits until somebody has looked at it, or is refused; what waits pays for nothing', async () => {
  const limits = [
    { id: 'daily', points: 500, each: 'day', over: 'review' },
    { id: 'monthly', points: 2_000, each: 'month', over: 'reject' },
  ] as const
  const { loyalty } = await shop({ ...plain, limits }, sqliteStorage({ file: ':memory:' }))
  expect((await earned(loyalty, 'o_1', '400.00')).available).toBe(400)
  const second = await earned(loyalty, 'o_2', '300.00')
  expect([second.available, second.pending]).toEqual([400, 300])
  const third = await earned(loyalty, 'o_3', '50.00')
  expect(await answered(() => earned(loyalty, 'o_4', '1500.00'))).toBe('loyalty/over-limit')
  const { rows } = await loyalty.reviews({ programme: 'stars' })
  expect(rows.map(({ posting, limit, points }) => [posting, limit, points])).toEqual([
    ['earn/o_2', 'daily', 300],
    ['earn/o_3', 'daily', 50],
  ])
  expect((await loyalty.settle({ idempotencyKey: 'ok', ...ACCOUNT, posting: second.id })).available).toBe(700)
  const gone = await loyalty.dismiss({ idempotencyKey: 'no', ...ACCOUNT, posting: third.id, reason: 'not his order' })
  expect([gone.points, gone.available, gone.pending]).toEqual([-50, 700, 0])
  expect((await loyalty.reviews({ programme: 'stars' })).rows).toEqual([])
  expect(await answered(() => loyalty.dismiss({ idempotencyKey: 'twice', ...ACCOUNT, posting: third.id, reason: 'x' }))).toBe(
    'loyalty/nothing-pending',
  )
  expect((await loyalty.verify({})).broken).toBe(null)
})
