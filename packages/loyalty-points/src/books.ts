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
  sha256Hex,
  writeConflict,
} from '@patronkit/core/service'
import { codesBroken, isCodeLeaf } from './code-books.ts'
import { evolveAll, NOBODY } from './evolve.ts'
import { eventOf, storedEvents } from './history.ts'
import type { AccountState, LoyaltyEvent } from './model.ts'
import {
  type AccountRow,
  holdRow,
  lotRow,
  mergeRow,
  type Owner,
  orderRow,
  ownerOf,
  reviewRow,
  SUBJECT,
  spendRow,
  subjectOf,
} from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { accountRow, entryRows, nextAt, postingOf, type Why } from './save.ts'
import { addShares, countersBroken, nothingYet, ownSharesBroken, sharesOf, standing, strayUse, type Together } from './shared-books.ts'
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
  referrals,
  reviews,
  spends,
  statements,
} from './tables.ts'
import { verifyLedger } from './verify.ts'
import { type Anchored, type Broken, eachPage, NOBODYS, wrong } from './walk.ts'

/** What was checked, and the first thing that does not hold. */
export interface Verified {
  readonly accounts: number
  readonly events: number
  readonly broken: Broken | null
}

const MANY = 10_000_000

/** The tables of an account that follow from its events. */
const DERIVED = [accounts, lots, holds, postings, entries, spends, orders, merges, reviews, counters, movements, statements] as const
type Derived = (typeof DERIVED)[number]

export const ownerOfSubject = (subject: string): Owner => {
  const slash = subject.indexOf('/')
  return { programme: subject.slice(0, slash), account: subject.slice(slash + 1) }
}

/** The root over the ends of chains, account by account in order of their names. */
export const grown = (root: string, leaf: { readonly subject: string; readonly seq: number; readonly chain: string }): string =>
  sha256Hex(`${root}\n${JSON.stringify([leaf.subject, leaf.seq, leaf.chain])}`)

/** The root itself: over all leaves, and when it was made. */
export const rooted = (leaves: string, at: number): string => sha256Hex(`${leaves}\n${at}`)

/** So often is looked again where commands come in between. */
const TRIES = 5

/**
 * Checks everything that is stored: that no event was altered, left out or put in; that the events keep the laws of the
 * ledger; that every row is what the events make of it, and none stands beside them; that budgets, stock and codes are what all
 * accounts together took and what was given out; and that the chains go on from where the anchor saw them. Answers the first
 * thing that is wrong.
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
  const anchored = i.anchor ? yield* leavesOf(ctx, i.anchor) : new Map<string, Leaf>()
  if ('message' in anchored) return { accounts: 0, events: 0, broken: anchored }
  if (i.account !== undefined && i.programme !== undefined) {
    const subject = subjectOf({ programme: i.programme, account: i.account })
    const [head] = yield* read(ctx, headOf(SUBJECT, subject))
    const broken = yield* looked(book, ctx, { subject, head }, anchored, nothingYet())
    return { accounts: 1, events: head.seq, broken }
  }
  for (let before: Broken | null = null, tries = 0; ; tries++) {
    const walk: Walk = { book, ctx, anchored, seen: new Set(), together: nothingYet(), events: 0 }
    const certain = yield* orUnreadable(NOBODYS, accountsBroken(walk))
    const broken = certain ?? (yield* orUnreadable(NOBODYS, betweenBroken(walk)))
    // what is beside the accounts was read after them, and commands may have come in between: what stays is found twice
    const isSure = certain !== null || broken === null || canonicalJson(broken as never) === canonicalJson(before as never)
    if (isSure) return { accounts: walk.seen.size, events: walk.events, broken }
    if (tries === TRIES) throw writeConflict(`the accounts of ${ctx.tenant}`)
    before = broken
  }
}

/** One way through all accounts. */
interface Walk {
  readonly book: Rulebook
  readonly ctx: Context
  readonly anchored: Anchored
  readonly seen: Set<string>
  readonly together: Together
  events: number
  /** The shared counters before it. */
  first?: Together
}

function* accountsBroken(walk: Walk): Operation<Broken | null> {
  const { book, ctx, anchored, seen, together } = walk
  walk.first = yield* standing(ctx)
  const broken = yield* eachPage(ctx, SUBJECT, function* (page) {
    for (const one of page) {
      seen.add(one.subject)
      walk.events += one.head.seq
      const found = yield* looked(book, ctx, one, anchored, together)
      if (found) return found
    }
    return null
  })
  return broken ?? missing(anchored, seen)
}

/** What stands beside the accounts: rows of none, and what all share. */
function* betweenBroken({ book, ctx, anchored, seen, together, first }: Walk): Operation<Broken | null> {
  const stray = yield* orphans(ctx, seen)
  if (stray) return stray
  const after = yield* standing(ctx)
  const counter = countersBroken(together, first!, after)
  if (counter) return counter
  const unused = together.codes < first!.codes ? yield* strayUse(ctx, (left) => struck(book, ctx, left)) : null
  return unused ?? (yield* codesBroken(ctx, anchored))
}

/** Takes the codes that events of all accounts use out of a page of them. */
function* struck(book: Rulebook, ctx: Context, left: Map<string, string>): Operation<void> {
  yield* eachPage(ctx, SUBJECT, function* (page) {
    for (const { subject } of page) {
      const owner = ownerOfSubject(subject)
      const { codes } = yield* sharesOf(book, ctx, yield* storedEvents(ctx, owner, Number.MAX_SAFE_INTEGER))
      for (const { code } of codes) left.delete(JSON.stringify([owner.programme, code]))
    }
    return null
  })
}

/** An account whose head moved while it was read is looked at again. */
function* looked(book: Rulebook, ctx: Context, { subject, head: first }: Subject, anchored: Anchored, together: Together) {
  const owner = ownerOfSubject(subject)
  for (let head = first, tries = 0; ; tries++) {
    const broken = yield* orUnreadable(owner, accountBroken(book, ctx, owner, head, anchored, together))
    if (broken === null) return null
    const [now] = yield* read(ctx, headOf(SUBJECT, subject))
    if (now.version === head.version) return broken
    if (tries === TRIES) throw writeConflict(`${SUBJECT} ${subject}`)
    head = now
  }
}

interface Subject {
  readonly subject: string
  readonly head: Head
}

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

/** The leaves of an anchor, if they are those that its root was made of. */
function* leavesOf(ctx: Context, anchor: { readonly id: string; readonly root: string }): Operation<Map<string, Leaf> | Broken> {
  const [row, rows] = yield* read(
    ctx,
    get(anchors, { anchor: anchor.id }),
    list(leaves, { where: field('anchor').eq(anchor.id), order: ['subject'], limit: MANY }),
  )
  const root = row ? rooted(rows.reduce(grown, ''), row.at) : ''
  if (root === anchor.root && row?.root === root && row.accounts === rows.filter(({ subject }) => !isCodeLeaf(subject)).length)
    return new Map(rows.map((leaf) => [leaf.subject, leaf]))
  return wrong(NOBODYS, `the leaves of anchor ${anchor.id} do not make its root`, {
    row: `loyalty_anchor ${anchor.id}`,
  })
}

const missing = (anchored: Anchored, seen: ReadonlySet<string>): Broken | null => {
  const gone = [...anchored.keys()].find((subject) => !isCodeLeaf(subject) && !seen.has(subject))
  return gone === undefined ? null : wrong(ownerOfSubject(gone), 'the account was anchored and is gone', { event: anchored.get(gone)!.seq })
}

/** Rows of accounts that have no events. */
function* orphans(ctx: Context, seen: ReadonlySet<string>): Operation<Broken | null> {
  for (const table of DERIVED) {
    const [groups] = yield* read(ctx, fold(table, { where: all(), by: ['programme', 'account'], limit: MANY }))
    const stray = groups.map(({ by }) => by as unknown as Owner).find((owner) => !seen.has(subjectOf(owner)))
    if (stray) return wrong(stray, `${table.name} has rows of an account without events`, { row: table.name })
  }
  const [brought] = yield* read(ctx, fold(referrals, { where: all(), by: ['programme', 'referee'], limit: MANY }))
  const nobody = brought
    .map(({ by }): Owner => ({ programme: by.programme as string, account: by.referee as string }))
    .find((owner) => !seen.has(subjectOf(owner)))
  if (!nobody) return null
  return wrong(nobody, 'an account without events was brought by somebody', {
    row: `${referrals.name} ${nobody.programme} ${nobody.account}`,
  })
}

function* accountBroken(
  book: Rulebook,
  ctx: Context,
  owner: Owner,
  head: Head,
  anchored: Anchored,
  together: Together,
): Operation<Broken | null> {
  const stored = yield* storedEvents(ctx, owner, Number.MAX_SAFE_INTEGER)
  const at = brokenAt(stored, head)
  if (at !== null) return wrong(owner, 'the event is not the one that was written', { event: at })
  const leaf = anchored.get(subjectOf(owner))
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
  const off = yield* rowsBroken(book, ctx, owner, { head, stored, told, events: spoken, erased: last < 0 ? null : stored[last]! })
  if (off) return off
  const shares = yield* sharesOf(book, ctx, stored)
  const broken = yield* ownSharesBroken(ctx, owner, shares)
  if (broken === null) addShares(together, owner, shares)
  return broken
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
