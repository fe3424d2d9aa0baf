import { DAY } from '@patronkit/core/service'
import { neverOpen } from './refusals.ts'
import { readWallTime } from './wall.ts'
import type { WorkingCalendar } from './working-calendar.ts'
import { openZone, type Zone } from './zone.ts'

/** Until when, counted in whole working days: by the end of the n-th, or by a wall time of it. */
export interface DayEnd {
  /** 0 is the working day on which it starts, 1 the next one. */
  readonly days: number
  /** Wall time of that day instead of its last close. */
  readonly by?: string
  /** What starts at or after this wall time counts as of the next working day; so does what starts after the last close. */
  readonly cutOff?: string
}

/** How far a working day is looked for: longer than any holidays, and an end for a calendar that never opens again. */
const FURTHEST_DAYS = 400

/**
 * The instant at which the n-th working day ends. A working day is a local date with open time in the calendar's zone; hours
 * that run over midnight end their day at midnight.
 *
 * @example
 * ```ts
 * import { compileCalendar, defineCalendar, workingDayEnd } from '@patronkit/business-time'
 *
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] } })
 * const calendar = compileCalendar({ calendar: office })
 * const end = workingDayEnd(calendar, Date.parse('2026-11-23T15:30:00+01:00'), { days: 0, cutOff: '15:00' })
 * console.log(new Date(end).toISOString()) // 2026-11-24T16:00:00.000Z: too late for Monday
 * ```
 */
export function workingDayEnd(calendar: WorkingCalendar, at: number, end: DayEnd): number {
  const zone = openZone(calendar.zone)
  zone.cover(at - 3 * DAY, at + (FURTHEST_DAYS + 3) * DAY)
  const today = dayOf(zone, at)
  let left = end.days
  for (let day = today; day <= today + FURTHEST_DAYS; day++) {
    const closes = lastClose(calendar, zone, day)
    if (closes === null || (day === today && tooLate(zone, day, at, closes, end.cutOff))) continue
    if (left-- > 0) continue
    return end.by === undefined ? closes : zone.resolve(day * DAY + readWallTime(end.by)!)
  }
  throw neverOpen(calendar.zone, 'after', at)
}

const tooLate = (zone: Zone, day: number, at: number, closes: number, cutOff: string | undefined): boolean =>
  at >= closes || (cutOff !== undefined && at >= zone.resolve(day * DAY + readWallTime(cutOff)!))

/** When a local date closes for the last time; null when it never opens. */
const lastClose = (calendar: WorkingCalendar, zone: Zone, day: number): number | null =>
  calendar.intervals(zone.resolve(day * DAY), zone.resolve((day + 1) * DAY)).at(-1)?.[1] ?? null

const dayOf = (zone: Zone, at: number): number => Math.floor((at + zone.offsetAt(at)) / DAY)
