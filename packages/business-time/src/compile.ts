import type { Instant } from '@patronkit/core'
import { DAY, toMs } from '@patronkit/core/service'
import type { CalendarDefinition } from './definition.ts'
import { badAmount, beyondHorizon, EARLIEST, LATEST } from './refusals.ts'
import { openSpan, type Span } from './span.ts'
import { closeOf, indexAt, openingOf, workedAt } from './timeline.ts'
import type { WorkingCalendar } from './working-calendar.ts'
import { nthWorkingDay } from './working-days.ts'

/**
 * Compiles a calendar to the index that engines use. `from` and `to` compile that span at once; without them the first
 * instant asked decides, and in either case the index grows by itself when a question leads further.
 *
 * @example
 * ```ts
 * import { compileCalendar, defineCalendar } from '@patronkit/business-time'
 *
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * const index = compileCalendar({ calendar: office, from: '2026-01-01T00:00:00Z', to: '2036-01-01T00:00:00Z' })
 * const due = index.add(Date.parse('2026-11-23T09:00:00+01:00'), 3_600_000)
 * ```
 */
export function compileCalendar(i: {
  readonly calendar: CalendarDefinition
  readonly from?: Instant
  readonly to?: Instant
}): WorkingCalendar {
  const from = i.from === undefined ? undefined : toMs(i.from, 'from')
  const to = i.to === undefined ? undefined : toMs(i.to, 'to')
  return overSpan(i.calendar.id, i.calendar.body.zone, openSpan(i.calendar, from, to))
}

/**
 * A compiled calendar over a span that grows. Each function first tries the compiled span, small enough to be inlined into a
 * caller's loop; the rest is out of line.
 */
export function overSpan(id: string, zone: string, span: Span): WorkingCalendar {
  function add(at: number, ms: number): number {
    const line = span.line
    const start = Math.floor(at)
    const amount = Math.round(ms)
    if (amount > 0 && start >= line.from && start <= line.to) {
      const target = workedAt(line, start) + amount
      if (target <= line.total) return closeOf(line, target)
    }
    return addFar(start, amount, ms)
  }

  function addFar(at: number, amount: number, asked: number): number {
    if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) throw badAmount(asked, 'ms')
    const start = span.reach(at)
    if (amount === 0) return nextOpening(at)
    for (;;) {
      const target = workedAt(span.line, start) + amount
      if (target <= span.line.total) return closeOf(span.line, target)
      span.growAfter(target - span.line.total, at)
    }
  }

  function subtract(at: number, ms: number): number {
    const line = span.line
    const end = Math.floor(at)
    const amount = Math.round(ms)
    if (amount > 0 && end >= line.from && end <= line.to) {
      const target = workedAt(line, end) - amount
      if (target >= 0) return openingOf(line, target)
    }
    return subtractFar(end, amount, ms)
  }

  function subtractFar(at: number, amount: number, asked: number): number {
    if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) throw badAmount(asked, 'ms')
    const end = span.reach(at)
    if (amount === 0) return previousOpening(at)
    for (;;) {
      const target = workedAt(span.line, end) - amount
      if (target >= 0) return openingOf(span.line, target)
      span.growBefore(-target, at)
    }
  }

  function within(from: number, to: number): number {
    const line = span.line
    const start = Math.floor(from)
    const end = Math.floor(to)
    if (start >= line.from && end <= line.to && start < end) return workedAt(line, end) - workedAt(line, start)
    return withinFar(start, end)
  }

  function withinFar(from: number, to: number): number {
    const [start, end] = [span.reach(from), span.reach(to)]
    return start < end ? workedAt(span.line, end) - workedAt(span.line, start) : 0
  }

  const isOpen = (at: number): boolean => within(at, at + 1) > 0

  function nextOpening(at: number): number {
    const asked = Math.floor(at)
    const start = span.reach(asked)
    for (;;) {
      const line = span.line
      const k = indexAt(line, start)
      if (start < line.ends[k]!) return start
      if (k < line.count) return line.starts[k + 1]!
      span.growAfter(1, asked)
    }
  }

  function previousOpening(at: number): number {
    const asked = Math.floor(at)
    const end = span.reach(asked)
    for (;;) {
      const line = span.line
      const k = indexAt(line, end)
      if (k > 0) return Math.min(end, line.ends[k]!)
      span.growBefore(1, asked)
    }
  }

  function addDays(at: number, days: number): number {
    const start = Math.floor(at)
    checkDays(days)
    return days === 0 ? nextOpening(start) : nextOpening(sameTime(start, days))
  }

  function subtractDays(at: number, days: number): number {
    const end = Math.floor(at)
    checkDays(days)
    return days === 0 ? previousOpening(end) : previousOpening(sameTime(end, -days))
  }

  function checkDays(days: number): void {
    if (!(Number.isInteger(days) && days >= 0)) throw badAmount(days, 'workingDays')
    if (days * DAY > LATEST - EARLIEST) throw beyondHorizon(id, `it has fewer than ${days} days`)
  }

  /** The wall time of an instant on the n-th working day from its local date. */
  function sameTime(at: number, n: number): number {
    const start = span.reach(at)
    for (;;) {
      span.zone.cover(at - 2 * DAY, at + 2 * DAY)
      const wall = at + span.zone.offsetAt(at)
      const day = Math.floor(wall / DAY)
      const days = span.days()
      // A calendar of shifts alone does not reach the days of every instant: outside it the nearest edge has the same rank.
      const near = Math.min(Math.max(day, days.firstDay), days.firstDay + days.before.length - 2)
      const target = nthWorkingDay(days, near, n)
      if (target !== undefined) return span.zone.resolve(target * DAY + wall - day * DAY)
      if (n > 0) span.growDaysAfter(n, start)
      else span.growDaysBefore(-n, start)
    }
  }

  function intervals(from: number, to: number): readonly (readonly [number, number])[] {
    const [start, end] = [span.reach(Math.floor(from)), span.reach(Math.floor(to))]
    const line = span.line
    const found: [number, number][] = []
    for (let k = indexAt(line, start); k <= line.count && line.starts[k]! < end; k++) {
      const [opens, closes] = [Math.max(start, line.starts[k]!), Math.min(end, line.ends[k]!)]
      if (opens < closes) found.push([opens, closes])
    }
    return found
  }

  return Object.freeze({
    zone,
    add,
    subtract,
    within,
    isOpen,
    nextOpening,
    previousOpening,
    addDays,
    subtractDays,
    intervals,
  })
}
