import { toIso } from '@patronkit/core/service'
import { badValue } from '../refusals.ts'
import type { SourceColumn } from './source.ts'

/** A value as rules compare it: instants in milliseconds, decimals in their smallest unit, everything else as it is; null where it is missing. */
export type Compared = string | number | boolean | null

const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,20}))?$/

/** Decimals are compared as whole numbers of the column's smallest unit. */
export function minorUnits(value: unknown, scale: number): number | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return null
  const match = DECIMAL.exec(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '')
  if (!match) return null
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > scale) return null
  const units = Number(match[2]! + fraction.padEnd(scale, '0'))
  if (!Number.isSafeInteger(units)) return null
  return match[1] && units !== 0 ? -units : units
}

/** The decimal text of so many smallest units. */
export function decimalText(units: number, scale: number): string {
  if (scale === 0) return String(units)
  const digits = String(Math.abs(units)).padStart(scale + 1, '0')
  return `${units < 0 ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const DATE = /^\d{4}-\d{2}-\d{2}$/

/** Reads a column's value out of the host's data. What is of another type is refused, never guessed. */
export function reader(name: string, column: SourceColumn): (value: unknown) => Compared {
  const refuse = (value: unknown): never => {
    throw badValue(name, value, `a value of type ${column.type}`)
  }
  switch (column.type) {
    case 'text':
      return (value) => (typeof value === 'string' ? value : value == null ? null : refuse(value))
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : value == null ? null : refuse(value))
    case 'integer':
      return (value) => (Number.isSafeInteger(value) ? (value as number) : value == null ? null : refuse(value))
    case 'number':
      // not a number is no number: missing, as SQLite keeps it
      return (value) => (typeof value === 'number' ? (Number.isNaN(value) ? null : value) : value == null ? null : refuse(value))
    case 'date':
      return (value) => (typeof value === 'string' && DATE.test(value) ? value : value == null ? null : refuse(value))
    case 'instant':
      return (value) => {
        if (value == null) return null
        const ms =
          value instanceof Date
            ? value.getTime()
            : typeof value === 'number'
              ? value
              : typeof value === 'string'
                ? isoMs(value)
                : Number.NaN
        return Number.isFinite(ms) ? Math.floor(ms) : refuse(value)
      }
    case 'decimal': {
      const scale = column.scale ?? 2
      if (column.stored === 'minor')
        return (value) => (Number.isSafeInteger(value) ? (value as number) : value == null ? null : refuse(value))
      return (value) => {
        if (value == null) return null
        return minorUnits(value, scale) ?? refuse(value)
      }
    }
  }
}

/** A day of the calendar, from the year 1 on: 2026-02-30 is none. */
const isDay = (text: string): boolean => text >= '0001' && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text

const isoMs = (text: string): number => (/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN)

/** A rule's own value as the column compares it; null where it is of another type. */
export function literal(value: unknown, column: SourceColumn): Compared {
  switch (column.type) {
    case 'text':
      return typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000') ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'integer':
      return Number.isSafeInteger(value) ? (value as number) : null
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : null
    case 'date':
      return typeof value === 'string' && DATE.test(value) && isDay(value) ? value : null
    case 'instant': {
      const ms = typeof value === 'string' ? isoMs(value) : typeof value === 'number' ? value : Number.NaN
      return Number.isSafeInteger(ms) ? ms : null
    }
    case 'decimal':
      return minorUnits(value, column.scale ?? 2)
  }
}

/** Folds a text the way a folded column has to be filled: NFC, lower case. */
export const foldText = (text: string): string => text.normalize('NFC').toLowerCase()

/** A compared value as the host has it in its row. */
export function hostValue(value: Exclude<Compared, null>, column: SourceColumn): unknown {
  if (column.type === 'decimal' && column.stored !== 'minor') return decimalText(value as number, column.scale ?? 2)
  return column.type === 'instant' ? toIso(value as number) : value
}
