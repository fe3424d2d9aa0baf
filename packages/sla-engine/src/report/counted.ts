import type { ItemView } from '../ask.ts'
import type { ClockView } from '../view.ts'

/** An item with its clocks, as `items` of the service answers it. */
export type CountedItem = Omit<ItemView, 'nextDueAt'>

/** What a clock counts as. */
export type Outcome = 'met' | 'breached' | 'open' | 'excluded'

/** A clock that was cancelled, or that no target was set for, is no promise and counts as excluded. */
export function outcomeOf(clock: ClockView): Outcome {
  switch (clock.state) {
    case 'met':
    case 'breached':
      return clock.state
    case 'running':
    case 'paused':
      return clock.targetMs === null ? 'excluded' : 'open'
    case 'stopped':
    case 'cancelled':
      return 'excluded'
  }
}

/** By how much a clock is over its target; 0 where it is not, also after a longer target came too late to undo the breach. */
export const overMsOf = (clock: ClockView): number => Math.max(0, -(clock.leftMs ?? 0))
