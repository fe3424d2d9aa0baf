import type { Agreed, Book } from './book.ts'
import type { Attributes, Author, BookRef, ItemClock, ItemState, StoredFact } from './model.ts'
import { unstarted } from './move.ts'
import { moveAll } from './move-all.ts'
import { passTime } from './passing.ts'
import { agreementOf, type Policy } from './policy.ts'

/** An item before its first fact. */
export const unopened = (openedAt: number, openedBy: Author, book: BookRef): ItemState => ({
  attributes: {},
  openedAt,
  openedBy,
  asOf: openedAt,
  book,
  attached: {},
  clocks: [],
  ended: false,
  links: [],
  waitsFor: [],
  mergedInto: null,
})

/** The clocks of one policy as they would be if it had held from the first fact on. */
export function replay(
  past: readonly StoredFact[],
  agreed: Agreed,
  book: Book,
  openedBy: Author,
  pausedBy: Policy | null,
): { readonly clocks: readonly ItemClock[]; readonly replied: boolean } {
  const agreement = agreementOf(agreed.policy)
  const books = () => book
  let state: ItemState = {
    ...unopened(past[0]!.at, openedBy, book.ref),
    attached: { [agreement]: { policy: agreed.pin.id, replied: false } },
    clocks: Object.keys(agreed.policy.targets).map((metric) => unstarted(agreed, metric, 1, {})),
  }
  for (const fact of past) {
    const attributes: Attributes = fact.attributes ? { ...state.attributes, ...fact.attributes } : state.attributes
    state = { ...moveAll(passTime(state, fact.at, books), fact, attributes, book, { policy: pausedBy }), attributes }
  }
  return { clocks: state.clocks, replied: state.attached[agreement]!.replied }
}
