import type { Definition } from '@patronkit/core'
import { define, definitionId } from '@patronkit/core/service'
import { z } from 'zod'

/** A list that is kept by hand: customers are put on it and taken off it, and rules name it with `onList`. */
export interface CustomerList {
  readonly source: string
  readonly about?: string
}

export type ListDefinition = Definition<'segment-list', CustomerList>

export const listSchema: z.ZodType<CustomerList> = z.strictObject({
  source: definitionId,
  about: z.string().min(1).max(2_000).optional(),
}) as unknown as z.ZodType<CustomerList>

/** Declares a list; `enlist` and `delist` say who is on it. */
export function defineList(i: { readonly id: string } & CustomerList): ListDefinition {
  const { id, ...body } = i
  return define({ kind: 'segment-list', id, body, schema: listSchema })
}
