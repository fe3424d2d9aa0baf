import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  alwaysOpen,
  type ClockMove,
  climb,
  compileCalendar,
  countedAt,
  defineCalendar,
  foldClock,
  IDLE,
  moveClock,
  nextRungAt,
  OVER,
  reaches,
  rungsOf,
} from '../src/index.ts'
import { settings } from './settings.ts'

const office = compileCalendar({
  calendar: defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] } }),
})
const HOUR = 3_600_000
const mon = (time: string) => Date.parse(`2026-11-23T${time}:00+01:00`)
const tue = (time: string) => Date.parse(`2026-11-24T${time}:00+01:00`)
const moves = (...list: readonly (readonly [ClockMove, number])[]) => list.map(([move, at]) => ({ move, at }))

test('a clock counts while it runs and its calendar is open', () => {
  const clock = foldClock(moves(['start', mon('08:00')], ['pause', mon('10:00')], ['resume', mon('16:00')], ['stop', tue('09:30')]), office)
  expect(clock).toEqual({ phase: 'stopped', startedAt: mon('08:00'), since: tue('09:30'), countedMs: 2.5 * HOUR })
  expect(countedAt(clock, tue('17:00'), office)).toBe(2.5 * HOUR)
})

test('a move that means nothing changes nothing', () => {
  const running = foldClock(moves(['start', mon('09:00')]), office)
  expect(moveClock(running, 'resume', mon('10:00'), office)).toBe(running)
  expect(moveClock(IDLE, 'pause', mon('10:00'), office)).toBe(IDLE)
  const cancelled = moveClock(running, 'cancel', mon('10:00'), office)
  for (const move of ['start', 'pause', 'resume', 'stop', 'cancel'] as const)
    expect(moveClock(cancelled, move, mon('11:00'), office)).toBe(cancelled)
})

test('only a running clock will ever reach an amount', () => {
  const running = foldClock(moves(['start', mon('16:00')]), office)
  expect(reaches(running, 2 * HOUR, office)).toBe(tue('10:00'))
  expect(reaches(moveClock(running, 'pause', mon('16:30'), office), 2 * HOUR, office)).toBeNull()
  const once = compileCalendar({
    calendar: defineCalendar({ id: 'once', zone: 'UTC', week: {}, shifts: { '2026-11-23': [['09:00', '10:00']] } }),
  })
  expect(reaches(foldClock(moves(['start', mon('08:00')]), once), 2 * HOUR, once)).toBeNull()
})

test('however a clock is moved, it has counted the open time of its running stretches', () => {
  const step = fc.tuple(fc.constantFrom<ClockMove>('start', 'pause', 'resume', 'stop'), fc.integer({ min: 0, max: 14 * 24 * 3_600 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const sorted = [...steps].sort((a, b) => a[1] - b[1]).map(([move, s]) => [move, mon('00:00') + s * 1_000] as const)
      let running = false
      let started = false
      let sum = 0
      for (const [i, [move, at]] of sorted.entries()) {
        if (move === 'start' && !started) running = started = true
        else if (move === 'resume' && started) running = true
        else if (move === 'pause' || move === 'stop') running = false
        if (running) sum += office.within(at, sorted[i + 1]?.[1] ?? mon('23:00') + 20 * 24 * HOUR)
      }
      expect(countedAt(foldClock(moves(...sorted), office), mon('23:00') + 20 * 24 * HOUR, office)).toBe(sum)
    }),
    settings,
  )
})

test('a ladder has a rung for each warning and one for the first millisecond over', () => {
  const rungs = rungsOf(4 * HOUR, [75, 50])
  expect(rungs).toEqual([
    { step: '50%', atMs: 2 * HOUR },
    { step: '75%', atMs: 3 * HOUR },
    { step: OVER, atMs: 4 * HOUR + 1 },
  ])
  const clock = foldClock(moves(['start', mon('14:00')]), office)
  expect(climb(clock, rungs, [], mon('17:00'), office).map(({ step, at }) => [step, at])).toEqual([
    ['50%', mon('16:00')],
    ['75%', mon('17:00')],
  ])
  expect(nextRungAt(clock, rungs, ['50%', '75%'], office)).toBe(tue('10:00') + 1)
  expect(climb(clock, rungs, ['50%', '75%', OVER], tue('17:00'), office)).toEqual([])
})

test('on wall time a clock never sleeps', () => {
  const clock = foldClock(moves(['start', mon('16:00')], ['stop', tue('16:00')]), alwaysOpen)
  expect(clock.countedMs).toBe(24 * HOUR)
})
