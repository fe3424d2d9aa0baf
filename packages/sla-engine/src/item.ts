import { PatronkitError } from '@patronkit/core'
import {
  all,
  type Context,
  field,
  get,
  type Head,
  headOf,
  headsOf,
  list,
  type Operation,
  read,
  type TimerWrite,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { PastNeeded } from './adopt.ts'
import type { Books } from './book.ts'
import { clockKey, clockName } from './clock-name.ts'
import { decideRecord } from './decide.ts'
import type { Decision } from './decision.ts'
import { booksIn } from './internal.ts'
import type { ItemRef, ItemState, StoredFact } from './model.ts'
import { nextStepAt } from './passing.ts'
import { clockRow, factOf, factRow, itemRow, sameClock, stateOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { clocks, facts, items } from './tables.ts'
import { type ClockView, nextDueAt, viewClocks } from './view.ts'

/** What the host wants to show or store after a command: the clocks, and when the first of them falls due. */
export interface Recorded {
  readonly item: ItemRef
  readonly clocks: readonly ClockView[]
  readonly nextDueAt: Date | null
}

export const SUBJECT = 'sla-item'
export const QUEUE = 'sla'
export const subjectOf = (item: ItemRef): string => `${item.type}/${item.id}`

/** At most this many clocks of one item are kept apart (agreements × metrics × cycles). */
export const MOST_CLOCKS = 5_000
export const MOST_FACTS = 100_000

/** What is stored about an item. */
export interface Stored {
  readonly head: Head
  readonly state: ItemState | null
  readonly factCount: number
  readonly timerAt: number | null
  /** Those of the facts asked for that are there. */
  readonly known: readonly StoredFact[]
}

/** Decides on new facts, and reads the past where the facts are late or what was counted has to be counted again. */
export function* decideOn(
  book: Rulebook,
  ctx: Context,
  i: {
    readonly item: ItemRef
    readonly stored: Stored
    readonly fresh: readonly StoredFact[]
    readonly silentUntil?: number
    readonly anew?: boolean
    /** The facts stored so far, where they were read already. */
    readonly past?: readonly StoredFact[] | undefined
  },
): Operation<{ readonly decision: Decision; readonly books: Books }> {
  const { item, fresh } = i
  const before = i.stored.state
  const ruled = isRuled(before)
  const given = { item, before, fresh, ...(i.silentUntil === undefined ? {} : { silentUntil: i.silentUntil }) }
  if (before && ruled && !isLate(before, fresh) && !i.anew) {
    const books = yield* book.books(ctx, [before.book, ...booksIn(fresh)])
    try {
      return { decision: decideRecord({ ...given, past: null, books, book: before.book }), books }
    } catch (error) {
      if (!(error instanceof PastNeeded)) throw error
    }
  }
  const past = i.past ?? (before ? yield* readFacts(ctx, item) : [])
  const opened = Math.min(...[...past, ...fresh].map((fact) => fact.at))
  // while no policy was ever for the item, those that were published since are looked at
  const ref = (yield* book.refs(ctx))(opened, before && ruled ? before.book.knownAt : undefined)
  const books = yield* book.books(ctx, [ref, ...(before ? [before.book] : []), ...booksIn(past), ...booksIn(fresh)])
  return { decision: decideRecord({ ...given, past, books, book: ref }), books }
}

const isRuled = (state: ItemState | null): boolean => state !== null && Object.keys(state.attached).length > 0
const isLate = (state: ItemState, fresh: readonly StoredFact[]): boolean => fresh.some((fact) => fact.at < state.asOf)

/** Whether a decision on these facts begins with the first fact of the item. */
export const takesThePast = (state: ItemState | null, fresh: readonly StoredFact[]): boolean =>
  state !== null && (!isRuled(state) || isLate(state, fresh))

/** What is stored about an item, and which of these facts are stored already. */
export function* readItem(ctx: Context, item: ItemRef, factIds: readonly string[]): Operation<Stored> {
  const key = { item_type: item.type, item: item.id }
  const ofItem = all(field('item_type').eq(item.type), field('item').eq(item.id))
  const about = [headOf(SUBJECT, subjectOf(item)), get(items, key), list(clocks, { where: ofItem, limit: MOST_CLOCKS })] as const
  const [head, row, clockRows, known] =
    factIds.length === 0
      ? ([...(yield* read(ctx, ...about)), []] as const)
      : yield* read(ctx, ...about, list(facts, { where: all(ofItem, field('fact').in(factIds)), limit: factIds.length }))
  return {
    head,
    state: row ? stateOf(row, clockRows) : null,
    factCount: row?.facts ?? 0,
    timerAt: row?.timer_at ?? null,
    known: known.map(factOf),
  }
}

/** The same for many items at once. */
export function* readItems(
  ctx: Context,
  asked: readonly { readonly item: ItemRef; readonly factIds: readonly string[] }[],
): Operation<readonly Stored[]> {
  const found = new Map<string, Stored>()
  for (const [type, ofType] of Map.groupBy(asked, ({ item }) => item.type)) {
    const ids = ofType.map(({ item }) => item.id)
    const where = all(field('item_type').eq(type), field('item').in(ids))
    const subjects = ofType.map(({ item }) => subjectOf(item))
    const [heads, rows] = yield* read(ctx, headsOf(SUBJECT, subjects), list(items, { where, limit: ids.length }))
    const known = new Map(rows.map((row) => [row.item, row]))
    const ofKnown = all(field('item_type').eq(type), field('item').in([...known.keys()]))
    const named = new Set(ofType.flatMap(({ item, factIds }) => (known.has(item.id) ? factIds : [])))
    const clocksOfKnown = list(clocks, { where: ofKnown, limit: MOST_CLOCKS * Math.max(1, known.size) })
    const factsNamed = list(facts, { where: all(ofKnown, field('fact').in([...named])), limit: Math.max(1, named.size * known.size) })
    const clockRows = known.size === 0 ? [] : (yield* read(ctx, clocksOfKnown))[0]
    const factRows = named.size === 0 ? [] : (yield* read(ctx, factsNamed))[0]
    const clocksOf = Map.groupBy(clockRows, (row) => row.item)
    const factsOf = Map.groupBy(factRows, (row) => row.item)
    for (const [n, { item }] of ofType.entries()) {
      const row = known.get(item.id)
      found.set(subjects[n]!, {
        head: heads[n]!,
        state: row ? stateOf(row, clocksOf.get(item.id) ?? []) : null,
        factCount: row?.facts ?? 0,
        timerAt: row?.timer_at ?? null,
        known: (factsOf.get(item.id) ?? []).map(factOf),
      })
    }
  }
  return asked.map(({ item }) => found.get(subjectOf(item))!)
}

/** All facts of some items, by subject, each in the order in which they happened. */
export function* readFactsOf(ctx: Context, of: readonly ItemRef[]): Operation<ReadonlyMap<string, readonly StoredFact[]>> {
  const found = new Map<string, readonly StoredFact[]>()
  for (const [type, ofType] of Map.groupBy(of, (item) => item.type)) {
    const ids = ofType.map((item) => item.id)
    const where = all(field('item_type').eq(type), field('item').in(ids))
    const [rows] = yield* read(ctx, list(facts, { where, order: ['item', 'at', 'arrival'], limit: MOST_FACTS * ids.length }))
    for (const [id, mine] of Map.groupBy(rows, (row) => row.item)) found.set(subjectOf({ type, id }), mine.map(factOf))
  }
  return found
}

/** All facts of an item, in the order in which they happened. */
export function* readFacts(ctx: Context, item: ItemRef): Operation<readonly StoredFact[]> {
  const where = all(field('item_type').eq(item.type), field('item').eq(item.id))
  const [rows] = yield* read(ctx, list(facts, { where, order: ['at', 'arrival'], limit: MOST_FACTS }))
  return rows.map(factOf)
}

declare global {
  interface PatronkitErrorDetails {
    'sla/too-many-clocks': { readonly item: ItemRef; readonly clocks: number; readonly most: number }
  }
}

interface ToWrite {
  readonly item: ItemRef
  readonly stored: Pick<Stored, 'head' | 'state' | 'factCount' | 'timerAt'>
  readonly decision: Decision
  readonly fresh: readonly StoredFact[]
  readonly books: Books
}

/** The unit of a decision: the item's row, the clocks that changed, the new facts, and the timer if it moves. */
export function unitFor(ctx: Context, i: ToWrite, fired?: Unit['fired']): Unit {
  const { item, fresh, books } = i
  const { head, state: before, factCount } = i.stored
  const { state, events } = i.decision
  refuseTooMany(item, state)
  const timerAt = nextStepAt(state, books)
  const was = new Map(before?.clocks.map((clock) => [clockKey(clock), clock]))
  const is = new Set(state.clocks.map(clockKey))
  const changed = state.clocks.filter((clock) => !sameClock(was.get(clockKey(clock)), clock))
  const gone = (before?.clocks ?? []).filter((clock) => !is.has(clockKey(clock)))
  const ofItem = { item_type: item.type, item: item.id }
  const writes: readonly Write[] = [
    { write: 'put', table: items, row: itemRow(item, state, factCount + fresh.length, timerAt, books) },
    ...fresh.map((fact): Write => ({ write: 'insert', table: facts, row: factRow(item, fact) })),
    ...changed.map((clock): Write => ({ write: 'put', table: clocks, row: clockRow(item, clock, state, books) })),
    ...gone.map((clock): Write => ({ write: 'remove', table: clocks, key: { ...ofItem, metric: clockName(clock), cycle: clock.cycle } })),
  ]
  const subject = subjectOf(item)
  const timers = timerAt === i.stored.timerAt && !fired ? [] : [timerWrite(subject, timerAt)]
  return unitOn(ctx, { kind: SUBJECT, subject, head, events, writes, timers, ...(fired ? { fired } : {}) })
}

function refuseTooMany(item: ItemRef, state: ItemState): void {
  if (state.clocks.length <= MOST_CLOCKS) return
  throw new PatronkitError({
    code: 'sla/too-many-clocks',
    message: `${item.type} ${item.id} would have ${state.clocks.length} clocks, and at most ${MOST_CLOCKS} are kept for one item. Close it and go on with a new one, or let fewer metrics repeat.`,
    details: { item, clocks: state.clocks.length, most: MOST_CLOCKS },
  })
}

const timerWrite = (key: string, dueAt: number | null): TimerWrite =>
  dueAt === null ? { timer: 'cancel', queue: QUEUE, key } : { timer: 'set', queue: QUEUE, key, dueAt }

export function answerOf(item: ItemRef, state: ItemState, now: number, books: Books): Recorded {
  const due = nextDueAt(state, books)
  return { item, clocks: viewClocks(state, now, books), nextDueAt: due === null ? null : new Date(due) }
}

export const unknownItem = (item: ItemRef) =>
  new PatronkitError({
    code: 'sla/unknown-item',
    message: `nothing was ever recorded about ${item.type} ${item.id} of this tenant. Record a fact first, or check type and id.`,
    details: { item },
  })
