import { Decimal } from 'decimal.js'
import { z } from 'zod'
import { PatronkitError } from './errors.ts'

/** An amount of money: a decimal text and an ISO 4217 code. Never a bare number, never minor units. */
export interface Money {
  readonly amount: string
  readonly currency: string
}

/** 34 digits, as decimal128: more than any sum of money needs, and the same on every machine. */
const Exact = Decimal.clone({ precision: 34, rounding: Decimal.ROUND_HALF_UP, toExpNeg: -30, toExpPos: 40 })

/** Making a formatter costs a hundred times more than the sum it is asked for. */
const digitsOf = new Map<string, number>()

/** Digits behind the point of a currency, from the platform's ISO 4217 data: EUR 2, JPY 0, KWD 3. */
export function minorDigits(currency: string): number {
  const known = digitsOf.get(currency)
  if (known !== undefined) return known
  if (!/^[A-Z]{3}$/.test(currency)) throw badMoney(currency, 'is not an ISO 4217 code such as EUR')
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  digitsOf.set(currency, digits)
  return digits
}

/** Checks an amount and writes it with exactly the digits of its currency. */
export function money(amount: string, currency: string): Money {
  const digits = minorDigits(currency)
  if (!/^-?\d{1,20}(\.\d{1,10})?$/.test(amount)) throw badMoney(amount, 'is not a decimal text such as "21.90"')
  const value = new Exact(amount)
  if (value.decimalPlaces() > digits) throw badMoney(`${amount} ${currency}`, `has more than ${digits} digits behind the point`)
  return { amount: value.toFixed(digits), currency }
}

/** Money from minor units: `fromMinor(2190, 'EUR')` is 21.90 EUR. */
export function fromMinor(minor: number, currency: string): Money {
  if (!Number.isSafeInteger(minor)) throw badMoney(String(minor), 'is not a whole number of minor units')
  const digits = minorDigits(currency)
  return { amount: new Exact(minor).div(new Exact(10).pow(digits)).toFixed(digits), currency }
}

/** The sum of amounts in one currency. */
export function addMoney(...parts: readonly [Money, ...Money[]]): Money {
  const currency = parts[0].currency
  const other = parts.find((part) => part.currency !== currency)
  if (other) throw badMoney(`${other.currency}`, `cannot be added to ${currency}`)
  return { amount: parts.reduce((sum, part) => sum.plus(part.amount), new Exact(0)).toFixed(minorDigits(currency)), currency }
}

export const moneySchema: z.ZodType<Money> = z
  .strictObject({ amount: z.string(), currency: z.string() })
  .transform((value) => money(value.amount, value.currency))

const badMoney = (value: string, why: string) =>
  new PatronkitError({
    code: 'core/bad-money',
    message: `${JSON.stringify(value)} ${why}. Give { amount: '21.90', currency: 'EUR' } with at most the currency's own digits.`,
    details: { value },
  })
