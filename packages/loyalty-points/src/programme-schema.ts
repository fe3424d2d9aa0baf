import { isZone } from '@patronkit/business-time/zone'
import type { WallDuration } from '@patronkit/core'
import { definitionId, durationSchema, isWorking, moneySchema, predSchema, wallMs } from '@patronkit/core/service'
import { z } from 'zod'
import { Exact } from './exact.ts'
import type { CalendarLength, ExpiryPolicy } from './expiry.ts'
import type { Programme } from './programme.ts'
import type { TierRules } from './tiers.ts'

const word = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'name it like star')
const points = z.number().int().min(1).max(1_000_000_000)
const when = predSchema.optional()
const rule = { id: definitionId.optional(), when, currency: word.optional(), points }
const positive = moneySchema.refine((value) => new Exact(value.amount).gt(0), 'must be more than 0')

/** A wall duration of at most 200 years. */
const wall = durationSchema.refine(
  (d) => !isWorking(d) && wallMs(d as WallDuration) <= 6.4e12,
  'give wall time, at most 200 years',
) as z.ZodType<WallDuration>

const decimal = (pattern: RegExp, hint: string) => z.string().regex(pattern, hint)
const share = decimal(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, "a share from '0' to '1'")
const isoInstant = z
  .string()
  .refine((text) => /(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)), 'an ISO instant with Z or an offset')

const earnRule = z.union([
  z.strictObject({
    ...rule,
    per: positive,
    rounding: z.enum(['floor', 'half-up', 'ceil']).optional(),
    base: z
      .union([z.enum(['gross', 'net-of-points']), z.strictObject({ without: z.array(z.enum(['tax', 'discount', 'points'])).max(3) })])
      .optional(),
  }),
  z.strictObject({ ...rule, event: z.string().min(1).max(100) }),
  z.strictObject({ ...rule, item: predSchema }),
  z.strictObject({
    ...rule,
    streak: z.strictObject({
      of: z.string().min(1).max(100),
      every: z.enum(['day', 'week', 'month']),
      times: z.number().int().min(2).max(366),
    }),
  }),
  z.strictObject({
    ...rule,
    achievement: z.strictObject({ of: z.string().min(1).max(100), times: z.number().int().min(1).max(1_000_000) }),
  }),
])

const offer = z.strictObject({
  id: definitionId,
  points,
  from: isoInstant.optional(),
  until: isoInstant.optional(),
  when,
  stock: z.number().int().min(1).max(1_000_000_000).optional(),
  perAccount: z.number().int().min(1).max(1_000_000).optional(),
  byCode: z.boolean().optional(),
})

const campaign = z
  .strictObject({
    id: definitionId,
    from: isoInstant.optional(),
    until: isoInstant.optional(),
    when,
    currency: word.optional(),
    multiply: decimal(/^\d{1,3}(\.\d{1,3})?$/, "a factor such as '1.5'")
      .refine((text) => new Exact(text).gte(1), 'a factor from 1 up')
      .optional(),
    add: points.optional(),
    budget: z.strictObject({ points: points.optional(), money: positive.optional() }).optional(),
    costPerPoint: positive.optional(),
    fundedBy: definitionId.optional(),
    order: z.number().int().min(0).max(1_000_000).optional(),
  })
  .refine((value) => (value.multiply === undefined) !== (value.add === undefined), 'give either multiply or add')
  .refine(({ budget, costPerPoint }) => budget?.money === undefined || costPerPoint?.currency === budget.money.currency, {
    path: ['costPerPoint'],
    message: 'a budget in money needs what a point costs, in the same currency',
  })

const roundUpTo = z.enum(['none', 'day', 'week', 'month', 'quarter', 'half-year', 'year']).optional()
const calendarLength: z.ZodType<CalendarLength> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('months'), months: z.number().int().min(0).max(1_200), roundUpTo }),
  z.strictObject({ kind: z.literal('years'), years: z.number().int().min(0).max(100), roundUpTo }),
])
const expiry: z.ZodType<ExpiryPolicy> = z.union([
  calendarLength,
  z.strictObject({ kind: z.literal('never') }),
  z.strictObject({ kind: z.literal('exact'), duration: wall }),
  z.strictObject({ kind: z.literal('rolling'), first: calendarLength, window: calendarLength }),
  z.strictObject({ kind: z.literal('inactivity'), after: calendarLength }),
  z
    .strictObject({
      kind: z.literal('decay'),
      idleWeeks: z.number().int().min(1).max(1_000),
      share,
      atLeast: z.number().int().min(0).max(1_000_000_000),
      allAtWeek: z.number().int().min(1).max(2_000),
    })
    .refine((decay) => decay.allAtWeek > decay.idleWeeks, 'allAtWeek comes after idleWeeks'),
])

const months = z.number().int().min(1).max(1_200)
const period = z.enum(['day', 'week', 'month', 'quarter', 'half-year', 'year'])
const tiers = z
  .strictObject({
    tiers: z
      .array(z.strictObject({ id: word, from: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }))
      .min(1)
      .max(100),
    window: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('balance') }),
      z.strictObject({ kind: z.literal('lifetime') }),
      z.strictObject({ kind: z.literal('rolling'), months }),
      z.strictObject({ kind: z.literal('calendar'), period, keeps: z.number().int().min(0).max(100).optional() }),
      z.strictObject({ kind: z.literal('anniversary'), months }),
    ]),
    downgrade: z.enum(['one-step', 'by-points']).optional(),
    graceDays: z.number().int().min(0).max(3_660).optional(),
    currency: word.optional(),
  })
  .refine(({ tiers: rungs }) => rungs[0]!.from === 0 && rungs.every((rung, i) => i === 0 || rung.from > rungs[i - 1]!.from), {
    path: ['tiers'],
    message: 'begin at 0 and rise',
  })
  .refine(({ tiers: rungs }) => unique(rungs), { path: ['tiers'], message: 'each tier has its own id' }) satisfies z.ZodType<TierRules>

const unique = (of: readonly { readonly id?: string | undefined }[]): boolean => {
  const ids = of.flatMap((one) => one.id ?? [])
  return new Set(ids).size === ids.length
}
const distinct = <T extends z.ZodType<{ id?: string | undefined }>>(of: T, most: number) =>
  z.array(of).max(most).refine(unique, 'each has its own id')

/** The shape of a programme, with the path of each mistake. */
export const programmeSchema: z.ZodType<Programme> = z
  .strictObject({
    currency: word,
    zone: z.string().max(60).refine(isZone, 'name an IANA time zone such as Europe/Rome').optional(),
    earn: distinct(earnRule, 200),
    earnStacking: z.enum(['sum', 'best', 'priority']).optional(),
    campaigns: distinct(campaign, 200).optional(),
    campaignStacking: z.enum(['sum', 'best', 'priority', 'multiply']).optional(),
    caps: distinct(
      z.strictObject({
        id: definitionId,
        campaign: definitionId.optional(),
        points: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
        each: z.enum(['order', 'day', 'week', 'month', 'year', 'lifetime']),
        currency: word.optional(),
      }),
      50,
    ).optional(),
    limits: distinct(
      z.strictObject({ id: definitionId, points, each: z.enum(['day', 'week', 'month']), over: z.enum(['reject', 'review']) }),
      20,
    ).optional(),
    spendLimits: distinct(
      z
        .strictObject({
          id: definitionId,
          each: z.enum(['day', 'week', 'month']),
          points: points.optional(),
          times: z.number().int().min(1).max(1_000_000).optional(),
        })
        .refine((value) => value.points !== undefined || value.times !== undefined, 'give points, times or both'),
      20,
    ).optional(),
    pending: z.union([z.strictObject({ for: wall }), z.strictObject({ until: z.literal('released') })]).optional(),
    redeem: z
      .strictObject({
        points,
        worth: positive,
        min: points.optional(),
        max: points.optional(),
        step: points.optional(),
        maxShare: share.optional(),
      })
      .optional(),
    rewards: distinct(
      z.strictObject({ id: definitionId, points, when, stock: z.number().int().min(1).max(1_000_000_000).optional() }),
      1_000,
    ).optional(),
    referral: z.strictObject({ referrer: points, referee: points }).optional(),
    offers: distinct(offer, 1_000).optional(),
    expiry: expiry.optional(),
    negative: z
      .discriminatedUnion('policy', [
        z.strictObject({ policy: z.literal('clamp') }),
        z.strictObject({ policy: z.literal('reject') }),
        z.strictObject({ policy: z.literal('debt'), floor: z.number().int().min(-1_000_000_000).max(0) }),
      ])
      .optional(),
    refund: z
      .strictObject({
        policy: z.enum(['refund-floor', 'kept-spend', 'pro-rata']),
        rounding: z.enum(['up', 'half-up', 'down']).optional(),
        giveBack: z.enum(['pro-rata', 'money-first', 'never']).optional(),
      })
      .optional(),
    tiers: tiers.optional(),
  })
  .refine(
    ({ caps = [], campaigns = [] }) => caps.every((cap) => cap.campaign === undefined || campaigns.some(({ id }) => id === cap.campaign)),
    {
      path: ['caps'],
      message: 'a cap of a campaign names one that is there',
    },
  )
