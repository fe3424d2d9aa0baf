import type { Grain, Spine } from './calendar.ts'
import type { CumulativeMetric, Shift } from './model.ts'

/** Days [from, to) that a metric is asked for, whole periods of `grain`. */
export interface Stretch {
  readonly grain: Grain
  readonly from: number
  readonly to: number
}

/** The stretch so many periods or years before; null where the earlier year has none such, as a 53rd week or 29 February. */
export function shifted(spine: Spine, stretch: Stretch, shift: Shift): Stretch | null {
  const { grain, from, to } = stretch
  if ('periods' in shift) return { grain, from: back(spine, grain, from, shift.periods), to: back(spine, grain, to, shift.periods) }
  const first = sameInYear(spine, grain, from, shift.years)
  const last = sameInYear(spine, grain, to - 1, shift.years)
  return first && last && { grain, from: first.from, to: last.to }
}

/** The start of the period so many before the one that starts on that day. */
function back(spine: Spine, grain: Grain, day: number, periods: number): number {
  let from = day
  for (let step = 0; step < periods; step++) from = spine.at(grain, from - 1).from
  return from
}

/** The period of the same number in an earlier year: its third week, its second quarter, the same date. */
function sameInYear(spine: Spine, grain: Grain, day: number, years: number): { readonly from: number; readonly to: number } | null {
  const { id } = spine.at(grain, day)
  const earlier = spine.named(`${String(Number(id.slice(0, 4)) - years).padStart(4, '0')}${id.slice(4)}`)
  return earlier && earlier.grain === grain ? earlier : null
}

/** The longer stretch that a cumulative metric looks at, up to the end of the one asked for. */
export function longer(spine: Spine, stretch: Stretch, over: CumulativeMetric['over']): Stretch {
  if ('toDate' in over) return { ...stretch, from: spine.at(over.toDate, stretch.to - 1).from }
  return { ...stretch, from: back(spine, stretch.grain, stretch.to, over.periods) }
}
