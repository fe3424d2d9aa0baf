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

/** How long the ranges are together, in ms of wall time. */
export const lengthOf = (hours: readonly Hours[]): number => hours.reduce((sum, { from, to }) => sum + to - from, 0)
