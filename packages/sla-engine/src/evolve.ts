import { type Adopting, adopt, PastNeeded } from './adopt.ts'
import type { Book, Books } from './book.ts'
import { type Internal, internalOf, isInternal, undone } from './internal.ts'
import type { Attributes, BookRef, ItemClock, ItemState, StoredFact } from './model.ts'
import { ended, isOpen } from './move.ts'
import { moveAll } from './move-all.ts'
import { passTime } from './passing.ts'
import { type Mark, openerBy, unopened, waitingAfter } from './replay.ts'

/** The whole past of an item at once: its facts in the order in which they happened, ties in order of arrival. */
export function foldFacts(facts: readonly StoredFact[], books: Books, ref: BookRef): ItemState {
  const sorted = inTime(undone(facts))
  return applyFacts(unopened(sorted[0]!.at, ref), sorted, books, [])
}

export const inTime = (facts: readonly StoredFact[]): readonly StoredFact[] =>
  [...facts].sort((a, b) => a.at - b.at || a.arrival - b.arrival)

/**
 * Goes on from a state with facts that are not earlier than its `asOf`. `past` are the facts before them, null where they were
 * not read; throws PastNeeded where they have to be.
 */
export function applyFacts(
  start: ItemState,
  sorted: readonly StoredFact[],
  books: Books,
  past: readonly StoredFact[] | null,
  mark: Mark | null = null,
): ItemState {
  const known = past && [...past]
  let state = start
  for (const fact of sorted) {
    state = passTime(applyFact(passTime(state, fact.at, books), fact, books, known, mark), fact.at, books)
    known?.push(fact)
  }
  return state
}

const endedAfter = (ended: boolean, type: string): boolean =>
  type === 'resolved' || type === 'closed' ? true : type === 'reopened' ? false : ended

/** The item after one fact. */
function applyFact(given: ItemState, fact: StoredFact, books: Books, past: readonly StoredFact[] | null, mark: Mark | null): ItemState {
  const attributes: Attributes = fact.attributes ? { ...given.attributes, ...fact.attributes } : given.attributes
  const internal = isInternal(fact) ? internalOf(fact) : null
  const openedBy = openerBy(fact, given.openedBy)
  const ended = endedAfter(given.ended, fact.type)
  let state: ItemState = { ...given, openedBy, ended, asOf: Math.max(given.asOf, fact.at) }
  const first = past ? past.length === 0 : false
  if (first || fact.attributes || internal?.kind === 'rules') {
    const book = books(internal?.kind === 'rules' ? internal.book : state.book)
    const onChange = internal?.kind === 'rules' ? internal.onChange : null
    const adopting: Adopting = { fact, attributes, books, book, past, onChange, mark }
    state = adopt(state, adopting)
  }
  if (internal?.kind === 'due' && internal.dueAt === null && past === null) throw new PastNeeded()
  if (internal) state = applyInternal(state, internal, fact, books)
  const book = books(state.book)
  const moved = moveAll(state, fact, attributes, book, null)
  return { ...moved, attributes, clocks: mark ? mark(fact, moved.clocks, book) : moved.clocks }
}

/** What Patronkit itself wrote down about an item. */
function applyInternal(state: ItemState, internal: Internal, fact: StoredFact, books: Books): ItemState {
  const { at } = fact
  const book = books(state.book)
  const onClock = (of: { readonly agreement: string; readonly metric: string }, change: (clock: ItemClock) => ItemClock): ItemState => {
    const n = state.clocks.findLastIndex((clock) => clock.agreement === of.agreement && clock.metric === of.metric)
    return { ...state, clocks: state.clocks.map((clock, k) => (k === n ? change(clock) : clock)) }
  }
  switch (internal.kind) {
    case 'rules':
      return state
    case 'due':
      return onClock(internal, (clock) => ({ ...clock, agreedDue: internal.dueAt }))
    case 'ruling':
      return onClock(internal, (clock) => ruled(clock, internal.outcome, at, book))
    case 'merged':
      return {
        ...state,
        mergedInto: internal.into,
        clocks: state.clocks.map((clock) => (isOpen(clock) ? ended(clock, 'cancel', at, book) : clock)),
      }
    case 'linked':
      return { ...state, links: [...state.links, { item: internal.item, as: internal.as, rule: internal.rule }] }
    case 'child':
      return { ...state, waitsFor: waitingAfter(fact, state.waitsFor) }
    case 'unmerged':
      return state
  }
}

/** Somebody decided it, against the count. */
function ruled(clock: ItemClock, outcome: 'met' | 'breached' | 'cancelled', at: number, book: Book): ItemClock {
  if (outcome === 'cancelled') return { ...ended(clock, 'cancel', at, book), ruled: null }
  return { ...(isOpen(clock) ? ended(clock, 'stop', at, book) : clock), ruled: outcome }
}
