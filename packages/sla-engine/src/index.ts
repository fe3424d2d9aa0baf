export type { DueView, ItemView } from './ask.ts'
export { defineSlaPolicy } from './define.ts'
export { METRICS } from './metrics.ts'
export type { Attributes, Author, Fact, ItemRef } from './model.ts'
export type {
  ByDate,
  ByWorkingDay,
  Limit,
  MetricRule,
  OnChange,
  OnReopen,
  Policy,
  Recipient,
  SlaPolicy,
  Step,
  Target,
  When,
  Within,
} from './policy.ts'
export type { Recorded, RecordItem } from './record.ts'
export { createSla, type Sla } from './service.ts'
export type { ClockView } from './view.ts'
export { lengthInWords, render } from './words.ts'
