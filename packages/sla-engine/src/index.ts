export type { Agree, Override } from './agree.ts'
export type { DueView, ItemView } from './ask.ts'
export { defineSlaPolicy } from './define.ts'
export type { Checked, Tried } from './explain-match.ts'
export type { Recorded } from './item.ts'
export type { LinkItems } from './link.ts'
export type { Merge, Split, Unmerge } from './merge.ts'
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
export type { RecordItem } from './record.ts'
export type { Retarget, RetargetPreview } from './retarget.ts'
export { createSla, type Sla } from './service.ts'
export type { ClockView } from './view.ts'
export { lengthInWords, render } from './words.ts'
