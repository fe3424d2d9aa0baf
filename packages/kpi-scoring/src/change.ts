import './refusals.ts'

export { type CardChange, type CardSide, type ExactEffects, type ExactGroup, explainCardChange } from './change/card-change.ts'
export type { RatioGroup } from './change/groups.ts'
export { explainRatioChange, type GroupEffect, type RatioChange, rollUpRatio } from './change/ratio-change.ts'
export { type Effects, explainScoreChange, type MeasuredPart, type ScoreChange } from './change/score-change.ts'
