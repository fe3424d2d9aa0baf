import { Decimal } from 'decimal.js'

/**
 * Decimals with room for products of whole amounts, so that a quotient is cut at the right integer: operands have at most
 * 30 digits, a numerator or denominator at most three of them.
 */
export const Exact = Decimal.clone({ precision: 110, rounding: Decimal.ROUND_HALF_UP, toExpNeg: -120, toExpPos: 120 })
export type Exact = InstanceType<typeof Exact>

/** How a fraction of a point becomes whole. */
export type Rounding = 'floor' | 'half-up' | 'ceil'

/** numerator ÷ denominator as a whole number. The denominator is positive. */
export function wholeQuotient(numerator: Exact, denominator: Exact, rounding: Rounding): Exact {
  const [quotient, isExact] = [numerator.divToInt(denominator), numerator.mod(denominator).isZero()]
  if (isExact || rounding === 'floor') return quotient
  if (rounding === 'ceil') return quotient.plus(1)
  return numerator.minus(quotient.times(denominator)).times(2).gte(denominator) ? quotient.plus(1) : quotient
}

export const least = (a: Exact, b: Exact): Exact => (a.lt(b) ? a : b)

/** True for what a number of points can be. */
export const isPoints = (value: number): boolean => Number.isSafeInteger(value)
