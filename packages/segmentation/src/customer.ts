import {
  all,
  type Context,
  field,
  get,
  type Happened,
  type Head,
  headOf,
  headsOf,
  list,
  nowFor,
  type Operation,
  read,
  type TimerLease,
  type TimerWrite,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { linkWrites, ownersOf } from './belonging.ts'
import type { Decision } from './decide.ts'
import type { MembershipEvent } from './members/book.ts'
import { filledBy } from './profile.ts'
import { type CustomerRef, type CustomerRow, type CustomerState, customerRow, type FactRow, factOf, type StayRow, stateOf } from './rows.ts'
import { linkedBy, type Owner, type Rulebook, type Shelf } from './rulebook.ts'
import type { Fact } from './rules/behaviour.ts'
import type { Values } from './rules/leaf.ts'
import { customers, facts, stays } from './tables.ts'

declare global {
  interface PatronkitEvents {
    'segments.entered': MembershipChange
    'segments.exited': MembershipChange
  }
}

/** One customer entered or left one segment. */
export interface MembershipChange {
  readonly source: string
  readonly customer: string
  readonly segment: string
  /** The version of the rule that decided. */
  readonly version: number
  readonly cause: Cause
}

/** Why a membership changed: what was told, also about somebody who belongs to the customer, time that passed, or another rule. */
export type Cause =
  | { readonly by: 'fact'; readonly id: string }
  | { readonly by: 'list'; readonly id: string }
  /** Somebody who belongs to the customer changed, came or went: `source/customer`. */
  | { readonly by: 'member'; readonly id: string }
  | { readonly by: 'profile' | 'related' | 'time' | 'rule' }

export function readCause(text: string): Cause {
  const slash = text.indexOf('/')
  return (slash < 0 ? { by: text } : { by: text.slice(0, slash), id: text.slice(slash + 1) }) as Cause
}

export const SUBJECT = 'segments-customer'
/** Customers whose memberships time alone changes; a key is the subject. */
export const QUEUE = 'segments.time'
/** Customers whose members were linked to them; a key is the subject. */
export const MEMBERS = 'segments.members'
export const subjectOf = ({ source, customer }: CustomerRef): string => `${source}/${customer}`
export function refOf(subject: string): CustomerRef {
  const slash = subject.indexOf('/')
  return { source: subject.slice(0, slash), customer: subject.slice(slash + 1) }
}

export const MOST_FACTS = 100_000

export interface Stored {
  readonly ref: CustomerRef
  readonly head: Head
  readonly state: CustomerState | null
  /** Those of the facts asked for that are there. */
  readonly known: readonly FactRow[]
  /** To whom they belong, and will by what is told: read with them, since they are decided with them. */
  readonly owners: readonly Stored[]
}

/** What is stored about a customer, and the rules as they are published, in one snapshot. */
export function* readCustomer(
  book: Rulebook,
  ctx: Context,
  ref: CustomerRef,
  factIds: readonly string[] = [],
): Operation<{ readonly stored: Stored; readonly shelf: Shelf }> {
  const { source, customer } = ref
  const named = all(field('source').eq(source), field('customer').eq(customer), field('fact').in(factIds))
  const about = [...book.mark, headOf(SUBJECT, subjectOf(ref)), get(customers, { source, customer })] as const
  const [groups, last, head, row, known] =
    factIds.length === 0
      ? ([...(yield* read(ctx, ...about)), []] as const)
      : yield* read(ctx, ...about, list(facts, { where: named, limit: factIds.length }))
  return { stored: { ref, head, state: row && stateOf(row), known, owners: [] }, shelf: yield* book.shelf(ctx, [groups, last]) }
}

/** A customer to read, with what is told of their columns. */
export interface Asked {
  readonly ref: CustomerRef
  readonly factIds: readonly string[]
  readonly profile?: Values
  /** When these became so. Default: the clock. */
  readonly at?: number
}

/** The same for many customers. */
export function* readCustomers(
  book: Rulebook,
  ctx: Context,
  asked: readonly Asked[],
): Operation<{ readonly stored: readonly Stored[]; readonly shelf: Shelf }> {
  const shelf = yield* book.shelf(ctx, yield* read(ctx, ...book.mark))
  return { stored: yield* storedOf(ctx, asked), shelf }
}

/** All their heads in one read: who has to wait for one of them waits for all. */
function* storedOf(ctx: Context, asked: readonly Asked[]): Operation<readonly Stored[]> {
  const subjects = asked.map(({ ref }) => subjectOf(ref))
  const groups = [...Map.groupBy(asked, ({ ref }) => ref.source)].map(([source, of]) => {
    const ids = of.map(({ ref }) => ref.customer)
    const named = [...new Set(of.flatMap(({ factIds }) => factIds))]
    return { named, limit: ids.length, where: all(field('source').eq(source), field('customer').in(ids)) }
  })
  const withFacts = groups.filter(({ named }) => named.length > 0)
  const [heads, ...answers] = yield* read(
    ctx,
    headsOf(SUBJECT, subjects),
    ...groups.map(({ where, limit }) => list(customers, { where, limit })),
    ...withFacts.map(({ where, named, limit }) => list(facts, { where: all(where, field('fact').in(named)), limit: named.length * limit })),
  )
  const rows = answers.slice(0, groups.length) as readonly (readonly CustomerRow[])[]
  const known = answers.slice(groups.length) as readonly (readonly FactRow[])[]
  const rowOf = new Map(rows.flat().map((row) => [subjectOf(row), row]))
  const factsOf = Map.groupBy(known.flat(), subjectOf)
  return asked.map(({ ref }, n) => {
    const row = rowOf.get(subjects[n]!)
    return { ref, head: heads[n]!, state: row ? stateOf(row) : null, known: factsOf.get(subjects[n]!) ?? [], owners: [] }
  })
}

/** What is stored about customers, and about those to whom they belong and will belong, who are decided on with them. */
export function* readWithOwners(
  book: Rulebook,
  ctx: Context,
  asked: readonly Asked[],
): Operation<{ readonly stored: readonly Stored[]; readonly shelf: Shelf }> {
  const ahead = yield* ownersAhead(book, ctx, asked)
  const own = new Set(asked.map(({ ref }) => subjectOf(ref)))
  const others = ahead.filter((ref) => !own.has(subjectOf(ref))).map((ref): Asked => ({ ref, factIds: [] }))
  const { stored, shelf } = yield* readOf(book, ctx, [...asked, ...others])
  const found = new Map(stored.map((one) => [subjectOf(one.ref), one]))
  const wanted = asked.map(({ ref, profile = {}, at }, n) => {
    const { head, state } = stored[n]!
    const columns = shelf.now(ref.source).source?.columns ?? {}
    // a column by which they belong may be one that fills itself
    const filled = Object.entries(profile).map(([name, value]) => filledBy(name, value, at ?? nowFor(ctx, head), columns))
    return ownersOf(shelf.owners(ref.source), state?.profile.values ?? {}, profile, ...filled)
  })
  const missing = new Map(wanted.flat().map((ref) => [subjectOf(ref), { ref, factIds: [] }]))
  for (const name of found.keys()) missing.delete(name)
  if (missing.size > 0) for (const one of yield* storedOf(ctx, [...missing.values()])) found.set(subjectOf(one.ref), one)
  return {
    stored: asked.map((_, n) => ({ ...stored[n]!, owners: wanted[n]!.map((ref) => found.get(subjectOf(ref))!) })),
    shelf,
  }
}

function* readOf(
  book: Rulebook,
  ctx: Context,
  asked: readonly Asked[],
): Operation<{ readonly stored: readonly Stored[]; readonly shelf: Shelf }> {
  const [one] = asked
  if (asked.length !== 1) return yield* readCustomers(book, ctx, asked)
  const { stored, shelf } = yield* readCustomer(book, ctx, one!.ref, one!.factIds)
  return { stored: [stored], shelf }
}

/**
 * Probably theirs, looked up ahead of any head: a command that holds a head waits for no other, and would be sent back by everybody who
 * tells something about the same company.
 */
function* ownersAhead(book: Rulebook, ctx: Context, asked: readonly Asked[]): Operation<readonly CustomerRef[]> {
  const found: CustomerRef[] = []
  for (const [source, of] of Map.groupBy(asked, ({ ref }) => ref.source)) {
    const owners = book.ownersBefore(ctx.tenant, source)
    if (owners.length === 0) continue
    const ids = of.map(({ ref }) => ref.customer)
    const where = all(field('source').eq(source), field('customer').in(ids))
    const [rows] = yield* read(ctx, list(customers, { where, limit: ids.length }))
    found.push(...ownersOf(owners, ...rows.map(({ profile }) => profile as Values), ...of.map(({ profile = {} }) => profile)))
  }
  return [...new Map(found.map((ref) => [subjectOf(ref), ref])).values()]
}

/** The facts of customers of one source, of these types or of all, by customer, in the order in which they happened. */
export function* readFacts(
  ctx: Context,
  source: string,
  ids: readonly string[],
  types: readonly string[] | null,
): Operation<ReadonlyMap<string, readonly Fact[]>> {
  if (ids.length === 0 || types?.length === 0) return new Map()
  const whose = ids.length === 1 ? field('customer').eq(ids[0]!) : field('customer').in(ids)
  const where = all(field('source').eq(source), whose, ...(types ? [field('type').in(types)] : []))
  const [rows] = yield* read(ctx, list(facts, { where, order: ['customer', 'at', 'arrival'], limit: MOST_FACTS * ids.length }))
  return new Map([...Map.groupBy(rows, ({ customer }) => customer)].map(([customer, mine]) => [customer, mine.map(factOf)]))
}

/** The unit of a decision: the customer's row, new facts, stays that begin and end, one event a flip, the timer if it moves. */
export function unitFor(
  ctx: Context,
  i: {
    readonly stored: Stored
    readonly decision: Decision
    /** To whom customers of this source belong. */
    readonly owners: readonly Owner[]
    readonly facts?: readonly FactRow[]
    readonly events?: readonly Happened[]
    readonly fired?: TimerLease
  },
): Unit {
  const { stored, decision, owners, fired } = i
  const { ref, head } = stored
  const { flips } = decision
  const state = { ...decision.state, linked: linkedBy(owners) }
  const subject = subjectOf(ref)
  const events = [...(i.events ?? []), ...flips.map((flip): Happened => ({ type: flip.type, v: 1, at: flip.at, data: toldOf(ref, flip) }))]
  const writes: readonly Write[] = [
    { write: 'put', table: customers, row: customerRow(ref, state) },
    ...(i.facts ?? []).map((row): Write => ({ write: 'insert', table: facts, row })),
    ...stayWrites(ref, stored.state, flips),
    ...linkWrites(ref, stored.state, state),
  ]
  const timers = [
    ...(state.lookAt === (stored.state?.lookAt ?? null) && !fired ? [] : [timerWrite(subject, state.lookAt)]),
    ...newlyLinked(ctx, stored.state, state, owners),
  ]
  return unitOn(ctx, { kind: SUBJECT, subject, head, events, writes, timers, ...(fired ? { fired } : {}) })
}

const toldOf = ({ source, customer }: CustomerRef, { segment, version, cause }: MembershipEvent) => ({
  source,
  customer,
  segment,
  version,
  cause: { ...readCause(cause) },
})

/**
 * Who was told about before a relation was published may have changed while it was: those they belong to are asked once more when they
 * are linked.
 */
const newlyLinked = (ctx: Context, before: CustomerState | null, after: CustomerState, owners: readonly Owner[]): readonly TimerWrite[] =>
  before === null || before.linked === after.linked
    ? []
    : ownersOf(owners, after.profile.values).map((ref) => ({ timer: 'set', queue: MEMBERS, key: subjectOf(ref), dueAt: ctx.now }))

const timerWrite = (key: string, dueAt: number | null): TimerWrite =>
  dueAt === null ? { timer: 'cancel', queue: QUEUE, key } : { timer: 'set', queue: QUEUE, key, dueAt }

/** A stay that ends is closed; one that began in the same unit goes in as it ended. */
function stayWrites({ source, customer }: CustomerRef, before: CustomerState | null, flips: readonly MembershipEvent[]): readonly Write[] {
  const begun = new Map<string, StayRow>()
  const writes: Write[] = []
  const done: StayRow[] = []
  let number = before?.stays ?? 0
  for (const { type, segment, version, at, cause } of flips) {
    if (type === 'segments.entered') {
      const entered = { entered_at: at, entered_version: version, entered_cause: cause }
      begun.set(segment, { source, segment, customer, stay: ++number, ...entered, left_at: null, left_version: null, left_cause: null })
      continue
    }
    const left = { left_at: at, left_version: version, left_cause: cause }
    const fresh = begun.get(segment)
    if (fresh) {
      done.push({ ...fresh, ...left })
      begun.delete(segment)
    } else writes.push({ write: 'change', table: stays, key: { source, segment, customer, stay: before!.open[segment]! }, set: left })
  }
  return [...writes, ...[...done, ...begun.values()].map((row): Write => ({ write: 'insert', table: stays, row }))]
}
