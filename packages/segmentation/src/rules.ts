import './refusals.ts'

export type { Fact } from './rules/behaviour.ts'
export * from './rules/build.ts'
export { type CompiledRule, compileRule, type Entity, type EntityTest } from './rules/compile.ts'
export { type Environment, inOrder, type SegmentRule, segmentsIn } from './rules/environment.ts'
export { explainPopulation, explainRule, type PartCount, type RuleExplanation, type RuleResult } from './rules/explain.ts'
export type { Values } from './rules/leaf.ts'
export { lowerRule } from './rules/lower.ts'
export type { Comparison, Events, Fold, Grain, Rule, SequenceStep, Window } from './rules/model.ts'
export type { Change, NearestFlip } from './rules/nearest.ts'
export { ruleSchema } from './rules/schema.ts'
export {
  type ColumnKind,
  type Columns,
  defineSource,
  type Source,
  type SourceColumn,
  type SourceDefinition,
  type SourceFacts,
  type SourceMembers,
  type SourceRows,
  sourceSchema,
  type TableSource,
} from './rules/source.ts'
export { foldText } from './rules/values.ts'
