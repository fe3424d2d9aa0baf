import type { AnyCalendar } from '@patronkit/business-time/calendar'
import type { Instant } from '@patronkit/core'
import { toMs } from '@patronkit/core/service'
import { compiled } from '../figures/compiled.ts'
import { type Confidence, differenceOf, type Estimate, shareInterval } from '../figures/interval.ts'
import { type Lifetime, medianEstimate, survivalOf } from '../figures/survival.ts'
import { handOversOf, needlessIn, repeatsOf } from './repeats.ts'
import type { Trace } from './trace.ts'

/** One side of a comparison; `high` is null where too little has ended to bound it. */
export interface Side {
  readonly value: number
  readonly low: number
  readonly high: number | null
}

/** A figure before and after. Less is better for each of them. */
export interface Effect {
  /** Medians in ms, from the first activity to the last; shares of items. */
  readonly figure: 'throughput' | 'worked-throughput' | 'rework' | 'handed-over' | 'handed-back' | 'needless'
  readonly before: Side | null
  readonly after: Side | null
  /** after − before; null where a side has no figure. Its bounds are null where a side's are. */
  readonly change: { readonly value: number; readonly low: number | null; readonly high: number | null } | null
  /** Whether the interval of the change leaves no doubt about its direction. */
  readonly verdict: 'better' | 'worse' | 'unclear'
}

export interface ProcessComparison {
  readonly changedAt: Date
  readonly confidence: Confidence
  /** Items that began on each side, and of them those that ended on it. */
  readonly before: { readonly items: number; readonly ended: number }
  readonly after: { readonly items: number; readonly ended: number }
  readonly effects: readonly Effect[]
}

interface Half {
  items: number
  readonly wall: Lifetime[]
  readonly worked: Lifetime[]
  readonly ended: Trace[]
}

/**
 * What a change did. Items belong to the side on which they began. One that was open at the change says of the old way only that it
 * took longer than until then; so does one that is open at `asOf` of the new. Medians are Kaplan–Meier's, so neither side looks
 * faster because its slow items were cut off; shares are of the items that ended on their side.
 *
 * @example
 * ```ts
 * import { alwaysOpen } from '@patronkit/business-time'
 * import { compareProcess, type Trace } from '@patronkit/sla-engine/process'
 *
 * const traces: readonly Trace[] = []
 * const { effects } = compareProcess({ traces, changedAt: '2026-03-01T00:00:00Z', asOf: '2026-06-01T00:00:00Z', calendar: alwaysOpen, ends: ['closed'] })
 * for (const { figure, change, verdict } of effects) console.log(figure, change?.value, change?.low, change?.high, verdict)
 * ```
 */
export function compareProcess(i: {
  readonly traces: Iterable<Trace>
  readonly changedAt: Instant
  readonly asOf: Instant
  readonly calendar: AnyCalendar
  /** Activities after which an item is done, when they are its last. */
  readonly ends: readonly string[]
  readonly needless?: readonly string[]
  readonly confidence?: Confidence
}): ProcessComparison {
  const changedAt = toMs(i.changedAt, 'changedAt')
  const asOf = toMs(i.asOf, 'asOf')
  const { confidence = 0.95 } = i
  const calendar = compiled(i.calendar)
  const ends = new Set(i.ends)
  const [before, after] = [newHalf(), newHalf()]
  for (const trace of i.traces) {
    const [first, last] = [trace.activities[0], trace.activities.at(-1)]
    if (!first || !last || first.at > asOf) continue
    const [half, until] = first.at < changedAt ? [before, Math.min(changedAt, asOf)] : [after, asOf]
    const ended = ends.has(last.type) && last.at <= until
    const to = ended ? last.at : until
    half.items++
    half.wall.push({ ms: to - first.at, ended })
    half.worked.push({ ms: calendar.within(first.at, to), ended })
    if (ended) half.ended.push(trace)
  }

  const declared = new Set(i.needless)
  const share = (holds: (trace: Trace) => boolean) => (half: Half) =>
    shareInterval(half.ended.filter(holds).length, half.ended.length, confidence)
  const median = (lifetimes: 'wall' | 'worked') => (half: Half) => medianEstimate(survivalOf(half[lifetimes]), confidence)
  const effect = (figure: Effect['figure'], side: (half: Half) => Side | null) => effectOf(figure, side(before), side(after))
  return {
    changedAt: new Date(changedAt),
    confidence,
    before: { items: before.items, ended: before.ended.length },
    after: { items: after.items, ended: after.ended.length },
    effects: [
      effect('throughput', median('wall')),
      effect('worked-throughput', median('worked')),
      effect(
        'rework',
        share(({ activities }) => repeatsOf(activities).size > 0),
      ),
      effect(
        'handed-over',
        share(({ activities }) => handOversOf(activities).length > 0),
      ),
      effect(
        'handed-back',
        share(({ activities }) => handOversOf(activities).some(({ back }) => back)),
      ),
      effect(
        'needless',
        share(({ activities }) => needlessIn(activities, declared).length > 0),
      ),
    ],
  }
}

const newHalf = (): Half => ({ items: 0, wall: [], worked: [], ended: [] })

function effectOf(figure: Effect['figure'], before: Side | null, after: Side | null): Effect {
  const whole = differenceOf(bounded(before), bounded(after))
  if (!whole) return { figure, before, after, change: null, verdict: 'unclear' }
  const change = { value: whole.value, low: finite(whole.low), high: finite(whole.high) }
  const verdict = whole.high < 0 ? 'better' : whole.low > 0 ? 'worse' : 'unclear'
  return { figure, before, after, change, verdict }
}

const bounded = (side: Side | null): Estimate | null => side && { ...side, high: side.high ?? Number.POSITIVE_INFINITY }

const finite = (bound: number): number | null => (Number.isFinite(bound) ? bound : null)
