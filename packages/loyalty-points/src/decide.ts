import { toIso } from '@patronkit/core/service'
import { tally } from './balance.ts'
import { claim, dismiss, earn, grant, reinstate, releasePending } from './decide-earn.ts'
import { refund, reverse } from './decide-refund.ts'
import { capture, deduct, hold, redeem, release, replace } from './decide-spend.ts'
import { type Accepted, type Decision, type Done, type Env, event, isDone, no, type Outcome, type Rule } from './decision.ts'
import { evolveAll, NOBODY } from './evolve.ts'
import { isPoints } from './exact.ts'
import { extendedTo } from './expiry.ts'
import type { AccountState, Command, LoyaltyEvent } from './model.ts'
import { extension, type Passed, passTime } from './passing.ts'
import { expiryOf, type Programme, zoneOf } from './programme.ts'
import type { Rejection } from './refusals.ts'
import { tierEvents } from './tier-events.ts'
import { enrolled } from './tiers.ts'

const freeze: Rule<'freeze'> = ({ at, reason }) => ({
  events: [event('loyalty.frozen', at, { reason })],
  answer: { points: 0, lots: [], lines: [] },
})
const unfreeze: Rule<'unfreeze'> = ({ at }) => ({
  events: [event('loyalty.unfrozen', at, { frozen: false })],
  answer: { points: 0, lots: [], lines: [] },
})
const wait: Rule<'pass-time'> = () => ({ events: [], answer: { points: 0, lots: [], lines: [] } })

const RULES: { readonly [T in Command['type']]: Rule<T> } = {
  earn,
  claim,
  'release-pending': releasePending,
  dismiss,
  grant,
  deduct,
  hold,
  capture,
  release,
  replace,
  redeem,
  refund,
  reverse,
  reinstate,
  freeze,
  unfreeze,
  'pass-time': wait,
}

/** What a frozen account does not do. A hold that was authorised before may still be captured, a refund always comes through. */
const SPENDS = new Set<Command['type']>(['hold', 'replace', 'redeem', 'deduct'])
/** What has conditions that may name the tier. */
const ASK_FOR_TIERS = new Set<Command['type']>(['earn', 'claim', 'redeem'])
/** What counts as activity for expiry. */
const ACTIVE = new Set<Command['type']>(['earn', 'claim', 'grant', 'capture', 'redeem'])

/** The first event of an account. `at` is epoch ms, `zone` the member's own. */
export function openAccount(
  i: { readonly account: string; readonly programme: string; readonly zone: string; readonly at: number },
  programme: Programme,
): { readonly state: AccountState; readonly events: readonly LoyaltyEvent[] } {
  const standing = programme.tiers ? enrolled(programme.tiers, i.at, zoneOf(programme)) : null
  const events = [
    event('loyalty.opened', i.at, { account: i.account, programme: i.programme, currency: programme.currency, zone: i.zone, standing }),
  ]
  return { state: evolveAll(NOBODY, events), events }
}

/**
 * Decides a command. Pure: the same command, account and world give the same events. A preview is this very call whose
 * events nobody writes down.
 */
export function decide(command: Command, state: AccountState, env: Env): Decision {
  const refused = refusedAtOnce(command, state, env.now)
  if (refused) return no(refused)
  const passed = passTime(state, env.now, env.programme)
  const rule = RULES[command.type] as (c: Command, s: AccountState, e: Env) => Outcome
  const seen = ASK_FOR_TIERS.has(command.type) ? withTierAt(command.at, state, passed, env.programme) : passed.state
  const outcome = rule(command, seen, env)
  if (!isDone(outcome)) return outcome
  const decision = accepted(command, state, passed.events, passed.state, outcome, env)
  const { posted } = decision.answer
  return isPoints(posted) ? decision : no({ code: 'loyalty/points-out-of-range', details: { points: String(posted) } })
}

/** The account with the tier that it has at an instant, whether or not anybody has written down that it rose or fell. */
function withTierAt(at: number, before: AccountState, passed: Passed, programme: Programme): AccountState {
  const moved = tierEvents(before, passed.events, passed.state, programme, at)
  return moved.length === 0 ? passed.state : { ...passed.state, standing: evolveAll(passed.state, moved).standing }
}

function refusedAtOnce(command: Command, state: AccountState, now: number): Rejection | null {
  const { account } = state
  const wrong = misdated(command.at, state, now)
  if (wrong) return wrong
  if (state.mergedInto !== null && command.type !== 'pass-time')
    return { code: 'loyalty/account-merged', details: { account, into: state.mergedInto } }
  if (state.frozen && SPENDS.has(command.type)) return { code: 'loyalty/account-frozen', details: { account } }
  return 'id' in command && state.postings[command.id] ? { code: 'loyalty/already-posted', details: { posting: command.id } } : null
}

/** Nothing happens on an account after now, or before it was opened. */
export function misdated(at: number, { account, openedAt }: AccountState, now: number): Rejection | null {
  if (at > now) return { code: 'loyalty/in-the-future', details: { at: toIso(at), now: toIso(now) } }
  return at < openedAt ? { code: 'loyalty/before-account', details: { account, openedAt: toIso(openedAt) } } : null
}

/** Adds what the command sets off: open lots live on, what it brought may be over already, tiers move. */
export function accepted(
  command: { readonly type: Command['type'] | 'send' | 'receive'; readonly at: number },
  before: AccountState,
  passed: readonly LoyaltyEvent[],
  now: AccountState,
  done: Done,
  env: Env,
): Accepted {
  const { programme } = env
  const own = ACTIVE.has(command.type as Command['type']) ? withExtension(now, done.events, command.at, env) : done.events
  const over = passTime(evolveAll(now, own), env.now, programme)
  const news = [...passed, ...own, ...over.events]
  const tiers = tierEvents(before, news, over.state, programme, env.now)
  const state = evolveAll(over.state, tiers)
  return {
    outcome: 'accepted',
    state,
    events: [...news, ...tiers],
    answer: { ...done.answer, ...tally(state, programme.currency, env.now) },
    uses: done.uses ?? [],
  }
}

/** What was there before lives on; what the activity itself brings has its own date. */
function withExtension(now: AccountState, events: readonly LoyaltyEvent[], at: number, env: Env): readonly LoyaltyEvent[] {
  return [...extension(now, extendedTo(expiryOf(env.programme), at, now.zone), at), ...events]
}
