import { describe, expect, test } from 'vitest'
import { balanceAt, type Command, type Order, type Programme } from '../src/index.ts'
import { given, opened, refused, type Story } from '../src/testing.ts'
import { DAY, eur, START } from './histories.ts'

/** What no verb does alone: refunds of what waits, of what expired, of what was paid for by points; rules that changed in between. */

const plain: Programme = { currency: 'star', earn: [{ points: 1, per: eur('1.00') }], redeem: { points: 100, worth: eur('1.00') } }
const order = (id: string, total: string, more: Partial<Order> = {}): Order => ({ id, total: eur(total), ...more })
const granted = (programme: Programme, points: number): Story =>
  given(opened(programme, START), { type: 'grant', id: 'g', at: START, lots: [{ points, expiresAt: null }], reason: 'x' }, programme)
const earn = (id: string, total: string, at = START): Command => ({ type: 'earn', id: `e-${id}`, at, order: order(id, total) })

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

  test('points that were over before they arrived pay no debt', () => {
    const owing: Programme = { ...plain, negative: { policy: 'debt', floor: -100 } }
    const indebted = given(opened(owing, START), { type: 'deduct', id: 'd', at: START, points: 50, reason: 'x' }, owing)
    const stale = [{ points: 50, earnedAt: START, expiresAt: START + DAY }]
    const late = given(indebted, { type: 'grant', id: 'old', at: START + 2 * DAY, lots: stale, reason: 'import' }, owing)
    expect(balanceAt(late.state, owing, START + 2 * DAY)).toMatchObject({ posted: 0, debt: 50 })
  })
})
