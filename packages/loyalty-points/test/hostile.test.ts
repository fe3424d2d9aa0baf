import { isPatronkitError } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Command, decide, defineProgramme, type LoyaltyEvent, parseCommand, refusal, verifyLedger } from '../src/index.ts'
import { given, opened, refused } from '../src/testing.ts'
import { anyProgramme, DAY, eur, moves, programmes, START, tell } from './histories.ts'
import { check, patience } from './settings.ts'

const earn = { type: 'earn', id: 'e', at: START, order: { id: 'o', total: eur('10.00') } } as const

describe('what comes from outside', () => {
  test.each<[string, unknown]>([
    ['nothing', null],
    ['no such command', { type: 'steal', at: START }],
    ['points that are no number', { type: 'redeem', id: 'x', at: START, points: Number.NaN }],
    ['negative points', { type: 'redeem', id: 'x', at: START, points: -5 }],
    ['half a point', { type: 'redeem', id: 'x', at: START, points: 0.5 }],
    ['more points than a number holds', { type: 'redeem', id: 'x', at: START, points: 2 ** 60 }],
    ['points as text', { type: 'redeem', id: 'x', at: START, points: '5' }],
    ['points and a reward', { type: 'redeem', id: 'x', at: START, points: 5, reward: 'mug' }],
    ['a negative refund', { type: 'refund', id: 'x', at: START, order: 'o', amount: eur('-5.00') }],
    ['a refund of nothing', { type: 'refund', id: 'x', at: START, order: 'o', amount: eur('0.00') }],
    ['money as a number', { ...earn, order: { id: 'o', total: { amount: 10, currency: 'EUR' } } }],
    ['a third digit behind the point', { ...earn, order: { id: 'o', total: eur('10.001') } }],
    ['a discount above the total', { ...earn, order: { id: 'o', total: eur('10.00'), discount: eur('10.01') } }],
    ['two currencies', { ...earn, order: { id: 'o', total: eur('10.00'), tax: { amount: '1.00', currency: 'USD' } } }],
    ['an order and an event', { ...earn, event: { type: 'review' } }],
    ['a negative quantity', { ...earn, order: { ...earn.order, items: [{ quantity: -1 }] } }],
    ['__proto__ among the attributes', { ...earn, member: JSON.parse('{"__proto__":{"tier":"gold"}}') }],
    ['half a surrogate pair', { ...earn, id: '\ud800' }],
    ['an instant without an offset', { ...earn, at: '2026-01-01T00:00:00' }],
    ['seconds for milliseconds', { ...earn, at: 1_767_225_600 }],
    ['a field too many', { ...earn, points: 1_000 }],
  ])('%s is refused with a code', (_, input) => {
    try {
      parseCommand(input)
      expect.unreachable()
    } catch (error) {
      expect(isPatronkitError(error) && /^core\//.test(error.code)).toBe(true)
    }
  })

  test('anything at all is either refused with a code or a command that decides', { timeout: patience }, () => {
    const { state } = given(
      opened(programmes.plain!, START),
      { type: 'grant', id: 'g', at: START, lots: [{ points: 100 }], reason: 'x' },
      programmes.plain!,
    )
    const half = fc.record({
      type: fc.constantFrom('earn', 'hold', 'redeem', 'refund', 'deduct', 'capture', 'reverse', 'grant', 'reinstate'),
      id: fc.oneof(fc.constant('x'), fc.anything()),
      at: fc.oneof(fc.constant(START), fc.anything()),
      points: fc.oneof(fc.integer(), fc.anything()),
    })
    fc.assert(
      fc.property(fc.oneof(fc.anything(), half), (input) => {
        let command: Command
        try {
          command = parseCommand(input)
        } catch (error) {
          expect(isPatronkitError(error)).toBe(true)
          return
        }
        const before = structuredClone(state)
        const decision = decide(command, state, { now: START + DAY, programme: programmes.plain! })
        if (decision.outcome === 'rejected') expect(isPatronkitError(refusal(decision.rejection), decision.rejection.code)).toBe(true)
        expect(state).toEqual(before)
      }),
      check,
    )
  })

  test('a command of the future or from before the account, an order twice, a posting twice: refused, each by its name', () => {
    const programme = programmes.plain!
    const story = given(opened(programme, START), earn, programme)
    expect(refused(story, { ...earn, id: 'e2', at: START + 1 }, programme, { now: START })).toMatchObject({ code: 'loyalty/in-the-future' })
    expect(refused(story, { ...earn, id: 'e2', at: START - 1 }, programme)).toMatchObject({ code: 'loyalty/before-account' })
    expect(refused(story, { ...earn, id: 'e2' }, programme)).toMatchObject({ code: 'loyalty/already-posted', details: { posting: 'o' } })
    expect(refused(story, earn, programme)).toMatchObject({ code: 'loyalty/already-posted', details: { posting: 'e' } })
    const yen = { id: 'o2', total: { amount: '10', currency: 'JPY' } }
    expect(refused(story, { ...earn, id: 'e3', order: yen }, programme)).toMatchObject({ code: 'loyalty/other-money' })
  })

  test('points beyond what a number holds are refused before they are posted', () => {
    const programme = defineProgramme({ id: 'p', currency: 'star', earn: [{ points: 1_000_000_000, per: eur('0.01') }] }).body
    const order = { id: 'o', total: eur('1000000.00') }
    expect(refused(opened(programme, START), { ...earn, order }, programme)).toMatchObject({ code: 'loyalty/points-out-of-range' })
  })

  test.each<[string, object]>([
    ['a currency with a blank', { currency: 'my star' }],
    ['a share above 1', { redeem: { points: 1, worth: eur('1.00'), maxShare: '1.5' } }],
    ['a factor below 1', { campaigns: [{ id: 'c', multiply: '0.5' }] }],
    ['a budget in money without a price', { campaigns: [{ id: 'c', multiply: '2', budget: { money: eur('5.00') } }] }],
    [
      'a budget in other money than its price',
      { campaigns: [{ id: 'c', multiply: '2', budget: { money: eur('5.00') }, costPerPoint: { amount: '1', currency: 'JPY' } }] },
    ],
    ['a limit on spending that limits nothing', { spendLimits: [{ id: 'daily', each: 'day' }] }],
    [
      'tiers that do not rise',
      {
        tiers: {
          tiers: [
            { id: 'a', from: 0 },
            { id: 'b', from: 0 },
          ],
          window: { kind: 'lifetime' },
        },
      },
    ],
    ['a floor above 0', { negative: { policy: 'debt', floor: 5 } }],
    ['an unknown zone', { zone: 'Mars/Base' }],
    [
      'two rules of one name',
      {
        earn: [
          { id: 'a', points: 1, event: 'x' },
          { id: 'a', points: 1, event: 'y' },
        ],
      },
    ],
  ])('a programme with %s is refused', (_, wrong) => {
    expect(() => defineProgramme({ id: 'p', currency: 'star', earn: [], ...wrong } as Parameters<typeof defineProgramme>[0])).toThrowError(
      expect.objectContaining({ code: 'core/invalid-input' }),
    )
  })
})

describe('verifyLedger', () => {
  /** Every way to change one number of an event that moves points. */
  function forged(event: LoyaltyEvent, by: number): readonly LoyaltyEvent[] {
    switch (event.type) {
      case 'loyalty.spent':
      case 'loyalty.expired':
      case 'loyalty.deducted':
      case 'loyalty.sent':
        return [
          { ...event, data: { ...event.data, points: event.data.points + by } } as LoyaltyEvent,
          ...(event.data.taken.length > 0 ? [{ ...event, data: { ...event.data, taken: event.data.taken.slice(1) } } as LoyaltyEvent] : []),
        ]
      case 'loyalty.reversed':
        return [{ ...event, data: { ...event.data, given: { ...event.data.given, points: event.data.given.points + by } } }]
      case 'loyalty.captured':
        return [{ ...event, data: { ...event.data, hold: 'no-such-hold' } }]
      default:
        return []
    }
  }

  test('names the first event that was forged, made twice, or put where it cannot be', { timeout: patience }, () => {
    let tried = 0
    fc.assert(
      fc.property(moves, anyProgramme, fc.integer({ min: 1, max: 1_000 }), fc.nat(), (list, of, by, pick) => {
        const { events } = tell(list, of.programme)
        const places = events.flatMap((event, n) => forged(event, by).map((one) => ({ n, one })))
        const place = places[pick % Math.max(1, places.length)]
        if (place) {
          tried++
          expect(verifyLedger(events.with(place.n, place.one))).toMatchObject({ event: place.n })
        }
        const posted = events.findIndex((event) => event.type === 'loyalty.earned' || event.type === 'loyalty.granted')
        if (posted >= 0)
          expect(verifyLedger(events.toSpliced(posted, 0, events[posted]!))).toMatchObject({ event: posted + 1, invariant: 'once' })
      }),
      check,
    )
    expect(tried).toBeGreaterThan(check.numRuns / 10)
  })
})
