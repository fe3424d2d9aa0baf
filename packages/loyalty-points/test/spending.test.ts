import { isPatronkitError, manualClock, memoryStorage } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Command, createLoyalty, decide, defineProgramme, type Programme } from '../src/index.ts'
import { given, opened, refused, type Story } from '../src/testing.ts'
import { eur, moves, programmes, tell } from './histories.ts'
import { check, patience } from './settings.ts'
import { ACCOUNT, answered } from './verbs.ts'

const HOUR = 3_600_000
const at = (text: string) => Date.parse(text)
const programme: Programme = {
  currency: 'star',
  zone: 'Asia/Shanghai',
  earn: [{ points: 1, per: eur('1.00') }],
  redeem: { points: 1, worth: eur('1.00') },
  spendLimits: [{ id: 'daily', each: 'day', points: 100 }],
}
const with_ = (spendLimits: Programme['spendLimits']): Programme => ({ ...programme, spendLimits })

/** An account of 10,000 points, opened on 1 March in Shanghai. */
const rich = (by: Programme): Story => {
  const start = at('2026-03-01T00:00:00+08:00')
  return given(opened(by, start), { type: 'grant', id: 'g', at: start, lots: [{ points: 10_000 }], reason: 'start' }, by)
}
const redeem = (id: string, when: string, points: number): Command => ({ type: 'redeem', id, at: at(when), points })
const hold = (id: string, when: string, points: number, hours = 1): Command => ({
  type: 'hold',
  id,
  at: at(when),
  points,
  until: at(when) + hours * HOUR,
  order: { id, total: eur('9000.00') },
})

describe('limits on spending', () => {
  test.each([
    ['day', '2026-03-10T10:00:00+08:00', '2026-03-11T00:00:00+08:00'],
    ['week', '2026-03-10T10:00:00+08:00', '2026-03-16T00:00:00+08:00'],
    ['month', '2026-03-10T10:00:00+08:00', '2026-04-01T00:00:00+08:00'],
  ] as const)(
    '%s: what goes beyond is refused until the period of the programme’s zone is over, to the millisecond',
    (each, when, again) => {
      const by = with_([{ id: 'most', each, points: 100 }])
      const spent = given(rich(by), redeem('r1', when, 70), by)
      expect(refused(spent, redeem('r2', when, 31), by)).toEqual({
        code: 'loyalty/over-spend-limit',
        details: { limit: 'most', each, of: 'points', spent: 70, asked: 31, allowed: 100, again: new Date(at(again)).toISOString() },
      })
      expect(refused(spent, redeem('r2', when, 30), by)).toBeNull()
      const late = (ms: number): Command => ({ type: 'redeem', id: 'r3', at: at(again) + ms, points: 31 })
      expect(refused(spent, late(-1), by)?.code).toBe('loyalty/over-spend-limit')
      expect(refused(spent, late(0), by)).toBeNull()
    },
  )

  test('times count redemptions, however few points they have', () => {
    const by = with_([{ id: 'thrice', each: 'day', times: 3 }])
    let story = rich(by)
    for (const id of ['a', 'b', 'c']) story = given(story, redeem(id, '2026-03-10T10:00:00+08:00', 1), by)
    expect(refused(story, redeem('d', '2026-03-10T23:59:59.999+08:00', 1), by)).toMatchObject({
      details: { of: 'times', spent: 3, asked: 1, allowed: 3, again: '2026-03-10T16:00:00.000Z' },
    })
  })

  test('more than a limit ever allows is never possible', () => {
    expect(refused(rich(programme), redeem('r', '2026-03-10T10:00:00+08:00', 101), programme)).toMatchObject({
      details: { asked: 101, allowed: 100, again: null },
    })
  })

  test('of two limits that refuse, the one that lasts longer says when', () => {
    const by = with_([
      { id: 'daily', each: 'day', points: 100 },
      { id: 'monthly', each: 'month', points: 120 },
      { id: 'weekly', each: 'week', points: 110 },
    ])
    const spent = given(rich(by), redeem('r1', '2026-03-10T10:00:00+08:00', 100), by)
    expect(refused(spent, redeem('r2', '2026-03-10T11:00:00+08:00', 5), by)).toMatchObject({ details: { limit: 'daily' } })
    expect(refused(spent, redeem('r2', '2026-03-10T11:00:00+08:00', 30), by)).toMatchObject({
      details: { limit: 'monthly', again: '2026-03-31T16:00:00.000Z' },
    })
  })

  test('a hold counts when it is taken, and back when it is released or ends by itself, with no job', () => {
    const held = given(rich(programme), hold('h', '2026-03-10T10:00:00+08:00', 80), programme)
    const more = (when: string) => refused(held, redeem('r', when, 50), programme)
    expect(more('2026-03-10T10:30:00+08:00')).toMatchObject({ details: { spent: 80 } })
    expect(more('2026-03-10T10:59:59.999+08:00')).toMatchObject({ details: { spent: 80 } })
    expect(more('2026-03-10T11:00:00+08:00')).toBeNull()
    const freed = given(held, { type: 'release', at: at('2026-03-10T10:20:00+08:00'), hold: 'h' }, programme)
    expect(refused(freed, redeem('r', '2026-03-10T10:30:00+08:00', 100), programme)).toBeNull()
  })

  test('what is captured counts on the day when it was set aside; what is not captured counts back', () => {
    const held = given(rich(programme), hold('h', '2026-03-10T23:00:00+08:00', 80, 5), programme)
    const captured = given(held, { type: 'capture', id: 'c', at: at('2026-03-11T01:00:00+08:00'), hold: 'h', points: 30 }, programme)
    expect(refused(captured, redeem('r', '2026-03-11T02:00:00+08:00', 100), programme)).toBeNull()
    // a redemption that comes in late counts where it belongs
    const late = (points: number) =>
      refused(captured, redeem('r', '2026-03-10T23:30:00+08:00', points), programme, { now: at('2026-03-11T02:00:00+08:00') })
    expect(late(70)).toBeNull()
    expect(late(71)).toMatchObject({ details: { spent: 30 } })
  })

  test('a hold that began before there was a limit is captured all the same, and counts then', () => {
    const { spendLimits: _, ...before } = programme
    const held = given(rich(before), hold('h', '2026-03-10T10:00:00+08:00', 500), before)
    expect(refused(held, redeem('r', '2026-03-10T10:10:00+08:00', 100), programme)).toBeNull()
    const captured = given(held, { type: 'capture', id: 'c', at: at('2026-03-10T10:20:00+08:00'), hold: 'h' }, programme)
    expect(refused(captured, redeem('r', '2026-03-10T10:30:00+08:00', 1), programme)).toMatchObject({ details: { spent: 500 } })
  })

  test('a changed cart counts as what it is now', () => {
    const held = given(rich(programme), hold('h', '2026-03-10T10:00:00+08:00', 80), programme)
    const replace = (points: number): Command => {
      const { until, order } = hold('n', '2026-03-10T10:10:00+08:00', points) as Extract<Command, { type: 'hold' }>
      return { type: 'replace', id: 'n', at: at('2026-03-10T10:10:00+08:00'), hold: 'h', points, until, order }
    }
    expect(refused(held, replace(101), programme)?.code).toBe('loyalty/over-spend-limit')
    const replaced = given(held, replace(95), programme)
    expect(refused(replaced, redeem('r', '2026-03-10T10:20:00+08:00', 6), programme)).toMatchObject({ details: { spent: 95 } })
  })

  test('what is reversed or refunded makes no room: spending and taking back in turns passes no limit', () => {
    const spent = given(rich(programme), redeem('r1', '2026-03-10T10:00:00+08:00', 100), programme)
    const back = given(spent, { type: 'reverse', id: 'b', at: at('2026-03-10T10:05:00+08:00'), posting: 'r1' }, programme)
    expect(refused(back, redeem('r2', '2026-03-10T10:10:00+08:00', 1), programme)).toMatchObject({ details: { spent: 100 } })
  })

  test('a correction is no spending', () => {
    const less = given(
      rich(programme),
      { type: 'deduct', id: 'd', at: at('2026-03-10T09:00:00+08:00'), points: 900, reason: 'mistake' },
      programme,
    )
    expect(refused(less, redeem('r', '2026-03-10T10:00:00+08:00', 100), programme)).toBeNull()
  })
})

test('at no time is more spent and held in a day or a month than the limits allow, and nothing is refused without need', {
  timeout: patience,
}, () => {
  const by = programmes['limited in spending']!
  const local = (ms: number) => new Date(ms + 8 * HOUR).toISOString()
  const period = { daily: (ms: number) => local(ms).slice(0, 10), monthly: (ms: number) => local(ms).slice(0, 7) }
  let [limited, most] = [0, 0]
  fc.assert(
    fc.property(moves, (list) => {
      const { steps, state, events, now } = tell(list, by)
      // counted apart: each redemption on its day, each hold on its own, as much as it has or gave
      const spends = steps.flatMap(({ command, events: news }) => {
        const taken = news.find((event) => event.type === 'loyalty.spent' || event.type === 'loyalty.held')
        if (!taken) return []
        const { data } = taken as { data: { points: number; hold?: string } }
        const held = data.hold === undefined ? undefined : state.holds[data.hold]!
        const points = held === undefined ? data.points : held.state === 'open' ? held.points : held.captured
        return points > 0 && 'id' in command ? [{ at: command.at, points }] : []
      })
      const sums = new Map<string, number>()
      for (const one of spends) {
        for (const [id, of] of Object.entries(period)) sums.set(`${id} ${of(one.at)}`, (sums.get(`${id} ${of(one.at)}`) ?? 0) + one.points)
        sums.set(`times ${period.daily(one.at)}`, (sums.get(`times ${period.daily(one.at)}`) ?? 0) + 1)
      }
      for (const [key, n] of sums) expect(n, key).toBeLessThanOrEqual(key.startsWith('daily') ? 200 : key.startsWith('monthly') ? 500 : 4)
      most = Math.max(most, ...sums.values())
      const ask = (points: number) => decide({ type: 'redeem', id: 'last', at: now, points }, state, { now, programme: by })
      const [day, month, times] = [
        sums.get(`daily ${period.daily(now)}`) ?? 0,
        sums.get(`monthly ${period.monthly(now)}`) ?? 0,
        sums.get(`times ${period.daily(now)}`) ?? 0,
      ]
      if (state.frozen || times >= 4) return
      // holds that ended by themselves since the last command count back
      const ended = Object.values(state.holds).some((one) => one.state === 'open' && one.expiresAt <= now)
      const room = Math.min(200 - day, 500 - month)
      const answer = ask(Math.max(1, room))
      if (answer.outcome === 'rejected' && answer.rejection.code === 'loyalty/over-spend-limit') expect([room, ended]).toEqual([0, ended])
      const over = ask(room + 1)
      if (!ended && over.outcome === 'rejected') {
        if (over.rejection.code === 'loyalty/over-spend-limit') limited++
        else expect(over.rejection.code).toBe('loyalty/insufficient-points')
      }
      if (!ended) expect(over.outcome).toBe('rejected')
      expect(events.length).toBeGreaterThan(0)
    }),
    check,
  )
  expect(limited).toBeGreaterThan(check.numRuns / 50)
  expect(most).toBeGreaterThan(100)
})

test('through the service: a preview refuses as the redemption does, and both say how much of a limit is used', async () => {
  const clock = manualClock('2026-03-10T02:00:00Z')
  const storage = memoryStorage()
  const service = createLoyalty({ storage, clock })
  await storage.schema.migrate()
  const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  await loyalty.publish({ definition: defineProgramme({ id: 'stars', ...programme }) })
  for (const account of ['c_1', 'c_2']) await loyalty.adjust({ idempotencyKey: account, ...ACCOUNT, account, points: 900, reason: 'start' })
  const order = (id: string) => ({ id, total: eur('500.00') })
  const held = await loyalty.hold({ idempotencyKey: 'h', ...ACCOUNT, points: 40, for: { hours: 1 }, order: order('h') })
  await loyalty.capture({ idempotencyKey: 'h', hold: held.id, points: 25 })
  const previewed = await loyalty.preview.redeem({ ...ACCOUNT, points: 30 })
  const redeemed = await loyalty.redeem({ idempotencyKey: 'r', ...ACCOUNT, points: 30 })
  expect(redeemed.explanation).toEqual(previewed.explanation)
  expect(redeemed.explanation.lines.map(({ text }) => text)).toEqual([
    'spent −30 star',
    'limit daily: 55 of 100 points used until 2026-03-10T16:00:00.000Z',
  ])
  const refusals = await Promise.all(
    [
      () => loyalty.preview.redeem({ ...ACCOUNT, points: 46 }),
      () => loyalty.redeem({ idempotencyKey: 'r2', ...ACCOUNT, points: 46 }),
      () => loyalty.preview.hold({ ...ACCOUNT, points: 46, for: { hours: 1 }, order: order('p') }),
      () => loyalty.hold({ idempotencyKey: 'h2', ...ACCOUNT, points: 46, for: { hours: 1 }, order: order('h2') }),
    ].map((ask) =>
      ask().then(
        () => null,
        (error: unknown) => (isPatronkitError(error, 'loyalty/over-spend-limit') ? error.details : error),
      ),
    ),
  )
  for (const details of refusals) expect(details).toMatchObject({ spent: 55, asked: 46, allowed: 100, again: '2026-03-10T16:00:00.000Z' })
  // a household does not get around the limit of one of its members
  const together = (key: string, points: number) =>
    answered(() => loyalty.redeemTogether({ idempotencyKey: key, programme: 'stars', accounts: ['c_1', 'c_2'], points }))
  expect(await together('t', 46)).toBe('loyalty/over-spend-limit')
  expect(typeof (await together('u', 45))).toBe('object')
  expect(await answered(() => loyalty.redeem({ idempotencyKey: 'r3', ...ACCOUNT, points: 1 }))).toBe('loyalty/over-spend-limit')
  clock.advance({ days: 1 })
  expect((await loyalty.redeem({ idempotencyKey: 'r4', ...ACCOUNT, points: 100 })).points).toBe(-100)
  expect((await loyalty.verify({})).broken).toBe(null)
})
