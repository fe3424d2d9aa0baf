import './refusals.ts'

export { aggregate, type Contribution, type IfMissing, type Part, type Score } from './score/aggregate.ts'
export { type Ahp, ahp, type WorstJudgement } from './score/ahp.ts'
export {
  type CompositeIndex,
  compositeIndex,
  explainIndex,
  type IndexBasis,
  type IndexContribution,
  type IndexRecipe,
  type IndexScore,
  type IndexUnit,
} from './score/composite.ts'
export { type Band, bandOf, type CurvePoint } from './score/curve.ts'
export { type CardValue, type ExactLine, type ExactScore, scoreExactly } from './score/exact-card.ts'
export { type Imputation, impute } from './score/impute.ts'
export type { Mean } from './score/mean.ts'
export { type Direction, type Normalisation, normalise } from './score/normalise.ts'
export { type LeftOut, leaveOneOut, type RankInterval, shakeWeights } from './score/robustness.ts'
export {
  type CardLine,
  type CardScore,
  type Measure,
  type MeasureScale,
  type Scorecard,
  type Scored,
  type ScoreSheet,
  scoreAll,
} from './score/scorecard.ts'
export { criticWeights, deviationWeights, entropyWeights, equalWeights, type FromData } from './score/spread-weights.ts'
export { topsis } from './score/topsis.ts'
export { type Treated, type Treatment, treat } from './score/treat.ts'
export type { IndexNode, Tree } from './score/tree.ts'
