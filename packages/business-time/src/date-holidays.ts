import type { LocalDate } from '@patronkit/core'
import { DAY, HOUR } from '@patronkit/core/service'
import Holidays from 'date-holidays'
import type { CalendarBody, TimeRange } from './definition.ts'
import { noHolidayData } from './refusals.ts'

/** The years for which the provider has every calendar that it counts in; it leaves Islamic holidays out of others in silence. */
const [FIRST, LAST] = [1970, 2076]

/**
 * The public holidays of a country, or of a state or region of it, in the years stated: whole days as `holidays`, parts of a
 * day as `breaks`, with the days that stand in for others.
 *
 * @throws `time/no-holiday-data` for a place that `date-holidays` does not know, or a year outside 1970 to 2076
 *
 * @example
 * ```ts
 * import { defineCalendar } from '@patronkit/business-time'
 * import { publicHolidays } from '@patronkit/business-time/date-holidays'
 *
 * const closed = publicHolidays({ country: 'DE', state: 'BY', years: [2026, 2027] })
 * const munich = defineCalendar({ id: 'munich', zone: 'Europe/Berlin', week: { mon: [['09:00', '17:00']] }, ...closed })
 * console.log(munich.body.holidays.includes('2026-01-06')) // true
 * ```
 */
export function publicHolidays(i: {
  /** ISO 3166 code: `DE`. */
  readonly country: string
  readonly state?: string
  readonly region?: string
  readonly years: readonly number[]
}): Pick<CalendarBody, 'holidays' | 'breaks'> {
  const place = [i.country, i.state, i.region].filter((part) => part !== undefined)
  const provider = new Holidays()
  const [country = '', state = '', region = ''] = place
  const known =
    country in (provider.getCountries() ?? {}) &&
    (i.state === undefined || state in (provider.getStates(country) ?? {})) &&
    (i.region === undefined || region in (provider.getRegions(country, state) ?? {}))
  if (known) provider.init(country, state, region)

  const holidays = new Set<LocalDate>()
  const breaks = new Map<LocalDate, readonly TimeRange[]>()
  for (const year of i.years) {
    const found = known && year >= FIRST && year <= LAST ? provider.getHolidays(year).filter(({ type }) => type === 'public') : []
    if (found.length === 0) throw noHolidayData('date-holidays', place.join('-'), year)
    for (const { date, start, end } of found) {
      // The text has the local date and time; the instants only say how long it lasts, an hour more or less at a clock change.
      const midnight = Date.parse(`${date.slice(0, 10)}T00:00:00Z`)
      const begins = Date.parse(`${date.slice(0, 10)}T${date.slice(11, 19)}Z`)
      const ends = begins + wholeDays(end.getTime() - start.getTime(), begins - midnight)
      for (let day = midnight; day < ends; day += DAY) {
        const [from, to] = [Math.max(begins, day) - day, Math.min(ends - day, DAY)]
        if (to - from === DAY) holidays.add(dateOf(day))
        else breaks.set(dateOf(day), [...(breaks.get(dateOf(day)) ?? []), [clockOf(from), clockOf(to)]])
      }
    }
  }
  return { holidays: [...holidays].sort(), breaks: Object.fromEntries([...breaks].filter(([date]) => !holidays.has(date))) }
}

/** A length that ends within an hour of a midnight ends at it. */
function wholeDays(length: number, after: number): number {
  const end = Math.round((after + length) / DAY) * DAY
  return Math.abs(end - after - length) <= HOUR ? end - after : length
}

const dateOf = (ms: number): LocalDate => new Date(ms).toISOString().slice(0, 10) as LocalDate
const clockOf = (ms: number): string => (ms === DAY ? '24:00' : new Date(ms).toISOString().slice(11, 16))
