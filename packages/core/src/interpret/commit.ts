import { PatronkitError } from '../errors.ts'
import { type Head, NO_HEAD, type StoredEvent } from '../event.ts'
import type { SubjectHead, SubjectRef } from '../port.ts'
import type { Row } from '../table.ts'
import { laneOf } from '../text.ts'
import { type Add, fitsBounds, outOfBounds, taken, type Unit, type UnitAnswer, type Write } from '../unit.ts'
import { after, type Doing, getKept, type Kept, keyOf, putKept, type RowStore, scanKept, textsIn } from './row-store.ts'
import { getRow, putRow, removeRow } from './rows.ts'
import { holdsLease, writeTimers } from './timers.ts'

/** Checks the whole unit, then writes the whole unit. */
export function* commitUnit(store: RowStore, unit: Unit): Doing<UnitAnswer> {
  for (const move of unit.heads) {
    const found = yield* readHead(store, unit.tenant, move.kind, move.subject)
    if (found.version !== move.from.version) return { outcome: 'conflict', subject: `${move.kind} ${move.subject}`, found: found.version }
  }
  if (unit.fired && !(yield* holdsLease(store, unit.tenant, unit.fired))) {
    return { outcome: 'stale-timer', queue: unit.fired.queue, key: unit.fired.key }
  }
  const counters: Counter[] = []
  for (const add of unit.adds ?? []) {
    const counter = yield* readCounter(store, unit.tenant, add)
    if (!fitsBounds(add, counter.after)) return outOfBounds(add, counter.found)
    counters.push(counter)
  }
  for (const unique of unit.unique ?? []) {
    if (yield* getRow(store, unique.table, unit.tenant, unique.row)) return taken(unique)
  }
  const rows: { write: Write; before: Row | null }[] = []
  for (const write of unit.writes) rows.push({ write, before: yield* rowBefore(store, unit.tenant, write) })

  for (const move of unit.heads) yield* putKept(store, headKey(unit.tenant, move.kind, move.subject), { ...move.to })
  for (const { write, before } of rows) yield* writeRow(store, unit.tenant, write, before)
  for (const { table, row } of unit.unique ?? []) yield* putRow(store, table, unit.tenant, row, null)
  for (const { add, after } of counters) yield* writeCounter(store, unit.tenant, add, after)
  for (const event of unit.events) yield* append(store, event)
  yield* writeTimers(store, unit)
  return { outcome: 'done' }
}

interface Counter {
  readonly add: Add
  readonly found: number
  readonly after: number
}

function* readCounter(store: RowStore, tenant: string, add: Add): Doing<Counter> {
  const row = yield* getRow(store, add.table, tenant, add.key)
  const found = (row?.[add.column] as number | undefined) ?? 0
  return { add, found, after: found + add.by }
}

/** Reads the row again, because a unit may add to several of its counters. */
function* writeCounter(store: RowStore, tenant: string, add: Add, after: number): Doing<void> {
  const before = yield* getRow(store, add.table, tenant, add.key)
  const empty = Object.fromEntries(Object.keys(add.table.columns).map((column) => [column, 0]))
  yield* putRow(store, add.table, tenant, { ...empty, ...add.key, ...before, [add.column]: after }, before)
}

function* rowBefore(store: RowStore, tenant: string, write: Write): Doing<Row | null> {
  const before = yield* getRow(store, write.table, tenant, 'row' in write ? write.row : write.key)
  if (write.write === 'insert' && before) throw brokenWrite('storage/row-exists', write.table.name, 'is there already')
  if ((write.write === 'change' || write.write === 'remove') && !before)
    throw brokenWrite('storage/row-missing', write.table.name, 'is not there')
  return before
}

const brokenWrite = (code: 'storage/row-exists' | 'storage/row-missing', table: string, why: string) =>
  new PatronkitError({
    code,
    message: `a row of ${table} ${why}. Decide on rows that were read under the same head.`,
    details: { table },
  })

function* writeRow(store: RowStore, tenant: string, write: Write, before: Row | null): Doing<void> {
  if (write.write === 'remove') return yield* removeRow(store, write.table, tenant, before!)
  const row = 'row' in write ? write.row : { ...before, ...write.set }
  yield* putRow(store, write.table, tenant, row, before)
}

const headKey = (tenant: string, kind: string, subject: string) => keyOf('head', tenant, kind, subject)

export function* readHead(store: RowStore, tenant: string, kind: string, subject: string): Doing<Head> {
  return ((yield* getKept(store, headKey(tenant, kind, subject))) as Head | undefined) ?? NO_HEAD
}

/** Heads of a tenant in the order of kind and subject. */
export function* readSubjects(store: RowStore, tenant: string, past: SubjectRef | null, limit: number): Doing<readonly SubjectHead[]> {
  const from = past ? after(keyOf('head', tenant, past.kind, past.subject)) : keyOf('head', tenant)
  const page = yield* scanKept(store, from, after(keyOf('head', tenant)), Math.max(0, limit))
  return page.map(([key, kept]) => {
    const [kind, subject] = textsIn(key.slice(keyOf('head', tenant).length)) as [string, string]
    return { kind, subject, head: { ...kept } as unknown as Head }
  })
}

const eventKey = (e: { tenant: string; kind: string; subject: string }, seq: number) => keyOf('event', e.tenant, e.kind, e.subject, seq)

function* append(store: RowStore, event: StoredEvent): Doing<void> {
  if (yield* getKept(store, eventKey(event, event.seq))) throw brokenWrite('storage/row-exists', 'event', 'is there already')
  yield* putKept(store, eventKey(event, event.seq), { ...event })
  const waiting = keyOf('unsequenced', event.recordedAt, event.tenant, event.kind, event.subject, event.seq)
  yield* putKept(store, waiting, { lane: laneOf(event.tenant), at: eventKey(event, event.seq) })
}

export function* readEvents(
  store: RowStore,
  of: { tenant: string; kind: string; subject: string },
  past: number,
  limit: number,
): Doing<readonly StoredEvent[]> {
  const page = yield* scanKept(store, eventKey(of, past + 1), after(keyOf('event', of.tenant, of.kind, of.subject)), limit)
  return page.map(([, kept]) => asEvent(kept))
}

export const asEvent = (kept: Kept): StoredEvent => ({ ...kept }) as unknown as StoredEvent
