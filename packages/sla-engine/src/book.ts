import { alwaysOpen, type WorkingCalendar } from '@patronkit/business-time/calendar'
import type { Pinned } from '@patronkit/core/service'
import type { Attributes, BookRef, ItemClock } from './model.ts'
import { agreementOf, calendarIdOf, matches, type Policy, zoneOf } from './policy.ts'

/** A policy of a book, with its place among the versions. */
export interface Agreed {
  readonly policy: Policy
  readonly pin: Pinned
}

/** The definitions that hold for an item, ready to count with. */
export interface Book {
  readonly ref: BookRef
  /** In the order in which they are tried. */
  readonly policies: readonly Agreed[]
  readonly byId: ReadonlyMap<string, Agreed>
  /** The calendar of an id, its hours read in another zone if one is given. */
  readonly calendar: (id: string, zone: string | null) => WorkingCalendar
  /** The version of a calendar that is in force at the book's instant; null for the one that needs none. */
  readonly calendarPin: (id: string) => Pinned | null
  /** Who is on call in each layer of a rotation; nobody where there is no such rotation. */
  readonly onCall: (rotation: string, at: number) => readonly Called[]
}

/** Somebody on call, or a layer in which nobody is. */
export interface Called {
  readonly rotation: string
  readonly layer: string
  readonly person: string | null
}

/** The books that a fold may need, by their references. */
export type Books = (ref: BookRef) => Book

/** A book without a policy. */
export const emptyBook = (ref: BookRef): Book => ({
  ref,
  policies: [],
  byId: new Map(),
  calendar: () => alwaysOpen,
  calendarPin: () => null,
  onCall: () => [],
})

/** Of each agreement the first policy that is for an item with these attributes. */
export function firstMatches(book: Book, attributes: Attributes): ReadonlyMap<string, Agreed> {
  const found = new Map<string, Agreed>()
  for (const agreed of book.policies) {
    const agreement = agreementOf(agreed.policy)
    if (!found.has(agreement) && matches(agreed.policy, attributes)) found.set(agreement, agreed)
  }
  return found
}

/** The calendar and zone that a policy has for these attributes. */
export const hoursOf = (policy: Policy, attributes: Attributes): { readonly calendar: string; readonly zone: string | null } => ({
  calendar: calendarIdOf(policy, attributes),
  zone: zoneOf(policy, attributes),
})

/** The open time of a clock's policy. */
export const workingOf = (clock: ItemClock, book: Book): WorkingCalendar => book.calendar(clock.calendar, clock.zone)

/** What a clock counts: the open time of its policy, or plain wall time. */
export const countedOn = (clock: ItemClock, book: Book): WorkingCalendar =>
  clock.counts === 'working' ? workingOf(clock, book) : alwaysOpen
