import { type Money, minorDigits, money } from '@patronkit/core'
import { Decimal } from 'decimal.js'
import type { Credits } from './model.ts'

/** 40 digits hold any fee (20 digits before the point, 10 behind) times any credit (10 digits) exactly. */
const Exact = Decimal.clone({ precision: 60, toExpNeg: -60, toExpPos: 60 })

const ROUNDING = {
  'half-up': Decimal.ROUND_HALF_UP,
  'half-even': Decimal.ROUND_HALF_EVEN,
  up: Decimal.ROUND_UP,
  down: Decimal.ROUND_DOWN,
} as const

/** Whether `met` of `judged` is less than a share, without dividing. */
export const isBelow = (met: number, judged: number, share: string): boolean => new Exact(met).lt(new Exact(judged).times(share))

/** The lowest band that the share has fallen under; null above all of them. */
export const bandOf = (credits: Credits | undefined, met: number, judged: number): Credits['bands'][number] | null =>
  credits?.bands.findLast(({ below }) => isBelow(met, judged, below)) ?? null

/** A share of a fee, rounded once. */
export function creditOf(fee: Money, share: string, rounding: Credits['rounding'] = 'half-up'): Money {
  const { amount, currency } = money(fee.amount, fee.currency)
  return money(new Exact(amount).times(share).toFixed(minorDigits(currency), ROUNDING[rounding]), currency)
}

/** met of judged, cut (not rounded) after four digits of the percentage: one breach in 100,000 is not 100 %. */
export const shareText = (met: number, judged: number): string => new Exact(met).div(judged).toFixed(6, Decimal.ROUND_DOWN)
