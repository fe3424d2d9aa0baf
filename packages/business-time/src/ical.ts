import type { Instant, LocalDate } from '@patronkit/core'
import { isPatronkitError } from '@patronkit/core'
import { DAY, toMs } from '@patronkit/core/service'
import ICAL from 'ical.js'
import type { CalendarBody, TimeRange } from './definition.ts'
import { type Budget, recur, refuseUnsure, spend } from './recurrence.ts'
import { badIcalendar, EARLIEST, invalidInput, LATEST } from './refusals.ts'
import { isZone, openZone, type Zone } from './zone.ts'

/** A file and the span of it to take. */
export interface IcalInput {
  /** The text of the file, at most 5 MB. */
  readonly text: string
  /** The zone of the calendar that the dates are for; also that of events without one. */
  readonly zone: string
  readonly from: Instant
  readonly to: Instant
  /** IANA names for the zones that the file calls otherwise: `{ 'W. Europe Standard Time': 'Europe/Berlin' }`. */
  readonly zones?: { readonly [tzid: string]: string }
  /** How many occurrences the file may make us go through, those outside the span included; default 20,000. */
  readonly max?: number
}

/**
 * Reads a file of holidays. Whole days become `holidays`; hours of a day become `breaks`. Cancelled events are left out,
 * recurrences written out within [from, to).
 *
 * @throws `time/bad-icalendar`, `time/too-many-events`
 *
 * @example
 * ```ts
 * import { defineCalendar } from '@patronkit/business-time'
 * import { holidaysFromIcal } from '@patronkit/business-time/ical'
 *
 * const text = [
 *   'BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:1', 'DTSTART;VALUE=DATE:20261225', 'RRULE:FREQ=YEARLY', 'END:VEVENT', 'END:VCALENDAR',
 * ].join('\r\n')
 * const closed = holidaysFromIcal({ text, zone: 'Europe/Rome', from: '2026-01-01T00:00:00Z', to: '2029-01-01T00:00:00Z' })
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] }, ...closed })
 * console.log(office.body.holidays) // three Christmas days
 * ```
 */
export function holidaysFromIcal(i: IcalInput): Pick<CalendarBody, 'holidays' | 'breaks'> {
  const days = readDays(i)
  const whole = (ranges: readonly TimeRange[]) => ranges.some(([from, to]) => from === '00:00:00' && to === '24:00:00')
  return {
    holidays: [...days].filter(([, ranges]) => whole(ranges)).map(([date]) => date),
    breaks: Object.fromEntries([...days].filter(([, ranges]) => !whole(ranges))),
  }
}

/** Reads a file of opening hours: every event is time that is open, as `shifts` of its dates. Errors as {@link holidaysFromIcal}. */
export const hoursFromIcal = (i: IcalInput): Pick<CalendarBody, 'shifts'> => ({ shifts: Object.fromEntries(readDays(i)) })

const LARGEST = 5_000_000

/** The ranges of each local date, dates in order. */
function readDays(i: IcalInput): Map<LocalDate, readonly TimeRange[]> {
  const max = i.max ?? 20_000
  if (!(Number.isInteger(max) && max > 0)) throw invalidInput('iCalendar import', 'max', 'give a whole number above 0')
  for (const [path, zone] of [['zone', i.zone] as const, ...Object.entries(i.zones ?? {}).map(([k, v]) => [`zones.${k}`, v] as const)]) {
    if (!isZone(zone)) throw invalidInput('iCalendar import', path, 'use a name of the IANA time zone database, such as Europe/Rome')
  }
  const [from, to] = [Math.max(toMs(i.from, 'from'), EARLIEST), Math.min(toMs(i.to, 'to'), LATEST)]
  if (i.text.length > LARGEST) throw badIcalendar(null, `it is longer than ${LARGEST} characters`)

  const open = zonesOnce()
  const read: Reading = { open, zone: open(i.zone), zones: i.zones ?? {}, from, to, budget: { limit: max, left: max }, days: new Map() }
  const root = attempt(null, () => new ICAL.Component(ICAL.parse(i.text) as unknown as string))
  if (root.name !== 'vcalendar') throw badIcalendar(null, 'it does not hold exactly one VCALENDAR')
  const events = root.getAllSubcomponents('vevent')
  const moved = Map.groupBy(
    events.filter((event) => event.hasProperty('recurrence-id')),
    uidOf,
  )
  for (const event of events) {
    spend(read.budget)
    attempt(uidOf(event), () => readEvent(read, event, moved.get(uidOf(event)) ?? []))
  }
  return new Map([...read.days].sort(([a], [b]) => a - b).map(([day, ranges]) => [dateOf(day), ranges]))
}

interface Reading {
  readonly open: (name: string) => Zone
  readonly zone: Zone
  readonly zones: { readonly [tzid: string]: string }
  readonly from: number
  readonly to: number
  readonly budget: Budget
  /** By day number. */
  readonly days: Map<number, TimeRange[]>
}

const uidOf = (event: ICAL.Component): string => String(event.getFirstPropertyValue('uid') ?? 'without UID')

/** Whatever the parser throws comes out as one error of ours. */
function attempt<T>(event: string | null, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isPatronkitError(error)) throw error
    throw badIcalendar(event, error instanceof Error ? error.message : String(error), error)
  }
}

/** A local start in the words of the file, and how to make it an instant. Whole days have wall times alone. */
interface Moment {
  readonly wall: number
  readonly allDay: boolean
  readonly zone: Zone | null
}

function readEvent(read: Reading, event: ICAL.Component, moved: readonly ICAL.Component[]): void {
  if (String(event.getFirstPropertyValue('status')).toUpperCase() === 'CANCELLED') return
  const property = event.getFirstProperty('dtstart')
  const time = property?.getFirstValue()
  if (!property || !(time instanceof ICAL.Time)) throw new Error('DTSTART is missing or no time')
  const start = momentOf(read, property, time)
  const length = lengthOf(read, event, start)

  // A moved occurrence stands for itself; in the series it leaves a hole.
  const isMoved = event.hasProperty('recurrence-id')
  const holes = new Set([
    ...event.getAllProperties('exdate').flatMap((p) => p.getValues().map((v) => keyOf(momentOf(read, p, asTime(v))))),
    ...moved.flatMap((m) => m.getAllProperties('recurrence-id').map((p) => keyOf(momentOf(read, p, asTime(p.getFirstValue()))))),
  ])
  const seen = new Set<string>()
  const place = (at: Moment) => {
    spend(read.budget)
    const key = keyOf(at)
    if (seen.has(key) || (!isMoved && (holes.has(key) || holes.has(`date ${Math.floor(at.wall / DAY)}`)))) return
    seen.add(key)
    if (at.allDay) for (let day = at.wall / DAY; day < (at.wall + length) / DAY; day++) placeDay(read, day)
    else placeSpan(read, instantOf(at), instantOf({ ...at, wall: at.wall + length }))
  }

  const rules = isMoved ? [] : event.getAllProperties('rrule')
  place(start)
  for (const p of isMoved ? [] : event.getAllProperties('rdate')) {
    for (const value of p.getValues()) place(momentOf(read, p, asTime(value)))
  }
  for (const p of rules) {
    const rule = (p.getFirstValue() as unknown as ICAL.Recur).clone()
    if (!['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(rule.freq)) throw new Error(`FREQ=${rule.freq} is finer than a day`)
    refuseUnsure(rule)
    if (rule.interval > 1000) throw new Error(`INTERVAL=${rule.interval} is longer than 1000`)
    const until = rule.until ? untilOf(read, rule.until, start) : Number.POSITIVE_INFINITY
    rule.until = null as unknown as ICAL.Time
    for (const next of recur(rule, floating(time), read.budget)) {
      const at = { ...start, wall: wallOf(next) }
      if ((start.allDay ? at.wall : instantOf(at)) > until || at.wall > read.to + 2 * DAY) break
      place(at)
    }
  }
}

function asTime(value: unknown): ICAL.Time {
  if (value instanceof ICAL.Time) return value
  throw new Error('a date of EXDATE, RDATE or RECURRENCE-ID is no time; periods are not read')
}

const floating = (t: ICAL.Time): ICAL.Time =>
  ICAL.Time.fromData({ year: t.year, month: t.month, day: t.day, hour: t.hour, minute: t.minute, second: t.second, isDate: t.isDate })

function wallOf(t: ICAL.Time): number {
  const wall = Date.UTC(t.year, t.month - 1, t.day, t.isDate ? 0 : t.hour, t.isDate ? 0 : t.minute, t.isDate ? 0 : t.second)
  if (!(wall >= EARLIEST - 100 * 366 * DAY && wall <= LATEST + 366 * DAY)) throw new Error(`${t.toString()} is no time from 1900 to 2200`)
  return wall
}

function momentOf(read: Reading, property: ICAL.Property, time: ICAL.Time): Moment {
  if (time.isDate) return { wall: wallOf(time), allDay: true, zone: null }
  const tzid = property.getFirstParameter('tzid')
  if (time.zone?.tzid === 'UTC') return { wall: wallOf(time), allDay: false, zone: read.open('UTC') }
  if (!tzid) return { wall: wallOf(time), allDay: false, zone: read.zone }
  const name = read.zones[tzid] ?? tzid.replace(/^\/.*?\/([A-Z])/, '$1')
  if (!isZone(name)) throw new Error(`TZID ${tzid} is no IANA zone; say which it means in \`zones\``)
  return { wall: wallOf(time), allDay: false, zone: read.open(name) }
}

function instantOf({ wall, zone }: Moment): number {
  zone!.cover(wall - 3 * DAY, wall + 3 * DAY)
  return zone!.resolve(wall)
}

const keyOf = (at: Moment): string => (at.allDay ? `date ${at.wall / DAY}` : `instant ${instantOf(at)}`)

/** The length on the wall clock: nights across a clock change end at the time they name. */
function lengthOf(read: Reading, event: ICAL.Component, start: Moment): number {
  const property = event.getFirstProperty('dtend')
  if (property) {
    const end = momentOf(read, property, asTime(property.getFirstValue()))
    if (end.allDay !== start.allDay) throw new Error('DTSTART and DTEND are not both dates or both times')
    const wall = end.zone === start.zone || start.allDay ? end.wall : localOf(start.zone!, instantOf(end))
    return checked(wall - start.wall, start)
  }
  const duration = event.getFirstPropertyValue('duration')
  if (duration instanceof ICAL.Duration) return checked(duration.toSeconds() * 1000, start)
  return start.allDay ? DAY : 0
}

function checked(length: number, start: Moment): number {
  if (length < 0 || length > 366 * DAY) throw new Error('it ends before it starts, or more than a year later')
  return start.allDay ? Math.max(DAY, length) : length
}

function untilOf(read: Reading, until: ICAL.Time, start: Moment): number {
  if (start.allDay) return Math.floor(wallOf(until) / DAY) * DAY
  if (until.isDate) return instantOf({ ...start, wall: wallOf(until) + DAY - 1 })
  return instantOf({ ...start, wall: wallOf(until), zone: until.zone?.tzid === 'UTC' ? read.open('UTC') : (start.zone ?? read.zone) })
}

function placeDay(read: Reading, day: number): void {
  const midnight = instantOf({ wall: day * DAY, allDay: true, zone: read.zone })
  if (midnight >= read.from && midnight < read.to) add(read, day, 0, DAY)
}

/** Cuts a span at the midnights of the calendar's zone. */
function placeSpan(read: Reading, starts: number, ends: number): void {
  const [from, to] = [Math.max(starts, read.from), Math.min(ends, read.to)]
  if (from >= to) return
  const [first, last] = [localOf(read.zone, from), localOf(read.zone, to)]
  // A wall time that comes twice means its first occurrence: what starts or ends in the second cannot be written down.
  for (const [at, wall] of [[from, first] as const, [to, last] as const]) {
    if (instantOf({ wall, allDay: false, zone: read.zone }) !== at) {
      throw new Error(`${new Date(at).toISOString()} is in an hour that comes twice in the calendar's zone`)
    }
  }
  for (let day = Math.floor(first / DAY); day * DAY < last; day++)
    add(read, day, Math.max(0, first - day * DAY), Math.min(DAY, last - day * DAY))
}

function localOf(zone: Zone, at: number): number {
  zone.cover(at - 3 * DAY, at + 3 * DAY)
  return at + zone.offsetAt(at)
}

function add(read: Reading, day: number, from: number, to: number): void {
  const ranges = read.days.get(day) ?? []
  const range = [clockOf(from), clockOf(to)] as const
  if (from < to && !ranges.some(([a, b]) => a === range[0] && b === range[1])) read.days.set(day, [...ranges, range])
}

const clockOf = (ms: number): string => (ms === DAY ? '24:00:00' : new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(11, 19))
const dateOf = (day: number): LocalDate => new Date(day * DAY).toISOString().slice(0, 10) as LocalDate

/** Opens each zone of a file once. */
function zonesOnce(): (name: string) => Zone {
  const known = new Map<string, Zone>()
  return (name) => {
    const zone = known.get(name) ?? openZone(name)
    known.set(name, zone)
    return zone
  }
}
