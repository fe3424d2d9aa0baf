import type { ClockState } from '@patronkit/business-time/clock'
import type { Instant } from '@patronkit/core'
import type { Json, Pinned } from '@patronkit/core/service'

/** What the promise is about: a ticket, an order, a visit. */
export interface ItemRef {
  readonly type: string
  readonly id: string
}

export type Attributes = { readonly [name: string]: Json }

/** Something that happened to an item, as the host tells it. Its id makes it count once, however often it is sent. */
export interface Fact {
  readonly id: string
  readonly type:
    | 'created'
    | 'customer-message'
    | 'agent-reply'
    | 'status-changed'
    | 'assigned'
    | 'resolved'
    | 'reopened'
    | 'closed'
    | (string & {})
  readonly at: Instant
  /** What the item's attributes are from this fact on; those not named stay as they were. */
  readonly attributes?: { readonly [name: string]: unknown }
  readonly data?: { readonly [name: string]: unknown }
}

/** A fact as it is kept: instants as epoch milliseconds, with its place in the order of arrival. */
export interface StoredFact {
  readonly id: string
  readonly type: string
  readonly at: number
  readonly attributes: Attributes | null
  readonly data: Attributes | null
  readonly arrival: number
}

/** One clock of an item: a metric of a policy, in one cycle. */
export interface ItemClock {
  readonly metric: string
  readonly cycle: number
  readonly clock: ClockState
  /** True while a fact said "pause" and none has said "resume". */
  readonly held: boolean
  /** What may be counted, in ms of the clock's calendar; null when the policy sets no target for this item. */
  readonly targetMs: number | null
  /** Whether target and counting are in working time or in wall time. */
  readonly counts: 'working' | 'wall'
  /** Steps of the ladder that were reached: `75%`, `over`. */
  readonly climbed: readonly string[]
  /** The due instant that was missed; the breach is the first open millisecond behind it. */
  readonly missedAt: number | null
  readonly breachedAt: number | null
}

/** An item as the fold of its facts. */
export interface ItemState {
  readonly attributes: Attributes
  readonly openedAt: number
  /** How far time has passed for this item: facts before it are late and fold everything anew. */
  readonly asOf: number
  readonly policy: Pinned | null
  readonly calendar: Pinned | null
  readonly clocks: readonly ItemClock[]
}

/** A step of a clock's ladder that was reached. */
export interface Climbed {
  readonly metric: string
  readonly cycle: number
  readonly step: string
  readonly at: number
}
