import { defineCalendar, localInstant, type Weekday } from '@patronkit/business-time/calendar'
import type { Instant, LocalDate } from '@patronkit/core'
import { DAY, toMs } from '@patronkit/core/service'
import { shown } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** Lengths of reporting periods. */
export type Grain = 'day' | 'week' | 'month' | 'quarter' | 'year'

/** How a company counts its time. */
export interface ReportingCalendar {
  /** IANA name; days begin at its midnights. */
  readonly zone: string
  /** Month and day on which the fiscal year starts, `'01-01'` unless said otherwise, at most the 28th. */
  readonly yearStarts?: string
  /** Whether a fiscal year bears the number of the year in which it starts (the default) or ends. */
  readonly yearNamed?: 'start' | 'end'
  readonly weekStarts?: Weekday
  /**
   * `months`, or quarters of 13 weeks: such a year starts on the `weekStarts` day nearest to `yearStarts`, and a 53rd week, when
   * there is one, goes to its last month.
   */
  readonly months?: 'calendar' | '4-4-5' | '4-5-4' | '5-4-4'
}

/** A stretch of time, [from, to), with its name: `2026`, `2026-Q4`, `2026-M11`, `2026-W07`, `2026-11-22`. Months count from the fiscal year's start. */
export interface Period {
  readonly id: string
  readonly grain: Grain
  readonly from: Date
  readonly to: Date
}

/** Periods in whole local days; a day is a number of days since 1970. */
export interface Spine {
  readonly zone: string
  /** The instant at which a local day begins. */
  midnight(day: number): number
  dayOf(at: number): number
  /** First day of a period and of the next one, and its name. */
  at(grain: Grain, day: number): { readonly id: string; readonly from: number; readonly to: number }
  named(id: string): { readonly grain: Grain; readonly from: number; readonly to: number } | null
}

const WEEKDAYS: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'] // 1970-01-01 was a Thursday
const WEEKS = { '4-4-5': [4, 4, 5], '4-5-4': [4, 5, 4], '5-4-4': [5, 4, 4] } as const

const dayNumber = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day) / DAY
const localDate = (day: number): LocalDate => new Date(day * DAY).toISOString().slice(0, 10) as LocalDate

/** Spines by what their calendars say: compiling one takes as long as a thousand questions to it. */
const compiled = new Map<string, Spine>()
const MOST_CALENDARS = 64

/** The spine of a calendar's periods. */
export function spineOf(calendar: ReportingCalendar): Spine {
  const { zone, yearStarts, yearNamed, weekStarts, months } = calendar
  const key = JSON.stringify([zone, yearStarts, yearNamed, weekStarts, months])
  const known = compiled.get(key)
  if (known) return known
  const spine = compile(calendar)
  if (compiled.size === MOST_CALENDARS) compiled.clear()
  compiled.set(key, spine)
  return spine
}

function compile(calendar: ReportingCalendar): Spine {
  const { zone, yearStarts = '01-01', yearNamed = 'start', weekStarts = 'mon', months = 'calendar' } = calendar
  const starts = /^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/.exec(yearStarts)
  if (!starts) throw wrong('calendar.yearStarts', `is ${shown(yearStarts)}`, "Give month and day such as '04-01', at most the 28th.")
  const weekday = WEEKDAYS.indexOf(weekStarts)
  if (weekday < 0) throw wrong('calendar.weekStarts', `is ${shown(weekStarts)}`, "Give 'mon' … 'sun'.")
  if (months !== 'calendar' && !Object.hasOwn(WEEKS, months))
    throw wrong('calendar.months', `is ${shown(months)}`, "Give 'calendar', '4-4-5', '4-5-4' or '5-4-4'.")
  const [month, day] = [Number(starts[1]), Number(starts[2])]
  const clock = defineCalendar({ id: 'midnights', zone, week: { mon: [['00:00', '24:00']] } })
  const name = yearNamed === 'end' && yearStarts !== '01-01' ? 1 : 0

  /** The day of `weekStarts` that is nearest to a day. */
  const nearest = (to: number): number => {
    const after = (((weekday - to) % 7) + 7) % 7
    return after <= 3 ? to + after : to + after - 7
  }
  const weekOf = (on: number): number => on - ((((on - weekday) % 7) + 7) % 7)
  /** First day of the fiscal year that starts in (or, with weeks, near) that calendar year. */
  const yearStart = (year: number): number => {
    const nominal = dayNumber(year, month, day)
    return months === 'calendar' ? nominal : nearest(nominal)
  }
  const yearAt = (on: number): number => {
    const year = new Date(on * DAY).getUTCFullYear() + 1
    for (let guess = year; ; guess--) if (yearStart(guess) <= on) return guess
  }
  /** First day of a month of a fiscal year, 0 to 12; the 12th is the next year's first. */
  const monthStart = (year: number, nth: number): number => {
    if (nth === 12) return yearStart(year + 1)
    if (months === 'calendar') return dayNumber(year, month + nth, day)
    const pattern = WEEKS[months]
    let weeks = 13 * Math.floor(nth / 3)
    for (let m = 0; m < nth % 3; m++) weeks += pattern[m]!
    return yearStart(year) + 7 * weeks
  }
  /** A week belongs to the year that holds its fourth day, as in ISO 8601. */
  const weekYear = (week: number): number => yearAt(week + 3)
  const firstWeek = (year: number): number => (months === 'calendar' ? weekOf(yearStart(year) + 3) : yearStart(year))

  const monthAt = (on: number, year: number): number => {
    let nth = 11
    while (monthStart(year, nth) > on) nth--
    return nth
  }
  const midnights = new Map<number, number>()
  const midnight = (on: number): number => {
    const known = midnights.get(on)
    if (known !== undefined) return known
    const at = localInstant({ calendar: clock, date: localDate(on), time: '00:00' }).getTime()
    midnights.set(on, at)
    return at
  }
  const at: Spine['at'] = (grain, on) => {
    if (grain === 'day') return { id: localDate(on), from: on, to: on + 1 }
    if (grain === 'week') {
      const from = weekOf(on)
      const year = weekYear(from)
      return { id: `${year + name}-W${String((from - firstWeek(year)) / 7 + 1).padStart(2, '0')}`, from, to: from + 7 }
    }
    const year = yearAt(on)
    if (grain === 'year') return { id: String(year + name), from: yearStart(year), to: yearStart(year + 1) }
    const nth = monthAt(on, year)
    if (grain === 'month')
      return { id: `${year + name}-M${String(nth + 1).padStart(2, '0')}`, from: monthStart(year, nth), to: monthStart(year, nth + 1) }
    if (grain !== 'quarter') throw wrong('grain', `is ${shown(grain)}`, 'Give day, week, month, quarter or year.')
    const quarter = Math.floor(nth / 3)
    return { id: `${year + name}-Q${quarter + 1}`, from: monthStart(year, quarter * 3), to: monthStart(year, quarter * 3 + 3) }
  }
  const named: Spine['named'] = (id) => {
    const match = /^(\d{4})(?:-(?:Q([1-4])|M(0[1-9]|1[0-2])|W(0[1-9]|[1-4]\d|5[0-3])|(\d{2}-\d{2})))?$/.exec(id)
    if (!match) return null
    const year = Number(match[1]) - name
    const grain: Grain = match[2] ? 'quarter' : match[3] ? 'month' : match[4] ? 'week' : match[5] ? 'day' : 'year'
    const first =
      grain === 'quarter'
        ? monthStart(year, (Number(match[2]) - 1) * 3)
        : grain === 'month'
          ? monthStart(year, Number(match[3]) - 1)
          : grain === 'week'
            ? firstWeek(year) + 7 * (Number(match[4]) - 1)
            : grain === 'day'
              ? Date.parse(`${id}T00:00:00Z`) / DAY
              : yearStart(year)
    // A 53rd week that the year lacks, or 30 February, is some other period.
    if (!Number.isFinite(first)) return null
    const found = at(grain, first)
    return found.id === id ? { grain, from: found.from, to: found.to } : null
  }
  const dayOf = (instant: number): number => {
    let on = Math.floor(instant / DAY) + 1
    while (midnight(on) > instant) on--
    return on
  }
  return { zone, midnight, dayOf, at, named }
}

const periodFrom = (spine: Spine, grain: Grain, on: number): Period => {
  const { id, from, to } = spine.at(grain, on)
  return { id, grain, from: new Date(spine.midnight(from)), to: new Date(spine.midnight(to)) }
}

/**
 * The period that holds an instant.
 *
 * @example
 * ```ts
 * import { periodOf } from '@patronkit/kpi-scoring'
 *
 * const calendar = { zone: 'Europe/London', yearStarts: '04-01', yearNamed: 'end' } as const
 * periodOf({ calendar, at: '2026-11-23T09:00:00Z', grain: 'quarter' }).id // '2027-Q3'
 * ```
 */
export function periodOf(i: { readonly calendar: ReportingCalendar; readonly at: Instant; readonly grain: Grain }): Period {
  const spine = spineOf(i.calendar)
  return periodFrom(spine, i.grain, spine.dayOf(toMs(i.at, 'at')))
}

/** The period of a name such as `2026-Q4`. */
export function periodNamed(i: { readonly calendar: ReportingCalendar; readonly id: string }): Period {
  const spine = spineOf(i.calendar)
  const found = spine.named(i.id)
  if (!found)
    throw wrong(
      'period',
      `is ${shown(i.id)}, which this calendar does not have`,
      "Give '2026', '2026-Q4', '2026-M11', '2026-W07' or '2026-11-22'.",
    )
  return periodFrom(spine, found.grain, found.from)
}

const LONGEST = 100_000

/** Every period that touches [from, to), without gaps: what a report is laid out on, whatever was measured. */
export function periodsBetween(i: {
  readonly calendar: ReportingCalendar
  readonly grain: Grain
  readonly from: Instant
  readonly to: Instant
}): Period[] {
  const spine = spineOf(i.calendar)
  const end = toMs(i.to, 'to')
  const periods: Period[] = []
  for (let on = spine.dayOf(toMs(i.from, 'from')); spine.midnight(on) < end; ) {
    if (periods.length === LONGEST)
      throw wrong('to', `lies more than ${LONGEST} periods behind from`, 'Ask for less, or for longer periods.')
    periods.push(periodFrom(spine, i.grain, on))
    on = spine.at(i.grain, on).to
  }
  return periods
}
