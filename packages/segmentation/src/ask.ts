import type { Instant } from '@patronkit/core'
import {
  all,
  any,
  behind,
  type Context,
  cursorAt,
  field,
  fold,
  get,
  type HostReader,
  list,
  type Operation,
  type Page,
  type Pred,
  parse,
  read,
} from '@patronkit/core/service'
import { timersAfter } from '@patronkit/core/storage'
import { answerOf, type CustomerSegments } from './answer.ts'
import { type Looks, refuseTooMany } from './belonging.ts'
import { type Cause, MEMBERS, readCause, readCustomer, readFacts, refOf } from './customer.ts'
import { looksOf } from './decide.ts'
import {
  type Asking,
  sampledParts,
  sqlOf,
  count as tableCount,
  explain as tableExplain,
  memberPage as tableMembers,
  parts as tableParts,
} from './over-tables.ts'
import { readMembers } from './read-members.ts'
import { inNoTable, noTables, notPublished, unknownCustomer } from './refusals.ts'
import { type CustomerRef, type CustomerRow, entityOf, type StayRow, stateOf } from './rows.ts'
import type { Rulebook, Shelf } from './rulebook.ts'
import type { Entity } from './rules/compile.ts'
import { explainPopulation as explainPure, explainRule, type PartCount, type RuleExplanation, together } from './rules/explain.ts'
import { estimateParts, type Sample, type Sampled, sampler } from './sampling.ts'
import { countSchema, customerSchema, explainSchema, historySchema, membersSchema, populationSchema } from './schema.ts'
import { customers, stays } from './tables.ts'
import { tell } from './tell.ts'

/** How fresh what is kept of a source is. */
export interface Freshness {
  /** True when everybody stands where the rules in force now put them now. */
  readonly current: boolean
  /** Time was passed for everybody up to here: now, or when the timer fell due that waits for `tick` the longest. */
  readonly timeUpTo: Date
  /** Whether customers wait to be asked by rules that came into force, or about people whom a relation found. */
  readonly rulesPending: boolean
  /** Customers who could not be asked, and stand where they stood before: `membershipsOf` says why. */
  readonly troubled: number
}

export interface MemberView {
  readonly customer: string
  /** Null where it is not kept. */
  readonly since: Date | null
  readonly version: number
}

/** `kept`: as customers were told about. `sql`: counted in your table. `candidates`: SQL found whom it could not rule out, memory decided on them. */
export type AnsweredBy = 'kept' | 'sql' | 'candidates'

export interface MemberPage extends Page<MemberView> {
  readonly engine: AnsweredBy
  readonly asOf: Date
  readonly freshness: Freshness
}

export interface Members {
  readonly members: number
  /** Of so many customers. */
  readonly of: number
  readonly engine: AnsweredBy
  readonly asOf: Date
  readonly freshness: Freshness
}

/** One stay in a segment. */
export interface Stay {
  readonly segment: string
  readonly entered: { readonly at: Date; readonly version: number; readonly cause: Cause }
  readonly left: { readonly at: Date; readonly version: number; readonly cause: Cause } | null
}

export interface SegmentExplanation extends RuleExplanation {
  readonly segment: string
  readonly version: number
  readonly asOf: Date
}

const PAGE = 100

/** A segment in force now. */
interface Placed {
  readonly shelf: Shelf
  readonly segment: string
  readonly source: string
  readonly version: number
  /** How to ask the host's table; null for customers who are kept. */
  readonly table: ((asOf: number | undefined) => Asking) | null
}

function* placed(deps: AskDeps, ctx: Context, segment: string): Operation<Placed> {
  const shelf = yield* shelfNow(deps.book, ctx)
  const { environment } = shelf
  const { segments = {}, sources } = environment
  const of = Object.hasOwn(segments, segment) ? segments[segment] : undefined
  if (!of) throw notPublished('segment', segment)
  const version = shelf.version('segment', segment)
  if (!Object.hasOwn(sources, of.source)) throw notPublished('source', of.source)
  if (sources[of.source]!.table === undefined) return { shelf, segment, source: of.source, version, table: null }
  const reader = deps.tables
  if (!reader) throw noTables(segment)
  const table = (asOf: number | undefined): Asking => ({
    reader,
    tenant: ctx.tenant,
    source: of.source,
    rule: of.where,
    environment,
    asOf: new Date(asOf ?? ctx.now),
  })
  return { shelf, segment, source: of.source, version, table }
}

/** What answers need beside the context. */
export interface AskDeps {
  readonly book: Rulebook
  readonly tables: HostReader | undefined
}

const shelfNow = function* (book: Rulebook, ctx: Context): Operation<Shelf> {
  return yield* book.shelf(ctx, yield* read(ctx, ...book.mark))
}

/** A table is asked as it stands. */
const fresh = (now: number): Freshness => ({ current: true, timeUpTo: new Date(now), rulesPending: false, troubled: 0 })

function* freshnessOf(ctx: Context, shelf: Shelf, source: string): Operation<Freshness> {
  const of = field('source').eq(source)
  const one = (from: string, where: Pred, order: string) =>
    list(customers, { where: all(field('source').eq(from), where), order: [order], limit: 1 })
  const looked = [...looksOf([shelf.now(source)]).keys()].map((relation) => shelf.members(source).get(relation)!)
  // whoever belongs to these customers may not be linked to them yet
  const sources = [source, ...looked.map((is) => is.source)]
  const [[late], [troubled], [linked], ...behind] = yield* read(
    ctx,
    one(source, field('look_at').lte(ctx.now), 'look_at'),
    fold(customers, { where: all(of, field('trouble').gte('')), limit: 1 }),
    // the first of those who are to be asked anew since people were linked to them
    timersAfter(false, { queue: MEMBERS, key: `${source}/` }, 1),
    ...[...new Set(sources)].flatMap((from) => [
      one(from, field('rules').lt(shelf.now(from).id), 'rules'),
      one(from, field('rules').gt(shelf.now(from).id), 'rules'),
    ]),
  )
  const isLinked = looked.length > 0 && linked?.queue === MEMBERS && refOf(linked.key).source === source
  const rulesPending = isLinked || behind.some((rows) => rows.length > 0)
  const timeUpTo = new Date(late ? late.look_at! - 1 : ctx.now)
  return { current: !rulesPending && !late && troubled!.count === 0, timeUpTo, rulesPending, troubled: troubled!.count }
}

/** Stays that hold at an instant: now for those that have not ended. */
const holding = (source: string, segment: string, asOf: number | undefined): Pred =>
  all(
    field('source').eq(source),
    field('segment').eq(segment),
    ...(asOf === undefined
      ? [field('left_at').eq(null)]
      : [field('entered_at').lte(asOf), any(field('left_at').eq(null), field('left_at').gt(asOf))]),
  )

export function* memberPage(
  deps: AskDeps,
  ctx: Context,
  i: { segment: string; asOf?: Instant; after?: string; limit?: number },
): Operation<MemberPage> {
  const { segment, asOf, after, limit = PAGE } = parse(membersSchema, i, 'members')
  const { shelf, source, version, table } = yield* placed(deps, ctx, segment)
  if (table) {
    const asking = table(asOf)
    const { ids, next, engine } = yield* tableMembers(asking, { limit, after })
    return { rows: ids.map((customer) => ({ customer, since: null, version })), next, engine, asOf: asking.asOf, freshness: fresh(ctx.now) }
  }
  const order = ['customer', 'stay']
  const where = all(holding(source, segment, asOf), behind(order, after))
  const [found] = yield* read(ctx, list(stays, { where, order, limit: limit + 1 }))
  const page = found.slice(0, limit)
  return {
    rows: page.map(({ customer, entered_at, entered_version }) => ({ customer, since: new Date(entered_at), version: entered_version })),
    next: found.length > limit ? cursorAt(order, page.at(-1)!) : null,
    engine: 'kept',
    asOf: new Date(asOf ?? ctx.now),
    freshness: yield* freshnessOf(ctx, shelf, source),
  }
}

export function* count(deps: AskDeps, ctx: Context, i: { segment: string; asOf?: Instant }): Operation<Members> {
  const { segment, asOf } = parse(countSchema, i, 'count')
  const { shelf, source, table } = yield* placed(deps, ctx, segment)
  if (table) return { ...(yield* tableCount(table(asOf))), freshness: fresh(ctx.now) }
  const [[members], [everybody]] = yield* read(
    ctx,
    fold(stays, { where: holding(source, segment, asOf), limit: 1 }),
    fold(customers, { where: field('source').eq(source), limit: 1 }),
  )
  return {
    members: members!.count,
    of: everybody!.count,
    engine: 'kept',
    asOf: new Date(asOf ?? ctx.now),
    freshness: yield* freshnessOf(ctx, shelf, source),
  }
}

/** The statement behind a segment of a table, to put beside a query of the host's own. */
export function* statement(deps: AskDeps, ctx: Context, i: { segment: string; asOf?: Instant }): Operation<Statement> {
  const { segment, asOf } = parse(countSchema, i, 'sql')
  const { source, table } = yield* placed(deps, ctx, segment)
  if (!table) throw inNoTable(source)
  return sqlOf(table(asOf))
}

/** SQL with its parameters; it answers keys. */
export interface Statement {
  readonly text: string
  readonly params: readonly (string | null)[]
}

/** Where a customer stands: now, with time passed in memory, or as it was known at an instant. */
export function* membershipsOf(book: Rulebook, ctx: Context, i: CustomerRef & { asOf?: Instant }): Operation<CustomerSegments> {
  const { source, customer, asOf } = parse(customerSchema, i, 'membershipsOf')
  const { stored, shelf } = yield* readCustomer(book, ctx, { source, customer })
  const { state } = stored
  if (!state) throw unknownCustomer({ source, customer })
  if (asOf === undefined || asOf >= state.memberships.asOf) {
    const at = Math.max(asOf ?? ctx.now, state.memberships.asOf)
    const { heard } = yield* tell(ctx, shelf, [{ stored, told: [], to: at }])
    return answerOf(stored.ref, heard[0]!.decision.state)
  }
  const where = all(
    field('source').eq(source),
    field('customer').eq(customer),
    field('entered_at').lte(asOf),
    any(field('left_at').eq(null), field('left_at').gt(asOf)),
  )
  const [rows] = yield* read(ctx, list(stays, { where, order: ['segment'], limit: 10_000 }))
  const segments = rows.map(({ segment, entered_at, entered_version }) => ({
    segment,
    since: new Date(entered_at),
    version: entered_version,
  }))
  return { source, customer, segments, asOf: new Date(asOf), nextLookAt: null, trouble: null }
}

/** Every stay of a customer, the first one first, page by page. */
export function* history(ctx: Context, i: CustomerRef & { after?: string; limit?: number }): Operation<Page<Stay>> {
  const { source, customer, after, limit = PAGE } = parse(historySchema, i, 'history')
  const order = ['entered_at', 'stay']
  const where = all(field('source').eq(source), field('customer').eq(customer), behind(order, after))
  const [found] = yield* read(ctx, list(stays, { where, order, limit: limit + 1 }))
  const page = found.slice(0, limit)
  return { rows: page.map(stayOf), next: found.length > limit ? cursorAt(order, page.at(-1)!) : null }
}

const stayOf = (row: StayRow): Stay => ({
  segment: row.segment,
  entered: { at: new Date(row.entered_at), version: row.entered_version, cause: readCause(row.entered_cause) },
  left: row.left_at === null ? null : { at: new Date(row.left_at), version: row.left_version!, cause: readCause(row.left_cause!) },
})

/** Why a customer is in a segment or not, part by part, and what would have to be otherwise. */
export function* explain(
  deps: AskDeps,
  ctx: Context,
  i: { segment: string; customer: string; asOf?: Instant },
): Operation<SegmentExplanation> {
  const { segment, customer, asOf } = parse(explainSchema, i, 'explain')
  const { shelf, source, version, table } = yield* placed(deps, ctx, segment)
  if (table) {
    const asking = table(asOf)
    const explained = yield* tableExplain({ ...asking, customer })
    if (!explained) throw unknownCustomer({ source, customer })
    return { segment, version, asOf: asking.asOf, ...explained }
  }
  const [row] = yield* read(ctx, get(customers, { source, customer }))
  if (!row) throw unknownCustomer({ source, customer })
  const { environment, segments } = shelf.now(source)
  const { rule, needs } = segments.get(segment)!
  const facts = yield* readFacts(ctx, source, [customer], [...needs.events])
  const now = asOf ?? Math.max(ctx.now, row.as_of)
  const members = yield* readMembers(ctx, shelf, source, [customer], looksOf([shelf.now(source)], [segment]))
  refuseTooMany({ source, customer }, members.get(customer))
  const entity = entityOf(customer, stateOf(row), facts.get(customer) ?? [], members.get(customer))
  return { segment, version, asOf: new Date(now), ...explainRule({ rule, source, environment, entity, now }) }
}

const SCANNED = 1_000

/** What rules look at beside a customer's row. */
interface LookedAt {
  readonly events: readonly string[]
  readonly members: Looks
}

/**
 * Everybody of a source with what rules look at, page by page, or some of them: then facts are read of those alone. What others change
 * meanwhile is seen or not, customer by customer. Answers how many were asked of how many.
 */
export function* everybody(
  ctx: Context,
  shelf: Shelf,
  source: string,
  looked: LookedAt,
  sample: Sample | undefined,
  each: (page: readonly Entity[]) => void,
): Operation<Sampled> {
  const { show, taken, sampled } = sampler<CustomerRow>(sample ?? { size: Number.POSITIVE_INFINITY })
  const order = ['customer']
  let of = 0
  for (let after: string | undefined; ; ) {
    const where = all(field('source').eq(source), behind(order, after))
    const [rows] = yield* read(ctx, list(customers, { where, order, limit: SCANNED }))
    of += rows.length
    if (sample) for (const row of rows) show(row.customer, row)
    else each(yield* withLookedAt(ctx, shelf, source, looked, rows))
    if (rows.length < SCANNED) break
    after = cursorAt(order, rows.at(-1)!)
  }
  if (!sample) return { ...sampled(), asked: of, of }
  const some = taken()
  for (let from = 0; from < some.length; from += SCANNED)
    each(yield* withLookedAt(ctx, shelf, source, looked, some.slice(from, from + SCANNED)))
  return sampled()
}

function* withLookedAt(
  ctx: Context,
  shelf: Shelf,
  source: string,
  { events, members: looks }: LookedAt,
  rows: readonly CustomerRow[],
): Operation<readonly Entity[]> {
  const ids = rows.map(({ customer }) => customer)
  const facts = yield* readFacts(ctx, source, ids, events)
  const members = yield* readMembers(ctx, shelf, source, ids, looks)
  for (const [customer, mine] of members) refuseTooMany({ source, customer }, mine)
  return rows.map((row) => entityOf(row.customer, stateOf(row), facts.get(row.customer) ?? [], members.get(row.customer)))
}

/** What each part of a rule keeps and drops, and the sample it was told from where not everybody was asked. */
export interface Population extends PartCount {
  readonly sample?: Sampled
}

/** What each part of a segment's rule keeps and drops, over everybody or told from a sample. */
export function* explainPopulation(deps: AskDeps, ctx: Context, i: { segment: string; sample?: Sample }): Operation<Population> {
  const { segment, sample } = parse(populationSchema, i, 'explainPopulation')
  const { shelf, source, table } = yield* placed(deps, ctx, segment)
  if (table && !sample) return yield* tableParts(table(undefined))
  if (table && sample) {
    const { parts, sampled } = yield* sampledParts(table(undefined), sample)
    return { ...estimateParts(parts, sampled), sample: sampled }
  }
  const { environment, segments } = shelf.now(source)
  const { rule, needs } = segments.get(segment)!
  const looked = { events: [...needs.events], members: looksOf([shelf.now(source)], [segment]) }
  const counted = (entities: readonly Entity[]) => explainPure({ rule, source, environment, entities, now: ctx.now })
  let total = counted([])
  const sampled = yield* everybody(ctx, shelf, source, looked, sample, (page) => {
    total = together(total, counted(page))
  })
  return sample ? { ...estimateParts(total, sampled), sample: sampled } : total
}
