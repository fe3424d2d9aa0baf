import type { AnyCalendar } from '@patronkit/business-time/calendar'
import { compiled } from '../figures/compiled.ts'
import { inOrder, medianOf, type PercentileMethod, percentileOf } from '../figures/percentile.ts'
import { handOversOf, needlessIn, repeatsOf } from './repeats.ts'
import type { Trace } from './trace.ts'

/** What a process is measured by. */
export interface ProcessQuestion {
  /** In which working time is counted; wall time always is. */
  readonly calendar: AnyCalendar
  /** Activities that add no value, whatever they are for. */
  readonly needless?: readonly string[]
  /** Of the p90 of waiting; the median is the middle, always. Default `nearest-rank`. */
  readonly method?: PercentileMethod
}

/** Lengths in wall time and in working time. */
export interface Length {
  readonly medianMs: number
  readonly p90Ms: number
  readonly totalMs: number
}

export interface Variant {
  readonly activities: readonly string[]
  readonly items: number
  readonly share: number
  /** From the first activity to the last, in wall and in working time. */
  readonly medianMs: number
  readonly medianWorkedMs: number
}

/** The waiting between an activity and the one that directly follows it. */
export interface StepBetween {
  readonly from: string
  readonly to: string
  readonly count: number
  readonly items: number
  readonly wall: Length
  readonly working: Length
}

export interface ProcessReport {
  readonly items: number
  readonly activities: number
  /** The most frequent first. */
  readonly variants: readonly Variant[]
  /** The most time first, by working time in total. */
  readonly steps: readonly StepBetween[]
  readonly rework: {
    /** Items in which something was done more than once. */
    readonly items: number
    readonly share: number | null
    /** By activity: straight after itself, and after something else (a loop). The most repeated first. */
    readonly activities: readonly { readonly activity: string; readonly items: number; readonly straight: number; readonly later: number }[]
  }
  readonly handOvers: {
    readonly count: number
    readonly items: number
    /** Those that go back to the one who had it before, and how long the other had it. */
    readonly back: number
    readonly backMs: number
    /** The most frequent first. */
    readonly pairs: readonly { readonly from: string; readonly to: string; readonly count: number }[]
  }
  /** Steps that could be left out, with the waiting before them. */
  readonly needless: {
    readonly count: number
    readonly items: number
    readonly workedMs: number
    readonly activities: readonly {
      readonly activity: string
      readonly because: 'again' | 'declared'
      readonly count: number
      readonly workedMs: number
    }[]
  }
}

/** Takes traces one by one. */
export interface ProcessCount {
  add(trace: Trace): void
  report(): ProcessReport
}

/**
 * Reads a process off what was done: variants, waiting between steps, rework, hand-overs, needless steps. Items without any activity
 * are no items.
 *
 * @example
 * ```ts
 * import { defineCalendar } from '@patronkit/business-time'
 * import { countProcess, traceOf } from '@patronkit/sla-engine/process'
 *
 * const calendar = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * const count = countProcess({ calendar, needless: ['reassigned'] })
 * count.add(traceOf({ item: 'T-1', by: 'data.agent', facts: [
 *   { type: 'created', at: '2026-11-23T09:00:00+01:00', data: { agent: 'ann' } },
 *   { type: 'resolved', at: '2026-11-23T11:00:00+01:00', data: { agent: 'bo' } },
 * ] }))
 * const { variants, steps, handOvers } = count.report()
 * console.log(variants[0]?.activities, steps[0]?.working.medianMs, handOvers.count) // ['created', 'resolved'], 7200000, 1
 * ```
 */
export function countProcess(i: ProcessQuestion): ProcessCount {
  const calendar = compiled(i.calendar)
  const declared = new Set(i.needless)
  const variants = new Map<string, { activities: readonly string[]; wall: number[]; worked: number[] }>()
  const steps = new Map<string, { from: string; to: string; items: number; wall: number[]; worked: number[] }>()
  const repeated = new Map<string, { items: number; straight: number; later: number }>()
  const pairs = new Map<string, { from: string; to: string; count: number }>()
  const needless = new Map<string, { activity: string; because: 'again' | 'declared'; count: number; workedMs: number }>()
  const sums = { items: 0, activities: 0, reworked: 0, handedOver: 0, handOvers: 0, back: 0, backMs: 0, needlessItems: 0 }

  function add({ activities }: Trace): void {
    const [first, last] = [activities[0], activities.at(-1)]
    if (!first || !last) return
    sums.items++
    sums.activities += activities.length
    const types = activities.map(({ type }) => type)
    const variant = entry(variants, JSON.stringify(types), () => ({ activities: types, wall: [], worked: [] }))
    variant.wall.push(last.at - first.at)
    variant.worked.push(calendar.within(first.at, last.at))

    const mine = new Set<string>()
    for (let n = 1; n < activities.length; n++) {
      const [from, to] = [activities[n - 1]!, activities[n]!]
      const key = JSON.stringify([from.type, to.type])
      const step = entry(steps, key, () => ({ from: from.type, to: to.type, items: 0, wall: [], worked: [] }))
      step.wall.push(to.at - from.at)
      step.worked.push(calendar.within(from.at, to.at))
      if (!mine.has(key)) step.items++
      mine.add(key)
    }

    const repeats = repeatsOf(activities)
    if (repeats.size > 0) sums.reworked++
    for (const [type, { straight, later }] of repeats) {
      const sum = entry(repeated, type, () => ({ items: 0, straight: 0, later: 0 }))
      sum.items++
      sum.straight += straight
      sum.later += later
    }

    const handOvers = handOversOf(activities)
    if (handOvers.length > 0) sums.handedOver++
    for (const { from, to, back, heldMs } of handOvers) {
      sums.handOvers++
      if (back) sums.back++
      if (back) sums.backMs += heldMs
      entry(pairs, JSON.stringify([from, to]), () => ({ from, to, count: 0 })).count++
    }

    const without = needlessIn(activities, declared)
    if (without.length > 0) sums.needlessItems++
    for (const { type, because, waitedFrom, at } of without) {
      const sum = entry(needless, JSON.stringify([type, because]), () => ({ activity: type, because, count: 0, workedMs: 0 }))
      sum.count++
      sum.workedMs += calendar.within(waitedFrom, at)
    }
  }

  function report(): ProcessReport {
    const leftOut = [...needless.values()]
    return {
      items: sums.items,
      activities: sums.activities,
      variants: [...variants.values()]
        .map(({ activities, wall, worked }) => ({
          activities,
          items: wall.length,
          share: wall.length / sums.items,
          medianMs: medianOf(inOrder(wall))!,
          medianWorkedMs: medianOf(inOrder(worked))!,
        }))
        .sort((a, b) => b.items - a.items || byText(a.activities.join(), b.activities.join())),
      steps: [...steps.values()]
        .map(({ from, to, items, wall, worked }) => {
          const length = (figures: readonly number[]) => lengthOf(figures, i.method ?? 'nearest-rank')
          return { from, to, count: wall.length, items, wall: length(wall), working: length(worked) }
        })
        .sort((a, b) => b.working.totalMs - a.working.totalMs || byText(a.from + a.to, b.from + b.to)),
      rework: {
        items: sums.reworked,
        share: sums.items === 0 ? null : sums.reworked / sums.items,
        activities: [...repeated]
          .map(([activity, sum]) => ({ activity, ...sum }))
          .sort((a, b) => b.straight + b.later - a.straight - a.later || byText(a.activity, b.activity)),
      },
      handOvers: {
        count: sums.handOvers,
        items: sums.handedOver,
        back: sums.back,
        backMs: sums.backMs,
        pairs: [...pairs.values()].sort((a, b) => b.count - a.count || byText(a.from + a.to, b.from + b.to)),
      },
      needless: {
        count: leftOut.reduce((sum, { count }) => sum + count, 0),
        items: sums.needlessItems,
        workedMs: leftOut.reduce((sum, { workedMs }) => sum + workedMs, 0),
        activities: leftOut.sort((a, b) => b.workedMs - a.workedMs || byText(a.activity, b.activity)),
      },
    }
  }

  return { add, report }
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  let found = map.get(key)
  if (found === undefined) {
    found = make()
    map.set(key, found)
  }
  return found
}

function lengthOf(figures: readonly number[], method: PercentileMethod): Length {
  const sorted = inOrder(figures)
  return { medianMs: medianOf(sorted)!, p90Ms: percentileOf(sorted, 90, method)!, totalMs: figures.reduce((sum, ms) => sum + ms, 0) }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
