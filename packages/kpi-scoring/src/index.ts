import './refusals.ts'

export type { SubjectScore, TargetProgress } from './ask.ts'
export type { ScoreLine } from './assess.ts'
export * from './change.ts'
export type { ClosedPeriod, Replay } from './close.ts'
export * from './control.ts'
export type { CreditEntries, EntriesCredited, PlanEntry } from './credit.ts'
export {
  defineIncentivePlan,
  defineMetric,
  defineQualityForm,
  defineReportingCalendar,
  defineScorecard,
  incentivePlanSchema,
  metricSchema,
  qualityFormSchema,
  reportingCalendarSchema,
  scorecardSchema,
} from './define.ts'
export type { Erased } from './erase.ts'
export * from './incentives.ts'
export * from './metrics.ts'
export type { DealCredit, PayStatement, StatementReplay } from './pay-statement.ts'
export * from './people.ts'
export type { MeasurementsRecorded, RecordMeasurements } from './record.ts'
export type { Pins } from './rulebook.ts'
export * from './score.ts'
export { createKpi, type Kpi } from './service.ts'
export type { SetTargets, TargetSet, TargetsSet } from './set-targets.ts'
export * from './survey.ts'
export * from './targets.ts'
export { render } from './words.ts'
