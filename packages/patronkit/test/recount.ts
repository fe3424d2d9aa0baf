import { readFileSync } from 'node:fs'
import { TZDate } from '@date-fns/tz'
import { parse } from 'csv-parse/sync'

/**
 * The help-desk log judged a second time, the slow and plain way: row by row, working time by walking local days.
 * It shares no code with the packages, and its rules are written out by hand from examples/helpdesk.
 */
export interface Recounted {
  readonly level: string
  readonly month: string
  readonly metrics: { readonly [metric: string]: { readonly workedMs: number; readonly stopped: boolean; readonly breached: boolean } }
}

/** Italy's public holidays: ten days of every year, and Easter Monday by the almanac. */
const EVERY_YEAR = ['01-01', '01-06', '04-25', '05-01', '06-02', '08-15', '11-01', '12-08', '12-25', '12-26']
const EASTER_MONDAYS = ['2010-04-05', '2011-04-25', '2012-04-09', '2013-04-01', '2014-04-21']
export const holidays: ReadonlySet<string> = new Set([
  ...EASTER_MONDAYS,
  ...[2010, 2011, 2012, 2013, 2014].flatMap((year) => EVERY_YEAR.map((day) => `${year}-${day}`)),
])

export const ZONE = 'Europe/Rome'
const HOUR = 3_600_000
export const RANGES = [
  [8, 13],
  [14, 18],
] as const
const OWN: { readonly [level: string]: number } = { 'Value 1': 4, 'Value 2': 8, 'Value 3': 16 }
const RESOLVE: { readonly [level: string]: number } = { 'Value 1': 90, 'Value 2': 180, 'Value 3': 270 }

interface Watch {
  counting: boolean
  stopped: boolean
  since: number
  workedMs: number
  breached: boolean
}

export function recount(file: string): { readonly tickets: ReadonlyMap<string, Recounted>; readonly end: number } {
  const rows = parse(readFileSync(file), { columns: true, bom: true }) as { [column: string]: string }[]
  const events = rows.map((row) => ({ row, at: localTime(row['Complete Timestamp']!) }))
  const end = Math.max(...events.map((event) => event.at))
  const tickets = new Map<string, Recounted>()
  for (const [id, unsorted] of Map.groupBy(events, (event) => event.row['Case ID']!)) {
    const mine = [...unsorted].sort((a, b) => a.at - b.at)
    tickets.set(id, judge(mine, end))
  }
  return { tickets, end }
}

function judge(events: readonly { row: { [column: string]: string }; at: number }[], end: number): Recounted {
  const start = events[0]!.at
  const own: Watch = { counting: true, stopped: false, since: start, workedMs: 0, breached: false }
  const resolution: Watch = { ...own }
  let level = events[0]!.row.service_level!
  let waiting = false
  const settle = (watch: Watch, at: number, hours: number) => {
    if (watch.counting) watch.workedMs += worked(watch.since, at)
    watch.since = at
    if (!watch.stopped && watch.workedMs > hours * HOUR) watch.breached = true
  }
  for (const { row, at } of events) {
    settle(own, at, OWN[level] ?? 24)
    settle(resolution, at, RESOLVE[level] ?? 360)
    const activity = row.Activity!
    level = row.service_level!
    if (activity === 'Wait') waiting = true
    if (activity === 'Take in charge ticket' || activity === 'Resolve ticket' || activity === 'Closed') waiting = false
    if (activity === 'Take in charge ticket') {
      own.stopped = true
      resolution.stopped = false
    }
    if (activity === 'Resolve ticket' || activity === 'Closed') {
      own.stopped = true
      resolution.stopped = true
    }
    own.counting = !own.stopped && !waiting
    resolution.counting = !resolution.stopped && !waiting
    if (!own.stopped && own.workedMs > (OWN[level] ?? 24) * HOUR) own.breached = true
    if (!resolution.stopped && resolution.workedMs > (RESOLVE[level] ?? 360) * HOUR) resolution.breached = true
  }
  settle(own, end, OWN[level] ?? 24)
  settle(resolution, end, RESOLVE[level] ?? 360)
  const opened = new TZDate(start, ZONE)
  const say = ({ workedMs, stopped, breached }: Watch) => ({ workedMs, stopped, breached })
  return {
    level,
    month: `${opened.getFullYear()}-${String(opened.getMonth() + 1).padStart(2, '0')}`,
    metrics: { 'time-to-own': say(own), resolution: say(resolution) },
  }
}

/** Working time between two instants: every local day in turn, every range of it, cut to the stretch. */
export function worked(from: number, to: number): number {
  let sum = 0
  const first = new TZDate(from, ZONE)
  for (let n = 0; ; n++) {
    const { midnight, ranges } = dayOf(Date.UTC(first.getFullYear(), first.getMonth(), first.getDate() + n))
    if (midnight >= to) return sum
    for (const [opens, closes] of ranges) sum += Math.max(0, Math.min(closes, to) - Math.max(opens, from))
  }
}

interface Day {
  readonly midnight: number
  readonly ranges: readonly (readonly [number, number])[]
}

const days = new Map<number, Day>()

/** A local day, named by the same date's midnight in UTC. Days come up again and again, so each is worked out once. */
function dayOf(date: number): Day {
  let day = days.get(date)
  if (!day) {
    const iso = new Date(date).toISOString().slice(0, 10)
    const [year, month, dayOfMonth] = iso.split('-').map(Number) as [number, number, number]
    const at = (hour: number) => new TZDate(year, month - 1, dayOfMonth, hour, ZONE).getTime()
    const weekday = new Date(date).getUTCDay()
    const shut = weekday === 0 || weekday === 6 || holidays.has(iso)
    day = { midnight: at(0), ranges: shut ? [] : RANGES.map(([open, close]) => [at(open), at(close)] as const) }
    days.set(date, day)
  }
  return day
}

/** `2012/10/09 14:50:17.000`, wall time in Rome. */
export function localTime(text: string): number {
  const [y, mo, d, h, mi, s, ms] = text.split(/[/ :.]/).map(Number) as [number, number, number, number, number, number, number]
  return new TZDate(y, mo - 1, d, h, mi, s, ms, ZONE).getTime()
}
