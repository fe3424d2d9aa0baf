import { definitionId, instantSchema } from '@patronkit/core/service'
import { z } from 'zod'
import type { Values } from './rules/leaf.ts'

const isWellFormed = (value: string): boolean => value.isWellFormed() && !value.includes('\u0000')
const id = z.string().min(1).max(200).refine(isWellFormed, 'is not well-formed text')

/** The same for values by the thousand. */
export const isCustomerId = (value: unknown): value is string =>
  typeof value === 'string' && value.length >= 1 && value.length <= 200 && isWellFormed(value)

/** Values by column; what a column may hold is checked against the source. */
const values: z.ZodType<Values> = z
  .record(z.string().max(200), z.unknown())
  .refine((value) => !Object.hasOwn(value, '__proto__'), '__proto__ is not a column')
  .refine((value) => (JSON.stringify(value) ?? '').length <= 65_536, 'at most 64 kB') as unknown as z.ZodType<Values>

const fact = z.strictObject({ id, type: z.string().min(1).max(100), at: instantSchema, values: values.optional() })

export const recordSchema = z.strictObject({
  source: definitionId,
  customer: id,
  at: instantSchema.optional(),
  profile: values.optional(),
  related: z.record(z.string().max(200), z.array(values).max(1_000)).optional(),
  facts: z.array(fact).max(1_000),
})
export type RecordInput = z.output<typeof recordSchema>
export const recordManySchema = z.strictObject({ customers: z.array(recordSchema).min(1).max(1_000) })

export const listingSchema = z.strictObject({
  list: definitionId,
  customers: z.array(z.strictObject({ id })).min(1).max(1_000),
  at: instantSchema.optional(),
})
export type ListingInput = z.output<typeof listingSchema>

const cursor = z.string().max(2_000).optional()
const pageSize = z.number().int().min(1).max(1_000).optional()
export const membersSchema = z.strictObject({ segment: definitionId, asOf: instantSchema.optional(), after: cursor, limit: pageSize })
export const countSchema = z.strictObject({ segment: definitionId, asOf: instantSchema.optional() })
export const customerSchema = z.strictObject({ source: definitionId, customer: id, asOf: instantSchema.optional() })
export const historySchema = z.strictObject({ source: definitionId, customer: id, after: cursor, limit: pageSize })
export const explainSchema = z.strictObject({ segment: definitionId, customer: id, asOf: instantSchema.optional() })
export const sampleSchema = z
  .strictObject({
    size: z.number().int().min(1).max(100_000),
    seed: z.string().max(200).optional(),
    confidence: z.number().gt(0).lt(1).optional(),
  })
  .optional()
export const populationSchema = z.strictObject({ segment: definitionId, sample: sampleSchema })
export const eraseSchema = z.strictObject({ source: definitionId, customer: id })
export const resegmentSchema = z.strictObject({
  idempotencyKey: id,
  source: definitionId,
  page: z.number().int().min(1).max(5_000).optional(),
})
