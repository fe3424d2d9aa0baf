import type { Money } from '@patronkit/core'
import { type Bare, toIso } from '@patronkit/core/service'
import type { BudgetLeft, BudgetUse } from './earning.ts'
import { evolveAll } from './evolve.ts'
import { expiresAt } from './expiry.ts'
import { type Taken, takeInOrder } from './lots.ts'
import type { AccountState, Command, LotData, LoyaltyEvent, OrderRecord } from './model.ts'
import { inReach, usable } from './passing.ts'
import { expiryOf, type Programme, refundOf } from './programme.ts'
import type { Rejection } from './refusals.ts'

/** What a decision sees of the world: the time, the programme in force, and what is left of shared budgets. */
export interface Env {
  /** Epoch ms; never before what the account has seen. */
  readonly now: number
  readonly programme: Programme
  readonly budgets?: { readonly [campaign: string]: BudgetLeft } | undefined
}

/** What a command did, as the host is told; a preview gives the same. Instants are epoch ms. */
export interface Answer {
  /** Points that came (positive) or went (negative) in the programme's currency. */
  readonly points: number
  readonly lots: readonly { readonly lot: string; readonly points: number; readonly expiresAt: number | null }[]
  /** For points against an order: what they are worth, and what is left to pay or to give back in money. */
  readonly worth?: Money | undefined
  readonly leftToPay?: Money | undefined
  readonly clawedBack?: number | undefined
  readonly givenBack?: number | undefined
  readonly moneyBack?: Money | undefined
  /** Why: each rule with its points; they add up to `points`, currency by currency. */
  readonly lines: readonly Bare[]
}

/** What the account shows after a command, beside the answer itself. */
export interface Balance {
  /** In lots, without debts; what is held is part of it. */
  readonly posted: number
  readonly available: number
  readonly held: number
  readonly pending: number
  readonly debt: number
  readonly nextExpiry: { readonly points: number; readonly at: number } | null
}

/** A yes: what is to be written down, and the account after it. */
export interface Accepted {
  readonly outcome: 'accepted'
  readonly state: AccountState
  readonly events: readonly LoyaltyEvent[]
  readonly answer: Answer & Balance
  readonly uses: readonly BudgetUse[]
}

/** A no. Nothing happened. */
export interface Rejected {
  readonly outcome: 'rejected'
  readonly rejection: Rejection
}

/** Cannot tell yet: lots worth this many points more have to be read, next in order of use. */
export interface NeedsLots {
  readonly outcome: 'needs-lots'
  readonly points: number
}

export type Decision = Accepted | Rejected | NeedsLots

/** What a rule of one command comes to, before time and tiers are added. */
export interface Done {
  readonly events: readonly LoyaltyEvent[]
  readonly answer: Answer
  readonly uses?: readonly BudgetUse[] | undefined
}

export type Outcome = Done | Rejected | NeedsLots

/** A rule for one kind of command. The state has its time passed up to `env.now`. */
export type Rule<T extends Command['type']> = (command: Extract<Command, { type: T }>, state: AccountState, env: Env) => Outcome

export const no = (rejection: Rejection): Rejected => ({ outcome: 'rejected', rejection })

export const isDone = (outcome: Outcome): outcome is Done => !('outcome' in outcome)

export const event = <T extends LoyaltyEvent['type']>(
  type: T,
  at: number,
  data: Extract<LoyaltyEvent, { type: T }>['data'],
): LoyaltyEvent => ({ type, v: 1, at, data }) as LoyaltyEvent

/** Takes points that are usable now, in order of use, leaving a debt's worth untouched. */
export function take(state: AccountState, points: number, env: Env): { readonly taken: readonly Taken[] } | Rejected | NeedsLots {
  const { currency } = env.programme
  const spendable = (lot: AccountState['lots'][number]) => (lot.currency === currency ? usable(lot, env.now) : 0)
  const debt = state.debts[currency] ?? 0
  const { taken, short } = takeInOrder(inReach(state), points, spendable)
  const here =
    state.unread > 0 || debt > 0 || short > 0 ? state.lots.reduce((sum, lot) => sum + spendable(lot), 0) : Number.POSITIVE_INFINITY
  const available = here + state.unread - debt
  if (available < points)
    return no({ code: 'loyalty/insufficient-points', details: { account: state.account, requested: points, available } })
  return short > 0 ? { outcome: 'needs-lots', points: short } : { taken }
}

/** Taken points as an answer shows them. */
export function shownLots(state: AccountState, taken: readonly Taken[], sign: 1 | -1 = 1): Answer['lots'] {
  if (taken.length === 0) return []
  const named = new Set(taken.map((some) => some.lot))
  const expiry = new Map(state.lots.flatMap((lot) => (named.has(lot.id) ? [[lot.id, lot.expiresAt] as const] : [])))
  return taken.map(({ lot, points }) => ({ lot, points: sign * points, expiresAt: expiry.get(lot) ?? null }))
}

/** Points that come in: a debt is paid first, the rest becomes a lot. */
export function incoming(
  state: AccountState,
  env: Env,
  i: {
    readonly lot: string
    readonly currency: string
    readonly points: number
    readonly earnedAt: number
    readonly availableAt: number | null
    readonly expiresAt?: number | null | undefined
    readonly debtLeft?: number | undefined
  },
): { readonly lot: LotData; readonly paid: number } {
  const debt = i.debtLeft ?? state.debts[i.currency] ?? 0
  const expiry = i.expiresAt === undefined ? expiresAt(expiryOf(env.programme), i.earnedAt, state.zone) : i.expiresAt
  const isUsable = i.availableAt !== null && i.availableAt <= env.now && (expiry === null || expiry > env.now)
  const paid = isUsable ? Math.min(debt, i.points) : 0
  return {
    paid,
    lot: {
      lot: i.lot,
      currency: i.currency,
      points: i.points,
      remaining: i.points - paid,
      earnedAt: toIso(i.earnedAt),
      availableAt: i.availableAt === null ? null : toIso(i.availableAt),
      expiresAt: expiry === null ? null : toIso(expiry),
    },
  }
}

export const shownLot = (lot: LotData): Answer['lots'][number] => ({
  lot: lot.lot,
  points: lot.points,
  expiresAt: lot.expiresAt === null ? null : Date.parse(lot.expiresAt),
})

/** The record of an order, begun by whichever comes first: what it spends or what it earns. */
export const recordOf = (state: AccountState, order: string, value: Money, programme: Programme): OrderRecord =>
  state.orders[order] ?? { id: order, value, refunded: '0', policy: refundOf(programme), earnings: [], spends: [] }

export const applied = (state: AccountState, events: readonly LoyaltyEvent[]): AccountState => evolveAll(state, events)
