import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'

/** A value that JSON can carry unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** The one JSON text of a value (RFC 8785): keys sorted, numbers as ECMAScript writes them. Equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  const ordered = inOrder(value, 0)
  if (ordered !== UNUSUAL) {
    const text = JSON.stringify(ordered)
    // half a surrogate pair is written as such an escape; what only looks like one is written all the same
    if (text !== undefined && !text.includes('\\ud')) return text
  }
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('a value without a JSON form cannot be hashed')
  return text
}

const UNUSUAL = Symbol('not for the short way')

/** So deep goes the short way, and a value that contains itself goes no deeper. */
const DEEPEST = 32

/**
 * The value with its keys in order, for the platform's own writer, which takes a quarter of the time. What is in order
 * stays the very object. Anything but plain data goes the long way.
 */
function inOrder(value: unknown, depth: number): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : UNUSUAL
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return UNUSUAL
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEEPEST || 'toJSON' in value) return UNUSUAL
  return Array.isArray(value) ? eachInOrder(value, depth) : keysInOrder(value as Plain, depth)
}

function eachInOrder(value: readonly unknown[], depth: number): unknown {
  let copy: unknown[] | null = null
  for (let i = 0; i < value.length; i++) {
    const one = inOrder(value[i], depth + 1)
    if (one === UNUSUAL) return UNUSUAL
    if (one === value[i]) continue
    copy ??= value.slice()
    copy[i] = one
  }
  return copy ?? value
}

interface Plain {
  readonly [key: string]: unknown
}

function keysInOrder(value: Plain, depth: number): unknown {
  const proto = Object.getPrototypeOf(value)
  if (proto !== Object.prototype && proto !== null) return UNUSUAL
  const keys = Object.keys(value)
  let same = true
  for (let i = 1; i < keys.length; i++) same &&= keys[i - 1]! < keys[i]!
  // an object lists names that are whole numbers first, whatever was put in first
  if (!same && keys.some(startsWithDigit)) return UNUSUAL
  if (!same) keys.sort()
  let copy: { [key: string]: unknown } | null = same ? null : {}
  for (const [i, key] of keys.entries()) {
    if (key === '__proto__') return UNUSUAL
    const one = inOrder(value[key], depth + 1)
    if (one === UNUSUAL) return UNUSUAL
    if (copy === null && one !== value[key]) {
      copy = {}
      for (const before of keys.slice(0, i)) copy[before] = value[before]
    }
    if (copy !== null) copy[key] = one
  }
  return copy ?? value
}

const startsWithDigit = (key: string): boolean => key >= '0' && key < ':'

/** The platform's own hash, eight times as fast, where there is one: not in browsers, which only have it with a promise. */
const native = globalThis.process?.getBuiltinModule?.('node:crypto')?.hash

/** SHA-256 of a text, as 64 hex digits. */
export const sha256Hex = (text: string): string => native?.('sha256', text) ?? bytesToHex(sha256(utf8ToBytes(text)))
