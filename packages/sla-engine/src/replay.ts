import type { Agreed, Book } from './book.ts'
import { internalOf, isInternal } from './internal.ts'
import type { Attributes, Author, BookRef, ItemClock, ItemState, StoredFact } from './model.ts'
import { unstarted } from './move.ts'
import { moveAll } from './move-all.ts'
import { passTime } from './passing.ts'
import { agreementOf, type Policy } from './policy.ts'
import { authorOf } from './scene.ts'

/** An item before its first fact. Until its creation is told, a customer is taken to have opened it. */
export const unopened = (openedAt: number, book: BookRef): ItemState => ({
  attributes: {},
  openedAt,
  openedBy: 'customer',
  asOf: openedAt,
  book,
  attached: {},
  clocks: [],
  ended: false,
  links: [],
  waitsFor: [],
  mergedInto: null,
})

/** Who opened the item: whoever is behind its own creation, not that of one which was merged into it. */
export const openerBy = (fact: StoredFact, before: Author): Author =>
  fact.type === 'created' && fact.via === null ? (authorOf(fact) ?? before) : before

/** The children that are open, of those the item waits for, after a fact. */
export function waitingAfter(fact: StoredFact, before: readonly string[]): readonly string[] {
  const internal = isInternal(fact) ? internalOf(fact) : null
  if (internal?.kind !== 'child') return before
  return internal.open ? [...new Set([...before, internal.child])] : before.filter((one) => one !== internal.child)
}

/** Told of the clocks after each fact, also of a past that is counted again; answers with them, marked for whoever wants to know how they came to be. */
export type Mark = (fact: StoredFact, clocks: readonly ItemClock[], book: Book) => readonly ItemClock[]

export interface Replayed {
  readonly clocks: readonly ItemClock[]
  readonly replied: boolean
}

/** What a past is counted again by. */
export interface Replaying {
  readonly agreed: Agreed
  readonly book: Book
  /** Whose word on pauses counts. */
  readonly pausedBy: Policy | null
  readonly until: number
  readonly mark: Mark | null
}

/** The clocks of one policy, with time passed up to `until`, as they would be if it had held from the first fact on. */
export function replay(past: readonly StoredFact[], { agreed, book, pausedBy, until, mark }: Replaying): Replayed {
  const agreement = agreementOf(agreed.policy)
  const books = () => book
  let state: ItemState = {
    ...unopened(past[0]!.at, book.ref),
    attached: { [agreement]: { policy: agreed.pin.id, replied: false } },
    clocks: Object.keys(agreed.policy.targets).map((metric) => unstarted(agreed, metric, 1, {})),
  }
  for (const fact of past) {
    const attributes: Attributes = fact.attributes ? { ...state.attributes, ...fact.attributes } : state.attributes
    const then = passTime(state, fact.at, books)
    const waitsFor = waitingAfter(fact, then.waitsFor)
    const opened: ItemState = { ...then, waitsFor, openedBy: openerBy(fact, then.openedBy) }
    const moved = moveAll(opened, fact, attributes, book, { policy: pausedBy })
    state = { ...moved, attributes, clocks: mark ? mark(fact, moved.clocks, book) : moved.clocks }
  }
  return { clocks: passTime(state, until, books).clocks, replied: state.attached[agreement]!.replied }
}
