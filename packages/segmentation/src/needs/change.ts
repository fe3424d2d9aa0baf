import { wrong } from '../refusals.ts'
import { psi, type Shift } from './psi.ts'

/** What the customers of one period asked for: counts by need. */
export interface NeedPeriod {
  readonly period: string
  readonly counts: { readonly [need: string]: number }
}

export interface NeedTrend {
  readonly need: string
  /** The share in each period, in their order. */
  readonly shares: readonly number[]
  /** Least-squares change of the share from one period to the next. */
  readonly slope: number
}

export interface NeedChange extends Shift {
  readonly period: string
  /** The period it is compared with: the one before. */
  readonly from: string
}

/** How needs move over periods: a trend a need, the index between neighbours, and the periods that call for attention. */
export function needChange(i: {
  readonly periods: readonly NeedPeriod[]
  readonly emptyBin?: { readonly floor: number }
  /** An index from here on is an alert; 0.25 unless said otherwise. */
  readonly alertAt?: number
}): { readonly trends: readonly NeedTrend[]; readonly changes: readonly NeedChange[]; readonly alerts: readonly NeedChange[] } {
  if (i.periods.length < 2) throw wrong('periods', `has ${i.periods.length} entries`, 'Give at least two periods, oldest first.')
  const needs = [...new Set(i.periods.flatMap(({ counts }) => Object.keys(counts)))]
  const counts = i.periods.map((one) => needs.map((need) => (Object.hasOwn(one.counts, need) ? one.counts[need]! : 0)))
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0))
  const changes = i.periods.slice(1).map(({ period }, at): NeedChange => {
    const bins = { expected: counts[at]!, actual: counts[at + 1]!, ...(i.emptyBin ? { emptyBin: i.emptyBin } : {}) }
    return { period, from: i.periods[at]!.period, ...psi(bins) }
  })
  const trends = needs.map((need, n): NeedTrend => {
    const shares = counts.map((row, at) => row[n]! / totals[at]!)
    return { need, shares, slope: slopeOf(shares) }
  })
  return { trends, changes, alerts: changes.filter((change) => change.psi >= (i.alertAt ?? 0.25)) }
}

function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const top = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  return top / values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
}
