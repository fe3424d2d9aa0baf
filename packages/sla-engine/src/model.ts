import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import type { ClockState } from '@patronkit/business-time/clock'
import type { Instant } from '@patronkit/core'
import type { Json } from '@patronkit/core/service'

/** What the promise is about: a ticket, an order, a visit. */
export interface ItemRef {
  readonly type: string
  readonly id: string
}

export type Attributes = { readonly [name: string]: Json }

/** Who wrote a message, or opened the item. */
export type Author = 'customer' | 'third-party' | 'agent' | 'bot' | 'automation'

/** Something that happened to an item, as the host tells it. Its id makes it count once, however often it is sent. */
export interface Fact {
  readonly id: string
  readonly type:
    | 'created'
    | 'message'
    | 'customer-message'
    | 'agent-reply'
    | 'status-changed'
    | 'assigned'
    | 'resolved'
    | 'reopened'
    | 'closed'
    | (string & {})
  readonly at: Instant
  /** Who wrote it. A `message` has to say; `customer-message` and `agent-reply` say it themselves; `created` is the customer's unless told. */
  readonly author?: Author
  /** An internal note is no answer to anybody. Default `public`. */
  readonly visibility?: 'public' | 'internal'
  /** `email`, `phone`, `chat` … */
  readonly channel?: string
  /** What the item's attributes are from this fact on; those not named stay as they were. */
  readonly attributes?: { readonly [name: string]: unknown }
  readonly data?: { readonly [name: string]: unknown }
}

/** A fact as it is kept: instants as epoch milliseconds, with its place in the order of arrival. */
export interface StoredFact {
  readonly id: string
  readonly type: string
  readonly at: number
  readonly author: Author | null
  readonly visibility: 'public' | 'internal' | null
  readonly channel: string | null
  readonly attributes: Attributes | null
  readonly data: Attributes | null
  readonly arrival: number
  /** The merge or split that brought it here from another item; undoing that takes it out again. */
  readonly via: string | null
}

/** Which definitions hold for an item: those in force at `at`, of all that were published until `knownAt`. */
export interface BookRef {
  readonly at: number
  readonly knownAt: number
}

/** What a clock is counted in: open time of a calendar, wall time, or up to a date that pauses do not move. */
export type Counts = 'working' | 'wall' | 'date'

/** Whose clock and which: an item has one for each agreement, metric and cycle. */
export interface ClockKey {
  readonly agreement: string
  readonly metric: string
  readonly cycle: number
}

/** A step that was reached in quiet hours and is told when they end. */
export interface Waiting {
  readonly step: string
  readonly at: number
  readonly tellAt: number
}

/** One clock of an item: a metric of an agreement, in one cycle. */
export interface ItemClock extends ClockKey {
  /** The policy it is counted by. */
  readonly policy: { readonly id: string; readonly version: number }
  /** The calendar of its working time, and the zone its hours are read in when that is the item's own. */
  readonly calendar: string
  readonly zone: string | null
  /** Whose turn it is, where each team has its own clock. */
  readonly party: string | null
  readonly clock: ClockState
  /** True from what starts the metric to what stops it, also while nobody has the item. */
  readonly ready: boolean
  /** True while a fact said "pause" and none has said "resume". */
  readonly held: boolean
  /** What may be counted, in ms of what the clock counts; null when the policy sets no target for this item. */
  readonly targetMs: number | null
  readonly counts: Counts
  /** A due date that was agreed on for this item alone. */
  readonly agreedDue: number | null
  /** What somebody decided it to be, against the count. */
  readonly ruled: 'met' | 'breached' | null
  /** Steps of the ladder that were reached (`75%`, `over`), and when. */
  readonly climbed: { readonly [step: string]: number }
  /** Those of them that were passed over without a word. */
  readonly skipped: readonly string[]
  /** Those of them that are still to be told. */
  readonly waiting: readonly Waiting[]
  /** The due instant that was missed; the breach is the first open millisecond behind it. */
  readonly missedAt: number | null
  readonly breachedAt: number | null
  /** How it stood last, kept only where an explanation is drawn; it goes wherever the clock goes. */
  readonly stood?: Stand | null
}

/** How a clock stood after a fact; how it stood before that, its clock knows. */
export interface Stand {
  readonly at: number
  readonly because: string
  readonly clock: ItemClock
  readonly calendar: WorkingCalendar
}

/** What holds for an item under one agreement. */
export interface Attached {
  readonly policy: string
  /** Whether somebody has replied yet, in the sense of that policy. */
  readonly replied: boolean
}

/** What an item has to do with another, and what follows for its clocks. */
export interface Link {
  readonly item: ItemRef
  readonly as: 'parent' | 'child'
  readonly rule: LinkRule
}

/** `parent-waits`: the parent's clocks stand while a child is open. `children-follow`: resolving the parent resolves its children. */
export type LinkRule = 'independent' | 'parent-waits' | 'children-follow'

/** An item as the fold of its facts. */
export interface ItemState {
  readonly attributes: Attributes
  readonly openedAt: number
  readonly openedBy: Author
  /** How far time has passed for this item: facts before it are late and fold everything anew. */
  readonly asOf: number
  readonly book: BookRef
  readonly attached: { readonly [agreement: string]: Attached }
  readonly clocks: readonly ItemClock[]
  /** Resolved or closed, and not opened again since. */
  readonly ended: boolean
  readonly links: readonly Link[]
  /** Children that are open, of those it waits for. */
  readonly waitsFor: readonly string[]
  readonly mergedInto: ItemRef | null
}

/** A step of a clock's ladder that was reached, and when it is told. */
export interface Climbed extends ClockKey {
  readonly step: string
  readonly at: number
  readonly tellAt: number
}
