import { type Instant, type Money, PatronkitError } from '@patronkit/core'
import {
  all,
  type Context,
  canonicalJson,
  commit,
  field,
  get,
  headOf,
  list,
  nowFor,
  type Operation,
  parse,
  type RowOf,
  read,
  toIso,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { type Exact as Decimal, Exact, textOf } from './exact.ts'
import { currencyOf } from './plan-rules.ts'
import { unknownId, wrong } from './refusals.ts'
import { asJson, creditSchema, type EntryInput } from './schema.ts'
import { credits, payees } from './tables.ts'

declare global {
  interface PatronkitEvents {
    'kpi.credited': { readonly plan: string; readonly subject: string; readonly entries: readonly CreditedEntry[] }
  }
}

/** A deal that somebody is credited with under a plan, or the taking back of one. */
export type PlanEntry =
  | { readonly id: string; readonly kind: 'deal'; readonly at: Instant; readonly amount: Money; readonly share?: string | number }
  /** Without an amount, all that is left. It counts in the period of its deal. */
  | { readonly id: string; readonly kind: 'clawback'; readonly at: Instant; readonly of: string; readonly amount?: Money }

export interface CreditEntries {
  readonly plan: string
  readonly subject: string
  readonly entries: readonly PlanEntry[]
}

export interface EntriesCredited {
  readonly plan: string
  readonly subject: string
  /** How many entries of the call are stored now, from this call or from one before. */
  readonly accepted: number
}

interface CreditedEntry {
  readonly id: string
  readonly kind: string
  readonly of: string | null
  readonly at: string
  readonly amount: Money
  readonly share: string | null
}

export type CreditRow = RowOf<typeof credits>

export const PAY = 'kpi-pay'
/** A plan's id has no slash, so the two parts of a subject can be told apart. */
export const paySubject = (plan: string, subject: string): string => `${plan}/${subject}`

const MOST_ENTRIES = 100_000

/** Takes entries, each once by its id; deals before what is taken back of them. */
export function* credit(ctx: Context, i: CreditEntries): Operation<EntriesCredited> {
  const { plan, subject, entries: given } = parse(creditSchema, i, 'credit')
  const currency = yield* currencyOf(ctx, plan)
  const answer = { plan, subject, accepted: given.length }
  const ids = [...new Set(given.map(({ id }) => id))]
  const deals = [...new Set(given.flatMap((one) => (one.kind === 'clawback' ? [one.of] : [])))]
  const mine = all(field('plan').eq(plan), field('subject').eq(subject))
  const [head, row, known, backs] = yield* read(
    ctx,
    headOf(PAY, paySubject(plan, subject)),
    get(payees, { plan, subject }),
    list(credits, { where: all(mine, field('entry').in([...ids, ...deals])), limit: ids.length + deals.length }),
    list(credits, { where: all(mine, field('of').in(deals)), limit: MOST_ENTRIES }),
  )
  const now = nowFor(ctx, head)
  const before = row?.entries ?? 0
  const fresh = freshOf({ plan, subject, currency, now }, [...known, ...backs], given, before)
  if (fresh.length === 0) return answer
  const writes: readonly Write[] = [
    { write: 'put', table: payees, row: { plan, subject, entries: before + fresh.length } },
    ...fresh.map((one): Write => ({ write: 'insert', table: credits, row: one })),
  ]
  const at = fresh.reduce((least, one) => Math.min(least, one.at), fresh[0]!.at)
  const events = [{ type: 'kpi.credited', v: 1, at, data: asJson({ plan, subject, entries: fresh.map(told) }) }]
  yield* commit([unitOn(ctx, { kind: PAY, subject: paySubject(plan, subject), head, events, writes })])
  return answer
}

export interface Whose {
  readonly plan: string
  readonly subject: string
  readonly currency: string
  readonly now: number
}

/** The rows of what is new, in the order in which they count: deals, then what is taken back. */
export function freshOf(of: Whose, known: readonly CreditRow[], given: readonly EntryInput[], before: number): readonly CreditRow[] {
  const rows = new Map(known.map((row) => [row.entry, row]))
  const fresh: CreditRow[] = []
  for (const kind of ['deal', 'clawback']) {
    for (const one of given) {
      if (one.kind !== kind) continue
      const stored = rows.get(one.id)
      if (stored) {
        refuseOther(stored, one)
        continue
      }
      const row = one.kind === 'deal' ? dealRow(of, one) : backRow(of, one, rows)
      rows.set(row.entry, row)
      fresh.push(row)
    }
  }
  return fresh.map((row, n) => ({ ...row, arrival: before + n + 1 }))
}

function dealRow({ currency, now, ...whose }: Whose, one: Extract<EntryInput, { kind: 'deal' }>): CreditRow {
  refuseCurrency(one.id, one.amount, currency)
  const { id: entry, kind, at, amount, share = null } = one
  return { ...whose, entry, kind, of: null, amount: amount.amount, currency, share, at, counts_at: at, arrival: 0, recorded_at: now }
}

function backRow(
  { currency, now, ...whose }: Whose,
  one: Extract<EntryInput, { kind: 'clawback' }>,
  rows: ReadonlyMap<string, CreditRow>,
): CreditRow {
  const deal = rows.get(one.of)
  if (deal?.kind !== 'deal') throw unknownId(one.of, `entries.${one.id}.of`)
  const left = [...rows.values()].reduce(
    (sum: Decimal, row) => (row.of === deal.entry ? sum.minus(row.amount) : sum),
    new Exact(deal.amount),
  )
  if (one.amount) refuseCurrency(one.id, one.amount, currency)
  const back = one.amount ? new Exact(one.amount.amount) : left
  if (back.gt(left)) {
    throw wrong(
      `entries.${one.id}.amount`,
      `takes ${textOf(back)} back from ${deal.entry}, of which ${textOf(left)} is left`,
      'Take back at most what is left.',
    )
  }
  const amount = textOf(back)
  const { id: entry, kind, at, of } = one
  return { ...whose, entry, kind, of, amount, currency, share: null, at, counts_at: deal.counts_at, arrival: 0, recorded_at: now }
}

function refuseCurrency(id: string, { currency }: Money, planned: string): void {
  if (currency !== planned) throw wrong(`entries.${id}.amount.currency`, `is ${currency}, the plan pays ${planned}`, 'Convert it first.')
}

/** The same id with other content is a mistake that must not pass in silence. */
function refuseOther(row: CreditRow, one: EntryInput): void {
  const same = (a: string | null, b: string | number | null | undefined) =>
    a === null || b == null ? a === (b ?? null) : new Exact(a).eq(b)
  const differs = [
    ...(row.kind === one.kind ? [] : ['kind']),
    ...(row.at === one.at ? [] : ['at']),
    ...(one.amount === undefined || (same(row.amount, one.amount.amount) && row.currency === one.amount.currency) ? [] : ['amount']),
    ...(one.kind !== 'deal' || same(row.share, one.share) ? [] : ['share']),
    ...(one.kind !== 'clawback' || canonicalJson(row.of) === canonicalJson(one.of) ? [] : ['of']),
  ]
  if (differs.length === 0) return
  throw new PatronkitError({
    code: 'core/idempotency-conflict',
    message: `entry ${row.entry} was credited before with another ${differs.join(', ')}. Give each entry its own id; to correct a deal, take it back and credit it anew.`,
    details: { idempotencyKey: row.entry, differs },
  })
}

const told = (row: CreditRow): CreditedEntry => ({
  id: row.entry,
  kind: row.kind,
  of: row.of,
  at: toIso(row.at),
  amount: { amount: row.amount, currency: row.currency },
  share: row.share,
})
