import { isPatronkitError } from '@patronkit/core'
import { migrationMatrix, naturalBreaks, RFM_SEGMENTS, rfm, rfmFigures } from '@patronkit/segmentation/tiers'
import {
  bgNbdAlive,
  bgNbdPredictor,
  type CustomerHistory,
  fitBgNbd,
  fitGammaGamma,
  lifetimeValue,
  purchaseHistories,
} from '@patronkit/segmentation/value'
import { type Bought, type CustomerLine, type Foretold, type SegmentReport, TIERS, type TierId, type Transaction } from './model.ts'

type Day = Transaction['date']

export interface ReportInput {
  readonly transactions: readonly Transaction[]
  readonly rowsRead: number
  readonly rowsRefused: number
  /** The horizon of values, in months. */
  readonly months: number
  /** Of a month. */
  readonly discountRate: number
  /** Hears of customers whose value is known. */
  readonly onValued?: (customers: number) => void
}

const DAY = 86_400_000
const WEEK = 7
const UNIT = 'week'

/** Works the report out of a log that has at least one purchase. */
export function segmentReport(i: ReportInput): SegmentReport {
  const { transactions } = i
  const days = transactions.map(({ date }) => Date.parse(date) / DAY)
  const [first, last] = days.reduce(([low, high], day) => [Math.min(low, day), Math.max(high, day)], [days[0]!, days[0]!])
  const half = dayText(Math.floor((first + last) / 2))
  const until = dayText(last)

  const table = rfm({ customers: rfmFigures({ orders: transactions, analysisDate: until }) })
  const tiers = tiersOf(table.customers.map(({ amount }) => amount))
  const histories = purchaseHistories({ purchases: transactions, until, unit: UNIT })
  const models = modelsOf(histories)
  const valued = valuesOf(histories, models, i)
  const customers = table.customers.map((one): CustomerLine => {
    const { customer, recencyDays, orders, amount, score, segment } = one
    const found = valued?.get(customer) ?? { alive: null, expected: null, value: null }
    return { customer, recencyDays, purchases: orders, amount, score, segment, tier: tierOf(tiers, amount), ...found }
  })
  const cells = Map.groupBy(table.customers, ({ recencyScore, frequencyScore }) => `${recencyScore} ${frequencyScore}`)
  const bySegment = Map.groupBy(customers, ({ segment }) => segment)
  const byTier = Map.groupBy(customers, ({ tier }) => tier)
  const total = (of: readonly (number | null)[]) => of.reduce((sum: number, one) => sum + (one ?? 0), 0)
  return {
    from: dayText(first),
    until,
    half,
    rowsRead: i.rowsRead,
    rowsUsed: transactions.length,
    rowsRefused: i.rowsRefused,
    purchases: transactions.length,
    total: bought(customers),
    map: [...cells]
      .map(([key, of]) => ({ recency: Number(key.split(' ')[0]), frequency: Number(key.split(' ')[1]), ...bought(of) }))
      .sort((a, b) => b.recency - a.recency || a.frequency - b.frequency),
    segments: [...RFM_SEGMENTS.map(({ name }) => name), 'Others'].flatMap((segment) => {
      const of = bySegment.get(segment) ?? []
      if (of.length === 0) return []
      return [
        { segment, ...bought(of), recencyDays: mean(of.map((one) => one.recencyDays)), purchases: mean(of.map((one) => one.purchases)) },
      ]
    }),
    tiers: tiers.map(({ tier, from }) => {
      const of = byTier.get(tier) ?? []
      return {
        tier,
        from,
        ...bought(of),
        purchases: mean(of.map((one) => one.purchases)),
        value: valued && total(of.map((one) => one.value)),
        alive: valued && mean(of.map((one) => one.alive ?? 0)),
      }
    }),
    value:
      models && valued
        ? {
            months: i.months,
            discountRate: i.discountRate,
            purchases: models.purchases,
            spend: models.spend,
            total: total(customers.map(({ value }) => value)),
            expected: total(customers.map(({ expected }) => expected)),
          }
        : null,
    foretold: foretoldOf(transactions, half, last),
    migration: migrationOf(transactions, half, until),
    customers: customers.sort((a, b) => (b.value ?? 0) - (a.value ?? 0) || b.amount - a.amount || (a.customer < b.customer ? -1 : 1)),
  }
}

const dayText = (day: number): Day => new Date(day * DAY).toISOString().slice(0, 10) as Day
const mean = (of: readonly number[]): number => (of.length === 0 ? 0 : of.reduce((sum, one) => sum + one, 0) / of.length)
/** To hundredths, which the sum of doubles keeps. */
const bought = (of: readonly { readonly amount: number }[]): Bought => ({
  customers: of.length,
  amount: Math.round(of.reduce((sum, { amount }) => sum + amount, 0) * 100) / 100,
})

/** Natural breaks of the logarithms: what people spend spreads over powers, and breaks of the amounts themselves only part off the few largest. */
function tiersOf(amounts: readonly number[]): readonly { readonly tier: TierId; readonly from: number }[] {
  const paid = amounts.filter((amount) => amount > 0).sort((a, b) => a - b)
  const classes = Math.min(TIERS.length, new Set(paid).size)
  if (classes === 0) return [{ tier: TIERS[0], from: 0 }]
  const { groupSizes } = naturalBreaks({ values: paid.map(Math.log), classes })
  let below = 0
  return groupSizes.map((size, n) => {
    const from = n === 0 ? 0 : paid[below]!
    below += size
    return { tier: TIERS[n]!, from }
  })
}

const tierOf = (tiers: ReturnType<typeof tiersOf>, amount: number): TierId => tiers.findLast(({ from }) => amount >= from)!.tier

/** The models of everybody's purchases and spend; null where there are too few repeats for them. */
function modelsOf(histories: readonly CustomerHistory[]) {
  try {
    const purchases = { ...fitBgNbd({ histories, unit: UNIT }), unit: UNIT } as const
    const spend = fitGammaGamma({ spends: histories.filter(({ meanSpend }) => meanSpend > 0) })
    return { purchases, spend }
  } catch (error) {
    if (isPatronkitError(error, 'segments/no-convergence') || isPatronkitError(error, 'core/invalid-input')) return null
    throw error
  }
}

interface Valued {
  readonly alive: number
  readonly expected: number
  readonly value: number
}

/** How many customers are valued between two calls of `onValued`. */
const STEP = 500

function valuesOf(
  histories: readonly CustomerHistory[],
  models: ReturnType<typeof modelsOf>,
  i: ReportInput,
): ReadonlyMap<string, Valued> | null {
  if (!models || models.spend.q <= 1) return null
  const { purchases: model, spend } = models
  const found = new Map<string, Valued>()
  for (const [n, history] of histories.entries()) {
    const asked = { ...history, model, spend, periods: i.months, per: 'month', discountRate: i.discountRate } as const
    const { purchases: expected, value } = lifetimeValue(asked)
    found.set(history.customer, { alive: bgNbdAlive(asked), expected, value })
    if ((n + 1) % STEP === 0) i.onValued?.(n + 1)
  }
  return found
}

/** Purchases of the second half by customers of the first, beside what a model of the first half alone expected. Days count once. */
function foretoldOf(transactions: readonly Transaction[], half: Day, last: number): readonly Foretold[] | null {
  const known = purchaseHistories({ purchases: transactions, until: half, unit: UNIT })
  const horizon = (last - Date.parse(half) / DAY) / WEEK
  if (horizon <= 0) return null
  let predict: ReturnType<typeof bgNbdPredictor>
  try {
    predict = bgNbdPredictor({ model: fitBgNbd({ histories: known }), horizon })
  } catch (error) {
    if (isPatronkitError(error, 'segments/no-convergence') || isPatronkitError(error, 'core/invalid-input')) return null
    throw error
  }
  const amounts = new Map(rfmFigures({ orders: transactions, analysisDate: half }).map(({ customer, amount }) => [customer, amount]))
  const tiers = tiersOf([...amounts.values()])
  const later = new Set(transactions.filter(({ date }) => date > half).map(({ customer, date }) => JSON.stringify([customer, date])))
  const happened = new Map<string, number>()
  for (const one of later) {
    const [customer] = JSON.parse(one) as [string]
    happened.set(customer, (happened.get(customer) ?? 0) + 1)
  }
  const byTier = Map.groupBy(known, ({ customer }) => tierOf(tiers, amounts.get(customer)!))
  return tiers.map(({ tier }) => {
    const of = byTier.get(tier) ?? []
    return {
      tier,
      customers: of.length,
      expected: of.reduce((sum, one) => sum + predict(one.frequency, one.recency, one.age), 0),
      happened: of.reduce((sum, { customer }) => sum + (happened.get(customer) ?? 0), 0),
    }
  })
}

/** Tiers of the first half's spend, and where the same bounds put each customer in the second. */
function migrationOf(transactions: readonly Transaction[], half: Day, until: Day): SegmentReport['migration'] {
  const amountsOf = (of: readonly Transaction[]) =>
    new Map(rfmFigures({ orders: of, analysisDate: until }).map(({ customer, amount }) => [customer, amount]))
  const before = amountsOf(transactions.filter(({ date }) => date <= half))
  const after = amountsOf(transactions.filter(({ date }) => date > half))
  const tiers = tiersOf([...before.values()])
  const tiered = (amounts: ReadonlyMap<string, number>) =>
    new Map([...amounts].map(([customer, amount]) => [customer, tierOf(tiers, amount)]))
  const { counts, shares, entered, left } = migrationMatrix({
    before: tiered(before),
    after: tiered(after),
    tiers: tiers.map(({ tier }) => tier),
  })
  return { tiers, counts, shares, entered, left }
}
