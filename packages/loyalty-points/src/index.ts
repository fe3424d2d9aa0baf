import './refusals.ts'

export {
  festivals,
  type GiftAnswer,
  type GiftGuard,
  giftDue,
  type LunarCalendar,
  type LunarDay,
  lunarBirthday,
  type MissingDay,
  type Occasion,
  occasionIn,
  occasionsBetween,
  type YearlyDay,
} from './care.ts'
export { type ClawbackPolicy, clawback, type SpendRate } from './clawback.ts'
export { type CalendarLength, type ExpiryPolicy, expiresAt } from './expiry.ts'
export { type Allocation, allocate, type Estimate, type LiabilityPeriod, liability, spread } from './liability.ts'
export { type Orderable, type PlainLot, redeemLots } from './lots.ts'
export { type Rejection, refusal } from './refusals.ts'
export { type Tier, type TierRules, type TierView, type TierWindow, tierAfter, tierFor } from './tiers.ts'
