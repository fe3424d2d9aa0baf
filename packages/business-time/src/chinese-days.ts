import type { LocalDate } from '@patronkit/core'
import { DAY } from '@patronkit/core/service'
import chineseDays from 'chinese-days'
import type { CalendarBody, TimeRange } from './definition.ts'
import { invalidInput, noHolidayData } from './refusals.ts'

/**
 * The public holidays of mainland China in the years stated, and the days worked in exchange for them (调休) with the hours
 * given, as `holidays` and `shifts` of a calendar. A notice can name days of the December before it: state that year's
 * successor too, and they are taken.
 *
 * @throws `time/no-holiday-data` for a year that `chinese-days` does not have, such as one that is not announced yet
 *
 * @example
 * ```ts
 * import { defineCalendar } from '@patronkit/business-time'
 * import { chineseHolidays } from '@patronkit/business-time/chinese-days'
 *
 * const day = [['09:00', '18:00']] as const
 * const week = { mon: day, tue: day, wed: day, thu: day, fri: day }
 * const shanghai = defineCalendar({ id: 'shanghai', zone: 'Asia/Shanghai', week, ...chineseHolidays({ years: [2024, 2025], hours: day }) })
 * console.log(shanghai.body.shifts['2024-02-04']) // a Sunday that is worked
 * ```
 */
export function chineseHolidays(i: {
  readonly years: readonly number[]
  readonly hours: readonly TimeRange[]
}): Pick<CalendarBody, 'holidays' | 'shifts'> {
  const days = i.years.flatMap((year) => {
    if (!Number.isInteger(year)) throw invalidInput('Chinese holidays', 'years', 'give whole years')
    const named = datesOf(year)
      .map((date) => ({ ...chineseDays.getDayDetail(localNoon(date)), date }))
      .filter(({ name }) => name.includes(','))
    // Every notice has a National Day; without it the year is not there, or is only the end of another's holidays.
    if (!named.some(({ date, work }) => date === `${year}-10-01` && !work)) throw noHolidayData('chinese-days', 'China', year)
    return named
  })
  return {
    holidays: days.filter(({ work }) => !work).map(({ date }) => date),
    shifts: Object.fromEntries(days.filter(({ work }) => work).map(({ date }) => [date, i.hours])),
  }
}

/** The library takes a text for midnight in UTC and asks for its day in the zone of the host, which may be another. */
function localNoon(date: LocalDate): Date {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number]
  return new Date(year, month - 1, day, 12)
}

function datesOf(year: number): LocalDate[] {
  const [first, last] = [Date.UTC(year, 0, 1), Date.UTC(year, 11, 31)]
  return Array.from({ length: (last - first) / DAY + 1 }, (_, k) => new Date(first + k * DAY).toISOString().slice(0, 10) as LocalDate)
}
