import { type Clearing, checkDerived, type Redaction, type StorageHealth } from '../port.ts'
import type { Table } from '../table.ts'
import { LANES, laneOf } from '../text.ts'
import { after, type Doing, getKept, type Kept, keyOf, putKept, type RowStore, removeKept, scanKept } from './row-store.ts'
import { listRows, removeRow } from './rows.ts'
import { allTimers, dropTimers } from './timers.ts'

const PAGE = 1_000
const EVERYTHING = { op: 'all', of: [] } as const

/** Takes body and salt out of a subject's events. */
export function* redactEvents(store: RowStore, tenant: string, of: Redaction): Doing<number> {
  const events = keyOf('event', tenant, of.kind, of.subject)
  const end = of.upTo === undefined ? after(events) : keyOf('event', tenant, of.kind, of.subject, of.upTo + 1)
  let taken = 0
  for (let from = events; ; ) {
    const page = yield* scanKept(store, from, end, PAGE)
    for (const [key, kept] of page) {
      if (kept.body === null) continue
      yield* putKept(store, key, { ...kept, body: null, salt: null })
      taken += 1
    }
    if (page.length < PAGE) return taken
    from = `${page.at(-1)![0]}\u0000`
  }
}

/** Removes rows of a derived table. */
export function* clearRows(store: RowStore, tenant: string, of: Clearing): Doing<number> {
  checkDerived(of.table)
  const rows = yield* listRows(store, of.table, tenant, of.where, [], of.limit)
  for (const row of rows) yield* removeRow(store, of.table, tenant, row)
  return rows.length
}

/** Removes what a tenant has: rows of the declared tables, then timers, events, heads. */
export function* dropRows(store: RowStore, tables: readonly Table[], tenant: string, limit: number): Doing<number> {
  let left = limit
  for (const table of tables) {
    const rows = yield* listRows(store, table, tenant, EVERYTHING, [], left)
    for (const row of rows) yield* removeRow(store, table, tenant, row)
    left -= rows.length
  }
  left -= yield* dropTimers(store, tenant, left)
  const events = yield* scanKept(store, keyOf('event', tenant), after(keyOf('event', tenant)), Math.max(0, left))
  if (events.length > 0) yield* dropPlaces(store, tenant, new Set(events.map(([key]) => key)))
  for (const [key] of events) yield* removeKept(store, key)
  left -= events.length
  const heads = yield* scanKept(store, keyOf('head', tenant), after(keyOf('head', tenant)), Math.max(0, left))
  for (const [key] of heads) yield* removeKept(store, key)
  return limit - (left - heads.length)
}

/** Takes events out of the feed and out of the queue before it. */
function* dropPlaces(store: RowStore, tenant: string, events: ReadonlySet<string>): Doing<void> {
  for (const prefix of [keyOf('unsequenced'), keyOf('fed', laneOf(tenant))]) {
    for (let from = prefix; ; ) {
      const page = yield* scanKept(store, from, after(prefix), PAGE)
      for (const [key, entry] of page) if (events.has(entry.at as string)) yield* removeKept(store, key)
      if (page.length < PAGE) break
      from = `${page.at(-1)![0]}\u0000`
    }
  }
}

/** Counts by walking: a row store has nothing faster. */
export function* healthOf(store: RowStore): Doing<StorageHealth> {
  const unsequenced = yield* walk(store, keyOf('unsequenced'))
  const [oldest] = unsequenced
  const behind: { [consumer: string]: number } = {}
  const states = yield* walk(store, keyOf('consumer'))
  for (const consumer of new Set(states.map(([, state]) => state.consumer as string))) {
    behind[consumer] = 0
    for (let lane = 0; lane < LANES; lane++) {
      const last = (yield* getKept(store, keyOf('lane', lane)))?.last as number | undefined
      const state = yield* getKept(store, keyOf('consumer', consumer, lane))
      behind[consumer] += (last ?? 0) - ((state?.position as number | undefined) ?? 0)
    }
  }
  const waiting = oldest && ((yield* getKept(store, oldest[1].at as string)) as Kept)
  return {
    parked: (yield* allTimers(store)).filter((timer) => timer.parked).length,
    unsequenced: unsequenced.length,
    unsequencedSince: (waiting?.recordedAt as number | undefined) ?? null,
    behind,
    now: null,
  }
}

const walk = (store: RowStore, prefix: string) => scanKept(store, prefix, after(prefix), Number.MAX_SAFE_INTEGER)
