import { PatronkitError } from '@patronkit/core'
import { type Context, type Decided, type Json, nowFor, type Operation, once, parse, sha256Hex, type Unit } from '@patronkit/core/service'
import { status } from './ask.ts'
import { isInternal } from './internal.ts'
import { type Recorded, readFacts, readItem } from './item.ts'
import type { ItemRef, StoredFact } from './model.ts'
import type { Rulebook } from './rulebook.ts'
import { mergeSchema, splitSchema, unmergeSchema } from './schema.ts'
import { fromJson, joined, knownItem, nextFact, type Telling, tellItem, toJson } from './told.ts'

declare global {
  interface PatronkitErrorDetails {
    'sla/cannot-merge': { readonly item: ItemRef; readonly into: ItemRef; readonly why: string }
    'sla/not-merged': { readonly item: ItemRef }
    'sla/cannot-split': { readonly item: ItemRef; readonly into: ItemRef; readonly why: string }
  }
}

/** One item becomes part of another. Its own clocks are cancelled. */
export interface Merge {
  readonly idempotencyKey: string
  readonly item: ItemRef
  readonly into: ItemRef
  /**
   * What follows for the clocks of `into`. `own` (default): nothing. `earliest`: what happened to `item` counts as having happened
   * to it, so that the older question has the older clock.
   */
  readonly clocks?: 'own' | 'earliest'
}

/** Takes a merge apart again: both are as if it had never been, with what was recorded since. */
export interface Unmerge {
  readonly idempotencyKey: string
  readonly item: ItemRef
}

/** A part of an item becomes an item of its own. */
export interface Split {
  readonly idempotencyKey: string
  readonly item: ItemRef
  /** The new one; nothing may have been recorded about it. */
  readonly into: ItemRef
  /** Facts that are the new item's as well. */
  readonly facts?: readonly string[]
  /** `start` (default): its clocks begin now. `inherit`: they begin with the item it came from. */
  readonly clocks?: 'start' | 'inherit'
}

export function* merge(book: Rulebook, ctx: Context, i: Merge): Operation<Recorded> {
  const { idempotencyKey, item, into, clocks = 'own' } = parse(mergeSchema, i, 'merge')
  const content = { item: item as never, into: into as never, clocks: i.clocks }
  const answer = yield* once(ctx, { command: 'sla.merge', idempotencyKey, content }, function* () {
    if (item.type === into.type && item.id === into.id) throw cannotMerge(item, into, 'it is the same item')
    const from = yield* knownItem(ctx, item)
    const to = yield* knownItem(ctx, into)
    if (from.state.mergedInto) throw cannotMerge(item, into, 'it was merged already')
    if (to.state.mergedInto) throw cannotMerge(item, into, 'the other was itself merged into a third')
    const at = Math.max(nowFor(ctx, from.head), nowFor(ctx, to.head), from.state.asOf, to.state.asOf)
    const id = `merge/${idempotencyKey}`
    const own = { item, stored: from, facts: [nextFact(from, { id, at, is: { kind: 'merged', into, merge: id } })] }
    const copies = clocks === 'earliest' ? brought(yield* readFacts(ctx, item), id, to.factCount) : []
    return yield* both(book, ctx, [own, ...(copies.length > 0 ? [{ item: into, stored: to, facts: copies, anew: true }] : [])], into)
  })
  return fromJson(answer)
}

export function* unmerge(book: Rulebook, ctx: Context, i: Unmerge): Operation<Recorded> {
  const { idempotencyKey, item } = parse(unmergeSchema, i, 'unmerge')
  const answer = yield* once(ctx, { command: 'sla.unmerge', idempotencyKey, content: { item: item as never } }, function* () {
    const from = yield* knownItem(ctx, item)
    const into = from.state.mergedInto
    if (!into) throw notMerged(item)
    const to = yield* knownItem(ctx, into)
    const merges = (yield* readFacts(ctx, item)).filter((fact) => fact.type === 'sla/merged')
    const of = merges.at(-1)!.data!.merge as string
    const at = Math.max(nowFor(ctx, from.head), nowFor(ctx, to.head), from.state.asOf, to.state.asOf)
    const id = `unmerge/${idempotencyKey}`
    const parts = [
      { item, stored: from, facts: [nextFact(from, { id, at, is: { kind: 'unmerged', merge: of } })], anew: true },
      { item: into, stored: to, facts: [nextFact(to, { id, at, is: { kind: 'unmerged', merge: of } })], anew: true },
    ]
    return yield* both(book, ctx, parts, item)
  })
  return fromJson(answer)
}

export function* split(book: Rulebook, ctx: Context, i: Split): Operation<Recorded> {
  const { idempotencyKey, item, into, facts = [], clocks = 'start' } = parse(splitSchema, i, 'split')
  const content = { item: item as never, into: into as never, facts: i.facts as never, clocks: i.clocks }
  const answer = yield* once(ctx, { command: 'sla.split', idempotencyKey, content }, function* () {
    const from = yield* knownItem(ctx, item)
    const to = yield* readItem(ctx, into, [])
    if (to.state) throw cannotSplit(item, into, 'something was recorded about it already')
    const past = yield* readFacts(ctx, item)
    const missing = facts.find((id) => !past.some((fact) => fact.id === id && !isInternal(fact)))
    if (missing !== undefined) throw cannotSplit(item, into, `${item.type} ${item.id} has no fact ${missing}`)
    const now = Math.max(nowFor(ctx, from.head), from.state.asOf)
    const inherit = clocks === 'inherit'
    const chosen = past.filter((fact) => facts.includes(fact.id) && fact.type !== 'created' && (inherit || fact.at >= now))
    const id = `split/${idempotencyKey}`
    const created: StoredFact = {
      ...nextFact(to, { id, at: inherit ? from.state.openedAt : now, is: { kind: 'unmerged', merge: '' } }),
      type: 'created',
      author: from.state.openedBy,
      attributes: from.state.attributes,
      data: null,
      via: id,
    }
    const { unit, answer: split } = yield* tellItem(book, ctx, { item: into, stored: to, facts: [created, ...brought(chosen, id, 1)] })
    return { units: [unit] as const, answer: toJson(split) }
  })
  return fromJson(answer)
}

/** Facts of one item as another has them: at their own instants, without what they said of the first one's attributes. */
const brought = (facts: readonly StoredFact[], via: string, from: number): readonly StoredFact[] =>
  facts
    .filter((fact) => !isInternal(fact))
    .map(
      (fact, n): StoredFact => ({
        ...fact,
        id: `sla/via/${sha256Hex(`${via}\n${fact.id}`).slice(0, 32)}`,
        attributes: null,
        arrival: from + n + 1,
        via,
      }),
    )

/** Both sides in one unit; the answer is one side's. */
function* both(book: Rulebook, ctx: Context, tellings: readonly Telling[], answers: ItemRef): Operation<Decided<Json>> {
  const units: Unit[] = []
  let answer: Recorded | null = null
  for (const telling of tellings) {
    const told = yield* tellItem(book, ctx, telling)
    units.push(told.unit)
    if (telling.item.type === answers.type && telling.item.id === answers.id) answer = told.answer
  }
  return { units: [joined(units)] as const, answer: toJson(answer ?? (yield* status(book, ctx, { item: answers }))) }
}

const cannotMerge = (item: ItemRef, into: ItemRef, why: string) =>
  new PatronkitError({
    code: 'sla/cannot-merge',
    message: `${item.type} ${item.id} cannot be merged into ${into.type} ${into.id}: ${why}. Nothing was changed; name two open items.`,
    details: { item, into, why },
  })

const notMerged = (item: ItemRef) =>
  new PatronkitError({
    code: 'sla/not-merged',
    message: `${item.type} ${item.id} is not merged into another, so there is nothing to take apart.`,
    details: { item },
  })

const cannotSplit = (item: ItemRef, into: ItemRef, why: string) =>
  new PatronkitError({
    code: 'sla/cannot-split',
    message: `${into.type} ${into.id} cannot be split off ${item.type} ${item.id}: ${why}. Nothing was changed.`,
    details: { item, into, why },
  })
