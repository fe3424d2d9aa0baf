import { countedAt, reaches } from '@patronkit/business-time/clock'
import { type Book, type Books, countedOn } from './book.ts'
import { inRowOrder } from './clock-name.ts'
import type { ItemClock, ItemState } from './model.ts'
import { passTime } from './passing.ts'

/** A clock as hosts see it at one instant. */
export interface ClockView {
  /** Whose promise it is: `sla`, `ola` … */
  readonly agreement: string
  readonly metric: string
  readonly cycle: number
  /** Whose turn it is or was, where each team has its own clock. */
  readonly party: string | null
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
export function viewClocks(state: ItemState, at: number, books: Books): readonly ClockView[] {
  const book = books(state.book)
  return passTime(state, at, books)
    .clocks.filter((clock) => clock.clock.startedAt !== null)
    .map((clock) => viewClock(clock, at, book))
    .sort(inRowOrder)
    .sort(inOrder)
}

/** The same order however the clocks came to be: agreements, their metrics, their cycles. */
const inOrder = (a: ClockView, b: ClockView): number => byText(a.agreement, b.agreement) || byText(a.metric, b.metric) || a.cycle - b.cycle

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function viewClock(clock: ItemClock, at: number, book: Book): ClockView {
  const { phase, since, startedAt } = clock.clock
  const workedMs = phase === 'running' ? countedAt(clock.clock, Math.max(at, since!), countedOn(clock, book)) : clock.clock.countedMs
  const leftMs = clock.targetMs === null ? null : clock.targetMs - workedMs
  const due = dueAt(clock, book)
  return {
    agreement: clock.agreement,
    metric: clock.metric,
    cycle: clock.cycle,
    party: clock.party,
    policy: clock.policy,
    state: wordFor(clock, leftMs),
    startedAt: new Date(startedAt!),
    stoppedAt: phase === 'stopped' ? new Date(since!) : null,
    dueAt: due === null ? null : new Date(due),
    breachedAt: clock.breachedAt === null ? null : new Date(clock.breachedAt),
    targetMs: clock.targetMs,
    workedMs,
    leftMs,
  }
}

function wordFor(clock: ItemClock, leftMs: number | null): ClockView['state'] {
  const { phase } = clock.clock
  if (phase === 'cancelled') return 'cancelled'
  if (clock.ruled) return clock.ruled
  if (clock.breachedAt !== null) return 'breached'
  // what has counted too much for a target that came while it stood still breaches when it goes on, or is judged when it stops
  if (phase === 'paused') return 'paused'
  if (leftMs !== null && leftMs < 0) return 'breached'
  if (phase === 'stopped') return clock.targetMs === null ? 'stopped' : 'met'
  return 'running'
}

/** The instant at which a running clock uses up its target, or did; null for any other. */
export function dueAt(clock: ItemClock, book: Book): number | null {
  if (clock.targetMs === null || clock.clock.phase !== 'running') return null
  const usedUp = clock.clock.countedMs >= clock.targetMs
  return usedUp && clock.missedAt !== null ? clock.missedAt : reaches(clock.clock, clock.targetMs, countedOn(clock, book))
}

/** The earliest due instant of an item's clocks. */
export function nextDueAt(state: ItemState, books: Books): number | null {
  const book = books(state.book)
  return state.clocks.reduce<number | null>((first, clock) => {
    const at = dueAt(clock, book)
    return at !== null && (first === null || at < first) ? at : first
  }, null)
}
