import type { Duration, Instant, WorkingDuration } from '@patronkit/core'
import { durationSchema, parse, toMs, workingMs } from '@patronkit/core/service'
import { type AnyCalendar, indexOf } from './compiled.ts'
import { badAmount, wallDuration } from './refusals.ts'

/**
 * The instant at which a working duration has passed. Time that ends exactly at a close answers the close, as a deadline
 * should show it; `exactEnd: 'next-opening'` answers the opening that follows. `workingDays` is the n-th working day after
 * the local date of `at`, at the same wall time, moved to the next open instant. An amount of 0 moves likewise.
 *
 * @throws `time/wall-duration` for `{ hours }`, `time/bad-amount`, `time/never-open`, `time/beyond-horizon`
 *
 * @example
 * ```ts
 * import { addWorkingTime, defineCalendar } from '@patronkit/business-time'
 *
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] } })
 * const due = addWorkingTime({ calendar: office, at: '2026-11-23T16:30:00+01:00', duration: { workingHours: 1 } })
 * console.log(due.toISOString()) // 2026-11-24T08:30:00.000Z
 * ```
 */
export function addWorkingTime(i: {
  readonly calendar: AnyCalendar
  readonly at: Instant
  readonly duration: Duration
  readonly exactEnd?: 'close' | 'next-opening'
}): Date {
  const index = indexOf(i.calendar)
  const at = toMs(i.at, 'at')
  const duration = readDuration(i.duration)
  const end = duration.workingDays === undefined ? index.add(at, workingMs(duration)) : index.addDays(at, duration.workingDays)
  return new Date(i.exactEnd === 'next-opening' ? index.nextOpening(end) : end)
}

/**
 * The instant from which a working duration leads to `at`. Time that starts exactly at an opening answers that opening.
 * An amount of 0, and the wall time of the n-th working day before, move back to the last instant that is open or a close.
 *
 * @throws the same errors as {@link addWorkingTime}
 */
export function subtractWorkingTime(i: { readonly calendar: AnyCalendar; readonly at: Instant; readonly duration: Duration }): Date {
  const index = indexOf(i.calendar)
  const at = toMs(i.at, 'at')
  const duration = readDuration(i.duration)
  return new Date(
    duration.workingDays === undefined ? index.subtract(at, workingMs(duration)) : index.subtractDays(at, duration.workingDays),
  )
}

/** Working time in [from, to), in milliseconds; 0 where `to` is before `from`. */
export function workingTimeBetween(i: { readonly calendar: AnyCalendar; readonly from: Instant; readonly to: Instant }): number {
  return indexOf(i.calendar).within(toMs(i.from, 'from'), toMs(i.to, 'to'))
}

function readDuration(duration: Duration): WorkingDuration {
  const units = Object.entries(duration ?? {}).filter(([, value]) => value !== undefined)
  if (units.length > 0 && units.every(([unit]) => WALL.has(unit))) throw wallDuration(units.map(([unit]) => unit))
  for (const [unit, value] of units) {
    if (typeof value !== 'number') continue
    const whole = unit !== 'workingDays' || Number.isInteger(value)
    if (!(whole && value >= 0 && value < Number.POSITIVE_INFINITY)) throw badAmount(value, unit)
  }
  const known = units.every(([unit, value]) => WORKING.has(unit) && typeof value === 'number')
  const days = units.some(([unit]) => unit === 'workingDays')
  // The schema names what is wrong. How much is too much is for the calendar's horizon to say, so good shapes do not pass it.
  if (!known || units.length === 0 || (days && units.length > 1)) parse(durationSchema, duration, 'duration')
  return duration as WorkingDuration
}

const WALL = new Set(['days', 'hours', 'minutes', 'seconds'])
const WORKING = new Set(['workingDays', 'workingHours', 'workingMinutes', 'workingSeconds'])
