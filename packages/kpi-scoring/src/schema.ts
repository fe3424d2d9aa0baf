import { instantSchema, type Json, moneySchema } from '@patronkit/core/service'
import { z } from 'zod'
import { exact, textOf } from './exact.ts'

const id = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => value.isWellFormed() && !value.includes('\u0000'), 'is not well-formed text')

/** A decimal text or number, as the shortest text. */
const amount = z
  .union([z.string().regex(/^-?\d{1,20}(\.\d{1,20})?$/, "use a decimal text such as '21.90'"), z.number()])
  .transform((value, ctx) => {
    if (typeof value === 'number' && !(Math.abs(value) < 1e20)) {
      ctx.addIssue('use a finite number below 10^20')
      return z.NEVER
    }
    return textOf(exact(value, 'value'))
  })

/** What a measurement can be told apart by: at most 50 single values. `__proto__` is no name for one. */
const dimensions = z
  .unknown()
  // a record would leave it out without a word
  .refine((value) => typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__'), '__proto__ is not a dimension')
  .pipe(z.record(z.string().min(1).max(100), z.union([z.string().max(500), z.number(), z.boolean(), z.null()])))
  .refine((value) => Object.keys(value).length <= 50, 'at most 50 dimensions')

const measurement = z.strictObject({ id, at: instantSchema, name: id, value: amount, dimensions: dimensions.optional() })

export const recordSchema = z.strictObject({
  idempotencyKey: id.optional(),
  subject: id,
  measurements: z.array(measurement).min(1, 'give at least one measurement').max(10_000),
})

export const targetsSchema = z.strictObject({
  idempotencyKey: id,
  metric: id,
  targets: z
    .array(z.strictObject({ subject: id, period: id, amount, dimensions: dimensions.optional() }))
    .min(1, 'give at least one target')
    .max(1_000),
})

const revision = z.int().min(1).max(1_000_000).optional()

export const scoreSchema = z.strictObject({ scorecard: id, subject: id, period: id, asOf: instantSchema.optional(), revision })
export const scoresSchema = z.strictObject({
  scorecard: id,
  period: id,
  revision,
  after: z.string().max(2_000).optional(),
  limit: z.int().min(1).max(1_000).optional(),
})
export const compareSchema = z.strictObject({ scorecard: id, subject: id, from: id, to: id, by: z.string().min(1).max(100).optional() })
export const measureSchema = z.strictObject({
  metric: id,
  subjects: z.array(id).min(1).max(1_000),
  period: id,
  calendar: id.optional(),
  by: z.string().min(1).max(100).optional(),
  asOf: instantSchema.optional(),
})
export const progressSchema = z.strictObject({
  metric: id,
  subject: id,
  period: id,
  calendar: id.optional(),
  dimensions: dimensions.optional(),
  asOf: instantSchema.optional(),
})
const share = z
  .union([z.string().regex(/^\d{1,20}(\.\d{1,20})?$/, "use a decimal text such as '0.5'"), z.number().min(0)])
  .transform((value) => textOf(exact(value, 'share')))
const taken = moneySchema.refine(({ amount }) => !amount.startsWith('-'), 'use 0 or more; take back with a clawback')
const entry = z.discriminatedUnion('kind', [
  z.strictObject({ id, kind: z.literal('deal'), at: instantSchema, amount: taken, share: share.optional() }),
  z.strictObject({ id, kind: z.literal('clawback'), at: instantSchema, of: id, amount: taken.optional() }),
])
const entries = z.array(entry).max(10_000)
const onPlan = { plan: id, subject: id }
const figures = z.record(z.string().min(1).max(200), amount).optional()

export const creditSchema = z.strictObject({ ...onPlan, entries: entries.min(1, 'give at least one entry') })
export const issueSchema = z.strictObject({ idempotencyKey: id, ...onPlan, period: id, figures })
export const previewIssueSchema = z.strictObject({
  ...onPlan,
  period: id,
  figures,
  entries: entries.optional(),
  definition: z.strictObject({ kind: z.literal('incentive-plan'), id, hash: z.string(), body: z.unknown() }).optional(),
})
export const statementsSchema = z.strictObject({ ...onPlan, period: id.optional() })
export const statementSchema = z.strictObject({ ...onPlan, period: id, number: revision })

const subjectList = z.array(id).min(1).max(10_000).optional()
export const closeSchema = z.strictObject({ idempotencyKey: id, scorecard: id, period: id, subjects: subjectList, revises: revision })
export const previewCloseSchema = closeSchema.omit({ idempotencyKey: true })
export const previewScoreSchema = z.strictObject({
  definition: z.strictObject({ kind: z.literal('scorecard'), id, hash: z.string(), body: z.unknown() }),
  subject: id,
  period: id,
  targets: z.record(z.string().max(200), amount).optional(),
})
export const historySchema = z.strictObject({ scorecard: id, period: id.optional() })
export const replaySchema = z.strictObject({ scorecard: id, period: id, revision })
export const eraseSchema = z.strictObject({ subject: id })

export type RecordInput = z.output<typeof recordSchema>
export type MeasurementInput = z.output<typeof measurement>
export type CreditInput = z.output<typeof creditSchema>
export type EntryInput = z.output<typeof entry>
export type CloseInput = z.output<typeof closeSchema>
export const asJson = (value: object): Json => value as unknown as Json
