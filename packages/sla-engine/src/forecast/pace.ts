import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import type { Instant } from '@patronkit/core'
import { parse, toMs } from '@patronkit/core/service'
import { z } from 'zod'
import { insideHorizon } from '../figures/horizon.ts'
import type { Confidence, Estimate } from '../figures/interval.ts'
import { type Lifetime, longerThan, medianFrom, olderThan, type Survival, survivalOf } from '../figures/survival.ts'
import type { ItemRef } from '../model.ts'
import { type Cells, cellsOf } from '../report/cells.ts'
import type { CountedItem } from '../report/counted.ts'
import { type Dimension, type DimensionValue, nameOf, readerOf } from '../report/dimension.ts'
import { confidence, dimension } from '../report/schema.ts'
import type { ClockView } from '../view.ts'

export interface PaceQuestion {
  /**
   * What makes clocks alike, the most telling first. Where too few clocks of an age are known the last is left out, then the one
   * before it. Default metric, then policy.
   */
  readonly by?: readonly Dimension[]
  /** How many clocks that took longer than a clock's age a forecast has to rest on. Default 20. */
  readonly least?: number
  /** Default 0.9. */
  readonly confidence?: Confidence
}

/** What past clocks say of one that is open. */
export interface ClockForecast {
  readonly item: ItemRef
  readonly agreement: string
  readonly metric: string
  readonly cycle: number
  readonly party: string | null
  readonly dueAt: Date | null
  /** What is left of the target, in ms of what the clock counts; negative once over. */
  readonly leftMs: number
  /** How likely its target is missed; 1 once it is. Null where too few clocks of its age are known. */
  readonly breach: Estimate | null
  /** What half of the clocks of its age still counted until they stopped; null where too few are known to have. */
  readonly medianLeftMs: number | null
  /** When that is used up, on the calendar the host names; null while it is paused, or without a calendar. */
  readonly stopsAt: Date | null
  /** What the forecast rests on: which clocks it was likened to, and how many took longer than its age. */
  readonly basis: { readonly by: readonly string[]; readonly of: readonly DimensionValue[]; readonly clocks: number }
}

/** What was learned from clocks. */
export interface Pace {
  /** Open clocks of an item with a target, and what past ones say of them. */
  forecast(item: CountedItem): readonly ClockForecast[]
}

/** Takes items one by one, open ones as well: that a clock has not stopped yet is known too. */
export interface PaceCount {
  add(item: CountedItem): void
  pace(i: {
    readonly at: Instant
    /** On which calendar a clock counts, for `stopsAt`. */
    readonly calendarOf?: (item: CountedItem, clock: ClockView) => WorkingCalendar | null
  }): Pace
}

const question = z.strictObject({
  by: z.array(dimension).min(1).max(8).optional(),
  least: z.int().min(1).max(1_000_000).optional(),
  confidence: confidence.optional(),
})

/**
 * Learns how long clocks take, and forecasts those that are open: of the past clocks that had counted as much without stopping, the
 * share that went on beyond the target (Kaplan and Meier, 1958, given the age that is reached). Time is what clocks count, so nights,
 * weekends and pauses are none. It knows nothing of who is at work today or of what else waits: that is in what the past took.
 *
 * @example
 * ```ts
 * import { learnPace } from '@patronkit/sla-engine/forecast'
 *
 * const count = learnPace({ by: ['metric', { attribute: 'priority' }] })
 * // for each page of sla.items(…): page.rows.forEach(count.add)
 * const pace = count.pace({ at: '2026-11-23T10:00:00Z' })
 * // pace.forecast(item)[0]?.breach → { value: 0.31, low: 0.22, high: 0.41 }
 * ```
 */
export function learnPace(i: PaceQuestion = {}): PaceCount {
  const { by = ['metric', 'policy'], least = 20, confidence: sure = 0.9 } = parse(question, i, 'pace')
  // calendars of periods are of no use here: what is open has no stop, and what was opened in a month is no likeness
  const readers = by.map((one) => readerOf(one, 'UTC'))
  const lifetimes = by.map((): Cells<Lifetime[]> => cellsOf(() => []))

  function add(item: CountedItem): void {
    for (const clock of item.clocks) {
      const ended = clock.stoppedAt !== null && clock.state !== 'cancelled'
      const values = readers.map((read) => read(item, clock))
      for (const [n, cells] of lifetimes.entries()) cells.at(values.slice(0, n + 1)).push({ ms: clock.workedMs, ended })
    }
  }

  function pace({ at, calendarOf }: Parameters<PaceCount['pace']>[0]): Pace {
    const now = insideHorizon(toMs(at, 'at'), 'at')
    const learned = lifetimes.map((cells) => curvesOf(cells))
    return {
      forecast: (item) =>
        item.clocks.filter(isOpen).map((clock) => {
          const values = readers.map((read) => read(item, clock))
          const known = learned.map((curves, n) => curves(values.slice(0, n + 1)))
          const found = known.findLastIndex((curve) => curve !== null && olderThan(curve, clock.workedMs) >= least)
          const curve = found < 0 ? null : known[found]!
          const median = curve && medianFrom(curve, clock.workedMs)
          const medianLeftMs = median === null ? null : median - clock.workedMs
          const calendar = (clock.state !== 'paused' && calendarOf?.(item, clock)) || null
          return {
            item: item.item,
            agreement: clock.agreement,
            metric: clock.metric,
            cycle: clock.cycle,
            party: clock.party,
            dueAt: clock.dueAt,
            leftMs: clock.leftMs!,
            breach: breachOf(clock, curve, sure),
            medianLeftMs,
            stopsAt: calendar && medianLeftMs !== null ? new Date(calendar.add(now, medianLeftMs)) : null,
            basis: {
              by: by.slice(0, found + 1).map(nameOf),
              of: values.slice(0, found + 1),
              clocks: curve ? olderThan(curve, clock.workedMs) : 0,
            },
          }
        }),
    }
  }

  return { add, pace }
}

const isOpen = (clock: ClockView): boolean => clock.stoppedAt === null && clock.state !== 'cancelled' && clock.targetMs !== null

function breachOf(clock: ClockView, curve: Survival | null, sure: Confidence): Estimate | null {
  if (clock.state === 'breached') return { value: 1, low: 1, high: 1 }
  return curve && longerThan(curve, clock.targetMs!, clock.workedMs, sure)
}

/** The curve of each cell, worked out when it is first asked for; null for values that were never seen. */
function curvesOf(cells: Cells<Lifetime[]>): (values: readonly DimensionValue[]) => Survival | null {
  const known: Cells<{ curve?: Survival | null }> = cellsOf(() => ({}))
  return (values) => {
    const cell = known.at(values)
    if (cell.curve === undefined) {
      const lifetimes = cells.at(values)
      cell.curve = lifetimes.length === 0 ? null : survivalOf(lifetimes)
    }
    return cell.curve
  }
}
