import { defineCalendar, localInstant } from '@patronkit/business-time/calendar'
import type { LocalDate, WallDuration } from '@patronkit/core'
import { DAY, toIso, wallMs } from '@patronkit/core/service'
import type { Grain, Window } from './model.ts'

/** A window at some now: [from, to) in milliseconds, and the local days it stands for where it is one of a calendar. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly days?: { readonly from: string; readonly to: string }
}

/** All of time; instants end where those of JavaScript do. */
export const EVER: Window = {}
const FIRST = -8.64e15
const LAST = 8.64e15

/** What a window is at `now`. Whole milliseconds: later than t, up to and with u, is [t + 1, u + 1). */
export function stretchAt(window: Window, now: number): Stretch {
  if ('last' in window) return { from: now - wallMs(window.last) + 1, to: now - (window.until ? wallMs(window.until) : 0) + 1 }
  if ('next' in window) return { from: now + 1, to: now + wallMs(window.next) + 1 }
  if ('calendar' in window) return localPeriod(window.calendar, window.back ?? 0, window.zone, now)
  return { from: window.from === undefined ? FIRST : Date.parse(window.from), to: window.to === undefined ? LAST : Date.parse(window.to) }
}

/** The same for one now after another: most come in rows of equal ones. */
export function stretches(window: Window): (now: number) => Stretch {
  let at = Number.NaN
  let stretch: Stretch = { from: 0, to: 0 }
  return (now) => {
    if (now !== at) {
      stretch = stretchAt(window, now)
      at = now
    }
    return stretch
  }
}

export const lengthMs = (length: WallDuration): number => wallMs(length)

/** Local days from the first to before the last: of a calendar's window its own; of others, those whose midnight UTC is in it. */
export function daysOf(stretch: Stretch): { readonly from: string; readonly to: string } {
  return stretch.days ?? { from: firstDay(stretch.from), to: firstDay(stretch.to) }
}

const firstDay = (ms: number): string => {
  const day = Math.ceil(ms / DAY) * DAY
  // beyond these years a day has more than ten characters, and no column of dates holds one
  return day < Date.UTC(1000, 0, 1) ? '0001-01-01' : day > Date.UTC(9999, 11, 31) ? '9999-12-31' : toIso(day).slice(0, 10)
}

function localPeriod(grain: Grain, back: number, zone: string, now: number): Stretch {
  const [year, month, day] = localDay(zone, now).split('-').map(Number) as [number, number, number]
  const utc = (y: number, m: number, d: number) => new Date(Date.UTC(y, m, d)).toISOString().slice(0, 10)
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7
  const bounds = (steps: number): string => {
    switch (grain) {
      case 'day':
        return utc(year, month - 1, day + steps)
      case 'week':
        return utc(year, month - 1, day - weekday + 7 * steps)
      case 'month':
        return utc(year, month - 1 + steps, 1)
      case 'quarter':
        return utc(year, Math.floor((month - 1) / 3) * 3 + 3 * steps, 1)
      case 'year':
        return utc(year + steps, 0, 1)
    }
  }
  const days = { from: bounds(-back), to: bounds(1 - back) }
  return { from: midnight(zone, days.from), to: midnight(zone, days.to), days }
}

const calendars = new Map<string, ReturnType<typeof defineCalendar>>()
const formats = new Map<string, Intl.DateTimeFormat>()

function midnight(zone: string, date: string): number {
  let calendar = calendars.get(zone)
  if (!calendar) {
    calendar = defineCalendar({ id: 'midnights', zone, week: { mon: [['09:00', '17:00']] } })
    calendars.set(zone, calendar)
  }
  return localInstant({ calendar, date: date as LocalDate, time: '00:00' }).getTime()
}

function localDay(zone: string, at: number): string {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formats.set(zone, format)
  }
  return format.format(at)
}
