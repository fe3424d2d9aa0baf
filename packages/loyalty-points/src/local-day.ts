import { isZone, openZone, type Zone } from '@patronkit/business-time/zone'
import { DAY } from '@patronkit/core/service'
import { senseless } from './refusals.ts'

/** 1900 to 2200: before and after, the rules of zones are a guess. */
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(2200, 0, 1)

/** Reading a zone's offsets costs far more than using them. */
const zones = new Map<string, Zone>()

function zoneAround(name: string, at: number): Zone {
  if (!(at >= EARLIEST && at <= LATEST)) throw senseless('at', `${at} ms lies outside 1900 to 2200`)
  let zone = zones.get(name)
  if (!zone) {
    if (!isZone(name)) throw senseless('zone', `${JSON.stringify(name)} is no IANA time zone`)
    zone = openZone(name)
    zones.set(name, zone)
  }
  zone.cover(at - 3 * DAY, at + 3 * DAY)
  return zone
}

/** Local time of an instant, counted in ms as if the zone were UTC. */
export const wallAt = (zone: string, at: number): number => at + zoneAround(zone, at).offsetAt(at)

/** The day number (days since 1970-01-01) of an instant's local date. */
export const dayAt = (zone: string, at: number): number => Math.floor(wallAt(zone, at) / DAY)

/** The instant of a wall time; one that a gap skips moves forward, a repeated one is its first occurrence. */
export const instantOfWall = (zone: string, wall: number): number => zoneAround(zone, wall).resolve(wall)

/** The first instant of a local day. */
export const startOfDay = (zone: string, day: number): number => instantOfWall(zone, day * DAY)

/** The same day of the month, that many months on; clamped to the month's last day. */
export function addMonths(day: number, months: number): number {
  const date = new Date(day * DAY)
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1))
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  return first.getTime() / DAY + Math.min(date.getUTCDate(), last) - 1
}

/** The span of the calendar that a day lies in. Weeks begin on Monday. */
export type Period = 'day' | 'week' | 'month' | 'quarter' | 'half-year' | 'year'

const MONTHS: { readonly [P in Exclude<Period, 'day' | 'week'>]: number } = { month: 1, quarter: 3, 'half-year': 6, year: 12 }

/** First day of the period that holds a day. */
export function periodStart(day: number, period: Period): number {
  if (period === 'day') return day
  if (period === 'week') return day - ((((day + 3) % 7) + 7) % 7)
  const date = new Date(day * DAY)
  const month = date.getUTCMonth()
  return Date.UTC(date.getUTCFullYear(), month - (month % MONTHS[period]), 1) / DAY
}

/** First day after the period that holds a day. */
export function periodEnd(day: number, period: Period): number {
  if (period === 'day') return day + 1
  const start = periodStart(day, period)
  return period === 'week' ? start + 7 : addMonths(start, MONTHS[period])
}

/** The period that holds an instant, by the date on which it begins: as it stands in counters. */
export const periodNamed = (zone: string, at: number, period: Period): string => dateOf(periodStart(dayAt(zone, at), period))

/** An instant moved by whole months, at the same wall time. */
export function monthsOn(zone: string, at: number, months: number): number {
  const wall = wallAt(zone, at)
  const day = Math.floor(wall / DAY)
  return instantOfWall(zone, addMonths(day, months) * DAY + (wall - day * DAY))
}

/** `YYYY-MM-DD` of a day number, and back. */
export const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)
export const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY
