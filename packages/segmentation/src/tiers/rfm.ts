import type { LocalDate } from '@patronkit/core'
import { Decimal } from 'decimal.js'
import { numbers, whole } from '../checks.ts'
import { wrong } from '../refusals.ts'
import { dayOf } from '../value/summary.ts'
import { type QuantileType, quantileOf } from './quantile.ts'

/** One order. `amount` is a decimal text in one currency; sums are exact. */
export interface Order {
  readonly customer: string
  readonly date: LocalDate
  readonly amount: string | number
}

/** What a customer's orders come to on the day of analysis. */
export interface RfmFigures {
  readonly customer: string
  /** Days from the last order to the day of analysis. */
  readonly recencyDays: number
  readonly orders: number
  readonly amount: number
}

const Exact = Decimal.clone({ precision: 64 })

/** Recency, frequency and money of each customer, in the order in which customers first come. Orders behind the day of analysis are left out. */
export function rfmFigures(i: { readonly orders: Iterable<Order>; readonly analysisDate: LocalDate }): readonly RfmFigures[] {
  const today = dayOf(i.analysisDate, 'analysisDate')
  const found = new Map<string, { last: number; orders: number; amount: Decimal }>()
  let row = 0
  for (const { customer, date, amount } of i.orders) {
    const day = dayOf(date, `orders.${row}.date`)
    const worth = decimalOf(amount, `orders.${row}.amount`)
    row++
    if (day > today) continue
    const one = found.get(customer)
    if (!one) found.set(customer, { last: day, orders: 1, amount: worth })
    else {
      one.last = Math.max(one.last, day)
      one.orders++
      one.amount = one.amount.plus(worth)
    }
  }
  return [...found].map(([customer, { last, orders, amount }]) => ({
    customer,
    recencyDays: today - last,
    orders,
    amount: amount.toNumber(),
  }))
}

function decimalOf(amount: unknown, path: string): Decimal {
  const text = typeof amount === 'number' ? String(amount) : amount
  if (typeof text === 'string' && /^-?\d{1,20}(\.\d{1,20})?$/.test(text)) return new Exact(text)
  throw wrong(path, `is ${String(amount)}`, "Give a decimal text such as '21.90'.")
}

/** Points at which a score goes up, ascending. */
export interface RfmCuts {
  readonly recency: readonly number[]
  readonly frequency: readonly number[]
  readonly monetary: readonly number[]
}

/** A name for scores between bounds, both included. */
export interface NamedScores {
  readonly name: string
  readonly recency: readonly [number, number]
  readonly frequency: readonly [number, number]
  readonly monetary: readonly [number, number]
}

/** The ten names of the R package rfm (0.3.0), for scores from 1 to 5. They overlap: the first that fits is taken. */
export const RFM_SEGMENTS: readonly NamedScores[] = [
  { name: 'Champions', recency: [5, 5], frequency: [5, 5], monetary: [5, 5] },
  { name: 'Potential Loyalist', recency: [3, 5], frequency: [3, 5], monetary: [2, 5] },
  { name: 'Loyal Customers', recency: [2, 4], frequency: [2, 4], monetary: [2, 4] },
  { name: 'Promising', recency: [3, 4], frequency: [1, 3], monetary: [3, 5] },
  { name: 'New Customers', recency: [4, 5], frequency: [1, 3], monetary: [1, 5] },
  { name: "Can't Lose Them", recency: [1, 2], frequency: [3, 4], monetary: [4, 5] },
  { name: 'At Risk', recency: [1, 2], frequency: [2, 5], monetary: [4, 5] },
  { name: 'Need Attention', recency: [1, 3], frequency: [3, 5], monetary: [3, 5] },
  { name: 'About To Sleep', recency: [2, 3], frequency: [1, 3], monetary: [1, 4] },
  { name: 'Lost', recency: [1, 1], frequency: [1, 5], monetary: [1, 5] },
]

export interface RfmScore extends RfmFigures {
  /** 1 is least, `bins` is best; for recency, best is latest. */
  readonly recencyScore: number
  readonly frequencyScore: number
  readonly monetaryScore: number
  /** The three scores side by side, such as '343'; parted by dashes where scores have two digits. */
  readonly score: string
  readonly segment: string
}

export interface RfmOptions {
  readonly customers: readonly RfmFigures[]
  readonly bins?: number
  /** Thresholds of your own instead of quantiles. */
  readonly cuts?: RfmCuts
  readonly quantileType?: QuantileType
  readonly segments?: readonly NamedScores[]
  /**
   * `'r-rfm'`: as the R package does, quantiles of type 7 plus 1, a value on a cut going up. The 1 depends on the unit, so that
   * cents and euros score differently; without it a value on a cut stays below, whatever the unit.
   */
  readonly compat?: 'r-rfm'
}

export interface RfmTable {
  readonly cuts: RfmCuts
  readonly customers: readonly RfmScore[]
  /** Customers per segment, in the order of the segments; `Others` where no name fits. */
  readonly counts: { readonly [segment: string]: number }
}

/** Scores customers by recency, frequency and money. Equal figures have equal scores, in whatever order they come. */
export function rfm(i: RfmOptions): RfmTable {
  const bins = whole(i.bins ?? 5, 'bins', 2)
  if (i.customers.length === 0) throw wrong('customers', 'is empty', 'Give at least one customer.')
  const cuts = i.cuts ? checkedCuts(i.cuts) : cutsOf(i.customers, bins, i)
  const names = i.segments ?? RFM_SEGMENTS
  const up = i.compat === 'r-rfm' ? (value: number, cut: number) => value >= cut : (value: number, cut: number) => value > cut
  const score = (value: number, at: readonly number[]) => 1 + at.reduce((passed, cut) => passed + (up(value, cut) ? 1 : 0), 0)
  const counts: Record<string, number> = Object.fromEntries(names.map(({ name }) => [name, 0]))
  const customers = i.customers.map((one): RfmScore => {
    const recencyScore = cuts.recency.length + 2 - score(one.recencyDays, cuts.recency)
    const frequencyScore = score(one.orders, cuts.frequency)
    const monetaryScore = score(one.amount, cuts.monetary)
    const all = [recencyScore, frequencyScore, monetaryScore]
    const segment = names.find((named) => fits(named, recencyScore, frequencyScore, monetaryScore))?.name ?? 'Others'
    counts[segment] = (counts[segment] ?? 0) + 1
    return { ...one, recencyScore, frequencyScore, monetaryScore, score: all.join(Math.max(...all) > 9 ? '-' : ''), segment }
  })
  return { cuts, customers, counts }
}

const fits = ({ recency, frequency, monetary }: NamedScores, r: number, f: number, m: number): boolean =>
  r >= recency[0] && r <= recency[1] && f >= frequency[0] && f <= frequency[1] && m >= monetary[0] && m <= monetary[1]

function cutsOf(customers: readonly RfmFigures[], bins: number, i: RfmOptions): RfmCuts {
  const type = i.compat === 'r-rfm' ? 7 : (i.quantileType ?? 7)
  const more = i.compat === 'r-rfm' ? 1 : 0
  const of = (pick: (one: RfmFigures) => number) => {
    const sorted = Float64Array.from(numbers(customers.map(pick), 'customers')).sort()
    return Array.from({ length: bins - 1 }, (_, k) => quantileOf(sorted, (k + 1) / bins, type) + more)
  }
  return { recency: of((one) => one.recencyDays), frequency: of((one) => one.orders), monetary: of((one) => one.amount) }
}

function checkedCuts(cuts: RfmCuts): RfmCuts {
  for (const name of ['recency', 'frequency', 'monetary'] as const) {
    const of = numbers(cuts[name], `cuts.${name}`)
    for (let k = 1; k < of.length; k++)
      if (!(of[k]! > of[k - 1]!)) throw wrong(`cuts.${name}.${k}`, 'is not above the one before', 'Give them ascending.')
  }
  return cuts
}
