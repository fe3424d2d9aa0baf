import { DAY } from '@patronkit/core/service'
import type { Weekday, YearlyRule } from './definition.ts'
import { type Hours, lengthOf, readHours } from './hours.ts'
import { weekdayOf } from './wall.ts'

/** What the yearly rules say of a day: the hours it has instead, none of them for a holiday; undefined for any other day. */
export type Yearly = (day: number) => readonly Hours[] | undefined

/** Reads yearly rules. The days of a year are worked out when it is first asked for. */
export function readYearly(rules: readonly YearlyRule[]): Yearly {
  if (rules.length === 0) return () => undefined
  const read = rules.map((rule) => ({ rule, hours: readHours(rule.hours ?? []) }))
  const years = new Map<number, ReadonlyMap<number, readonly Hours[]>>()
  return (day) => {
    const year = new Date(day * DAY).getUTCFullYear()
    let days = years.get(year)
    if (!days) {
      days = daysOf(year, read)
      years.set(year, days)
    }
    return days.get(day)
  }
}

/** Where two rules meet on a day, the one that leaves fewer hours counts: a holiday wins over a short day. */
function daysOf(year: number, rules: readonly { rule: YearlyRule; hours: readonly Hours[] }[]): ReadonlyMap<number, readonly Hours[]> {
  const days = new Map<number, readonly Hours[]>()
  for (const { rule, hours } of rules) {
    if (year < (rule.from ?? year) || year > (rule.to ?? year)) continue
    const day = dayIn(year, rule.on)
    if (day === undefined) continue
    const before = days.get(day)
    if (!before || lengthOf(before) > lengthOf(hours)) days.set(day, hours)
  }
  return days
}

/** The day number on which a rule falls; undefined in a year that has no such day (29 February, a fifth Friday). */
function dayIn(year: number, on: YearlyRule['on']): number | undefined {
  if (typeof on === 'string') {
    const [month, date] = on.split('-').map(Number) as [number, number]
    const day = Date.UTC(year, month - 1, date) / DAY
    return new Date(day * DAY).getUTCMonth() === month - 1 ? day : undefined
  }
  if ('easter' in on) return easterSunday(year) + on.easter
  return nthWeekday(year, on.month, WEEKDAYS.indexOf(on.weekday), on.nth)
}

const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

function nthWeekday(year: number, month: number, weekday: number, nth: number): number | undefined {
  const first = Date.UTC(year, month - 1, 1) / DAY
  const after = Date.UTC(year, month, 1) / DAY
  const day =
    nth > 0
      ? first + ((weekday - weekdayOf(first) + 7) % 7) + (nth - 1) * 7
      : after - 1 - ((weekdayOf(after - 1) - weekday + 7) % 7) + (nth + 1) * 7
  return day >= first && day < after ? day : undefined
}

/** Western Easter of the Gregorian calendar: Meeus, "Astronomical Algorithms" (1991), chapter 8, after Butcher (1876). */
function easterSunday(year: number): number {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const d = Math.floor(b / 4)
  const e = b % 4
  const f = Math.floor((b + 8) / 25)
  const g = Math.floor((b - f + 1) / 3)
  const h = (19 * a + b - d - g + 15) % 30
  const i = Math.floor(c / 4)
  const k = c % 4
  const l = (32 + 2 * e + 2 * i - h - k) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const month = Math.floor((h + l - 7 * m + 114) / 31)
  const date = ((h + l - 7 * m + 114) % 31) + 1
  return Date.UTC(year, month - 1, date) / DAY
}
