import type { Actor } from './actor.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Inside, insideOf } from './create-service.ts'
import { isPatronkitError, PatronkitError } from './errors.ts'
import type { Claimed, ConsumerState, FedEvent, FeedPage, Session, Storage } from './port.ts'
import { whenDone } from './steps.ts'
import { LANES, laneOf } from './text.ts'
import { type Upcasters, upcast } from './upcast.ts'

/** What an event's `data` holds, by type. Each package adds its own types with `declare global`. */
declare global {
  interface PatronkitEvents {
    'definition.published': {
      readonly kind: string
      readonly id: string
      readonly version: number
      readonly hash: string
      readonly effectiveFrom: string
    }
  }
}

type DataOf<T extends string> = T extends keyof PatronkitEvents ? PatronkitEvents[T] : unknown

/** An event as a consumer hears it. `id` is unique over all tenants: use it as the key of what you do with the event. */
export interface KitEvent<T extends string = string> {
  readonly id: string
  readonly type: T
  readonly tenant: string
  readonly subject: string
  /** When it was true. */
  readonly at: Date
  /** When it was written. */
  readonly recordedAt: Date
  readonly by: Actor
  readonly data: DataOf<T>
}

/** One of the events a consumer asked for. */
type EventOf<T extends string> = { [K in T]: KitEvent<K> }[T]

interface ConsumerOf<T extends string> {
  /** Its place in the log is kept under this name. */
  readonly name: string
  readonly types: readonly T[]
}

/** Tells the world outside: mail, webhooks, caches. */
export interface OutsideConsumer<T extends string> extends ConsumerOf<T> {
  readonly transaction?: false
  /** Called at least once for each event, one after the other, in the order of each subject. A throw means: again later. */
  readonly handle: (event: EventOf<T>) => Promise<void> | void
}

/** Writes into the same database: its place in the log moves in one transaction with what it writes. */
export interface InsideConsumer<T extends string> extends ConsumerOf<T> {
  readonly transaction: true
  /**
   * What is written through the session stays exactly once for each event. A throw means: nothing stays, and again later.
   * On a synchronous storage it must end without a promise.
   */
  readonly handle: (event: EventOf<T>, i: { readonly session: Session }) => Promise<void> | void
}

export type Consumer<T extends string> = OutsideConsumer<T> | InsideConsumer<T>

export interface Tick {
  /** Timers that were handled. */
  readonly fired: number
  /** Events that consumers took. */
  readonly delivered: number
  readonly failed: readonly { readonly subject: string; readonly code: string; readonly attempts: number; readonly parked: boolean }[]
  /** True when the limit or the budget ended the tick before the work was done. */
  readonly more: boolean
  readonly nextDueAt: Date | null
}

export interface Runner {
  /** Registers a consumer of the event log. Its name keeps its place, also over restarts. */
  consumer<T extends string>(consumer: Consumer<T>): void
  /**
   * Fires what is due and delivers what is new, for all tenants. Never throws for one bad item: those are in `failed`.
   * `limit` (default 500) bounds the timers fired and, apart from them, the events read. `budgetMs` and `signal` end the tick
   * between two pages, and between two events; timers that are leased by then are still fired.
   */
  tick(i?: { limit?: number; budgetMs?: number; signal?: AbortSignal }): Promise<Tick>
  /** How far behind timers and consumers are, and what waits for somebody to look at it. */
  health(): Promise<Health>
}

/** How the system stands, over all tenants. */
export interface Health {
  readonly timers: {
    /** When the earliest timer falls due; in the past when `tick` is late. */
    readonly nextDueAt: Date | null
    readonly lateMs: number
    /** Timers that failed too often: list them with `parkedTimers`. */
    readonly parked: number
  }
  readonly feed: {
    /** Events that consumers cannot see yet, and since when the oldest of them waits. */
    readonly unsequenced: number
    readonly since: Date | null
    /** Events each consumer that ever ran has before it. */
    readonly behind: { readonly [consumer: string]: number }
  }
  /** The database's own clock, where it has one. */
  readonly databaseNow: Date | null
}

const PAGE = 50
const LEASE_MS = 60_000
const MAX_ATTEMPTS = 8
const TIMER_ACTOR: Actor = { type: 'system', id: 'patronkit.timer' }

/** Something that gives work page by page: the timers, or one consumer. Answers how much it took; nothing means it is through. */
type Source = (tick: Counts, stop: () => boolean) => Promise<number>

interface Counts {
  readonly limit: number
  fired: number
  heard: number
  delivered: number
  readonly failed: Failure[]
}

/**
 * Drives timers and consumers of the services given. It has no loop and no timer of its own: call `tick()` from cron,
 * a worker or a serverless function.
 *
 * Timers and consumers take turns page by page, and tenants within them, so that no backlog holds up anything else. Where
 * a tick ends the next one goes on; a new runner begins somewhere, so that many short-lived ones are fair as well.
 */
export function createRunner(deps: { readonly storage: Storage; readonly clock?: Clock; readonly services: readonly object[] }): Runner {
  const { storage } = deps
  const clock = deps.clock ?? systemClock
  const now = () => clock.now().getTime()
  const services = deps.services.map(insideOf)
  const queues = services.flatMap((service) => Object.keys(service.timers))
  const upcasters: Upcasters = Object.assign({}, ...services.map((service) => service.upcasters))
  const consumers = new Map<string, Source>()
  const somewhere = crypto.randomUUID()
  let leases = 0
  let after: string = somewhere
  let first = 0

  const timers: Source = async (tick) => {
    const at = now()
    const lease = `${at}/${++leases}/${crypto.randomUUID()}`
    const limit = Math.min(PAGE, tick.limit - tick.fired)
    const claimed = limit > 0 ? await storage.claim({ queues, now: at, limit, leaseMs: LEASE_MS, lease, after }) : []
    after = claimed.at(-1)?.tenant ?? after
    // what they read and commit at one moment travels together, where the storage is far
    const failures = await Promise.all(claimed.map((timer) => fire(storage, services, timer, at)))
    tick.failed.push(...failures.filter((failure) => failure !== null))
    tick.fired += claimed.length
    return claimed.length
  }

  const hearing = (consumer: Consumer<string>): Source => {
    let lane = laneOf(somewhere)
    return async (tick, stop) => {
      const at = now()
      const page = await storage.feed({ consumer: consumer.name, now: at, limit: Math.min(PAGE, tick.limit - tick.heard), lane })
      lane = ((page.states.at(-1)?.lane ?? lane) + 1) % LANES
      const taken = await deliver({ storage, upcasters }, consumer, page, at, stop)
      tick.heard += page.events.length
      tick.delivered += taken.delivered
      tick.failed.push(...taken.failed)
      return page.events.length
    }
  }

  return {
    consumer: (consumer) => {
      if (consumers.has(consumer.name)) throw nameTaken(consumer.name)
      consumers.set(consumer.name, hearing(consumer as unknown as Consumer<string>))
    },
    health: async () => {
      const { parked, unsequenced, unsequencedSince, behind, now } = await storage.health()
      const next = queues.length > 0 ? await storage.nextDue(queues) : null
      return {
        timers: { nextDueAt: dateOf(next), lateMs: next === null ? 0 : Math.max(0, clock.now().getTime() - next), parked },
        feed: { unsequenced, since: dateOf(unsequencedSince), behind },
        databaseNow: dateOf(now),
      }
    },
    tick: async (i = {}) => {
      const until = now() + (i.budgetMs ?? Number.POSITIVE_INFINITY)
      const stop = () => i.signal?.aborted === true || now() > until
      const tick: Counts = { limit: i.limit ?? 500, fired: 0, heard: 0, delivered: 0, failed: [] }
      const full = (source: Source) => (source === timers ? tick.fired : tick.heard) >= tick.limit

      const all = [...(queues.length > 0 ? [timers] : []), ...consumers.values()]
      first = all.length > 0 ? (first + 1) % all.length : 0
      const turns = [...all.slice(first), ...all.slice(0, first)]
      let open: readonly Source[] = turns
      while (open.some((source) => !full(source)) && !stop()) {
        const still = new Set<Source>()
        for (const source of open) {
          if (full(source) || stop() || (await source(tick, stop)) > 0) still.add(source)
        }
        // what timers told is news for everybody who was through
        open = turns.filter((source) => still.has(source) || (still.has(timers) && !full(timers)))
      }
      const next = queues.length > 0 ? await storage.nextDue(queues) : null
      const { fired, delivered, failed } = tick
      return { fired, delivered, failed, more: open.length > 0, nextDueAt: dateOf(next) }
    },
  }
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

type Failure = Tick['failed'][number]

interface Delivering {
  readonly storage: Storage
  readonly upcasters: Upcasters
}

async function fire(storage: Storage, services: readonly Inside[], timer: Claimed, now: number): Promise<Failure | null> {
  const service = services.find((candidate) => Object.hasOwn(candidate.timers, timer.queue))!
  try {
    await service.run({ tenant: timer.tenant, by: TIMER_ACTOR }, (ctx) => service.timers[timer.queue]!(ctx, timer))
    return null
  } catch (error) {
    if (isPatronkitError(error, 'core/stale-timer')) return null
    const attempts = timer.attempts + 1
    const parked = attempts >= MAX_ATTEMPTS
    const again = {
      timer: 'failed',
      queue: timer.queue,
      key: timer.key,
      dueAt: now + backoff(attempts),
      error: codeOf(error),
      parked,
    } as const
    await storage.commit([{ tenant: timer.tenant, heads: [], fired: timer, writes: [], events: [], timers: [again] }])
    return { subject: timer.key, code: codeOf(error), attempts, parked }
  }
}

async function deliver(
  of: Delivering,
  consumer: Consumer<string>,
  page: FeedPage,
  now: number,
  stop: () => boolean,
): Promise<{ delivered: number; failed: Failure[] }> {
  const failed: Failure[] = []
  let delivered = 0
  for (const state of page.states) {
    const lane: Place = { state, stored: state.position, position: state.position }
    for (const event of page.events.filter((candidate) => candidate.lane === state.lane)) {
      // a consumer may be slow: what is left of the page waits for the next tick
      if (stop()) break
      const failure = await hand(of, consumer, event, lane)
      if (failure === 'moved') {
        lane.position = lane.stored
        break
      }
      if (failure) failed.push(failure)
      if (failure && !failure.parked) {
        const retryAt = now + backoff(failure.attempts)
        await of.storage.advance(lane.stored, {
          ...state,
          position: lane.position,
          attempts: failure.attempts,
          retryAt,
          lastError: failure.code,
        })
        lane.stored = lane.position
        break
      }
      delivered += consumer.types.includes(event.type) && !failure ? 1 : 0
      lane.position = event.position
    }
    if (lane.position !== lane.stored) await of.storage.advance(lane.stored, { ...state, ...UNTROUBLED, position: lane.position })
  }
  return { delivered, failed }
}

/** Where a consumer stands in a lane while a page is delivered: as stored, and as far as it has come. */
interface Place {
  readonly state: ConsumerState
  stored: number
  position: number
}

const UNTROUBLED = { attempts: 0, retryAt: 0, lastError: null } as const

/** An event that failed before stands first in its lane, so the lane's attempts are its own. */
async function hand(of: Delivering, consumer: Consumer<string>, event: FedEvent, lane: Place): Promise<Failure | 'moved' | null> {
  if (!consumer.types.includes(event.type) || event.body === null) return null
  try {
    if (consumer.transaction) return (await handInside(of, consumer, event, lane)) ? null : 'moved'
    await consumer.handle(toKitEvent(of.upcasters, event))
    return null
  } catch (error) {
    const { state } = lane
    const attempts = (event.position === state.position + 1 ? state.attempts : 0) + 1
    return { subject: event.subject, code: codeOf(error), attempts, parked: attempts >= MAX_ATTEMPTS }
  }
}

const MOVED = Symbol('another worker moved this consumer')

/** Handles one event and moves the consumer behind it in one transaction; false when another worker was faster. */
async function handInside(of: Delivering, consumer: InsideConsumer<string>, event: FedEvent, lane: Place): Promise<boolean> {
  const to = { ...lane.state, ...UNTROUBLED, position: event.position }
  try {
    await of.storage.transaction((session) =>
      whenDone(consumer.handle(toKitEvent(of.upcasters, event), { session }), () =>
        whenDone(of.storage.advance(lane.stored, to, session), (moved) => {
          if (!moved) throw MOVED
        }),
      ),
    )
  } catch (error) {
    if (error === MOVED) return false
    throw error
  }
  lane.stored = event.position
  return true
}

const toKitEvent = (upcasters: Upcasters, event: FedEvent): KitEvent => ({
  id: event.hash,
  type: event.type,
  tenant: event.tenant,
  subject: event.subject,
  at: new Date(event.effectiveAt),
  recordedAt: new Date(event.recordedAt),
  by: JSON.parse(event.actor) as Actor,
  data: upcast(upcasters, event, JSON.parse(event.body!)),
})

/** 1 s, doubled with each failure, at most an hour. */
const backoff = (attempts: number): number => Math.min(3_600_000, 1_000 * 2 ** (attempts - 1))

const codeOf = (error: unknown): string => (isPatronkitError(error) ? error.code : error instanceof Error ? error.name : 'unknown')

const nameTaken = (name: string) =>
  new PatronkitError({
    code: 'core/consumer-exists',
    message: `a consumer named ${JSON.stringify(name)} is registered already. Give each consumer its own name: its place in the log is kept under it.`,
    details: { name },
  })
