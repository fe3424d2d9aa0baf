import { PatronkitError } from './errors.ts'

/** A point in time, as hosts have it at hand: `Date`, ISO text with an offset, epoch milliseconds, or a Temporal value. */
export type Instant = Date | string | number | { readonly epochMilliseconds: number }

/** A local day, `YYYY-MM-DD`. */
export type LocalDate = `${number}-${number}-${number}`

/** The span of a JavaScript Date, ±100 million days around 1970. */
const FURTHEST = 8.64e15

/** Below this a number is 1973 or earlier in milliseconds, and far more likely a number of seconds. */
const LOOKS_LIKE_SECONDS = 1e11

const ISO = /^[+-]?\d{4,6}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/

/** Epoch milliseconds of an instant; fractions of a millisecond are cut. `field` names the input in the error. */
export function toMs(value: Instant, field = 'instant'): number {
  const ms = Math.floor(read(value, field))
  if (!(Math.abs(ms) <= FURTHEST)) throw invalid(field, `${show(value)} is not an instant`)
  return ms
}

function read(value: Instant, field: string): number {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number') {
    if (value !== 0 && Math.abs(value) < LOOKS_LIKE_SECONDS) {
      throw new PatronkitError({
        code: 'core/instant-looks-like-seconds',
        message: `${field} is ${value}, which in milliseconds is ${new Date(value).toISOString()}. Give milliseconds: multiply by 1000, or pass a Date.`,
        details: { value },
      })
    }
    return value
  }
  if (typeof value === 'string') return readIso(value, field)
  if (typeof value === 'object' && value !== null && typeof value.epochMilliseconds === 'number') return value.epochMilliseconds
  throw invalid(field, `${show(value)} is not an instant`)
}

function readIso(text: string, field: string): number {
  const match = ISO.exec(text)
  if (!match) throw invalid(field, `${show(text)} is not an ISO 8601 instant such as 2026-11-23T09:00:00+01:00`)
  if (!match[1]) {
    throw new PatronkitError({
      code: 'core/instant-without-offset',
      message: `${field} is "${text}", a wall time without an offset, which is a different instant in each zone. Add Z or an offset such as +01:00.`,
      details: { value: text },
    })
  }
  const ms = Date.parse(text.replace(',', '.'))
  if (Number.isNaN(ms)) throw invalid(field, `${show(text)} is not a date of the calendar`)
  return ms
}

const invalid = (path: string, message: string) =>
  new PatronkitError({
    code: 'core/invalid-input',
    message: `${path}: ${message}. Give a Date, an ISO text with an offset, or epoch milliseconds.`,
    details: { issues: [{ path, message }] },
  })

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (value instanceof Date) return 'Invalid Date'
  // an object need not have a text, and may have a very long one
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'function' || (typeof value === 'object' && value !== null) ? `this ${typeof value}` : String(value)
}

/** The ISO text of an instant with `Z`, as it stands in JSON. */
export const toIso = (ms: number): string => new Date(ms).toISOString()
