import type { Claimed, ClaimRequest, StoredTimer, TimerRef } from '../port.ts'
import { laneOf } from '../text.ts'
import { dealt, fills, turnsAfter } from '../turns.ts'
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

/** Waiting timers stand in two lists, by due instant and by tenant, leased ones in another, parked ones in none. */
const placesOf = (t: Timer): readonly string[] => {
  if (t.parked) return []
  if (t.leaseUntil !== null) return [keyOf('leased', t.queue, t.leaseUntil, t.tenant, t.key)]
  return [keyOf('due', t.queue, t.dueAt, t.tenant, t.key), keyOf('turn', laneOf(t.tenant), t.tenant, t.queue, t.dueAt, t.key)]
}

function* readTimer(store: RowStore, tenant: string, queue: string, key: string): Doing<Timer | undefined> {
  return (yield* getKept(store, timerKey(tenant, queue, key))) as Timer | undefined
}

function* saveTimer(store: RowStore, timer: Timer, before: Timer | undefined): Doing<void> {
  for (const place of before ? placesOf(before) : []) yield* removeKept(store, place)
  yield* putKept(store, timerKey(timer.tenant, timer.queue, timer.key), timer as unknown as Kept)
  for (const place of placesOf(timer)) yield* putKept(store, place, { tenant: timer.tenant, key: timer.key })
}

function* dropTimer(store: RowStore, timer: Timer): Doing<void> {
  yield* removeKept(store, timerKey(timer.tenant, timer.queue, timer.key))
  for (const place of placesOf(timer)) yield* removeKept(store, place)
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
export function* allTimers(store: RowStore): Doing<readonly Timer[]> {
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

/** Leases what is ripe, dealt among the tenants as `ClaimRequest` says. */
export function* claimTimers(store: RowStore, request: ClaimRequest): Doing<readonly Claimed[]> {
  const { lease, now, leaseMs, limit } = request
  const claimed: Claimed[] = []
  for (const timer of dealt(yield* ripeTimers(store, request), request.after ?? '', limit)) {
    yield* saveTimer(store, { ...timer, lease, leaseUntil: now + leaseMs }, timer)
    const { tenant, queue, key, dueAt, generation, attempts } = timer
    claimed.push({ tenant, queue, key, dueAt, generation, attempts, lease })
  }
  return claimed
}

/** All that a claim may choose from: everything when it fits, else what it needs of each tenant that is in turn. */
function* ripeTimers(store: RowStore, request: ClaimRequest): Doing<readonly Timer[]> {
  const { queues, now, limit } = request
  const waiting: Timer[] = []
  const lapsed: Timer[] = []
  for (const queue of queues) {
    waiting.push(...(yield* timersIn(store, queue, keyOf('due', queue), keyOf('due', queue, now + 1), limit + 1)))
    // leases that ran out are few: what the workers that died had in hand
    lapsed.push(...(yield* timersIn(store, queue, keyOf('leased', queue), keyOf('leased', queue, now + 1), Number.MAX_SAFE_INTEGER)))
  }
  if (limit <= 0 || waiting.length + lapsed.length <= limit) return [...waiting, ...lapsed]
  const tenants = yield* tenantsInTurn(store, request, new Set(lapsed.map((timer) => timer.tenant)))
  const due = new Map<string, readonly Timer[]>()
  // a fair share of each first; every other tenant gives at least one, so nobody is ever asked for more than `utmost`
  const utmost = limit - tenants.length + 1
  for (let most = Math.ceil(limit / tenants.length); ; most = Math.min(4 * most, utmost)) {
    for (const tenant of tenants) due.set(tenant, yield* oldestOf(store, request, tenant, most))
    const ripe = [...lapsed.filter((timer) => due.has(timer.tenant)), ...[...due.values()].flat()]
    if (most >= utmost || fills(ripe, most, limit)) return ripe
  }
}

function* oldestOf(store: RowStore, request: ClaimRequest, tenant: string, most: number): Doing<readonly Timer[]> {
  const oldest: Timer[] = []
  for (const queue of request.queues) {
    const own = keyOf('turn', laneOf(tenant), tenant, queue)
    oldest.push(...(yield* timersIn(store, queue, own, `${own}${keyOf(request.now + 1)}`, most)))
  }
  return oldest
}

function* timersIn(store: RowStore, queue: string, from: string, to: string, limit: number): Doing<readonly Timer[]> {
  const timers: Timer[] = []
  for (const [, at] of yield* scanKept(store, from, to, limit)) {
    timers.push((yield* readTimer(store, at.tenant as string, queue, at.key as string))!)
  }
  return timers
}

/** The first `limit` tenants in turn that have something ripe: one step for each tenant with timers, whatever it has of them. */
function* tenantsInTurn(store: RowStore, request: ClaimRequest, lapsed: ReadonlySet<string>): Doing<readonly string[]> {
  const { after: last = '', queues, now, limit } = request
  const [all, start] = [keyOf('turn'), after(keyOf('turn', laneOf(last), last))]
  const found: string[] = []
  for (const [from, to] of [
    [start, after(all)],
    [all, start],
  ] as const) {
    let next = from
    while (found.length < limit) {
      const [first] = yield* scanKept(store, next, to, 1)
      if (!first) break
      const tenant = first[1].tenant as string
      const own = keyOf('turn', laneOf(tenant), tenant)
      for (const queue of queues) {
        const due = yield* scanKept(store, `${own}${keyOf(queue)}`, `${own}${keyOf(queue, now + 1)}`, 1)
        if (due.length === 0) continue
        found.push(tenant)
        break
      }
      next = after(own)
    }
  }
  return [...new Set([...found, ...lapsed])].sort(turnsAfter(last)).slice(0, limit)
}

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
