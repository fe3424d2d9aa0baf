import type { Column, ColumnType, Value } from '@patronkit/core/storage'
import { outOfRange, textNotStorable, wrongType } from './errors.ts'

/** A value as the text that is bound, or null. `where` names the column in an error. */
export type Encode = (value: unknown) => string | null

/** A value as it came out of the JSON answer, as the port gives it. */
export type Decode = (stored: unknown) => Value

/** U+0000 is refused because Postgres cannot hold it, half surrogates because drivers replace them without a word. */
export function textParameter(value: string, where: string): string {
  if (!value.isWellFormed() || value.includes('\u0000')) throw textNotStorable(where)
  return value
}

/** Whole milliseconds, counters, positions: safe integers as decimal text. */
export function integerParameter(value: number, where: string): string {
  if (!Number.isSafeInteger(value)) throw outOfRange(where, value)
  return String(value)
}

const encoders: { readonly [T in ColumnType]: (value: unknown, where: string) => string } = {
  text: encodeText,
  decimal: encodeText,
  integer: encodeInteger,
  instant: encodeInteger,
  boolean: (value, where) => {
    if (typeof value !== 'boolean') throw wrongType(where, 'boolean')
    return value ? '1' : '0'
  },
  json: (value, where) => {
    const text = JSON.stringify(value)
    if (text === undefined) throw wrongType(where, 'json')
    return text
  },
}

function encodeText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw wrongType(where, 'text')
  return textParameter(value, where)
}

function encodeInteger(value: unknown, where: string): string {
  if (typeof value !== 'number') throw wrongType(where, 'integer')
  return integerParameter(value, where)
}

/** How values of a column are bound. */
export function encoder(where: string, column: Column): Encode {
  const encode = encoders[column.type]
  // a JSON null is kept as a missing value, so that `eq(null)` finds it on every engine
  const nullable = column.nullable || column.type === 'json'
  return (value) => {
    if (value === null || value === undefined) {
      if (nullable) return null
      throw wrongType(where, column.type)
    }
    return encode(value, where)
  }
}

/** How values of a column are read. An integer that somebody else stored beyond ±(2^53−1) is refused, never rounded. */
export function decoder(where: string, column: Column): Decode {
  switch (column.type) {
    case 'integer':
    case 'instant':
      return (stored) => {
        if (stored !== null && !Number.isSafeInteger(stored)) throw outOfRange(where, stored)
        return stored as number | null
      }
    case 'boolean':
      return (stored) => (stored === null ? null : stored === true || stored === 1)
    case 'json':
      return (stored) => (stored === null ? null : JSON.parse(stored as string))
    default:
      return (stored) => stored as string | null
  }
}
