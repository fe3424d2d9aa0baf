import { DAY } from '@patronkit/core/service'
import { overSpan } from './compile.ts'
import type { Intervals } from './open-time.ts'
import { beyondHorizon, EARLIEST, LATEST, neverOpen, notAnInstant } from './refusals.ts'
import type { Span } from './span.ts'
import { timeline } from './timeline.ts'
import type { WorkingCalendar } from './working-calendar.ts'
import { exists, type WorkingDays } from './working-days.ts'
import { openZone, type Zone } from './zone.ts'

/** Open time that is made of other calendars: the intervals inside [from, to), cut to it, in order and disjoint. */
export interface OpenSource {
  /** Names the calendar in errors. */
  readonly id: string
  /** The zone in which its working days are counted. */
  readonly zone: string
  open(from: number, to: number): Intervals
}

const YEAR = 366 * DAY

/** Compiles open time that is made of other calendars, so that asking it costs what asking a plain calendar costs. */
export function compileSource(source: OpenSource): WorkingCalendar {
  const { id } = source
  const zone = openZone(source.zone)
  let days: WorkingDays | undefined

  const span: Span = {
    zone,
    line: timeline({ starts: [], ends: [] }, 0, 0),
    reach(at) {
      if (!Number.isFinite(at)) throw notAnInstant(id, at)
      if (at < EARLIEST || at > LATEST) throw beyondHorizon(id, `the instant ${at} ms lies outside`)
      const { from, to } = span.line
      if (from === to) build(at - YEAR, at + 2 * YEAR)
      else if (at < from) build(from - Math.max(from - at + YEAR, to - from), to)
      else if (at > to) build(from, to + Math.max(at - to + YEAR, to - from))
      return at
    },
    growAfter: (missing, at) => after(missing, at),
    growBefore: (missing, at) => before(missing, at),
    growDaysAfter: (count, at) => after(count * DAY, at),
    growDaysBefore: (count, at) => before(count * DAY, at),
    days() {
      days ??= openDays(span, Math.floor(span.line.from / DAY) - 1, Math.floor(span.line.to / DAY) + 1)
      return days
    },
  }

  function after(length: number, at: number): void {
    const { from, to, total } = span.line
    if (to === LATEST) throw total === 0 ? neverOpen(id, 'after', at) : beyondHorizon(id, 'the answer lies after its end')
    build(from, to + Math.max(length, to - from))
  }

  function before(length: number, at: number): void {
    const { from, to, total } = span.line
    if (from === EARLIEST) throw total === 0 ? neverOpen(id, 'before', at) : beyondHorizon(id, 'the answer lies before its start')
    build(from - Math.max(length, to - from), to)
  }

  function build(from: number, to: number): void {
    const [start, end] = [Math.max(EARLIEST, Math.floor(from)), Math.min(LATEST, Math.ceil(to))]
    span.line = timeline(source.open(start, end), start, end)
    days = undefined
  }

  return overSpan(id, source.zone, span)
}

/** The local dates during which a span is open for some time; which calendar gave that time no longer matters. */
function openDays(span: { readonly zone: Zone; readonly line: Span['line'] }, firstDay: number, lastDay: number): WorkingDays {
  const { zone, line } = span
  zone.cover((firstDay - 2) * DAY, (lastDay + 3) * DAY)
  const dayOf = (at: number) => Math.floor((at + zone.offsetAt(at)) / DAY)
  const open = new Uint8Array(lastDay - firstDay + 1)
  for (let k = 1; k <= line.count; k++) {
    const [from, to] = [dayOf(line.starts[k]!), dayOf(line.ends[k]! - 1)]
    for (let day = from; day <= to; day++) if (from === day || exists(zone, day)) open[day - firstDay] = 1
  }
  const before = new Int32Array(open.length + 1)
  const days = new Int32Array(open.length)
  let count = 0
  for (const [i, isOpen] of open.entries()) {
    before[i] = count
    if (isOpen) days[count++] = firstDay + i
  }
  before[open.length] = count
  return { firstDay, days: days.subarray(0, count), before }
}
