import { DAY } from '@patronkit/core/service'
import type { Hours } from './hours.ts'
import { hoursOf, type Rules } from './rules.ts'
import type { Zone } from './zone.ts'

/** Disjoint half-open intervals in order: the i-th is [starts[i], ends[i]). */
export interface Intervals {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/**
 * Days before and after a span whose hours can reach into it: an overnight range ends a day after the date of its start,
 * a zone can be a day from UTC's date, and Samoa moved a whole date by another day.
 */
const REACH = 3

/** The open time of a calendar inside [from, to), cut to it. Hours that overlap or adjoin are one interval. */
export function openTime(rules: Rules, zone: Zone, from: number, to: number): Intervals {
  const firstDay = Math.floor(from / DAY) - REACH
  const lastDay = Math.floor(to / DAY) + REACH
  zone.cover((firstDay - REACH) * DAY, (lastDay + REACH) * DAY)

  const hours: Pairs = { starts: [], ends: [] }
  if (rules.weeklyDays > 0) for (let day = firstDay; day <= lastDay; day++) place(hours, zone, day, hoursOf(rules, day))
  else for (const day of rules.shifts.keys()) if (day >= firstDay && day <= lastDay) place(hours, zone, day, hoursOf(rules, day))

  const breaks: Pairs = { starts: [], ends: [] }
  for (const [day, ranges] of rules.breaks) if (day >= firstDay && day <= lastDay) place(breaks, zone, day, ranges)

  return cut(merge(hours), merge(breaks), from, to)
}

interface Pairs {
  starts: number[]
  ends: number[]
}

function place(into: Pairs, zone: Zone, day: number, ranges: readonly Hours[]): void {
  for (const range of ranges) {
    const start = zone.resolve(day * DAY + range.from)
    const end = zone.resolve(day * DAY + range.to)
    // A gap can push a start past its end: those hours did not take place.
    if (end > start) {
      into.starts.push(start)
      into.ends.push(end)
    }
  }
}

function merge(pairs: Pairs): Pairs {
  const { starts, ends } = inOrder(pairs)
  const merged: Pairs = { starts: [], ends: [] }
  let last = -1
  for (let i = 0; i < starts.length; i++) {
    if (last >= 0 && starts[i]! <= merged.ends[last]!) {
      if (ends[i]! > merged.ends[last]!) merged.ends[last] = ends[i]!
    } else {
      merged.starts.push(starts[i]!)
      merged.ends.push(ends[i]!)
      last++
    }
  }
  return merged
}

/** Days come in order, so this sorts only where a zone's change swapped two starts. */
function inOrder(pairs: Pairs): Pairs {
  const { starts, ends } = pairs
  if (starts.every((start, i) => i === 0 || starts[i - 1]! <= start)) return pairs
  const order = starts.map((_, i) => i).sort((a, b) => starts[a]! - starts[b]!)
  return { starts: order.map((i) => starts[i]!), ends: order.map((i) => ends[i]!) }
}

function cut(hours: Pairs, breaks: Pairs, from: number, to: number): Intervals {
  const left: Pairs = { starts: [], ends: [] }
  let b = 0
  for (let i = 0; i < hours.starts.length; i++) {
    let start = Math.max(hours.starts[i]!, from)
    const end = Math.min(hours.ends[i]!, to)
    while (b < breaks.starts.length && breaks.ends[b]! <= start) b++
    for (let next = b; next < breaks.starts.length && breaks.starts[next]! < end; next++) {
      push(left, start, breaks.starts[next]!)
      start = breaks.ends[next]!
    }
    push(left, start, end)
  }
  return left
}

function push(into: Pairs, start: number, end: number): void {
  if (end <= start) return
  into.starts.push(start)
  into.ends.push(end)
}
