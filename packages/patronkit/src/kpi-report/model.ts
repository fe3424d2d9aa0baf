import type { CardChange } from '@patronkit/kpi-scoring'

/** A group of an index, or the whole. `weight` is its share among its siblings. */
export interface IndexGroup {
  readonly id: string
  readonly name: string
  readonly parent: string | null
  readonly weight: number
}

/** A unit of an index: its place, its score, and what its scores are made of. */
export interface IndexLine {
  readonly rank: number | null
  readonly id: string
  readonly name: string
  readonly value: number | null
  /** By group, the whole included. */
  readonly scores: { readonly [group: string]: number | null }
  /** Points by the groups right above the measures; they sum to the score. */
  readonly points: { readonly [group: string]: number }
  /** Places between which nine in ten draws of other weights leave it. */
  readonly low: number | null
  readonly high: number | null
}

/** A composite index as a report. Plain data: the page, the CSV and the tests read the same. */
export interface IndexReport {
  readonly kind: 'index'
  readonly name: string
  /** The whole first, then its parts, level by level. */
  readonly groups: readonly IndexGroup[]
  readonly measures: readonly { readonly id: string; readonly name: string; readonly parent: string; readonly weight: number }[]
  /** By rank; units without a score last. */
  readonly units: readonly IndexLine[]
  readonly imputed: readonly { readonly measure: string; readonly unit: string; readonly value: number }[]
  readonly screenedOut: readonly { readonly unit: string; readonly known: number }[]
  readonly treated: readonly { readonly measure: string; readonly how: string; readonly units: readonly string[] }[]
  /** Mean number of places by which units move without a group. */
  readonly leftOut: readonly { readonly group: string; readonly meanRankShift: number }[]
  readonly spread: number
  readonly draws: number
}

/** One period of a metric on its control chart. */
export interface ChartedPeriod {
  readonly period: string
  readonly met: number
  readonly judged: number
  readonly share: number
  readonly lower: number
  readonly upper: number
  /** Nelson's rules that the point broke. */
  readonly rules: readonly number[]
}

/** Promises kept over time, as a scorecard. */
export interface AttainmentReport {
  readonly kind: 'attainment'
  readonly asOf: string
  readonly zone: string
  readonly group: string
  readonly metrics: readonly string[]
  /** Closed months: score, attainment by metric, and the hash under which the month is closed. */
  readonly periods: readonly {
    readonly period: string
    readonly score: string | null
    readonly metrics: { readonly [metric: string]: string | null }
    readonly hash: string
  }[]
  readonly charts: { readonly [metric: string]: { readonly centre: number; readonly points: readonly ChartedPeriod[] } }
  /** Between the last two quarters that are over; null where there are not two. */
  readonly change: (CardChange & { readonly from: string; readonly to: string }) | null
  /** By group, over everything judged. */
  readonly groups: readonly { readonly group: string; readonly metrics: { readonly [metric: string]: GroupAttainment } }[]
}

export interface GroupAttainment {
  readonly met: number
  readonly judged: number
  readonly share: string | null
}

export type KpiReport = IndexReport | AttainmentReport
