import { type Explanation, type Locale, type Money, minorDigits } from '@patronkit/core'
import { type Bare, renderExplanation } from '@patronkit/core/service'
import { distinct, listOf } from '../checks.ts'
import { amountOf, type Exact as Decimal, Exact, exactNotNegative, textOf } from '../exact.ts'
import { unknownId, wrong } from '../refusals.ts'
import { pay } from './payout.ts'
import { type IncentivePlan, readPlan } from './plan.ts'
import { statementWords } from './words.ts'

/** What moves somebody's credit: a deal with their share in it, or the taking back of one, whole or in part. */
export type CreditEntry =
  | { readonly id: string; readonly kind: 'deal'; readonly amount: Money; readonly share?: string | number }
  | { readonly id: string; readonly kind: 'clawback'; readonly of: string; readonly amount?: Money }

/** A statement of pay: everything earned to date under the plan, less what earlier statements said. */
export interface Statement {
  readonly credited: string
  readonly attainment: string
  /** Not rounded. */
  readonly earned: string
  /** `earned`, rounded half up to the cent: the only place where anything is rounded. */
  readonly payable: Money
  readonly stated: Money
  /** payable − stated; negative where pay is taken back. All changes sum to the last `payable`. */
  readonly change: Money
  readonly lines: readonly Bare[]
}

/**
 * A statement over all entries of a quota period so far. It is worked out anew each time, so a late clawback, a corrected share or
 * another version of the plan gives the difference to what was stated before, in any order.
 *
 * @example
 * ```ts
 * import { explainStatement, statement } from '@patronkit/kpi-scoring'
 *
 * const plan = { currency: 'EUR', quota: '100000', mode: 'marginal', edge: 'included', tiers: [{ upTo: '1', rate: '0.06' }, { upTo: null, rate: '0.08' }] } as const
 * const january = statement({ plan, entries: [{ id: 'd1', kind: 'deal', amount: { amount: '110000.00', currency: 'EUR' } }] })
 * const february = statement({ plan, stated: january.payable, entries: [
 *   { id: 'd1', kind: 'deal', amount: { amount: '110000.00', currency: 'EUR' } },
 *   { id: 'c1', kind: 'clawback', of: 'd1', amount: { amount: '20000.00', currency: 'EUR' } } ] })
 * console.log(february.change.amount, explainStatement({ statement: february }).summary) // -1400.00
 * ```
 */
export function statement(i: {
  readonly plan: IncentivePlan
  readonly entries: readonly CreditEntry[]
  /** Sum of the changes stated so far; nothing where it is left out. */
  readonly stated?: Money
  readonly figures?: { readonly [id: string]: string | number }
}): Statement {
  const read = readPlan(i.plan)
  const { currency } = i.plan
  const digits = minorDigits(currency)
  const { credited, takenBack } = creditedBy(i.entries, currency)
  const paid = pay(read, credited, i.figures ?? {})
  const payable = new Exact(paid.amount).toDecimalPlaces(digits)
  const stated = i.stated ? amountOf(i.stated, 'stated', currency) : new Exact(0)
  const cash = (amount: Decimal): Money => ({ amount: (amount.isZero() ? new Exact(0) : amount).toFixed(digits), currency })
  const lines: Bare[] = [
    ...(takenBack.isZero() ? [] : [{ code: 'kpi.clawed-back', data: { amount: textOf(takenBack), currency } }]),
    ...paid.lines.map(({ code, data }) => ({ code, data: { ...data, currency } })),
    ...(payable.eq(paid.amount) ? [] : [{ code: 'kpi.rounded', data: { from: paid.amount, to: cash(payable).amount, currency } }]),
    ...(stated.isZero() ? [] : [{ code: 'kpi.stated-before', data: { amount: cash(stated).amount, currency } }]),
  ]
  return {
    credited: textOf(credited),
    attainment: paid.attainment,
    earned: paid.amount,
    payable: cash(payable),
    stated: cash(stated),
    change: cash(payable.minus(stated)),
    lines,
  }
}

/** What is left of all deals, each times its share. */
function creditedBy(entries: readonly CreditEntry[], currency: string): { readonly credited: Decimal; readonly takenBack: Decimal } {
  listOf(entries, 'entries', 0)
  distinct(
    entries.map(({ id }) => id),
    'entries',
  )
  const deals = new Map<string, { left: Decimal; readonly share: Decimal }>()
  for (const entry of entries) {
    if (entry.kind !== 'deal') continue
    const share = exactNotNegative(entry.share ?? 1, `entries.${entry.id}.share`)
    deals.set(entry.id, { left: amountOf(entry.amount, `entries.${entry.id}.amount`, currency), share })
  }
  let takenBack: Decimal = new Exact(0)
  for (const entry of entries) {
    if (entry.kind !== 'clawback') continue
    const deal = deals.get(entry.of)
    if (!deal) throw unknownId(entry.of, `entries.${entry.id}.of`)
    const back = entry.amount ? amountOf(entry.amount, `entries.${entry.id}.amount`, currency) : deal.left
    if (back.isNegative() || back.gt(deal.left)) {
      throw wrong(
        `entries.${entry.id}.amount`,
        `takes ${textOf(back)} back from a deal with ${textOf(deal.left)} left`,
        'Take back at most what is left.',
      )
    }
    deal.left = deal.left.minus(back)
    takenBack = takenBack.plus(back.times(deal.share))
  }
  const credited = [...deals.values()].reduce((sum, { left, share }) => sum.plus(left.times(share)), new Exact(0))
  return { credited, takenBack }
}

/** A statement in words, line by line, as the person paid reads it. */
export function explainStatement(i: { readonly statement: Statement; readonly locale?: Locale }): Explanation {
  const { statement, locale = 'en' } = i
  return renderExplanation(statementWords, { about: aboutStatement(statement), lines: statement.lines }, { locale, zone: 'UTC' })
}

/** What a statement comes to, in one line. */
export const aboutStatement = ({ credited, attainment, payable, change }: Statement): Bare => ({
  code: 'kpi.statement',
  data: { credited, attainment, payable: payable.amount, change: change.amount, currency: payable.currency },
})
