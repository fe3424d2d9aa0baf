import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { expect, test } from 'vitest'
import { createKpi, defineMetric, defineScorecard } from '../src/index.ts'

const BY = { tenant: 'acme', by: { type: 'system', id: 'test' } } as const
const PEOPLE = ['a', 'b', 'c']
const period = '2026-Q3'
const orders = defineMetric({ id: 'orders', unit: 'count', kind: 'simple', value: 'order', fold: 'sum' })
const card = defineScorecard({
  id: 'card',
  aggregate: 'arithmetic',
  measures: {
    orders: { metric: 'orders', weight: '1', normalise: { kind: 'goalposts', worst: '0', best: '10' } },
    aim: { metric: 'orders', weight: '1', normalise: { kind: 'target' } },
  },
})

/** A storage in which somebody else acts just before the n-th call. */
function interrupted(
  storage: Storage,
  n: number,
  act: () => Promise<unknown>,
): { readonly storage: Storage; readonly calls: () => number } {
  let calls = 0
  const before = async () => {
    calls++
    if (calls === n) await act()
  }
  return {
    calls: () => calls,
    storage: {
      ...storage,
      read: async (...args) => {
        await before()
        return storage.read(...args)
      },
      commit: async (...args) => {
        await before()
        return storage.commit(...args)
      },
    },
  }
}

/** Closes a period with somebody recording, setting a target and publishing before the n-th call; answers how many calls there were. */
async function closedMeanwhile(n: number): Promise<number> {
  const clock = manualClock('2026-10-02T00:00:00Z')
  const plain = memoryStorage()
  const others = createKpi({ storage: plain, clock }).for(BY)
  for (const definition of [orders, card]) await others.publish({ definition })
  const order = (id: string) => ({ id, at: '2026-08-02T10:00:00Z', name: 'order', value: 1 })
  for (const subject of PEOPLE) {
    await others.record({ subject, measurements: [order('1'), order('2')] })
    await others.setTargets({ idempotencyKey: subject, metric: 'orders', targets: [{ subject, period, amount: 8 }] })
  }
  const { storage, calls } = interrupted(plain, n, async () => {
    for (const subject of PEOPLE) {
      await others.record({ subject, measurements: [order('late')] })
      await others.setTargets({ idempotencyKey: `late-${subject}`, metric: 'orders', targets: [{ subject, period, amount: 4 }] })
    }
    await others.publish({
      definition: defineMetric({ id: 'orders', unit: 'count', kind: 'simple', value: 'order', fold: 'count' }),
      effectiveFrom: 0,
    })
  })
  const { hash } = await createKpi({ storage, clock }).for(BY).closePeriod({ idempotencyKey: 'k', scorecard: 'card', period })
  expect(await others.replay({ scorecard: 'card', period })).toMatchObject({ same: true, people: 3, hash, differs: [] })
  const { rows } = await others.scores({ scorecard: 'card', period })
  for (const { contributions } of rows) {
    const [aim, count] = contributions
    expect(['2', '3']).toContain(count!.raw)
    expect(['8', '4']).toContain(aim!.target)
  }
  return calls()
}

test('whatever others record, set or publish while a period is being closed is in it or not, and the replay agrees', async () => {
  const calls = await closedMeanwhile(0)
  expect(calls).toBeGreaterThan(5)
  for (let n = 1; n <= calls; n++) await closedMeanwhile(n)
})
