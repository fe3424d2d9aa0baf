import { PatronkitError } from '../errors.ts'
import type { MaybePromise } from '../port.ts'
import type { Scalar } from '../predicate.ts'
import type { Steps } from '../steps.ts'

/** What is kept under a key: plain JSON data. */
export type Kept = { readonly [name: string]: string | number | boolean | null }

/**
 * The least a store has to offer: values under keys that are ordered by code point. `interpret` builds the whole
 * storage port on these five functions; each may answer at once or with a promise.
 */
export interface RowStore {
  get(key: string): MaybePromise<Kept | undefined>
  /** Entries with from ≤ key < to in key order, at most `limit`; from the end when `reverse`. */
  scan(range: { from: string; to: string; limit: number; reverse: boolean }): MaybePromise<readonly (readonly [string, Kept])[]>
  put(key: string, value: Kept): MaybePromise<void>
  remove(key: string): MaybePromise<void>
  /** Runs the work so that nobody sees half of it, and none of it stays when it throws. */
  atomically<T>(work: () => MaybePromise<T>): MaybePromise<T>
}

/** One call to the store, put off until the driver makes it. */
export type StoreCall = () => unknown
export type Doing<T> = Steps<StoreCall, T>

export function* getKept(store: RowStore, key: string): Doing<Kept | undefined> {
  return (yield () => store.get(key)) as Kept | undefined
}
export function* putKept(store: RowStore, key: string, value: Kept): Doing<void> {
  yield () => store.put(key, value)
}
export function* removeKept(store: RowStore, key: string): Doing<void> {
  yield () => store.remove(key)
}
export function* scanKept(
  store: RowStore,
  from: string,
  to: string,
  limit: number,
  reverse = false,
): Doing<readonly (readonly [string, Kept])[]> {
  return (yield () => store.scan({ from, to, limit, reverse })) as readonly (readonly [string, Kept])[]
}

const END = '\u0000'

/**
 * One text for a tuple, ordered as the tuple is: null, then false and true, then numbers, then texts by code point.
 * U+0000 ends each part, so ('a', 'b') stands before ('ab'); inside a text it is written U+0001 U+0001.
 */
export const keyOf = (...parts: readonly Scalar[]): string => parts.map(part).join('')

/** The first key behind every key that starts with these parts. */
export const after = (prefix: string): string => `${prefix}\u{10ffff}`

function part(value: Scalar): string {
  if (value === null) return `0${END}`
  if (typeof value === 'boolean') return `1${value ? 1 : 0}${END}`
  if (typeof value === 'number') return `2${number(value)}${END}`
  return `3${escaped(value)}${END}`
}

/** 17 digits, shifted so that negative numbers stand before positive ones. */
function number(value: number): string {
  if (!Number.isSafeInteger(value)) {
    throw new PatronkitError({
      code: 'storage/integer-out-of-range',
      message: `${value} cannot be stored as an integer. Stay within ±9007199254740991, without a fraction.`,
      details: { where: 'a key', value: String(value) },
    })
  }
  return (BigInt(value) + 9007199254740992n).toString().padStart(17, '0')
}

/** The texts out of a key that is made of nothing else. */
export const textsIn = (key: string): readonly string[] =>
  key
    .split(END)
    .slice(0, -1)
    .map((part) => part.slice(1).replaceAll('\u0001\u0001', '\u0000').replaceAll('\u0001\u0002', '\u0001'))

const escaped = (text: string): string =>
  text.includes('\u0000') || text.includes('\u0001') ? text.replaceAll('\u0001', '\u0001\u0002').replaceAll('\u0000', '\u0001\u0001') : text
