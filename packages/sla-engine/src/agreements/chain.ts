import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import { openZone, type Zone } from '@patronkit/business-time/zone'
import type { Duration } from '@patronkit/core'
import { DAY, isWorking, wallMs, workingMs } from '@patronkit/core/service'
import { periodsOf } from '../figures/period.ts'

/** A length on the calendar it is counted on. */
export interface Link {
  readonly length: Duration
  readonly calendar: WorkingCalendar
}

/** The start for which a chain of lengths fits worst into another length. */
export interface WorstFit {
  readonly start: number
  /** What the whole may take, and what the chain takes when each link uses its length up; both in ms of what the whole counts. */
  readonly allowedMs: number
  readonly takenMs: number
}

/**
 * Runs the links one after the other from every start at which the answer can turn, and keeps the worst, the earliest of equals.
 * Between openings and closings of any calendar, local midnights, and the starts from which some link reaches one, all amounts
 * change evenly, so the worst lies at one of them; one millisecond to either side is tried as well.
 */
export function worstFit(whole: Link, links: readonly Link[], from: number, to: number): WorstFit {
  let worst: WorstFit | null = null
  for (const start of turningPoints(whole, links, from, to)) {
    const end = links.reduce(endOf, start)
    const fit = { start, allowedMs: taken(whole, start, endOf(start, whole)), takenMs: taken(whole, start, end) }
    const over = fit.takenMs - fit.allowedMs
    const most = worst && worst.takenMs - worst.allowedMs
    if (!worst || over > most! || (over === most && start < worst.start)) worst = fit
  }
  return worst!
}

/** What passes between two instants in the unit of a length: working time, or wall time. */
const taken = ({ length, calendar }: Link, from: number, to: number): number => (isWorking(length) ? calendar.within(from, to) : to - from)

/** The instant at which a length that begins at `at` is used up. */
function endOf(at: number, { length, calendar }: Link): number {
  if (!isWorking(length)) return at + wallMs(length)
  return length.workingDays === undefined ? calendar.add(at, workingMs(length)) : calendar.addDays(at, length.workingDays)
}

/** The starts from which the length ends at `at`, or would if the calendar were open. */
function startsOf(at: number, { length, calendar }: Link): readonly number[] {
  if (!isWorking(length)) return [at - wallMs(length)]
  return length.workingDays === undefined ? [calendar.subtract(at, workingMs(length))] : daysBefore(at, length.workingDays, calendar)
}

/** The same wall time on every local date from which so many working days lead to that of `at`; a weekend has several. */
function daysBefore(at: number, days: number, calendar: WorkingCalendar): readonly number[] {
  const zone = zoneOf(calendar)
  zone.cover(at - FURTHEST_DAYS * DAY, at + DAY)
  const wall = at + zone.offsetAt(at)
  const found: number[] = []
  for (let back = 0; back < FURTHEST_DAYS; back++) {
    const start = zone.resolve(wall - back * DAY)
    found.push(start)
    if (calendar.addDays(start, days) < at) break
  }
  return found
}

/** Longer than any holidays and what may be promised in working days across them. */
const FURTHEST_DAYS = 90

const zones = new WeakMap<WorkingCalendar, Zone>()

function zoneOf(calendar: WorkingCalendar): Zone {
  const zone = zones.get(calendar) ?? openZone(calendar.zone)
  zones.set(calendar, zone)
  return zone
}

function turningPoints(whole: Link, links: readonly Link[], from: number, to: number): ReadonlySet<number> {
  const edges = new Set<number>([from])
  for (const { calendar, length } of [whole, ...links]) {
    // what begins in the span may end behind it
    for (const [open, close] of calendar.intervals(from, to + BEHIND)) edges.add(open).add(close)
    if (!isWorking(length) || length.workingDays === undefined) continue
    const day = periodsOf(calendar.zone, 'day')
    for (let midnight = day(from).to; midnight < to + BEHIND; midnight = day(midnight).to) edges.add(midnight)
  }
  const points = new Set<number>()
  const add = (start: number) => {
    for (const point of [start - 1, start, start + 1]) if (point >= from && point < to) points.add(point)
  }
  for (const edge of edges) {
    for (const start of startsOf(edge, whole)) add(start)
    for (let n = 0; n <= links.length; n++) {
      for (const start of links
        .slice(0, n)
        .reduceRight<readonly number[]>((ends, link) => ends.flatMap((at) => startsOf(at, link)), [edge]))
        add(start)
    }
  }
  return points
}

/** Longer than any promise that is handed on within one item. */
const BEHIND = 100 * DAY
