import { defineCalendar, type TimeRange } from '../src/calendar.ts'

const nine: readonly TimeRange[] = [['09:00', '17:00']]
const fiveDays = { mon: nine, tue: nine, wed: nine, thu: nine, fri: nine }

/** Mondays to Fridays, 09:00 to 17:00. */
export const weekdays = (zone: string, id = 'weekdays') => defineCalendar({ id, zone, week: fiveDays })

/** Open on one date and never again. */
export const oneSunday = defineCalendar({ id: 'one-sunday', zone: 'Europe/Rome', shifts: { '2026-12-27': nine } })

/** Around the clock, every day, in a zone with summer time. */
export const roundTheClock = (zone: string) => {
  const day: readonly TimeRange[] = [['00:00', '24:00']]
  return defineCalendar({ id: 'round-the-clock', zone, week: { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day } })
}
