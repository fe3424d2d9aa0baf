import type { Pred, WallDuration } from '@patronkit/core'

/** How measurements become one value. `latest` is for balances: the last of each subject in time, added up over subjects. */
export type Fold = 'sum' | 'count' | 'mean' | 'minimum' | 'maximum' | 'latest' | 'median' | QuantileFold

/**
 * The value that at least this share of all measurements does not exceed, such as `'0.95'`. It is exact and then needs every value, so
 * no roll-up has it; with an `error` it comes from a sketch, which parts can be put together from, and is off by at most that share
 * of itself.
 */
export interface QuantileFold {
  readonly quantile: string
  readonly error?: string | undefined
}

/** Which other period a metric is taken from: so many periods back, or the same period so many years back. */
export type Shift = { readonly periods: number } | { readonly years: number }

/**
 * A formula as data; nothing is ever evaluated as code. A reference may name a shift, and what stands in where the metric is
 * undefined; without that the whole formula is undefined, too.
 */
export type Formula =
  | { readonly metric: string; readonly shift?: Shift | undefined; readonly ifUndefined?: string | undefined }
  | { readonly number: string; readonly unit?: string | undefined }
  | { readonly add: readonly Formula[] }
  | { readonly multiply: readonly Formula[] }
  | { readonly subtract: readonly [Formula, Formula] }
  | { readonly divide: readonly [Formula, Formula] }

interface Named {
  readonly id: string
  /** `EUR`, `hours`, `count`, `share` (a number without a unit), or a combination such as `EUR/hours`. */
  readonly unit: string
}

/** A fold over measurements of one name. Nothing measured is undefined unless `ifEmpty: 'zero'`; a count of nothing is 0. */
export interface SimpleMetric extends Named {
  readonly kind: 'simple'
  readonly value: string
  readonly fold: Fold
  readonly where?: Pred | undefined
  readonly ifEmpty?: 'undefined' | 'zero' | undefined
}

/** One metric by another; over 0 it is undefined, with that as its reason. */
export interface RatioMetric extends Named {
  readonly kind: 'ratio'
  readonly numerator: string
  readonly denominator: string
}

/** A formula over other metrics. */
export interface DerivedMetric extends Named {
  readonly kind: 'derived'
  readonly formula: Formula
}

/** Another metric over a longer stretch: from the start of the month, quarter or year to date, or over the last so many periods. */
export interface CumulativeMetric extends Named {
  readonly kind: 'cumulative'
  readonly of: string
  readonly over: { readonly toDate: 'month' | 'quarter' | 'year' } | { readonly periods: number }
}

/** The share of `base` measurements after which the same subject had a `converted` one within the time given. */
export interface ConversionMetric extends Named {
  readonly kind: 'conversion'
  readonly base: string
  readonly converted: string
  readonly within: WallDuration
}

/** A metric as data. */
export type Metric = SimpleMetric | RatioMetric | DerivedMetric | CumulativeMetric | ConversionMetric

/** Why a value is undefined, and at which metric that began. */
export interface Reason {
  readonly code: 'no-data' | 'divided-by-zero' | 'no-such-period'
  readonly metric: string
}

/** The value of a metric, a decimal text, or null with a reason. Undefined is never 0. */
export interface MetricValue {
  readonly value: string | null
  readonly unit: string
  readonly reason?: Reason
  /** The sketched quantiles that went into it, and by which share of itself each can be off. */
  readonly approximate?: readonly Approximation[]
}

export interface Approximation {
  readonly metric: string
  readonly error: string
}
