import { Lunar, LunarYear } from 'lunar-typescript'
import type { LunarCalendar, LunarDay } from './care.ts'
import { refusal } from './refusals.ts'

/** The years for which lunar-typescript agrees with the observatories' tables. */
const FIRST = 1900
const LAST = 2100

/** Days of each month by `year/month`, a leap month negative; a lunar year costs lunar-typescript far more than a look-up. */
const years = new Map<number, ReadonlyMap<number, { readonly first: number; readonly days: number }>>()
const DAY = 86_400_000

function monthsOf(year: number) {
  let months = years.get(year)
  if (!months) {
    const own = LunarYear.fromYear(year).getMonthsInYear()
    months = new Map(own.map((month) => [month.getMonth(), { first: firstDay(year, month.getMonth()), days: month.getDayCount() }]))
    years.set(year, months)
  }
  return months
}

const firstDay = (year: number, month: number): number => Date.parse(`${Lunar.fromYmd(year, month, 1).getSolar().toYmd()}T00:00:00Z`) / DAY

/** Day number (days since 1970-01-01) of a lunar date; null where the year has no such month or day. */
function dayOfLunar({ year, month, day, leapMonth }: LunarDay): number | null {
  if (!Number.isInteger(year) || year < FIRST || year > LAST || !Number.isInteger(month) || month < 1) return null
  const found = monthsOf(year).get(leapMonth ? -month : month)
  return found && Number.isInteger(day) && day >= 1 && day <= found.days ? found.first + day - 1 : null
}

/** The Chinese lunar calendar from 1900 to 2100, by lunar-typescript, each year read once. */
export const chineseCalendar: LunarCalendar = { dayOf: dayOfLunar, firstYear: FIRST, lastYear: LAST }

/** The solar date, `YYYY-MM-DD`, of a lunar one. A date that does not exist is refused. */
export function lunarToSolar(i: LunarDay): string {
  const day = dayOfLunar(i)
  if (day === null) throw refusal({ code: 'loyalty/no-lunar-date', details: { year: i.year, month: i.month, day: i.day } })
  return new Date(day * DAY).toISOString().slice(0, 10)
}
