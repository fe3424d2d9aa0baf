import './refusals.ts'

export { type ChartData, type ChartPoint, type ControlChart, controlChart } from './control/chart.ts'
export { type Constants, type ControlConstants, controlConstants } from './control/constants.ts'
export {
  CUSUM_START,
  type Cusum,
  type CusumState,
  cusum,
  type EwmaPoint,
  type EwmaState,
  ewma,
  nextCusum,
  nextEwma,
} from './control/drift.ts'
export { type ChartFigures, type ChartKind, type ControlLimits, controlLimits } from './control/limits.ts'
export { brokenRules, nextPoint, type RuleBook, runRules, type Signals, startWatch, type Watch } from './control/rules.ts'
