import { type AnyCalendar, indexOf } from './compiled.ts'
import { compileSource } from './open-source.ts'
import type { Intervals } from './open-time.ts'
import { invalidInput } from './refusals.ts'
import type { WorkingCalendar } from './working-calendar.ts'

/** Calendars to combine. */
export interface Combination {
  readonly calendars: readonly AnyCalendar[]
  /** The zone in which working days are counted; default the first calendar's. */
  readonly zone?: string
}

/**
 * Open whenever one of the calendars is: two teams that cover for each other. Beside {@link alwaysOpen} it never closes.
 * Its working days are the local dates on which it is open at all.
 *
 * @example
 * ```ts
 * import { defineCalendar, isOpen, uniteCalendars } from '@patronkit/business-time'
 *
 * const rome = defineCalendar({ id: 'rome', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * const tokyo = defineCalendar({ id: 'tokyo', zone: 'Asia/Tokyo', week: { mon: [['09:00', '17:00']] } })
 * console.log(isOpen({ calendar: uniteCalendars({ calendars: [rome, tokyo] }), at: '2026-11-23T10:00:00+09:00' })) // true
 * ```
 */
export const uniteCalendars = (i: Combination): WorkingCalendar => combine('united', i, 1)

/**
 * Open only while all of the calendars are: work that needs two teams at once. Beside {@link alwaysOpen} a calendar stays as
 * it is. Its working days are the local dates on which it is open at all.
 */
export const intersectCalendars = (i: Combination): WorkingCalendar => combine('intersected', i, i.calendars.length)

function combine(id: string, i: Combination, needed: number): WorkingCalendar {
  const parts = i.calendars.map(indexOf)
  if (parts.length === 0) throw invalidInput(id, 'calendars', 'give at least one calendar')
  return compileSource({
    id,
    zone: i.zone ?? parts[0]!.zone,
    open: (from, to) =>
      whereOpen(
        parts.map((part) => part.intervals(from, to)),
        needed,
      ),
  })
}

/** The intervals during which at least `needed` of the lists are open: one pass over all openings and closes in order. */
export function whereOpen(lists: readonly (readonly (readonly [number, number])[])[], needed: number): Intervals {
  const opens = Float64Array.from(lists.flatMap((list) => list.map(([from]) => from))).sort()
  const closes = Float64Array.from(lists.flatMap((list) => list.map(([, to]) => to))).sort()
  const starts: number[] = []
  const ends: number[] = []
  let open = 0
  for (let o = 0, c = 0; c < closes.length; ) {
    // At one instant openings come before closes, so that intervals which adjoin are one.
    if (o < opens.length && opens[o]! <= closes[c]!) {
      if (++open === needed) starts.push(opens[o]!)
      o++
    } else {
      if (open-- === needed) ends.push(closes[c]!)
      c++
    }
  }
  return solid(starts, ends)
}

/** Leaves out what opens and closes at one instant: calendars that hand over without overlap. */
function solid(starts: readonly number[], ends: readonly number[]): Intervals {
  const keep = (_: number, k: number) => starts[k]! < ends[k]!
  return { starts: starts.filter(keep), ends: ends.filter(keep) }
}
