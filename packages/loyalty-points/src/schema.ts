import type { Money } from '@patronkit/core'
import { instantSchema, type Json, moneySchema, parse } from '@patronkit/core/service'
import { z } from 'zod'
import { Exact } from './exact.ts'
import type { Command, Order } from './model.ts'

const id = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => value.isWellFormed() && !value.includes('\u0000'), 'is not well-formed text')

/** At most a billion points at once: sums over an account stay safe integers. */
const points = z.number().int().min(1).max(1_000_000_000)

const amount = moneySchema.refine((value) => new Exact(value.amount).gte(0), 'must not be negative') as z.ZodType<Money>
const paid = moneySchema.refine((value) => new Exact(value.amount).gt(0), 'must be more than 0') as z.ZodType<Money>

const currency = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'name it like star')
  .optional()

/** Any JSON of the host's, at most 64 kB of it. `__proto__` is no name for a field. */
const plain = z
  .unknown()
  .refine((value) => typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__'), '__proto__ is not a field')
  .pipe(
    z.record(z.string().max(200), z.json()).refine((value) => JSON.stringify(value).length <= 65_536, 'at most 64 kB'),
  ) as unknown as z.ZodType<{
  readonly [name: string]: Json
}>

const order: z.ZodType<Order> = z
  .strictObject({
    id,
    total: amount,
    tax: amount.optional(),
    discount: amount.optional(),
    paidWithPoints: amount.optional(),
    items: z
      .array(
        z.strictObject({ quantity: z.number().int().min(0).max(1_000_000), reward: z.boolean().optional(), attributes: plain.optional() }),
      )
      .max(10_000)
      .optional(),
    attributes: plain.optional(),
  })
  .superRefine((value, ctx) => {
    for (const part of ['tax', 'discount', 'paidWithPoints'] as const) {
      const money = value[part]
      if (!money) continue
      const { currency: own } = value.total
      if (money.currency !== own) ctx.addIssue({ code: 'custom', path: [part, 'currency'], message: `is not the order's currency, ${own}` })
      else if (new Exact(money.amount).gt(value.total.amount))
        ctx.addIssue({ code: 'custom', path: [part], message: 'is more than the total' })
    }
  })

const at = instantSchema
const reason = z
  .string()
  .min(1)
  .max(1_000)
  .refine((value) => value.isWellFormed() && !value.includes('\u0000'), 'is not well-formed text')
const granted = z
  .array(z.strictObject({ points, earnedAt: at.optional(), expiresAt: at.nullable().optional() }))
  .min(1)
  .max(100_000)
const member = plain.optional()
const common = { id, at }

/** Every command, with the path of each mistake. Instants may be anything core takes; they become epoch ms. */
export const commandSchema = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('earn'),
      ...common,
      order: order.optional(),
      event: z.strictObject({ type: z.string().min(1).max(100), data: plain.optional() }).optional(),
      member,
    })
    .refine((value) => (value.order === undefined) !== (value.event === undefined), 'give either an order or an event'),
  z.strictObject({ type: z.literal('claim'), ...common, offer: id, byCode: z.boolean(), member }),
  z.strictObject({ type: z.literal('release-pending'), at, posting: id }),
  z.strictObject({
    type: z.literal('grant'),
    ...common,
    lots: granted,
    currency,
    reason,
  }),
  z.strictObject({ type: z.literal('dismiss'), ...common, posting: id, reason }),
  z.strictObject({ type: z.literal('deduct'), ...common, points, currency, reason }),
  z.strictObject({ type: z.literal('hold'), ...common, points, until: at, order: order.optional() }),
  z.strictObject({ type: z.literal('capture'), ...common, hold: id, points: points.optional() }),
  z.strictObject({ type: z.literal('release'), at, hold: id }),
  z.strictObject({ type: z.literal('replace'), ...common, hold: id, points, until: at, order: order.optional() }),
  z
    .strictObject({
      type: z.literal('redeem'),
      ...common,
      points: points.optional(),
      reward: id.optional(),
      order: order.optional(),
      member,
    })
    .refine((value) => (value.points === undefined) !== (value.reward === undefined), 'give either points or a reward'),
  z.strictObject({ type: z.literal('refund'), ...common, order: id, amount: paid }),
  z.strictObject({ type: z.literal('reverse'), ...common, posting: id, points: points.optional() }),
  z.strictObject({ type: z.literal('reinstate'), ...common, days: z.number().int().min(1).max(3_660), until: at.nullable() }),
  z.strictObject({ type: z.literal('freeze'), at, reason }),
  z.strictObject({ type: z.literal('unfreeze'), at }),
  z.strictObject({ type: z.literal('pass-time'), at }),
])

export {
  currency as currencySchema,
  granted as lotsSchema,
  id as idSchema,
  order as orderSchema,
  paid as amountSchema,
  plain as plainSchema,
  points as pointsSchema,
  reason as reasonSchema,
}

/** A command from outside, checked. `decide` trusts what comes out of here; what does not fit is refused with each mistake's path. */
export const parseCommand = (input: unknown): Command => parse(commandSchema, input, 'command')
