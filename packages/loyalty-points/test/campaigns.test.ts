import { manualClock, memoryStorage } from '@patronkit/core'
import { describe, expect, test } from 'vitest'
import { createLoyalty, defineProgramme, type Programme } from '../src/index.ts'
import { given, opened, type Story } from '../src/testing.ts'
import { DAY, eur, START } from './histories.ts'

const order = (id: string, total: string) => ({ id, total: eur(total) })
const doubled: Programme = {
  currency: 'star',
  earn: [{ points: 1, per: eur('1.00') }],
  campaigns: [{ id: 'double', multiply: '2' }],
  caps: [{ id: 'double-a-month', campaign: 'double', points: 150, each: 'month' }],
}
const earn = (story: Story, id: string, total: string, programme = doubled, at = START) =>
  given(story, { type: 'earn', id, at, order: order(id, total) }, programme)

describe('a cap of one campaign', () => {
  test('cuts what the campaign adds, counts over the period, and leaves what rules give', () => {
    const first = earn(opened(doubled, START), 'a', '100.00')
    expect(first.answer.points).toBe(200)
    const second = earn(first, 'b', '100.00')
    expect(second.answer.points).toBe(150)
    expect(second.answer.lines.map(({ code, data }) => [code, data.points])).toEqual([
      ['loyalty/rule', 100],
      ['loyalty/campaign', 100],
      ['loyalty/cap', -50],
    ])
    expect(earn(second, 'c', '100.00').answer.points).toBe(100)
    expect(earn(second, 'd', '100.00', doubled, START + 31 * DAY).answer.points).toBe(200)
  })

  test('holds for what is kept of an order that was refunded in part, and a full refund leaves nothing', () => {
    const tight: Programme = { ...doubled, caps: [{ id: 'c', campaign: 'double', points: 30, each: 'order' }] }
    const bought = earn(opened(tight, START), 'a', '100.00', tight)
    expect(bought.answer.points).toBe(130)
    const refund = (id: string, amount: string) => ({ type: 'refund', id, at: START, order: 'a', amount: eur(amount) }) as const
    const half = given(bought, refund('r1', '50.00'), tight)
    expect(half.answer).toMatchObject({ clawedBack: 50, available: 80 })
    expect(given(half, refund('r2', '50.00'), tight).answer.available).toBe(0)
  })

  test('a cap of a campaign that is not there is refused when the programme is defined', () => {
    const caps = [{ id: 'c', campaign: 'dobule', points: 1, each: 'order' }] as const
    expect(() => defineProgramme({ ...doubled, id: 'stars', caps })).toThrow('a cap of a campaign names one that is there')
  })
})

describe('campaigns that somebody else pays for', () => {
  const stars = defineProgramme({
    id: 'stars',
    currency: 'star',
    earn: [{ points: 1, per: eur('1.00') }],
    campaignStacking: 'sum',
    campaigns: [
      { id: 'card', multiply: '2', fundedBy: 'bank', costPerPoint: eur('0.02') },
      { id: 'coffee', add: 5, fundedBy: 'roaster', budget: { points: 8 } },
      { id: 'own', add: 1 },
    ],
    caps: [{ id: 'card-cap', campaign: 'card', points: 30, each: 'order' }],
  })

  test('are summed by who pays, with what the points cost, and verified', async () => {
    const service = createLoyalty({ storage: memoryStorage(), clock: manualClock(START) })
    const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
    await loyalty.publish({ definition: stars })
    for (const id of ['a', 'b']) {
      await loyalty.earn({ idempotencyKey: id, account: `c_${id}`, programme: 'stars', order: order(id, id === 'a' ? '20.00' : '100.00') })
    }
    expect(await loyalty.funding({ programme: 'stars' })).toEqual([
      { fundedBy: 'bank', points: 50, money: [eur('1.00')], campaigns: [{ campaign: 'card', points: 50, money: eur('1.00') }] },
      { fundedBy: 'roaster', points: 5, money: [], campaigns: [{ campaign: 'coffee', points: 5, money: null }] },
    ])
    expect((await loyalty.verify({})).broken).toBe(null)
  })
})
