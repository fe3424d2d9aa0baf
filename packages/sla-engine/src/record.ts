import { PatronkitError } from '@patronkit/core'
import {
  all,
  type Context,
  canonicalJson,
  commit,
  field,
  get,
  type Head,
  headOf,
  list,
  nowFor,
  type Operation,
  parse,
  read,
  type TimerWrite,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { type Decision, decideRecord } from './decide.ts'
import type { Rules } from './evolve.ts'
import type { Attributes, Fact, ItemRef, ItemState, StoredFact } from './model.ts'
import { clockRow, factOf, factRow, itemRow, sameClock, stateOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { type RecordInput, recordManySchema, recordSchema } from './schema.ts'
import { clocks, facts, items } from './tables.ts'
import { type ClockView, nextDueAt, nextStepAt, viewClocks } from './view.ts'

/** Facts about one item, with the item's attributes as they are from the earliest of these facts on. */
export interface RecordItem {
  readonly item: ItemRef
  readonly attributes?: { readonly [name: string]: unknown }
  readonly facts: readonly Fact[]
}

/** What the host wants to show or store after a command: the clocks, and when the first of them falls due. */
export interface Recorded {
  readonly item: ItemRef
  readonly clocks: readonly ClockView[]
  readonly nextDueAt: Date | null
}

export const SUBJECT = 'sla-item'
export const QUEUE = 'sla'
export const subjectOf = (item: ItemRef): string => `${item.type}/${item.id}`

/** At most this many clocks of one item are kept apart (metrics × cycles). */
export const MOST_CLOCKS = 1_000
export const MOST_FACTS = 100_000

export function* record(book: Rulebook, ctx: Context, i: RecordItem): Operation<Recorded> {
  const { answer, unit } = yield* recordItem(book, ctx, parse(recordSchema, i, 'record'))
  if (unit) yield* commit([unit])
  return answer
}

export function* recordMany(book: Rulebook, ctx: Context, i: { readonly items: readonly RecordItem[] }): Operation<readonly Recorded[]> {
  const { items: given } = parse(recordManySchema, i, 'recordMany')
  refuseTwice(given)
  const answers: Recorded[] = []
  const units: Unit[] = []
  for (const one of given) {
    const { answer, unit } = yield* recordItem(book, ctx, one)
    answers.push(answer)
    if (unit) units.push(unit)
  }
  yield* commit(units)
  return answers
}

function* recordItem(book: Rulebook, ctx: Context, i: RecordInput): Operation<{ answer: Recorded; unit: Unit | null }> {
  const { item } = i
  const {
    head,
    state: before,
    factCount,
    timerAt,
    known,
  } = yield* readItem(
    ctx,
    item,
    i.facts.map((fact) => fact.id),
  )
  const fresh = freshFacts(known, numbered(i, factCount))
  const pinned = before ? yield* book.pinnedTo(ctx, before) : null
  const now = nowFor(ctx, head)
  if (fresh.length === 0) return { answer: answerOf(item, before!, now, pinned), unit: null }

  const late = before !== null && fresh.some((fact) => fact.at < before.asOf)
  let past = late ? yield* readFacts(ctx, item) : null
  let rules = pinned
  if (!rules) {
    past ??= before ? yield* readFacts(ctx, item) : null
    const unruled = decideRecord(item, before, past, fresh, null).state
    rules = yield* book.firstMatch(ctx, Math.min(unruled.openedAt, ...fresh.map((fact) => fact.at)), unruled.attributes)
  }
  const decision = decideRecord(item, before, past, fresh, rules)
  const unit = unitFor(ctx, { item, head, before, decision, fresh, factCount, timerAt, rules })
  return { answer: answerOf(item, decision.state, now, rules), unit }
}

/** What is stored about an item, and which of these facts are stored already. */
export function* readItem(ctx: Context, item: ItemRef, factIds: readonly string[]) {
  const key = { item_type: item.type, item: item.id }
  const ofItem = all(field('item_type').eq(item.type), field('item').eq(item.id))
  const [head, row, clockRows, known] = yield* read(
    ctx,
    headOf(SUBJECT, subjectOf(item)),
    get(items, key),
    list(clocks, { where: ofItem, limit: MOST_CLOCKS }),
    list(facts, { where: all(ofItem, field('fact').in(factIds)), limit: Math.max(1, factIds.length) }),
  )
  return {
    head,
    state: row ? stateOf(row, clockRows) : null,
    factCount: row?.facts ?? 0,
    timerAt: row?.timer_at ?? null,
    known: known.map(factOf),
  }
}

/** All facts of an item, in the order in which they happened. */
export function* readFacts(ctx: Context, item: ItemRef): Operation<readonly StoredFact[]> {
  const where = all(field('item_type').eq(item.type), field('item').eq(item.id))
  const [rows] = yield* read(ctx, list(facts, { where, order: ['at', 'arrival'], limit: MOST_FACTS }))
  return rows.map(factOf)
}

/** Facts in order of arrival; the call's own attributes belong to the earliest of them. */
function numbered(i: RecordInput, from: number): readonly StoredFact[] {
  const earliest = i.facts.reduce((first, fact) => (fact.at < first.at ? fact : first))
  return i.facts.map((fact, n): StoredFact => {
    const shared = fact === earliest ? i.attributes : undefined
    const attributes: Attributes | null = shared || fact.attributes ? { ...shared, ...fact.attributes } : null
    return { id: fact.id, type: fact.type, at: fact.at, attributes, data: fact.data ?? null, arrival: from + n + 1 }
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
  const differs = (['type', 'at', 'data'] as const).filter((part) => canonicalJson(stored[part]) !== canonicalJson(fact[part]))
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

interface ToWrite {
  readonly item: ItemRef
  readonly head: Head
  readonly before: ItemState | null
  readonly decision: Decision
  readonly fresh: readonly StoredFact[]
  readonly factCount: number
  readonly timerAt: number | null
  readonly rules: Rules | null
}

/** The unit of a decision: the item's row, the clocks that changed, the new facts, and the timer if it moves. */
export function unitFor(ctx: Context, i: ToWrite, fired?: Unit['fired']): Unit {
  const { item, before, fresh, rules } = i
  const { state, events } = i.decision
  const timerAt = nextStepAt(state, rules)
  const changed = state.clocks.filter(
    (clock) =>
      !sameClock(
        before?.clocks.find((was) => was.metric === clock.metric && was.cycle === clock.cycle),
        clock,
      ),
  )
  const gone = (before?.clocks ?? []).filter(
    (was) => !state.clocks.some((clock) => clock.metric === was.metric && clock.cycle === was.cycle),
  )
  const writes: readonly Write[] = [
    { write: 'put', table: items, row: itemRow(item, state, i.factCount + fresh.length, timerAt) },
    ...fresh.map((fact): Write => ({ write: 'insert', table: facts, row: factRow(item, fact) })),
    ...changed.map((clock): Write => ({ write: 'put', table: clocks, row: clockRow(item, clock, rules!) })),
    ...gone.map(
      ({ metric, cycle }): Write => ({ write: 'remove', table: clocks, key: { item_type: item.type, item: item.id, metric, cycle } }),
    ),
  ]
  const subject = subjectOf(item)
  const timers = timerAt === i.timerAt && !fired ? [] : [timerWrite(subject, timerAt)]
  return unitOn(ctx, { kind: SUBJECT, subject, head: i.head, events, writes, timers, ...(fired ? { fired } : {}) })
}

const timerWrite = (key: string, dueAt: number | null): TimerWrite =>
  dueAt === null ? { timer: 'cancel', queue: QUEUE, key } : { timer: 'set', queue: QUEUE, key, dueAt }

export function answerOf(item: ItemRef, state: ItemState, now: number, rules: Rules | null): Recorded {
  const due = nextDueAt(state, rules)
  return { item, clocks: viewClocks(state, now, rules), nextDueAt: due === null ? null : new Date(due) }
}
