import { type Money, money } from '@patronkit/core'
import { Decimal } from 'decimal.js'
import { shown } from './checks.ts'
import { wrong } from './refusals.ts'

/**
 * Decimals of 64 digits: what comes in has at most 20 before and 20 behind the point, so sums and products are exact, and quotients
 * are good to far below a cent. Their text never has an exponent.
 */
export const Exact = Decimal.clone({ precision: 64, rounding: Decimal.ROUND_HALF_UP, toExpNeg: -60, toExpPos: 60 })

export type Exact = Decimal

const TEXT = /^-?\d{1,20}(\.\d{1,20})?$/

/** A decimal text such as '0.06'. Numbers are taken where they are what they seem, since 0.1 is meant as 0.1. */
export function exact(value: unknown, path: string): Exact {
  if (typeof value === 'string' && TEXT.test(value)) return new Exact(value)
  if (typeof value === 'number' && Math.abs(value) < 1e20) return new Exact(value).toDecimalPlaces(20)
  throw wrong(
    path,
    `is ${shown(value)}, not a decimal`,
    "Give a decimal text such as '0.06', with at most 20 digits before and behind the point.",
  )
}

/** A decimal text that was worked out, as metrics answer it, with any number of digits behind the point: twenty of them are kept. */
export function workedOut(value: unknown, path: string): Exact {
  if (typeof value === 'string' && value.length <= 200 && /^-?\d{1,60}\.\d{21,}$/.test(value)) return new Exact(value).toDecimalPlaces(20)
  if (typeof value === 'string' && /^-?\d{21,60}(\.\d{1,20})?$/.test(value)) return new Exact(value)
  return exact(value, path)
}

/** An exact number of at least 0. */
export function exactNotNegative(value: unknown, path: string): Exact {
  const number = exact(value, path)
  if (!number.isNegative() || number.isZero()) return number
  throw wrong(path, `is ${number}, which is negative`, 'Give 0 or more.')
}

/** An exact number above 0. */
export function exactPositive(value: unknown, path: string): Exact {
  const number = exact(value, path)
  if (number.gt(0)) return number
  throw wrong(path, `is ${number}`, 'Give more than 0.')
}

/** The shortest text of an exact number; no minus before a 0. */
export const textOf = (value: Exact): string => (value.isZero() ? '0' : value.toString())

/** Money of one currency as an exact number; `currency` refuses any other. */
export function amountOf(value: Money, path: string, currency?: string): Exact {
  const checked = money(value?.amount, value?.currency)
  if (currency !== undefined && checked.currency !== currency) {
    throw wrong(`${path}.currency`, `is ${checked.currency} among ${currency}`, 'Convert it first; currencies are never mixed.')
  }
  return new Exact(checked.amount)
}
