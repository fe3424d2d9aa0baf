export { checkStandard, type Place, type StandardFindings } from './standard/check.ts'
export { defineServiceStandard } from './standard/define.ts'
export type {
  Axis,
  AxisName,
  Cell,
  QualityPromise,
  Sentence,
  ServiceStandard,
  ServiceStandardDefinition,
  Terms,
  TimePromise,
} from './standard/model.ts'
export { policiesOf, type QualityTarget, qualityTargetsOf, sentenceOf, type TracedSentence } from './standard/policies.ts'
