import { PatronkitError } from '@patronkit/core'
import { type Context, canonicalJson, commit, nowFor, type Operation, parse, type Unit } from '@patronkit/core/service'
import { withFollowers } from './follow.ts'
import {
  answerOf,
  decideOn,
  type Recorded,
  readFactsOf,
  readItem,
  readItems,
  type Stored,
  subjectOf,
  takesThePast,
  unitFor,
} from './item.ts'
import type { Attributes, Fact, ItemRef, ItemState, StoredFact } from './model.ts'
import type { Rulebook } from './rulebook.ts'
import { type RecordInput, recordManySchema, recordSchema } from './schema.ts'

/** Facts about one item, with the item's attributes as they are from the earliest of these facts on. */
export interface RecordItem {
  readonly item: ItemRef
  readonly attributes?: { readonly [name: string]: unknown }
  readonly facts: readonly Fact[]
}

export function* record(book: Rulebook, ctx: Context, i: RecordItem): Operation<Recorded> {
  const given = parse(recordSchema, i, 'record')
  const stored = yield* readItem(ctx, given.item, idsOf(given))
  const { answer, unit, happening } = yield* decideItem(book, ctx, { given, stored, fresh: freshOf(given, stored) })
  if (unit) yield* commit([happening ? yield* withFollowers(book, ctx, happening, unit) : unit])
  return answer
}

/**
 * Items that are linked to others are recorded one by one behind the rest, each with those it is linked to: two of them may
 * concern the same third one.
 */
export function* recordMany(
  given: Rulebook,
  ctx: Context,
  i: { readonly items: readonly RecordItem[] },
  how: How = { silent: false },
): Operation<readonly Recorded[]> {
  const { items: inputs } = parse(recordManySchema, i, how.silent ? 'import' : 'recordMany')
  refuseTwice(inputs)
  const book = given.steady()
  const stored = yield* readItems(
    ctx,
    inputs.map((one) => ({ item: one.item, factIds: idsOf(one) })),
  )
  const told = inputs.map((one, n): Told => ({ given: one, stored: stored[n]!, fresh: freshOf(one, stored[n]!) }))
  const pasts = yield* readFactsOf(
    ctx,
    told.flatMap((one) => (takesThePast(one.stored.state, one.fresh) ? [one.given.item] : [])),
  )
  const answers: Recorded[] = []
  const units: Unit[] = []
  const linked: RecordInput[] = []
  for (const one of told) {
    const { answer, unit, happening } = yield* decideItem(book, ctx, { ...one, past: pasts.get(subjectOf(one.given.item)) }, how)
    if (happening) linked.push(one.given)
    else if (unit) units.push(unit)
    answers.push(answer)
  }
  yield* commit(units)
  for (const one of linked) {
    const anew = yield* readItem(ctx, one.item, idsOf(one))
    const { answer, unit, happening } = yield* decideItem(book, ctx, { given: one, stored: anew, fresh: freshOf(one, anew) }, how)
    if (unit) yield* commit([happening ? yield* withFollowers(book, ctx, happening, unit) : unit])
    answers[inputs.indexOf(one)] = answer
  }
  return answers
}

/** `silent`: steps that were reached before now are passed over, as in an import. */
interface How {
  readonly silent: boolean
}

/** What is told of an item, beside what is known of it. */
interface Told {
  readonly given: RecordInput
  readonly stored: Stored
  readonly fresh: readonly StoredFact[]
  readonly past?: readonly StoredFact[] | undefined
}

interface DecidedItem {
  readonly answer: Recorded
  readonly unit: Unit | null
  /** What others may have to hear of; null when it is linked to none. */
  readonly happening: { readonly item: ItemRef; readonly state: ItemState; readonly fresh: readonly StoredFact[] } | null
}

const idsOf = (given: RecordInput): readonly string[] => given.facts.map((fact) => fact.id)
const freshOf = (given: RecordInput, stored: Stored): readonly StoredFact[] => freshFacts(stored.known, numbered(given, stored.factCount))

function* decideItem(book: Rulebook, ctx: Context, i: Told, how: How = { silent: false }): Operation<DecidedItem> {
  const { stored, fresh, past } = i
  const { item } = i.given
  const now = nowFor(ctx, stored.head)
  if (fresh.length === 0) {
    const books = yield* book.books(ctx, [stored.state!.book])
    return { answer: answerOf(item, stored.state!, now, books), unit: null, happening: null }
  }
  const { decision, books } = yield* decideOn(book, ctx, { item, stored, fresh, past, ...(how.silent ? { silentUntil: now } : {}) })
  const unit = unitFor(ctx, { item, stored, decision, fresh, books })
  const { state } = decision
  return { answer: answerOf(item, state, now, books), unit, happening: state.links.length > 0 ? { item, state, fresh } : null }
}

/** Facts in order of arrival; the call's own attributes belong to the earliest of them. */
function numbered(i: RecordInput, from: number): readonly StoredFact[] {
  const earliest = i.facts.reduce((first, fact) => (fact.at < first.at ? fact : first))
  return i.facts.map((fact, n): StoredFact => {
    const shared = fact === earliest ? i.attributes : undefined
    const attributes: Attributes | null = shared || fact.attributes ? { ...shared, ...fact.attributes } : null
    const { id, type, at, author = null, visibility = null, channel = null, data = null } = fact
    return { id, type, at, author, visibility, channel, attributes, data, arrival: from + n + 1, via: null }
  })
}

/** The facts that are new; one that stands twice in a call counts once, as it would in two calls. */
function freshFacts(known: readonly StoredFact[], given: readonly StoredFact[]): readonly StoredFact[] {
  const fresh: StoredFact[] = []
  for (const fact of given) if (!isKnown(known, fact) && !isKnown(fresh, fact)) fresh.push(fact)
  return fresh
}

/** The same fact again is a replay; another fact under the same id is a mistake that must not pass in silence. */
function isKnown(known: readonly StoredFact[], fact: StoredFact): boolean {
  const stored = known.find((candidate) => candidate.id === fact.id)
  if (!stored) return false
  const differs = (['type', 'at', 'author', 'visibility', 'channel', 'data'] as const).filter(
    (part) => canonicalJson(stored[part]) !== canonicalJson(fact[part]),
  )
  if (differs.length === 0) return true
  throw new PatronkitError({
    code: 'core/idempotency-conflict',
    message: `fact ${fact.id} was recorded before with another ${differs.join(', ')}. Give each fact its own id, and send a repeated one unchanged.`,
    details: { idempotencyKey: fact.id, differs },
  })
}

function refuseTwice(given: readonly RecordInput[]): void {
  const seen = new Set<string>()
  for (const { item } of given) {
    const subject = subjectOf(item)
    if (seen.has(subject)) {
      throw new PatronkitError({
        code: 'sla/item-twice',
        message: `${subject} stands twice in one recordMany. Put all facts of an item into one entry.`,
        details: { item },
      })
    }
    seen.add(subject)
  }
}
