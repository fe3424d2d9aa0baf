import { type ClockState, reaches } from './clock.ts'
import type { WorkingCalendar } from './working-calendar.ts'

/** A rung of a ladder: reached when a clock has counted `atMs`. */
export interface Rung {
  readonly step: string
  readonly atMs: number
}

/** The rung of the promise itself: the first millisecond over the target. Exactly on target is kept. */
export const OVER = 'over'

/** The rungs of a target: one for each percentage, and {@link OVER}. In the order in which a clock reaches them. */
export function rungsOf(targetMs: number, percents: readonly number[]): readonly Rung[] {
  const steps = percents.map((percent) => ({ step: `${percent}%`, atMs: Math.ceil((targetMs * percent) / 100) }))
  return [...steps, { step: OVER, atMs: targetMs + 1 }].sort((a, b) => a.atMs - b.atMs)
}

/** A rung that a clock has reached, and when. */
export interface Reached extends Rung {
  readonly at: number
}

/** The rungs, other than those climbed already, that a running clock reaches up to an instant. */
export function climb(
  clock: ClockState,
  rungs: readonly Rung[],
  climbed: readonly string[],
  until: number,
  calendar: WorkingCalendar,
): readonly Reached[] {
  const reached: Reached[] = []
  for (const rung of rungs) {
    if (climbed.includes(rung.step)) continue
    const at = reaches(clock, rung.atMs, calendar)
    if (at === null || at > until) break
    reached.push({ ...rung, at })
  }
  return reached
}

/** When a running clock reaches its next rung; null when it is not running or has climbed them all. */
export function nextRungAt(
  clock: ClockState,
  rungs: readonly Rung[],
  climbed: readonly string[],
  calendar: WorkingCalendar,
): number | null {
  const next = rungs.find((rung) => !climbed.includes(rung.step))
  return next ? reaches(clock, next.atMs, calendar) : null
}
