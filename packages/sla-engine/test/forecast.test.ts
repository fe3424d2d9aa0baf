import { compileCalendar, defineCalendar } from '@patronkit/business-time'
import { seededRandom } from '@patronkit/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { type Lifetime, longerThan, medianEstimate, medianFrom, survivalOf } from '../src/figures/survival.ts'
import { countLoad, learnPace } from '../src/forecast.ts'
import { clockOf, HOUR, itemOf, items } from './items.ts'

const hours: [string, string][] = [['09:00', '17:00']]
const office = compileCalendar({
  calendar: defineCalendar({ id: 'office', zone: 'UTC', week: { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours } }),
})

describe('the share that takes longer', () => {
  /** Remission in weeks under 6-mercaptopurine (Freireich and others, 1963), as in Kalbfleisch and Prentice, table 1.1. */
  const weeks = '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+'
  const remission = survivalOf(weeks.split(' ').map((text): Lifetime => ({ ms: Number.parseInt(text, 10), ended: !text.endsWith('+') })))

  test('is what the textbook has for the leukaemia data, with its log-log intervals', () => {
    const rows = [6, 7, 10, 13, 16, 22, 23].map((ms) => {
      const { value, low, high } = longerThan(remission, ms, -1, 0.95)!
      return [value.toFixed(3), low.toFixed(3), high.toFixed(3)].join(' ')
    })
    expect(rows).toEqual([
      '0.857 0.620 0.952',
      '0.807 0.563 0.923',
      '0.753 0.503 0.889',
      '0.690 0.432 0.849',
      '0.627 0.368 0.805',
      '0.538 0.268 0.747',
      '0.448 0.188 0.680',
    ])
    expect(medianEstimate(remission, 0.95)).toEqual({ value: 23, low: 13, high: null })
  })

  test('given an age, is that of those who reached it alone', () => {
    const older = survivalOf([10, 13, 16, 22, 23].map((ms) => ({ ms, ended: true })))
    const all = survivalOf([1, 2, 2, 5, 10, 13, 16, 22, 23].map((ms) => ({ ms, ended: true })))
    for (const ms of [10, 12, 16, 22.5]) {
      const [given, alone] = [longerThan(all, ms, 5, 0.9)!, longerThan(older, ms, -1, 0.9)!]
      for (const bound of ['value', 'low', 'high'] as const) expect(given[bound]).toBeCloseTo(alone[bound], 12)
    }
    expect(medianFrom(all, 5)).toBe(16)
  })

  test('none or all ended has the exact interval of a share of 1 or 0, and nobody known of that age is no answer', () => {
    const ten = survivalOf(Array.from({ length: 10 }, () => ({ ms: 5, ended: true })))
    expect(longerThan(ten, 4, 0, 0.95)).toEqual({ value: 1, low: 0.025 ** 0.1, high: 1 })
    expect(longerThan(ten, 5, 0, 0.95)).toEqual({ value: 0, low: 0, high: 1 - 0.025 ** 0.1 })
    expect(longerThan(ten, 9, 5, 0.95)).toBeNull()
    expect(longerThan(survivalOf([]), 1, 0, 0.95)).toBeNull()
  })

  test('without open ones is the plain share, for any lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: -1, max: 30 }),
        fc.integer({ min: 0, max: 31 }),
        (lengths, age, ms) => {
          const survival = survivalOf(lengths.map((length) => ({ ms: length, ended: true })))
          const older = lengths.filter((length) => length > age)
          const estimate = longerThan(survival, ms, age, 0.9)
          if (older.length === 0) return void expect(estimate).toBeNull()
          expect(estimate!.value).toBeCloseTo(older.filter((length) => length > Math.max(ms, age)).length / older.length, 10)
          expect(estimate!.low <= estimate!.value + 1e-12 && estimate!.value <= estimate!.high + 1e-12).toBe(true)
        },
      ),
      runs(10_000, 'random lifetimes compared with plain shares'),
    )
  })
})

describe('a forecast', () => {
  const stopped = (n: number, workedMs: number, priority = 'P1') =>
    itemOf(`old-${priority}-${n}`, [clockOf({ workedMs, targetMs: 100 * HOUR })], { priority })
  const open = (workedMs: number, targetMs: number, priority = 'P1', state: 'running' | 'paused' = 'running') =>
    itemOf('open', [clockOf({ state, workedMs, targetMs })], { priority })
  const monday = '2026-11-23T09:00:00Z'

  test('is the share of past clocks of that age that went on beyond the target', () => {
    const count = learnPace({ by: ['metric'] })
    for (let n = 1; n <= 100; n++) count.add(stopped(n, n * HOUR))
    const pace = count.pace({ at: monday, calendarOf: () => office })
    // 60 took longer than 40 h, and of those 20 longer than 80 h
    const [forecast] = pace.forecast(open(40 * HOUR, 80 * HOUR))
    expect(forecast!.breach!.value).toBeCloseTo(20 / 60, 10)
    expect(forecast).toMatchObject({
      leftMs: 40 * HOUR,
      medianLeftMs: 30 * HOUR,
      basis: { by: ['metric'], of: ['resolution'], clocks: 60 },
    })
    // 30 working hours from Monday at nine: Thursday at three
    expect(forecast!.stopsAt).toEqual(new Date('2026-11-26T15:00:00Z'))
  })

  test('likens first to the most telling clocks, and falls back where too few are known', () => {
    const count = learnPace({ by: ['metric', { attribute: 'priority' }], least: 20 })
    for (let n = 1; n <= 30; n++) count.add(stopped(n, n * HOUR))
    for (let n = 1; n <= 30; n++) count.add(stopped(n, 50 * HOUR, 'P2'))
    const pace = count.pace({ at: monday })
    expect(pace.forecast(open(5 * HOUR, 20 * HOUR))[0]!.basis).toEqual({ by: ['metric', 'priority'], of: ['resolution', 'P1'], clocks: 25 })
    expect(pace.forecast(open(25 * HOUR, 40 * HOUR))[0]!.basis).toEqual({ by: ['metric'], of: ['resolution'], clocks: 35 })
    expect(pace.forecast(open(60 * HOUR, 90 * HOUR))[0]).toMatchObject({
      breach: null,
      medianLeftMs: null,
      basis: { by: [], of: [], clocks: 0 },
    })
    expect(pace.forecast(open(HOUR, 2 * HOUR, 'P7'))[0]!.basis.by).toEqual(['metric'])
  })

  test('a broken clock is certain, a paused one has no instant, and stopped ones are none', () => {
    const count = learnPace({ by: ['metric'], least: 1 })
    for (let n = 1; n <= 5; n++) count.add(stopped(n, n * HOUR))
    const pace = count.pace({ at: monday, calendarOf: () => office })
    const broken = itemOf('b', [clockOf({ state: 'breached', stoppedAt: null, workedMs: 3 * HOUR, targetMs: 2 * HOUR })])
    expect(pace.forecast(broken)[0]!.breach).toEqual({ value: 1, low: 1, high: 1 })
    expect(pace.forecast(open(HOUR, 2 * HOUR, 'P1', 'paused'))[0]).toMatchObject({ stopsAt: null, medianLeftMs: 2 * HOUR })
    expect(pace.forecast(stopped(1, HOUR))).toEqual([])
  })

  test('comes true as often as it says: lengths drawn at random, half of them cut off', () => {
    const bytes = seededRandom(7)
    const chance = () => new DataView(bytes(4).buffer).getUint32(0) / 2 ** 32
    const [age, target] = [3 * HOUR, 8 * HOUR]
    const draw = () => -Math.log(1 - chance()) * 5 * HOUR
    const truth = Math.exp(-(8 - 3) / 5)
    let held = 0
    const rounds = 300
    for (let round = 0; round < rounds; round++) {
      const lifetimes = Array.from({ length: 120 }, (): Lifetime => {
        const [length, cut] = [draw(), draw() * 2]
        return { ms: Math.min(length, cut), ended: length <= cut }
      })
      const { low, high } = longerThan(survivalOf(lifetimes), target, age, 0.9)!
      if (low <= truth && truth <= high) held++
    }
    // 90 % of 300 is 270; six standard deviations are 31
    expect(held).toBeGreaterThan(239)
    expect(held).toBeLessThanOrEqual(rounds)
  })
})

describe('the load ahead', () => {
  const due = (id: string, dueAt: string, team = 'north') => itemOf(id, [clockOf({ state: 'running', dueAt: new Date(dueAt) })], { team })
  const friday = '2026-11-27T16:00:00Z'

  test('puts each clock into the working hour in which it falls due; over the weekend it is due by Friday evening', () => {
    const count = countLoad({ calendar: office, at: friday, hours: 3, by: { attribute: 'team' } })
    for (const one of [
      due('1', '2026-11-27T16:30:00Z'),
      due('2', '2026-11-27T17:00:00Z'),
      due('3', '2026-11-28T12:00:00Z', 'south'),
      due('4', '2026-11-30T09:00:00.001Z'),
      due('5', '2026-11-30T10:00:00Z'),
      due('6', '2026-12-04T10:00:00Z'),
      itemOf('7', [
        clockOf({ state: 'paused' }),
        clockOf({ state: 'breached', stoppedAt: null }),
        clockOf({ state: 'met' }),
        clockOf({ state: 'cancelled' }),
      ]),
    ])
      count.add(one)
    const { hours: ahead, atOnce, later, over, paused } = count.load()
    expect(ahead.map(({ from, to, clocks }) => [from.toISOString().slice(8, 16), to.toISOString().slice(8, 16), clocks])).toEqual([
      ['27T16:00', '27T17:00', 3],
      ['30T09:00', '30T10:00', 2],
      ['30T10:00', '30T11:00', 0],
    ])
    expect(ahead[0]!.by).toEqual([
      { of: 'north', clocks: 2 },
      { of: 'south', clocks: 1 },
    ])
    expect([atOnce.clocks, later.clocks, over.clocks, paused.clocks]).toEqual([0, 1, 1, 1])
  })

  test('what is due before the calendar opens is due at once', () => {
    const count = countLoad({ calendar: office, at: '2026-11-28T12:00:00Z' })
    count.add(due('1', '2026-11-29T12:00:00Z'))
    expect(count.load().atOnce).toEqual({ clocks: 1, by: [] })
  })

  test('every open clock with a target is counted exactly once', () => {
    fc.assert(
      fc.property(items, (all) => {
        const count = countLoad({ calendar: office, at: '2026-02-02T03:00:00Z', hours: 5, by: 'metric' })
        for (const item of all) count.add(item)
        const { hours: ahead, ...rest } = count.load()
        const counted = [...ahead, ...Object.values(rest)]
        const expected = all
          .flatMap(({ clocks }) => clocks)
          .filter(({ state, stoppedAt }) => state === 'running' || state === 'paused' || (state === 'breached' && !stoppedAt))
        expect(counted.reduce((sum, { clocks }) => sum + clocks, 0)).toBe(expected.length)
        for (const { clocks, by } of counted) expect(by.reduce((sum, one) => sum + one.clocks, 0)).toBe(clocks)
      }),
      runs(2_000, 'random sets of items whose load ahead is counted'),
    )
  })
})
