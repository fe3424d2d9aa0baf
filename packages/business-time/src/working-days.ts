import { DAY } from '@patronkit/core/service'
import { hoursOf, type Rules } from './rules.ts'
import type { Zone } from './zone.ts'

/** The working days among the local dates of a span, and the rank of every date among them. */
export interface WorkingDays {
  readonly firstDay: number
  /** Day numbers in order. */
  readonly days: Int32Array
  /** before[day - firstDay]: how many working days lie before `day`. One entry more than there are dates. */
  readonly before: Int32Array
}

/**
 * A working day is a local date on which hours start; breaks do not undo it. A date that the zone left out
 * (Pacific/Apia, 2011-12-30) is none.
 */
export function workingDays(rules: Rules, zone: Zone, firstDay: number, lastDay: number): WorkingDays {
  zone.cover((firstDay - 2) * DAY, (lastDay + 3) * DAY)
  const before = new Int32Array(lastDay - firstDay + 2)
  const days = new Int32Array(lastDay - firstDay + 1)
  let count = 0
  for (let day = firstDay; day <= lastDay; day++) {
    before[day - firstDay] = count
    if (hoursOf(rules, day).length > 0 && exists(zone, day)) days[count++] = day
  }
  before[lastDay - firstDay + 1] = count
  return { firstDay, days: days.subarray(0, count), before }
}

/** Whether a local date took place in a zone that is covered around it. */
export function exists(zone: Zone, day: number): boolean {
  const midnight = zone.resolve(day * DAY)
  return midnight + zone.offsetAt(midnight) < (day + 1) * DAY
}

/** The n-th working day after a date (n >= 1) or, for n <= -1, before it; undefined where the span holds too few. */
export function nthWorkingDay(w: WorkingDays, day: number, n: number): number | undefined {
  const rank = n > 0 ? w.before[day - w.firstDay + 1]! + n - 1 : w.before[day - w.firstDay]! + n
  return w.days[rank]
}
