// What whoever runs the system needs beside the services: export, removal, pruning, sealing, parked timers.
import { commandKeys, coreSchema } from './core-tables.ts'
import { PatronkitError } from './errors.ts'
import { brokenAt, type Head, type StoredEvent } from './event.ts'
import { type Instant, toMs } from './instant.ts'
import { behind, cursorAt } from './keyset.ts'
import {
  eventsOf,
  headOf,
  list,
  type Read,
  type Storage,
  type StoredTimer,
  type SubjectHead,
  type SubjectRef,
  subjectsAfter,
  type TimerRef,
  timersAfter,
} from './port.ts'
import { field } from './predicate.ts'
import type { Row } from './table.ts'

const PAGE = 1_000

/** Whose data in which storage. */
export interface OfTenant {
  readonly storage: Storage
  readonly tenant: string
}

/** Which subject in which storage. */
export interface OfSubject extends OfTenant, SubjectRef {}

/** One line of an export. */
export type Exported =
  | { readonly export: 'row'; readonly table: string; readonly row: Row }
  | ({ readonly export: 'subject' } & SubjectHead)
  | { readonly export: 'event'; readonly event: StoredEvent }
  | { readonly export: 'timer'; readonly timer: StoredTimer }

/**
 * Everything a tenant has, line by line: rows by table, then each subject with its events, then timers. Plain data, fit
 * for `JSON.stringify`. Pages are read one after the other, so export while nobody writes, or export again.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@patronkit/core'
 * import { exportTenant } from '@patronkit/core/operations'
 *
 * for await (const line of exportTenant({ storage: memoryStorage(), tenant: 'acme' })) console.log(JSON.stringify(line))
 * ```
 */
export async function* exportTenant(i: OfTenant): AsyncGenerator<Exported> {
  const { storage, tenant } = i
  storage.declare(coreSchema)
  for (const table of storage.tables()) {
    let cursor: string | undefined
    do {
      const page = (await one(i, list(table, { where: behind(table.key, cursor), order: table.key, limit: PAGE }))) as readonly Row[]
      for (const row of page) yield { export: 'row', table: table.name, row }
      cursor = page.length === PAGE ? cursorAt(table.key, page.at(-1)!) : undefined
    } while (cursor !== undefined)
  }
  for await (const subject of subjectsOf(i)) {
    yield { export: 'subject', ...subject }
    for await (const event of allEvents({ storage, tenant, ...subject })) yield { export: 'event', event }
  }
  for (const parked of [false, true]) {
    for await (const timer of timersOf(i, parked)) yield { export: 'timer', timer }
  }
}

/** Removes everything a tenant has, in pieces of `page` rows, each a transaction of its own. Answers how many rows went. */
export async function dropTenant(i: OfTenant & { readonly page?: number; readonly onPage?: (rows: number) => void }): Promise<number> {
  i.storage.declare(coreSchema)
  let dropped = 0
  for (;;) {
    const rows = await i.storage.drop(i.tenant, i.page ?? PAGE)
    if (rows === 0) return dropped
    dropped += rows
    i.onPage?.(dropped)
  }
}

/**
 * Forgets idempotency keys that are older than an instant; 90 days back is usual. What must never be done twice is kept
 * by natural keys on its own rows, which stay. Answers how many keys went.
 */
export async function prune(i: OfTenant & { readonly before: Instant }): Promise<number> {
  i.storage.declare(coreSchema)
  const before = toMs(i.before, 'before')
  let pruned = 0
  for (;;) {
    const rows = await i.storage.clear(i.tenant, { table: commandKeys, where: field('at').lt(before), limit: PAGE })
    pruned += rows
    if (rows < PAGE) return pruned
  }
}

/** Whether the events of a subject are those that were written: the first that is not, or null. */
export async function verifySubject(i: OfSubject): Promise<number | null> {
  const { head, events } = await subjectWhole(i)
  return brokenAt(events, head)
}

/**
 * Puts an old subject's events away: hands them all over, and only when they are kept takes their bodies out of the
 * database. Envelopes and hashes stay, so both the file and the database verify against the same head.
 */
export async function sealSubject(i: OfSubject & { readonly keep: (events: readonly StoredEvent[]) => Promise<void> }): Promise<number> {
  const { head, events } = await subjectWhole(i)
  const broken = brokenAt(events, head)
  if (broken !== null) throw brokenChain(i, broken)
  if (events.length === 0) return 0
  await i.keep(events)
  return i.storage.redact(i.tenant, { kind: i.kind, subject: i.subject, upTo: head.seq })
}

/** Timers that failed too often, page by page. */
export const parkedTimers = (i: OfTenant): AsyncGenerator<StoredTimer> => timersOf(i, true)

/** Lets a parked timer fire again, from `at` on. */
export async function reviveTimer(i: OfTenant & TimerRef & { readonly at: Instant }): Promise<void> {
  const { tenant, queue, key } = i
  const timer = { timer: 'set', queue, key, dueAt: toMs(i.at, 'at') } as const
  await i.storage.commit([{ tenant, heads: [], writes: [], events: [], timers: [timer] }])
}

const one = async (i: OfTenant, read: Read): Promise<unknown> => (await i.storage.read(i.tenant, [read]))[0]

async function* subjectsOf(i: OfTenant): AsyncGenerator<SubjectHead> {
  for (let after: SubjectRef | null = null; ; ) {
    const page = (await one(i, subjectsAfter(after, PAGE))) as readonly SubjectHead[]
    yield* page
    if (page.length < PAGE) return
    after = page.at(-1)!
  }
}

async function* timersOf(i: OfTenant, parked: boolean): AsyncGenerator<StoredTimer> {
  for (let after: TimerRef | null = null; ; ) {
    const page = (await one(i, timersAfter(parked, after, PAGE))) as readonly StoredTimer[]
    yield* page
    if (page.length < PAGE) return
    after = page.at(-1)!
  }
}

async function* allEvents(i: OfSubject): AsyncGenerator<StoredEvent> {
  for (let after = 0; ; after += PAGE) {
    const page = (await one(i, eventsOf(i.kind, i.subject, { after, limit: PAGE }))) as readonly StoredEvent[]
    yield* page
    if (page.length < PAGE) return
  }
}

/** The head first: events that come later are not part of it. */
async function subjectWhole(i: OfSubject): Promise<{ readonly head: Head; readonly events: readonly StoredEvent[] }> {
  const head = (await one(i, headOf(i.kind, i.subject))) as Head
  const events: StoredEvent[] = []
  for await (const event of allEvents(i)) {
    if (event.seq <= head.seq) events.push(event)
  }
  return { head, events }
}

const brokenChain = (i: OfSubject, seq: number) =>
  new PatronkitError({
    code: 'core/broken-chain',
    message: `event ${seq} of ${i.kind} ${i.subject} is not the one that was written. Nothing was sealed; restore the events from a copy.`,
    details: { kind: i.kind, subject: i.subject, seq },
  })
