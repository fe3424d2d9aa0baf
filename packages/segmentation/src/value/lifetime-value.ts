import { finite, whole } from '../checks.ts'
import { wrong } from '../refusals.ts'
import { type BgNbd, bgNbdPredictor } from './bg-nbd.ts'
import { type GammaGamma, gammaGammaExpectedSpend } from './gamma-gamma.ts'
import { DAYS, type PurchaseHistory, type TimeUnit } from './history.ts'

/** Purchases expected and what they are worth today. */
export interface LifetimeValue {
  readonly purchases: number
  readonly spendPerPurchase: number
  /** Discounted to now, times the margin. */
  readonly value: number
}

/**
 * What a customer will be worth over some periods, discounted to now at the end of each. The model has to say in which unit it
 * was fitted: a model of weeks asked for months is converted, never mixed up.
 */
export function lifetimeValue(
  i: {
    readonly model: BgNbd & { readonly unit: TimeUnit }
    readonly spend: GammaGamma
    readonly meanSpend: number
    readonly periods: number
    readonly per: TimeUnit
    /** Of one period: 0.01 is one percent. */
    readonly discountRate: number
    /** The share of spend that is earned; 1 unless said otherwise. */
    readonly margin?: number
  } & PurchaseHistory,
): LifetimeValue {
  if (!Object.hasOwn(DAYS, i.model?.unit ?? ''))
    throw wrong('model.unit', 'is missing', 'Say whether the model counts days, weeks, months or years.')
  if (!Object.hasOwn(DAYS, i.per ?? '')) throw wrong('per', 'is missing', 'Say day, week, month or year.')
  const periods = whole(i.periods, 'periods', 1)
  const rate = finite(i.discountRate, 'discountRate')
  if (rate <= -1) throw wrong('discountRate', `is ${rate}`, 'Give a share such as 0.01.')
  const step = DAYS[i.per] / DAYS[i.model.unit]
  const spendPerPurchase = gammaGammaExpectedSpend({ model: i.spend, frequency: i.frequency, meanSpend: i.meanSpend })
  let before = 0
  let value = 0
  for (let period = 1; period <= periods; period++) {
    const upTo = bgNbdPredictor({ model: i.model, horizon: step * period })(i.frequency, i.recency, i.age)
    value += (upTo - before) / (1 + rate) ** period
    before = upTo
  }
  return { purchases: before, spendPerPurchase, value: value * spendPerPurchase * (i.margin ?? 1) }
}
