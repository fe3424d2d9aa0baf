import { isZone } from '@patronkit/business-time/zone'
import type { Instant, Money, WallDuration } from '@patronkit/core'
import { durationSchema, instantSchema, isWorking, type Json, moneySchema, wallMs } from '@patronkit/core/service'
import { z } from 'zod'
import type { Order } from './model.ts'
import { amountSchema, currencySchema, idSchema, lotsSchema, orderSchema, plainSchema, pointsSchema, reasonSchema } from './schema.ts'

/** What every write takes: its key, and when it happened (default: now). */
export interface Write {
  readonly idempotencyKey: string
  readonly at?: Instant
}

/** Which account of which programme. */
export interface OnAccount {
  readonly account: string
  readonly programme: string
}

/** Facts about a member that conditions may name as `member.…`. Nothing of it is kept. */
export type MemberFacts = { readonly [name: string]: Json }

export interface Open extends Write, OnAccount {
  /** The member's own IANA zone, by whose days points expire. Default: the programme's. */
  readonly zone?: string
}
export interface Earn extends Write, OnAccount {
  /** Either an order or an event. */
  readonly order?: Order
  readonly event?: { readonly type: string; readonly data?: MemberFacts }
  readonly member?: MemberFacts
}
export interface HoldPoints extends Write, OnAccount {
  /** At most so many; cut to what the order needs. */
  readonly points: number
  /** After so long the hold ends by itself. */
  readonly for: WallDuration
  readonly order: Order
}
export interface Capture extends Write {
  readonly hold: string
  /** Default: all of the hold. What is not captured is free again. */
  readonly points?: number
}
export interface Release extends Write {
  readonly hold: string
}
export interface Replace extends Write {
  readonly hold: string
  readonly points: number
  readonly for: WallDuration
  readonly order: Order
}
export interface Redeem extends Write, OnAccount {
  /** Either points, with or without an order, or a reward of the programme. */
  readonly points?: number
  readonly reward?: string
  readonly order?: Order
  readonly member?: MemberFacts
}
export interface Claim extends Write, OnAccount {
  readonly offer: string
  /** One of the offer's codes, where it asks for one. */
  readonly code?: string
  readonly member?: MemberFacts
}
export interface IssueCodes {
  readonly idempotencyKey: string
  readonly programme: string
  readonly offer: string
  /** At most 1,000 at once, each good for one claim. */
  readonly codes: readonly string[]
}
export interface Refer extends Write {
  readonly programme: string
  /** Who brought somebody, and who was brought: both get what the programme says, once for each who was brought. */
  readonly referrer: string
  readonly referee: string
}
export interface RedeemTogether extends Write {
  readonly programme: string
  /** The accounts of a household, 2 to 50. The points that expire first go first, whosever they are. */
  readonly accounts: readonly string[]
  readonly points: number
}
export interface Refund extends Write {
  readonly order: string
  readonly amount: Money
  /** Only where several accounts earned or spent with the order. */
  readonly account?: string
  readonly programme?: string
}
export interface Reverse extends Write {
  /** A redemption, or what captured a hold. */
  readonly posting: string
  /** Default: all that is left of it. */
  readonly points?: number
}
export interface Settle extends Write, OnAccount {
  /** The earning whose points wait. */
  readonly posting: string
}
export interface Dismiss extends Write, OnAccount {
  /** The earning that waits. */
  readonly posting: string
  readonly reason: string
}
export interface Adjust extends Write, OnAccount {
  /** Positive: given; negative: taken. */
  readonly points: number
  readonly reason: string
  readonly currency?: string
  /** For points that are given; null for never. Default: by the programme. */
  readonly expiresAt?: Instant | null
}
export interface Purchase extends Write, OnAccount {
  readonly points: number
  readonly paid: Money
}
export interface Import extends Write, OnAccount {
  /** The opening balance, lot by lot, as the old system had it. */
  readonly lots: readonly { readonly points: number; readonly earnedAt?: Instant; readonly expiresAt?: Instant | null }[]
  readonly zone?: string
  readonly currency?: string
  readonly reason?: string
}
export interface Reinstate extends Write, OnAccount {
  /** Points that expired in the last so many days come back. */
  readonly days: number
  /** Their new end; null for never. */
  readonly until: Instant | null
}
export interface Freeze extends Write, OnAccount {
  readonly reason: string
}
export interface Unfreeze extends Write, OnAccount {}
export interface Transfer extends Write {
  readonly programme: string
  readonly from: string
  readonly to: string
  readonly points: number
}
export interface Merge extends Write {
  readonly programme: string
  /** Goes up in `into`, and answers no more. */
  readonly from: string
  readonly into: string
}
export interface Unmerge extends Write {
  /** The id that `merge` answered with. */
  readonly merge: string
}

export interface CloseStatement extends OnAccount {
  readonly idempotencyKey: string
  /** First instant of the period, and the first instant after it. */
  readonly from: Instant
  readonly to: Instant
}

const key = z.string().min(1).max(200).refine(wellFormed, 'is not well-formed text')
function wellFormed(value: string): boolean {
  return value.isWellFormed() && !value.includes('\u0000')
}
const write = { idempotencyKey: key, at: instantSchema.optional() }
const programme = z.string().min(1).max(80).refine(wellFormed, 'is not well-formed text')
const onAccount = { account: idSchema, programme }
const duration = durationSchema
  .refine((value) => !isWorking(value) && wallMs(value as WallDuration) > 0, 'give wall time, such as { minutes: 15 }')
  .refine((value) => isWorking(value) || wallMs(value as WallDuration) <= 366 * 86_400_000, 'at most a year') as z.ZodType<WallDuration>
const zone = z.string().max(60).refine(isZone, 'name an IANA time zone such as Europe/Rome')
/** Ids that earlier answers gave: the verb and its key. */
const made = z.string().min(1).max(300).refine(wellFormed, 'is not well-formed text')

const on = <S extends z.ZodRawShape>(shape: S) => z.strictObject({ ...write, ...onAccount, ...shape })
const of = <S extends z.ZodRawShape>(shape: S) => z.strictObject({ ...write, ...shape })
const event = z.strictObject({ type: z.string().min(1).max(100), data: plainSchema.optional() })

const earn = on({ order: orderSchema.optional(), event: event.optional(), member: plainSchema.optional() }).refine(
  (value) => (value.order === undefined) !== (value.event === undefined),
  'give either an order or an event',
)

/** The inputs of the verbs, by verb. */
export const REQUESTS = {
  open: on({ zone: zone.optional() }),
  earn,
  earnMany: z.strictObject({ items: z.array(earn).min(1).max(1_000) }),
  hold: on({ points: pointsSchema, for: duration, order: orderSchema }),
  capture: of({ hold: made, points: pointsSchema.optional() }),
  release: of({ hold: made }),
  replace: of({ hold: made, points: pointsSchema, for: duration, order: orderSchema }),
  redeem: on({
    points: pointsSchema.optional(),
    reward: idSchema.optional(),
    order: orderSchema.optional(),
    member: plainSchema.optional(),
  }).refine((value) => (value.points === undefined) !== (value.reward === undefined), 'give either points or a reward'),
  claim: on({ offer: idSchema, code: idSchema.optional(), member: plainSchema.optional() }),
  issueCodes: z.strictObject({ idempotencyKey: key, programme, offer: idSchema, codes: z.array(idSchema).min(1).max(1_000) }),
  refer: of({ programme, referrer: idSchema, referee: idSchema }),
  redeemTogether: of({ programme, accounts: z.array(idSchema).min(2).max(50), points: pointsSchema }),
  refund: of({ order: idSchema, amount: amountSchema, account: idSchema.optional(), programme: programme.optional() }),
  reverse: of({ posting: made, points: pointsSchema.optional() }),
  settle: on({ posting: made }),
  dismiss: on({ posting: made, reason: reasonSchema }),
  adjust: on({
    points: z
      .number()
      .int()
      .min(-1_000_000_000)
      .max(1_000_000_000)
      .refine((value) => value !== 0, 'give points, or take some'),
    reason: reasonSchema,
    currency: currencySchema,
    expiresAt: instantSchema.nullable().optional(),
  }),
  purchase: on({ points: pointsSchema, paid: moneySchema }),
  import: on({ lots: lotsSchema, zone: zone.optional(), currency: currencySchema, reason: reasonSchema.optional() }),
  reinstate: on({ days: z.number().int().min(1).max(3_660), until: instantSchema.nullable() }),
  freeze: on({ reason: reasonSchema }),
  unfreeze: on({}),
  transfer: of({ programme, from: idSchema, to: idSchema, points: pointsSchema }),
  merge: of({ programme, from: idSchema, into: idSchema }),
  unmerge: of({ merge: made }),
  closeStatement: z
    .strictObject({ idempotencyKey: key, ...onAccount, from: instantSchema, to: instantSchema })
    .refine((value) => value.from < value.to, 'a statement ends after it begins'),
  anchor: z.strictObject({ idempotencyKey: key }),
} as const

/** Inputs after they were checked: instants in epoch ms. */
export type Checked<V extends keyof typeof REQUESTS> = z.output<(typeof REQUESTS)[V]>

const asOf = instantSchema.optional()
export const ASKED = {
  balance: z.strictObject({ ...onAccount, currency: currencySchema, asOf, knownAt: asOf }),
  status: z.strictObject({ ...onAccount, asOf }),
  lots: z.strictObject({ ...onAccount, after: z.string().max(1_000).optional(), limit: z.number().int().min(1).max(1_000).optional() }),
  holds: z.strictObject({ ...onAccount }),
  statement: z.strictObject({ ...onAccount, currency: currencySchema, from: instantSchema, to: instantSchema, knownAt: asOf }),
  explain: z.strictObject({ posting: made, account: idSchema.optional() }),
  reviews: z.strictObject({ programme, after: z.string().max(1_000).optional(), limit: z.number().int().min(1).max(1_000).optional() }),
  funding: z.strictObject({ programme }),
  erase: z.strictObject({ ...onAccount }),
  verify: z.strictObject({
    anchor: z.strictObject({ id: z.string().min(1).max(200), root: z.string().max(64) }).optional(),
    programme: programme.optional(),
    account: idSchema.optional(),
  }),
  list: z.strictObject({ programme, after: z.string().max(1_000).optional(), limit: z.number().int().min(1).max(1_000).optional() }),
}
