import { DAY } from '@patronkit/core/service'
import { badAmount, beyondHorizon, notAnInstant } from './refusals.ts'
import type { WorkingCalendar } from './working-calendar.ts'

/** The span of a JavaScript Date, ±100 million days around 1970. */
const FURTHEST = 8.64e15

/**
 * The calendar that never closes: working time is wall time, a day is 86,400 s. Closed form, no zone tables, over the whole
 * span of a Date.
 */
export const alwaysOpen: WorkingCalendar = Object.freeze({
  zone: 'UTC',
  add: (at: number, ms: number): number => instant(instant(at) + amount(ms, 'ms')),
  subtract: (at: number, ms: number): number => instant(instant(at) - amount(ms, 'ms')),
  within: (from: number, to: number): number => Math.max(0, instant(to) - instant(from)),
  isOpen: (at: number): boolean => Number.isFinite(instant(at)),
  nextOpening: (at: number): number => instant(at),
  previousOpening: (at: number): number => instant(at),
  addDays: (at: number, days: number): number => instant(instant(at) + wholeDays(days) * DAY),
  subtractDays: (at: number, days: number): number => instant(instant(at) - wholeDays(days) * DAY),
  intervals: (from: number, to: number) => (instant(from) < instant(to) ? [[instant(from), instant(to)] as const] : []),
})

function instant(at: number): number {
  if (!(Math.abs(at) <= FURTHEST)) {
    throw Number.isFinite(at) ? beyondHorizon('always-open', `${at} ms is outside every Date`) : notAnInstant('always-open', at)
  }
  return Math.floor(at)
}

function amount(ms: number, unit: string): number {
  if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw badAmount(ms, unit)
  return Math.round(ms)
}

function wholeDays(days: number): number {
  if (!Number.isInteger(days)) throw badAmount(days, 'workingDays')
  return amount(days, 'workingDays')
}
