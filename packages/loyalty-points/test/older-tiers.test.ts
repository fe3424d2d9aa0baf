import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLoyalty, defineProgramme, type Programme, type TierWindow } from '../src/index.ts'
import { DAY, eur, START } from './histories.ts'
import { patience } from './settings.ts'
import { ACCOUNT } from './verbs.ts'

const plain: Programme = {
  currency: 'star',
  earn: [{ points: 1, per: eur('1.00') }],
  redeem: { points: 1, worth: eur('1.00') },
  expiry: { kind: 'exact', duration: { days: 60 } },
  negative: { policy: 'debt', floor: -100 },
}
const tiered = (window: TierWindow): Programme => ({
  ...plain,
  tiers: {
    window,
    tiers: [
      { id: 'basic', from: 0 },
      { id: 'silver', from: 100 },
      { id: 'gold', from: 300 },
    ],
  },
})
const WINDOWS: readonly TierWindow[] = [
  { kind: 'balance' },
  { kind: 'lifetime' },
  { kind: 'rolling', months: 2 },
  { kind: 'calendar', period: 'month' },
  { kind: 'anniversary', months: 1 },
]

/** A shop on its own clock. `tiersAt`: the day from which its programme has tiers; 0 for always. */
async function shop(programme: Programme, tiersFrom: number, storage: Storage = memoryStorage()) {
  const clock = manualClock(START)
  const service = createLoyalty({ storage, clock })
  await storage.schema.migrate()
  const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  const { tiers: _, ...before } = programme
  if (tiersFrom > 0) await loyalty.publish({ definition: defineProgramme({ id: 'stars', ...before }) })
  clock.set(START + tiersFrom * DAY)
  await loyalty.publish({ definition: defineProgramme({ id: 'stars', ...programme }), effectiveFrom: new Date(START + tiersFrom * DAY) })
  clock.set(START)
  const runner = createRunner({ storage, clock, services: [service] })
  const order = (id: string, total: string) => ({ id, total: eur(total) })
  const tier = async (asOf?: Date) => (await loyalty.status({ ...ACCOUNT, ...(asOf ? { asOf } : {}) })).tier
  return {
    loyalty,
    clock,
    tier,
    tick: () => runner.tick(),
    on: (day: number) => void clock.set(START + day * DAY),
    earn: (id: string, total: string, day?: number) =>
      loyalty.earn({
        idempotencyKey: id,
        ...ACCOUNT,
        order: order(id, total),
        ...(day === undefined ? {} : { at: new Date(START + day * DAY) }),
      }),
  }
}

describe('an account that is older than the tiers of its programme', () => {
  test('by balance: what it has is what counts, read or written first', async () => {
    const { earn, on, tier, loyalty } = await shop(tiered({ kind: 'balance' }), 10)
    await earn('o1', '150.00')
    on(9)
    expect(await tier()).toBeNull()
    on(10)
    expect(await tier()).toMatchObject({ tier: 'silver', points: 150, next: { tier: 'gold', missing: 150 } })
    await earn('o2', '150.00')
    expect(await tier()).toMatchObject({ tier: 'gold', points: 300 })
    await loyalty.redeem({ idempotencyKey: 's', ...ACCOUNT, points: 250 })
    expect(await tier()).toMatchObject({ tier: 'basic', points: 50 })
    expect((await loyalty.verify({})).broken).toBe(null)
  })

  test('by balance: an opening balance of another system counts, and what of it expires counts no more', async () => {
    const { on, tier, loyalty, tick } = await shop(tiered({ kind: 'balance' }), 10)
    const lots = [
      { points: 120, expiresAt: new Date(START + 20 * DAY) },
      { points: 200, expiresAt: null },
    ]
    await loyalty.import({ idempotencyKey: 'i', ...ACCOUNT, lots })
    on(19)
    expect(await tier()).toMatchObject({ tier: 'gold', points: 320 })
    on(20)
    expect(await tier()).toMatchObject({ tier: 'silver', points: 200 })
    await tick()
    expect(await tier()).toMatchObject({ tier: 'silver', points: 200 })
    expect((await loyalty.verify({})).broken).toBe(null)
  })

  test('by balance: a debt counts against it, and so does what came and went by transfer', async () => {
    const { earn, on, tier, loyalty } = await shop(tiered({ kind: 'balance' }), 10)
    await earn('o1', '300.00')
    await loyalty.transfer({ idempotencyKey: 't', programme: 'stars', from: 'c_1', to: 'c_2', points: 150 })
    on(10)
    expect(await tier()).toMatchObject({ tier: 'silver', points: 150 })
    expect((await loyalty.status({ programme: 'stars', account: 'c_2' })).tier).toMatchObject({ tier: 'silver', points: 150 })
    await loyalty.adjust({ idempotencyKey: 'a', ...ACCOUNT, points: -200, reason: 'mistake' })
    expect(await tier()).toMatchObject({ tier: 'basic', points: -50 })
  })

  test('rolling: what was earned within the window counts, imports and what was taken back do not', async () => {
    const { earn, on, tier, loyalty } = await shop(tiered({ kind: 'rolling', months: 2 }), 80)
    await earn('old', '500.00')
    on(50)
    await earn('o1', '250.00')
    await loyalty.import({ idempotencyKey: 'i', ...ACCOUNT, lots: [{ points: 1_000 }] })
    await loyalty.refund({ idempotencyKey: 'r', order: 'o1', amount: eur('100.00') })
    on(80)
    expect(await tier()).toMatchObject({ points: 150 })
  })

  test('a command that is dated before the tiers counts for them: it goes by the rules of its day, the tier by those of now', async () => {
    const { earn, on, tier, loyalty } = await shop(tiered({ kind: 'balance' }), 10)
    await earn('o1', '50.00')
    on(12)
    await earn('o2', '40.00')
    await earn('late', '60.00', 5)
    expect((await loyalty.balance(ACCOUNT)).posted).toBe(150)
    expect(await tier()).toMatchObject({ tier: 'silver', points: 150 })
    expect(await tier(new Date(START + 6 * DAY))).toMatchObject({ points: 110 })
    expect((await loyalty.verify({})).broken).toBe(null)
  })

  const step = fc.record({
    what: fc.constantFrom('earn', 'earn', 'late', 'redeem', 'refund', 'import', 'tick', 'look'),
    days: fc.integer({ min: 0, max: 12 }),
    n: fc.integer({ min: 1, max: 200 }),
  })

  test('has the tier of one that had them always, whatever the window and whenever they came (incremental equals recomputed)', {
    timeout: patience,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...WINDOWS),
        fc.array(step, { minLength: 1, maxLength: 15 }),
        fc.integer({ min: 1, max: 60 }),
        async (window, steps, tiersFrom) => {
          const storage = sqliteStorage({ file: ':memory:' })
          const [young, old] = [await shop(tiered(window), 0), await shop(tiered(window), tiersFrom, storage)]
          for (const one of [young, old]) {
            await one.loyalty.open({ idempotencyKey: 'open', ...ACCOUNT })
            let day = 0
            const orders: string[] = []
            for (const [n, { what, days, n: points }] of steps.entries()) {
              day += days
              one.on(day)
              const key = { idempotencyKey: `k${n}`, ...ACCOUNT }
              if (what === 'earn') await one.earn(orders[orders.push(`o${n}`) - 1]!, `${points}.00`)
              else if (what === 'late') await one.earn(`o${n}`, `${points}.00`, Math.max(0, day - points))
              else if (what === 'redeem') await one.loyalty.redeem({ ...key, points: Math.ceil(points / 4) }).catch(() => undefined)
              else if (what === 'import')
                await one.loyalty.import({ ...key, lots: [{ points, expiresAt: new Date(START + (day + 9) * DAY) }] })
              else if (what === 'tick') await one.tick()
              else if (what === 'look') await one.tier()
              else if (orders.length > 0)
                await one.loyalty.refund({ idempotencyKey: `k${n}`, order: orders.pop()!, amount: eur('1.00') }).catch(() => undefined)
            }
            one.on(Math.max(day, tiersFrom) + 1)
          }
          young.on(1_000)
          old.on(1_000)
          expect(await old.tier()).toEqual(await young.tier())
          expect(await old.loyalty.balance(ACCOUNT)).toEqual(await young.loyalty.balance(ACCOUNT))
          expect((await old.loyalty.verify({})).broken).toBe(null)
          await storage.close()
        },
      ),
      {
        numRuns: process.env.PATRONKIT_DEEP ? 1_000 : 60,
        ...(process.env.PATRONKIT_SEED ? { seed: Number(process.env.PATRONKIT_SEED) } : {}),
      },
    )
  })
})
