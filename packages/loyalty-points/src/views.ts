import { field, type View, view } from '@patronkit/core/service'
import { accounts, entries, holds, lots, NEVER } from './tables.ts'

const expires = { column: 'goes_at', when: field('goes_at').lt(NEVER) } as const

/**
 * Accounts, one row each, for lists and reports: points in lots, what of them is held, what is owed, and the tier, as of the
 * last command or `tick`. What time alone has done since is not in it: `balance` counts that to the millisecond.
 */
export const balanceView: View = view('loyalty_balance_v1', {
  from: accounts,
  columns: {
    programme: 'programme',
    account: 'account',
    currency: 'currency',
    posted: 'posted',
    held: 'held',
    debt: 'debt',
    tier: 'tier',
    frozen: 'frozen',
    merged_into: 'merged_into',
    opened_at: 'opened_at',
    as_of: 'as_of',
  },
})

/** Open lots, one row each: join it with your own tables for "points that expire next month". */
export const lotView: View = view('loyalty_lot_v1', {
  from: lots,
  where: field('open').eq(true),
  columns: {
    programme: 'programme',
    account: 'account',
    lot: 'lot',
    currency: 'currency',
    posting: 'posting',
    points: 'points',
    remaining: 'remaining',
    held: 'held',
    earned_at: 'earned_at',
    available_at: 'available_at',
    expires_at: expires,
    goes_ms: { column: 'goes_at', stored: true },
  },
})

/** Holds, one row each. One that is past `ends_at` and still `open` has ended all the same. */
export const holdView: View = view('loyalty_hold_v1', {
  from: holds,
  columns: {
    hold: 'hold',
    programme: 'programme',
    account: 'account',
    currency: 'currency',
    points: 'points',
    order_id: 'order_id',
    state: 'state',
    captured: 'captured',
    ends_at: 'ends_at',
  },
})

/** The books, one row a movement: points went `out_of` one book `into` another. A member's balance is `points`. */
export const entryView: View = view('loyalty_entry_v1', {
  from: entries,
  columns: {
    programme: 'programme',
    account: 'account',
    seq: 'seq',
    no: 'no',
    currency: 'currency',
    out_of: 'out_of',
    into: 'into',
    points: 'points',
    at: 'at',
    recorded_at: 'recorded_at',
  },
})
