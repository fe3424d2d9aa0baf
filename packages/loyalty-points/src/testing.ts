import { decide, openAccount } from './decide.ts'
import type { Accepted, Env } from './decision.ts'
import type { AccountState, Command, LoyaltyEvent } from './model.ts'
import type { Programme } from './programme.ts'
import { type Rejection, refusal } from './refusals.ts'

export { evolve, evolveAll, NOBODY } from './evolve.ts'
export { byUse } from './lots.ts'
export { passTime } from './passing.ts'
export { climbTiers, enrolled, type Movement, type Standing } from './tiers.ts'

/** An account in a test: it remembers its events, and each command is decided where the clock stands. */
export interface Story {
  readonly state: AccountState
  readonly events: readonly LoyaltyEvent[]
}

/** An account that was opened. Instants are epoch ms. */
export const opened = (programme: Programme, at: number, i: { readonly account?: string; readonly zone?: string } = {}): Story =>
  openAccount({ account: i.account ?? 'c_1', programme: 'stars', zone: i.zone ?? 'UTC', at }, programme)

/** Decides a command and goes on; throws what a service would throw. `now` defaults to the command's own instant. */
export function given(
  story: Story,
  command: Command,
  programme: Programme,
  o: Partial<Env> = {},
): Story & { readonly answer: Accepted['answer'] } {
  const decision = decide(command, story.state, { now: Math.max(command.at, story.state.asOf), programme, ...o })
  if (decision.outcome === 'rejected') throw refusal(decision.rejection)
  if (decision.outcome === 'needs-lots') throw new Error('a whole account never needs lots')
  return { state: decision.state, events: [...story.events, ...decision.events], answer: decision.answer }
}

/** The rejection of a command, or null where it is accepted. */
export function refused(story: Story, command: Command, programme: Programme, o: Partial<Env> = {}): Rejection | null {
  const decision = decide(command, story.state, { now: Math.max(command.at, story.state.asOf), programme, ...o })
  return decision.outcome === 'rejected' ? decision.rejection : null
}
