import type { Definition, Deps, Instant, Page, Published, Service } from '@patronkit/core'
import { createService, type HostReader, type Swept } from '@patronkit/core/service'
import type { CustomerSegments } from './answer.ts'
import {
  type AskDeps,
  count,
  explain,
  explainPopulation,
  history,
  type MemberPage,
  type Members,
  memberPage,
  membershipsOf,
  type Population,
  type SegmentExplanation,
  type Statement,
  type Stay,
  statement,
} from './ask.ts'
import { MEMBERS, QUEUE } from './customer.ts'
import { changeList, type Listed, type Listing } from './enlist.ts'
import { type Erased, erase } from './erase.ts'
import { segmentsSchema } from './migrations.ts'
import { previewPublish } from './preview.ts'
import type { PublishPreview } from './preview-count.ts'
import { publish, RULES } from './publish.ts'
import { type CustomerRecorded, type RecordCustomer, record, recordMany } from './record.ts'
import { type Resegment, resegment } from './resegment.ts'
import { createRulebook } from './rulebook.ts'
import type { Sample } from './sampling.ts'
import { membersDue, rulesDue, timeDue } from './time.ts'

export interface SegmentsDeps extends Deps {
  /** Reads your own tables, for sources that are one: `hostReader` of `@patronkit/storage-sql/host`. */
  readonly tables?: HostReader
}

/** Segments and who is in them, for one tenant and actor. */
export interface Segments {
  /** Stores a source, a segment or a list. The same content again changes nothing; other content is the next version, which `tick` then asks everybody by. */
  publish(i: { definition: Definition; effectiveFrom?: Instant }): Promise<Published>
  /** Takes what a customer is and did. Each fact counts once, by its id; only rules that look at what changed are asked. */
  record(i: RecordCustomer): Promise<CustomerRecorded>
  /** The same for up to 1,000 different customers in one commit. */
  recordMany(i: { customers: readonly RecordCustomer[] }): Promise<readonly CustomerRecorded[]>
  /** Puts customers on a list that is kept by hand. */
  enlist(i: Listing): Promise<Listed>
  /** Takes customers off it. */
  delist(i: Listing): Promise<Listed>
  /** The segments a customer is in: now, with time passed, or as it was known at an instant. */
  membershipsOf(i: { source: string; customer: string; asOf?: Instant }): Promise<CustomerSegments>
  /** Who is in a segment, by id, page by page, now or as it was known at an instant; and how fresh that is. */
  members(i: { segment: string; asOf?: Instant; after?: string; limit?: number }): Promise<MemberPage>
  /** How many are in a segment, of how many. */
  count(i: { segment: string; asOf?: Instant }): Promise<Members>
  /** Every stay of a customer in a segment, with what led in and out. */
  history(i: { source: string; customer: string; after?: string; limit?: number }): Promise<Page<Stay>>
  /** Why a customer is in a segment or not, part by part, and the nearest change that flips it. */
  explain(i: { segment: string; customer: string; asOf?: Instant }): Promise<SegmentExplanation>
  /** What each part of a segment's rule keeps and drops; with a sample each number has its bounds. */
  explainPopulation(i: { segment: string; sample?: Sample }): Promise<Population>
  /** The statement of a segment over a table of yours, to put beside your own query: it answers the keys. */
  sql(i: { segment: string; asOf?: Instant }): Promise<Statement>
  /** One page of asking customers by the rules in force now; call it until `more` is false. `tick` does the same by itself. */
  resegment(i: Resegment): Promise<Swept>
  /** Takes a customer's profile, facts and stays away and the bodies out of their events; the chain of events still verifies. */
  erase(i: { source: string; customer: string }): Promise<Erased>
  readonly preview: {
    /** Who would enter and leave if this were published; nothing is written. With a sample each number has its bounds. */
    publish(i: { definition: Definition; effectiveFrom?: Instant; sample?: Sample }): Promise<PublishPreview>
  }
}

/**
 * Segments that are kept as customers change.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@patronkit/core'
 * import { createSegments, defineSegment, defineSource, did } from '@patronkit/segmentation'
 *
 * const segments = createSegments({ storage: memoryStorage() }).for({ tenant: 'acme', by: { type: 'system', id: 'shop' } })
 * await segments.publish({ definition: defineSource({ id: 'shoppers', columns: { country: 'text' }, facts: { columns: {} } }) })
 * await segments.publish({ definition: defineSegment({ id: 'active', source: 'shoppers', where: did('order', { within: { days: 90 } }) }) })
 * await segments.record({ source: 'shoppers', customer: 'c_42', facts: [{ id: 'order_91', type: 'order', at: new Date() }] })
 * console.log((await segments.members({ segment: 'active' })).rows)
 * ```
 */
export function createSegments(deps: SegmentsDeps): Service<Segments> {
  const book = createRulebook()
  const asking: AskDeps = { book, tables: deps.tables }
  return createService<Segments>(deps, {
    name: 'segments',
    schema: segmentsSchema,
    verbs: {
      publish: (ctx, i) => publish(book, ctx, i),
      record: (ctx, i) => record(book, ctx, i),
      recordMany: (ctx, i) => recordMany(book, ctx, i),
      enlist: (ctx, i) => changeList(book, ctx, 'enlist', i),
      delist: (ctx, i) => changeList(book, ctx, 'delist', i),
      membershipsOf: (ctx, i) => membershipsOf(book, ctx, i),
      members: (ctx, i) => memberPage(asking, ctx, i),
      count: (ctx, i) => count(asking, ctx, i),
      history,
      explain: (ctx, i) => explain(asking, ctx, i),
      explainPopulation: (ctx, i) => explainPopulation(asking, ctx, i),
      sql: (ctx, i) => statement(asking, ctx, i),
      resegment: (ctx, i) => resegment(book, ctx, i),
      erase: (ctx, i) => erase(book, ctx, i),
      preview: { publish: (ctx, i) => previewPublish(asking, ctx, i) },
    },
    timers: {
      [QUEUE]: (ctx, timer) => timeDue(book, ctx, timer),
      [MEMBERS]: (ctx, timer) => membersDue(book, ctx, timer),
      [RULES]: (ctx, timer) => rulesDue(book, ctx, timer),
    },
  })
}
