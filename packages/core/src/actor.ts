import { z } from 'zod'

/** Who acts. The library records and compares actors; the host authenticates them. */
export interface Actor {
  readonly type: 'user' | 'customer' | 'system'
  readonly id: string
  readonly roles?: readonly string[]
}

/** Whose data, and on whose behalf. Bound once with `service.for(scope)`; no verb exists without it. */
export interface Scope {
  readonly tenant: string
  readonly by: Actor
  /** Aborted, it ends a command before its commit. */
  readonly signal?: AbortSignal
}

const name = z.string().min(1).max(200)

const actorSchema = z.strictObject({
  type: z.enum(['user', 'customer', 'system']),
  id: name,
  roles: z.array(name).max(100).optional(),
})

export const scopeSchema = z.strictObject({
  tenant: name,
  by: actorSchema,
  signal: z.custom<AbortSignal>((value) => value instanceof AbortSignal, 'expected an AbortSignal').optional(),
})
