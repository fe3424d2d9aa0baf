import type { Instant } from '@patronkit/core'
import { DAY, parse, toMs } from '@patronkit/core/service'
import { z } from 'zod'
import { type AnyCalendar, indexOf } from './compiled.ts'
import { EARLIEST, LATEST } from './refusals.ts'

/** Open from `from` up to, not including, `to`. */
export interface OpenInterval {
  readonly from: Date
  readonly to: Date
}

/** True inside [opening, close). Agrees with {@link workingTimeBetween} to the millisecond, in repeated hours too. */
export const isOpen = (i: { readonly calendar: AnyCalendar; readonly at: Instant }): boolean => indexOf(i.calendar).isOpen(toMs(i.at, 'at'))

/** `at` itself when open, otherwise the next opening. */
export const nextOpening = (i: { readonly calendar: AnyCalendar; readonly at: Instant }): Date =>
  new Date(indexOf(i.calendar).nextOpening(toMs(i.at, 'at')))

/** The last instant not after `at` that is open or a close; `at` itself from an opening to its close, both included. */
export const previousOpening = (i: { readonly calendar: AnyCalendar; readonly at: Instant }): Date =>
  new Date(indexOf(i.calendar).previousOpening(toMs(i.at, 'at')))

const list = z
  .object({
    take: z.number().int().min(1).max(100_000).optional(),
    to: z.number().optional(),
    direction: z.enum(['forward', 'backward']).default('forward'),
  })
  .refine((i) => i.take !== undefined || i.to !== undefined, 'give `to`, `take`, or both')

/**
 * The open intervals after `from` in order of time, or with `direction: 'backward'` those before it, latest first. The list
 * ends at `to`, after `take` intervals, or at the horizon, whichever comes first; one of the two must be given. Intervals are
 * cut at `from` and `to`.
 *
 * @example
 * ```ts
 * import { defineCalendar, listOpenIntervals } from '@patronkit/business-time'
 *
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * for (const { from, to } of listOpenIntervals({ calendar: office, from: '2026-11-23T00:00:00Z', take: 3 })) console.log(from, to)
 * ```
 */
export function listOpenIntervals(i: {
  readonly calendar: AnyCalendar
  readonly from: Instant
  readonly to?: Instant
  readonly take?: number
  readonly direction?: 'forward' | 'backward'
}): readonly OpenInterval[] {
  const index = indexOf(i.calendar)
  const from = toMs(i.from, 'from')
  const asked = i.to === undefined ? undefined : toMs(i.to, 'to')
  const { take = Number.POSITIVE_INFINITY, direction } = parse(
    list,
    { take: i.take, to: asked, direction: i.direction },
    'the list of open intervals',
  )
  const forward = direction === 'forward'
  const edge = asked ?? (forward ? LATEST : EARLIEST)

  // The span looked at doubles until it holds enough whole intervals.
  for (let reach = asked === undefined ? 32 * DAY : Number.POSITIVE_INFINITY; ; reach *= 2) {
    const until = forward ? Math.min(edge, from + reach) : Math.max(edge, from - reach)
    const found = forward ? index.intervals(from, until) : index.intervals(until, from).toReversed()
    const last = found[Math.min(take, found.length) - 1]
    const whole = last !== undefined && (forward ? last[1] < until : last[0] > until)
    if (until === edge || (found.length >= take && whole)) {
      return found.slice(0, take).map(([opens, closes]) => ({ from: new Date(opens), to: new Date(closes) }))
    }
  }
}
