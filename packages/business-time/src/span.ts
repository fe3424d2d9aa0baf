import { DAY } from '@patronkit/core/service'
import type { CalendarDefinition } from './definition.ts'
import { openTime } from './open-time.ts'
import { beyondHorizon, EARLIEST, LATEST, neverOpen, notAnInstant } from './refusals.ts'
import { type Rules, readRules } from './rules.ts'
import { type Timeline, timeline } from './timeline.ts'
import { type WorkingDays, workingDays } from './working-days.ts'
import { openZone, type Zone } from './zone.ts'

const WEEK = 7 * DAY
const YEAR = 366 * DAY

/** Working time that repeated hours can add to the nominal one in 300 years: at most 3 hours a year, rounded up. */
const REPEATED = 60 * DAY

/** The compiled part of a calendar. It grows to the instants that are asked for, at least doubling each time. */
export interface Span {
  readonly zone: Zone
  /** The timeline now; replaced when the span grows. */
  line: Timeline
  /** Makes the instant known and returns it, moved into the span where nothing is open outside. Refuses what is beyond the horizon. */
  reach(at: number): number
  /** Grows so that `missing` ms more of working time lie after, or before; refuses at once where that can never be enough. */
  growAfter(missing: number, at: number): void
  growBefore(missing: number, at: number): void
  /** Grows towards `count` working days after `at`, or before it; refuses at once where there can never be so many. */
  growDaysAfter(count: number, at: number): void
  growDaysBefore(count: number, at: number): void
  /** The working days of the whole compiled span. */
  days(): WorkingDays
}

export function openSpan(calendar: CalendarDefinition, first?: number, last?: number): Span {
  const id = calendar.id
  const rules = readRules(calendar.body)
  const zone = openZone(calendar.body.zone)
  const whole = rules.weeklyDays === 0 ? shiftSpan(rules) : undefined
  let days: WorkingDays | undefined

  const span: Span = {
    zone,
    line: timeline({ starts: [], ends: [] }, 0, 0),
    reach(at) {
      if (!Number.isFinite(at)) throw notAnInstant(id, at)
      if (at < EARLIEST || at > LATEST) throw beyondHorizon(id, `the instant ${at} ms lies outside`)
      if (whole) return Math.min(Math.max(at, span.line.from), span.line.to)
      const { from, to } = span.line
      if (from === to) build(at - YEAR, at + 2 * YEAR)
      else if (at < from) build(from - Math.max(from - at + YEAR, to - from), to)
      else if (at > to) build(from, to + Math.max(at - to + YEAR, to - from))
      return at
    },
    growAfter(missing, at) {
      if (!whole && missing > mostOpen(rules, LATEST - span.line.to))
        throw beyondHorizon(id, 'so much working time does not lie before its end')
      after(weeks(missing / rules.weeklyMs), at)
    },
    growBefore(missing, at) {
      if (!whole && missing > mostOpen(rules, span.line.from - EARLIEST))
        throw beyondHorizon(id, 'so much working time does not lie after its start')
      before(weeks(missing / rules.weeklyMs), at)
    },
    growDaysAfter(count, at) {
      if (!whole && count > mostDays(rules, LATEST - at)) throw beyondHorizon(id, `${count} working days do not lie before its end`)
      after(weeks(count / rules.weeklyDays), at)
    },
    growDaysBefore(count, at) {
      if (!whole && count > mostDays(rules, at - EARLIEST)) throw beyondHorizon(id, `${count} working days do not lie after its start`)
      before(weeks(count / rules.weeklyDays), at)
    },
    days() {
      days ??= workingDays(rules, zone, Math.floor(span.line.from / DAY) - 1, Math.floor(span.line.to / DAY) + 1)
      return days
    },
  }

  function after(length: number, at: number): void {
    const { from, to } = span.line
    if (whole) throw neverOpen(id, 'after', at)
    if (to === LATEST) throw beyondHorizon(id, 'the answer lies after its end')
    build(from, to + Math.max(length, to - from))
  }

  function before(length: number, at: number): void {
    const { from, to } = span.line
    if (whole) throw neverOpen(id, 'before', at)
    if (from === EARLIEST) throw beyondHorizon(id, 'the answer lies before its start')
    build(from - Math.max(length, to - from), to)
  }

  function build(from: number, to: number): void {
    const [start, end] = [Math.max(EARLIEST, Math.floor(from)), Math.min(LATEST, Math.ceil(to))]
    span.line = timeline(openTime(rules, zone, start, end), start, end)
    days = undefined
  }

  if (whole) build(whole.from, whole.to)
  else if (first !== undefined || last !== undefined) {
    const from = first ?? last! - YEAR
    const to = last ?? first! + YEAR
    for (const at of [from, to]) if (!(at >= EARLIEST && at <= LATEST)) span.reach(at)
    build(Math.min(from, to), Math.max(from, to) + 1)
  }
  return span
}

/** Without weekly hours a calendar is open near the dates of its shifts and nowhere else. */
function shiftSpan(rules: Rules): { from: number; to: number } {
  const dates = [...rules.shifts.keys()]
  return { from: (dates[0]! - 3) * DAY, to: (dates.at(-1)! + 4) * DAY }
}

/** No span of this length holds more working time than this. */
const mostOpen = (rules: Rules, length: number): number =>
  Math.min(length, Math.ceil(length / WEEK) * rules.weeklyMs + rules.shiftsMs + REPEATED)

/** No span of this length holds more working days than this; its first and last week may be cut. */
const mostDays = (rules: Rules, length: number): number => Math.ceil(length / WEEK + 2) * rules.weeklyDays + rules.shifts.size

/** So many weeks in ms, with some to spare for holidays: growing once is cheaper than growing twice. */
const weeks = (count: number): number => Math.ceil(count * 1.05 + 8) * WEEK
