import { type Context, type Operation, sha256Hex, type Unit } from '@patronkit/core/service'
import { internalFact, isInternal } from './internal.ts'
import { readItem, subjectOf } from './item.ts'
import type { ItemRef, ItemState, StoredFact } from './model.ts'
import type { Rulebook } from './rulebook.ts'
import { joined, tellItem } from './told.ts'

const ENDS = ['resolved', 'closed']
const TURNS = [...ENDS, 'reopened']

/** Chains of parents and children are followed this far. */
const FURTHEST = 20

interface Happening {
  readonly item: ItemRef
  readonly state: ItemState
  readonly fresh: readonly StoredFact[]
}

/**
 * The unit of an item together with what follows for those it is linked to: a parent that waits hears when a child ends or opens
 * again, children that follow end with their parent. Each at the instant of the fact it follows from, so that late facts come
 * right there too.
 */
export function* withFollowers(book: Rulebook, ctx: Context, first: Happening, unit: Unit): Operation<Unit> {
  const units = [unit]
  const seen = new Set([subjectOf(first.item)])
  const queue: Happening[] = [first]
  while (queue.length > 0 && units.length <= FURTHEST) {
    const { item, state, fresh } = queue.shift()!
    for (const link of state.links) {
      const subject = subjectOf(link.item)
      const caused = fresh.flatMap((fact) => following(item, link.as, link.rule, fact))
      if (caused.length === 0 || seen.has(subject)) continue
      seen.add(subject)
      const stored = yield* readItem(ctx, link.item, [])
      if (!stored.state) continue
      const facts = caused.map((fact, n): StoredFact => ({ ...fact, arrival: stored.factCount + n + 1 }))
      const told = yield* tellItem(book, ctx, { item: link.item, stored, facts })
      units.push(told.unit)
      queue.push({ item: link.item, state: stored.state, fresh: facts })
    }
  }
  return units.length === 1 ? unit : joined(units)
}

/** What a fact about an item means for one it is linked to. */
function following(item: ItemRef, as: 'parent' | 'child', rule: string, fact: StoredFact): readonly StoredFact[] {
  if (isInternal(fact)) return []
  const id = `sla/follow/${sha256Hex(`${subjectOf(item)}\n${fact.id}`).slice(0, 32)}`
  if (as === 'parent' && rule === 'parent-waits' && TURNS.includes(fact.type)) {
    const is = { kind: 'child', child: subjectOf(item), open: !ENDS.includes(fact.type) } as const
    return [internalFact({ id, at: fact.at, arrival: 0, is })]
  }
  if (as === 'child' && rule === 'children-follow' && ENDS.includes(fact.type)) {
    return [{ ...fact, id, attributes: null, data: { followed: subjectOf(item) }, arrival: 0 }]
  }
  return []
}
