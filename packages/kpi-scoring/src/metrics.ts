import './refusals.ts'

export { type Grain, type Period, periodNamed, periodOf, periodsBetween, type ReportingCalendar } from './metrics/calendar.ts'
export { changeValues, type Evaluation, evaluateMetrics } from './metrics/evaluate.ts'
export { type MetricGraph, metricGraph } from './metrics/graph.ts'
export { type MeasureInput, measure, measureBy, measureSeries } from './metrics/measure.ts'
export { type Measurement, type Measurements, readMeasurements } from './metrics/measurements.ts'
export type {
  Approximation,
  ConversionMetric,
  CumulativeMetric,
  DerivedMetric,
  Fold,
  Formula,
  Metric,
  MetricValue,
  QuantileFold,
  RatioMetric,
  Reason,
  Shift,
  SimpleMetric,
} from './metrics/model.ts'
export { type MetricsAsked, type MetricsRead, metricSummaries, readMetrics } from './metrics/read.ts'
export { rollUpMetrics, type UnitMetrics, type UnitNode } from './metrics/roll-up.ts'
export type { HostRows, MeasurementSource, RowsColumn } from './metrics/source.ts'
