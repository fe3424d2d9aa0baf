import { instantSchema } from '@patronkit/core/service'
import { z } from 'zod'
import { INTERNAL } from './internal.ts'
import type { Attributes } from './model.ts'

const id = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => value.isWellFormed(), 'is not well-formed text')

export const itemSchema = z.strictObject({
  type: id.refine((value) => !value.includes('/'), 'an item type has no slash'),
  id,
})

/** Attributes and data are the host's own: any JSON, at most 64 kB of it. `__proto__` is no name for a field. */
const plain: z.ZodType<Attributes> = z
  .record(z.string().max(200), z.json())
  .refine((value) => !Object.hasOwn(value, '__proto__'), '__proto__ is not a field')
  .refine((value) => JSON.stringify(value).length <= 65_536, 'at most 64 kB') as unknown as z.ZodType<Attributes>

const fact = z
  .strictObject({
    id: id.refine((value) => !value.startsWith(INTERNAL), `facts of Patronkit itself are named ${INTERNAL}…`),
    type: z
      .string()
      .min(1)
      .max(100)
      .refine((value) => !value.startsWith(INTERNAL), `types that begin with ${INTERNAL} are Patronkit's own`),
    at: instantSchema,
    author: z.enum(['customer', 'third-party', 'agent', 'bot', 'automation']).optional(),
    visibility: z.enum(['public', 'internal']).optional(),
    channel: z.string().min(1).max(100).optional(),
    attributes: plain.optional(),
    data: plain.optional(),
  })
  .refine((value) => value.type !== 'message' || value.author !== undefined, { path: ['author'], message: 'say who wrote the message' })

export const recordSchema = z.strictObject({
  item: itemSchema,
  attributes: plain.optional(),
  facts: z.array(fact).min(1, 'give at least one fact').max(1_000),
})

export const recordManySchema = z.strictObject({ items: z.array(recordSchema).min(1).max(1_000) })

export const statusSchema = z.strictObject({ item: itemSchema, asOf: instantSchema.optional() })
export const statusManySchema = z.strictObject({ items: z.array(itemSchema).min(1).max(1_000) })
export const explainSchema = z.strictObject({
  item: itemSchema,
  metric: z.string().min(1).max(60),
  agreement: z.string().min(1).max(40).optional(),
  cycle: z.number().int().min(1).max(1_000_000).optional(),
  asOf: instantSchema.optional(),
})

const idempotencyKey = id
const reason = z.string().min(1, 'say why').max(2_000)
const ofClock = {
  idempotencyKey,
  item: itemSchema,
  metric: z.string().min(1).max(60),
  agreement: z.string().min(1).max(40).optional(),
  reason,
}
export const agreeSchema = z.strictObject({ ...ofClock, dueAt: instantSchema.nullable() })
export const overrideSchema = z.strictObject({ ...ofClock, outcome: z.enum(['met', 'breached', 'cancelled']) })
export const mergeSchema = z.strictObject({
  idempotencyKey,
  item: itemSchema,
  into: itemSchema,
  clocks: z.enum(['own', 'earliest']).optional(),
})
export const unmergeSchema = z.strictObject({ idempotencyKey, item: itemSchema })
export const splitSchema = z.strictObject({
  idempotencyKey,
  item: itemSchema,
  into: itemSchema,
  facts: z.array(id).max(1_000).optional(),
  clocks: z.enum(['start', 'inherit']).optional(),
})
export const linkSchema = z.strictObject({
  idempotencyKey,
  parent: itemSchema,
  child: itemSchema,
  rule: z.enum(['independent', 'parent-waits', 'children-follow']).optional(),
})
export const retargetSchema = z.strictObject({
  idempotencyKey,
  reason,
  elapsed: z.enum(['keep', 'restart', 'retroactive']).optional(),
  pauses: z.enum(['keep', 'restart', 'retroactive']).optional(),
  page: z.number().int().min(1).max(5_000).optional(),
})
export const matchSchema = z.strictObject({ attributes: plain, at: instantSchema.optional() })

const cursor = z.string().max(2_000).optional()
const pageSize = z.number().int().min(1).max(1_000).optional()
export const dueSchema = z.strictObject({ before: instantSchema.optional(), after: cursor, limit: pageSize })
export const itemsSchema = z.strictObject({ type: itemSchema.shape.type, asOf: instantSchema.optional(), after: cursor, limit: pageSize })

export type RecordInput = z.output<typeof recordSchema>
