import { type WorkingCalendar, workingDayEnd } from '@patronkit/business-time/calendar'
import { isWorking, toMs, valueAt, wallMs, workingMs } from '@patronkit/core/service'
import type { Attributes, Counts } from './model.ts'
import type { Limit, Target, Within } from './policy.ts'

type ByValue = Extract<Within, { by: string }>

const isByValue = (within: Within): within is ByValue => 'by' in within

/** The limit a target sets this item; null when it names none. */
export function limitOf(target: Target, attributes: Attributes): Limit | null {
  const { within } = target
  if (!isByValue(within)) return within
  const value = valueAt(attributes, within.by)
  const key = typeof value === 'string' ? value : String(value)
  return (Object.hasOwn(within.of, key) ? within.of[key] : within.otherwise) ?? null
}

/** Every limit a target may set. */
export const limitsOf = (within: Within): readonly Limit[] =>
  isByValue(within) ? [...Object.values(within.of), ...(within.otherwise ? [within.otherwise] : [])] : [within]

export const kindOf = (limit: Limit): Counts => ('date' in limit || 'workingDay' in limit ? 'date' : isWorking(limit) ? 'working' : 'wall')

/** What a target is counted in; a policy never mixes the kinds in one target. */
export const countsIn = (target: Target): Counts => kindOf(limitsOf(target.within)[0]!)

/**
 * A limit in milliseconds of what the clock counts. Working days run to the same wall time n working days on, from the start;
 * a date is what lies between the start and it. Null when the item has no such date.
 */
export function limitMs(limit: Limit, startedAt: number, calendar: WorkingCalendar, attributes: Attributes): number | null {
  if ('workingDay' in limit) return Math.max(0, workingDayEnd(calendar, startedAt, limit.workingDay) - startedAt)
  if ('date' in limit) {
    const due = instantAt(attributes, limit.date)
    return due === null ? null : Math.max(0, due - startedAt)
  }
  if (!isWorking(limit)) return wallMs(limit)
  if (limit.workingDays === undefined) return workingMs(limit)
  return calendar.within(startedAt, calendar.addDays(startedAt, limit.workingDays))
}

/** An attribute that holds an instant: an ISO text with its offset, or epoch milliseconds; anything else sets no date. */
function instantAt(attributes: Attributes, path: string): number | null {
  const value = valueAt(attributes, path)
  if (typeof value !== 'string' && typeof value !== 'number') return null
  try {
    return toMs(value)
  } catch {
    return null
  }
}
