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
  type Operation,
  read,
  type TimerLease,
  type TimerWrite,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import type { Decision } from './decide.ts'
import type { MembershipEvent } from './members/book.ts'
import { type CustomerRef, type CustomerState, customerRow, type FactRow, factOf, type StayRow, stateOf } from './rows.ts'
import type { Rulebook, Shelf } from './rulebook.ts'
import type { Fact } from './rules/behaviour.ts'
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

/** Why a membership changed: what was told, time that passed, or another rule. */
export type Cause =
  | { readonly by: 'fact'; readonly id: string }
  | { readonly by: 'list'; readonly id: string }
  | { readonly by: 'profile' | 'related' | 'time' | 'rule' }

export function readCause(text: string): Cause {
  const slash = text.indexOf('/')
  return (slash < 0 ? { by: text } : { by: text.slice(0, slash), id: text.slice(slash + 1) }) as Cause
}

export const SUBJECT = 'segments-customer'
/** Customers whose memberships time alone changes; a key is the subject. */
export const QUEUE = 'segments.time'
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
  return { stored: { ref, head, state: row && stateOf(row), known }, shelf: yield* book.shelf(ctx, [groups, last]) }
}

/** The same for many customers. */
export function* readCustomers(
  book: Rulebook,
  ctx: Context,
  asked: readonly { readonly ref: CustomerRef; readonly factIds: readonly string[] }[],
): Operation<{ readonly stored: readonly Stored[]; readonly shelf: Shelf }> {
  const shelf = yield* book.shelf(ctx, yield* read(ctx, ...book.mark))
  const found = new Map<string, Stored>()
  for (const [source, ofSource] of Map.groupBy(asked, ({ ref }) => ref.source)) {
    const ids = ofSource.map(({ ref }) => ref.customer)
    const named = [...new Set(ofSource.flatMap(({ factIds }) => factIds))]
    const ofThese = all(field('source').eq(source), field('customer').in(ids))
    const about = [
      headsOf(
        SUBJECT,
        ofSource.map(({ ref }) => subjectOf(ref)),
      ),
      list(customers, { where: ofThese, limit: ids.length }),
    ] as const
    const [heads, rows, known] =
      named.length === 0
        ? ([...(yield* read(ctx, ...about)), []] as const)
        : yield* read(ctx, ...about, list(facts, { where: all(ofThese, field('fact').in(named)), limit: named.length * ids.length }))
    const byId = new Map(rows.map((row) => [row.customer, row]))
    const factsOf = Map.groupBy(known, ({ customer }) => customer)
    for (const [n, { ref }] of ofSource.entries()) {
      const row = byId.get(ref.customer)
      found.set(subjectOf(ref), { ref, head: heads[n]!, state: row ? stateOf(row) : null, known: factsOf.get(ref.customer) ?? [] })
    }
  }
  return { stored: asked.map(({ ref }) => found.get(subjectOf(ref))!), shelf }
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
    readonly facts?: readonly FactRow[]
    readonly events?: readonly Happened[]
    readonly fired?: TimerLease
  },
): Unit {
  const { stored, decision, fired } = i
  const { ref, head } = stored
  const { state, flips } = decision
  const subject = subjectOf(ref)
  const events = [...(i.events ?? []), ...flips.map((flip): Happened => ({ type: flip.type, v: 1, at: flip.at, data: toldOf(ref, flip) }))]
  const writes: readonly Write[] = [
    { write: 'put', table: customers, row: customerRow(ref, state) },
    ...(i.facts ?? []).map((row): Write => ({ write: 'insert', table: facts, row })),
    ...stayWrites(ref, stored.state, flips),
  ]
  const timers = state.lookAt === (stored.state?.lookAt ?? null) && !fired ? [] : [timerWrite(subject, state.lookAt)]
  return unitOn(ctx, { kind: SUBJECT, subject, head, events, writes, timers, ...(fired ? { fired } : {}) })
}

const toldOf = ({ source, customer }: CustomerRef, { segment, version, cause }: MembershipEvent) => ({
  source,
  customer,
  segment,
  version,
  cause: { ...readCause(cause) },
})

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
