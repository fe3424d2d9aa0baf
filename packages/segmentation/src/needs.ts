import './refusals.ts'

export { type NeedChange, type NeedPeriod, type NeedTrend, needChange } from './needs/change.ts'
export { type Overlap, overlap } from './needs/overlap.ts'
export { type Preference, preferenceProfile } from './needs/preference.ts'
export { psi, type Shift } from './needs/psi.ts'
export { type Estimate, estimateMembers, type StratifiedSample, stratifiedSample } from './needs/sample.ts'
export { type ShareInterval, wilson } from './needs/wilson.ts'
