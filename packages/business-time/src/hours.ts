import { DAY } from '@patronkit/core/service'
import type { TimeRange } from './definition.ts'
import { readWallTime } from './wall.ts'

/** A range of a day in ms after its midnight; an overnight end is more than a day. */
export interface Hours {
  readonly from: number
  readonly to: number
}

/** The ranges of a day, earlier ones first. */
export function readHours(ranges: readonly TimeRange[]): readonly Hours[] {
  return ranges
    .map(([start, end]) => {
      const [from, to] = [readWallTime(start)!, readWallTime(end)!]
      return { from, to: to <= from ? to + DAY : to }
    })
    .sort((a, b) => a.from - b.from)
}

/** How long it is open in these ranges, in ms of wall time; where they overlap counts once. */
export function lengthOf(hours: readonly Hours[]): number {
  let open = 0
  let until = 0
  for (const { from, to } of hours) {
    open += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return open
}
