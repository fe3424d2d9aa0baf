import { notNegative, whole } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** The unit in which recency, age and horizon are counted. A model keeps the unit it was fitted in. */
export type TimeUnit = 'day' | 'week' | 'month' | 'year'

/** Days of a unit; months and years are those of the Gregorian mean, 365.2425 days. */
export const DAYS: { readonly [U in TimeUnit]: number } = { day: 1, week: 7, month: 365.2425 / 12, year: 365.2425 }

/** What a customer's purchases come to, in units of time: purchases after the first, age at the last one, age now. */
export interface PurchaseHistory {
  /** Purchases after the first: 0 for whoever bought once. */
  readonly frequency: number
  /** From the first purchase to the last; 0 for whoever bought once. */
  readonly recency: number
  /** From the first purchase to the end of the observation. */
  readonly age: number
  /** How many customers have just this history; 1 unless said otherwise. */
  readonly customers?: number
}

export function checkHistory(i: PurchaseHistory, path: string): void {
  whole(i.frequency, `${path}.frequency`, 0)
  notNegative(i.recency, `${path}.recency`)
  notNegative(i.age, `${path}.age`)
  if (i.customers !== undefined) whole(i.customers, `${path}.customers`, 1)
  if (i.recency > i.age)
    throw wrong(`${path}.recency`, `is ${i.recency}, later than the age ${i.age}`, 'Count both from the first purchase.')
  if (i.frequency === 0 && i.recency !== 0) {
    throw wrong(`${path}.recency`, `is ${i.recency} with one purchase only`, 'Give recency 0 with frequency 0.')
  }
}

/** Columns of histories, the same ones put together: a model is fitted to groups, however many customers they stand for. */
export interface Grouped {
  readonly x: Float64Array
  readonly recency: Float64Array
  readonly age: Float64Array
  readonly weight: Float64Array
  readonly mostPurchases: number
  readonly customers: number
}

export function grouped(histories: readonly PurchaseHistory[]): Grouped {
  if (!Array.isArray(histories) || histories.length === 0) throw wrong('histories', 'is empty', 'Give at least one customer.')
  const places = new Map<number, Map<number, Map<number, number>>>()
  const x: number[] = []
  const recency: number[] = []
  const age: number[] = []
  const weight: number[] = []
  let customers = 0
  for (let i = 0; i < histories.length; i++) {
    const one = histories[i]!
    checkHistory(one, `histories.${i}`)
    const byRecency = inner(inner(places, one.frequency), one.age)
    let place = byRecency.get(one.recency)
    if (place === undefined) {
      place = x.length
      byRecency.set(one.recency, place)
      x.push(one.frequency)
      recency.push(one.recency)
      age.push(one.age)
      weight.push(0)
    }
    weight[place]! += one.customers ?? 1
    customers += one.customers ?? 1
  }
  return {
    x: Float64Array.from(x),
    recency: Float64Array.from(recency),
    age: Float64Array.from(age),
    weight: Float64Array.from(weight),
    mostPurchases: x.reduce((most, count) => Math.max(most, count), 0),
    customers,
  }
}

/** Time in units of the mean age keeps the search for a fit in one place, whatever the unit. */
export function byMeanAge(of: Grouped): {
  readonly scale: number
  readonly recency: Float64Array
  readonly age: Float64Array
  readonly purchases: number
} {
  let scale = 0
  let purchases = 0
  for (let g = 0; g < of.x.length; g++) {
    scale += of.age[g]! * of.weight[g]!
    purchases += of.x[g]! * of.weight[g]!
  }
  scale = scale / of.customers || 1
  return { scale, recency: of.recency.map((value) => value / scale), age: of.age.map((value) => value / scale), purchases }
}

function inner<V>(of: Map<number, Map<number, V>>, key: number): Map<number, V> {
  let found = of.get(key)
  if (!found) {
    found = new Map()
    of.set(key, found)
  }
  return found
}
