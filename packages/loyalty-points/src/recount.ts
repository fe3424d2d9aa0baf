import { compareText } from '@patronkit/core/service'
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
 * Folds an account's commands anew in the order in which they happened; within one instant by id, each as soon as it can be
 * done. The order of arrival plays no part, so a backdated command shows what it changes: lots are used and expire as if it had come in time.
 */
export function recount(opening: AccountState, commands: readonly Command[], programmeAt: (at: number) => Programme): Recount {
  const refused: Recount['refused'][number][] = []
  const events: LoyaltyEvent[] = []
  let state = opening
  const told = (command: Command): Rejection | null => {
    const decision = decide(command, state, { now: command.at, programme: programmeAt(command.at) })
    if (decision.outcome !== 'accepted') return decision.outcome === 'rejected' ? decision.rejection : null
    state = decision.state
    events.push(...decision.events)
    return null
  }
  for (const atOnce of byInstant(commands)) {
    // a capture may be named before the hold that it ends: what is refused is told again behind the others
    for (let waiting = atOnce; waiting.length > 0; ) {
      const no = waiting.flatMap((command) => {
        const rejection = told(command)
        return rejection ? [{ command, rejection }] : []
      })
      const stuck = no.length === waiting.length
      if (stuck) refused.push(...no)
      waiting = stuck ? [] : no.map(({ command }) => command)
    }
  }
  return { state, events, refused }
}

/** Commands by the instant at which they happened, those of one instant by name. */
function byInstant(commands: readonly Command[]): readonly (readonly Command[])[] {
  const groups = new Map<number, Command[]>()
  for (const command of [...commands].sort((a, b) => a.at - b.at || compareText(nameOf(a), nameOf(b)))) {
    const group = groups.get(command.at)
    if (group) group.push(command)
    else groups.set(command.at, [command])
  }
  return [...groups.values()]
}
