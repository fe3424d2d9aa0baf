import type { Book } from './book.ts'
import type { Attributes, ItemClock, ItemState, StoredFact } from './model.ts'
import { type Moving, moveItemClock, retarget } from './move.ts'
import type { Policy } from './policy.ts'
import { sceneOf } from './scene.ts'

/** Whose word on pauses counts while the past is counted again; nobody's is `null` inside. */
interface PausedBy {
  readonly policy: Policy | null
}

/** Every newest clock of a metric is moved by the policy that is attached now. */
export function moveAll(state: ItemState, fact: StoredFact, attributes: Attributes, book: Book, pausedBy: PausedBy | null): ItemState {
  const newest = new Map(state.clocks.map((clock, n) => [`${clock.agreement}/${clock.metric}`, n]))
  const moving = new Map<string, Moving>()
  const attached: { [agreement: string]: ItemState['attached'][string] } = {}
  for (const [agreement, held] of Object.entries(state.attached)) {
    const agreed = book.byId.get(held.policy)
    if (!agreed) continue
    const scene = sceneOf(fact, state, attributes, agreed.policy, held.replied)
    const waits = state.waitsFor.length > 0
    moving.set(agreement, { agreed, book, scene, pausedBy: pausedBy ? pausedBy.policy : agreed.policy, waits })
    attached[agreement] = !held.replied && scene.words.includes('reply') ? { ...held, replied: true } : held
  }
  const clocks = state.clocks.flatMap((clock, n): readonly ItemClock[] => {
    const of = moving.get(clock.agreement)
    if (!of || newest.get(`${clock.agreement}/${clock.metric}`) !== n) return [clock]
    if (!Object.hasOwn(of.agreed.policy.targets, clock.metric)) return [clock]
    const moved = moveItemClock(clock, of)
    const [last, ...others] = [moved.at(-1)!, ...moved.slice(0, -1)]
    return [...others, ...retarget(last, of)]
  })
  return { ...state, attached, clocks }
}
