import type { CalendarDefinition, TimeRange, YearlyRule } from '../src/calendar.ts'
import type { Place } from '../src/testing.ts'

// A second implementation that shares nothing with src: it walks every UTC minute around a place, asks Intl for the wall
// time in words of year, month, day, hour and minute, and paints the minutes that are open. Whole minutes only.

const MINUTE = 60_000
const DAY_MINUTES = 1440
const DAYS_EACH_WAY = 20
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

interface Walk {
  /** The first UTC minute walked, in minutes since 1970. */
  readonly first: number
  /** The wall time of each minute, in minutes of an imaginary UTC. */
  readonly walls: readonly number[]
  /** Where a wall time is seen first. */
  readonly firstSeen: ReadonlyMap<number, number>
}

const walks = new Map<string, Walk>()

function walk(place: Place): Walk {
  const key = `${place.zone} ${place.date}`
  const known = walks.get(key)
  if (known) return known
  const words = new Intl.DateTimeFormat('en-GB', {
    timeZone: place.zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  const first = Date.parse(`${place.date}T00:00:00Z`) / MINUTE - DAYS_EACH_WAY * DAY_MINUTES
  const walls: number[] = []
  const firstSeen = new Map<number, number>()
  for (let i = 0; i < 2 * DAYS_EACH_WAY * DAY_MINUTES; i++) {
    const [day, month, year, hour, minute] = words
      .format((first + i) * MINUTE)
      .split(/\D+/)
      .map(Number)
    const wall = Date.UTC(year!, month! - 1, day!, hour!, minute!) / MINUTE
    walls.push(wall)
    if (!firstSeen.has(wall)) firstSeen.set(wall, i)
  }
  const made = { first, walls, firstSeen }
  walks.set(key, made)
  return made
}

/** The place in the walk of a wall time: where it is seen first; inside a gap, as far behind the gap as it is inside it. */
function locate({ walls, firstSeen }: Walk, wall: number): number {
  const seen = firstSeen.get(wall)
  if (seen !== undefined) return seen
  for (let i = 1; i < walls.length; i++) {
    const [before, after] = [walls[i - 1]!, walls[i]!]
    if (before < wall && wall < after) return i + (wall - before - 1)
  }
  throw new Error('outside the walk')
}

/** Every minute around a place: 1 where the calendar is open. */
export function paint(calendar: CalendarDefinition, place: Place): { readonly first: number; readonly open: Uint8Array } {
  const walked = walk(place)
  const open = new Uint8Array(walked.walls.length)
  const { week, holidays, shifts, breaks, yearly = [] } = calendar.body
  const fill = (midnight: number, ranges: readonly TimeRange[], value: number) => {
    for (const [from, to] of ranges) {
      const [start, end] = [minutes(from), minutes(to)]
      open.fill(
        value,
        locate(walked, midnight + start),
        Math.max(locate(walked, midnight + start), locate(walked, midnight + end + (end <= start ? DAY_MINUTES : 0))),
      )
    }
  }
  const center = Date.parse(`${place.date}T00:00:00Z`)
  const dates = Array.from({ length: 2 * (DAYS_EACH_WAY - 3) }, (_, i) => new Date(center + (i - (DAYS_EACH_WAY - 3)) * 86_400_000))
  for (const date of dates) {
    const name = date.toISOString().slice(0, 10) as `${number}-${number}-${number}`
    if (!holidays.includes(name))
      fill(date.getTime() / MINUTE, shifts[name] ?? ruled(yearly, date) ?? week[WEEKDAYS[date.getUTCDay()]!] ?? [], 1)
  }
  for (const [name, ranges] of Object.entries(breaks)) fill(Date.parse(`${name}T00:00:00Z`) / MINUTE, ranges, 0)
  return { first: walked.first, open }
}

/** What the rules say of a date, each asked whether this is its day; where several are, the first of those with the fewest open minutes. */
function ruled(rules: readonly YearlyRule[], date: Date): readonly TimeRange[] | undefined {
  const said = rules.filter((rule) => falls(rule, date)).map((rule) => rule.hours ?? [])
  const fewest = Math.min(...said.map(openMinutes))
  return said.find((hours) => openMinutes(hours) === fewest)
}

/** The minutes that stand in at least one of the ranges, counted one by one. */
function openMinutes(ranges: readonly TimeRange[]): number {
  const open = new Set<number>()
  for (const [from, to] of ranges) {
    const [start, end] = [minutes(from), minutes(to)]
    for (let minute = start; minute < end + (end <= start ? DAY_MINUTES : 0); minute++) open.add(minute)
  }
  return open.size
}

function falls({ on, from, to }: YearlyRule, date: Date): boolean {
  const year = date.getUTCFullYear()
  if (typeof on === 'string') return inYears(year) && date.toISOString().slice(5, 10) === on
  if ('easter' in on) {
    // The days before or after may lie in the next year.
    const sunday = new Date(date.getTime() - on.easter * 86_400_000)
    return inYears(sunday.getUTCFullYear()) && sunday.toISOString().slice(0, 10) === EASTERS[sunday.getUTCFullYear()]
  }
  if (!inYears(year) || date.getUTCMonth() + 1 !== on.month || WEEKDAYS[date.getUTCDay()] !== on.weekday) return false
  // Weeks are walked one by one until the month ends.
  let rank = 0
  const step = on.nth > 0 ? -7 : 7
  for (let day = new Date(date); day.getUTCMonth() === date.getUTCMonth(); day = new Date(day.getTime() + step * 86_400_000)) rank++
  return rank === Math.abs(on.nth)

  function inYears(of: number): boolean {
    return of >= (from ?? of) && of <= (to ?? of)
  }
}

/** Easter Sundays of the almanac, for the years of the places and their neighbours. */
const EASTERS: { readonly [year: number]: string } = {
  1992: '1992-04-19',
  1993: '1993-04-11',
  1994: '1994-04-03',
  1999: '1999-04-04',
  2000: '2000-04-23',
  2001: '2001-04-15',
  2010: '2010-04-04',
  2011: '2011-04-24',
  2012: '2012-04-08',
  2014: '2014-04-20',
  2015: '2015-04-05',
  2016: '2016-03-27',
  2017: '2017-04-16',
  2022: '2022-04-17',
  2023: '2023-04-09',
  2024: '2024-03-31',
  2025: '2025-04-20',
}

function minutes(text: string): number {
  const [hour, minute] = text.split(':').map(Number)
  return hour! * 60 + minute!
}
