import { DAY } from '@patronkit/core/service'
import type { CalendarBody, TimeRange } from './definition.ts'
import { readLocalDate, readWallTime, weekdayOf } from './wall.ts'

/** A range of a day in ms after its midnight; an overnight end is more than a day. */
export interface Hours {
  readonly from: number
  readonly to: number
}

/** A calendar's body with its texts read. */
export interface Rules {
  /** Sunday first. */
  readonly week: readonly (readonly Hours[])[]
  readonly holidays: ReadonlySet<number>
  readonly shifts: ReadonlyMap<number, readonly Hours[]>
  readonly breaks: ReadonlyMap<number, readonly Hours[]>
  /** Upper bound of the working time that one week of weekly hours can hold, in ms. */
  readonly weeklyMs: number
  /** Weekdays with hours, 0 to 7. */
  readonly weeklyDays: number
  /** Upper bound of the working time of all shifts together, in ms. */
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
    holidays: new Set(body.holidays.map((date) => readLocalDate(date)!)),
    weeklyMs: Math.min(
      week.reduce((sum, hours) => sum + length(hours), 0),
      7 * DAY,
    ),
    weeklyDays: week.filter((hours) => hours.length > 0).length,
    shiftsMs: [...shifts.values()].reduce((sum, hours) => sum + length(hours), 0),
  }
}

/** The hours that start on a local date. */
export function hoursOf(rules: Rules, day: number): readonly Hours[] {
  if (rules.holidays.has(day)) return NONE
  return rules.shifts.get(day) ?? rules.week[weekdayOf(day)]!
}

const NONE: readonly Hours[] = []

function readHours(ranges: readonly TimeRange[]): readonly Hours[] {
  return ranges
    .map(([start, end]) => {
      const [from, to] = [readWallTime(start)!, readWallTime(end)!]
      return { from, to: to <= from ? to + DAY : to }
    })
    .sort((a, b) => a.from - b.from)
}

const readDates = (dates: { readonly [date: string]: readonly TimeRange[] }): Map<number, readonly Hours[]> =>
  new Map(
    Object.entries(dates)
      .map(([date, ranges]) => [readLocalDate(date)!, readHours(ranges)] as const)
      .sort((a, b) => a[0] - b[0]),
  )

const length = (hours: readonly Hours[]): number => hours.reduce((sum, { from, to }) => sum + to - from, 0)
