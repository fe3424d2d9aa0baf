import type { Claimed, ClaimRequest, StoredTimer, TimerRef } from '../port.ts'
import { compareText } from '../text.ts'
import type { TimerLease, TimerWrite, Unit } from '../unit.ts'
import { after, type Doing, getKept, type Kept, keyOf, putKept, type RowStore, removeKept, scanKept } from './row-store.ts'

interface Timer {
  readonly tenant: string
  readonly queue: string
  readonly key: string
  readonly dueAt: number
  readonly generation: number
  readonly lease: string | null
  readonly leaseUntil: number | null
  readonly attempts: number
  readonly lastError: string | null
  readonly parked: boolean
}

const timerKey = (tenant: string, queue: string, key: string) => keyOf('timer', tenant, queue, key)

/** Waiting timers stand in one list, leased ones in another; parked ones in none. */
const placeOf = (t: Timer) =>
  t.leaseUntil === null ? keyOf('due', t.queue, t.dueAt, t.tenant, t.key) : keyOf('leased', t.queue, t.leaseUntil, t.tenant, t.key)

function* readTimer(store: RowStore, tenant: string, queue: string, key: string): Doing<Timer | undefined> {
  return (yield* getKept(store, timerKey(tenant, queue, key))) as Timer | undefined
}

function* saveTimer(store: RowStore, timer: Timer, before: Timer | undefined): Doing<void> {
  if (before && !before.parked) yield* removeKept(store, placeOf(before))
  yield* putKept(store, timerKey(timer.tenant, timer.queue, timer.key), timer as unknown as Kept)
  if (!timer.parked) yield* putKept(store, placeOf(timer), { tenant: timer.tenant, key: timer.key })
}

function* dropTimer(store: RowStore, timer: Timer): Doing<void> {
  yield* removeKept(store, timerKey(timer.tenant, timer.queue, timer.key))
  if (!timer.parked) yield* removeKept(store, placeOf(timer))
}

export function* holdsLease(store: RowStore, tenant: string, lease: TimerLease): Doing<boolean> {
  const timer = yield* readTimer(store, tenant, lease.queue, lease.key)
  return timer !== undefined && timer.generation === lease.generation && timer.lease === lease.lease
}

/** Timers of a tenant by queue and key. */
export function* readTimers(
  store: RowStore,
  tenant: string,
  read: { readonly parked: boolean; readonly after: TimerRef | null; readonly limit: number },
): Doing<readonly StoredTimer[]> {
  const found: StoredTimer[] = []
  let from = read.after ? after(timerKey(tenant, read.after.queue, read.after.key)) : keyOf('timer', tenant)
  while (found.length < read.limit) {
    const page = yield* scanKept(store, from, after(keyOf('timer', tenant)), read.limit)
    for (const [, kept] of page) {
      const { queue, key, dueAt, generation, attempts, lastError, parked } = kept as unknown as Timer
      if (parked === read.parked) found.push({ queue, key, dueAt, generation, attempts, lastError, parked })
    }
    if (page.length < read.limit) break
    from = `${page.at(-1)![0]}\u0000`
  }
  return found.slice(0, Math.max(0, read.limit))
}

/** Every timer there is. */
export function* timersIn(store: RowStore): Doing<readonly Timer[]> {
  const all = yield* scanKept(store, keyOf('timer'), after(keyOf('timer')), Number.MAX_SAFE_INTEGER)
  return all.map(([, kept]) => kept as unknown as Timer)
}

/** Removes timers of a tenant; answers how many. */
export function* dropTimers(store: RowStore, tenant: string, limit: number): Doing<number> {
  const page = yield* scanKept(store, keyOf('timer', tenant), after(keyOf('timer', tenant)), Math.max(0, limit))
  for (const [, kept] of page) yield* dropTimer(store, kept as unknown as Timer)
  return page.length
}

/** A fired timer that the unit does not mention again is done with. */
export function* writeTimers(store: RowStore, unit: Unit): Doing<void> {
  for (const write of unit.timers) yield* writeTimer(store, unit.tenant, write)
  const fired = unit.fired
  if (!fired || unit.timers.some((write) => write.queue === fired.queue && write.key === fired.key)) return
  const timer = yield* readTimer(store, unit.tenant, fired.queue, fired.key)
  if (timer) yield* dropTimer(store, timer)
}

function* writeTimer(store: RowStore, tenant: string, write: TimerWrite): Doing<void> {
  const before = yield* readTimer(store, tenant, write.queue, write.key)
  if (write.timer === 'cancel') {
    if (before) yield* dropTimer(store, before)
  } else if (write.timer === 'set') {
    const fresh = { lease: null, leaseUntil: null, attempts: 0, lastError: null, parked: false }
    const generation = (before?.generation ?? 0) + 1
    yield* saveTimer(store, { tenant, queue: write.queue, key: write.key, dueAt: write.dueAt, generation, ...fresh }, before)
  } else if (before) {
    const failed = { lease: null, leaseUntil: null, attempts: before.attempts + 1, lastError: write.error, parked: write.parked }
    yield* saveTimer(store, { ...before, dueAt: write.dueAt, ...failed }, before)
  }
}

/** What is due, the oldest first; ties by tenant, queue and key, so that every engine gives the same. */
export function* claimTimers(store: RowStore, request: ClaimRequest): Doing<readonly Claimed[]> {
  const ripe: Timer[] = []
  for (const queue of request.queues) {
    const waiting = yield* scanKept(store, keyOf('due', queue), keyOf('due', queue, request.now + 1), request.limit)
    // leases that ran out are few, and their order is not that of their due instants
    const lapsed = yield* scanKept(store, keyOf('leased', queue), keyOf('leased', queue, request.now + 1), Number.MAX_SAFE_INTEGER)
    for (const [, due] of [...waiting, ...lapsed]) ripe.push((yield* readTimer(store, due.tenant as string, queue, due.key as string))!)
  }
  const claimed: Claimed[] = []
  for (const timer of ripe.sort(inOrder).slice(0, request.limit)) {
    yield* saveTimer(store, { ...timer, lease: request.lease, leaseUntil: request.now + request.leaseMs }, timer)
    const { tenant, queue, key, dueAt, generation, attempts } = timer
    claimed.push({ tenant, queue, key, dueAt, generation, attempts, lease: request.lease })
  }
  return claimed
}

const inOrder = (a: Timer, b: Timer): number =>
  a.dueAt - b.dueAt || compareText(a.tenant, b.tenant) || compareText(a.queue, b.queue) || compareText(a.key, b.key)

export function* nextDueTimer(store: RowStore, queues: readonly string[]): Doing<number | null> {
  let next: number | null = null
  for (const queue of queues) {
    for (const place of ['due', 'leased']) {
      const [first] = yield* scanKept(store, keyOf(place, queue), after(keyOf(place, queue)), 1)
      if (!first) continue
      const timer = (yield* readTimer(store, first[1].tenant as string, queue, first[1].key as string))!
      const at = timer.leaseUntil ?? timer.dueAt
      if (next === null || at < next) next = at
    }
  }
  return next
}
