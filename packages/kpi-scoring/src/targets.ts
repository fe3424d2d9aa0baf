import './refusals.ts'

export { creditOf, type SharedDeal, splitCredit } from './targets/credit.ts'
export { type Amount, type Attainment, attainment, type Forecast, forecastTotal, marketShare, type Pace, pace } from './targets/progress.ts'
export { rollDown, rollUp, type TargetNode, type Targets } from './targets/roll.ts'
export { type Share, splitMoney, splitQuantity } from './targets/split.ts'
