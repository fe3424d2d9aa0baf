import type { Explanation, Page } from '@patronkit/core'
import {
  all,
  behind,
  type Context,
  cursorAt,
  eventsOf,
  explained,
  field,
  get,
  type Head,
  list,
  type Operation,
  type Pinned,
  read,
} from '@patronkit/core/service'
import type { z } from 'zod'
import { type BalanceView, balanceView } from './answers.ts'
import { balanceAt, tierAt } from './balance.ts'
import { unknownAccount } from './command.ts'
import { evolveAll, NOBODY } from './evolve.ts'
import { eventsUpTo } from './history.ts'
import { type Loaded, loadAccount, type Needs, unmoved } from './load.ts'
import type { AccountState, LoyaltyEvent } from './model.ts'
import { passTime } from './passing.ts'
import type { Programme } from './programme.ts'
import { refusal } from './refusals.ts'
import type { ASKED } from './requests.ts'
import { lotOf, type Owner, ownerOf, SUBJECT, subjectOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import type { Why } from './save.ts'
import { type Recorded, type Statement, type StatementLine, statement as statementOver } from './statement.ts'
import { accounts, holds as holdTable, lots as lotTable, postings, reviews, statements } from './tables.ts'
import { qualifyingOf } from './tier-events.ts'
import { WORDS } from './words.ts'

type Asked<V extends keyof typeof ASKED> = z.output<(typeof ASKED)[V]>

/** Where an account stands on the ladder, what is missing for the next rung, and what it will be. */
export interface TierStatus {
  readonly tier: string
  readonly since: Date
  /** Until when the tier is sure; null for always. */
  readonly until: Date | null
  readonly inGrace: boolean
  readonly points: number
  readonly next: { readonly tier: string; readonly missing: number } | null
  readonly missingToKeep: number
  readonly projected: string
}

/** An account as a whole. */
export interface AccountStatus extends BalanceView {
  readonly account: string
  readonly programme: Pinned
  readonly zone: string
  readonly openedAt: Date
  readonly frozen: boolean
  readonly mergedInto: string | null
  /** Null where the programme has no tiers. */
  readonly tier: TierStatus | null
}

export interface LotView {
  readonly lot: string
  readonly currency: string
  readonly points: number
  readonly remaining: number
  readonly held: number
  readonly earnedAt: Date
  /** Null while it waits to be settled. */
  readonly availableAt: Date | null
  readonly expiresAt: Date | null
}

export interface HoldView {
  readonly hold: string
  readonly points: number
  readonly order: string | null
  readonly expiresAt: Date
}

/** One line of a statement: what moved, when it was true and when it was written down. */
export interface StatementLineView {
  readonly at: Date
  readonly recordedAt: Date
  readonly type: string
  readonly points: number
}

/** opening + corrections + movements = closing. Periods are half-open. */
export interface StatementView {
  readonly currency: string
  readonly from: Date
  readonly to: Date
  readonly opening: number
  readonly corrections: readonly StatementLineView[]
  readonly movements: readonly StatementLineView[]
  readonly closing: number
  /** When it was closed, since when it never changes; null while it is open. */
  readonly closedAt: Date | null
}

/** One account in a list. `posted` is as of the last time that something was written; `balance` is right now. */
export interface AccountLine {
  readonly account: string
  readonly posted: number
  readonly held: number
  readonly debt: number
  readonly tier: string | null
}

const PAGE = 100
const MOST = 10_000

/** An account that is there, read as one state. */
export function* known(
  book: Rulebook,
  ctx: Context,
  owner: Owner,
  needs: Needs = {},
): Operation<Loaded & { readonly state: AccountState }> {
  const loaded = yield* loadAccount(ctx, book, owner, needs)
  yield* unmoved(ctx, loaded)
  const { state } = loaded
  if (!state) throw unknownAccount(owner)
  return { ...loaded, state }
}

export function* balance(book: Rulebook, ctx: Context, i: Asked<'balance'>): Operation<BalanceView> {
  const past = i.asOf !== undefined || i.knownAt !== undefined
  const currency = i.currency
  const all = currency === undefined ? {} : { reach: () => 'all' as const }
  const { state, rules, now, owner, head } = yield* known(book, ctx, i, all)
  const { programme } = rules
  if (!past) return balanceView(balanceAt(state, programme, now, currency))
  const asOf = i.asOf ?? now
  if (i.knownAt === undefined && asOf >= head.lastAt) {
    const whole = yield* known(book, ctx, i, { reach: () => 'all' })
    return balanceView(balanceAt(whole.state, programme, asOf, currency))
  }
  const then = stateAt(yield* eventsUpTo(ctx, owner, head.seq), asOf, i.knownAt)
  return balanceView(balanceAt(then, programme, asOf, currency))
}

export function* status(book: Rulebook, ctx: Context, i: Asked<'status'>): Operation<AccountStatus> {
  const { state, rules, now, owner, head } = yield* known(book, ctx, i)
  const asOf = i.asOf ?? now
  const then = asOf >= now ? state : countedAnew(yield* eventsUpTo(ctx, owner, head.seq), asOf, rules.programme)
  const tier = tierAt(then, rules.programme, asOf)
  return {
    account: owner.account,
    programme: rules.pinned,
    ...balanceView(balanceAt(then, rules.programme, asOf)),
    zone: then.zone,
    openedAt: new Date(state.openedAt),
    frozen: then.frozen,
    mergedInto: then.mergedInto,
    tier: tier && { ...tier, since: new Date(tier.since), until: tier.until === null ? null : new Date(tier.until) },
  }
}

/** The same with a tier that is counted anew: what came in late was dated before it was written down. */
function countedAnew(recorded: readonly Recorded[], asOf: number, programme: Programme): AccountState {
  const events = recorded.flatMap(({ event }) => (event.at <= asOf ? [event] : []))
  return { ...stateAt(recorded, asOf), standing: null, movements: [], past: programme.tiers ? qualifyingOf(events, programme) : null }
}

/** The account as its events up to an instant had made it, by what was known at another. */
const stateAt = (recorded: readonly Recorded[], asOf: number, knownAt = Number.POSITIVE_INFINITY): AccountState =>
  evolveAll(
    NOBODY,
    recorded.flatMap(({ event, recordedAt }) => (event.at <= asOf && recordedAt <= knownAt ? [event] : [])),
  )

/** Open lots in order of use, page by page. */
export function* lots(ctx: Context, i: Asked<'lots'>): Operation<Page<LotView>> {
  const order = ['goes_at', 'lot']
  const limit = i.limit ?? PAGE
  const mine = all(field('programme').eq(i.programme), field('account').eq(i.account), field('open').eq(true))
  const [rows] = yield* read(ctx, list(lotTable, { where: all(mine, behind(order, i.after)), order, limit: limit + 1 }))
  const page = rows.slice(0, limit)
  return { rows: page.map(lotOf).map(lotView), next: rows.length > limit ? cursorAt(order, page.at(-1)!) : null }
}

const lotView = (lot: ReturnType<typeof lotOf>): LotView => ({
  lot: lot.id,
  currency: lot.currency,
  points: lot.points,
  remaining: lot.remaining,
  held: lot.held,
  earnedAt: new Date(lot.earnedAt),
  availableAt: lot.availableAt === null ? null : new Date(lot.availableAt),
  expiresAt: lot.expiresAt === null ? null : new Date(lot.expiresAt),
})

/** Holds that are open now: one that is over is none, whether or not anything was written about it. */
export function* holds(ctx: Context, i: Asked<'holds'>): Operation<readonly HoldView[]> {
  const where = all(
    field('programme').eq(i.programme),
    field('account').eq(i.account),
    field('state').eq('open'),
    field('ends_at').gt(ctx.now),
  )
  const [rows] = yield* read(ctx, list(holdTable, { where, order: ['ends_at', 'hold'], limit: MOST }))
  return rows.map((row) => ({ hold: row.hold, points: row.points, order: row.order_id, expiresAt: new Date(row.ends_at) }))
}

export function* statement(book: Rulebook, ctx: Context, i: Asked<'statement'>): Operation<StatementView> {
  const { state, rules, now, owner, head } = yield* known(book, ctx, i, { reach: () => 'all' })
  const currency = i.currency ?? rules.programme.currency
  const [closed] = yield* read(ctx, get(statements, { ...ownerOf(owner), to_at: i.to }))
  if (closed && closed.from_at === i.from && closed.currency === currency && i.knownAt === undefined) {
    return statementView(closed.body as unknown as Statement, closed.closed_at)
  }
  // what time did and nobody wrote down yet
  const passed = i.knownAt === undefined ? passTime(state, now, rules.programme).events : []
  return statementView(yield* statementFrom(ctx, { ...i, owner, currency, head, passed, now }), null)
}

/**
 * A statement out of an account's events. What was known when is told by the number of an event, since two commands may
 * have been written in the same millisecond.
 */
export function* statementFrom(
  ctx: Context,
  i: {
    readonly owner: Owner
    readonly currency: string
    readonly from: number
    readonly to: number
    readonly head: Head
    readonly passed: readonly LoyaltyEvent[]
    readonly now: number
    readonly knownAt?: number | undefined
  },
): Operation<Statement> {
  const recorded = yield* eventsUpTo(ctx, i.owner, i.head.seq)
  const passed = i.passed.map((event, n) => ({ event, recordedAt: i.now, seq: i.head.seq + n + 1 }))
  const told = [...recorded, ...passed]
  const times = new Map(told.map(({ seq, recordedAt }) => [seq, recordedAt]))
  const numbered = told.map(({ event, seq }) => ({ event, recordedAt: seq }))
  const lastKnown = i.knownAt === undefined ? undefined : told.findLast(({ recordedAt }) => recordedAt <= i.knownAt!)
  const [before] = yield* read(ctx, get(statements, { ...ownerOf(i.owner), to_at: i.from }))
  const made = statementOver(numbered, {
    currency: i.currency,
    from: i.from,
    to: i.to,
    closedBefore: before ? before.closed_seq : Number.POSITIVE_INFINITY,
    closedAt: i.knownAt === undefined ? Number.POSITIVE_INFINITY : (lastKnown?.seq ?? 0),
  })
  const timed = (line: StatementLine): StatementLine => ({ ...line, recordedAt: times.get(line.recordedAt)! })
  return { ...made, corrections: made.corrections.map(timed), movements: made.movements.map(timed) }
}

export function statementView(kept: Statement, closedAt: number | null): StatementView {
  const line = ({ at, recordedAt, type, points }: StatementLine): StatementLineView => ({
    at: new Date(at),
    recordedAt: new Date(recordedAt),
    type,
    points,
  })
  return {
    currency: kept.currency,
    from: new Date(kept.from),
    to: new Date(kept.to),
    opening: kept.opening,
    corrections: kept.corrections.map(line),
    movements: kept.movements.map(line),
    closing: kept.closing,
    closedAt: closedAt === null ? null : new Date(closedAt),
  }
}

/** Why a posting came to so many points: each rule with what it gave, or why it gave nothing. They add up to the posting. */
export function* explain(book: Rulebook, ctx: Context, i: Asked<'explain'>): Operation<Explanation> {
  const [rows] = yield* read(ctx, list(postings, { where: field('posting').eq(i.posting), limit: MOST }))
  const row = rows.find((one) => i.account === undefined || one.account === i.account)
  if (!row) throw refusal({ code: 'loyalty/posting-unknown', details: { posting: i.posting } })
  const [[stored]] = yield* read(ctx, eventsOf(SUBJECT, subjectOf(row), { after: row.seq - 1, limit: 1 }))
  const { points, lines, programme } = (JSON.parse(stored!.body!) as { readonly why: Why }).why
  const { programme: rules } = yield* book.pinned(ctx, programme)
  return explained(WORDS, { code: 'loyalty/points', data: { points, currency: rules.currency } }, lines, 'UTC')
}

/** An earning that passed a limit of its programme and waits. */
export interface ReviewView {
  readonly account: string
  readonly posting: string
  readonly limit: string
  readonly points: number
  readonly at: Date
}

/** Earnings that wait for somebody to look at them, the oldest first, page by page. */
export function* reviewPage(ctx: Context, i: Asked<'reviews'>): Operation<Page<ReviewView>> {
  const order = ['at', 'account', 'posting']
  const limit = i.limit ?? PAGE
  const where = all(field('programme').eq(i.programme), behind(order, i.after))
  const [rows] = yield* read(ctx, list(reviews, { where, order, limit: limit + 1 }))
  const page = rows.slice(0, limit)
  return {
    rows: page.map(({ account, posting, limit_id, points, at }) => ({ account, posting, limit: limit_id, points, at: new Date(at) })),
    next: rows.length > limit ? cursorAt(order, page.at(-1)!) : null,
  }
}

/** Accounts of a programme, those with the fewest points first, page by page. */
export function* accountPage(ctx: Context, i: Asked<'list'>): Operation<Page<AccountLine>> {
  const order = ['posted', 'account']
  const limit = i.limit ?? PAGE
  const where = all(field('programme').eq(i.programme), behind(order, i.after))
  const [rows] = yield* read(ctx, list(accounts, { where, order, limit: limit + 1 }))
  const page = rows.slice(0, limit)
  return {
    rows: page.map(({ account, posted, held, debt, tier }) => ({ account, posted, held, debt, tier })),
    next: rows.length > limit ? cursorAt(order, page.at(-1)!) : null,
  }
}
