import type { Explanation, Money } from '@patronkit/core'
import type { Bare, Json, Pinned } from '@patronkit/core/service'
import type { Accepted, Answer, Balance } from './decision.ts'
import type { Loaded } from './load.ts'
import { explainAnswer } from './words.ts'

/** What an account has. `available` is what can be spent: posted without what is held, pending, or owed. */
export interface BalanceView {
  /** In lots, what is held and pending included. */
  readonly posted: number
  readonly available: number
  readonly held: number
  readonly pending: number
  /** Owed; the next points that come in pay it first. */
  readonly debt: number
  readonly nextExpiry: { readonly points: number; readonly at: Date } | null
}

/** What every command answers with: what it moved, what the account has after it, and why. */
export interface Posting extends BalanceView {
  readonly id: string
  readonly account: string
  readonly programme: Pinned
  /** Points that came (positive) or went (negative) in the programme's currency. */
  readonly points: number
  readonly lots: readonly { readonly lot: string; readonly points: number; readonly expiresAt: Date | null }[]
  readonly explanation: Explanation
}

/** Points set aside for an order, what they are worth there, and what is left to pay. */
export interface HoldAnswer extends Posting {
  readonly worth: Money
  readonly leftToPay: Money
  readonly expiresAt: Date
}

/** Points that were spent. */
export interface SpendAnswer extends Posting {
  /** What the points were worth, where they went into an order. */
  readonly worth: Money | null
  readonly leftToPay: Money | null
}

/** What a refund took back and gave back. */
export interface RefundAnswer extends Posting {
  /** Points that the order had earned and that are gone again. */
  readonly clawedBack: number
  /** Points that were spent on the order and are there again. */
  readonly givenBack: number
  /** What of the amount is money, once the points that came back have paid their part. */
  readonly moneyBack: Money
}

/** Both sides of what moves points from one account to another. */
export interface BothAnswer {
  readonly from: Posting
  readonly to: Posting
}

/** An answer as it is kept under its key: plain JSON, instants in epoch ms. */
export interface KeptAnswer extends Answer, Balance {
  readonly id: string
  readonly account: string
  readonly programme: Pinned
  readonly currency: string
  readonly until: number | null
}

export const keptAnswer = (id: string, { owner, rules }: Loaded, { answer }: Accepted, until: number | null = null): KeptAnswer => ({
  ...answer,
  id,
  account: owner.account,
  programme: rules.pinned,
  currency: rules.programme.currency,
  until,
})

export const asJson = (value: object): Json => value as unknown as Json

const dateOrNull = (at: number | null): Date | null => (at === null ? null : new Date(at))

export const balanceView = ({ posted, available, held, pending, debt, nextExpiry }: Balance): BalanceView => ({
  posted,
  available,
  held,
  pending,
  debt,
  nextExpiry: nextExpiry && { points: nextExpiry.points, at: new Date(nextExpiry.at) },
})

export const postingView = (kept: KeptAnswer): Posting => ({
  id: kept.id,
  account: kept.account,
  programme: kept.programme,
  points: kept.points,
  lots: kept.lots.map(({ lot, points, expiresAt }) => ({ lot, points, expiresAt: dateOrNull(expiresAt) })),
  ...balanceView(kept),
  explanation: explainAnswer({ points: kept.points, lines: kept.lines as readonly Bare[] }, kept.currency),
})

export const holdView = (kept: KeptAnswer): HoldAnswer => ({
  ...postingView(kept),
  worth: kept.worth!,
  leftToPay: kept.leftToPay!,
  expiresAt: new Date(kept.until!),
})

export const spendView = (kept: KeptAnswer): SpendAnswer => ({
  ...postingView(kept),
  worth: kept.worth ?? null,
  leftToPay: kept.leftToPay ?? null,
})

export const refundView = (kept: KeptAnswer): RefundAnswer => ({
  ...postingView(kept),
  clawedBack: kept.clawedBack!,
  givenBack: kept.givenBack!,
  moneyBack: kept.moneyBack!,
})
