import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import type { MaybePromise } from '@patronkit/core/storage'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { createLoyalty, defineProgramme, type Loyalty } from '../src/index.ts'
import { eur, START } from './histories.ts'
import { check, patience } from './settings.ts'
import { ACCOUNT, answered } from './verbs.ts'

const stars = defineProgramme({ id: 'stars', currency: 'star', earn: [], redeem: { points: 1, worth: eur('1.00') } })
const runs = process.env.PATRONKIT_DEEP ? 1_000 : 50

/** A process of its own on the same data: each of its calls waits until the schedule lets it go. */
function onSchedule(storage: Storage, s: fc.Scheduler, name: string): Loyalty {
  const later = <T>(what: string, work: () => MaybePromise<T>): Promise<T> => s.schedule(Promise.resolve(), `${name} ${what}`).then(work)
  const scheduled: Storage = {
    ...storage,
    read: (tenant, reads) => later('reads', () => storage.read(tenant, reads)),
    commit: (units) => later('commits', () => storage.commit(units)),
  }
  return createLoyalty({ storage: scheduled, clock: manualClock(START) }).for({ tenant: 'shop', by: { type: 'system', id: name } })
}

/** An account of 100 points, 60 of which a cart holds. */
async function account() {
  const storage = memoryStorage()
  const loyalty = createLoyalty({ storage, clock: manualClock(START) }).for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  await loyalty.publish({ definition: stars })
  await loyalty.adjust({ idempotencyKey: 'start', ...ACCOUNT, points: 100, reason: 'start' })
  return { storage, loyalty }
}
const order = { id: 'cart', total: eur('500.00') }

test('whatever the interleaving, four who each want 40 of 100 points are two who get them, each by its own key once (T2)', {
  timeout: patience * 3,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (s) => {
      const { storage, loyalty } = await account()
      const redeem = (n: number) => {
        const mine = onSchedule(storage, s, `p${n}`)
        const command = { idempotencyKey: `k${n % 4}`, ...ACCOUNT, points: 40 }
        return answered(() => mine.redeem(command))
      }
      // each of the four is sent by two processes
      const answers = await s.waitFor(Promise.all(Array.from({ length: 8 }, (_, n) => redeem(n))))
      const texts = answers.map((answer) => (typeof answer === 'string' ? answer : 'done'))
      expect(texts.filter((text) => text === 'done')).toHaveLength(4)
      expect(new Set(texts)).toEqual(new Set(['done', 'loyalty/insufficient-points']))
      for (const n of [0, 1, 2, 3]) expect(answers[n]).toEqual(answers[n + 4])
      expect((await loyalty.balance(ACCOUNT)).available).toBe(20)
      expect((await loyalty.verify({})).broken).toBe(null)
    }),
    { ...check, numRuns: runs },
  )
  figure('interleavings of eight senders of four redemptions', runs, 'schedules')
})

test('a cart that changes never lets go of its points: nobody takes them between the old hold and the new one', {
  timeout: patience * 3,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (s) => {
      const { storage, loyalty } = await account()
      const held = await loyalty.hold({ idempotencyKey: 'h', ...ACCOUNT, points: 60, for: { minutes: 15 }, order })
      const [cart, thief] = [onSchedule(storage, s, 'cart'), onSchedule(storage, s, 'other')]
      const [replaced, taken] = await s.waitFor(
        Promise.all([
          answered(() => cart.replace({ idempotencyKey: 'r', hold: held.id, points: 90, for: { minutes: 15 }, order })),
          answered(() => thief.redeem({ idempotencyKey: 't', ...ACCOUNT, points: 50 })),
        ]),
      )
      expect(replaced).toMatchObject({ points: -90, available: 10 })
      expect(taken).toBe('loyalty/insufficient-points')
    }),
    { ...check, numRuns: runs },
  )
  figure('interleavings of a changed cart and somebody who wants its points', runs, 'schedules')
})

const shared = defineProgramme({
  id: 'stars',
  currency: 'star',
  earn: [{ points: 1, per: eur('1.00') }],
  campaigns: [{ id: 'spring', add: 5, budget: { points: 1_000 } }],
  rewards: [{ id: 'mug', points: 10, stock: 100 }],
  offers: [{ id: 'letter', points: 5, byCode: true }],
  referral: { referrer: 20, referee: 10 },
})

test('whoever verifies while others earn, spend, claim and refer finds nothing wrong, whatever the interleaving', {
  timeout: patience * 3,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (s) => {
      const { storage, loyalty } = await account()
      await loyalty.publish({ definition: shared })
      const on = (account: string) => ({ account, programme: 'stars' })
      await loyalty.issueCodes({ idempotencyKey: 'i', programme: 'stars', offer: 'letter', codes: ['A'] })
      await loyalty.redeem({ idempotencyKey: 'mug', ...ACCOUNT, reward: 'mug' })
      const busy = [
        (l: Loyalty) => l.reverse({ idempotencyKey: 'mug', posting: 'redeem/mug' }),
        (l: Loyalty) => l.earn({ idempotencyKey: 'e', ...on('b_1'), order: { id: 'e', total: eur('9.00') } }),
        (l: Loyalty) => l.redeem({ idempotencyKey: 'cup', ...ACCOUNT, reward: 'mug' }),
        (l: Loyalty) => l.claim({ idempotencyKey: 'c', ...on('d_1'), offer: 'letter', code: 'A' }),
        (l: Loyalty) => l.issueCodes({ idempotencyKey: 'j', programme: 'stars', offer: 'letter', codes: ['B'] }),
        (l: Loyalty) => l.refer({ idempotencyKey: 'r', programme: 'stars', referrer: 'c_1', referee: 'a_1' }),
      ]
      const auditor = onSchedule(storage, s, 'auditor')
      const [verified, ...done] = await s.waitFor(
        Promise.all([auditor.verify({}), ...busy.map((work, n) => work(onSchedule(storage, s, `p${n}`)))]),
      )
      expect(verified.broken).toBe(null)
      expect(done).toHaveLength(busy.length)
      expect((await loyalty.verify({})).broken).toBe(null)
    }),
    { ...check, numRuns: runs },
  )
  figure('interleavings of an audit and six writers', runs, 'schedules')
})
