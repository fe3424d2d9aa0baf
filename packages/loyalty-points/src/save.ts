import {
  type Bare,
  type Context,
  type Happened,
  type Json,
  type Pinned,
  type Row,
  type Table,
  type TimerLease,
  type TimerWrite,
  type Unique,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import type { Accepted } from './decision.ts'
import type { BudgetUse } from './earning.ts'
import { NOBODY } from './evolve.ts'
import { nextDecay } from './expiry.ts'
import { entriesOf } from './ledger.ts'
import type { Loaded } from './load.ts'
import type { AccountState, Lot, LoyaltyEvent } from './model.ts'
import { free } from './passing.ts'
import { expiryOf, type Programme } from './programme.ts'
import {
  type AccountRow,
  holdRow,
  lotRow,
  mergeRow,
  type Other,
  type Owner,
  orderRow,
  ownerOf,
  reviewRow,
  SUBJECT,
  spendRow,
  subjectOf,
} from './rows.ts'
import { accounts, counters, entries, holds, lots, merges, movements, NEVER, orders, postings, reviews, spends } from './tables.ts'
import type { Took } from './took.ts'

export const QUEUE = 'loyalty'

/** What is to be written of one account. */
export interface ToSave {
  readonly loaded: Loaded
  /** The account before it, for one that is opened by this very decision too. */
  readonly accepted: Accepted
  readonly fired?: TimerLease | undefined
  /** What it takes of things that all accounts share. */
  readonly took?: Took | undefined
}

/**
 * The unit of a decision: its events, what they move in the books, and each row that differs from what was read. Rows
 * follow the state, so there is one way from an event to what is stored: `evolve`.
 */
export function unitFor(ctx: Context, i: ToSave): Unit {
  const { loaded, accepted } = i
  const { owner, head } = loaded
  const before = loaded.state ?? NOBODY
  const { state, events } = accepted
  const changed = changedLots(before, state)
  const timerAt = nextAt(state, loaded.now, loaded.rules.programme)
  const currency = loaded.row?.currency ?? loaded.rules.programme.currency
  const row = accountRow({ row: loaded.row, owner, currency }, state, changed, timerAt)
  const writes: Write[] = [
    ...changedRow(accounts, ownerOf(owner), loaded.row, row),
    ...changed.flatMap(({ lot, was }) => lotWrite(owner, lot, was) ?? []),
    ...bookEntries(owner, events, head.seq, loaded.now),
    ...parts(owner, before, state),
    ...qualified(owner, events, head.seq),
  ]
  const timers = timerAt === (loaded.row?.timer_at ?? null) && !i.fired ? [] : [timerWrite(subjectOf(owner), timerAt)]
  const told = events.map((event) => withWhy(event, before, i))
  // two accounts decide at the later of their instants
  const unit = unitOn(
    { ...ctx, now: loaded.now },
    {
      kind: SUBJECT,
      subject: subjectOf(owner),
      head,
      events: told as unknown as readonly Happened[],
      writes,
      timers,
      ...(i.fired ? { fired: i.fired } : {}),
    },
  )
  return { ...unit, unique: uniques(loaded, before, accepted) }
}

/** A new row whole; of one that was there only what differs. */
function changedRow(table: Table, key: Row, was: Row | null, row: Row): readonly Write[] {
  if (!was) return [{ write: 'insert', table, row }]
  const set: { [column: string]: Row[string] } = {}
  for (const [column, value] of Object.entries(row)) {
    const before = was[column]
    const same = before === value || (typeof value === 'object' && JSON.stringify(before) === JSON.stringify(value))
    if (!same) set[column] = value
  }
  return Object.keys(set).length === 0 ? [] : [{ write: 'change', table, key, set }]
}

/** A new lot whole; of one that was there what moves: its key, its posting and what it was earned with never do. */
function lotWrite(owner: Owner, lot: Lot, was: Lot | undefined): Write | null {
  const row = lotRow(owner, lot)
  if (!was) return { write: 'insert', table: lots, row }
  const set: { [column: string]: Row[string] } = {}
  if (lot.remaining !== was.remaining) set.remaining = row.remaining
  if (lot.held !== was.held) set.held = row.held
  if (lot.expired !== was.expired) set.expired = row.expired
  if (lot.availableAt !== was.availableAt) set.available_at = row.available_at
  if (lot.expiresAt !== was.expiresAt) set.goes_at = row.goes_at
  if (lot.freeSince !== was.freeSince) set.free_since = row.free_since
  if (lot.remaining > 0 !== was.remaining > 0) set.open = row.open
  return Object.keys(set).length === 0 ? null : { write: 'change', table: lots, key: { ...ownerOf(owner), lot: lot.id }, set }
}

const timerWrite = (key: string, dueAt: number | null): TimerWrite =>
  dueAt === null ? { timer: 'cancel', queue: QUEUE, key } : { timer: 'set', queue: QUEUE, key, dueAt }

interface Changed {
  readonly lot: Lot
  readonly was: Lot | undefined
}

/** `evolve` leaves a lot that it does not touch the very object that it was. */
function changedLots(before: AccountState, after: AccountState): readonly Changed[] {
  if (before.lots === after.lots) return []
  const changed: Changed[] = []
  let were: Map<string, Lot> | null = null
  for (const [i, lot] of after.lots.entries()) {
    // mostly each stands where it stood
    let was = before.lots[i]
    if (was?.id !== lot.id) {
      were ??= new Map(before.lots.map((one) => [one.id, one]))
      was = were.get(lot.id)
    }
    if (was !== lot) changed.push({ lot, was })
  }
  return changed
}

/** The row of an account whose changes against the row before are known. Without one it is counted from nothing. */
export function accountRow(
  { row, owner, currency }: { readonly row: AccountRow | null; readonly owner: Owner; readonly currency: string },
  state: AccountState,
  changed: readonly Changed[],
  timerAt: number | null,
): AccountRow {
  const sums = new Map<string, { posted: number; held: number }>()
  const sumOf = (of: string) => {
    const known = sums.get(of) ?? { posted: 0, held: 0 }
    sums.set(of, known)
    return known
  }
  for (const { lot, was } of changed) {
    const sum = sumOf(lot.currency)
    sum.posted += lot.remaining - (was?.remaining ?? 0)
    sum.held += lot.held - (was?.held ?? 0)
  }
  const before = (row?.others ?? {}) as unknown as { readonly [currency: string]: Other }
  const names = new Set([...Object.keys(before), ...sums.keys(), ...Object.keys(state.debts)])
  names.delete(currency)
  const others = [...names].map((name) => {
    const posted = (before[name]?.posted ?? 0) + (sums.get(name)?.posted ?? 0)
    return [name, { posted, debt: state.debts[name] ?? 0 }] as const
  })
  const own = sums.get(currency)
  return {
    ...ownerOf(owner),
    zone: state.zone,
    opened_at: state.openedAt,
    as_of: state.asOf,
    active_at: state.activeAt,
    frozen: state.frozen,
    merged_into: state.mergedInto,
    currency,
    posted: (row?.posted ?? 0) + (own?.posted ?? 0),
    held: (row?.held ?? 0) + (own?.held ?? 0),
    debt: state.debts[currency] ?? 0,
    others: Object.fromEntries(others.filter(([, { posted, debt }]) => posted !== 0 || debt !== 0)) as unknown as Json,
    settled_from: settledFrom(state),
    tier: state.standing?.tier ?? null,
    standing: state.standing as Json,
    timer_at: timerAt,
  }
}

/** When the last lot that waits can be used; 0 where none does. While one waits, all open lots are read. */
function settledFrom(state: AccountState): number {
  const last = state.lots.reduce((latest, lot) => (lot.remaining === 0 ? latest : Math.max(latest, lot.availableAt ?? NEVER)), 0)
  return last > state.asOf ? last : 0
}

/** When time alone changes the account next. Where lots were left unread it may say too early, never too late. */
export function nextAt(state: AccountState, now: number, programme: Programme): number | null {
  const at: number[] = []
  for (const hold of Object.values(state.holds)) if (hold.state === 'open') at.push(hold.expiresAt)
  const first = state.lots.find((lot) => lot.id === state.readTo || free(lot) > 0)
  if (first && first.expiresAt !== null) at.push(first.expiresAt)
  if (state.standing && state.standing.reviewAt !== null) at.push(state.standing.reviewAt)
  const decay = nextDecay(expiryOf(programme), state.activeAt, now)
  if (decay !== null && state.lots.some((lot) => free(lot) > 0)) at.push(decay)
  return at.length === 0 ? null : Math.min(...at)
}

/** What events move from book to book. */
const bookEntries = (owner: Owner, events: readonly LoyaltyEvent[], seq: number, recordedAt: number): readonly Write[] =>
  events.flatMap((event, n) =>
    entryRows(owner, event, seq + n + 1, recordedAt).map((row): Write => ({ write: 'insert', table: entries, row })),
  )

/** The rows of an event: the two sides of each movement in one row. */
export function entryRows(owner: Owner, event: LoyaltyEvent, seq: number, recordedAt: number) {
  const sides = entriesOf(event)
  return Array.from({ length: sides.length / 2 }, (_, n) => {
    const [from, to] = [sides[2 * n]!, sides[2 * n + 1]!]
    return {
      ...ownerOf(owner),
      seq,
      no: n + 1,
      currency: to.currency,
      out_of: from.book,
      into: to.book,
      points: to.points,
      at: event.at,
      recorded_at: recordedAt,
    }
  })
}

const qualified = (owner: Owner, events: readonly LoyaltyEvent[], seq: number): readonly Write[] =>
  events.flatMap((event, n): readonly Write[] => {
    if (event.type !== 'loyalty.qualified') return []
    const { from, points } = event.data
    return [{ write: 'insert', table: movements, row: { ...ownerOf(owner), seq: seq + n + 1, at: Date.parse(from), points } }]
  })

/** Rows of what was there before and changed, and of orders and counters. */
function parts(owner: Owner, before: AccountState, after: AccountState): readonly Write[] {
  const writes: Write[] = []
  for (const [hold, { state, captured }] of differing(before.holds, after.holds)) {
    if (before.holds[hold]) writes.push({ write: 'change', table: holds, key: { hold }, set: { state, captured } })
  }
  for (const [spend, { back }] of differing(before.spends, after.spends)) {
    if (before.spends[spend]) writes.push({ write: 'change', table: spends, key: { spend }, set: { back } })
  }
  for (const [id, order] of differing(before.orders, after.orders)) {
    const row = orderRow(owner, order)
    writes.push(before.orders[id] ? { write: 'put', table: orders, row } : { write: 'insert', table: orders, row })
  }
  for (const merge of Object.keys(before.merges)) {
    if (!after.merges[merge]) writes.push({ write: 'remove', table: merges, key: { merge } })
  }
  for (const [posting, review] of differing(before.reviews, after.reviews)) {
    writes.push({ write: 'insert', table: reviews, row: reviewRow(owner, posting, review) })
  }
  for (const posting of Object.keys(before.reviews)) {
    if (!after.reviews[posting]) writes.push({ write: 'remove', table: reviews, key: { ...ownerOf(owner), posting } })
  }
  for (const [name, n] of differing(before.counters, after.counters)) {
    writes.push({ write: 'put', table: counters, row: { ...ownerOf(owner), name, n } })
  }
  return writes
}

const differing = <T>(before: { readonly [id: string]: T }, after: { readonly [id: string]: T }): readonly (readonly [string, T])[] =>
  before === after ? [] : Object.entries(after).filter(([id, one]) => before[id] !== one)

/** Rows that must not be there yet: each posting, hold, spend and merge is made once and keeps its name for ever. */
function uniques(loaded: Loaded, before: AccountState, { state, events }: ToSave['accepted']): readonly Unique[] {
  const { owner } = loaded
  const fresh = <T>(were: { readonly [id: string]: T }, are: { readonly [id: string]: T }) =>
    differing(were, are).filter(([id]) => !were[id])
  const posted = fresh(before.postings, state.postings).map(([posting]) => {
    const n = events.findIndex((one) => postingOf(one) === posting)
    return { table: postings, row: { posting, ...ownerOf(owner), seq: loaded.head.seq + n + 1 } }
  })
  return [
    ...posted,
    ...fresh(before.holds, state.holds).map(([, hold]) => ({ table: holds, row: holdRow(owner, hold) })),
    ...fresh(before.spends, state.spends).map(([, spend]) => ({ table: spends, row: spendRow(owner, spend) })),
    ...fresh(before.merges, state.merges).map(([merge, record]) => ({ table: merges, row: mergeRow(owner, merge, record) })),
  ]
}

/** Why a posting came to so many points: kept with its event, and so under its hash. */
export interface Why {
  readonly points: number
  readonly lines: readonly Bare[]
  readonly programme: Pinned
  /** What campaigns paid of it. */
  readonly uses: readonly BudgetUse[]
  readonly took?: Took
}

/** The event that makes the command's posting says why it came to so many points. */
function withWhy(event: LoyaltyEvent, before: AccountState, { accepted: { answer, uses }, loaded: { rules }, took }: ToSave): LoyaltyEvent {
  const posting = postingOf(event)
  if (posting === undefined || before.postings[posting]) return event
  const why: Why = { points: answer.points, lines: answer.lines, programme: rules.pinned, uses, ...(took ? { took } : {}) }
  return { ...event, data: { ...event.data, why } } as unknown as LoyaltyEvent
}

/** The posting that an event makes, if it makes one. */
export function postingOf({ type, data }: LoyaltyEvent): string | undefined {
  if (type === 'loyalty.released') return undefined
  if ('posting' in data) return data.posting
  return 'transfer' in data ? data.transfer : 'refund' in data ? data.refund : undefined
}
