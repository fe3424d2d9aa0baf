import type { Instant, LocalDate } from '@patronkit/core'
import { DAY, parse, toMs } from '@patronkit/core/service'
import { z } from 'zod'
import { type CalendarDefinition, localDate, wallTime } from './definition.ts'
import type { Hours } from './hours.ts'
import { beyondHorizon, EARLIEST, LATEST } from './refusals.ts'
import { isHolidayOn, type Rules, readRules } from './rules.ts'
import { readLocalDate, readWallTime } from './wall.ts'
import { openZone, type Zone } from './zone.ts'

/** True while the local date is one of the calendar's holidays, from its first instant to its last. */
export function isHoliday(i: { readonly calendar: CalendarDefinition; readonly at: Instant }): boolean {
  const { rules, zone } = read(i.calendar)
  return isHolidayOn(rules, dayOf(zone, known(i.calendar, zone, toMs(i.at, 'at'))))
}

/** True inside one of the calendar's breaks, whether or not it would be open without it. */
export function isBreak(i: { readonly calendar: CalendarDefinition; readonly at: Instant }): boolean {
  const { rules, zone } = read(i.calendar)
  const at = known(i.calendar, zone, toMs(i.at, 'at'))
  const today = dayOf(zone, at)
  const covers = (day: number) => (range: Hours) => zone.resolve(day * DAY + range.from) <= at && at < zone.resolve(day * DAY + range.to)
  // The day before may reach over midnight, and a date that the zone left out moves by a whole day.
  return [today - 2, today - 1, today].some((day) => rules.breaks.get(day)?.some(covers(day)) ?? false)
}

const localTime = z.object({ date: localDate, time: wallTime })

/**
 * The instant of a wall time in a calendar's zone. A time that a gap skips moves forward by the gap's length; a repeated
 * time is its first occurrence; 24:00 is the next midnight.
 *
 * @example
 * ```ts
 * import { defineCalendar, localInstant } from '@patronkit/business-time'
 *
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * const spring = localInstant({ calendar: office, date: '2026-03-29', time: '02:30' })
 * console.log(spring.toISOString()) // 2026-03-29T01:30:00.000Z, which is 03:30 in Rome
 * ```
 */
export function localInstant(i: { readonly calendar: CalendarDefinition; readonly date: LocalDate; readonly time: string }): Date {
  const { date, time } = parse(localTime, { date: i.date, time: i.time }, 'local time')
  const { zone } = read(i.calendar)
  const wall = readLocalDate(date)! * DAY + readWallTime(time)!
  zone.cover(wall - 3 * DAY, wall + 3 * DAY)
  return new Date(zone.resolve(wall))
}

const readings = new WeakMap<CalendarDefinition, { readonly rules: Rules; readonly zone: Zone }>()

function read(calendar: CalendarDefinition): { readonly rules: Rules; readonly zone: Zone } {
  let reading = readings.get(calendar)
  if (!reading) {
    reading = { rules: readRules(calendar.body), zone: openZone(calendar.body.zone) }
    readings.set(calendar, reading)
  }
  return reading
}

/** Makes the zone known around an instant of the horizon. */
function known(calendar: CalendarDefinition, zone: Zone, at: number): number {
  if (at < EARLIEST || at > LATEST) throw beyondHorizon(calendar.id, `the instant ${at} ms lies outside`)
  zone.cover(at - 4 * DAY, at + 4 * DAY)
  return at
}

const dayOf = (zone: Zone, at: number): number => Math.floor((at + zone.offsetAt(at)) / DAY)
