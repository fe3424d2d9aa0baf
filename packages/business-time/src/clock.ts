import { isPatronkitError } from '@patronkit/core'
import type { WorkingCalendar } from './working-calendar.ts'

/** What a clock is doing. Only a running clock counts. */
export type ClockPhase = 'idle' | 'running' | 'paused' | 'stopped' | 'cancelled'

/** What can happen to a clock. `resume` also sets a stopped clock going again, leaving the time in between out. */
export type ClockMove = 'start' | 'pause' | 'resume' | 'stop' | 'cancel'

/**
 * A clock as the fold of its moves: what it counted up to `since`, and what it has been doing from then on.
 * All instants are epoch milliseconds, all lengths milliseconds of the calendar it is counted on.
 */
export interface ClockState {
  readonly phase: ClockPhase
  readonly startedAt: number | null
  readonly since: number | null
  readonly countedMs: number
}

/** A clock that has not been started. */
export const IDLE: ClockState = Object.freeze({ phase: 'idle', startedAt: null, since: null, countedMs: 0 })

const NEXT: { readonly [P in ClockPhase]: { readonly [M in ClockMove]?: ClockPhase } } = {
  idle: { start: 'running', cancel: 'cancelled' },
  running: { pause: 'paused', stop: 'stopped', cancel: 'cancelled' },
  paused: { resume: 'running', stop: 'stopped', cancel: 'cancelled' },
  stopped: { resume: 'running' },
  cancelled: {},
}

/** The clock after a move. A move that means nothing in its phase (pausing a paused clock) changes nothing. */
export function moveClock(clock: ClockState, move: ClockMove, at: number, calendar: WorkingCalendar): ClockState {
  const phase = NEXT[clock.phase][move]
  if (phase === undefined) return clock
  return { phase, startedAt: clock.startedAt ?? at, since: at, countedMs: countedAt(clock, at, calendar) }
}

/** Folds moves, oldest first, into a clock. */
export const foldClock = (moves: readonly { readonly move: ClockMove; readonly at: number }[], calendar: WorkingCalendar): ClockState =>
  moves.reduce((clock, { move, at }) => moveClock(clock, move, at, calendar), IDLE)

/** Milliseconds counted up to an instant at or after the last move. */
export const countedAt = (clock: ClockState, at: number, calendar: WorkingCalendar): number =>
  clock.phase === 'running' ? clock.countedMs + calendar.within(clock.since!, at) : clock.countedMs

/**
 * The instant at which a running clock will have counted `ms`; null when it is not running, or when its calendar has
 * no more open time. Where it has counted that much already, the answer is the start of the present stretch: the
 * state alone knows no earlier one.
 */
export function reaches(clock: ClockState, ms: number, calendar: WorkingCalendar): number | null {
  if (clock.phase !== 'running') return null
  const left = ms - clock.countedMs
  if (left <= 0) return clock.since
  try {
    return calendar.add(clock.since!, left)
  } catch (error) {
    if (isPatronkitError(error, 'time/never-open') || isPatronkitError(error, 'time/beyond-horizon')) return null
    throw error
  }
}
