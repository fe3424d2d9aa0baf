import { countedAt, reaches } from '@patronkit/business-time/clock'
import { nextRungAt } from '@patronkit/business-time/ladder'
import { calendarOf, ladderOf, passTime, type Rules } from './evolve.ts'
import type { ItemClock, ItemState } from './model.ts'

/** A clock as hosts see it at one instant. */
export interface ClockView {
  readonly metric: string
  readonly cycle: number
  readonly policy: { readonly id: string; readonly version: number }
  /** `met` and `breached` are final words on a promise; `stopped` is a clock that no target was set for. */
  readonly state: 'running' | 'paused' | 'met' | 'breached' | 'stopped' | 'cancelled'
  readonly startedAt: Date
  readonly stoppedAt: Date | null
  /** When the target is used up if nothing happens; null unless the clock is running towards a target. */
  readonly dueAt: Date | null
  readonly breachedAt: Date | null
  readonly targetMs: number | null
  /** Counted so far, in working time (in wall time where the target is). */
  readonly workedMs: number
  /** Target minus counted; negative once over. Null without a target. */
  readonly leftMs: number | null
}

/** The clocks of an item that have been started, as of an instant not before its last fact. */
export const viewClocks = (state: ItemState, at: number, rules: Rules | null): readonly ClockView[] =>
  rules
    ? passTime(state, at, rules)
        .state.clocks.filter(isStarted)
        .map((clock) => viewClock(clock, at, rules))
    : []

const isStarted = (clock: ItemClock): boolean => clock.clock.startedAt !== null

function viewClock(clock: ItemClock, at: number, rules: Rules): ClockView {
  const calendar = calendarOf(clock, rules)
  const { phase, since, startedAt } = clock.clock
  const workedMs = countedAt(clock.clock, Math.max(at, since!), calendar)
  const leftMs = clock.targetMs === null ? null : clock.targetMs - workedMs
  const due = dueAt(clock, rules)
  return {
    metric: clock.metric,
    cycle: clock.cycle,
    policy: { id: rules.pinnedPolicy.id, version: rules.pinnedPolicy.version },
    state: stateOf(clock, leftMs),
    startedAt: new Date(startedAt!),
    stoppedAt: phase === 'stopped' ? new Date(since!) : null,
    dueAt: due === null ? null : new Date(due),
    breachedAt: clock.breachedAt === null ? null : new Date(clock.breachedAt),
    targetMs: clock.targetMs,
    workedMs,
    leftMs,
  }
}

function stateOf(clock: ItemClock, leftMs: number | null): ClockView['state'] {
  const { phase } = clock.clock
  if (phase === 'cancelled') return 'cancelled'
  if (clock.breachedAt !== null || (leftMs !== null && leftMs < 0)) return 'breached'
  if (phase === 'stopped') return clock.targetMs === null ? 'stopped' : 'met'
  return phase === 'paused' ? 'paused' : 'running'
}

/** The instant at which a running clock uses up its target, or did; null for any other. */
export function dueAt(clock: ItemClock, rules: Rules): number | null {
  if (clock.targetMs === null || clock.clock.phase !== 'running') return null
  const usedUp = clock.clock.countedMs >= clock.targetMs
  return usedUp && clock.missedAt !== null ? clock.missedAt : reaches(clock.clock, clock.targetMs, calendarOf(clock, rules))
}

/** The earliest due instant of an item's clocks. */
export function nextDueAt(state: ItemState, rules: Rules | null): number | null {
  return rules ? earliest(state.clocks.map((clock) => dueAt(clock, rules))) : null
}

/** When the next step of any ladder is reached: that is when the item's timer has to fire. */
export function nextStepAt(state: ItemState, rules: Rules | null): number | null {
  if (!rules) return null
  return earliest(
    state.clocks.map((clock) => nextRungAt(clock.clock, ladderOf(clock, rules.policy), clock.climbed, calendarOf(clock, rules))),
  )
}

const earliest = (instants: readonly (number | null)[]): number | null =>
  instants.reduce((first, at) => (at !== null && (first === null || at < first) ? at : first), null)
