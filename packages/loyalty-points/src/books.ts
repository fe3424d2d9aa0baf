import { isPatronkitError } from '@patronkit/core'
import {
  all,
  brokenAt,
  type Context,
  canonicalJson,
  field,
  fold,
  get,
  type Head,
  headOf,
  type Json,
  list,
  type Operation,
  read,
  type StoredEvent,
  type SubjectHead,
  sha256Hex,
  subjectsAfter,
} from '@patronkit/core/service'
import { eventOf, storedEvents } from './ask.ts'
import { evolveAll, NOBODY } from './evolve.ts'
import { SUBJECT } from './load.ts'
import type { AccountState, LoyaltyEvent } from './model.ts'
import { type AccountRow, holdRow, lotRow, mergeRow, type Owner, orderRow, ownerOf, reviewRow, spendRow } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { accountRow, entryRows, nextAt, postingOf, type Why } from './save.ts'
import type { Statement } from './statement.ts'
import {
  accounts,
  anchors,
  counters,
  entries,
  holds,
  leaves,
  lots,
  merges,
  movements,
  orders,
  postings,
  reviews,
  spends,
  statements,
} from './tables.ts'
import { verifyLedger } from './verify.ts'

/** What an account's books say that is not so, and the event (from 1) or the row that says it. */
export interface Broken {
  readonly programme: string
  readonly account: string
  readonly event: number | null
  readonly row: string | null
  readonly message: string
}

/** What was checked, and the first thing that does not hold. */
export interface Verified {
  readonly accounts: number
  readonly events: number
  readonly broken: Broken | null
}

const PAGE = 500
const MANY = 10_000_000

/** The tables of an account that follow from its events. */
const DERIVED = [accounts, lots, holds, postings, entries, spends, orders, merges, reviews, counters, movements, statements] as const
type Derived = (typeof DERIVED)[number]

export const ownerOfSubject = (subject: string): Owner => {
  const slash = subject.indexOf('/')
  return { programme: subject.slice(0, slash), account: subject.slice(slash + 1) }
}

/** Every account of the tenant with its head, page by page. */
export function* eachAccount(ctx: Context, visit: (page: readonly SubjectHead[]) => Operation<boolean>): Operation<void> {
  for (let after = { kind: SUBJECT, subject: '' }; ; ) {
    const [page] = yield* read(ctx, subjectsAfter(after, PAGE))
    const ours = page.filter(({ kind }) => kind === SUBJECT)
    if (ours.length > 0 && !(yield* visit(ours))) return
    if (ours.length < PAGE) return
    after = ours.at(-1)!
  }
}

/** The root over the ends of chains, account by account in order of their names. */
export const grown = (root: string, leaf: { readonly subject: string; readonly seq: number; readonly chain: string }): string =>
  sha256Hex(`${root}\n${JSON.stringify([leaf.subject, leaf.seq, leaf.chain])}`)

/** The root itself: over all leaves, and when it was made. */
export const rooted = (leaves: string, at: number): string => sha256Hex(`${leaves}\n${at}`)

/**
 * Checks everything that is stored: that no event was altered, left out or put in; that the events keep the laws of the
 * ledger; that every row is what the events make of it, and none stands beside them; and that the chains go on from where
 * the anchor saw them. Answers the first thing that is wrong.
 */
export function* verify(
  book: Rulebook,
  ctx: Context,
  i: {
    readonly anchor?: { readonly id: string; readonly root: string } | undefined
    readonly programme?: string | undefined
    readonly account?: string | undefined
  },
): Operation<Verified> {
  const count = { accounts: 0, events: 0 }
  const seen = new Set<string>()
  const anchored = i.anchor ? yield* leavesOf(ctx, i.anchor) : new Map<string, Leaf>()
  if ('message' in anchored) return { ...count, broken: anchored }
  let broken: Broken | null = null
  function* look({ subject, head }: { readonly subject: string; readonly head: Head }): Operation<boolean> {
    seen.add(subject)
    count.accounts++
    count.events += head.seq
    const owner = ownerOfSubject(subject)
    broken = yield* orUnreadable(owner, accountBroken(book, ctx, owner, head, anchored as ReadonlyMap<string, Leaf>))
    return broken === null
  }
  if (i.account !== undefined && i.programme !== undefined) {
    const subject = `${i.programme}/${i.account}`
    const [head] = yield* read(ctx, headOf(SUBJECT, subject))
    yield* look({ subject, head })
    return { ...count, broken }
  }
  yield* eachAccount(ctx, function* (page) {
    for (const one of page) if (!(yield* look(one))) return false
    return true
  })
  broken ??= missing(anchored as ReadonlyMap<string, Leaf>, seen) ?? (yield* orUnreadable(NOBODYS, orphans(ctx, seen)))
  return { ...count, broken }
}

const NOBODYS: Owner = { programme: '', account: '' }

/** What was altered may be no JSON or number any more, and then reading it fails. Anything else that fails is no finding. */
function* orUnreadable(owner: Owner, look: Operation<Broken | null>): Operation<Broken | null> {
  try {
    return yield* look
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isPatronkitError(error, 'storage/integer-out-of-range')) throw error
    return wrong(owner, `something of the account cannot be read: ${error.message}`)
  }
}

interface Leaf {
  readonly subject: string
  readonly seq: number
  readonly chain: string
}

const wrong = (owner: Owner, message: string, at: { readonly event?: number; readonly row?: string } = {}): Broken => ({
  ...ownerOf(owner),
  event: at.event ?? null,
  row: at.row ?? null,
  message,
})

/** The leaves of an anchor, if they are those that its root was made of. */
function* leavesOf(ctx: Context, anchor: { readonly id: string; readonly root: string }): Operation<Map<string, Leaf> | Broken> {
  const [row, rows] = yield* read(
    ctx,
    get(anchors, { anchor: anchor.id }),
    list(leaves, { where: field('anchor').eq(anchor.id), order: ['subject'], limit: MANY }),
  )
  const root = row ? rooted(rows.reduce(grown, ''), row.at) : ''
  if (root === anchor.root && row?.root === root && row.accounts === rows.length) return new Map(rows.map((leaf) => [leaf.subject, leaf]))
  return wrong(NOBODYS, `the leaves of anchor ${anchor.id} do not make its root`, {
    row: `loyalty_anchor ${anchor.id}`,
  })
}

const missing = (anchored: ReadonlyMap<string, Leaf>, seen: ReadonlySet<string>): Broken | null => {
  const gone = [...anchored.keys()].find((subject) => !seen.has(subject))
  return gone === undefined ? null : wrong(ownerOfSubject(gone), 'the account was anchored and is gone', { event: anchored.get(gone)!.seq })
}

/** Rows of accounts that have no events. */
function* orphans(ctx: Context, seen: ReadonlySet<string>): Operation<Broken | null> {
  for (const table of DERIVED) {
    const [groups] = yield* read(ctx, fold(table, { where: all(), by: ['programme', 'account'], limit: MANY }))
    const stray = groups.map(({ by }) => by as unknown as Owner).find((owner) => !seen.has(`${owner.programme}/${owner.account}`))
    if (stray) return wrong(stray, `${table.name} has rows of an account without events`, { row: table.name })
  }
  return null
}

function* accountBroken(
  book: Rulebook,
  ctx: Context,
  owner: Owner,
  head: Head,
  anchored: ReadonlyMap<string, Leaf>,
): Operation<Broken | null> {
  const stored = yield* storedEvents(ctx, owner, Number.MAX_SAFE_INTEGER)
  const at = brokenAt(stored, head)
  if (at !== null) return wrong(owner, 'the event is not the one that was written', { event: at })
  const leaf = anchored.get(`${owner.programme}/${owner.account}`)
  if (leaf && stored[leaf.seq - 1]?.hash !== leaf.chain)
    return wrong(owner, 'the chain is not the one that was anchored', { event: leaf.seq })
  const last = stored.findLastIndex(({ type }) => type === 'loyalty.erased')
  const told = stored.slice(last + 1)
  const events = told.map(eventOf)
  const silent = events.indexOf(null)
  if (silent >= 0) return wrong(owner, 'the body of the event is gone and the account was not erased', { event: told[silent]!.seq })
  const spoken = events as readonly LoyaltyEvent[]
  const law = verifyLedger(spoken)
  if (law) return wrong(owner, `${law.invariant}: ${law.message}`, { event: told[law.event]!.seq })
  return yield* rowsBroken(book, ctx, owner, { head, stored, told, events: spoken, erased: last < 0 ? null : stored[last]! })
}

interface Told {
  readonly head: Head
  readonly stored: readonly StoredEvent[]
  readonly told: readonly StoredEvent[]
  readonly events: readonly LoyaltyEvent[]
  readonly erased: StoredEvent | null
}

/** The first row that is not what the events make of it. */
function* rowsBroken(book: Rulebook, ctx: Context, owner: Owner, i: Told): Operation<Broken | null> {
  const state = evolveAll(NOBODY, i.events)
  const of = all(field('programme').eq(owner.programme), field('account').eq(owner.account))
  const found = yield* read(ctx, ...DERIVED.map((table) => list<Derived>(table, { where: of, limit: MANY })))
  const expected = rowsOf(owner, state, i)
  for (const [n, table] of DERIVED.entries()) {
    const rows = found[n] as readonly { readonly [column: string]: unknown }[]
    const name = (row: { readonly [column: string]: unknown }) => table.key.map((column) => String(row[column])).join(' ')
    const actual = new Map(rows.map((row) => [name(row), row]))
    if (table === accounts) {
      const broken = yield* accountRowBroken(book, ctx, owner, state, i, rows[0] as AccountRow | undefined)
      if (broken) return broken
      continue
    }
    if (table === entries && i.erased) {
      const kept = rows.filter((row) => (row.seq as number) <= i.erased!.seq)
      if (digest(kept) !== (JSON.parse(i.erased.body ?? '{}') as { readonly entries?: string }).entries)
        return wrong(owner, 'the entries of an erased account are not those it had', { row: 'loyalty_entry', event: i.erased.seq })
      for (const row of kept) actual.delete(name(row))
    }
    for (const row of expected.get(table) ?? []) {
      const key = name(row.row)
      if (canonicalJson((actual.get(key) as never) ?? null) !== canonicalJson(row.row as never))
        return wrong(owner, `the row is not what the events make of it`, {
          row: `${table.name} ${key}`,
          ...(row.seq === undefined ? {} : { event: row.seq }),
        })
      actual.delete(key)
    }
    const stray = actual.keys().next().value
    if (stray !== undefined) return wrong(owner, 'no event makes this row', { row: `${table.name} ${stray}` })
  }
  return null
}

/** What the entries of an account come to: kept with the event that erases it. */
export const digest = (rows: readonly object[]): string => sha256Hex(canonicalJson(rows as never))

interface Expected {
  readonly row: { readonly [column: string]: unknown }
  readonly seq?: number
}

function rowsOf(owner: Owner, state: AccountState, { told, events }: Told): ReadonlyMap<Derived, readonly Expected[]> {
  const plain = (rows: readonly object[]): readonly Expected[] => rows.map((row) => ({ row: row as Expected['row'] }))
  const each = (rows: (event: LoyaltyEvent, stored: StoredEvent) => readonly object[]): readonly Expected[] =>
    events.flatMap((event, n) => rows(event, told[n]!).map((row) => ({ row: row as Expected['row'], seq: told[n]!.seq })))
  return new Map<Derived, readonly Expected[]>([
    [lots, plain(state.lots.map((lot) => lotRow(owner, lot)))],
    [holds, plain(Object.values(state.holds).map((hold) => holdRow(owner, hold)))],
    [spends, plain(Object.values(state.spends).map((spend) => spendRow(owner, spend)))],
    [orders, plain(Object.values(state.orders).map((order) => orderRow(owner, order)))],
    [merges, plain(Object.entries(state.merges).map(([merge, record]) => mergeRow(owner, merge, record)))],
    [reviews, plain(Object.entries(state.reviews).map(([posting, review]) => reviewRow(owner, posting, review)))],
    [counters, plain(Object.entries(state.counters).map(([name, n]) => ({ ...ownerOf(owner), name, n })))],
    [entries, each((event, stored) => entryRows(owner, event, stored.seq, stored.recordedAt))],
    [
      postings,
      each((event, stored) => {
        const posting = postingOf(event)
        return posting === undefined ? [] : [{ posting, ...ownerOf(owner), seq: stored.seq }]
      }),
    ],
    [
      movements,
      each((event, stored) =>
        event.type === 'loyalty.qualified'
          ? [{ ...ownerOf(owner), seq: stored.seq, at: Date.parse(event.data.from), points: event.data.points }]
          : [],
      ),
    ],
    [
      statements,
      each((event, stored) =>
        event.type === 'loyalty.statement-closed'
          ? [{ ...ownerOf(owner), ...statementRow(event.data.statement, stored.seq, stored.recordedAt) }]
          : [],
      ),
    ],
  ])
}

/** The row of a closed statement, from the event that closed it. */
export const statementRow = (statement: Statement, seq: number, closedAt: number) => ({
  to_at: statement.to,
  from_at: statement.from,
  currency: statement.currency,
  closed_seq: seq,
  closed_at: closedAt,
  hash: sha256Hex(canonicalJson(statement as never)),
  body: statement as unknown as Json,
})

function* accountRowBroken(
  book: Rulebook,
  ctx: Context,
  owner: Owner,
  state: AccountState,
  i: Told,
  row: AccountRow | undefined,
): Operation<Broken | null> {
  if (i.events.length === 0) return row ? wrong(owner, 'the account was erased and has a row', { row: accounts.name }) : null
  if (!row) return wrong(owner, 'the account has events and no row', { row: accounts.name, event: i.head.seq })
  const pinned = i.told.map(({ body }) => (JSON.parse(body!) as { readonly why?: Why }).why?.programme).findLast((one) => one !== undefined)
  const changed = state.lots.map((lot) => ({ lot, was: undefined }))
  const at = { ...state, asOf: i.head.lastAt }
  const currency = i.events[0]!.type === 'loyalty.opened' ? i.events[0]!.data.currency : row.currency
  const timers = pinned && (yield* book.pinned(ctx, pinned))
  const expected = accountRow({ row: null, owner, currency }, at, changed, row.timer_at)
  if (canonicalJson(expected as never) !== canonicalJson(row as never))
    return wrong(owner, 'the account is not what its events make of it', { row: accounts.name, event: i.head.seq })
  const next = timers ? nextAt(at, i.head.lastAt, timers.programme) : null
  const late = next !== null && (row.timer_at === null || row.timer_at > next)
  return late ? wrong(owner, 'the account waits for a later instant than its next', { row: accounts.name, event: i.head.seq }) : null
}
