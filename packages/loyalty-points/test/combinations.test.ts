import { field } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  balanceAt,
  type Command,
  decide,
  decideMerge,
  decideTransfer,
  decideUnmerge,
  entriesOf,
  type Order,
  type Programme,
  pointsAt,
  recount,
  tierAt,
  verifyLedger,
} from '../src/index.ts'
import { given, opened, refused, type Story } from '../src/testing.ts'
import { anyProgramme, cents, commandOf, DAY, eur, type Move, moves, START } from './histories.ts'
import { check, patience } from './settings.ts'

/** What no verb does alone: refunds of what waits, of what expired, of what was paid for by points; rules that changed in between. */

const plain: Programme = { currency: 'star', earn: [{ points: 1, per: eur('1.00') }], redeem: { points: 100, worth: eur('1.00') } }
const order = (id: string, total: string, more: Partial<Order> = {}): Order => ({ id, total: eur(total), ...more })
const granted = (programme: Programme, points: number): Story =>
  given(opened(programme, START), { type: 'grant', id: 'g', at: START, lots: [{ points, expiresAt: null }], reason: 'x' }, programme)
const earn = (id: string, total: string, at = START): Command => ({ type: 'earn', id: `e-${id}`, at, order: order(id, total) })
const refund = (id: string, of: string, amount: string, at = START): Command => ({ type: 'refund', id, at, order: of, amount: eur(amount) })
const available = (story: Story, programme: Programme, at = story.state.asOf) => balanceAt(story.state, programme, at).available

describe('money back', () => {
  const inParts = (programme: Programme, points: number, value: string, parts: readonly number[]) => {
    const bought = given(granted(programme, 10_000), { type: 'redeem', id: 's', at: START, points, order: order('o', value) }, programme)
    let story: Story = bought
    let money = 0
    for (const [n, part] of parts.entries()) {
      const back = given(story, { type: 'refund', id: `r${n}`, at: START, order: 'o', amount: cents(part) }, programme)
      money += Math.round(Number(back.answer.moneyBack!.amount) * 100)
      story = back
    }
    return { money, points: available(story, programme) }
  }

  test('an order that points paid for gives no money back, however its refund is cut', () => {
    const coarse: Programme = { ...plain, redeem: { points: 10, worth: eur('1.00') } }
    expect(inParts(coarse, 100, '10.00', Array<number>(200).fill(5))).toEqual({ money: 0, points: 10_000 })
  })

  test('points that never come back do not come back as money', () => {
    const never: Programme = { ...plain, refund: { policy: 'kept-spend', giveBack: 'never' } }
    expect(inParts(never, 400, '10.00', [1_000])).toEqual({ money: 600, points: 9_600 })
  })

  test('what a reversal gave back before is paid in money by the refund', () => {
    const spent = given(granted(plain, 500), { type: 'redeem', id: 's', at: START, points: 500, order: order('o', '10.00') }, plain)
    const back = given(spent, { type: 'reverse', id: 'v', at: START, posting: 's', points: 200 }, plain)
    const first = given(back, refund('r1', 'o', '3.00'), plain)
    expect(first.answer).toMatchObject({ givenBack: 0, moneyBack: eur('3.00') })
    expect(given(first, refund('r2', 'o', '7.00'), plain).answer).toMatchObject({ givenBack: 300, moneyBack: eur('4.00') })
  })

  test(
    'comes to what was paid in money, under any policy and in whatever parts',
    () =>
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 10 }),
          fc.constantFrom('pro-rata', 'money-first', 'never'),
          fc.integer({ min: 1, max: 400 }),
          fc.integer({ min: 1, max: 130 }),
          (parts, giveBack, points, per) => {
            const programme: Programme = {
              ...plain,
              redeem: { points: per, worth: eur('1.00') },
              refund: { policy: 'kept-spend', giveBack },
            }
            const value = cents(parts.reduce((a, b) => a + b, 0)).amount
            const spend: Command = { type: 'redeem', id: 's', at: START, points, order: order('o', value) }
            if (refused(granted(programme, 10_000), spend, programme)) return
            const { worth } = given(granted(programme, 10_000), spend, programme).answer
            const { money } = inParts(programme, points, value, parts)
            expect(money).toBe(Math.round(Number(value) * 100) - Math.round(Number(worth!.amount) * 100))
          },
        ),
        check,
      ),
    patience,
  )
})

describe('spending', () => {
  test('a part of a hold is worth what it was when it was held, also under a new rate', () => {
    const held = given(
      granted(plain, 500),
      { type: 'hold', id: 'h', at: START, points: 500, until: START + DAY, order: order('o', '5.00') },
      plain,
    )
    const capture: Command = { type: 'capture', id: 'c', at: START, hold: 'h', points: 400 }
    const dearer: Programme = { ...plain, redeem: { points: 100, worth: eur('2.00') } }
    const { redeem: _, ...none } = plain
    for (const programme of [plain, dearer, none]) expect(given(held, capture, programme).answer.worth).toEqual(eur('4.00'))
  })

  test.each([
    ['of 15 points at 10 for a cent, 10 buy something', { points: 1_000, worth: eur('1.00') }, 15, [10, '0.01']],
    ['in whole steps', { points: 1_000, worth: eur('1.00'), step: 4 }, 16, [12, '0.01']],
    ['and no fewer than the least', { points: 1_000, worth: eur('1.00'), min: 14 }, 15, [14, '0.01']],
    ['all of them where each buys', { points: 100, worth: eur('1.00') }, 15, [15, '0.15']],
  ])('takes no points that buy nothing: %s', (_, redeem, points, expected) => {
    const programme = { ...plain, redeem }
    const { answer } = given(granted(programme, 100), { type: 'redeem', id: 's', at: START, points, order: order('o', '9.00') }, programme)
    expect([-answer.points, answer.worth!.amount]).toEqual(expected)
  })

  test('points that are worth less than a yen buy nothing, and are not taken', () => {
    const yen: Programme = { currency: 'star', earn: [], redeem: { points: 3, worth: { amount: '1', currency: 'JPY' } } }
    const spend: Command = { type: 'redeem', id: 's', at: START, points: 2, order: { id: 'o', total: { amount: '90', currency: 'JPY' } } }
    expect(refused(granted(yen, 9), spend, yen)).toEqual({
      code: 'loyalty/outside-redemption-limits',
      details: { limit: 'min', asked: 2, allowed: 3 },
    })
  })

  test('an order is paid by points once, up to its share, in however many holds and redemptions', () => {
    const half: Programme = { ...plain, redeem: { points: 100, worth: eur('1.00'), maxShare: '0.5' } }
    const hold = (id: string, points: number): Command => {
      return { type: 'hold', id, at: START, points, until: START + DAY, order: order('o', '10.00') }
    }
    const held = given(granted(half, 2_000), hold('h1', 200), half)
    const more = given(held, { type: 'redeem', id: 's', at: START, points: 2_000, order: order('o', '10.00') }, half)
    expect(more.answer).toMatchObject({ points: -300, worth: eur('3.00'), leftToPay: eur('5.00') })
    expect(refused(more, hold('h2', 1), half)).toMatchObject({ code: 'loyalty/outside-redemption-limits', details: { asked: 0 } })
    const other = given(more, { type: 'release', at: START, hold: 'h1' }, half)
    expect(given(other, hold('h3', 500), half).answer).toMatchObject({ points: -200, leftToPay: eur('5.00') })
    const replaced = given(more, { ...hold('h4', 150), type: 'replace', hold: 'h1' } as Command, half)
    expect(replaced.answer).toMatchObject({ points: -150, leftToPay: eur('5.50') })
    const back = given(more, { type: 'reverse', id: 'v', at: START, posting: 's', points: 100 }, half)
    expect(given(back, hold('h5', 500), half).answer.points).toBe(-100)
  })

  test('points that were over before they arrived pay no debt', () => {
    const owing: Programme = { ...plain, negative: { policy: 'debt', floor: -100 } }
    const indebted = given(opened(owing, START), { type: 'deduct', id: 'd', at: START, points: 50, reason: 'x' }, owing)
    const stale = [{ points: 50, earnedAt: START, expiresAt: START + DAY }]
    const late = given(indebted, { type: 'grant', id: 'old', at: START + 2 * DAY, lots: stale, reason: 'import' }, owing)
    expect(balanceAt(late.state, owing, START + 2 * DAY)).toMatchObject({ posted: 0, debt: 50 })
  })
})

describe('points that wait', () => {
  const waits: Programme = { ...plain, pending: { until: 'released' } }

  test('a refund does not take once more what was dismissed', () => {
    const start = given(granted(waits, 100), earn('o', '80.00'), waits)
    const part = given(start, refund('r1', 'o', '20.00'), waits)
    const gone = given(part, { type: 'dismiss', id: 'd', at: START, posting: 'e-o', reason: 'not his order' }, waits)
    const back = given(gone, refund('r2', 'o', '60.00'), waits)
    expect(back.answer).toMatchObject({ clawedBack: 60, available: 100, pending: 0 })
    expect(
      pointsAt(
        back.events.map((event) => ({ event, recordedAt: 0 })),
        'star',
        START,
      ),
    ).toBe(100)
  })

  const ladder = [
    { id: 'basic', from: 0 },
    { id: 'gold', from: 100 },
  ]

  test('what was dismissed, or expired while it waited, counted for no tier and is not taken off it', () => {
    const programme: Programme = {
      ...plain,
      pending: { until: 'released' },
      expiry: { kind: 'exact', duration: { days: 10 } },
      tiers: { tiers: ladder, window: { kind: 'lifetime' } },
    }
    let story: Story = given(opened(programme, START), earn('a', '100.00'), programme)
    story = given(story, { type: 'release-pending', at: START, posting: 'e-a' }, programme)
    story = given(story, earn('b', '50.00', START + DAY), programme)
    story = given(story, { type: 'dismiss', id: 'd', at: START + DAY, posting: 'e-b', reason: 'x' }, programme)
    story = given(story, earn('c', '50.00', START + DAY), programme)
    story = given(story, refund('rb', 'b', '50.00', START + 20 * DAY), programme)
    story = given(story, refund('rc', 'c', '50.00', START + 20 * DAY), programme)
    expect(tierAt(story.state, programme, START + 21 * DAY)).toMatchObject({ tier: 'gold', points: 100 })
  })

  test('points that wait make no tier, also where the balance decides', () => {
    const programme: Programme = { ...waits, tiers: { tiers: ladder, window: { kind: 'balance' } } }
    const tier = (story: Story) => tierAt(story.state, programme, story.state.asOf)
    const bought = given(opened(programme, START), earn('o', '100.00'), programme)
    expect(tier(bought)).toMatchObject({ tier: 'basic', points: 0 })
    const part = given(bought, refund('r', 'o', '20.00'), programme)
    const settled = given(part, { type: 'release-pending', at: START + DAY, posting: 'e-o' }, programme)
    expect(tier(settled)).toMatchObject({ tier: 'basic', points: 80 })
    expect(tier(given(settled, { type: 'redeem', id: 's', at: START + DAY, points: 30 }, programme))).toMatchObject({ points: 50 })

    const soon: Programme = { ...programme, pending: { for: { days: 3 } } }
    const later = given(opened(soon, START), earn('o', '100.00'), soon)
    expect([2, 3].map((days) => tierAt(later.state, soon, START + days * DAY)?.tier)).toEqual(['basic', 'gold'])
  })

  test('why settled points came adds up to them', () => {
    const settled = given(
      given(opened(waits, START), earn('o', '7.00'), waits),
      { type: 'release-pending', at: START, posting: 'e-o' },
      waits,
    )
    expect(settled.answer.lines.map((line) => line.data!.points)).toEqual([7])
  })
})

describe('what is over', () => {
  test('points of a refunded order that had expired are not reinstated', () => {
    const short: Programme = { ...plain, expiry: { kind: 'exact', duration: { days: 10 } } }
    const start = given(opened(short, START), earn('o', '100.00'), short)
    const part = given(start, refund('r1', 'o', '60.00', START + 11 * DAY), short)
    const back = given(part, { type: 'reinstate', id: 'i', at: START + 12 * DAY, days: 30, until: null }, short)
    expect(back.answer).toMatchObject({ points: 40, available: 40 })
    expect(available(given(back, refund('r2', 'o', '40.00', START + 13 * DAY), short), short)).toBe(0)
  })

  test('a tier that is over opens no rule, whether or not anybody has written it down', () => {
    const programme: Programme = {
      currency: 'star',
      earn: [{ points: 1, per: eur('1.00') }],
      campaigns: [{ id: 'gold', multiply: '2', when: field('tier').eq('gold') }],
      tiers: {
        tiers: [
          { id: 'basic', from: 0 },
          { id: 'gold', from: 100 },
        ],
        window: { kind: 'rolling', months: 12 },
      },
    }
    const gold = given(opened(programme, START), earn('a', '100.00'), programme)
    const late = START + 800 * DAY
    const swept = given(gold, { type: 'pass-time', at: late }, programme)
    const points = (story: Story, at: number) => given(story, earn('b', '10.00', at), programme).answer.points
    expect([points(gold, START + DAY), points(swept, late), points(gold, late)]).toEqual([20, 10, 10])
  })
})

describe('an order', () => {
  test('that earned nothing is not earned again, and counts once for what counts orders', () => {
    const tenth: Programme = { ...plain, earn: [...plain.earn, { id: 'third', points: 500, achievement: { of: 'order', times: 3 } }] }
    const again = (n: number): Command => ({ type: 'earn', id: `e${n}`, at: START, order: order('o', '0.50') })
    const once = given(opened(tenth, START), again(1), tenth)
    expect(once.answer.points).toBe(0)
    expect(refused(once, again(2), tenth)).toEqual({ code: 'loyalty/already-posted', details: { posting: 'o' } })
    expect(given(once, refund('r', 'o', '0.50'), tenth).answer).toMatchObject({ clawedBack: 0, moneyBack: eur('0.50') })
  })

  test('that was refunded before it earned has earned what is kept of it', () => {
    const spent = given(granted(plain, 500), { type: 'redeem', id: 's', at: START, points: 500, order: order('o', '50.00') }, plain)
    const part = given(given(spent, refund('r1', 'o', '20.00'), plain), earn('o', '50.00'), plain)
    expect(part.answer).toMatchObject({ points: 30, lines: [{ data: { points: 50 } }, { data: { points: -20 } }] })
    expect(given(part, refund('r2', 'o', '30.00'), plain).answer).toMatchObject({ clawedBack: 30, available: 500 })
    const whole = given(given(spent, refund('r1', 'o', '50.00'), plain), earn('o', '50.00'), plain)
    expect(whole.answer).toMatchObject({ points: 0, lots: [], available: 500 })
  })

  test.each(['kept-spend', 'refund-floor'] as const)('[%s] keeps a bonus that hangs on no amount until all of it is refunded', (policy) => {
    const programme: Programme = {
      ...plain,
      earn: [...plain.earn, { id: 'first', points: 500, achievement: { of: 'order', times: 1 } }],
      campaigns: [{ id: 'spring', add: 50 }],
      refund: { policy },
    }
    const bought = given(opened(programme, START), earn('o', '100.00'), programme)
    expect(bought.answer.points).toBe(650)
    const part = given(bought, refund('r1', 'o', '40.00'), programme)
    expect(part.answer.clawedBack).toBe(40)
    expect(given(part, refund('r2', 'o', '60.00'), programme).answer).toMatchObject({ clawedBack: 610, available: 0 })
  })

  test('takes of a budget what was posted, not what a cap cut', () => {
    const programme: Programme = {
      ...plain,
      campaigns: [{ id: 'ten', multiply: '10', budget: { points: 1_000, money: eur('9.00') }, costPerPoint: eur('0.01') }],
      caps: [{ id: 'daily', points: 30, each: 'day' }],
    }
    const world = { now: START, programme, budgets: { ten: { points: 1_000, money: '9.00' } } }
    const uses = (total: string) => {
      const decision = decide(earn('o', total), opened(programme, START).state, world)
      return decision.outcome === 'accepted' && [decision.answer.points, decision.uses]
    }
    expect(uses('2.00')).toEqual([20, [{ campaign: 'ten', points: 18, money: '0.18' }]])
    expect(uses('10.00')).toEqual([30, [{ campaign: 'ten', points: 20, money: '0.2' }]])
    expect(uses('40.00')).toEqual([30, []])
  })
})

test('what moves between two accounts is dated when both were open, and not after now', () => {
  const [a, b] = [granted(plain, 100), opened(plain, START + DAY, { account: 'c_2' })]
  const env = { now: START + 2 * DAY, programme: plain }
  const codes = (at: number) => [
    decideTransfer({ id: 't', at, points: 10 }, a.state, b.state, env),
    decideMerge({ id: 'm', at }, a.state, b.state, env),
  ]
  const accepted = { outcome: 'accepted' }
  const no = (code: string) => ({ outcome: 'rejected', rejection: { code } })
  expect(codes(START + DAY)).toMatchObject([accepted, accepted])
  expect(codes(START + DAY - 1)).toMatchObject([no('loyalty/before-account'), no('loyalty/before-account')])
  expect(codes(env.now + 1)).toMatchObject([no('loyalty/in-the-future'), no('loyalty/in-the-future')])
  const [, merged] = codes(START + DAY)
  if (merged?.outcome !== 'accepted' || !('from' in merged)) throw new Error('merged')
  const apart = (at: number) => decideUnmerge({ merge: 'm', at }, merged.to.state, merged.from.state, env)
  expect([apart(env.now), apart(env.now + 1)]).toMatchObject([accepted, no('loyalty/in-the-future')])
})

test('points that would make a balance no safe integer are refused', () => {
  const bare: Programme = { currency: 'star', earn: [{ points: 1, per: eur('1.00') }] }
  const rich = given(opened(bare, START), earn('a', '9007199254740000.00'), bare)
  expect(refused(rich, earn('b', '1000.00'), bare)).toMatchObject({ code: 'loyalty/points-out-of-range' })
  expect(given(rich, earn('c', '991.00'), bare).answer.posted).toBe(Number.MAX_SAFE_INTEGER)
})

test('a recount of one millisecond is possible in whatever order its commands are named and come', () => {
  const list: Command[] = [
    { type: 'earn', id: 'z', at: START, order: order('o', '500.00') },
    { type: 'hold', id: 'hold/1', at: START, points: 300, until: START + DAY, order: order('p', '9.00') },
    { type: 'replace', id: 'a/2', at: START, hold: 'hold/1', points: 200, until: START + DAY, order: order('p', '9.00') },
    { type: 'capture', id: 'capture/1', at: START, hold: 'a/2' },
    { type: 'refund', id: 'b', at: START, order: 'p', amount: eur('9.00') },
  ]
  const start = opened(plain, START).state
  const wanted = recount(start, list, () => plain)
  expect(wanted.refused).toEqual([])
  expect(balanceAt(wanted.state, plain, START).available).toBe(500)
  expect(recount(start, list.toReversed(), () => plain)).toEqual(wanted)
  expect(wanted.events.flatMap(entriesOf).reduce((sum, { points }) => sum + points, 0)).toBe(0)
})

/** Orders that earn, are paid by points, held for and refunded all at once; earnings that wait and are dismissed. */
const entangled = (command: Command, { n }: Move, { state, events }: Story): Command => {
  const waiting = state.lots.find((lot) => lot.availableAt === null && lot.remaining > 0)
  if (command.type === 'unfreeze' && waiting)
    return { type: 'dismiss', id: `d${events.length}`, at: command.at, posting: waiting.posting, reason: 'x' }
  const one = order(`o${n % 4}`, cents(3_000 + 777 * (n % 4)).amount)
  if (command.type === 'earn' || command.type === 'redeem') return command.order ? { ...command, order: one } : command
  return command.type === 'hold' || command.type === 'replace' ? { ...command, order: one } : command
}

test(
  'whether or not a tick came before it, a command is decided, answered and explained alike, also where orders are entangled',
  () =>
    fc.assert(
      fc.property(moves, anyProgramme, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (list, of, ticks) => {
        const programme: Programme = {
          ...of.programme,
          campaigns: [...(of.programme.campaigns ?? []), { id: 'gold', multiply: '3', when: field('tier').eq('gold') }],
          limits: [{ id: 'weekly', points: 400, each: 'week', over: 'review' }],
        }
        let story: Story = opened(programme, START, { zone: 'Europe/Rome' })
        let now = START
        for (const [i, one] of list.entries()) {
          now += one.hours * 3_600_000
          const bare = commandOf(one, i, story, now)
          if (!bare) continue
          const command = entangled(bare, one, story)
          const tick = Math.floor(story.state.asOf + ticks.next().value * (now - story.state.asOf))
          const swept = given(story, { type: 'pass-time', at: tick }, programme)
          const [alone, behind] = [story, swept].map(({ state }) => decide(command, state, { now, programme }))
          if (alone?.outcome !== 'accepted' || behind?.outcome !== 'accepted') {
            expect(behind).toEqual(alone)
            continue
          }
          expect(behind.answer).toEqual(alone.answer)
          expect(tierAt(behind.state, programme, now)).toEqual(tierAt(alone.state, programme, now))
          const explained = alone.answer.lines.reduce((sum, { data }) => sum + (data?.currency === 'star' ? (data.points as number) : 0), 0)
          expect(explained).toBe(alone.answer.points)
          story = { state: alone.state, events: [...story.events, ...alone.events] }
        }
        expect(verifyLedger(story.events)).toBeNull()
        for (const { refunded, value, earnings } of Object.values(story.state.orders)) {
          if (Number(refunded) < Number(value.amount)) continue
          for (const { clawedBack, terms } of earnings) expect(clawedBack).toBe(terms.earned)
        }
      }),
      check,
    ),
  patience,
)
