import { type Explanation, type Money, money, PatronkitError } from '@patronkit/core'
import {
  all,
  type Context,
  canonicalJson,
  compareText,
  explained,
  field,
  get,
  headOf,
  type Json,
  list,
  nowFor,
  type Operation,
  once,
  type Pinned,
  parse,
  type RowOf,
  read,
  sha256Hex,
  toIso,
  type Unit,
  unitOn,
} from '@patronkit/core/service'
import { type CreditRow, freshOf, PAY, type PlanEntry, paySubject } from './credit.ts'
import { Exact, exact, textOf } from './exact.ts'
import { aboutStatement, type CreditEntry, type Statement, statement } from './incentives/statement.ts'
import { periodNamed } from './metrics/calendar.ts'
import { draftPlan, type PlanPins, type PlanRules, pinnedPlan, planFor } from './plan-rules.ts'
import { asJson, type EntryInput, issueSchema, previewIssueSchema, statementSchema, statementsSchema } from './schema.ts'
import { credits, payees, statements } from './tables.ts'
import { WORDS } from './words.ts'

declare global {
  interface PatronkitEvents {
    'kpi.statement-issued': {
      readonly plan: string
      readonly subject: string
      readonly period: string
      readonly number: number
      readonly payable: Money
      readonly change: Money
      readonly hash: string
    }
  }
}

/** A deal as it counts in a statement. */
export interface DealCredit {
  readonly id: string
  readonly at: string
  readonly amount: Money
  readonly share: string
  readonly takenBack: Money
  /** What is left of it, times the share. Not rounded. */
  readonly credited: string
}

/** A statement, whole: kept as canonical JSON, never changed. */
interface PayDocument extends Statement {
  readonly pins: PlanPins
  readonly subject: string
  readonly period: { readonly id: string; readonly from: string; readonly to: string }
  /** From 1 up; each further one states the difference to those before. */
  readonly number: number
  readonly figures: { readonly [id: string]: string }
  readonly deals: readonly DealCredit[]
}

/** A statement of somebody's pay over a period so far. */
export interface PayStatement extends Statement {
  readonly plan: Pinned
  readonly subject: string
  readonly period: { readonly id: string; readonly from: Date; readonly to: Date }
  readonly number: number
  readonly figures: { readonly [id: string]: string }
  readonly deals: readonly DealCredit[]
  readonly hash: string
  /** Null in a preview. */
  readonly issuedAt: Date | null
}

/** A statement worked out anew from the pinned plan and from what was known then. */
export interface StatementReplay {
  readonly number: number
  readonly storedHash: string
  readonly hash: string
  /** Whether it came out byte for byte as it was stored. */
  readonly same: boolean
}

interface Sealed {
  readonly document: PayDocument
  readonly text: string
  readonly hash: string
}

type StatementRow = RowOf<typeof statements>
type Figures = { readonly [id: string]: string } | undefined

const MOST = 100_000

interface Where {
  readonly plan: string
  readonly subject: string
  readonly period: string
}

/**
 * States what somebody has earned over a period so far, less what was stated before. Where nothing has changed since, the statement
 * that stands is answered again.
 */
export function* issueStatement(
  ctx: Context,
  i: Where & { idempotencyKey: string; figures?: { readonly [id: string]: string | number } },
): Operation<PayStatement> {
  const { idempotencyKey, ...where } = parse(issueSchema, i, 'issueStatement')
  const { plan, subject, period, figures } = where
  const content = { plan, subject, period, figures: figures as Json | undefined }
  const number = yield* once(ctx, { command: 'kpi.issueStatement', idempotencyKey, content }, function* () {
    const [head, payee] = yield* read(ctx, headOf(PAY, paySubject(plan, subject)), get(payees, { plan, subject }))
    const rules = yield* planFor(ctx, plan, period)
    const entries = payee?.entries ?? 0
    const before = yield* issued(ctx, where)
    const found = stated(rules, where, yield* entriesOf(ctx, rules, where, entries), before, figures)
    const last = before.at(-1)
    if (last?.document && alike(JSON.parse(last.document) as PayDocument, found.document))
      return { units: [NOTHING(ctx)], answer: last.number }
    const now = nowFor(ctx, head)
    const row = rowOf(where, found, entries, now)
    const { payable, change, number } = found.document
    const events = [
      { type: 'kpi.statement-issued', v: 1, at: now, data: asJson({ plan, subject, period, number, payable, change, hash: found.hash }) },
    ]
    const unit = unitOn(ctx, {
      kind: PAY,
      subject: paySubject(plan, subject),
      head,
      events,
      writes: [{ write: 'insert', table: statements, row }],
    })
    return { units: [unit], answer: number }
  })
  // the key keeps the number alone, so that nothing of an erased subject stays with it
  return statementOf(yield* theStatement(ctx, { ...where, number }))
}

/** Remembers the key of a call after which nothing is new. */
const NOTHING = (ctx: Context): Unit => ({ tenant: ctx.tenant, heads: [], writes: [], events: [], timers: [] })

/** What a statement issued now would say, also under another plan or with deals that are still hoped for. Nothing is written. */
export function* previewStatement(
  ctx: Context,
  i: Where & { figures?: { readonly [id: string]: string | number }; entries?: readonly PlanEntry[]; definition?: unknown },
): Operation<PayStatement> {
  const { figures, entries: hoped = [], definition, ...where } = parse(previewIssueSchema, i as never, 'preview.issueStatement')
  const { plan, subject, period } = where
  const [payee] = yield* read(ctx, get(payees, { plan, subject }))
  const rules = definition ? yield* draftPlan(ctx, definition, period) : yield* planFor(ctx, plan, period)
  const entries = payee?.entries ?? 0
  const known = yield* entriesOf(ctx, rules, where, entries)
  const extra = hoped.length === 0 ? [] : yield* hopedFor(ctx, rules, where, hoped, entries)
  const { document, hash } = stated(rules, where, [...known, ...extra], yield* issued(ctx, where), figures)
  return shownStatement(document, hash, null)
}

/** The statements of somebody under a plan, by period and number; those of an erased subject are left out. */
export function* listStatements(ctx: Context, i: { plan: string; subject: string; period?: string }): Operation<readonly PayStatement[]> {
  const rows = yield* issued(ctx, parse(statementsSchema, i, 'statements'))
  return rows.filter(({ document }) => document !== null).map(statementOf)
}

/** A statement in words, line by line. */
export function* explainPay(ctx: Context, i: Where & { number?: number }): Operation<Explanation> {
  const row = yield* theStatement(ctx, parse(statementSchema, i, 'explainStatement'))
  const document = JSON.parse(row.document!) as PayDocument
  const { subject, period, number, pins } = document
  const about = aboutStatement(document)
  return explained(WORDS, { ...about, data: { ...about.data, subject, period: period.id, number, plan: pins.plan } }, document.lines, 'UTC')
}

/** Works a statement out once more from the plan that was pinned, the entries known then and what had been stated before it. */
export function* replayStatement(ctx: Context, i: Where & { number?: number }): Operation<StatementReplay> {
  const where = parse(statementSchema, i, 'replayStatement')
  const row = yield* theStatement(ctx, where)
  const then = JSON.parse(row.document!) as PayDocument
  const rules = yield* pinnedPlan(ctx, then.pins)
  const before = (yield* issued(ctx, where)).filter(({ number }) => number < row.number)
  const { text, hash } = stated(rules, where, yield* entriesOf(ctx, rules, where, row.entries), before, then.figures)
  return { number: row.number, storedHash: row.hash, hash, same: text === row.document && hash === row.hash }
}

/** Entries are only ever added, so their numbers cut off what came in later. */
function* entriesOf(ctx: Context, rules: PlanRules, { plan, subject, period }: Where, upTo: number): Operation<readonly CreditRow[]> {
  const { from, to } = periodNamed({ calendar: rules.calendar, id: period })
  const within = all(field('counts_at').gte(from.getTime()), field('counts_at').lt(to.getTime()), field('arrival').lte(upTo))
  const where = all(field('plan').eq(plan), field('subject').eq(subject), within)
  const [rows] = yield* read(ctx, list(credits, { where, order: ['arrival'], limit: MOST }))
  return rows
}

/** Entries that were not credited, held against all that were, as far as they would count in the period. */
function* hopedFor(
  ctx: Context,
  rules: PlanRules,
  { plan, subject, period }: Where,
  hoped: readonly EntryInput[],
  entries: number,
): Operation<readonly CreditRow[]> {
  const where = all(field('plan').eq(plan), field('subject').eq(subject))
  const [known] = yield* read(ctx, list(credits, { where, limit: MOST }))
  const { from, to } = periodNamed({ calendar: rules.calendar, id: period })
  const fresh = freshOf({ plan, subject, currency: rules.plan.currency, now: ctx.now }, known, hoped, entries)
  return fresh.filter((row) => row.counts_at >= from.getTime() && row.counts_at < to.getTime())
}

function entryOf({ entry: id, kind, of, amount, currency, share }: CreditRow): CreditEntry {
  const paid = money(textOf(new Exact(amount)), currency)
  if (kind === 'clawback') return { id, kind, of: of!, amount: paid }
  return { id, kind: 'deal', amount: paid, ...(share === null ? {} : { share: textOf(new Exact(share)) }) }
}

/** Statements by period and number. */
function* issued(
  ctx: Context,
  i: { readonly plan: string; readonly subject: string; readonly period?: string | undefined },
): Operation<readonly StatementRow[]> {
  const { plan, subject, period } = i
  const where = all(field('plan').eq(plan), field('subject').eq(subject), ...(period === undefined ? [] : [field('period').eq(period)]))
  const [rows] = yield* read(ctx, list(statements, { where, order: ['period', 'number'], limit: MOST }))
  return rows
}

function* theStatement(ctx: Context, i: Where & { readonly number?: number | undefined }): Operation<StatementRow> {
  const rows = yield* issued(ctx, i)
  const row = i.number === undefined ? rows.at(-1) : rows.find(({ number }) => number === i.number)
  if (row?.document) return row
  throw notIssued(i, rows.length)
}

/** A statement over entries, after those that were issued before. */
function stated(
  rules: PlanRules,
  { subject, period }: Where,
  rows: readonly CreditRow[],
  before: readonly StatementRow[],
  figures: Figures = {},
): Sealed {
  const { plan, calendar, pins } = rules
  const { from, to } = periodNamed({ calendar, id: period })
  const sum = before.reduce((total, { change }) => total.plus(change ?? 0), new Exact(0))
  const currency = before.at(-1)?.currency ?? plan.currency
  const entries = rows.map(entryOf)
  const document: PayDocument = {
    ...statement({ plan, entries, stated: money(textOf(sum), currency), figures }),
    pins,
    subject,
    period: { id: period, from: toIso(from.getTime()), to: toIso(to.getTime()) },
    number: (before.at(-1)?.number ?? 0) + 1,
    figures,
    deals: dealsOf(rows, entries),
  }
  const text = canonicalJson(document)
  return { document, text, hash: sha256Hex(text) }
}

/** Deals in order of time, each with what was taken back of it. */
function dealsOf(rows: readonly CreditRow[], entries: readonly CreditEntry[]): readonly DealCredit[] {
  const back = new Map<string, Exact>()
  for (const { kind, of, amount } of rows) if (kind === 'clawback') back.set(of!, (back.get(of!) ?? new Exact(0)).plus(amount))
  const deals = entries.flatMap((entry, n): DealCredit[] => {
    if (entry.kind !== 'deal') return []
    const { id, amount } = entry
    const share = exact(entry.share ?? 1, `entries.${id}.share`)
    const taken = back.get(id) ?? new Exact(0)
    const credited = textOf(new Exact(amount.amount).minus(taken).times(share))
    return [{ id, at: toIso(rows[n]!.at), amount, share: textOf(share), takenBack: money(textOf(taken), amount.currency), credited }]
  })
  return deals.sort((a, b) => compareText(a.at, b.at) || compareText(a.id, b.id))
}

/** Whether a statement would say what the one before said: the same plan over the same deals and figures. */
const alike = (a: PayDocument, b: PayDocument): boolean =>
  canonicalJson([a.pins, a.deals, a.figures]) === canonicalJson([b.pins, b.deals, b.figures])

const rowOf = ({ plan, subject, period }: Where, { document, text, hash }: Sealed, entries: number, now: number): StatementRow => ({
  plan,
  subject,
  period,
  number: document.number,
  currency: document.payable.currency,
  payable: document.payable.amount,
  change: document.change.amount,
  document: text,
  hash,
  entries,
  issued_at: now,
})

const statementOf = ({ document, hash, issued_at }: StatementRow): PayStatement =>
  shownStatement(JSON.parse(document!) as PayDocument, hash, new Date(issued_at))

function shownStatement({ pins, period, ...rest }: PayDocument, hash: string, issuedAt: Date | null): PayStatement {
  return { ...rest, plan: pins.plan, period: { id: period.id, from: new Date(period.from), to: new Date(period.to) }, hash, issuedAt }
}

const notIssued = ({ plan, subject, period, number }: Where & { readonly number?: number | undefined }, count: number) =>
  new PatronkitError({
    code: 'kpi/not-issued',
    message: `${subject} has no statement${number === undefined ? '' : ` ${number}`} of ${plan} for ${period} (there are ${count}). Issue one with issueStatement, or ask statements for those that there are.`,
    details: { plan, subject, period, number: number ?? null },
  })
