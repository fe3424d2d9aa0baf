import type { Author, ItemRef } from '../model.ts'

export type { Author } from '../model.ts'

/** The conventional words for a status. The vendor's own stands beside it in the attribute `vendorStatus`. */
export type Status = 'new' | 'open' | 'pending' | 'hold' | 'solved' | 'closed'

/** A fact as a connector answers it; `sla.record` takes it as it is. */
export interface ConnectedFact {
  /** Made of the vendor's own ids, so that the same payload again counts once. */
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly author?: Author
  readonly visibility?: 'public' | 'internal'
  readonly channel?: string
  /** What the item's attributes are from this fact on. */
  readonly attributes?: { readonly [name: string]: unknown }
  /** What the vendor said beside it: fields that are no words of ours stand here under their own names. */
  readonly data?: { readonly [name: string]: unknown }
}

/** The facts of one item in the order in which they happened, at most 1,000: one call of `sla.record`. */
export interface ItemFacts {
  readonly item: ItemRef
  readonly facts: readonly ConnectedFact[]
}
