import { nextLookAt } from './members/book.ts'
import type { CustomerRef, CustomerState } from './rows.ts'

/** A segment a customer is in. */
export interface Membership {
  readonly segment: string
  readonly since: Date
  /** The version of the rule by which they entered. */
  readonly version: number
}

/** The segments a customer is in. */
export interface CustomerSegments extends CustomerRef {
  /** By segment id. */
  readonly segments: readonly Membership[]
  /** The instant of which this holds. */
  readonly asOf: Date
  /** When time alone can change it next, unless something happens before. */
  readonly nextLookAt: Date | null
  /** Why the customer could not be asked; the segments are then those from before. Null where all is well. */
  readonly trouble: string | null
}

export function answerOf(ref: CustomerRef, { memberships, trouble }: CustomerState): CustomerSegments {
  const next = nextLookAt(memberships)
  return {
    source: ref.source,
    customer: ref.customer,
    segments: Object.entries(memberships.in)
      .map(([segment, { since, version }]) => ({ segment, since: new Date(since), version }))
      .sort((a, b) => (a.segment < b.segment ? -1 : 1)),
    asOf: new Date(memberships.asOf),
    nextLookAt: next === null ? null : new Date(next),
    trouble,
  }
}
