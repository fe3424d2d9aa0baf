import type { ClockPhase } from '@patronkit/business-time/clock'
import type { Json, RowOf } from '@patronkit/core/service'
import type { Books } from './book.ts'
import { clockName, readClockName } from './clock-name.ts'
import type { Attached, Attributes, Author, ItemClock, ItemRef, ItemState, Link, StoredFact, Waiting } from './model.ts'
import { DEFAULT_AGREEMENT } from './policy.ts'
import type { clocks, facts, items } from './tables.ts'
import { dueAt } from './view.ts'

export type ItemRow = RowOf<typeof items>
export type FactRow = RowOf<typeof facts>
export type ClockRow = RowOf<typeof clocks>

/** Links and what the item waits for, as they are kept together. */
interface Ties {
  readonly links: readonly Link[]
  readonly waitsFor: readonly string[]
}

/** What an item knows that was written before its rules were kept beside it: it is folded anew when it is next asked for. */
export const UNRULED = -1

/** The item as its rows have it. */
export function stateOf(item: ItemRow, clockRows: readonly ClockRow[]): ItemState {
  const ties = item.links as Ties | null
  return {
    attributes: item.attributes as Attributes,
    openedAt: item.opened_at,
    openedBy: (item.opened_by as Author | null) ?? 'customer',
    asOf: item.as_of,
    book: { at: item.rules_at ?? 0, knownAt: item.rules_known_at ?? UNRULED },
    attached: (item.attached as { readonly [agreement: string]: Attached } | null) ?? {},
    clocks: clockRows.map(clockOf),
    ended: item.ended ?? false,
    links: ties?.links ?? [],
    waitsFor: ties?.waitsFor ?? [],
    mergedInto: item.merged_into as unknown as ItemRef | null,
  }
}

const clockOf = (row: ClockRow): ItemClock => ({
  ...readClockName(row.metric),
  cycle: row.cycle,
  policy: { id: row.policy ?? '', version: row.policy_version ?? 0 },
  calendar: row.calendar ?? '',
  zone: row.zone,
  party: row.party,
  clock: { phase: row.phase as ClockPhase, startedAt: row.started_at, since: row.since, countedMs: row.counted_ms },
  ready: row.ready ?? false,
  held: row.held,
  targetMs: row.target_ms,
  counts: row.counts as ItemClock['counts'],
  agreedDue: row.agreed_due,
  ruled: row.ruled as ItemClock['ruled'],
  climbed: row.climbed as { readonly [step: string]: number },
  skipped: (row.skipped as readonly string[] | null) ?? [],
  waiting: (row.waiting as unknown as readonly Waiting[] | null) ?? [],
  missedAt: row.missed_at,
  breachedAt: row.breached_at,
})

export function itemRow(item: ItemRef, state: ItemState, facts: number, timerAt: number | null, books: Books): ItemRow {
  const book = books(state.book)
  const agreed = Object.hasOwn(state.attached, DEFAULT_AGREEMENT) ? book.byId.get(state.attached[DEFAULT_AGREEMENT]!.policy) : undefined
  const calendar = agreed && typeof agreed.policy.calendar === 'string' ? book.calendarPin(agreed.policy.calendar) : null
  const tied = state.links.length > 0 || state.waitsFor.length > 0
  return {
    item_type: item.type,
    item: item.id,
    attributes: state.attributes as Json,
    opened_at: state.openedAt,
    as_of: state.asOf,
    policy: agreed?.pin.id ?? null,
    policy_version: agreed?.pin.version ?? null,
    policy_hash: agreed?.pin.hash ?? null,
    calendar: calendar?.id ?? null,
    calendar_version: calendar?.version ?? null,
    calendar_hash: calendar?.hash ?? null,
    facts,
    timer_at: timerAt,
    opened_by: state.openedBy,
    rules_at: state.book.at,
    rules_known_at: state.book.knownAt,
    attached: state.attached as unknown as Json,
    ended: state.ended,
    links: tied ? ({ links: state.links, waitsFor: state.waitsFor } as unknown as Json) : null,
    merged_into: state.mergedInto as unknown as Json,
  }
}

export const clockRow = (item: ItemRef, clock: ItemClock, state: ItemState, books: Books): ClockRow => ({
  item_type: item.type,
  item: item.id,
  metric: clockName(clock),
  cycle: clock.cycle,
  phase: clock.clock.phase,
  started_at: clock.clock.startedAt,
  since: clock.clock.since,
  counted_ms: clock.clock.countedMs,
  held: clock.held,
  counts: clock.counts,
  target_ms: clock.targetMs,
  due_at: dueAt(clock, books(state.book)),
  missed_at: clock.missedAt,
  breached_at: clock.breachedAt,
  climbed: clock.climbed as Json,
  policy: clock.policy.id,
  policy_version: clock.policy.version,
  calendar: clock.calendar,
  zone: clock.zone,
  party: clock.party,
  ready: clock.ready,
  agreed_due: clock.agreedDue,
  ruled: clock.ruled,
  skipped: clock.skipped.length === 0 ? null : (clock.skipped as Json),
  waiting: clock.waiting.length === 0 ? null : (clock.waiting as unknown as Json),
})

export const factRow = (item: ItemRef, fact: StoredFact): FactRow => ({
  item_type: item.type,
  item: item.id,
  fact: fact.id,
  type: fact.type,
  at: fact.at,
  arrival: fact.arrival,
  attributes: fact.attributes,
  data: fact.data,
  author: fact.author,
  visibility: fact.visibility,
  channel: fact.channel,
  via: fact.via,
})

export const factOf = (row: FactRow): StoredFact => ({
  id: row.fact,
  type: row.type,
  at: row.at,
  author: row.author as Author | null,
  visibility: row.visibility as StoredFact['visibility'],
  channel: row.channel,
  attributes: row.attributes as Attributes | null,
  data: row.data as Attributes | null,
  arrival: row.arrival,
  via: row.via,
})

/** The same clock written twice gives the same text; used to write only what changed. */
export const sameClock = (a: ItemClock | undefined, b: ItemClock): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
