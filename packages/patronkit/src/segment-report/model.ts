import type { BgNbdFit, GammaGammaFit } from '@patronkit/segmentation/value'

/** Tiers by value, the least first. */
export const TIERS = ['bronze', 'silver', 'gold', 'platinum'] as const
export type TierId = (typeof TIERS)[number]

/** A purchase as the report reads it. */
export interface Transaction {
  readonly customer: string
  readonly date: `${number}-${number}-${number}`
  /** Decimal text. */
  readonly amount: string
}

/** How many, and what they bought. */
export interface Bought {
  readonly customers: number
  readonly amount: number
}

export interface TierLine extends Bought {
  readonly tier: TierId
  /** The least amount of the tier. */
  readonly from: number
  /** Purchases a customer. */
  readonly purchases: number
  /** What they will be worth; null where the models have no answer. */
  readonly value: number | null
  /** Chance that a customer still buys, on average. */
  readonly alive: number | null
}

export interface CustomerLine {
  readonly customer: string
  readonly recencyDays: number
  readonly purchases: number
  readonly amount: number
  readonly score: string
  readonly segment: string
  readonly tier: TierId
  readonly alive: number | null
  /** Purchases expected within the horizon. */
  readonly expected: number | null
  readonly value: number | null
}

/** What the first half foretold of the second. */
export interface Foretold {
  readonly tier: TierId
  readonly customers: number
  readonly expected: number
  readonly happened: number
}

/** Customers out of a log of purchases: what they are worth, and where they go. Plain data: the page, the JSON and the tests read the same. */
export interface SegmentReport {
  readonly from: string
  readonly until: string
  /** The last day of the first half. */
  readonly half: string
  readonly rowsRead: number
  readonly rowsUsed: number
  readonly rowsRefused: number
  readonly purchases: number
  readonly total: Bought
  /** By recency (5 is latest) and frequency (5 is most). */
  readonly map: readonly (Bought & { readonly recency: number; readonly frequency: number })[]
  readonly segments: readonly (Bought & { readonly segment: string; readonly recencyDays: number; readonly purchases: number })[]
  readonly tiers: readonly TierLine[]
  readonly value: {
    readonly months: number
    readonly discountRate: number
    readonly purchases: BgNbdFit
    readonly spend: GammaGammaFit
    readonly total: number
    /** Purchases expected of everybody within the horizon. */
    readonly expected: number
  } | null
  /** Null where the first half alone is too little to foretell from. */
  readonly foretold: readonly Foretold[] | null
  readonly migration: {
    readonly tiers: readonly { readonly tier: TierId; readonly from: number }[]
    readonly counts: readonly (readonly number[])[]
    readonly shares: readonly (readonly number[])[]
    readonly entered: readonly number[]
    readonly left: readonly number[]
  }
  /** By value, then by amount, then by id. */
  readonly customers: readonly CustomerLine[]
}
