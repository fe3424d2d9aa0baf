/**
 * What `details` holds, by error code. Each package adds its own codes with `declare global`,
 * so `isPatronkitError(e, 'sla/…')` knows the shape wherever that package is installed.
 */
declare global {
  interface PatronkitErrorDetails {
    'core/invalid-input': { readonly issues: readonly Issue[] }
    'core/instant-without-offset': { readonly value: string }
    'core/instant-looks-like-seconds': { readonly value: number }
    'core/idempotency-conflict': { readonly idempotencyKey: string; readonly differs: readonly string[] }
    'core/write-conflict': { readonly subject: string }
    'core/busy': { readonly attempts: number }
    'core/aborted': { readonly tenant: string }
    'core/async-in-sync-transaction': { readonly verb: string }
    'core/broken-chain': { readonly kind: string; readonly subject: string; readonly seq: number }
    'core/bad-cursor': { readonly cursor: string }
    'core/bad-money': { readonly value: string }
    'core/bad-unit': { readonly why: string }
    'core/consumer-exists': { readonly name: string }
    'core/definition-missing': { readonly kind: string; readonly id: string; readonly version: number }
    'core/host-transaction-aborted': { readonly engine: string }
    'core/no-host-transaction': { readonly engine: string }
    'core/not-a-service': { readonly found: string }
    'core/out-of-bounds': { readonly table: string; readonly column: string; readonly found: number }
    'core/session-not-sync': { readonly verb: string }
    'core/stale-timer': { readonly queue: string; readonly key: string }
    'core/unknown-definition-kind': { readonly kind: string; readonly known: readonly string[] }
    // what every storage engine says of the same mistakes
    'storage/integer-out-of-range': { readonly where: string; readonly value: string }
    'storage/row-exists': { readonly table: string }
    'storage/row-missing': { readonly table: string }
    'storage/unknown-column': { readonly table: string; readonly column: string }
  }
}

/** One thing wrong with an input: where (a path such as `targets.resolution.within`) and what. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** `false`: do not repeat. `'command'`: repeat the call. `'whole-transaction'`: repeat the transaction you opened. */
export type Retryable = false | 'command' | 'whole-transaction'

const BRAND = Symbol.for('patronkit.error')

type DetailsOf<C extends string> = C extends keyof PatronkitErrorDetails ? PatronkitErrorDetails[C] : unknown

/**
 * The one error class. Its text has three parts: what went wrong, with which one, and what to do.
 * Recognise it with {@link isPatronkitError}, never with `instanceof`: two copies of a package may be installed.
 */
export class PatronkitError<C extends string = string> extends Error {
  override readonly name = 'PatronkitError'
  readonly code: C
  readonly retryable: Retryable
  readonly details: DetailsOf<C>

  constructor(e: { code: C; message: string; details: DetailsOf<C>; retryable?: Retryable; cause?: unknown }) {
    super(`${e.code}: ${e.message}`, e.cause === undefined ? undefined : { cause: e.cause })
    this.code = e.code
    this.details = e.details
    this.retryable = e.retryable ?? false
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/**
 * True for an error of this library, in any copy of it; with a code, for that code only.
 *
 * @example
 * ```ts
 * import { attempt, isPatronkitError } from '@patronkit/core'
 *
 * const tried = await attempt(async () => 42)
 * if (!tried.ok && isPatronkitError(tried.error, 'core/invalid-input')) console.log(tried.error.details.issues)
 * ```
 */
export function isPatronkitError(e: unknown): e is PatronkitError
export function isPatronkitError<C extends string>(e: unknown, code: C): e is PatronkitError<C>
export function isPatronkitError(e: unknown, code?: string): boolean {
  if (typeof e !== 'object' || e === null || !(BRAND in e)) return false
  return code === undefined || (e as { code?: unknown }).code === code
}

/** The answer of {@link attempt}: a value, or the error that a command threw. */
export type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PatronkitError }

/** Turns a thrown PatronkitError into a value. Anything else that is thrown is a bug and goes on being thrown. */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    if (isPatronkitError(error)) return { ok: false, error }
    throw error
  }
}

/**
 * Runs the host's transaction again when, and only when, the library says that repeating can help.
 * Waits between tries: 10 ms, doubled each time, plus up to as much again so that two losers do not meet twice.
 * Tries that were made further in count as well, so that nesting does not multiply them.
 */
export async function retrying<T>(
  work: () => Promise<T>,
  options: { times?: number; onRetry?: (error: PatronkitError, attempts: number) => void } = {},
): Promise<T> {
  const times = options.times ?? 5
  for (let attempts = 1; ; attempts++) {
    try {
      return await work()
    } catch (error) {
      if (!isPatronkitError(error) || error.retryable === false) throw error
      if (isPatronkitError(error, 'core/busy')) attempts += error.details.attempts - 1
      if (attempts >= times) throw isPatronkitError(error, 'core/busy') ? busyAfter(attempts, error) : error
      options.onRetry?.(error, attempts)
      await pause(backoff(attempts))
    }
  }
}

/** The same refusal with the number of tries that led to it. */
function busyAfter(attempts: number, error: PatronkitError<'core/busy'>): PatronkitError {
  if (error.details.attempts === attempts) return error
  return new PatronkitError({
    code: 'core/busy',
    message: `the database was held by other writers at each of ${attempts} tries. Nothing was written; try again in a moment.`,
    details: { attempts },
    retryable: 'command',
    cause: error.cause ?? error,
  })
}

const backoff = (attempts: number): number => {
  const base = 10 * 2 ** (attempts - 1)
  return base + (crypto.getRandomValues(new Uint8Array(1))[0]! / 256) * base
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
