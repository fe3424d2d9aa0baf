import type { Money } from '@patronkit/core'
import type { Happened, Json } from '@patronkit/core/service'
import type { Terms } from './clawback.ts'
import type { Taken } from './lots.ts'
import type { RefundPolicy } from './programme.ts'
import type { Statement } from './statement.ts'
import type { Movement, Standing } from './tiers.ts'
import type { Shares } from './took.ts'

/** Points that came in together and go together. Instants are epoch ms. */
export interface Lot {
  readonly id: string
  readonly currency: string
  /** The posting it came with. */
  readonly posting: string
  readonly points: number
  readonly remaining: number
  /** Part of `remaining` that open holds have. */
  readonly held: number
  /** What was lost to time and not taken back since: it may be reinstated. */
  readonly expired: number
  readonly earnedAt: number
  /** From when on it can be used; null while it waits for its release. */
  readonly availableAt: number | null
  readonly expiresAt: number | null
  /** Since when its points are free: given back late, they expire late. */
  readonly freeSince: number
}

/** Points set aside for a checkout. It keeps its lots, so what is held does not expire before the hold does. */
export interface Hold {
  readonly id: string
  readonly currency: string
  readonly points: number
  readonly taken: readonly Taken[]
  readonly expiresAt: number
  readonly order: string | null
  /** What the order comes to, for refunds. */
  readonly value: Money | null
  readonly worth: Money | null
  readonly state: 'open' | 'captured' | 'released' | 'expired'
  readonly captured: number
  /** When it was taken, by limits on spending; null where the programme had none. */
  readonly countedAt: number | null
}

/** Points that were spent: from which lots, and how many came back. */
export interface Spend {
  readonly id: string
  readonly currency: string
  readonly points: number
  readonly taken: readonly Taken[]
  readonly back: number
  readonly order: string | null
  readonly worth: Money | null
}

/** What an order earned in one currency, by the terms of its day. */
export interface OrderEarning {
  readonly currency: string
  readonly posting: string
  readonly terms: Terms
  readonly clawedBack: number
  /** Part of `clawedBack` that had expired or was dismissed before. */
  readonly lapsed: number
}

/** What is known of an order: enough to refund it by its own terms. */
export interface OrderRecord {
  readonly id: string
  /** What it comes to after discounts. */
  readonly value: Money
  readonly refunded: string
  readonly policy: RefundPolicy
  readonly earnings: readonly OrderEarning[]
  readonly spends: readonly string[]
}

/** A merge that brought lots here, and which they were where they came from. */
export interface MergeRecord {
  readonly from: string
  readonly debts: { readonly [currency: string]: number }
  readonly lots: readonly { readonly here: string; readonly there: string }[]
}

/** An earning that passed a limit. */
export interface Review {
  readonly limit: string
  readonly points: number
  readonly at: number
}

/**
 * A loyalty account. `lots` stand in order of use. What is closed (empty lots, ended holds, old orders) may be missing from a
 * state that was loaded, unless the command at hand names it: see `needs`.
 */
export interface AccountState {
  readonly account: string
  readonly programme: string
  readonly zone: string
  readonly openedAt: number
  /** How far time was passed. */
  readonly asOf: number
  /** Last time that points were earned or spent. */
  readonly activeAt: number
  readonly frozen: boolean
  readonly mergedInto: string | null
  readonly lots: readonly Lot[]
  /** Usable points in lots that were not loaded; 0 when all are here. */
  readonly unread: number
  /**
   * The last lot up to which all were loaded; null when all are here. What is loaded beyond it, such as the lots of a hold,
   * counts and is not taken before what lies between was read.
   */
  readonly readTo: string | null
  /** Part of `unread` that is gone at the same instant as the lot that was read last. */
  readonly unreadAlike: number
  readonly debts: { readonly [currency: string]: number }
  readonly holds: { readonly [id: string]: Hold }
  readonly spends: { readonly [id: string]: Spend }
  readonly orders: { readonly [id: string]: OrderRecord }
  readonly merges: { readonly [id: string]: MergeRecord }
  /** Earnings that wait for somebody to look at them, those that are loaded. */
  readonly reviews: { readonly [posting: string]: Review }
  /** Postings that were made, those that are loaded. */
  readonly postings: { readonly [id: string]: true }
  /** Points earned by cap and period, points spent by limit and period, and streaks by rule. */
  readonly counters: { readonly [key: string]: number }
  readonly movements: readonly Movement[]
  readonly standing: Standing | null
  /**
   * Qualifying points of an account that is older than the tiers of its programme, by all its events: the next decision counts
   * them. Null where nobody asked.
   */
  readonly past: readonly Movement[] | null
}

/** An order as the host knows it. `total` is its price with tax, before `discount` and before points. */
export interface Order {
  readonly id: string
  readonly total: Money
  readonly tax?: Money | undefined
  readonly discount?: Money | undefined
  readonly paidWithPoints?: Money | undefined
  readonly items?: readonly OrderItem[] | undefined
  readonly attributes?: { readonly [name: string]: Json } | undefined
}

/** A line of an order. A reward line was paid with points and earns none. */
export interface OrderItem {
  readonly quantity: number
  readonly reward?: boolean | undefined
  readonly attributes?: { readonly [name: string]: Json } | undefined
}

/** Lots of an opening balance or a gift. */
export interface GrantedLot {
  readonly points: number
  readonly earnedAt?: number | undefined
  /** Epoch ms; null for never; default by the programme. */
  readonly expiresAt?: number | null | undefined
}

/** What may be asked of one account. `at` is when it happened, epoch ms; ids are the host's and count once. */
export type Command =
  | {
      readonly type: 'earn'
      readonly id: string
      readonly at: number
      readonly order?: Order | undefined
      readonly event?: { readonly type: string; readonly data?: { readonly [name: string]: Json } | undefined } | undefined
      readonly member?: { readonly [name: string]: Json } | undefined
    }
  | {
      readonly type: 'claim'
      readonly id: string
      readonly at: number
      readonly offer: string
      readonly byCode: boolean
      readonly member?: { readonly [name: string]: Json } | undefined
    }
  | { readonly type: 'release-pending'; readonly at: number; readonly posting: string }
  | { readonly type: 'dismiss'; readonly id: string; readonly at: number; readonly posting: string; readonly reason: string }
  | {
      readonly type: 'grant'
      readonly id: string
      readonly at: number
      readonly lots: readonly GrantedLot[]
      readonly currency?: string | undefined
      readonly reason: string
    }
  | {
      readonly type: 'deduct'
      readonly id: string
      readonly at: number
      readonly points: number
      readonly currency?: string | undefined
      readonly reason: string
    }
  | {
      readonly type: 'hold'
      readonly id: string
      readonly at: number
      readonly points: number
      readonly until: number
      readonly order?: Order | undefined
    }
  | { readonly type: 'capture'; readonly id: string; readonly at: number; readonly hold: string; readonly points?: number | undefined }
  | { readonly type: 'release'; readonly at: number; readonly hold: string }
  | {
      readonly type: 'replace'
      readonly id: string
      readonly at: number
      readonly hold: string
      readonly points: number
      readonly until: number
      readonly order?: Order | undefined
    }
  | {
      readonly type: 'redeem'
      readonly id: string
      readonly at: number
      readonly points?: number | undefined
      readonly reward?: string | undefined
      readonly order?: Order | undefined
      readonly member?: { readonly [name: string]: Json } | undefined
    }
  | { readonly type: 'refund'; readonly id: string; readonly at: number; readonly order: string; readonly amount: Money }
  | { readonly type: 'reverse'; readonly id: string; readonly at: number; readonly posting: string; readonly points?: number | undefined }
  | { readonly type: 'reinstate'; readonly id: string; readonly at: number; readonly days: number; readonly until: number | null }
  | { readonly type: 'freeze'; readonly at: number; readonly reason: string }
  | { readonly type: 'unfreeze'; readonly at: number }
  | { readonly type: 'pass-time'; readonly at: number }

/** What happened to an account. Instants inside are ISO, as everywhere in JSON. */
export type LoyaltyEvent = {
  readonly [T in keyof LoyaltyEvents]: Happened<T & string, LoyaltyEvents[T]>
}[keyof LoyaltyEvents]

/** A lot as an event tells it. */
export interface LotData {
  readonly lot: string
  readonly currency: string
  readonly points: number
  /** Less than `points` where a debt was paid first, or where only the rest moved here. */
  readonly remaining: number
  readonly earnedAt: string
  readonly availableAt: string | null
  readonly expiresAt: string | null
}

/** What a refund did in one currency. */
export interface Clawed {
  readonly currency: string
  readonly posting: string
  readonly points: number
  readonly taken: readonly Taken[]
  /** Had expired before, or was dismissed while it waited, so there was nothing to take. */
  readonly lapsed: number
  readonly debt: number
  readonly forgiven: number
}

export interface Given {
  readonly spend: string
  readonly currency: string
  readonly points: number
  readonly taken: readonly Taken[]
}

interface Incoming {
  readonly posting: string
  readonly lots: readonly LotData[]
  readonly debtPaid: { readonly [currency: string]: number }
}

/** `balances` is what moves between the two accounts, debts taken off. */
interface Merging {
  readonly merge: string
  readonly balances: readonly { readonly currency: string; readonly points: number }[]
  readonly debts: { readonly [currency: string]: number }
}

export interface LoyaltyEvents {
  'loyalty.opened': {
    readonly account: string
    readonly programme: string
    readonly currency: string
    readonly zone: string
    readonly standing: Standing | null
  }
  'loyalty.earned': Incoming & {
    readonly source: { readonly order: string } | { readonly event: string }
    readonly record: OrderRecord | null
    readonly counters: { readonly [key: string]: number }
  }
  /** An earning passed a limit; its points wait. */
  'loyalty.flagged': { readonly earning: string; readonly limit: string; readonly points: number }
  /** Somebody looked at an earning and took its points away. */
  'loyalty.dismissed': { readonly earning: string }
  'loyalty.released': { readonly posting: string }
  'loyalty.granted': Incoming & { readonly reason: string }
  'loyalty.deducted': {
    readonly posting: string
    readonly currency: string
    readonly points: number
    readonly taken: readonly Taken[]
    /** Part that no lot could give and that is owed now. */
    readonly debt: number
    readonly reason: string
  }
  'loyalty.held': {
    readonly hold: string
    readonly currency: string
    readonly points: number
    readonly taken: readonly Taken[]
    readonly until: string
    readonly order: string | null
    readonly value: Money | null
    readonly worth: Money | null
    readonly countedAt?: string
  }
  'loyalty.captured': {
    readonly posting: string
    readonly hold: string
    readonly currency: string
    readonly points: number
    readonly worth: Money | null
    readonly record: OrderRecord | null
    readonly counters?: { readonly [key: string]: number }
  }
  'loyalty.hold-released': { readonly hold: string }
  'loyalty.hold-expired': { readonly hold: string }
  'loyalty.spent': {
    readonly posting: string
    readonly currency: string
    readonly points: number
    readonly taken: readonly Taken[]
    readonly worth: Money | null
    readonly reward: string | null
    readonly record: OrderRecord | null
    readonly counters?: { readonly [key: string]: number }
  }
  'loyalty.expired': {
    readonly currency: string
    readonly points: number
    readonly taken: readonly Taken[]
    readonly because: 'date' | 'idle'
  }
  'loyalty.extended': { readonly until: string }
  'loyalty.reinstated': {
    readonly posting: string
    readonly currency: string
    readonly points: number
    readonly lots: readonly Taken[]
    readonly until: string | null
  }
  'loyalty.refunded': {
    readonly refund: string
    readonly order: string
    readonly amount: Money
    readonly clawed: readonly Clawed[]
    readonly given: readonly Given[]
  }
  'loyalty.reversed': { readonly posting: string; readonly given: Given }
  'loyalty.sent': {
    readonly transfer: string
    readonly to: string
    readonly currency: string
    readonly points: number
    readonly taken: readonly Taken[]
  }
  'loyalty.received': Incoming & { readonly from: string }
  'loyalty.frozen': { readonly reason: string }
  'loyalty.unfrozen': { readonly frozen: false }
  'loyalty.merged-away': Merging & { readonly into: string; readonly taken: readonly Taken[] }
  'loyalty.merged-here': Merging & {
    readonly from: string
    readonly lots: readonly (LotData & { readonly was: string })[]
    readonly debts: { readonly [currency: string]: number }
  }
  'loyalty.unmerged-away': Merging & { readonly to: string; readonly taken: readonly Taken[] }
  'loyalty.unmerged-here': Merging & { readonly from: string; readonly lots: readonly Taken[] }
  'loyalty.qualified': { readonly points: number; readonly from: string }
  'loyalty.statement-closed': { readonly statement: Statement }
  /** The account is gone: what it had, and what its entries come to, which stay. */
  'loyalty.erased': {
    readonly account: string
    readonly balances: readonly { readonly currency: string; readonly points: number }[]
    readonly entries: string
    /** What it had taken of budgets, stock and codes, which stays taken. */
    readonly shares: Shares
  }
  'loyalty.tier-reviewed': { readonly from: string; readonly to: string; readonly standing: Standing }
}

declare global {
  interface PatronkitEvents extends LoyaltyEvents {}
}
