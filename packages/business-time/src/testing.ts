import type { LocalDate } from '@patronkit/core'
import { DAY, HOUR, MINUTE, SECOND } from '@patronkit/core/service'
import type { Arbitrary } from 'fast-check'
import { type CalendarDefinition, defineCalendar, type TimeRange, type Weekday, type YearlyRule } from './definition.ts'
import { readWallTime } from './wall.ts'

/** The module `fast-check`, given by the test that has it installed; this package does not depend on it. */
export type FastCheck = typeof import('fast-check')['default']

/** A zone and a local date near which its clocks do something worth testing. */
export interface Place {
  readonly zone: string
  readonly date: LocalDate
}

/** Spring and autumn, odd gaps, skipped dates, offsets of quarter hours, and two zones where nothing happens. */
export const places: readonly Place[] = [
  { zone: 'UTC', date: '2024-02-29' },
  { zone: 'Europe/Berlin', date: '2024-03-31' },
  { zone: 'Europe/Berlin', date: '2024-10-27' },
  { zone: 'Europe/Dublin', date: '2024-10-27' },
  { zone: 'America/New_York', date: '2024-03-10' },
  { zone: 'America/New_York', date: '2024-11-03' },
  { zone: 'Asia/Kathmandu', date: '2024-06-02' },
  { zone: 'Asia/Shanghai', date: '2024-02-04' },
  // Half an hour forward and back.
  { zone: 'Australia/Lord_Howe', date: '2024-10-06' },
  { zone: 'Australia/Lord_Howe', date: '2024-04-07' },
  // Midnight does not exist, or comes twice.
  { zone: 'America/Sao_Paulo', date: '2015-10-18' },
  { zone: 'America/Sao_Paulo', date: '2016-02-21' },
  { zone: 'America/Havana', date: '2024-11-03' },
  { zone: 'Africa/Cairo', date: '2023-04-28' },
  // Whole dates left out.
  { zone: 'Pacific/Apia', date: '2011-12-30' },
  { zone: 'Pacific/Kwajalein', date: '1993-08-21' },
  // Two hours at once; a month of winter time in summer; a quarter-hour zone; a week of summer time.
  { zone: 'Antarctica/Troll', date: '2024-03-31' },
  { zone: 'Africa/Casablanca', date: '2024-03-10' },
  { zone: 'Pacific/Chatham', date: '2024-04-07' },
  { zone: 'America/Recife', date: '2000-10-14' },
]

/** A random calendar, and a place in time near which it has its holidays, shifts and breaks. */
export interface Scene {
  readonly place: Place
  readonly calendar: CalendarDefinition
  /** Midnight UTC of the place's date; interesting instants lie within ±12 days. */
  readonly around: number
}

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const satisfies readonly Weekday[]

/**
 * Random calendars: several ranges a day in any order, overlapping, adjoining, overnight, 24:00, with holidays, shifts,
 * breaks and yearly rules near a change of the zone's clocks. With `hours: 'weekly'`, the default, a week holds an hour or more, so that time can
 * be added without end; `'any'` also gives calendars of a few seconds, and of single dates alone.
 *
 * @example
 * ```ts
 * import { compileCalendar } from '@patronkit/business-time'
 * import { scenes } from '@patronkit/business-time/testing'
 * import fc from 'fast-check'
 *
 * fc.assert(fc.property(scenes({ fc }), ({ calendar, around }) => compileCalendar({ calendar }).within(around, around + 1) <= 1))
 * ```
 */
export function scenes(i: {
  readonly fc: FastCheck
  readonly grain?: 'minute' | 'second'
  readonly hours?: 'weekly' | 'any'
}): Arbitrary<Scene> {
  const { fc, grain = 'second', hours = 'weekly' } = i
  const unit = grain === 'minute' ? MINUTE : SECOND
  // Half of the times are round, so that ranges adjoin and meet the clock changes.
  const time = fc.oneof(
    fc.integer({ min: 0, max: 48 }).map((half) => half * 30 * MINUTE),
    fc.integer({ min: 0, max: DAY / unit }).map((n) => n * unit),
  )
  const range = fc
    .tuple(time, time)
    .filter(([from, to]) => from !== to && from !== DAY)
    .map(([from, to]): TimeRange => [clock(from), clock(to)])
  const ranges = fc.array(range, { maxLength: 3 })
  const near = fc.integer({ min: -12, max: 12 })
  const dated = fc.dictionary(near.map(String), ranges, { maxKeys: 3 })
  const weekly = fc.record(Object.fromEntries(WEEKDAYS.map((day) => [day, ranges])), { requiredKeys: [] })

  // Rules that fall on a date near the scene: as a day of the year, as the n-th weekday counted from either end, or by Easter.
  const rule = fc.record({
    offset: near,
    as: fc.constantFrom('date' as const, 'first' as const, 'last' as const, 'easter' as const),
    hours: fc.option(ranges, { nil: undefined }),
    span: fc.option(fc.tuple(fc.integer({ min: -2, max: 1 }), fc.integer({ min: 0, max: 2 })), { nil: undefined }),
  })
  const rules = fc.array(rule, { maxLength: 3 })

  return fc
    .record({
      place: fc.constantFrom(...places),
      week: weekly,
      holidays: fc.array(near, { maxLength: 3 }),
      shifts: dated,
      breaks: dated,
      rules,
    })
    .filter(({ week, shifts }) => length(week) >= HOUR || (hours === 'any' && length(week) + length(shifts) > 0))
    .map(({ place, week, holidays, shifts, breaks, rules }) => {
      const around = Date.parse(`${place.date}T00:00:00Z`)
      const date = (offset: number | string) => new Date(around + Number(offset) * DAY).toISOString().slice(0, 10) as LocalDate
      const onDates = (dates: Record<string, TimeRange[]>) =>
        Object.fromEntries(Object.entries(dates).map(([offset, r]) => [date(offset), r]))
      const calendar = defineCalendar({
        id: 'random',
        zone: place.zone,
        week,
        holidays: holidays.map(date),
        shifts: onDates(shifts),
        breaks: onDates(breaks),
        ...(rules.length > 0 ? { yearly: rules.map((drawn) => yearlyRule(date(drawn.offset), drawn, length(week) > 0)) } : {}),
      })
      return { place, calendar, around }
    })
}

/** A rule that names a date, or for `easter` one that is as far from Easter as the date is from the middle of April. */
function yearlyRule(
  date: LocalDate,
  drawn: {
    readonly as: 'date' | 'first' | 'last' | 'easter'
    readonly hours: TimeRange[] | undefined
    readonly span: readonly [number, number] | undefined
  },
  withHours: boolean,
): YearlyRule {
  const day = new Date(`${date}T00:00:00Z`)
  const [year, month, dayOfMonth] = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()]
  const weekday = WEEKDAYS[(day.getUTCDay() + 6) % 7]!
  const left = new Date(Date.UTC(year, month, 0)).getUTCDate() - dayOfMonth
  const on = {
    date: date.slice(5),
    first: { month, weekday, nth: Math.ceil(dayOfMonth / 7) },
    last: { month, weekday, nth: -Math.ceil((left + 1) / 7) },
    easter: { easter: Math.max(-100, Math.min(100, Math.round((day.getTime() - Date.UTC(year, 3, 8)) / DAY))) },
  }[drawn.as]
  const hours = withHours && drawn.hours !== undefined ? { hours: drawn.hours } : {}
  const [from, length] = drawn.span ?? [0, 0]
  return { on, ...hours, ...(drawn.span ? { from: year + from, to: year + from + length } : {}) }
}

const length = (hours: Record<string, readonly TimeRange[] | undefined>): number =>
  Object.values(hours)
    .flatMap((ranges) => ranges ?? [])
    .map(([from, to]) => readWallTime(to)! - readWallTime(from)!)
    .reduce((sum, ms) => sum + (ms > 0 ? ms : ms + DAY), 0)

const clock = (ms: number): string => (ms === DAY ? '24:00' : new Date(ms).toISOString().slice(11, 19))
