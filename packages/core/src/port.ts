import { PatronkitError } from './errors.ts'
import type { Head, StoredEvent } from './event.ts'
import type { Pred } from './predicate.ts'
import type { PackageSchema, Row, RowOf, Table } from './table.ts'
import type { TimerLease, Unit, UnitAnswer } from './unit.ts'

/** A synchronous engine answers at once, any other with a promise. */
export type MaybePromise<T> = T | Promise<T>

/**
 * The host's open transaction, or a connection. Nothing but text crosses it: parameters are texts or null, and a
 * statement answers at most one text (the first column of its first row), which the engine casts and parses.
 */
export interface Session {
  /** `none`: a session of an engine without SQL, made by its own `transaction`. */
  readonly dialect: 'sqlite' | 'postgres' | 'none'
  /** True when `run` answers without a promise, as SQLite's drivers do. */
  readonly sync: boolean
  run(text: string, params: readonly (string | null)[]): MaybePromise<string | null>
  /**
   * A session made from a pool or a database begins a transaction of its own: keeps all when `work` ends well, nothing
   * when it throws. A session that is in the host's transaction has none.
   */
  transaction?<T>(work: (session: Session) => Promise<T>): Promise<T>
}

/** A read, as data. Several travel in one call and are answered from one snapshot. */
export type Read =
  | { readonly read: 'head'; readonly kind: string; readonly subject: string }
  | { readonly read: 'get'; readonly table: Table; readonly key: Row }
  | {
      readonly read: 'list'
      readonly table: Table
      readonly where: Pred
      readonly order: readonly OrderBy[]
      readonly limit: number
      /** Only these are given back; all where it says nothing. */
      readonly columns?: readonly string[]
    }
  | {
      readonly read: 'fold'
      readonly table: Table
      readonly where: Pred
      readonly by: readonly string[]
      readonly sum: readonly string[]
      readonly limit: number
    }
  | { readonly read: 'heads'; readonly kind: string; readonly subjects: readonly string[] }
  | { readonly read: 'subjects'; readonly after: SubjectRef | null; readonly limit: number }
  | { readonly read: 'timers'; readonly parked: boolean; readonly after: TimerRef | null; readonly limit: number }
  | { readonly read: 'events'; readonly kind: string; readonly subject: string; readonly after: number; readonly limit: number }

/** Which subject of a tenant. */
export interface SubjectRef {
  readonly kind: string
  readonly subject: string
}

/** Which timer of a tenant. */
export interface TimerRef {
  readonly queue: string
  readonly key: string
}

/** A subject with its head. */
export interface SubjectHead extends SubjectRef {
  readonly head: Head
}

/** A timer as it stands, leased or waiting or parked. */
export interface StoredTimer extends TimerRef {
  readonly dueAt: number
  readonly generation: number
  readonly attempts: number
  readonly lastError: string | null
  readonly parked: boolean
}

/** Rows of one group, counted and summed. */
export interface Fold {
  /** The columns that make the group. */
  readonly by: Row
  readonly count: number
  /** Sums by column; missing values count as nothing. */
  readonly sum: { readonly [column: string]: number }
}

export interface OrderBy {
  readonly column: string
  readonly direction: 'asc' | 'desc'
}

/** A read that knows the type of its answer. */
export type Asking<T> = Read & { readonly answers?: T }

/** The answers to a list of reads, in their order. */
export type Answers<R extends readonly Read[]> = { readonly [K in keyof R]: R[K] extends Asking<infer T> ? T : never }

/** The head of a subject; `NO_HEAD` when nobody has written it. */
export const headOf = (kind: string, subject: string): Asking<Head> => ({ read: 'head', kind, subject })

/** One row by its key, or null. */
export const get = <T extends Table>(of: T, key: Row): Asking<RowOf<T> | null> => ({ read: 'get', table: of, key })

/** The heads of several subjects of a kind, in their order. */
export const headsOf = (kind: string, subjects: readonly string[]): Asking<readonly Head[]> => ({ read: 'heads', kind, subjects })

/** Subjects of a tenant with their heads, by kind and subject. */
export const subjectsAfter = (after: SubjectRef | null, limit: number): Asking<readonly SubjectHead[]> => ({
  read: 'subjects',
  after,
  limit,
})

/** Timers of a tenant, by queue and key: those that are parked, or those that are not. */
export const timersAfter = (parked: boolean, after: TimerRef | null, limit: number): Asking<readonly StoredTimer[]> => ({
  read: 'timers',
  parked,
  after,
  limit,
})

/**
 * Matching rows, counted and summed per group, in the order of the groups. Without `by` there is one answer, also when
 * no row matches. Only integer columns are summed; a sum beyond ±(2^53−1) is refused.
 */
export function fold(
  of: Table,
  o: { where: Pred; by?: readonly string[]; sum?: readonly string[]; limit: number },
): Asking<readonly Fold[]> {
  const { by = [], sum = [], where, limit } = o
  for (const column of by) if (!Object.hasOwn(of.columns, column) || of.columns[column]!.type === 'json') throw notFoldable(of, column)
  for (const column of sum) if (!Object.hasOwn(of.columns, column) || of.columns[column]!.type !== 'integer') throw notFoldable(of, column)
  return { read: 'fold', table: of, where, by: [...new Set(by)], sum: [...new Set(sum)], limit }
}

/** Refuses to clear what is more than a memory of something. */
export function checkDerived(of: Table): void {
  if (of.derived) return
  throw new PatronkitError({
    code: 'core/bad-unit',
    message: `the rows of ${of.name} may not be cleared by a condition: the table is not declared derived. Change them under their subjects' heads.`,
    details: { why: `${of.name} is not derived` },
  })
}

const notFoldable = (of: Table, column: string) =>
  new PatronkitError({
    code: 'storage/unknown-column',
    message: `${of.name} has no column ${JSON.stringify(column)} that could be grouped by or summed. Group by columns other than JSON, and sum integers.`,
    details: { table: of.name, column },
  })

interface Listed {
  readonly where: Pred
  readonly order?: readonly (OrderBy | string)[]
  readonly limit: number
}

const listing = (of: Table, o: Listed) =>
  ({ read: 'list', table: of, where: o.where, order: totalOrder(of, o.order ?? []), limit: o.limit }) as const

/** Rows that match, in order. Ties are broken by the table's key, so an order is always total. */
export const list = <T extends Table>(of: T, o: Listed): Asking<readonly RowOf<T>[]> => listing(of, o)

/** The same without what nobody looks at, such as a long body. */
export const listColumns = <T extends Table, K extends keyof RowOf<T> & string>(
  of: T,
  columns: readonly K[],
  o: Listed,
): Asking<readonly Pick<RowOf<T>, K>[]> => ({ ...listing(of, o), columns })

/** A stretch of one subject's events, oldest first. */
export const eventsOf = (kind: string, subject: string, o: { after?: number; limit: number }): Asking<readonly StoredEvent[]> => ({
  read: 'events',
  kind,
  subject,
  after: o.after ?? 0,
  limit: o.limit,
})

function totalOrder(of: Table, given: readonly (OrderBy | string)[]): readonly OrderBy[] {
  const order = given.map((by) => (typeof by === 'string' ? ({ column: by, direction: 'asc' } as const) : by))
  const rest = of.key.filter((column) => !order.some((by) => by.column === column))
  return [...order, ...rest.map((column) => ({ column, direction: 'asc' }) as const)]
}

/** A timer that fell due and is leased to the caller. */
export interface Claimed extends TimerLease {
  readonly tenant: string
  readonly dueAt: number
  readonly attempts: number
}

/**
 * Asks for timers that are due, or whose lease ran out, in turns: the oldest of each tenant, then the second oldest of
 * each, and so on, until `limit`. A tenant's timers go by due instant, queue and key; tenants go by `laneOf` and, within a
 * lane, by name in code-point order, beginning behind `after` and going round. The answer stands in that order, so the
 * last tenant of one claim is `after` of the next, and no backlog, however long, takes another tenant's turn.
 */
export interface ClaimRequest {
  readonly queues: readonly string[]
  readonly now: number
  readonly limit: number
  readonly leaseMs: number
  /** A name no other claim has: leases are told apart by it. */
  readonly lease: string
  /** The tenant whose turn it was last, or any text to begin behind. Default: the empty text. */
  readonly after?: string
}

/** An event with its place in the feed. */
export interface FedEvent extends StoredEvent {
  readonly lane: number
  readonly position: number
}

/** Where a consumer stands in one lane. */
export interface ConsumerState {
  readonly consumer: string
  readonly lane: number
  readonly position: number
  readonly attempts: number
  readonly retryAt: number
  readonly lastError: string | null
}

/**
 * Asks for events past the consumer's positions. Lanes with news take turns, from `lane` on and going round; lanes that
 * wait are left out. When n lanes have news each gives at most `max(1, floor(limit / min(n, 8)))` events, `limit` in all.
 */
export interface FeedRequest {
  readonly consumer: string
  readonly now: number
  readonly limit: number
  /** The lane that is first in turn, 0 to 63. Default: 0. Whoever goes on behind the last lane of a page starves none. */
  readonly lane?: number
}

export interface FeedPage {
  /** Lane by lane in turn, oldest first within a lane. */
  readonly events: readonly FedEvent[]
  /** The consumer's state in each lane that `events` touches. */
  readonly states: readonly ConsumerState[]
}

/** Which events are to lose body and salt. */
export interface Redaction {
  readonly kind: string
  readonly subject: string
  /** Up to and with this event. Default: all. */
  readonly upTo?: number
}

/** Rows of a derived table that are no longer wanted. */
export interface Clearing {
  readonly table: Table
  readonly where: Pred
  readonly limit: number
}

/** What has gathered and how far consumers are behind, over all tenants. */
export interface StorageHealth {
  /** Timers that failed too often and wait for somebody to look at them. */
  readonly parked: number
  /** Events that have no place in the feed yet, and since when the oldest waits for one. */
  readonly unsequenced: number
  readonly unsequencedSince: number | null
  /** Events that a consumer has not passed yet, by its name. */
  readonly behind: { readonly [consumer: string]: number }
  /** The database's own clock, in epoch milliseconds; null where there is none. */
  readonly now: number | null
}

/** By package, the id of its last step: `{ storage: 2, core: 1, sla: 2 }`. A package that is not named has none. */
export type AppliedSteps = { readonly [of: string]: number }

/** The schema belongs to the host: it is printed, applied and compared only when the host says so. */
export interface Schema {
  /** The DDL of every step after those named in `from` (default: all), as text to run by hand. Empty for engines without DDL. */
  sql(o?: { readonly from?: AppliedSteps }): string
  /** The last step of each package that the database has. With it `sql({ from })` prints what is left to do. */
  applied(): Promise<AppliedSteps>
  /** Applies the steps that are not there yet; safe to run at the same time from two places. */
  migrate(): Promise<{ readonly applied: number }>
  /** Differences between what is there and what the packages expect, one line each. */
  drift(): Promise<readonly string[]>
}

/**
 * The storage port: read, commit, claim, and the feed of events. `claim` and `feed` are the only calls without a tenant.
 * An engine is written once and serves every domain. With a session the call joins the host's transaction.
 */
export interface Storage {
  readonly engine: string
  /** A package declares its tables before first use. Declaring the same package again changes nothing. */
  declare(schema: PackageSchema): void
  read(tenant: string, reads: readonly Read[], session?: Session): MaybePromise<readonly unknown[]>
  commit(units: readonly Unit[], session?: Session): MaybePromise<readonly UnitAnswer[]>
  /** Leases timers, disjoint from what others hold. May answer fewer than there are while others claim at the same moment. */
  claim(request: ClaimRequest): MaybePromise<readonly Claimed[]>
  /** When the earliest timer of these queues falls due or its lease ends; null when none waits. Parked timers do not count. */
  nextDue(queues: readonly string[]): MaybePromise<number | null>
  feed(request: FeedRequest): MaybePromise<FeedPage>
  /** Moves a consumer in one lane; false when somebody else moved it since. `from` is the position that was read. */
  advance(from: number, to: ConsumerState, session?: Session): MaybePromise<boolean>
  /**
   * Runs work in one transaction of the storage's own: everything done with its session stays, or nothing when the work
   * throws. May run the work again when the engine gave the transaction up. On an engine that answers at once the session
   * is `sync` and the work must end without a promise. Within the work, call the storage with the session only.
   */
  transaction<T>(work: (session: Session) => MaybePromise<T>): MaybePromise<T>
  /** Takes body and salt out of a subject's events; answers how many lost them. The chain verifies all the same. */
  redact(tenant: string, of: Redaction, session?: Session): MaybePromise<number>
  /** Removes at most `limit` rows of a derived table; answers how many. */
  clear(tenant: string, of: Clearing): MaybePromise<number>
  /** Removes at most `limit` rows of everything the tenant has; answers how many, 0 when nothing is left. */
  drop(tenant: string, limit: number): MaybePromise<number>
  /** The tables that were declared. */
  tables(): readonly Table[]
  health(): MaybePromise<StorageHealth>
  readonly schema: Schema
  close(): MaybePromise<void>
}
