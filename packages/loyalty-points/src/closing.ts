import {
  all,
  type Context,
  commit,
  type Decided,
  field,
  get,
  headOf,
  type Json,
  list,
  type Operation,
  once,
  read,
  redact,
  type SubjectHead,
  type Table,
  toIso,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { asJson } from './answers.ts'
import { type StatementView, statementFrom, statementView } from './ask.ts'
import { digest, grown, rooted, statementRow } from './books.ts'
import { codeLeaf } from './code-books.ts'
import { CODES } from './codes.ts'
import { settled, unknownAccount, unlessMade } from './command.ts'
import { decide } from './decide.ts'
import { type Accepted, event } from './decision.ts'
import { storedEvents } from './history.ts'
import { type First, firstReads, type Loaded, load, loadAccount } from './load.ts'
import { passTime } from './passing.ts'
import { refusal } from './refusals.ts'
import type { Checked } from './requests.ts'
import { type Owner, ownerOf, SUBJECT, subjectOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { entryRows, QUEUE, unitFor } from './save.ts'
import { sharesOf } from './shared-books.ts'
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
import { eachPage } from './walk.ts'

const everything = { reach: () => 'all' as const }

/** Closes a statement: it is kept as it is, and what comes later with an earlier date stands in the next one. */
export function* closeStatement(book: Rulebook, ctx: Context, i: Checked<'closeStatement'>): Operation<StatementView> {
  const { idempotencyKey, ...content } = i
  const owner = ownerOf(i)
  const first = firstReads(owner, everything)
  const command = { command: 'loyalty.closeStatement', idempotencyKey, content: content as { readonly [field: string]: Json | undefined } }
  const kept = yield* once<Json, typeof first.reads>(ctx, { ...command, reads: first.reads }, (answers) =>
    unlessMade(ctx, command, closed(book, ctx, i, first, answers as readonly unknown[])),
  )
  const { statement, closedAt } = kept as unknown as { readonly statement: Statement; readonly closedAt: number }
  return statementView(statement, closedAt)
}

function* closed(
  book: Rulebook,
  ctx: Context,
  i: Checked<'closeStatement'>,
  first: First,
  answers: readonly unknown[],
): Operation<Decided<Json>> {
  const { owner } = first
  const { loaded, accepted } = yield* passed(book, ctx, yield* load(ctx, book, first, answers))
  const { head, now, rules } = loaded
  if (i.to > now) throw refusal({ code: 'loyalty/in-the-future', details: { at: toIso(i.to), now: toIso(now) } })
  const [was] = yield* read(ctx, get(statements, { ...owner, to_at: i.to }))
  if (was) throw refusal({ code: 'loyalty/already-posted', details: { posting: `statement ${toIso(i.to)}` } })
  const { currency } = rules.programme
  const statement = yield* statementFrom(ctx, { owner, currency, from: i.from, to: i.to, head, passed: accepted.events, now })
  const told = event('loyalty.statement-closed', now, { statement })
  const unit = unitFor(ctx, { loaded, accepted: { ...accepted, events: [...accepted.events, told] } })
  const row = { ...owner, ...statementRow(statement, head.seq + accepted.events.length + 1, now) }
  const writes: readonly Write[] = [...unit.writes, { write: 'insert', table: statements, row }]
  return { units: [{ ...unit, writes }], answer: asJson({ statement, closedAt: now }) }
}

/** An account after time has passed up to now. */
function* passed(book: Rulebook, ctx: Context, first: Loaded): Operation<{ readonly loaded: Loaded; readonly accepted: Accepted }> {
  for (let loaded = first; ; ) {
    if (!loaded.state) throw unknownAccount(loaded.owner)
    const { now, rules, owner } = loaded
    const decision = decide({ type: 'pass-time', at: now }, loaded.state, { now, programme: rules.programme })
    if (!(yield* settled(ctx, loaded, decision))) return { loaded, accepted: decision as Accepted }
    loaded = yield* loadAccount(ctx, book, owner, everything, { wholeTier: true })
  }
}

/** The root over all accounts' chains. Keep it outside: `verify` checks everything against it. */
export interface Anchored {
  readonly id: string
  readonly root: string
  readonly accounts: number
  readonly at: Date
}

const ANCHOR = 'loyalty-anchor'

/** Notes how far the chain of each account, and of the codes of each offer, has come, and makes one root of it. */
export function* anchor(ctx: Context, i: Checked<'anchor'>): Operation<Anchored> {
  const { idempotencyKey: id } = i
  const kept = yield* once<Json>(ctx, { command: 'loyalty.anchor', idempotencyKey: id, content: {} }, function* () {
    let [root, count] = ['', 0]
    const noted = (nameOf: (subject: string) => string) =>
      function* (page: readonly SubjectHead[]): Operation<null> {
        const rows = page.map(({ subject, head }) => ({ anchor: id, subject: nameOf(subject), seq: head.seq, chain: head.chain }))
        root = rows.reduce(grown, root)
        // done again by whoever comes after a crash
        yield* anchorUnit(
          ctx,
          id,
          rows.map((row) => ({ write: 'put', table: leaves, row })),
        )
        return null
      }
    yield* eachPage(ctx, SUBJECT, function* (page) {
      count += page.length
      return yield* noted((subject) => subject)(page)
    })
    yield* eachPage(ctx, CODES, noted(codeLeaf))
    const [head] = yield* read(ctx, headOf(ANCHOR, id))
    root = rooted(root, ctx.now)
    const row = { anchor: id, at: ctx.now, accounts: count, root }
    const unit = unitOn(ctx, { kind: ANCHOR, subject: id, head, events: [], writes: [{ write: 'insert', table: anchors, row }] })
    return { units: [unit], answer: { id, root, accounts: count, at: ctx.now } }
  })
  const { root, accounts: n, at } = kept as { readonly root: string; readonly accounts: number; readonly at: number }
  return { id, root, accounts: n, at: new Date(at) }
}

function* anchorUnit(ctx: Context, id: string, writes: readonly Write[]): Operation<void> {
  const [head] = yield* read(ctx, headOf(ANCHOR, id))
  yield* commit([unitOn(ctx, { kind: ANCHOR, subject: id, head, events: [], writes })])
}

/** What is gone of an account: its rows, and the bodies of its events. */
export interface Erased {
  readonly rows: number
  readonly events: number
}

const MOST = 10_000_000

/**
 * Takes an account away: its points lapse, its rows go, and so do the bodies of its events. Entries stay, as amounts, so that
 * the books still add up; what they come to is kept with the last event, as is what it had taken of
 * budgets, stock and codes, and the chain verifies all the same.
 */
export function* erase(book: Rulebook, ctx: Context, i: Owner): Operation<Erased> {
  const owner = ownerOf(i)
  const before = yield* loadAccount(ctx, book, owner, everything)
  let rows = 0
  if (before.state) {
    const { loaded, accepted } = yield* passed(book, ctx, before)
    const lapsed = passTime(accepted.state, loaded.now, loaded.rules.programme).state
    const gone = yield* removals(ctx, owner)
    rows = gone.length
    yield* commit([yield* erasing(book, ctx, owner, loaded, accepted, lapsed, gone)])
  }
  const { seq } = before.head
  const [head] = yield* read(ctx, headOf(SUBJECT, subjectOf(owner)))
  const upTo = head.seq - 1
  return { rows, events: seq === 0 || upTo < 1 ? 0 : yield* redact(ctx, { kind: SUBJECT, subject: subjectOf(owner), upTo }) }
}

function* removals(ctx: Context, owner: Owner): Operation<readonly Write[]> {
  const where = all(field('programme').eq(owner.programme), field('account').eq(owner.account))
  const tables: readonly Table[] = [lots, holds, postings, spends, orders, merges, reviews, counters, movements, statements]
  const found = yield* read(ctx, ...tables.map((table) => list(table, { where, limit: MOST })))
  return [
    { write: 'remove', table: accounts, key: ownerOf(owner) },
    ...tables.flatMap((table, n) =>
      (found[n] as readonly { readonly [column: string]: string }[]).map(
        (row): Write => ({ write: 'remove', table, key: Object.fromEntries(table.key.map((column) => [column, row[column]!])) }),
      ),
    ),
  ]
}

function* erasing(
  book: Rulebook,
  ctx: Context,
  owner: Owner,
  loaded: Loaded,
  accepted: Accepted,
  { lots: left, debts }: Accepted['state'],
  gone: readonly Write[],
): Operation<Unit> {
  const { head, now } = loaded
  const sums = new Map<string, number>()
  for (const lot of left) if (lot.remaining > 0) sums.set(lot.currency, (sums.get(lot.currency) ?? 0) + lot.remaining)
  for (const [currency, debt] of Object.entries(debts)) sums.set(currency, (sums.get(currency) ?? 0) - debt)
  const balances = [...sums].map(([currency, points]) => ({ currency, points })).filter(({ points }) => points !== 0)
  const where = all(field('programme').eq(owner.programme), field('account').eq(owner.account))
  const [kept] = yield* read(ctx, list(entries, { where, order: ['seq', 'no'], limit: MOST }))
  const shares = yield* sharesOf(book, ctx, yield* storedEvents(ctx, owner, head.seq))
  const last = event('loyalty.erased', now, { account: owner.account, balances, entries: '', shares })
  const events = [...accepted.events, last]
  const fresh = events.flatMap((one, n) => entryRows(owner, one, head.seq + n + 1, now))
  const told = { ...last, data: { ...last.data, entries: digest([...kept, ...fresh]) } } as typeof last
  return unitOn(ctx, {
    kind: SUBJECT,
    subject: subjectOf(owner),
    head,
    events: [...accepted.events, told] as never,
    writes: [...gone, ...fresh.map((row): Write => ({ write: 'insert', table: entries, row }))],
    timers: [{ timer: 'cancel', queue: QUEUE, key: subjectOf(owner) }],
  })
}
