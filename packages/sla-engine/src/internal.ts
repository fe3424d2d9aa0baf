import type { Json } from '@patronkit/core/service'
import type { BookRef, ItemRef, LinkRule, StoredFact } from './model.ts'
import type { OnChange } from './policy.ts'

/** What Patronkit writes among an item's facts, so that late facts fold it at its own instant like any other. */
export type Internal =
  /** Other definitions hold from here on. */
  | { readonly kind: 'rules'; readonly book: BookRef; readonly onChange: OnChange | null; readonly reason: string }
  /** A due date was agreed on, or taken back. */
  | { readonly kind: 'due'; readonly agreement: string; readonly metric: string; readonly dueAt: number | null; readonly reason: string }
  /** Somebody decided what a clock is. */
  | {
      readonly kind: 'ruling'
      readonly agreement: string
      readonly metric: string
      readonly outcome: 'met' | 'breached' | 'cancelled'
      readonly reason: string
    }
  | { readonly kind: 'merged'; readonly into: ItemRef; readonly merge: string }
  | { readonly kind: 'unmerged'; readonly merge: string }
  | { readonly kind: 'linked'; readonly item: ItemRef; readonly as: 'parent' | 'child'; readonly rule: LinkRule }
  | { readonly kind: 'child'; readonly child: string; readonly open: boolean }

/** No host's fact has a type of ours. */
export const INTERNAL = 'sla/'

export const isInternal = (fact: Pick<StoredFact, 'type'>): boolean => fact.type.startsWith(INTERNAL)

export const internalOf = (fact: StoredFact): Internal => ({ kind: fact.type.slice(INTERNAL.length), ...fact.data }) as unknown as Internal

/** A fact of ours as it is stored. */
export function internalFact(i: { readonly id: string; readonly at: number; readonly arrival: number; readonly is: Internal }): StoredFact {
  const { kind, ...data } = i.is
  return {
    id: i.id,
    type: `${INTERNAL}${kind}`,
    at: i.at,
    author: null,
    visibility: null,
    channel: null,
    attributes: null,
    data: data as { readonly [name: string]: Json },
    arrival: i.arrival,
    via: null,
  }
}

/** The facts without those that were taken back: of merges that were taken apart again, and dates that were agreed on. */
export function undone(facts: readonly StoredFact[]): readonly StoredFact[] {
  const ours = facts.filter(isInternal)
  if (ours.length === 0) return facts
  const apart = new Set(ours.filter((fact) => fact.type === `${INTERNAL}unmerged`).map((fact) => fact.data?.merge as string))
  const takenBack = ours.filter((fact) => isDue(fact) && fact.data?.dueAt === null)
  if (apart.size === 0 && takenBack.length === 0) return facts
  return facts.filter(
    (fact) =>
      !apart.has(fact.via ?? '') &&
      !(fact.type === `${INTERNAL}merged` && apart.has(fact.data?.merge as string)) &&
      !(isDue(fact) && takenBack.some((by) => takesBack(by, fact))),
  )
}

const isDue = (fact: StoredFact): boolean => fact.type === `${INTERNAL}due`

/** A date that was taken back was never agreed on: the clock is counted as it would have been without. */
const takesBack = (by: StoredFact, fact: StoredFact): boolean =>
  by.data?.agreement === fact.data?.agreement &&
  by.data?.metric === fact.data?.metric &&
  (by.at > fact.at || (by.at === fact.at && by.arrival > fact.arrival))

/** The books that facts name. */
export const booksIn = (facts: readonly StoredFact[]): readonly BookRef[] =>
  facts.filter((fact) => fact.type === `${INTERNAL}rules`).map((fact) => (internalOf(fact) as Extract<Internal, { kind: 'rules' }>).book)
