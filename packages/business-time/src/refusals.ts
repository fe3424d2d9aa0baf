import { PatronkitError } from '@patronkit/core'
import { toIso } from '@patronkit/core/service'

declare global {
  interface PatronkitErrorDetails {
    'time/bad-amount': { readonly amount: number; readonly unit: string }
    'time/wall-duration': { readonly units: readonly string[] }
    'time/never-open': { readonly calendar: string; readonly direction: 'after' | 'before'; readonly at: Date }
    'time/bad-icalendar': { readonly event: string | null; readonly why: string }
    'time/too-many-events': { readonly limit: number }
    'time/no-holiday-data': { readonly provider: string; readonly place: string; readonly year: number }
    'time/beyond-horizon': { readonly calendar: string; readonly earliest: Date; readonly latest: Date }
  }
}

/**
 * The span of instants that calendars answer for: 1900-01-01 to 2200-01-01, UTC. Earlier, most zones had only local mean
 * time; later, today's rules for summer time are a guess. It also bounds the work that any single input can ask for.
 */
export const EARLIEST = Date.UTC(1900, 0, 1)
export const LATEST = Date.UTC(2200, 0, 1)

export const badAmount = (amount: number, unit: string): PatronkitError<'time/bad-amount'> =>
  new PatronkitError({
    code: 'time/bad-amount',
    message: `${amount} ${unit} is not an amount of working time. Give a finite number that is not negative${
      unit === 'workingDays' ? ', in whole days' : ''
    }; to go back in time, subtract.`,
    details: { amount, unit },
  })

export const wallDuration = (units: readonly string[]): PatronkitError<'time/wall-duration'> =>
  new PatronkitError({
    code: 'time/wall-duration',
    message: `duration gives ${units.join(', ')}, which is wall time and passes while the calendar is closed. Use ${units
      .map((unit) => `working${unit[0]!.toUpperCase()}${unit.slice(1)}`)
      .join(', ')}, or add wall time to the instant yourself.`,
    details: { units },
  })

export const neverOpen = (calendar: string, direction: 'after' | 'before', at: number): PatronkitError<'time/never-open'> =>
  new PatronkitError({
    code: 'time/never-open',
    message: `calendar ${calendar} does not open often enough ${direction} ${toIso(at)}. Add weekly hours or further shifts, or ask for less.`,
    details: { calendar, direction, at: new Date(at) },
  })

export const beyondHorizon = (calendar: string, asked: string): PatronkitError<'time/beyond-horizon'> =>
  new PatronkitError({
    code: 'time/beyond-horizon',
    message: `calendar ${calendar} answers from ${toIso(EARLIEST)} to ${toIso(LATEST)}; ${asked}. Stay inside this span, or check the units: instants and amounts are in milliseconds.`,
    details: { calendar, earliest: new Date(EARLIEST), latest: new Date(LATEST) },
  })

export function notAnInstant(calendar: string, at: number): PatronkitError<'core/invalid-input'> {
  const message = `${at} is not an instant`
  return new PatronkitError({
    code: 'core/invalid-input',
    message: `calendar ${calendar}: ${message}. Give epoch milliseconds as a finite number.`,
    details: { issues: [{ path: 'at', message }] },
  })
}

/** One mistake in what a function was given, in the words of core. */
export const invalidInput = (what: string, path: string, message: string): PatronkitError<'core/invalid-input'> =>
  new PatronkitError({
    code: 'core/invalid-input',
    message: `${what}: ${path}: ${message}.`,
    details: { issues: [{ path, message }] },
  })

export const badIcalendar = (event: string | null, why: string, cause?: unknown): PatronkitError<'time/bad-icalendar'> =>
  new PatronkitError({
    code: 'time/bad-icalendar',
    message: `the iCalendar file cannot be read${event === null ? '' : ` at event ${event}`}: ${why}. Mend the file, or leave the event out.`,
    details: { event, why },
    cause,
  })

export const tooManyEvents = (limit: number): PatronkitError<'time/too-many-events'> =>
  new PatronkitError({
    code: 'time/too-many-events',
    message: `the iCalendar file has more than ${limit} occurrences to go through. Ask for a shorter span, or raise \`max\` if the file is trusted.`,
    details: { limit },
  })

export const noHolidayData = (provider: string, place: string, year: number): PatronkitError<'time/no-holiday-data'> =>
  new PatronkitError({
    code: 'time/no-holiday-data',
    message: `${provider} has no holidays of ${place} for ${year}. Update it once they are published, or give the dates yourself; no year is taken for one without holidays.`,
    details: { provider, place, year },
  })
