import './refusals.ts'

export { type Draw, draw } from './incentives/draw.ts'
export { type Payout, payout } from './incentives/payout.ts'
export type { IncentivePlan, Multiplier, Tier } from './incentives/plan.ts'
export { type CreditEntry, explainStatement, type Statement, statement } from './incentives/statement.ts'
