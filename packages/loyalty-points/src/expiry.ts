import type { WallDuration } from '@patronkit/core'
import { DAY, wallMs } from '@patronkit/core/service'
import { addMonths, dayAt, monthsOn, type Period, periodEnd, startOfDay } from './local-day.ts'

/** A calendar length. `roundUpTo` is the end of the local day, month … that holds the date it leads to; `none` keeps the wall time. */
export type CalendarLength =
  | { readonly kind: 'months'; readonly months: number; readonly roundUpTo?: Period | 'none' | undefined }
  | { readonly kind: 'years'; readonly years: number; readonly roundUpTo?: Period | 'none' | undefined }

/** When points that were earned are gone. */
export type ExpiryPolicy =
  | { readonly kind: 'never' }
  /** Physical time: a day is 86,400 s and the zone plays no part. */
  | { readonly kind: 'exact'; readonly duration: WallDuration }
  | CalendarLength
  /** Each activity moves all open lots to at least its own date plus `window`. */
  | { readonly kind: 'rolling'; readonly first: CalendarLength; readonly window: CalendarLength }
  /** Everything goes once nothing was earned or spent for that long. */
  | { readonly kind: 'inactivity'; readonly after: CalendarLength }
  /** After so many idle weeks a share, or a least number, goes each week, and all of it in the last one. */
  | {
      readonly kind: 'decay'
      readonly idleWeeks: number
      readonly share: string
      readonly atLeast: number
      readonly allAtWeek: number
    }

/**
 * The first instant at which points earned at an instant are gone; null where they stay. All instants are epoch ms.
 *
 * @example
 * ```ts
 * import { expiresAt } from '@patronkit/loyalty-points'
 *
 * const gone = expiresAt({ kind: 'months', months: 12, roundUpTo: 'month' }, Date.UTC(2020, 6, 6, 10), 'UTC')
 * console.log(new Date(gone!).toISOString()) // 2021-08-01T00:00:00.000Z
 * ```
 */
export function expiresAt(policy: ExpiryPolicy, earnedAt: number, zone: string): number | null {
  switch (policy.kind) {
    case 'exact':
      return earnedAt + wallMs(policy.duration)
    case 'months':
    case 'years':
      return endOf(policy, earnedAt, zone)
    case 'rolling':
      return endOf(policy.first, earnedAt, zone)
    case 'inactivity':
      return endOf(policy.after, earnedAt, zone)
    default:
      return null
  }
}

/** Where an activity moves open lots to, at least; null where activity moves nothing. */
export function extendedTo(policy: ExpiryPolicy, activeAt: number, zone: string): number | null {
  if (policy.kind === 'rolling') return endOf(policy.window, activeAt, zone)
  return policy.kind === 'inactivity' ? endOf(policy.after, activeAt, zone) : null
}

function endOf(length: CalendarLength, from: number, zone: string): number {
  const months = length.kind === 'months' ? length.months : 12 * length.years
  const to = length.roundUpTo ?? 'day'
  if (to === 'none') return monthsOn(zone, from, months)
  return startOfDay(zone, periodEnd(addMonths(dayAt(zone, from), months), to))
}

const WEEK = 7 * DAY

/** A week in which idle points go: when, and how many of a balance. */
export interface DecayStep {
  readonly at: number
  readonly all: boolean
}

/** When idle points go next; null where they do not, or are all gone. */
export function nextDecay(policy: ExpiryPolicy, activeAt: number, now: number): number | null {
  if (policy.kind !== 'decay') return null
  const week = Math.max(policy.idleWeeks, Math.floor((now - activeAt) / WEEK) + 1)
  return week <= policy.allAtWeek ? activeAt + week * WEEK : null
}

/** The weekly steps of a decay after the last activity, past `after` and up to `until`. */
export function decaySteps(policy: ExpiryPolicy, activeAt: number, after: number, until: number): readonly DecayStep[] {
  if (policy.kind !== 'decay') return []
  const steps: DecayStep[] = []
  const first = Math.max(policy.idleWeeks, Math.floor((after - activeAt) / WEEK) + 1)
  for (let week = first; week <= policy.allAtWeek && activeAt + week * WEEK <= until; week++) {
    steps.push({ at: activeAt + week * WEEK, all: week === policy.allAtWeek })
  }
  return steps
}
