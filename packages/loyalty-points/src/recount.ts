import { decide } from './decide.ts'
import type { AccountState, Command, LoyaltyEvent } from './model.ts'
import type { Programme } from './programme.ts'
import type { Rejection } from './refusals.ts'

/** An account as it would be had everything arrived when it happened. */
export interface Recount {
  readonly state: AccountState
  readonly events: readonly LoyaltyEvent[]
  /** What could not have been done at its own time, such as spending points that came later. */
  readonly refused: readonly { readonly command: Command; readonly rejection: Rejection }[]
}

const nameOf = (command: Command): string => ('id' in command ? command.id : 'hold' in command ? command.hold : command.type)

/**
 * Folds an account's commands anew in the order in which they happened, ties by id. The order of arrival plays no part, so
 * a backdated command shows what it changes: lots are used and expire as if it had come in time.
 */
export function recount(opening: AccountState, commands: readonly Command[], programmeAt: (at: number) => Programme): Recount {
  const ordered = [...commands].sort((a, b) => a.at - b.at || (nameOf(a) < nameOf(b) ? -1 : 1))
  const refused: Recount['refused'][number][] = []
  const events: LoyaltyEvent[] = []
  let state = opening
  for (const command of ordered) {
    const decision = decide(command, state, { now: command.at, programme: programmeAt(command.at) })
    if (decision.outcome === 'accepted') {
      state = decision.state
      events.push(...decision.events)
    } else if (decision.outcome === 'rejected') refused.push({ command, rejection: decision.rejection })
  }
  return { state, events, refused }
}
