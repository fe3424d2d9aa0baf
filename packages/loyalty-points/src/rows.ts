import type { Money } from '@patronkit/core'
import type { Json, RowOf } from '@patronkit/core/service'
import type { Taken } from './lots.ts'
import type { AccountState, Hold, Lot, MergeRecord, OrderRecord, Review, Spend } from './model.ts'
import { type accounts, type holds, type lots, type merges, NEVER, type orders, type reviews, type spends } from './tables.ts'
import type { Standing } from './tiers.ts'

export type AccountRow = RowOf<typeof accounts>
export type LotRow = RowOf<typeof lots>
export type HoldRow = RowOf<typeof holds>
export type SpendRow = RowOf<typeof spends>
export type OrderRow = RowOf<typeof orders>
export type MergeRow = RowOf<typeof merges>
export type ReviewRow = RowOf<typeof reviews>

/** Whose rows. */
export type Owner = { readonly programme: string; readonly account: string }

/** What an account has in a currency that is not the programme's own. */
export interface Other {
  readonly posted: number
  readonly debt: number
}

export const SUBJECT = 'loyalty-account'
export const subjectOf = ({ programme, account }: Owner): string => `${programme}/${account}`

export const ownerOf = ({ programme, account }: Owner): Owner => ({ programme, account })

export const lotOf = (row: LotRow): Lot => ({
  id: row.lot,
  currency: row.currency,
  posting: row.posting,
  points: row.points,
  remaining: row.remaining,
  held: row.held,
  expired: row.expired,
  earnedAt: row.earned_at,
  availableAt: row.available_at,
  expiresAt: row.goes_at === NEVER ? null : row.goes_at,
  freeSince: row.free_since,
})

export const lotRow = (owner: Owner, lot: Lot): LotRow => ({
  programme: owner.programme,
  account: owner.account,
  lot: lot.id,
  currency: lot.currency,
  posting: lot.posting,
  points: lot.points,
  remaining: lot.remaining,
  held: lot.held,
  expired: lot.expired,
  earned_at: lot.earnedAt,
  available_at: lot.availableAt,
  goes_at: lot.expiresAt ?? NEVER,
  free_since: lot.freeSince,
  open: lot.remaining > 0,
})

export const holdOf = (row: HoldRow): Hold => ({
  id: row.hold,
  currency: row.currency,
  points: row.points,
  taken: row.taken as unknown as readonly Taken[],
  expiresAt: row.ends_at,
  order: row.order_id,
  value: row.order_value as Money | null,
  worth: row.worth as Money | null,
  state: row.state as Hold['state'],
  captured: row.captured,
  countedAt: row.counted_at,
})

export const holdRow = (owner: Owner, hold: Hold): HoldRow => ({
  hold: hold.id,
  ...ownerOf(owner),
  currency: hold.currency,
  points: hold.points,
  taken: hold.taken as unknown as Json,
  ends_at: hold.expiresAt,
  order_id: hold.order,
  order_value: hold.value as Json,
  worth: hold.worth as Json,
  state: hold.state,
  captured: hold.captured,
  counted_at: hold.countedAt,
})

export const spendOf = (row: SpendRow): Spend => ({
  id: row.spend,
  currency: row.currency,
  points: row.points,
  taken: row.taken as unknown as readonly Taken[],
  back: row.back,
  order: row.order_id,
  worth: row.worth as Money | null,
})

export const spendRow = (owner: Owner, spend: Spend): SpendRow => ({
  spend: spend.id,
  ...ownerOf(owner),
  currency: spend.currency,
  points: spend.points,
  taken: spend.taken as unknown as Json,
  back: spend.back,
  order_id: spend.order,
  worth: spend.worth as Json,
})

export const orderOf = (row: OrderRow): OrderRecord => ({
  id: row.order_id,
  value: row.value as unknown as Money,
  refunded: row.refunded,
  policy: row.policy as unknown as OrderRecord['policy'],
  earnings: row.earnings as unknown as OrderRecord['earnings'],
  spends: row.spends as readonly string[],
})

export const orderRow = (owner: Owner, order: OrderRecord): OrderRow => ({
  order_id: order.id,
  ...ownerOf(owner),
  value: order.value as unknown as Json,
  refunded: order.refunded,
  policy: order.policy as unknown as Json,
  earnings: order.earnings as unknown as Json,
  spends: order.spends,
})

export const mergeOf = (row: MergeRow): MergeRecord => ({
  from: row.source,
  debts: row.debts as MergeRecord['debts'],
  lots: row.lots as unknown as MergeRecord['lots'],
})

export const mergeRow = (owner: Owner, merge: string, record: MergeRecord): MergeRow => ({
  merge,
  ...ownerOf(owner),
  source: record.from,
  debts: record.debts,
  lots: record.lots as unknown as Json,
})

export const reviewOf = (row: ReviewRow): Review => ({ limit: row.limit_id, points: row.points, at: row.at })

export const reviewRow = (owner: Owner, posting: string, review: Review): ReviewRow => ({
  ...ownerOf(owner),
  posting,
  limit_id: review.limit,
  points: review.points,
  at: review.at,
})

/** The account without its lots, holds and orders. */
export const bareStateOf = (row: AccountRow): AccountState => ({
  account: row.account,
  programme: row.programme,
  zone: row.zone,
  openedAt: row.opened_at,
  asOf: row.as_of,
  activeAt: row.active_at,
  frozen: row.frozen,
  mergedInto: row.merged_into,
  lots: [],
  unread: 0,
  readTo: null,
  unreadAlike: 0,
  debts: debtsOf(row),
  holds: {},
  spends: {},
  orders: {},
  merges: {},
  reviews: {},
  postings: {},
  counters: {},
  movements: [],
  standing: row.standing as unknown as Standing | null,
  past: null,
})

function debtsOf(row: AccountRow): AccountState['debts'] {
  const others = row.others as unknown as { readonly [currency: string]: Other }
  const all = [[row.currency, row.debt] as const, ...Object.entries(others).map(([currency, { debt }]) => [currency, debt] as const)]
  return Object.fromEntries(all.filter(([, debt]) => debt > 0))
}
