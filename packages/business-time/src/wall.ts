import { DAY, HOUR, MINUTE, SECOND } from '@patronkit/core/service'

// A wall time and a local date are counted as if the zone were UTC: a date is days since 1970-01-01, a wall instant is
// milliseconds since that date's midnight. `zone.ts` turns them into instants.

const CLOCK = /^(\d\d):(\d\d)(?::(\d\d))?$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/

/** Milliseconds after midnight of `HH:MM` or `HH:MM:SS`, 24:00 included; undefined for anything else. */
export function readWallTime(text: string): number | undefined {
  const match = CLOCK.exec(text)
  if (!match) return undefined
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  const ms = hours * HOUR + minutes * MINUTE + seconds * SECOND
  return minutes < 60 && seconds < 60 && ms <= DAY ? ms : undefined
}

/** Day number of a real date of the Gregorian calendar; undefined for anything else, 30 February included. */
export function readLocalDate(text: string): number | undefined {
  const match = DATE.exec(text)
  if (!match) return undefined
  const ms = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text ? undefined : ms / DAY
}

/** Day of the week of a day number, Sunday 0; 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7
