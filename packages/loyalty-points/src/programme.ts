import type { Definition, Money, Pred, WallDuration } from '@patronkit/core'
import type { ClawbackPolicy } from './clawback.ts'
import type { Rounding } from './exact.ts'
import type { ExpiryPolicy } from './expiry.ts'
import type { Period } from './local-day.ts'
import type { TierRules } from './tiers.ts'

/** What every earning rule may say. */
interface AnyRule {
  /** Names the rule in explanations and caps; default `earn-1` and so on, by its place. */
  readonly id?: string | undefined
  /** What must hold: paths such as `order.channel`, `event.data.stars`, `member.segment`, `tier`. */
  readonly when?: Pred | undefined
  /** The currency it earns; default the programme's. */
  readonly currency?: string | undefined
}

/** Points for each full `per` of what was spent. */
export interface SpendRule extends AnyRule {
  readonly points: number
  readonly per: Money
  /** Default floor: a started `per` earns nothing. */
  readonly rounding?: Rounding | undefined
  /** What counts of the order's total: all of it, what was not paid with points (default), or without the parts named. */
  readonly base?: 'gross' | 'net-of-points' | { readonly without: readonly ('tax' | 'discount' | 'points')[] } | undefined
}

/** Points for something that happened, such as a review. */
export interface EventRule extends AnyRule {
  readonly points: number
  readonly event: string
}

/** Points for each unit of the items that the condition holds for (`item.sku`, `item.category` …); reward lines never earn. */
export interface ItemRule extends AnyRule {
  readonly points: number
  readonly item: Pred
}

/** Points each time that orders or events came in so many periods in a row. */
export interface StreakRule extends AnyRule {
  readonly points: number
  readonly streak: { readonly of: 'order' | (string & {}); readonly every: 'day' | 'week' | 'month'; readonly times: number }
}

/** Points once, when the so-manieth order or event comes in: the tenth visit, the first review. */
export interface AchievementRule extends AnyRule {
  readonly points: number
  readonly achievement: { readonly of: 'order' | (string & {}); readonly times: number }
}

export type EarnRule = SpendRule | EventRule | ItemRule | StreakRule | AchievementRule

/** Points on top of what the rules give: a factor, or a number. Its budget is shared by all accounts. */
export interface Campaign {
  readonly id: string
  /** First instant and the first instant after, ISO. */
  readonly from?: string | undefined
  readonly until?: string | undefined
  readonly when?: Pred | undefined
  readonly currency?: string | undefined
  /** A decimal text of at most 3 digits behind the point: '1.5'. */
  readonly multiply?: string | undefined
  readonly add?: number | undefined
  /** Where it says what is left is unknown, the campaign gives nothing. */
  readonly budget?: { readonly points?: number | undefined; readonly money?: Money | undefined } | undefined
  /** What a point costs, for a budget in money, in its currency, and for whoever pays for it. */
  readonly costPerPoint?: Money | undefined
  /** Who pays for its points, where that is not the programme: a bank, a brand. `funding` says what they owe. */
  readonly fundedBy?: string | undefined
  /** For stacking by priority: the lowest wins. */
  readonly order?: number | undefined
}

/** The most that an account earns in a period in one currency: over all rules and campaigns, or by one campaign. */
export interface Cap {
  readonly id: string
  readonly campaign?: string | undefined
  readonly points: number
  readonly each: 'order' | Exclude<Period, 'half-year' | 'quarter'> | 'lifetime'
  readonly currency?: string | undefined
}

/**
 * More points than this in a period are suspicious: refused, or kept waiting until somebody has looked at them. Unlike a cap it
 * does not cut.
 */
export interface EarnLimit {
  readonly id: string
  readonly points: number
  readonly each: 'day' | 'week' | 'month'
  readonly over: 'reject' | 'review'
}

/**
 * The most that an account spends in a period, in points or in times: what is held counts when it is taken, and back when it is
 * free again. What goes beyond is refused until the next period. Periods are those of the programme's zone.
 */
export interface SpendLimit {
  readonly id: string
  readonly each: 'day' | 'week' | 'month'
  readonly points?: number | undefined
  readonly times?: number | undefined
}

/** How points pay for an order. */
export interface Redemption {
  readonly points: number
  readonly worth: Money
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Points are used in multiples of this. */
  readonly step?: number | undefined
  /** The share of an order that points may pay, a decimal text; default all of it. */
  readonly maxShare?: string | undefined
}

/** A fixed thing for a fixed number of points. */
export interface Reward {
  readonly id: string
  readonly points: number
  readonly when?: Pred | undefined
  /** How many there are, over all accounts. */
  readonly stock?: number | undefined
}

/**
 * Points for the asking: by its name, or by codes that were given out, each good once. Limited in time, in number over all
 * accounts, and to one a member.
 */
export interface Offer {
  readonly id: string
  readonly points: number
  readonly from?: string | undefined
  readonly until?: string | undefined
  readonly when?: Pred | undefined
  /** How often it may be claimed, over all accounts. */
  readonly stock?: number | undefined
  /** How often by one account; default 1. */
  readonly perAccount?: number | undefined
  /** Default false: anybody may claim it. True: only with one of its codes. */
  readonly byCode?: boolean | undefined
}

/** Points for bringing somebody along: both sides, once for each who was brought. */
export interface Referral {
  /** For who brought somebody. */
  readonly referrer: number
  /** For who was brought. */
  readonly referee: number
}

/** What happens when more is taken back than is there: forget the rest, owe it down to a floor (at most 0), or refuse. */
export type NegativePolicy =
  | { readonly policy: 'clamp' }
  | { readonly policy: 'debt'; readonly floor: number }
  | { readonly policy: 'reject' }

/** How a refund takes back and gives back. */
export interface RefundPolicy extends ClawbackPolicy {
  /** When spent points come back: by the refunded share (default), only after the money is used up, or never. */
  readonly giveBack?: 'pro-rata' | 'money-first' | 'never' | undefined
}

/** How several rules or campaigns that hold together count. */
export type Stacking = 'sum' | 'best' | 'priority'

/** A loyalty programme as data. */
export interface Programme {
  /** The currency that is spent, such as `star`. */
  readonly currency: string
  /** Zone of caps, limits, tiers and streaks; default UTC. Expiry goes by the member's own zone. */
  readonly zone?: string | undefined
  readonly earn: readonly EarnRule[]
  /** Default sum. */
  readonly earnStacking?: Stacking | undefined
  readonly campaigns?: readonly Campaign[] | undefined
  /** Default best. `sum`: ×2 and ×3 make ×4; `multiply`: ×6. */
  readonly campaignStacking?: Stacking | 'multiply' | undefined
  readonly caps?: readonly Cap[] | undefined
  readonly limits?: readonly EarnLimit[] | undefined
  readonly spendLimits?: readonly SpendLimit[] | undefined
  /** Points wait: so long after they were earned, or until they are released. */
  readonly pending?: { readonly for: WallDuration } | { readonly until: 'released' } | undefined
  readonly redeem?: Redemption | undefined
  readonly rewards?: readonly Reward[] | undefined
  readonly referral?: Referral | undefined
  readonly offers?: readonly Offer[] | undefined
  /** Default never. */
  readonly expiry?: ExpiryPolicy | undefined
  /** Default clamp. */
  readonly negative?: NegativePolicy | undefined
  /** Default kept-spend, pro rata. */
  readonly refund?: RefundPolicy | undefined
  /** `currency` is what counts towards tiers; default the programme's. */
  readonly tiers?: (TierRules & { readonly currency?: string | undefined }) | undefined
}

export type ProgrammeDefinition = Definition<'loyalty-programme', Programme>

export const ruleId = (rule: EarnRule, place: number): string => rule.id ?? `earn-${place + 1}`
export const zoneOf = (programme: Programme): string => programme.zone ?? 'UTC'
export const refundOf = (programme: Programme): RefundPolicy => programme.refund ?? { policy: 'kept-spend' }
export const expiryOf = (programme: Programme): ExpiryPolicy => programme.expiry ?? { kind: 'never' }
