import './refusals.ts'

export type { BalanceView, BothAnswer, HoldAnswer, Posting, RefundAnswer, SpendAnswer } from './answers.ts'
export type { AccountLine, AccountStatus, HoldView, LotView, ReviewView, StatementLineView, StatementView, TierStatus } from './ask.ts'
export { balanceAt, tierAt } from './balance.ts'
export type { Verified } from './books.ts'
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
export type { Anchored, Erased } from './closing.ts'
export { decide, openAccount } from './decide.ts'
export { type BothAccepted, decideMerge, decideTransfer, decideUnmerge } from './decide-between.ts'
export type { Accepted, Answer, Balance, Decision, Env, NeedsLots, Rejected } from './decision.ts'
export { defineProgramme } from './define.ts'
export type { BudgetLeft, BudgetUse } from './earning.ts'
export { evolve } from './evolve.ts'
export { type CalendarLength, type ExpiryPolicy, expiresAt } from './expiry.ts'
export type { FundedCampaign, Funding } from './funding.ts'
export { type Book, type Entry, entriesOf } from './ledger.ts'
export { type Allocation, allocate, type Estimate, type LiabilityPeriod, liability, spread } from './liability.ts'
export { type Orderable, type PlainLot, redeemLots, type Taken } from './lots.ts'
export type {
  AccountState,
  Command,
  GrantedLot,
  Hold,
  Lot,
  LoyaltyEvent,
  LoyaltyEvents,
  Order,
  OrderItem,
  OrderRecord,
  Spend,
} from './model.ts'
export type {
  AchievementRule,
  Campaign,
  Cap,
  EarnLimit,
  EarnRule,
  EventRule,
  ItemRule,
  NegativePolicy,
  Offer,
  Programme,
  ProgrammeDefinition,
  Redemption,
  Referral,
  RefundPolicy,
  Reward,
  SpendLimit,
  SpendRule,
  Stacking,
  StreakRule,
} from './programme.ts'
export { type Recount, recount } from './recount.ts'
export { type Quote, quote } from './redemption.ts'
export { type Rejection, refusal } from './refusals.ts'
export type {
  Adjust,
  Capture,
  Claim,
  CloseStatement,
  Dismiss,
  Earn,
  Freeze,
  HoldPoints,
  Import,
  IssueCodes,
  MemberFacts,
  Merge,
  OnAccount,
  Open,
  Purchase,
  Redeem,
  RedeemTogether,
  Refer,
  Refund,
  Reinstate,
  Release,
  Replace,
  Reverse,
  Settle,
  Transfer,
  Unfreeze,
  Unmerge,
} from './requests.ts'
export { parseCommand } from './schema.ts'
export { createLoyalty, type Loyalty, type LoyaltyPreviews, type Preview } from './service.ts'
export { pointsAt, type Recorded, type Statement, type StatementLine, statement } from './statement.ts'
export { qualifyingOf } from './tier-events.ts'
export { type Tier, type TierRules, type TierView, type TierWindow, tierAfter, tierFor } from './tiers.ts'
export { type Violation, verifyLedger } from './verify.ts'
export type { Broken } from './walk.ts'
export { explainAnswer, render } from './words.ts'
