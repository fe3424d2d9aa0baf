import { isPatronkitError } from '@patronkit/core'
import { describe, expect, test } from 'vitest'
import {
  balanceAt,
  clawback,
  decide,
  defineProgramme,
  type ExpiryPolicy,
  expiresAt,
  liability,
  type Order,
  type Programme,
  redeemLots,
  spread,
  tierAfter,
  tierAt,
} from '../src/index.ts'
import { given, opened, passTime, refused, type Story } from '../src/testing.ts'
import { DAY, eur } from './histories.ts'

const at = (text: string) => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text)
const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString().replace('.000Z', 'Z'))
const plain: Programme = { currency: 'star', earn: [{ points: 1, per: eur('1.00') }] }
const order = (id: string, total: string, more: Partial<Order> = {}): Order => ({ id, total: eur(total), ...more })
const grant = (
  story: Story,
  programme: Programme,
  lots: readonly { points: number; earnedAt?: number; expiresAt?: number | null }[],
  when = story.state.openedAt,
) => given(story, { type: 'grant', id: `g${story.events.length}`, at: when, lots, reason: 'import' }, programme)
const left = (story: Story) => story.state.lots.map((lot) => lot.remaining)

describe('expiry', () => {
  const months = (n: number, roundUpTo: 'none' | 'day' | 'month'): ExpiryPolicy => ({ kind: 'months', months: n, roundUpTo })
  test.each<[string, ExpiryPolicy, string, string, string]>([
    ['C1 months to the end of the month', months(12, 'month'), '2020-07-06T10:00:00Z', 'UTC', '2021-08-01T00:00:00Z'],
    ['C2 a month to the end of the day', months(1, 'day'), '2025-01-25T09:00:00Z', 'UTC', '2025-02-26T00:00:00Z'],
    ['C2 no month', months(0, 'day'), '2025-01-01T09:00:00Z', 'UTC', '2025-01-02T00:00:00Z'],
    ['C2 31 January and a month', months(1, 'day'), '2025-01-31T09:00:00Z', 'UTC', '2025-03-01T00:00:00Z'],
    ['C2 31 January of a leap year', months(1, 'day'), '2024-01-31T09:00:00Z', 'UTC', '2024-03-01T00:00:00Z'],
    ['C2 in Rome, over the change of clocks', months(1, 'day'), '2026-03-10T09:00:00Z', 'Europe/Rome', '2026-04-10T22:00:00Z'],
    ['C2 in Shanghai', months(1, 'day'), '2025-01-25T18:00:00Z', 'Asia/Shanghai', '2025-02-26T16:00:00Z'],
    ['C2 where midnight does not exist', months(1, 'day'), '2015-09-17T12:00:00Z', 'America/Sao_Paulo', '2015-10-18T03:00:00Z'],
    ['C3 the end of the next month', months(1, 'month'), '2025-02-15T12:00:00Z', 'UTC', '2025-04-01T00:00:00Z'],
    ['C3 over the turn of the year', months(1, 'month'), '2024-12-10T12:00:00Z', 'UTC', '2025-02-01T00:00:00Z'],
    ['C4 two calendar years', { kind: 'years', years: 2, roundUpTo: 'year' }, '2023-06-15T12:00:00Z', 'UTC', '2026-01-01T00:00:00Z'],
    ['C5 exactly three days', { kind: 'exact', duration: { days: 3 } }, '2024-03-01T16:30:00Z', 'UTC', '2024-03-04T16:30:00Z'],
    ['C5 exactly fifteen days', { kind: 'exact', duration: { days: 15 } }, '2024-02-01T00:00:00Z', 'UTC', '2024-02-16T00:00:00Z'],
    [
      'C5 a physical day over the change of clocks',
      { kind: 'exact', duration: { days: 1 } },
      '2026-03-07T20:00:00Z',
      'America/New_York',
      '2026-03-08T20:00:00Z',
    ],
  ])('%s', (_, policy, earned, zone, expected) => {
    expect(iso(expiresAt(policy, at(earned), zone))).toBe(expected)
  })

  test('C6 [rolling: first 6 months, window 12] an activity on 1 June keeps the points until 1 June of the next year', () => {
    const programme: Programme = {
      ...plain,
      expiry: {
        kind: 'rolling',
        first: { kind: 'months', months: 6, roundUpTo: 'none' },
        window: { kind: 'months', months: 12, roundUpTo: 'none' },
      },
    }
    const first = given(
      opened(programme, at('2025-01-01')),
      { type: 'earn', id: 'e1', at: at('2025-01-01'), order: order('o1', '10.00') },
      programme,
    )
    expect(iso(first.state.lots[0]!.expiresAt)).toBe('2025-07-01T00:00:00Z')
    const active = given(first, { type: 'earn', id: 'e2', at: at('2025-06-01'), order: order('o2', '5.00') }, programme)
    expect(active.state.lots.map((lot) => iso(lot.expiresAt))).toEqual(['2025-12-01T00:00:00Z', '2026-06-01T00:00:00Z'])
  })

  test('C7 [inactivity: 6 months] last active on 1 February, everything is gone on 2 August', () => {
    const programme: Programme = { ...plain, expiry: { kind: 'inactivity', after: { kind: 'months', months: 6 } } }
    let story: Story = opened(programme, at('2025-01-01'))
    for (const day of ['2025-01-01', '2025-02-01'])
      story = given(story, { type: 'earn', id: day, at: at(day), order: order(day, '40.00') }, programme)
    expect(balanceAt(story.state, programme, at('2025-08-02') - 1).available).toBe(80)
    expect(balanceAt(story.state, programme, at('2025-08-02')).available).toBe(0)
  })

  test('C8 [reinstatement: 10 days] on 15 January, what expired from 5 January on comes back, what expired on the 4th does not', () => {
    const start = grant(opened(plain, at('2025-01-01')), plain, [
      { points: 7, expiresAt: at('2026-01-04') },
      { points: 20, expiresAt: at('2026-01-05') },
      { points: 30, expiresAt: at('2026-01-10') },
    ])
    const back = given(start, { type: 'reinstate', id: 'r', at: at('2026-01-15'), days: 10, until: at('2026-02-15') }, plain)
    expect(back.answer).toMatchObject({ points: 50, available: 50, nextExpiry: { points: 50, at: at('2026-02-15') } })
  })

  test.each([
    [80, [75, 70]],
    [1_000, [950, 903]],
  ])('C9 [decay: 12 idle weeks, 5% or 5 a week, all at week 20] %i points become %j', (points, weeks) => {
    const programme: Programme = { ...plain, expiry: { kind: 'decay', idleWeeks: 12, share: '0.05', atLeast: 5, allAtWeek: 20 } }
    const story = grant(opened(programme, at('2025-01-01')), programme, [{ points }])
    const after = (week: number) => balanceAt(story.state, programme, at('2025-01-01') + week * 7 * DAY).available
    expect([after(11.9), after(12), after(13)]).toEqual([points, ...weeks])
    expect(after(19.9)).toBeGreaterThan(0)
    expect(after(20)).toBe(0)
  })
})

describe('which lots are used', () => {
  test('C10 [FEFO] 200 of 300 are redeemed, 100 stay with their date', () => {
    const story = grant(opened(plain, at('2025-01-01')), plain, [{ points: 300, expiresAt: at('2026-03-01') }])
    const after = given(story, { type: 'redeem', id: 's', at: at('2025-05-01'), points: 200 }, plain)
    expect(after.answer).toMatchObject({ available: 100, nextExpiry: { points: 100, at: at('2026-03-01') } })
  })

  test('C11 [pool of a household] 500 come from the oldest points, whichever card they were earned with', () => {
    const { taken, left: rest } = redeemLots(
      [
        { id: 'card-1/old', points: 400, expiresAt: at('2026-01-01') },
        { id: 'card-1/new', points: 1_600, expiresAt: at('2026-09-01') },
        { id: 'card-2', points: 2_000, expiresAt: at('2026-05-01') },
      ],
      500,
    )
    expect(taken.map(({ id, points }) => [id, points])).toEqual([
      ['card-1/old', 400],
      ['card-2', 100],
    ])
    expect(rest.reduce((sum, lot) => sum + lot.points, 0)).toBe(3_500)
  })

  test('C12 [FEFO] half of the lot nearest its expiry; the others are not touched', () => {
    const story = grant(opened(plain, at('2025-01-01')), plain, [
      { points: 700, expiresAt: at('2026-09-01') },
      { points: 1_000, expiresAt: at('2026-03-01') },
    ])
    expect(left(given(story, { type: 'redeem', id: 's', at: at('2025-02-01'), points: 500 }, plain))).toEqual([500, 700])
  })

  test('C13 [reversal] a redemption undone, in part and then whole, fills the very lots with their old dates', () => {
    const story = grant(opened(plain, at('2025-01-01')), plain, [
      { points: 100, expiresAt: at('2026-01-31') },
      { points: 50, expiresAt: at('2026-02-28') },
    ])
    const spent = given(story, { type: 'redeem', id: 's', at: at('2025-02-01'), points: 120 }, plain)
    const part = given(spent, { type: 'reverse', id: 'r1', at: at('2025-02-02'), posting: 's', points: 30 }, plain)
    expect(left(part)).toEqual([10, 50])
    const whole = given(part, { type: 'reverse', id: 'r2', at: at('2025-02-03'), posting: 's' }, plain)
    expect(whole.state.lots.map((lot) => [lot.remaining, iso(lot.expiresAt)])).toEqual([
      [100, '2026-01-31T00:00:00Z'],
      [50, '2026-02-28T00:00:00Z'],
    ])
    expect(refused(whole, { type: 'reverse', id: 'r3', at: at('2025-02-04'), posting: 's' }, plain)).toMatchObject({
      code: 'loyalty/already-reversed',
    })
  })

  test('C14 [FEFO, then expiry] 150 earned are 120 spent and 30 expired on their own date', () => {
    const story = grant(opened(plain, at('2025-01-01')), plain, [
      { points: 100, expiresAt: at('2025-01-31') },
      { points: 50, expiresAt: at('2025-02-28') },
    ])
    const spent = given(story, { type: 'redeem', id: 's', at: at('2025-01-15'), points: 120 }, plain)
    expect(left(spent)).toEqual([0, 30])
    const { events } = passTime(spent.state, at('2025-06-01'), plain)
    expect(events).toMatchObject([{ type: 'loyalty.expired', at: at('2025-02-28'), data: { points: 30 } }])
  })
})

describe('earning', () => {
  const earned = (programme: Programme, of: Order) =>
    given(opened(programme, at('2025-01-01')), { type: 'earn', id: 'e', at: at('2025-01-01'), order: of }, programme).answer
  const perTen: Programme = { ...plain, earn: [{ id: 'base', points: 1, per: eur('10.00') }] }

  test('C15 [1 per 10, without tax] 21.90 earns 2', () => {
    const programme: Programme = { ...plain, earn: [{ points: 1, per: eur('10.00'), base: { without: ['tax'] } }] }
    expect(earned(programme, order('o', '23.90', { tax: eur('2.00') })).points).toBe(2)
    expect(earned(perTen, order('o', '21.90')).points).toBe(2)
  })

  test.each([
    ['×3 of 5', '50.00', { multiply: '3' }, 15],
    ['×1.5 of 4', '40.00', { multiply: '1.5' }, 6],
    ['×1.5 of 5, the fraction is dropped', '50.00', { multiply: '1.5' }, 7],
    ['+3 to 5', '50.00', { add: 3 }, 8],
  ])('C15 [one campaign] %s', (_, total, gives, points) => {
    expect(earned({ ...perTen, campaigns: [{ id: 'c', ...gives }] }, order('o', total)).points).toBe(points)
  })

  test.each([
    ['best', 15],
    ['sum', 20],
    ['multiply', 30],
    ['priority', 10],
  ] as const)('C15 [campaigns stack by %s] ×2 and ×3 of 5 give %i', (campaignStacking, points) => {
    const campaigns = [
      { id: 'two', multiply: '2', order: 1 },
      { id: 'three', multiply: '3', order: 2 },
    ]
    expect(earned({ ...perTen, campaigns, campaignStacking }, order('o', '50.00')).points).toBe(points)
  })

  test('C15 [rules stack by best] the rule that grants most wins, and the others say why they do not count', () => {
    const programme: Programme = {
      ...plain,
      earnStacking: 'best',
      earn: [
        { id: 'a', points: 1, per: eur('10.00') },
        { id: 'b', points: 3, per: eur('20.00') },
      ],
    }
    const { points, lines } = earned(programme, order('o', '50.00'))
    expect(points).toBe(6)
    expect(lines).toMatchObject([
      { code: 'loyalty/rule-passed', data: { rule: 'a', why: 'another-rule-won' } },
      { code: 'loyalty/rule', data: { rule: 'b', points: 6 } },
    ])
  })

  test('C16 [1 per unit, reward lines earn none] 5 units and a reward line: 5 earned, 5 spent, 0 left', () => {
    const programme: Programme = {
      currency: 'star',
      earn: [{ points: 1, item: { op: 'all', of: [] } }],
      rewards: [{ id: 'free-one', points: 5 }],
    }
    const story = given(
      opened(programme, at('2025-01-01')),
      {
        type: 'earn',
        id: 'e',
        at: at('2025-01-01'),
        order: order('o', '50.00', { items: [{ quantity: 5 }, { quantity: 1, reward: true }] }),
      },
      programme,
    )
    expect(story.answer.points).toBe(5)
    expect(given(story, { type: 'redeem', id: 's', at: at('2025-01-01'), reward: 'free-one' }, programme).answer.available).toBe(0)
    expect(earned(programme, order('o', '20.00', { items: [{ quantity: 2 }, { quantity: 1, reward: true }] })).points).toBe(2)
  })

  test('C17 [1 point = 10] an order of 20 takes 2 of 30 points, not all', () => {
    const programme: Programme = { ...plain, redeem: { points: 1, worth: eur('10.00') } }
    const story = grant(opened(programme, at('2025-01-01')), programme, [{ points: 30 }])
    const { answer } = given(
      story,
      { type: 'hold', id: 'h', at: at('2025-01-01'), points: 30, until: at('2025-01-02'), order: order('o', '20.00') },
      programme,
    )
    expect(answer).toMatchObject({ points: -2, worth: eur('20.00'), leftToPay: eur('0.00'), held: 2, available: 28 })
  })

  test.each([
    ['without discount', { without: ['discount'] } as const, '50.00', 40],
    ['gross', 'gross' as const, '50.00', 50],
    ['two items without discount', { without: ['discount'] } as const, '70.00', 60],
  ])('C18 [%s] a coupon of 10', (_, base, total, points) => {
    const programme: Programme = { ...plain, earn: [{ points: 1, per: eur('1.00'), base }] }
    expect(earned(programme, order('o', total, { discount: eur('10.00') })).points).toBe(points)
  })

  test('a campaign whose budget is short or unknown gives nothing, and says so', () => {
    const programme: Programme = {
      ...perTen,
      campaigns: [{ id: 'double', multiply: '2', budget: { points: 100, money: eur('1.00') }, costPerPoint: eur('0.01') }],
    }
    const story = opened(programme, at('2025-01-01'))
    const command = { type: 'earn', id: 'e', at: at('2025-01-01'), order: order('o', '50.00') } as const
    const by = (budgets: Parameters<typeof decide>[2]['budgets']) => {
      const decision = decide(command, story.state, { now: command.at, programme, budgets })
      return decision.outcome === 'accepted' ? [decision.answer.points, decision.uses, decision.answer.lines.at(-1)?.data.why] : null
    }
    expect(by(undefined)).toEqual([5, [], 'budget-unknown'])
    expect(by({ double: { points: 4, money: '1.00' } })).toEqual([5, [], 'budget'])
    expect(by({ double: { points: 5, money: '0.04' } })).toEqual([5, [], 'budget'])
    expect(by({ double: { points: 5, money: '0.05' } })).toEqual([10, [{ campaign: 'double', points: 5, money: '0.05' }], undefined])
  })

  test('a cap of the month counts by the programme zone; the order over it earns the rest of the room', () => {
    const programme: Programme = { ...plain, zone: 'Asia/Shanghai', caps: [{ id: 'month', points: 100, each: 'month' }] }
    let story: Story = opened(programme, at('2025-01-01'))
    const points: number[] = []
    for (const [i, [when, total]] of (
      [
        ['2025-01-31T15:00:00Z', '70.00'],
        ['2025-01-31T15:30:00Z', '70.00'],
        ['2025-01-31T16:00:00Z', '70.00'],
      ] as const
    ).entries()) {
      const next = given(story, { type: 'earn', id: `e${i}`, at: at(when), order: order(`o${i}`, total) }, programme)
      points.push(next.answer.points)
      story = next
    }
    expect(points).toEqual([70, 30, 70])
  })

  test('a streak of three weeks earns its bonus once for every three', () => {
    const programme: Programme = { currency: 'star', earn: [{ id: 'three', points: 50, streak: { of: 'order', every: 'week', times: 3 } }] }
    let story: Story = opened(programme, at('2025-01-01'))
    const bonus = ['2025-01-06', '2025-01-08', '2025-01-14', '2025-01-24', '2025-01-25', '2025-01-27', '2025-02-12'].map((day) => {
      const next = given(story, { type: 'earn', id: day, at: at(day), order: order(day, '1.00') }, programme)
      story = next
      return next.answer.points
    })
    expect(bonus).toEqual([0, 0, 0, 50, 0, 0, 0])
  })
})

describe('refunds', () => {
  const perTen = { points: 1, per: '10.00', rounding: 'floor' } as const
  test.each([
    [['1.00'], 0],
    [['5.00'], 0],
    [['10.00'], 1],
    [['20.00'], 2],
    [['5.00', '5.00'], 1],
  ])('C19 [refund-floor] of 21.90, refunds %j take back %i', (refunds, clawedBack) => {
    expect(clawback({ rule: perTen, purchase: '21.90', refunds, policy: { policy: 'refund-floor' } })).toMatchObject({
      earned: 2,
      clawedBack,
    })
  })

  const bought = (programme: Programme, total: string) =>
    given(opened(programme, at('2025-01-01')), { type: 'earn', id: 'e', at: at('2025-01-01'), order: order('o', total) }, programme)
  const refund = (story: Story, programme: Programme, amount: string, id = 'r') =>
    given(story, { type: 'refund', id, at: at('2025-01-02'), order: 'o', amount: eur(amount) }, programme)

  test.each([
    ['1 per euro still', plain],
    ['2 per euro since', { ...plain, earn: [{ points: 2, per: eur('1.00') }] }],
    ['no rule any more', { ...plain, earn: [] }],
  ])('C20 [by the original posting; %s] 50 earned, 50 taken back', (_, now) => {
    expect(refund(bought(plain, '50.00'), now, '50.00').answer).toMatchObject({ clawedBack: 50, available: 0 })
  })

  test('C21 [kept-spend] half of 100 takes back 50', () => {
    expect(refund(bought(plain, '100.00'), plain, '50.00').answer.clawedBack).toBe(50)
  })

  test('C22 [debt] an exchange from 300 to 250 leaves 50; spent before, the debt is paid by what comes next', () => {
    const programme: Programme = {
      ...plain,
      earn: [
        { points: 1, per: eur('5.00') },
        { points: 25, event: 'review' },
      ],
      negative: { policy: 'debt', floor: -100 },
    }
    const exchange = (story: Story) =>
      given(refund(story, programme, '300.00'), { type: 'earn', id: 'e2', at: at('2025-01-02'), order: order('o2', '250.00') }, programme)
    expect(exchange(bought(programme, '300.00')).answer.available).toBe(50)
    const spent = given(bought(programme, '300.00'), { type: 'redeem', id: 's', at: at('2025-01-01'), points: 60 }, programme)
    expect(refund(spent, programme, '300.00').answer).toMatchObject({ available: -60, debt: 60 })
    const after = exchange(spent)
    expect(after.answer.available).toBe(-10)
    expect(given(after, { type: 'earn', id: 'e3', at: at('2025-01-03'), event: { type: 'review' } }, programme).answer.available).toBe(15)
  })

  test('C23 [money first] points that paid for an order come back once, with the last of the refund and not before', () => {
    const programme: Programme = {
      ...plain,
      redeem: { points: 100, worth: eur('1.00') },
      refund: { policy: 'kept-spend', giveBack: 'money-first' },
    }
    const start = grant(opened(programme, at('2025-01-01')), programme, [{ points: 1_000, expiresAt: at('2026-01-01') }])
    const paid = given(start, { type: 'redeem', id: 's', at: at('2025-01-01'), points: 1_000, order: order('o', '30.00') }, programme)
    const line = refund(paid, programme, '20.00', 'r1')
    expect(line.answer).toMatchObject({ givenBack: 0, moneyBack: eur('20.00'), available: 0 })
    const whole = refund(line, programme, '10.00', 'r2')
    expect(whole.answer).toMatchObject({
      givenBack: 1_000,
      moneyBack: eur('0.00'),
      available: 1_000,
      nextExpiry: { points: 1_000, at: at('2026-01-01') },
    })
    expect(refused(whole, { type: 'refund', id: 'r3', at: at('2025-01-03'), order: 'o', amount: eur('0.01') }, programme)).toMatchObject({
      code: 'loyalty/exceeds-order',
    })
  })

  test('C24 [kept-spend] ten rounds of earning 100 and refunding all leave 0', () => {
    let story: Story = opened(plain, at('2025-01-01'))
    for (let i = 0; i < 10; i++) {
      story = given(story, { type: 'earn', id: `e${i}`, at: at('2025-01-01'), order: order(`o${i}`, '100.00') }, plain)
      story = given(story, { type: 'refund', id: `r${i}`, at: at('2025-01-01'), order: `o${i}`, amount: eur('100.00') }, plain)
    }
    expect(balanceAt(story.state, plain, at('2025-01-02'))).toMatchObject({ posted: 0, available: 0, debt: 0 })
  })

  test('C25 [reversed once] each of 500 redemptions reversed by two callers: 500 times yes, 500 times already reversed', () => {
    let story: Story = grant(opened(plain, at('2025-01-01')), plain, [{ points: 500 }])
    for (let i = 0; i < 500; i++) story = given(story, { type: 'redeem', id: `s${i}`, at: at('2025-01-01'), points: 1 }, plain)
    let no = 0
    for (let i = 0; i < 1_000; i++) {
      const command = { type: 'reverse', id: `r${i}`, at: at('2025-01-02'), posting: `s${i >> 1}` } as const
      if (refused(story, command, plain)?.code === 'loyalty/already-reversed') no++
      else story = given(story, command, plain)
    }
    expect([no, balanceAt(story.state, plain, at('2025-01-02')).available]).toEqual([500, 500])
  })

  test.each([
    ['up', 1],
    ['half-up', 1],
    ['down', 0],
  ] as const)('C26 [pro rata, rounded %s; clamped at 0] 9.99 of 29.90 takes back %i of 2', (rounding, clawedBack) => {
    const rule = { points: 1, per: '10.00', rounding: 'floor' } as const
    expect(clawback({ rule, purchase: '29.90', refunds: ['9.99'], policy: { policy: 'pro-rata', rounding } }).clawedBack).toBe(clawedBack)
  })

  test('[clamp, reject] what was spent is forgiven, or refuses the refund', () => {
    const spent = given(bought(plain, '50.00'), { type: 'redeem', id: 's', at: at('2025-01-01'), points: 40 }, plain)
    expect(refund(spent, plain, '50.00').answer).toMatchObject({ clawedBack: 50, available: 0, debt: 0 })
    const strict: Programme = { ...plain, negative: { policy: 'reject' } }
    expect(refused(spent, { type: 'refund', id: 'r', at: at('2025-01-02'), order: 'o', amount: eur('50.00') }, strict)).toMatchObject({
      code: 'loyalty/below-floor',
      details: { short: 40 },
    })
  })
})

describe('tiers', () => {
  const ladder = [
    { id: 'basic', from: 0 },
    { id: 'silver', from: 100 },
    { id: 'gold', from: 500 },
    { id: 'platinum', from: 1_000 },
  ]

  test('C27 [balance] Silver, Basic, Gold', () => {
    expect(tierAfter(ladder, [100, -50, 500])).toEqual(['silver', 'basic', 'gold'])
  })

  test('C28 [anniversary, 12 months] Bronze is lost after a year below 200, kept with 200, and 500 make Silver for a year from that day', () => {
    const programme: Programme = {
      ...plain,
      tiers: {
        tiers: [
          { id: 'member', from: 0 },
          { id: 'bronze', from: 200 },
          { id: 'silver', from: 500 },
        ],
        window: { kind: 'anniversary', months: 12 },
      },
    }
    const buy = (story: Story, day: string, total: string) =>
      given(story, { type: 'earn', id: day, at: at(day), order: order(day, total) }, programme)
    const bronze = buy(opened(programme, at('2023-12-01')), '2024-01-01', '200.00')
    const tier = (story: Story, day: string) => tierAt(story.state, programme, at(day))?.tier
    expect([tier(bronze, '2025-01-01T23:59:59.999Z'), tier(bronze, '2025-01-02')]).toEqual(['bronze', 'member'])
    const kept = buy(bronze, '2024-12-31', '200.00')
    expect([tier(kept, '2025-01-02'), tier(kept, '2026-01-01'), tier(kept, '2026-01-02')]).toEqual(['bronze', 'bronze', 'member'])
    const silver = buy(bronze, '2024-06-01', '500.00')
    expect([tier(silver, '2024-06-01'), tier(silver, '2025-06-01'), tier(silver, '2025-06-02')]).toEqual(['silver', 'silver', 'member'])
    expect(tierAt(silver.state, programme, at('2024-06-02'))).toMatchObject({ tier: 'silver', until: at('2025-06-02'), missingToKeep: 500 })
  })

  test('C29 [calendar year] need 5,000 and have 4,000: 1,000 more; the tier is sure until the last instant before its review', () => {
    const programme: Programme = {
      ...plain,
      tiers: {
        tiers: [
          { id: 'basic', from: 0 },
          { id: 'gold', from: 5_000 },
        ],
        window: { kind: 'calendar', period: 'year', keeps: 0 },
      },
    }
    const story = given(
      opened(programme, at('2024-02-01')),
      { type: 'earn', id: 'e', at: at('2024-03-01'), order: order('o', '4000.00') },
      programme,
    )
    expect(tierAt(story.state, programme, at('2024-12-31T23:59:59Z'))).toMatchObject({
      tier: 'basic',
      until: at('2025-01-01'),
      next: { tier: 'gold', missing: 1_000 },
    })
  })

  test('C29 [visits count, calendar year] need 10 and have 8: 2 more, whatever was spent', () => {
    const programme: Programme = {
      ...plain,
      earn: [...plain.earn, { points: 1, event: 'visit', currency: 'visit' }],
      tiers: {
        currency: 'visit',
        tiers: [
          { id: 'basic', from: 0 },
          { id: 'gold', from: 10 },
        ],
        window: { kind: 'calendar', period: 'year', keeps: 0 },
      },
    }
    let story = opened(programme, at('2024-02-01'))
    story = given(story, { type: 'earn', id: 'e', at: at('2024-03-01'), order: order('o', '4000.00') }, programme)
    for (let n = 0; n < 8; n++)
      story = given(story, { type: 'earn', id: `v${n}`, at: at('2024-03-02') + n, event: { type: 'visit' } }, programme)
    expect(tierAt(story.state, programme, at('2024-12-31T23:59:59.999Z'))).toMatchObject({ points: 8, next: { tier: 'gold', missing: 2 } })
  })

  test.each([
    ['one-step', 'gold'],
    ['by-points', 'basic'],
  ] as const)('C30 [%s] Platinum that fails becomes %s', (downgrade, tier) => {
    const programme: Programme = { ...plain, tiers: { tiers: ladder, window: { kind: 'calendar', period: 'year' }, downgrade } }
    const story = given(
      opened(programme, at('2024-02-01')),
      { type: 'earn', id: 'e', at: at('2024-03-01'), order: order('o', '1000.00') },
      programme,
    )
    expect(tierAt(story.state, programme, at('2025-12-31T23:59:59Z'))?.tier).toBe('platinum')
    expect(tierAt(story.state, programme, at('2026-01-01'))?.tier).toBe(tier)
  })

  test('C31 [pending until released] pending points count for no tier before they are usable', () => {
    const programme: Programme = { ...plain, pending: { until: 'released' }, tiers: { tiers: ladder, window: { kind: 'lifetime' } } }
    const story = given(
      opened(programme, at('2025-01-01')),
      { type: 'earn', id: 'e', at: at('2025-01-01'), order: order('o', '600.00') },
      programme,
    )
    expect(story.answer).toMatchObject({ pending: 600, available: 0 })
    expect(tierAt(story.state, programme, at('2025-01-02'))?.tier).toBe('basic')
    const released = given(story, { type: 'release-pending', at: at('2025-01-15'), posting: 'e' }, programme)
    expect(released.answer.available).toBe(600)
    expect(tierAt(released.state, programme, at('2025-01-15'))?.tier).toBe('gold')
  })

  test('[grace of 10 days] a missed tier is kept so long, and points that come in then save it', () => {
    const programme: Programme = {
      ...plain,
      tiers: { tiers: ladder, window: { kind: 'calendar', period: 'year', keeps: 0 }, graceDays: 10 },
    }
    const buy = (story: Story, day: string, total: string) =>
      given(story, { type: 'earn', id: day, at: at(day), order: order(day, total) }, programme)
    const silver = buy(buy(opened(programme, at('2024-02-01')), '2024-03-01', '100.00'), '2025-06-01', '60.00')
    const tier = (story: Story, day: string) => tierAt(story.state, programme, at(day))
    expect(tier(silver, '2026-01-05')).toMatchObject({
      tier: 'silver',
      inGrace: true,
      until: at('2026-01-11'),
      missingToKeep: 40,
      projected: 'basic',
    })
    expect(tier(silver, '2026-01-11')?.tier).toBe('basic')
    expect(tier(buy(silver, '2026-01-08', '40.00'), '2026-01-11')).toMatchObject({ tier: 'silver', inGrace: false })
  })
})

describe('holds', () => {
  const open = (points: number) => grant(opened(plain, at('2025-01-01')), plain, [{ points }])
  const held = (story: Story, points: number, id = 'h') =>
    given(story, { type: 'hold', id, at: at('2025-01-01'), points, until: at('2025-01-02') }, plain)

  test('C32 of 123 held, 100 are captured and 23 are free again; a hold ends once', () => {
    const story = held(open(123), 123)
    expect(refused(story, { type: 'capture', id: 'c', at: at('2025-01-01'), hold: 'h', points: 124 }, plain)).toEqual({
      code: 'loyalty/exceeds-hold',
      details: { hold: 'h', held: 123, requested: 124 },
    })
    const captured = given(story, { type: 'capture', id: 'c', at: at('2025-01-01'), hold: 'h', points: 100 }, plain)
    expect(captured.answer).toMatchObject({ points: -100, available: 23, held: 0 })
    expect(refused(captured, { type: 'capture', id: 'c2', at: at('2025-01-01'), hold: 'h' }, plain)).toMatchObject({
      code: 'loyalty/already-captured',
    })
    const released = given(story, { type: 'release', at: at('2025-01-01'), hold: 'h' }, plain)
    expect(released.answer.available).toBe(123)
    expect(refused(released, { type: 'capture', id: 'c3', at: at('2025-01-01'), hold: 'h' }, plain)).toMatchObject({
      code: 'loyalty/already-released',
    })
    expect(balanceAt(story.state, plain, at('2025-01-02') - 1).available).toBe(0)
    expect(balanceAt(story.state, plain, at('2025-01-02')).available).toBe(123)
    expect(refused(story, { type: 'capture', id: 'c4', at: at('2025-01-02'), hold: 'h' }, plain)).toMatchObject({
      code: 'loyalty/hold-expired',
    })
  })

  test('C33 70 of 100 held: a further hold of 50 is refused when it is asked for', () => {
    expect(
      refused(held(open(100), 70), { type: 'hold', id: 'h2', at: at('2025-01-01'), points: 50, until: at('2025-01-02') }, plain),
    ).toEqual({
      code: 'loyalty/insufficient-points',
      details: { account: 'c_1', requested: 50, available: 30 },
    })
  })

  test('C34 [debt down to −200] of two deductions of 200 from a new account the second is refused', () => {
    const programme: Programme = { ...plain, negative: { policy: 'debt', floor: -200 } }
    const deduct = (id: string) => ({ type: 'deduct', id, at: at('2025-01-01'), points: 200, reason: 'correction' }) as const
    const first = given(opened(programme, at('2025-01-01')), deduct('d1'), programme)
    expect(first.answer.available).toBe(-200)
    expect(refused(first, deduct('d2'), programme)).toMatchObject({ code: 'loyalty/below-floor' })
  })

  test('a replaced hold keeps its place: the old points count for the new one, and nobody gets between', () => {
    const story = held(open(100), 80)
    const replaced = given(
      story,
      { type: 'replace', id: 'h2', at: at('2025-01-01'), hold: 'h', points: 95, until: at('2025-01-02') },
      plain,
    )
    expect(replaced.answer).toMatchObject({ held: 95, available: 5 })
    expect(
      refused(story, { type: 'replace', id: 'h2', at: at('2025-01-01'), hold: 'h', points: 101, until: at('2025-01-02') }, plain),
    ).toMatchObject({ code: 'loyalty/insufficient-points' })
  })

  test('what is held outlives its expiry until the hold ends, and is then gone with the hold’s own date', () => {
    const story = held(grant(opened(plain, at('2025-01-01')), plain, [{ points: 50, expiresAt: at('2025-01-01T12:00:00Z') }]), 40)
    expect(balanceAt(story.state, plain, at('2025-01-01T13:00:00Z'))).toMatchObject({ posted: 40, held: 40, available: 0 })
    const { events } = passTime(story.state, at('2025-02-01'), plain)
    expect(events.map(({ type, at: when }) => [type, iso(when)])).toEqual([
      ['loyalty.expired', '2025-01-01T12:00:00Z'],
      ['loyalty.hold-expired', '2025-01-02T00:00:00Z'],
      ['loyalty.expired', '2025-01-02T00:00:00Z'],
    ])
  })
})

describe('liability', () => {
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const shown = (of: ReturnType<typeof spread>) => of.map(({ revenue, liability: rest }) => [revenue.amount, rest.amount])

  test('C35 [IFRS 15, Example 52] 91,324.20 and 8,675.80; then 4,109.59 and 3,492.92', () => {
    const { allocated, periods } = liability({
      goodsStandalonePrice: usd('100000'),
      pointsStandalonePrice: usd('9500'),
      consideration: usd('100000'),
      periods: [
        { cumulativeRedeemed: 4_500, expectedTotalRedeemed: 9_500 },
        { cumulativeRedeemed: 8_500, expectedTotalRedeemed: 9_700 },
      ],
    })
    expect([allocated.goods.amount, allocated.points.amount]).toEqual(['91324.20', '8675.80'])
    expect(shown(periods)).toEqual([
      ['4109.59', '4566.21'],
      ['3492.92', '1073.29'],
    ])
  })

  test.each([
    ['9000.00', 9_900, 4_175, 3_552],
    ['9000.00', 9_200, 4_175, 4_140],
  ])('C36 [allocation set to %s; %i expected in the end] whole dollars %i, then %i', (allocation, expected, ...revenues) => {
    const periods = spread(usd(allocation), [
      { cumulativeRedeemed: 4_500, expectedTotalRedeemed: 9_700 },
      { cumulativeRedeemed: 8_500, expectedTotalRedeemed: expected },
    ])
    expect(periods.map(({ revenue }) => Math.round(Number(revenue.amount)))).toEqual(revenues)
  })

  test.each([
    [9_900, '3489.77'],
    [9_200, '4067.42'],
  ])('C36 [exact allocation of 8,842.30; %i expected in the end] 4,102.10, then %s', (expected, second) => {
    const periods = spread(usd('8842.30'), [
      { cumulativeRedeemed: 4_500, expectedTotalRedeemed: 9_700 },
      { cumulativeRedeemed: 8_500, expectedTotalRedeemed: expected },
    ])
    expect(periods.map(({ revenue }) => revenue.amount)).toEqual(['4102.10', second])
  })

  test('C37 6,480,000 and 720,000; then 360,000, 288,000 and 72,000', () => {
    const { allocated, periods } = liability({
      goodsStandalonePrice: usd('7200000'),
      pointsStandalonePrice: usd('800000'),
      consideration: usd('7200000'),
      periods: [
        { cumulativeRedeemed: 4_000, expectedTotalRedeemed: 8_000 },
        { cumulativeRedeemed: 8_100, expectedTotalRedeemed: 9_000 },
        { cumulativeRedeemed: 9_000, expectedTotalRedeemed: 9_000 },
      ],
    })
    expect(allocated.points.amount).toBe('720000.00')
    expect(shown(periods)).toEqual([
      ['360000.00', '360000.00'],
      ['288000.00', '72000.00'],
      ['72000.00', '0.00'],
    ])
  })
})

test('a programme with a mistake is refused with its path', () => {
  const wrong = () =>
    defineProgramme({
      id: 'x',
      currency: 'star',
      earn: [{ points: 1.5, per: eur('1.00') }],
      expiry: { kind: 'decay', idleWeeks: 9, share: '0.05', atLeast: 5, allAtWeek: 3 },
    })
  try {
    wrong()
    expect.unreachable()
  } catch (error) {
    if (!isPatronkitError(error, 'core/invalid-input')) throw error
    expect(error.details.issues.map((issue) => issue.path)).toEqual(expect.arrayContaining(['earn.0.points']))
  }
})
