import type { Instant } from '@patronkit/core'
import { invalidInput, type Json, toIso, toMs } from '@patronkit/core/service'
import { z } from 'zod'
import { malformed } from './refusals.ts'

/** No help desk nests deeper; a rich text of Jira comes near 20. */
const DEEPEST = 64

/** What calendars answer for ends at 2200, and no help desk has tickets from before 1970. */
const EARLIEST = 0
const LATEST = Date.UTC(2200, 0, 1)

/** A fact's data is at most 64 kB: of each field this much is kept, and of all together that much. */
const LARGEST_FIELD = 8_000
const LARGEST_DATA = 32_000
const MOST_NAMES = 50

/** An id of the vendor's that becomes part of a fact's or item's id. */
export const idSchema = z
  .custom<string | number>((id) => (typeof id === 'string' ? /^[^\s/]{1,64}$/.test(id) : Number.isSafeInteger(id)), {
    error: 'is no id: a text of up to 64 characters without a space or slash, or a safe integer',
  })
  .transform(String)

/** An id of a person or a group. */
export const refSchema = z
  .custom<string | number>((id) => (typeof id === 'string' ? id.length > 0 && id.length <= 200 : Number.isSafeInteger(id)), {
    error: 'is no id: a text of up to 200 characters, or a safe integer',
  })
  .transform(String)

/** A text or a number, as vendors write the values of fields. Others, such as lists, are none of the fields that we know. */
export const wordSchema = z.union([z.string(), z.number(), z.boolean()], { error: 'is no text' }).transform(String)

/** A word, or nothing where a field is empty or left out. */
export const wordOrNone = wordSchema.nullish()

/** Anything, also nothing: what it is, the transformation finds out. */
const given = z.custom<unknown>(() => true)

export const instantSchema = given.transform((value, ctx) => instantOf(value, ctx))

/** A unix time: whole or broken seconds as a number, or any instant as a text. */
export const secondsSchema = given.transform((value, ctx) => instantOf(typeof value === 'number' ? value * 1000 : value, ctx))

function instantOf(value: unknown, ctx: z.core.$RefinementCtx): number {
  const at = msOf(value)
  if (at !== null && at >= EARLIEST && at < LATEST) return at
  ctx.addIssue({ code: 'custom', message: 'is no instant from 1970 to 2200 with an offset' })
  return z.NEVER
}

function msOf(value: unknown): number | null {
  try {
    return toMs(value as Instant)
  } catch {
    return null
  }
}

/** Checks a payload. What comes out is a copy: JSON only, own keys only. */
export function readPayload<T>(vendor: string, schema: z.ZodType<T>, payload: unknown): T {
  return readPart(vendor, schema, plain(vendor, payload, null), '')
}

/** Checks a part of a payload that was copied before; `at` is where it stands. */
export function readPart<T>(vendor: string, schema: z.ZodType<T>, part: unknown, at: string): T {
  const parsed = schema.safeParse(part)
  if (parsed.success) return parsed.data
  const { path, message } = invalidInput('', parsed.error).details.issues[0]!
  throw malformed(vendor, [at, path].filter(Boolean).join('.'), message)
}

/** Where a value stands; the text of it is made only for an error. */
interface Place {
  readonly name: string | number
  readonly of: Place | null
  readonly depth: number
}

const pathOf = (place: Place | null): string => (place ? [pathOf(place.of), place.name].filter((name) => name !== '').join('.') : '')

/** The payload as plain JSON. `__proto__` is no name for a field, and no engine stores U+0000 or half a surrogate pair. */
function plain(vendor: string, value: unknown, of: Place | null): Json | undefined {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return undefined
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : toIso(value.getTime())
  const depth = (of?.depth ?? 0) + 1
  if (depth > DEEPEST) throw malformed(vendor, pathOf(of), `is nested more than ${DEEPEST} deep`)
  if (Array.isArray(value)) return Array.from(value, (entry, name) => plain(vendor, entry, { name, of, depth }) ?? null)
  const copy: { [name: string]: Json } = {}
  for (const name of Object.keys(value)) {
    if (name === '__proto__') continue
    const copied = plain(vendor, (value as { readonly [name: string]: unknown })[name], { name, of, depth })
    if (copied !== undefined) copy[text(name)] = copied
  }
  return copy
}

const text = (value: string): string => (value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value).toWellFormed()

/** The fields of a record that are no words of ours, under their own names; what is too large is left out by name. */
export function kept(record: object, known: readonly string[]): { readonly [name: string]: unknown } {
  const data: [string, unknown][] = []
  const leftOut: string[] = 'leftOut' in record && Array.isArray(record.leftOut) ? record.leftOut.map(String) : []
  let size = 0
  for (const [name, value] of Object.entries(record)) {
    if (known.includes(name) || value === null || value === undefined || name === '__proto__' || name === 'leftOut') continue
    const length = name.length + JSON.stringify(value).length
    if (name.length > 200 || length > LARGEST_FIELD || size + length > LARGEST_DATA) leftOut.push(name)
    else {
      data.push([name, value])
      size += length
    }
  }
  return Object.fromEntries(
    leftOut.length === 0 ? data : [...data, ['leftOut', leftOut.slice(0, MOST_NAMES).map((name) => name.slice(0, 100))]],
  )
}
