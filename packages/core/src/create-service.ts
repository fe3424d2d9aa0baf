import { bytesToHex } from '@noble/hashes/utils.js'
import { type Scope, scopeSchema } from './actor.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Ask, Context, Operation } from './context.ts'
import { coreSchema } from './core-tables.ts'
import { isPatronkitError, PatronkitError, retrying } from './errors.ts'
import type { Claimed, MaybePromise, Session, Storage } from './port.ts'
import { parse } from './schema.ts'
import { drive, isPromise, whenDone } from './steps.ts'
import { asyncInSync } from './sync.ts'
import type { PackageSchema } from './table.ts'
import { passage } from './traffic.ts'
import type { Upcasters } from './upcast.ts'

/** Tells the host what went on, for its logs and counters. What a hook throws is ignored. */
export interface Hooks {
  /** A command met somebody else's commit and is decided anew. */
  readonly onConflict?: (i: { readonly service: string; readonly subject: string; readonly attempts: number }) => void
  /** A command is tried again, for whatever reason. */
  readonly onRetry?: (i: { readonly service: string; readonly code: string; readonly attempts: number }) => void
}

/** What every `createX` takes. */
export interface Deps {
  readonly storage: Storage
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Default: the platform's cryptographic chance. Tests pass a seeded one to get the same bytes again. */
  readonly random?: (bytes: number) => Uint8Array
  readonly hooks?: Hooks
}

/** A service. Its verbs exist only once tenant and actor are bound. */
export interface Service<H> {
  for(scope: Scope): Bound<H>
}

/** The verbs for one tenant and actor; `in` puts them into the host's transaction. */
export type Bound<H> = H & { in(session: Session): Joined<H> }

/** The verbs in a transaction; `sync` for a transaction that must end without a promise. */
export type Joined<H> = H & { readonly sync: Synchronous<H> }

/** The same verbs on a synchronous driver: they answer at once, so they fit into its synchronous transaction. */
export type Synchronous<H> = {
  readonly [K in keyof H]: H[K] extends (i: infer I) => Promise<infer R> ? (i: I) => R : Synchronous<H[K]>
}

/** For each verb of the public interface, the operation behind it; a group of verbs, such as `preview`, is a group here too. */
export type Verbs<H> = {
  readonly [K in keyof H]: H[K] extends (i: infer I) => Promise<infer R> ? (ctx: Context, i: I) => Operation<R> : Verbs<H[K]>
}

/** What happens when a timer of a queue falls due. It commits under the timer's lease, or throws. */
export type TimerHandler = (ctx: Context, timer: Claimed) => Operation<void>

/** What the runner needs to know of a service. */
export interface Inside {
  readonly name: string
  readonly timers: { readonly [queue: string]: TimerHandler }
  /** Older shapes of its events, and how they become the newest. */
  readonly upcasters: Upcasters
  readonly run: <T>(scope: Scope, operation: (ctx: Context) => Operation<T>) => Promise<T>
}

const INSIDE = Symbol.for('patronkit.service')

/** Builds a service out of its operations: binds scope and session, runs them, repeats them after a conflict. */
export function createService<H extends object>(
  deps: Deps,
  of: {
    readonly name: string
    readonly schema: PackageSchema
    readonly verbs: Verbs<H>
    readonly timers?: Inside['timers']
    readonly upcasters?: Upcasters
  },
): Service<H> {
  const { storage } = deps
  const context = contextFrom(deps)
  for (const schema of [coreSchema, of.schema]) storage.declare(schema)

  const within = <T>(session: Session, scope: Scope, operation: (ctx: Context) => Operation<T>): MaybePromise<T> =>
    drive(operation(context(scope)), (asked) => answerIn(storage, session, scope, asked))
  const alone = async <T>(scope: Scope, operation: (ctx: Context) => Operation<T>): Promise<T> => {
    const way = passage(storage)
    let answer: T
    try {
      answer = await drive(operation(context(scope)), (asked: Ask) => {
        refuseAborted(scope)
        if (asked.ask === 'redact') return whenDone(way.settle(), () => storage.redact(asked.tenant, asked.of))
        if (asked.ask === 'host') return asked.read({})
        return asked.ask === 'read' ? way.read(asked.tenant, asked.reads) : way.commit(asked.units)
      })
    } catch (error) {
      // a refusal counts only where what it relied on came about: else this throws a conflict
      await way.leave()
      throw error
    }
    await way.leave()
    return answer
  }
  const run: Inside['run'] = (scope, operation) =>
    busyAfter(() => retrying(() => alone(scope, operation), retryOptions(deps.hooks, of.name)))

  const verbsOf = (call: (name: string, operation: AnyOperation) => (i: unknown) => unknown) => called(of.verbs, `${of.name}.`, call)

  const bind = (given: Scope): Bound<H> => {
    const scope = parse(scopeSchema, given, 'scope')
    const own = verbsOf((_, operation) => (i) => run(scope, (ctx) => operation(ctx, i)))
    const joined = (session: Session) => {
      const asynchronous = verbsOf((name, operation) => async (i) => {
        if (session.sync) throw asyncInSync(name)
        return within(session, scope, (ctx) => operation(ctx, i))
      })
      const sync = verbsOf((name, operation) => (i) => {
        if (!session.sync) throw sessionNotSync(name)
        return within(session, scope, (ctx) => operation(ctx, i))
      })
      return Object.freeze({ ...asynchronous, sync })
    }
    return Object.freeze({ ...own, in: joined }) as unknown as Bound<H>
  }

  const service = { for: bind }
  Object.defineProperty(service, INSIDE, {
    value: { name: of.name, timers: of.timers ?? {}, upcasters: of.upcasters ?? {}, run } satisfies Inside,
  })
  return Object.freeze(service)
}

type AnyOperation = (ctx: Context, i: unknown) => Operation<unknown>

/** The verbs as hosts call them, groups of verbs included. */
function called(verbs: object, path: string, call: (name: string, operation: AnyOperation) => (i: unknown) => unknown): object {
  const made = Object.entries(verbs).map(([name, verb]) => [
    name,
    typeof verb === 'function' ? call(path + name, verb as AnyOperation) : called(verb as object, `${path}${name}.`, call),
  ])
  return Object.freeze(Object.fromEntries(made))
}

/** The inside of a service, for the runner. */
export function insideOf(service: object): Inside {
  const inside = (service as { [INSIDE]?: Inside })[INSIDE]
  if (inside) return inside
  throw new PatronkitError({
    code: 'core/not-a-service',
    message: 'the runner was given something that no createX of Patronkit made. Pass the services themselves.',
    details: { found: typeof service },
  })
}

function answerIn(storage: Storage, session: Session, scope: Scope, asked: Ask): unknown {
  refuseAborted(scope)
  if (asked.ask === 'redact') return storage.redact(asked.tenant, asked.of, session)
  if (asked.ask === 'host') {
    const answer = asked.read(session.dialect === asked.engine ? { session } : {})
    if (session.sync && isPromise(answer)) throw readerNotSync(asked.engine)
    return answer
  }
  return asked.ask === 'read' ? storage.read(asked.tenant, asked.reads, session) : storage.commit(asked.units, session)
}

/** Looked at before each call to the storage: what has been sent is not taken back. */
function refuseAborted(scope: Scope): void {
  if (!scope.signal?.aborted) return
  throw new PatronkitError({
    code: 'core/aborted',
    message: 'the signal of this scope was aborted, and the command was given up before its commit. Nothing of it was written.',
    details: { tenant: scope.tenant },
    cause: scope.signal.reason,
  })
}

function retryOptions(hooks: Hooks | undefined, service: string): Parameters<typeof retrying>[1] {
  if (!hooks) return {}
  return {
    onRetry: (error, attempts) => {
      quietly(() => hooks.onRetry?.({ service, code: error.code, attempts }))
      if (!isPatronkitError(error, 'core/write-conflict')) return
      quietly(() => hooks.onConflict?.({ service, subject: error.details.subject, attempts }))
    },
  }
}

const quietly = (hook: () => void): void => {
  try {
    hook()
  } catch {
    // the host's counters must not decide whether a command goes through
  }
}

function contextFrom(deps: Deps): (scope: Scope) => Context {
  const clock = deps.clock ?? systemClock
  const random = deps.random ?? drawnAhead()
  const salt = () => bytesToHex(random(16))
  return (scope) => ({ tenant: scope.tenant, by: scope.by, now: clock.now().getTime(), salt })
}

/** Cryptographic chance, drawn from the platform in larger pieces: asking it for each salt costs as much as two hashes. */
function drawnAhead(): (bytes: number) => Uint8Array {
  const pool = new Uint8Array(4_096)
  let next = pool.length
  return (bytes) => {
    if (next + bytes > pool.length) {
      crypto.getRandomValues(pool)
      next = 0
    }
    next += bytes
    return pool.slice(next - bytes, next)
  }
}

async function busyAfter<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isPatronkitError(error, 'core/write-conflict')) throw error
    throw new PatronkitError({
      code: 'core/busy',
      message: `${error.details.subject} was changed by others at each of 5 tries. Nothing was written; try again in a moment.`,
      details: { attempts: 5 },
      retryable: 'command',
      cause: error,
    })
  }
}

const sessionNotSync = (verb: string) =>
  new PatronkitError({
    code: 'core/session-not-sync',
    message: 'the session of this transaction answers with promises, so .sync cannot run on it. Await the verb without .sync.',
    details: { verb },
  })

const readerNotSync = (engine: string) =>
  new PatronkitError({
    code: 'core/session-not-sync',
    message: `the reader of your ${engine} tables answers with promises, and this transaction must end without one. Call the verb outside of it.`,
    details: { verb: 'host' },
  })
