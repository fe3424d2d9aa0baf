import { isZone } from '@patronkit/business-time/zone'
import { z } from 'zod'
import type { Dimension } from './dimension.ts'

export const path = z.string().min(1).max(200)
export const word = z.string().min(1).max(100)
export const zone = z.string().max(100).refine(isZone, 'is not an IANA time zone such as Europe/Rome')
export const periodUnit = z.enum(['day', 'week', 'month', 'quarter', 'year'])

export const dimension: z.ZodType<Dimension> = z.union([
  z.enum(['metric', 'agreement', 'party', 'policy']),
  z.strictObject({ attribute: path }),
  z.strictObject({ period: periodUnit, of: z.enum(['opened', 'stopped']) }),
])

export const method = z.enum(['nearest-rank', 'linear'])
export const confidence = z.union([z.literal(0.9), z.literal(0.95), z.literal(0.99)])
