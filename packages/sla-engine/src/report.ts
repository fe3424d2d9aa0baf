export type { Confidence, Estimate } from './figures/interval.ts'
export type { PercentileMethod } from './figures/percentile.ts'
export type { PeriodUnit } from './figures/period.ts'
export {
  type Attainment,
  type AttainmentCount,
  type AttainmentQuestion,
  type AttainmentReport,
  countAttainment,
} from './report/attainment.ts'
export type { CountedItem, Outcome } from './report/counted.ts'
export type { Dimension, DimensionValue } from './report/dimension.ts'
