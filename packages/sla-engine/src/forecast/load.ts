import type { AnyCalendar } from '@patronkit/business-time/calendar'
import type { Instant } from '@patronkit/core'
import { HOUR, parse, toMs } from '@patronkit/core/service'
import { z } from 'zod'
import { compiled } from '../figures/compiled.ts'
import { insideHorizon } from '../figures/horizon.ts'
import type { CountedItem } from '../report/counted.ts'
import { compareValues, type Dimension, type DimensionValue, readerOf } from '../report/dimension.ts'
import { dimension, word } from '../report/schema.ts'

export interface LoadQuestion {
  /** Hours of this calendar are looked ahead. */
  readonly calendar: AnyCalendar
  readonly at: Instant
  /** How many working hours. Default 8. */
  readonly hours?: number
  /** By what it is told apart, such as `{ attribute: 'team' }`; default not at all. */
  readonly by?: Dimension
  readonly metrics?: readonly string[]
  readonly agreements?: readonly string[]
}

/** How many clocks, of all and of each value of `by`. */
export interface LoadCount {
  readonly clocks: number
  /** In the order of the values; those without any are left out. */
  readonly by: readonly { readonly of: DimensionValue; readonly clocks: number }[]
}

export interface LoadAhead {
  /** The coming working hours; what falls due while the calendar is shut counts in the hour before. */
  readonly hours: readonly (LoadCount & { readonly from: Date; readonly to: Date })[]
  /** Due before the calendar opens next: nothing can be worked on until then. */
  readonly atOnce: LoadCount
  readonly later: LoadCount
  /** Over their target and not stopped. */
  readonly over: LoadCount
  /** Not due while they are paused. */
  readonly paused: LoadCount
}

const question = z.object({
  hours: z.int().min(1).max(1_000).optional(),
  by: dimension.optional(),
  metrics: z.array(word).max(100).optional(),
  agreements: z.array(word).max(100).optional(),
})

/**
 * How many clocks fall due in each coming working hour. Every open clock with a target is in exactly one of the counts.
 *
 * @example
 * ```ts
 * import { alwaysOpen } from '@patronkit/business-time'
 * import { countLoad } from '@patronkit/sla-engine/forecast'
 *
 * const count = countLoad({ calendar: alwaysOpen, at: '2026-11-23T10:00:00Z', hours: 8, by: { attribute: 'team' } })
 * // for each page of sla.items(…): page.rows.forEach(count.add)
 * for (const { from, clocks, by } of count.load().hours) console.log(from, clocks, by)
 * ```
 */
export function countLoad(i: LoadQuestion): { add(item: CountedItem): void; load(): LoadAhead } {
  const calendar = compiled(i.calendar)
  const at = insideHorizon(toMs(i.at, 'at'), 'at')
  const { hours = 8, by, metrics, agreements } = parse(question, i, 'load')
  const readValue = by === undefined ? () => null : readerOf(by, calendar.zone)
  const tallies = { atOnce: newTally(), later: newTally(), over: newTally(), paused: newTally() }
  const ahead = Array.from({ length: hours }, newTally)

  function add(item: CountedItem): void {
    for (const clock of item.clocks) {
      if ((metrics && !metrics.includes(clock.metric)) || (agreements && !agreements.includes(clock.agreement))) continue
      if (clock.stoppedAt !== null || clock.state === 'cancelled' || clock.targetMs === null) continue
      const value = readValue(item, clock)
      const tally = placeOf(clock.state, clock.dueAt)
      tally.set(value, (tally.get(value) ?? 0) + 1)
    }
  }

  function placeOf(state: string, dueAt: Date | null): Tally {
    if (state === 'breached') return tallies.over
    if (state === 'paused' || dueAt === null) return tallies.paused
    const worked = calendar.within(at, dueAt.getTime())
    if (worked === 0) return tallies.atOnce
    // due exactly at the end of an hour is due in it
    return ahead[Math.ceil(worked / HOUR) - 1] ?? tallies.later
  }

  return {
    add,
    load: () => ({
      hours: ahead.map((tally, n) => ({
        from: new Date(calendar.nextOpening(calendar.add(at, n * HOUR))),
        to: new Date(calendar.add(at, (n + 1) * HOUR)),
        ...countOf(tally),
      })),
      atOnce: countOf(tallies.atOnce),
      later: countOf(tallies.later),
      over: countOf(tallies.over),
      paused: countOf(tallies.paused),
    }),
  }

  function countOf(tally: Tally): LoadCount {
    const counts = [...tally].sort(([a], [b]) => compareValues(a, b))
    return {
      clocks: counts.reduce((sum, [, clocks]) => sum + clocks, 0),
      by: by === undefined ? [] : counts.map(([of, clocks]) => ({ of, clocks })),
    }
  }
}

type Tally = Map<DimensionValue, number>

const newTally = (): Tally => new Map()
