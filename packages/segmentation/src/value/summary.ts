import type { LocalDate } from '@patronkit/core'
import { wrong } from '../refusals.ts'
import { DAYS, type PurchaseHistory, type TimeUnit } from './history.ts'

/** One purchase on a local day. `amount` is a decimal text in one currency, such as '21.90'. */
export interface Purchase {
  readonly customer: string
  readonly date: LocalDate
  readonly amount?: string | number
}

/** A customer's history with the mean worth of the purchases after the first. */
export interface CustomerHistory extends PurchaseHistory {
  readonly customer: string
  /** 0 for whoever bought once, as nothing is known of repeats. */
  readonly meanSpend: number
}

const DAY = 86_400_000

/**
 * Frequency, recency and age of each customer out of a log of purchases up to and with `until`. Purchases of one day count as
 * one; the first is no repeat, and its worth is left out of the mean. In the order in which customers first come.
 */
export function purchaseHistories(i: {
  readonly purchases: Iterable<Purchase>
  readonly until: LocalDate
  readonly unit: TimeUnit
}): readonly CustomerHistory[] {
  const until = dayOf(i.until, 'until')
  if (!Object.hasOwn(DAYS, i.unit)) throw wrong('unit', `is ${String(i.unit)}`, 'Say day, week, month or year.')
  const byCustomer = new Map<string, Map<number, number>>()
  let row = 0
  for (const { customer, date, amount = 0 } of i.purchases) {
    const day = dayOf(date, `purchases.${row}.date`)
    const worth = Number(amount)
    if (!Number.isFinite(worth)) throw wrong(`purchases.${row}.amount`, `is ${String(amount)}`, 'Give a decimal.')
    row++
    if (day > until) continue
    let days = byCustomer.get(customer)
    if (!days) {
      days = new Map()
      byCustomer.set(customer, days)
    }
    days.set(day, (days.get(day) ?? 0) + worth)
  }
  return [...byCustomer].map(([customer, days]) => historyOf(customer, days, until, DAYS[i.unit]))
}

function historyOf(customer: string, days: ReadonlyMap<number, number>, until: number, unit: number): CustomerHistory {
  const inOrder = [...days.keys()].sort((a, b) => a - b)
  const first = inOrder[0]!
  const frequency = inOrder.length - 1
  const repeats = inOrder.slice(1).reduce((sum, day) => sum + days.get(day)!, 0)
  return {
    customer,
    frequency,
    recency: (inOrder.at(-1)! - first) / unit,
    age: (until - first) / unit,
    meanSpend: frequency === 0 ? 0 : repeats / frequency,
  }
}

/** Days since 1970 of a local day. */
export function dayOf(date: unknown, path: string): number {
  const ms = typeof date === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms)) throw wrong(path, `is ${String(date)}, not a day`, 'Give YYYY-MM-DD.')
  return ms / DAY
}
