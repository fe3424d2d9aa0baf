import {
  all,
  behind,
  type Context,
  cursorAt,
  field,
  list,
  type Operation,
  parse,
  type RowOf,
  read,
  type Swept,
  sweepPage,
  type Unit,
} from '@patronkit/core/service'
import { sameRules } from './adopt.ts'
import type { Books } from './book.ts'
import { clockKey } from './clock-name.ts'
import type { Decision } from './decision.ts'
import { internalFact } from './internal.ts'
import { decideOn, readFactsOf, readItems, type Stored, SUBJECT, subjectOf, unitFor } from './item.ts'
import type { BookRef, ItemRef, ItemState, StoredFact } from './model.ts'
import type { OnChange } from './policy.ts'
import type { Rulebook } from './rulebook.ts'
import { retargetSchema } from './schema.ts'
import { clocks } from './tables.ts'
import { viewClocks } from './view.ts'

/** Puts items with open clocks under what is published and in force by now. */
export interface Retarget {
  /** Names this run of it: with the same key it goes on where the last call came to. */
  readonly idempotencyKey: string
  /** Why, for the events. */
  readonly reason: string
  /** What becomes of counted time. Default `retroactive`: counted again from the start, as if the new rules had held all along. */
  readonly elapsed?: OnChange['elapsed']
  readonly pauses?: NonNullable<OnChange['pauses']>
  /** Clocks a page. Default 1,000. */
  readonly page?: number
}

/** What a retargeting would come to. */
export interface RetargetPreview {
  /** Items with open clocks that were looked at. */
  readonly items: number
  /** Of these, items that would come under other rules. */
  readonly changed: number
  /** Clocks with another due instant or target. */
  readonly moved: number
  /** Clocks that would be breached and are not. */
  readonly breached: number
  /** Clocks that are breached and would not be. */
  readonly saved: number
}

type ClockRow = RowOf<typeof clocks>

const OPEN = field('phase').in(['running', 'paused'])

/** One page of a retargeting. Call it until `more` is false; after a crash in between it goes on with the same key. */
export function* retargetPage(book: Rulebook, ctx: Context, i: Retarget): Operation<Swept> {
  const { idempotencyKey: name, page = 1_000, ...how } = parse(retargetSchema, i, 'retarget')
  return yield* sweepPage(ctx, {
    name: `sla.retarget/${name}`,
    over: clocks,
    where: OPEN,
    kind: SUBJECT,
    subjectOf: (row) => subjectOf({ type: row.item_type, id: row.item }),
    page,
    decidePage: function* (named) {
      const decided = yield* decidePage(book, ctx, named, { name, reason: how.reason, onChange: onChangeOf(how) })
      return decided.map((one): Unit | null => one && unitFor(ctx, one))
    },
  })
}

const onChangeOf = ({ elapsed = 'retroactive', pauses }: Partial<OnChange>): OnChange => ({ elapsed, ...(pauses ? { pauses } : {}) })

/** The same over everything, and nothing is written. */
export function* previewRetarget(book: Rulebook, ctx: Context, i: Omit<Retarget, 'idempotencyKey'>): Operation<RetargetPreview> {
  const how = parse(retargetSchema.omit({ idempotencyKey: true }), i, 'preview.retarget')
  const order = ['item_type', 'item', 'metric', 'cycle']
  const limit = how.page ?? 1_000
  const found = { items: 0, changed: 0, moved: 0, breached: 0, saved: 0 }
  let after: string | undefined
  let last: string | null = null
  do {
    const [rows] = yield* read(ctx, list(clocks, { where: all(OPEN, behind(order, after)), order, limit }))
    const named = new Map(rows.map((row) => [subjectOf({ type: row.item_type, id: row.item }), row]))
    if (last !== null) named.delete(last)
    last = [...named.keys()].at(-1) ?? last
    found.items += named.size
    for (const one of yield* decidePage(book, ctx, [...named.values()], {
      name: 'preview',
      reason: how.reason,
      onChange: onChangeOf(how),
    })) {
      if (one) compare(one, ctx.now, found)
    }
    after = rows.length === limit ? cursorAt(order, rows.at(-1)!) : undefined
  } while (after !== undefined)
  return found
}

function compare(one: Decided, now: number, found: { changed: number; moved: number; breached: number; saved: number }): void {
  found.changed++
  const before = new Map(viewClocks(one.stored.state!, now, one.books).map((clock) => [clockKey(clock), clock]))
  for (const clock of viewClocks(one.decision.state, now, one.books)) {
    const was = before.get(clockKey(clock))
    if (was?.dueAt?.getTime() !== clock.dueAt?.getTime() || was?.targetMs !== clock.targetMs) found.moved++
    if (clock.state === 'breached' && was?.state !== 'breached') found.breached++
    if (clock.state !== 'breached' && was?.state === 'breached') found.saved++
  }
}

interface Decided {
  readonly item: ItemRef
  readonly stored: Stored
  readonly decision: Decision
  readonly fresh: readonly StoredFact[]
  readonly books: Books
}

interface How {
  readonly name: string
  readonly reason: string
  readonly onChange: OnChange
}

/** What becomes of each item of a page; null for one whose rules stay as they are. */
function* decidePage(given: Rulebook, ctx: Context, named: readonly ClockRow[], how: How): Operation<readonly (Decided | null)[]> {
  const book = given.steady()
  const stored = yield* storedItems(ctx, named)
  const ref = (yield* book.refs(ctx))(ctx.now)
  const books = yield* book.books(ctx, [ref, ...stored.flatMap((one) => (one ? [one.stored.state!.book] : []))])
  const changing = stored.map((one) => (one && differs(one.stored.state!, ref, books) ? one : null))
  const pasts = yield* readFactsOf(
    ctx,
    changing.flatMap((one) => (one ? [one.item] : [])),
  )
  const decided: (Decided | null)[] = []
  for (const one of changing) {
    if (!one) {
      decided.push(null)
      continue
    }
    const fresh = [ruleFact(one.stored, ref, ctx.now, how)]
    const past = pasts.get(subjectOf(one.item))
    decided.push({ ...one, fresh, ...(yield* decideOn(book, ctx, { ...one, fresh, past })) })
  }
  return decided
}

/** Whether other rules would hold: another policy for one of its agreements, or other hours. */
function differs(state: ItemState, ref: BookRef, books: Books): boolean {
  return (state.book.at !== ref.at || state.book.knownAt !== ref.knownAt) && !sameRules(state, books(state.book), books(ref))
}

const ruleFact = (stored: Stored, ref: BookRef, now: number, how: How): StoredFact =>
  internalFact({
    id: `sla/rules/${how.name}/${ref.at}/${ref.knownAt}`,
    at: Math.max(now, stored.head.lastAt, stored.state!.asOf),
    arrival: stored.factCount + 1,
    is: { kind: 'rules', book: ref, onChange: how.onChange, reason: how.reason },
  })

function* storedItems(
  ctx: Context,
  named: readonly ClockRow[],
): Operation<readonly ({ readonly item: ItemRef; readonly stored: Stored } | null)[]> {
  const asked = named.map((row) => ({ item: { type: row.item_type, id: row.item }, factIds: [] }))
  const stored = yield* readItems(ctx, asked)
  return stored.map((one, n) => (one.state ? { item: asked[n]!.item, stored: one } : null))
}
