import type { Definition, Deps, Explanation, Instant, Page, Published, Service } from '@patronkit/core'
import {
  type Claimed,
  type Context,
  commit,
  createService,
  nowFor,
  type Operation,
  publishDefinition,
  type Swept,
  type Unit,
} from '@patronkit/core/service'
import { type Agree, agree, type Override, override } from './agree.ts'
import { type DueView, due, explain, type ItemView, itemPage, status, statusMany } from './ask.ts'
import { decideTime } from './decide.ts'
import { type Erased, erase } from './erase.ts'
import { explainMatch, type Tried } from './explain-match.ts'
import { QUEUE, type Recorded, readItem, unitFor } from './item.ts'
import { type LinkItems, link } from './link.ts'
import { type Merge, merge, type Split, split, type Unmerge, unmerge } from './merge.ts'
import { slaSchema } from './migrations.ts'
import type { ItemRef } from './model.ts'
import { type RecordItem, record, recordMany } from './record.ts'
import { previewRetarget, type Retarget, type RetargetPreview, retargetPage } from './retarget.ts'
import { createRulebook, KINDS, type Rulebook } from './rulebook.ts'

/** SLA clocks for one tenant and actor. */
export interface Sla {
  /** Stores a calendar or a policy. The same content again changes nothing; other content is the next version. */
  publish(i: { definition: Definition; effectiveFrom?: Instant }): Promise<Published>
  /** Takes facts about an item; each counts once, by its id, in whatever order they come. */
  record(i: RecordItem): Promise<Recorded>
  /** The same for up to 1,000 different items in one commit: for imports. */
  recordMany(i: { items: readonly RecordItem[] }): Promise<readonly Recorded[]>
  /** The clocks of an item, now or as they stood at an instant. */
  status(i: { item: ItemRef; asOf?: Instant }): Promise<Recorded>
  /** The clocks of up to 1,000 items. */
  statusMany(i: { items: readonly ItemRef[] }): Promise<readonly Recorded[]>
  /** Running clocks, the most urgent first, page by page. */
  due(i: { before?: Instant; after?: string; limit?: number }): Promise<Page<DueView>>
  /** All items of a type with their clocks, now or as of an instant, by id, page by page. */
  items(i: { type: string; asOf?: Instant; after?: string; limit?: number }): Promise<Page<ItemView>>
  /** A due date that was agreed on for one item: neither pauses nor priorities move it. Null takes it back. */
  agree(i: Agree): Promise<Recorded>
  /** Somebody decides what a clock is, against the count. */
  override(i: Override): Promise<Recorded>
  /** One item becomes part of another; `unmerge` takes them apart as if it had never been. */
  merge(i: Merge): Promise<Recorded>
  unmerge(i: Unmerge): Promise<Recorded>
  /** A part of an item becomes an item of its own. */
  split(i: Split): Promise<Recorded>
  /** Links a child to its parent, with a rule for their clocks. */
  link(i: LinkItems): Promise<Recorded>
  /** Running items with their past from another system, up to 1,000 a call: steps that were reached before now are passed over. */
  import(i: { items: readonly RecordItem[] }): Promise<readonly Recorded[]>
  /** One page of putting open items under what is published by now; call it until `more` is false. */
  retarget(i: Retarget): Promise<Swept>
  readonly preview: {
    /** What a retargeting would come to; nothing is written. */
    retarget(i: Omit<Retarget, 'idempotencyKey'>): Promise<RetargetPreview>
  }
  /** Which policies would hold for an item with these attributes, and why the others would not. */
  explainMatch(i: { attributes: { readonly [name: string]: unknown }; at?: Instant }): Promise<readonly Tried[]>
  /** Takes an item's facts and clocks away and the bodies out of its events; the chain of events still verifies. */
  erase(i: { item: ItemRef }): Promise<Erased>
  /** Why a clock stands where it stands: every counted, paused and closed stretch, adding up to the time used. */
  explain(i: { item: ItemRef; metric: string; agreement?: string; cycle?: number; asOf?: Instant }): Promise<Explanation>
}

/**
 * SLA clocks over the facts of a ticket.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@patronkit/core'
 * import { createSla } from '@patronkit/sla-engine'
 *
 * const sla = createSla({ storage: memoryStorage() }).for({ tenant: 'acme', by: { type: 'user', id: 'u_7' } })
 * const { clocks } = await sla.record({
 *   item: { type: 'ticket', id: 'T-1' },
 *   attributes: { priority: 'high' },
 *   facts: [{ id: 'm_1', type: 'created', at: new Date() }],
 * })
 * console.log(clocks)
 * ```
 */
export function createSla(deps: Deps): Service<Sla> {
  const book = createRulebook()
  return createService<Sla>(deps, {
    name: 'sla',
    schema: slaSchema,
    verbs: {
      publish: (ctx, i) => publishDefinition(ctx, i, KINDS),
      record: (ctx, i) => record(book, ctx, i),
      recordMany: (ctx, i) => recordMany(book, ctx, i),
      status: (ctx, i) => status(book, ctx, i),
      statusMany: (ctx, i) => statusMany(book, ctx, i),
      due: (ctx, i) => due(book, ctx, i),
      items: (ctx, i) => itemPage(book, ctx, i),
      agree: (ctx, i) => agree(book, ctx, i),
      override: (ctx, i) => override(book, ctx, i),
      merge: (ctx, i) => merge(book, ctx, i),
      unmerge: (ctx, i) => unmerge(book, ctx, i),
      split: (ctx, i) => split(book, ctx, i),
      link: (ctx, i) => link(book, ctx, i),
      import: (ctx, i) => recordMany(book, ctx, i, { silent: true }),
      retarget: (ctx, i) => retargetPage(book, ctx, i),
      preview: { retarget: (ctx, i) => previewRetarget(book, ctx, i) },
      explainMatch: (ctx, i) => explainMatch(book, ctx, i),
      erase,
      explain: (ctx, i) => explain(book, ctx, i),
    },
    timers: { [QUEUE]: (ctx, timer) => timerDue(book, ctx, timer) },
  })
}

/** A timer of an item that is gone has nothing left to do. */
const forgetTimer = (ctx: Context, timer: Claimed): Unit => ({
  tenant: ctx.tenant,
  heads: [],
  fired: timer,
  writes: [],
  events: [],
  timers: [],
})

/** A step of an item's ladders fell due. */
function* timerDue(book: Rulebook, ctx: Context, timer: Claimed): Operation<void> {
  const slash = timer.key.indexOf('/')
  const item = { type: timer.key.slice(0, slash), id: timer.key.slice(slash + 1) }
  const stored = yield* readItem(ctx, item, [])
  if (!stored.state) return yield* commit([forgetTimer(ctx, timer)])
  const books = yield* book.books(ctx, [stored.state.book])
  const decision = decideTime(item, stored.state, nowFor(ctx, stored.head), books)
  yield* commit([unitFor(ctx, { item, stored: { ...stored, timerAt: timer.dueAt }, decision, fresh: [], books }, timer)])
}
