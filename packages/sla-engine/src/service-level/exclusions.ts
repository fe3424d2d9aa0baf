import { holds, valueAt } from '@patronkit/core/service'
import type { CountedItem } from '../report/counted.ts'
import type { ClockView } from '../view.ts'
import type { Exclusion } from './model.ts'

/** Finds the first exclusion that takes a clock out; null where it counts. `at` is the instant the clocks were read at. */
export function excluder(exclusions: readonly Exclusion<string>[], at: number): (item: CountedItem, clock: ClockView) => string | null {
  const takers = exclusions.map(({ id, window, items }) => {
    const takes = window && { from: Date.parse(window.from), to: Date.parse(window.to), how: window.takes ?? ('started' as const) }
    return (item: CountedItem, clock: ClockView): string | null => {
      if (items && !holds(items, (path) => valueAt(item.attributes, path))) return null
      return !takes || isTaken(takes, clock, at) ? id : null
    }
  })
  return (item, clock) => {
    for (const take of takers) {
      const id = take(item, clock)
      if (id !== null) return id
    }
    return null
  }
}

function isTaken(
  { from, to, how }: { readonly from: number; readonly to: number; readonly how: 'started' | 'broken' | 'touched' },
  clock: ClockView,
  at: number,
): boolean {
  const started = clock.startedAt.getTime()
  if (how === 'touched') return started < to && (clock.stoppedAt?.getTime() ?? at) >= from
  const moment = how === 'started' ? started : (clock.breachedAt?.getTime() ?? null)
  return moment !== null && from <= moment && moment < to
}
