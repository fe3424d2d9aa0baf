import { boolean, type Column, instant, integer, json, nullable, table, text } from '@patronkit/core/service'

/** Stands for "never" where a column orders rows and so must not be missing: the last instant a `Date` can hold. */
export const NEVER = 8_640_000_000_000_000

const OWNER = ['programme', 'account'] as const
const owner: { readonly programme: Column<string>; readonly account: Column<string> } = { programme: text(), account: text() }

/**
 * One row an account. `posted` and `held` are sums over its open lots in the programme's currency, `others` has the posted
 * points and debts of other currencies. `settled_from` is when the last of the lots that waited at `as_of` can be used, 0 where
 * none did; `timer_at` is when time alone changes the account next, or sooner.
 */
export const accounts = table(
  'loyalty_account',
  {
    ...owner,
    zone: text(),
    opened_at: instant(),
    as_of: instant(),
    active_at: instant(),
    frozen: boolean(),
    merged_into: nullable(text()),
    currency: text(),
    posted: integer(),
    held: integer(),
    debt: integer(),
    others: json(),
    settled_from: instant(),
    tier: nullable(text()),
    standing: nullable(json()),
    timer_at: nullable(instant()),
  },
  { key: OWNER, subject: OWNER, indexes: { by_posted: ['programme', 'posted'] } },
)

/** One row a lot. `goes_at` is its expiry, {@link NEVER} for none: open lots stand in the index in order of use. */
export const lots = table(
  'loyalty_lot',
  {
    ...owner,
    lot: text(),
    currency: text(),
    posting: text(),
    points: integer(),
    remaining: integer(),
    held: integer(),
    expired: integer(),
    earned_at: instant(),
    available_at: nullable(instant()),
    goes_at: instant(),
    free_since: instant(),
    open: boolean(),
  },
  {
    key: ['programme', 'account', 'lot'],
    subject: OWNER,
    indexes: { in_use: ['programme', 'account', 'open', 'goes_at', 'lot'], by_posting: ['programme', 'account', 'posting'] },
  },
)

/** One row a hold, under its own id for ever. */
export const holds = table(
  'loyalty_hold',
  {
    hold: text(),
    ...owner,
    currency: text(),
    points: integer(),
    taken: json(),
    ends_at: instant(),
    order_id: nullable(text()),
    order_value: nullable(json()),
    worth: nullable(json()),
    state: text(),
    captured: integer(),
    counted_at: nullable(instant()),
  },
  { key: ['hold'], subject: OWNER, indexes: { by_account: ['programme', 'account', 'state', 'ends_at'] } },
)

/** Everything that was posted, once and for ever, and the event that says so. */
export const postings = table(
  'loyalty_posting',
  { posting: text(), ...owner, seq: integer() },
  { key: ['posting', 'programme', 'account'], subject: OWNER, indexes: { by_account: ['programme', 'account'] } },
)

/**
 * The books: each row moves points from one book to another, so that they balance row by row. `seq` is the event that it
 * belongs to. Rows are only ever inserted.
 */
export const entries = table(
  'loyalty_entry',
  {
    ...owner,
    seq: integer(),
    no: integer(),
    currency: text(),
    out_of: text(),
    into: text(),
    points: integer(),
    at: instant(),
    recorded_at: instant(),
  },
  { key: ['programme', 'account', 'seq', 'no'], subject: OWNER },
)

/** Points that were spent: from which lots, and how many came back. */
export const spends = table(
  'loyalty_spend',
  {
    spend: text(),
    ...owner,
    currency: text(),
    points: integer(),
    taken: json(),
    back: integer(),
    order_id: nullable(text()),
    worth: nullable(json()),
  },
  { key: ['spend'], subject: OWNER, indexes: { by_account: ['programme', 'account'] } },
)

/** What is known of an order on an account: enough to refund it by the terms of its day. */
export const orders = table(
  'loyalty_order',
  { order_id: text(), ...owner, value: json(), refunded: text(), policy: json(), earnings: json(), spends: json() },
  { key: ['order_id', 'programme', 'account'], subject: OWNER, indexes: { by_account: ['programme', 'account'] } },
)

/** Merges that are in force: which lots came from which. */
export const merges = table(
  'loyalty_merge',
  { merge: text(), ...owner, source: text(), debts: json(), lots: json() },
  { key: ['merge'], subject: OWNER, indexes: { by_account: ['programme', 'account'] } },
)

/** Earnings that passed a limit and wait for somebody to look at them. */
export const reviews = table(
  'loyalty_review',
  { ...owner, posting: text(), limit_id: text(), points: integer(), at: instant() },
  { key: ['programme', 'account', 'posting'], subject: OWNER, indexes: { in_time: ['programme', 'at', 'account', 'posting'] } },
)

/** Points earned by cap and period, points spent by limit and period, and streaks by rule. */
export const counters = table(
  'loyalty_counter',
  { ...owner, name: text(), n: integer() },
  { key: ['programme', 'account', 'name'], subject: OWNER },
)

/** Qualifying points, as tiers count them. */
export const movements = table(
  'loyalty_movement',
  { ...owner, seq: integer(), at: instant(), points: integer() },
  { key: ['programme', 'account', 'seq'], subject: OWNER, indexes: { in_time: ['programme', 'account', 'at', 'seq'] } },
)

/** What campaigns have given so far, over all accounts: points, and money in minor units. */
export const budgets = table(
  'loyalty_budget',
  { programme: text(), campaign: text(), points: integer(), money: integer() },
  { key: ['programme', 'campaign'], subject: ['programme', 'campaign'] },
)

/** How often each limited reward or offer was taken, over all accounts. */
export const stock = table(
  'loyalty_stock',
  { programme: text(), item: text(), taken: integer() },
  { key: ['programme', 'item'], subject: ['programme', 'item'] },
)

/** Codes of offers that were given out. */
export const codes = table(
  'loyalty_code',
  { programme: text(), code: text(), offer: text() },
  { key: ['programme', 'code'], subject: ['programme', 'code'] },
)

/** Codes that were used, each once and for ever. */
export const codeUses = table(
  'loyalty_code_use',
  { programme: text(), code: text(), posting: text() },
  { key: ['programme', 'code'], subject: ['programme', 'code'] },
)

/** Who was brought by whom, each once and for ever. */
export const referrals = table(
  'loyalty_referral',
  { programme: text(), referee: text(), referrer: text(), at: instant() },
  { key: ['programme', 'referee'], subject: ['programme', 'referee'] },
)

/** Statements that were closed. */
export const statements = table(
  'loyalty_statement',
  {
    ...owner,
    to_at: instant(),
    from_at: instant(),
    currency: text(),
    closed_seq: integer(),
    closed_at: instant(),
    hash: text(),
    body: json(),
  },
  { key: ['programme', 'account', 'to_at'], subject: OWNER },
)

/** Roots over the ends of all accounts' chains. */
export const anchors = table(
  'loyalty_anchor',
  { anchor: text(), at: instant(), accounts: integer(), root: text() },
  { key: ['anchor'], subject: ['anchor'] },
)

/** The leaves of a root: how far an account's chain had come. */
export const leaves = table(
  'loyalty_leaf',
  { anchor: text(), subject: text(), seq: integer(), chain: text() },
  { key: ['anchor', 'subject'], subject: ['anchor'], derived: true },
)
