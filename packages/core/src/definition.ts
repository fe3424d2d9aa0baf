import { z } from 'zod'
import { canonicalJson, sha256Hex } from './canonical.ts'
import { invalidInput } from './schema.ts'

/** A rule of the trade as data: a calendar, a policy, a programme. Frozen, plain JSON, known by its hash. */
export interface Definition<K extends string = string, T = unknown> {
  readonly kind: K
  readonly id: string
  readonly hash: string
  readonly body: T
}

export const definitionId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,79}$/i, 'use 1 to 80 letters, digits, dots, dashes or underscores, starting with a letter or digit')

/** Checks, freezes and hashes a definition. The id travels beside the body, so the same rule under two names has two hashes. */
export function define<K extends string, T>(i: { kind: K; id: string; body: unknown; schema: z.ZodType<T> }): Definition<K, T> {
  const id = definitionId.safeParse(i.id)
  if (!id.success) throw invalidInput(`${i.kind} id ${JSON.stringify(i.id)}`, id.error)
  const parsed = i.schema.safeParse(i.body)
  if (!parsed.success) throw invalidInput(`${i.kind} ${i.id}`, parsed.error)
  const text = canonicalJson(JSON.parse(JSON.stringify(parsed.data)))
  return Object.freeze({ kind: i.kind, id: i.id, hash: definitionHash(i.kind, i.id, text), body: deepFreeze(JSON.parse(text) as T) })
}

export const definitionHash = (kind: string, id: string, canonicalBody: string): string => sha256Hex(`${kind}\n${id}\n${canonicalBody}`)

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
