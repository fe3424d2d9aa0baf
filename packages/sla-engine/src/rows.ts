import type { ClockPhase } from '@patronkit/business-time/clock'
import type { Json, Pinned, RowOf } from '@patronkit/core/service'
import type { Rules } from './evolve.ts'
import type { Attributes, ItemClock, ItemRef, ItemState, StoredFact } from './model.ts'
import type { clocks, facts, items } from './tables.ts'
import { dueAt } from './view.ts'

export type ItemRow = RowOf<typeof items>
export type FactRow = RowOf<typeof facts>
export type ClockRow = RowOf<typeof clocks>

/** The item as its rows have it. */
export function stateOf(item: ItemRow, clockRows: readonly ClockRow[]): ItemState {
  return {
    attributes: item.attributes as Attributes,
    openedAt: item.opened_at,
    asOf: item.as_of,
    policy: pinned(item.policy, item.policy_version, item.policy_hash),
    calendar: pinned(item.calendar, item.calendar_version, item.calendar_hash),
    clocks: clockRows.map(clockOf),
  }
}

const pinned = (id: string | null, version: number | null, hash: string | null): Pinned | null =>
  id === null || version === null || hash === null ? null : { id, version, hash }

const clockOf = (row: ClockRow): ItemClock => ({
  metric: row.metric,
  cycle: row.cycle,
  clock: { phase: row.phase as ClockPhase, startedAt: row.started_at, since: row.since, countedMs: row.counted_ms },
  held: row.held,
  targetMs: row.target_ms,
  counts: row.counts as ItemClock['counts'],
  climbed: row.climbed as readonly string[],
  missedAt: row.missed_at,
  breachedAt: row.breached_at,
})

export const itemRow = (item: ItemRef, state: ItemState, facts: number, timerAt: number | null): ItemRow => ({
  item_type: item.type,
  item: item.id,
  attributes: state.attributes as Json,
  opened_at: state.openedAt,
  as_of: state.asOf,
  policy: state.policy?.id ?? null,
  policy_version: state.policy?.version ?? null,
  policy_hash: state.policy?.hash ?? null,
  calendar: state.calendar?.id ?? null,
  calendar_version: state.calendar?.version ?? null,
  calendar_hash: state.calendar?.hash ?? null,
  facts,
  timer_at: timerAt,
})

export const clockRow = (item: ItemRef, clock: ItemClock, rules: Rules): ClockRow => ({
  item_type: item.type,
  item: item.id,
  metric: clock.metric,
  cycle: clock.cycle,
  phase: clock.clock.phase,
  started_at: clock.clock.startedAt,
  since: clock.clock.since,
  counted_ms: clock.clock.countedMs,
  held: clock.held,
  counts: clock.counts,
  target_ms: clock.targetMs,
  due_at: dueAt(clock, rules),
  missed_at: clock.missedAt,
  breached_at: clock.breachedAt,
  climbed: clock.climbed as Json,
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
})

export const factOf = (row: FactRow): StoredFact => ({
  id: row.fact,
  type: row.type,
  at: row.at,
  attributes: row.attributes as Attributes | null,
  data: row.data as Attributes | null,
  arrival: row.arrival,
})

/** The same clock written twice gives the same text; used to write only what changed. */
export const sameClock = (a: ItemClock | undefined, b: ItemClock): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
