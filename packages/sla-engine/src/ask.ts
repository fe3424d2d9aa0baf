import type { Explanation, Instant } from '@patronkit/core'
import { PatronkitError } from '@patronkit/core'
import {
  all,
  behind,
  type Context,
  cursorAt,
  field,
  headsOf,
  list,
  nowFor,
  type Operation,
  type Page,
  parse,
  read,
} from '@patronkit/core/service'
import type { Books } from './book.ts'
import { foldFacts } from './evolve.ts'
import { explainClock } from './explain.ts'
import { booksIn } from './internal.ts'
import { answerOf, MOST_CLOCKS, type Recorded, readFacts, readItem, SUBJECT, subjectOf, unknownItem } from './item.ts'
import type { Attributes, ItemRef, ItemState, StoredFact } from './model.ts'
import { passTime } from './passing.ts'
import { DEFAULT_AGREEMENT } from './policy.ts'
import { type ClockRow, type ItemRow, stateOf, UNRULED } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { dueSchema, explainSchema, itemsSchema, statusManySchema, statusSchema } from './schema.ts'
import { clocks, items } from './tables.ts'
import { type ClockView, viewClocks } from './view.ts'

export interface ItemView extends Recorded {
  readonly attributes: Attributes
  readonly openedAt: Date
}

export interface DueView extends ClockView {
  readonly item: ItemRef
}

const PAGE = 100

export function* status(book: Rulebook, ctx: Context, i: { item: ItemRef; asOf?: Instant }): Operation<Recorded> {
  const { item, asOf } = parse(statusSchema, i, 'status')
  const { head, state } = yield* readItem(ctx, item, [])
  if (!state) throw unknownItem(item)
  const at = asOf ?? Math.max(nowFor(ctx, head), state.asOf)
  const then = yield* stateAt(book, ctx, item, state, at)
  return then ? answerOf(item, then.state, at, then.books) : { item, clocks: [], nextDueAt: null }
}

interface Then {
  readonly state: ItemState
  readonly books: Books
}

/** The item as its facts up to an instant had made it; null before its first fact. */
function* stateAt(book: Rulebook, ctx: Context, item: ItemRef, state: ItemState, at: number): Operation<Then | null> {
  if (at >= state.asOf && state.book.knownAt !== UNRULED) {
    const books = yield* book.books(ctx, [state.book])
    return { state: passTime(state, at, books), books }
  }
  const known = (yield* readFacts(ctx, item)).filter((fact) => fact.at <= at)
  if (known.length === 0) return null
  const folded = yield* foldStored(book, ctx, known, state)
  return { state: passTime(folded.state, at, folded.books), books: folded.books }
}

const knownAt = ({ book }: ItemState): number | undefined => (book.knownAt === UNRULED ? undefined : book.knownAt)

/** Folds the facts of an item from the start, with what was known of the rules when they were attached. */
function* foldStored(book: Rulebook, ctx: Context, known: readonly StoredFact[], state: ItemState): Operation<Then> {
  const ref = (yield* book.refs(ctx))(Math.min(...known.map((fact) => fact.at)), knownAt(state))
  const books = yield* book.books(ctx, [ref, ...booksIn(known)])
  return { state: foldFacts(known, books, ref), books }
}

export function* statusMany(book: Rulebook, ctx: Context, i: { items: readonly ItemRef[] }): Operation<readonly Recorded[]> {
  const { items: asked } = parse(statusManySchema, i, 'statusMany')
  const found = new Map<string, { readonly state: ItemState; readonly at: number }>()
  for (const [type, ofType] of Map.groupBy(asked, (item) => item.type)) {
    const ids = [...new Set(ofType.map((item) => item.id))]
    const where = all(field('item_type').eq(type), field('item').in(ids))
    const subjects = ids.map((id) => subjectOf({ type, id }))
    const [heads, rows, clockRows] = yield* read(
      ctx,
      headsOf(SUBJECT, subjects),
      list(items, { where, limit: ids.length }),
      list(clocks, { where, limit: MOST_CLOCKS * ids.length }),
    )
    const byItem = Map.groupBy(clockRows, (row) => row.item)
    const at = new Map(subjects.map((subject, n) => [subject, nowFor(ctx, heads[n]!)]))
    for (const row of rows) {
      const subject = subjectOf({ type, id: row.item })
      const state = stateOf(row, byItem.get(row.item) ?? [])
      found.set(subject, { state, at: Math.max(at.get(subject)!, state.asOf) })
    }
  }
  const answers: Recorded[] = []
  for (const item of asked) {
    const known = found.get(subjectOf(item))
    if (!known) throw unknownItem(item)
    const then = yield* stateAt(book, ctx, item, known.state, known.at)
    answers.push(answerOf(item, then!.state, known.at, then!.books))
  }
  return answers
}

export function* explain(
  book: Rulebook,
  ctx: Context,
  i: { item: ItemRef; metric: string; agreement?: string; cycle?: number; asOf?: Instant },
): Operation<Explanation> {
  const { item, metric, agreement = DEFAULT_AGREEMENT, cycle = 1, asOf } = parse(explainSchema, i, 'explain')
  const { head, state } = yield* readItem(ctx, item, [])
  if (!state) throw unknownItem(item)
  const facts = yield* readFacts(ctx, item)
  const at = asOf ?? nowFor(ctx, head)
  const ref = (yield* book.refs(ctx))(facts[0]!.at, knownAt(state))
  const books = yield* book.books(ctx, [ref, ...booksIn(facts)])
  const explanation = explainClock(item, { agreement, metric, cycle }, facts, at, books, ref)
  if (explanation) return explanation
  throw new PatronkitError({
    code: 'sla/unknown-clock',
    message: `${item.type} ${item.id} has no clock ${metric} of ${agreement} in cycle ${cycle} at that time. Ask status for the clocks it has.`,
    details: { item, metric, cycle },
  })
}

/** Running clocks, the most urgent first. */
export function* due(book: Rulebook, ctx: Context, i: { before?: Instant; after?: string; limit?: number }): Operation<Page<DueView>> {
  const { before, after, limit = PAGE } = parse(dueSchema, i, 'due')
  const order = ['due_at', 'item_type', 'item', 'metric', 'cycle']
  const running = [field('phase').eq('running'), field('due_at').gte(0)]
  const where = all(...running, ...(before === undefined ? [] : [field('due_at').lt(before)]), behind(order, after))
  const [found] = yield* read(ctx, list(clocks, { where, order, limit: limit + 1 }))
  const page = found.slice(0, limit)
  const itemRows = yield* itemsOf(ctx, page)
  const rows: DueView[] = []
  for (const row of page) {
    const item = { type: row.item_type, id: row.item }
    const state = stateOf(itemRows.get(subjectOf(item))!, [row])
    const books = yield* book.books(ctx, [state.book])
    rows.push(...viewClocks(state, ctx.now, books).map((view) => ({ ...view, item })))
  }
  return { rows, next: found.length > limit ? cursorAt(order, page.at(-1)!) : null }
}

/** The items of some clocks, one read a type. */
function* itemsOf(ctx: Context, rows: readonly ClockRow[]): Operation<ReadonlyMap<string, ItemRow>> {
  const found = new Map<string, ItemRow>()
  for (const [type, ofType] of Map.groupBy(rows, (row) => row.item_type)) {
    const ids = [...new Set(ofType.map((row) => row.item))]
    const where = all(field('item_type').eq(type), field('item').in(ids))
    const [page] = yield* read(ctx, list(items, { where, limit: ids.length }))
    for (const row of page) found.set(subjectOf({ type: row.item_type, id: row.item }), row)
  }
  return found
}

/** Every item of a type that was opened by then, by id, with its clocks. */
export function* itemPage(
  book: Rulebook,
  ctx: Context,
  i: { type: string; asOf?: Instant; after?: string; limit?: number },
): Operation<Page<ItemView>> {
  const { type, asOf, after, limit = PAGE } = parse(itemsSchema, i, 'items')
  const order = ['item']
  const ofType = field('item_type').eq(type)
  const [found] = yield* read(ctx, list(items, { where: all(ofType, behind(order, after)), order, limit: limit + 1 }))
  const page = found.slice(0, limit)
  if (page.length === 0) return { rows: [], next: null }
  const between = all(ofType, field('item').gte(page[0]!.item), field('item').lte(page.at(-1)!.item))
  const [clockRows] = yield* read(ctx, list(clocks, { where: between, order: ['item', 'metric', 'cycle'], limit: MOST_CLOCKS * limit }))
  const byItem = Map.groupBy(clockRows, (row) => row.item)
  const rows: ItemView[] = []
  for (const row of page) {
    const view = yield* viewItem(book, ctx, row, byItem.get(row.item) ?? [], asOf)
    if (view) rows.push(view)
  }
  return { rows, next: found.length > limit ? cursorAt(order, page.at(-1)!) : null }
}

function* viewItem(
  book: Rulebook,
  ctx: Context,
  row: ItemRow,
  clockRows: readonly ClockRow[],
  asOf: number | undefined,
): Operation<ItemView | null> {
  const state = stateOf(row, clockRows)
  const item = { type: row.item_type, id: row.item }
  const at = asOf ?? Math.max(ctx.now, state.asOf)
  const then = yield* stateAt(book, ctx, item, state, at)
  return (
    then && { ...answerOf(item, then.state, at, then.books), attributes: then.state.attributes, openedAt: new Date(then.state.openedAt) }
  )
}
