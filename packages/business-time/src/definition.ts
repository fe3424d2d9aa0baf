import type { Definition, LocalDate } from '@patronkit/core'
import { DAY, define } from '@patronkit/core/service'
import { z } from 'zod'
import { EARLIEST, LATEST } from './refusals.ts'
import { readLocalDate, readWallTime } from './wall.ts'
import { isZone } from './zone.ts'

/** Two wall times, `HH:MM` or `HH:MM:SS`; the end may be `24:00`. An end not after its start lies on the next day. */
export type TimeRange = readonly [from: string, to: string]

/** A day of the week. */
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** A day that comes back every year: a holiday, or with `hours` a day with other hours than its weekday's. */
export interface YearlyRule {
  /**
   * `'12-25'`; the n-th weekday of a month (`nth: -1` the last); or days after Western Easter Sunday (1 is Easter Monday).
   * A year without such a day is passed over.
   */
  readonly on: string | { readonly month: number; readonly weekday: Weekday; readonly nth: number } | { readonly easter: number }
  readonly hours?: readonly TimeRange[]
  /** First and last year; default every year. */
  readonly from?: number
  readonly to?: number
}

/** What a calendar says, as plain JSON. */
export interface CalendarBody {
  /** IANA name, such as `Europe/Rome`. */
  readonly zone: string
  /** Hours by the weekday on which they start. */
  readonly week: { readonly [day in Weekday]?: readonly TimeRange[] }
  /** Local dates on which no hours start. A holiday wins over a shift of the same date. */
  readonly holidays: readonly LocalDate[]
  /** Hours that replace the weekly ones of their date: make-up workdays, short days. */
  readonly shifts: { readonly [date: LocalDate]: readonly TimeRange[] }
  /** Days that come back every year. Holidays and shifts of a date count before them. */
  readonly yearly?: readonly YearlyRule[] | undefined
  /** Ranges of a date that are cut out of the hours. */
  readonly breaks: { readonly [date: LocalDate]: readonly TimeRange[] }
}

/** A calendar as {@link defineCalendar} makes it: frozen, plain JSON, known by its hash. */
export type CalendarDefinition = Definition<'calendar', CalendarBody>

/** A wall time up to 24:00. */
export const wallTime = z.string().refine((text) => readWallTime(text) !== undefined, 'use HH:MM or HH:MM:SS, up to 24:00')

const opening = wallTime.refine((text) => readWallTime(text) !== DAY, 'starts at 24:00; use 00:00 of the next day')

const range = z
  .tuple([opening, wallTime])
  .readonly()
  .refine(([from, to]) => readWallTime(from) !== readWallTime(to), 'starts and ends at the same time; a whole day is 00:00 to 24:00')

const ranges = z.array(range).readonly()

/** A real local date inside the horizon. */
export const localDate = z.custom<LocalDate>((value) => {
  const day = typeof value === 'string' ? readLocalDate(value) : undefined
  return day !== undefined && day * DAY >= EARLIEST && day * DAY < LATEST
}, 'use a real date, YYYY-MM-DD, from 1900-01-01 to 2199-12-31')

const byDate = z
  .record(z.string(), ranges)
  .superRefine((dates, context) => {
    for (const key of Object.keys(dates)) {
      const checked = localDate.safeParse(key)
      if (!checked.success) context.addIssue({ code: 'custom', path: [key], message: checked.error.issues[0]!.message })
    }
  })
  .transform((dates) => dates as { readonly [date: LocalDate]: readonly TimeRange[] })
  .default({})

const year = z.int().min(1900).max(2199).optional()

const MONTH_DAY = /^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/

const yearlyRule: z.ZodType<YearlyRule> = z.strictObject({
  on: z.union([
    z
      .string()
      // 2024 is a leap year, so 29 February is a day that comes back
      .refine((text) => MONTH_DAY.test(text) && readLocalDate(`2024-${text}`) !== undefined, 'use MM-DD, a day that there is'),
    z.strictObject({
      month: z.int().min(1).max(12),
      weekday: z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
      nth: z.union([z.int().min(1).max(5), z.int().min(-5).max(-1)]),
    }),
    z.strictObject({ easter: z.int().min(-100).max(100) }),
  ]),
  hours: ranges.optional(),
  from: year,
  to: year,
})

const day = ranges.optional()

/** Accepts the body of a calendar; holidays come out sorted and once each, so that equal calendars have equal hashes. */
export const calendarBody: z.ZodType<CalendarBody> = z
  .strictObject({
    zone: z.string().refine(isZone, 'use a name of the IANA time zone database, such as Europe/Rome'),
    week: z.strictObject({ mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day }).default({}),
    holidays: z
      .array(localDate)
      .default([])
      .transform((dates) => [...new Set(dates)].sort()),
    shifts: byDate,
    breaks: byDate,
    yearly: z.array(yearlyRule).max(500).optional(),
  })
  .refine((body) => !body.yearly?.some((rule) => rule.hours) || Object.values(body.week).some((hours) => hours && hours.length > 0), {
    path: ['yearly'],
    message: 'yearly rules with hours need weekly hours beside them',
  })
  .refine((body) => [...Object.values(body.week), ...Object.values(body.shifts)].some((hours) => hours !== undefined && hours.length > 0), {
    path: ['week'],
    message: 'give weekly hours or shifts; this calendar would never open',
  })

/**
 * Checks and freezes a calendar. Mistakes are refused as `core/invalid-input` with the path of each.
 *
 * @example
 * ```ts
 * import { defineCalendar } from '@patronkit/business-time'
 *
 * const rome = defineCalendar({
 *   id: 'rome-office',
 *   zone: 'Europe/Rome',
 *   week: { mon: [['09:00', '13:00'], ['14:00', '18:00']], fri: [['22:00', '06:00']] },
 *   holidays: ['2026-12-25'],
 *   shifts: { '2026-12-27': [['09:00', '18:00']] },
 *   breaks: { '2026-12-27': [['12:00', '12:30']] },
 * })
 * ```
 */
export function defineCalendar(
  i: { readonly id: string } & Pick<CalendarBody, 'zone'> & Partial<Omit<CalendarBody, 'zone'>>,
): CalendarDefinition {
  const { id, ...body } = i
  return define({ kind: 'calendar', id, body, schema: calendarBody })
}
