import { DAY } from '@patronkit/core/service'
import type { CalendarBody, TimeRange } from './definition.ts'
import { type Hours, lengthOf, readHours } from './hours.ts'
import { readLocalDate, weekdayOf } from './wall.ts'
import { readYearly, type Yearly } from './yearly.ts'

/** A calendar's body with its texts read. */
export interface Rules {
  /** Sunday first. */
  readonly week: readonly (readonly Hours[])[]
  readonly holidays: ReadonlySet<number>
  readonly shifts: ReadonlyMap<number, readonly Hours[]>
  readonly breaks: ReadonlyMap<number, readonly Hours[]>
  readonly yearly: Yearly
  /** Upper bound of the working time that one week of weekly hours can hold, in ms. */
  readonly weeklyMs: number
  /** Weekdays with hours, 0 to 7. */
  readonly weeklyDays: number
  /** Upper bound of the working time of all shifts together, and of what yearly rules give in 300 years, in ms. */
  readonly shiftsMs: number
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

export function readRules(body: CalendarBody): Rules {
  const week = DAYS.map((day) => readHours(body.week[day] ?? []))
  const shifts = readDates(body.shifts)
  return {
    week,
    shifts,
    breaks: readDates(body.breaks),
    yearly: readYearly(body.yearly ?? []),
    holidays: new Set(body.holidays.map((date) => readLocalDate(date)!)),
    weeklyMs: Math.min(
      week.reduce((sum, hours) => sum + lengthOf(hours), 0),
      7 * DAY,
    ),
    weeklyDays: week.filter((hours) => hours.length > 0).length,
    shiftsMs:
      [...shifts.values()].reduce((sum, hours) => sum + lengthOf(hours), 0) +
      (body.yearly ?? []).reduce((sum, rule) => sum + lengthOf(readHours(rule.hours ?? [])), 0) * YEARS,
  }
}

/** Years between the earliest and the latest instant. */
const YEARS = 300

/** The hours that start on a local date. What is said of the very date counts before what is said of every year. */
export function hoursOf(rules: Rules, day: number): readonly Hours[] {
  if (rules.holidays.has(day)) return NONE
  return rules.shifts.get(day) ?? rules.yearly(day) ?? rules.week[weekdayOf(day)]!
}

/** Whether a local date is a holiday, by its date or by a yearly rule that leaves it no hours. */
export const isHolidayOn = (rules: Rules, day: number): boolean =>
  rules.holidays.has(day) || (!rules.shifts.has(day) && rules.yearly(day)?.length === 0)

const NONE: readonly Hours[] = []

const readDates = (dates: { readonly [date: string]: readonly TimeRange[] }): Map<number, readonly Hours[]> =>
  new Map(
    Object.entries(dates)
      .map(([date, ranges]) => [readLocalDate(date)!, readHours(ranges)] as const)
      .sort((a, b) => a[0] - b[0]),
  )
