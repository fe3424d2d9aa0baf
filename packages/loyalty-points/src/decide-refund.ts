import { type Money, minorDigits, money } from '@patronkit/core'
import { clawedBackBy } from './clawback.ts'
import { applied, type Env, event, type NeedsLots, no, type Rejected, type Rule, shownLots } from './decision.ts'
import { lastOf } from './evolve.ts'
import { Exact, wholeQuotient } from './exact.ts'
import { takeInOrder } from './lots.ts'
import type { AccountState, Clawed, Given, Lot, OrderEarning, OrderRecord, Spend } from './model.ts'
import { free, inReach, usable } from './passing.ts'
import { worthSoFar } from './redemption.ts'

/**
 * A refund by the order's own terms: first what was spent comes back to the lots it came from, then what was earned is
 * taken back. Both are counted over all refunds of the order together.
 */
export const refund: Rule<'refund'> = (command, state, env) => {
  const record = state.orders[command.order]
  if (!record) return no({ code: 'loyalty/order-unknown', details: { order: command.order } })
  const { value, policy } = record
  const { currency } = command.amount
  if (currency !== value.currency) return no({ code: 'loyalty/other-money', details: { currency, expected: value.currency } })
  const before = new Exact(record.refunded)
  const after = before.plus(command.amount.amount)
  if (after.gt(value.amount)) {
    const left = new Exact(value.amount).minus(before).toFixed(minorDigits(currency))
    return no({ code: 'loyalty/exceeds-order', details: { order: record.id, left, requested: command.amount.amount } })
  }
  const spends = record.spends.flatMap((id) => state.spends[id] ?? [])
  const given = spends.flatMap((spend) => giveBack(record, spend, spends, after))
  const told = { refund: command.id, order: record.id, amount: command.amount, given }
  const withGiven = applied(state, [event('loyalty.refunded', command.at, { ...told, clawed: [] })])
  const clawed: Clawed[] = []
  for (const earning of record.earnings) {
    const due = clawedBackBy(policy, earning.terms, after.toFixed(), value.amount) - earning.clawedBack
    if (due <= 0) continue
    const one = clawBack(withGiven, earning, due, env)
    if ('outcome' in one) return one
    clawed.push(one)
  }
  const own = env.programme.currency
  const clawedBack = sumOf(clawed, own)
  const givenBack = sumOf(given, own)
  return {
    events: [event('loyalty.refunded', command.at, { ...told, clawed })],
    answer: {
      points: givenBack - clawedBack,
      clawedBack,
      givenBack,
      moneyBack: moneyBack(record, spends, before, after),
      lots: [...given.flatMap((one) => shownLots(state, one.taken)), ...clawed.flatMap((one) => shownLots(state, one.taken, -1))],
      lines: [
        ...given.map(({ points, currency: of, spend }) => ({ code: 'loyalty/given-back', data: { points, currency: of, spend } })),
        ...clawed.map((one) => ({
          code: 'loyalty/clawed-back',
          data: {
            points: -one.points,
            currency: one.currency,
            policy: policy.policy,
            lapsed: one.lapsed,
            debt: one.debt,
            forgiven: one.forgiven,
          },
        })),
      ],
    },
  }
}

const sumOf = (parts: readonly { readonly currency: string; readonly points: number }[], currency: string): number =>
  parts.reduce((sum, part) => sum + (part.currency === currency ? part.points : 0), 0)

/** What of a spend comes back once `refunded` of the order did; in the end all of it. */
function giveBack(record: OrderRecord, spend: Spend, spends: readonly Spend[], refunded: Exact): readonly Given[] {
  const target = backBy(record, spend, spends, refunded)
  const points = Math.min(spend.points, target) - spend.back
  return points > 0 ? [{ spend: spend.id, currency: spend.currency, points, taken: lastOf(spend.taken, points, spend.back) }] : []
}

function backBy(record: OrderRecord, spend: Spend, spends: readonly Spend[], refunded: Exact): number {
  const value = new Exact(record.value.amount)
  const share = record.policy.giveBack ?? 'pro-rata'
  if (share === 'never') return 0
  if (refunded.gte(value)) return spend.points
  if (share === 'pro-rata') return wholeQuotient(refunded.times(spend.points), value, 'floor').toNumber()
  const worth = worthOfAll(spends)
  return worth.isZero() ? 0 : wholeQuotient(beyondMoney(record, spends, refunded).times(spend.points), worth, 'floor').toNumber()
}

/**
 * What of a refund is money: all but the part that points had paid, over all refunds of the order together, so that it comes to
 * what was paid in money however they are cut. What a reversal brought back before was paid in money since.
 */
function moneyBack(record: OrderRecord, spends: readonly Spend[], before: Exact, after: Exact): Money {
  const [then, now] = [before, after].map((refunded) => paidByPoints(record, spends, refunded)) as [readonly Exact[], readonly Exact[]]
  const byPoints = spends.reduce((sum, spend, n) => {
    const back = worthSoFar(spend, spend.back)
    return sum.plus(Exact.max(now[n]!, back)).minus(Exact.max(then[n]!, back))
  }, new Exact(0))
  const { currency } = record.value
  const left = after.minus(before).minus(byPoints)
  return money((left.lt(0) ? new Exact(0) : left).toFixed(minorDigits(currency)), currency)
}

/** The part of what was refunded so far that each spend had paid; together they are rounded once. */
function paidByPoints(record: OrderRecord, spends: readonly Spend[], refunded: Exact): readonly Exact[] {
  const worth = worthOfAll(spends)
  if (worth.isZero()) return spends.map(() => worth)
  const [part, whole] =
    record.policy.giveBack === 'money-first' ? [beyondMoney(record, spends, refunded), worth] : [refunded, new Exact(record.value.amount)]
  const upTo = (sum: Exact): Exact => part.times(sum).div(whole).toDecimalPlaces(minorDigits(record.value.currency), Exact.ROUND_DOWN)
  let sum = new Exact(0)
  return spends.map((spend) => {
    const first = sum
    sum = sum.plus(spend.worth?.amount ?? 0)
    return upTo(sum).minus(upTo(first))
  })
}

const worthOfAll = (spends: readonly Spend[]): Exact => spends.reduce((sum, one) => sum.plus(one.worth?.amount ?? 0), new Exact(0))

/** The part of what was refunded that is more than was paid in money. */
function beyondMoney(record: OrderRecord, spends: readonly Spend[], refunded: Exact): Exact {
  const beyond = refunded.minus(new Exact(record.value.amount).minus(worthOfAll(spends)))
  return beyond.lt(0) ? new Exact(0) : beyond
}

/**
 * Takes back what an order earned: from its own lots, then what had expired or was dismissed of them counts as gone, then, for
 * what was spent, from other lots; the rest by the programme's policy for the negative.
 */
function clawBack(state: AccountState, earning: OrderEarning, due: number, env: Env): Clawed | Rejected | NeedsLots {
  const { currency, posting } = earning
  const own = state.lots.filter((lot) => lot.posting === posting && lot.currency === currency)
  const first = takeInOrder(own, due, free)
  const lapsed = Math.min(first.short, goneBefore(own, earning))
  const others = inReach(state).filter((lot) => lot.posting !== posting && lot.currency === currency)
  const second = takeInOrder(others, first.short - lapsed, (lot) => usable(lot, env.now))
  if (second.short > 0 && state.readTo !== null) return { outcome: 'needs-lots', points: second.short }
  const rest = settleRest(state, currency, second.short, env)
  if ('outcome' in rest) return rest
  return { currency, posting, points: due, taken: [...first.taken, ...second.taken], lapsed, ...rest }
}

/** Points of an order that are gone without anybody having used them: they expired, or were dismissed while they waited. */
function goneBefore(own: readonly Lot[], earning: OrderEarning): number {
  // what waits is taken by nothing but refunds, time and whoever dismisses it
  const waits = own.length > 0 && own.every((lot) => lot.availableAt === null)
  const sum = (of: (lot: Lot) => number) => own.reduce((total, lot) => total + of(lot), 0)
  return waits ? earning.terms.earned - earning.clawedBack - sum((lot) => lot.remaining) : sum((lot) => lot.expired)
}

function settleRest(
  state: AccountState,
  currency: string,
  short: number,
  env: Env,
): { readonly debt: number; readonly forgiven: number } | Rejected {
  const policy = env.programme.negative ?? { policy: 'clamp' }
  if (short === 0 || policy.policy === 'clamp') return { debt: 0, forgiven: short }
  if (policy.policy === 'reject') return no({ code: 'loyalty/below-floor', details: { account: state.account, floor: 0, short } })
  const debt = Math.min(short, Math.max(0, -policy.floor - (state.debts[currency] ?? 0)))
  return { debt, forgiven: short - debt }
}

/** Undoes a redemption, whole or in part: the same lots, with the expiry they had. */
export const reverse: Rule<'reverse'> = (command, state) => {
  const spend = state.spends[command.posting]
  if (!spend) return no({ code: 'loyalty/posting-unknown', details: { posting: command.posting } })
  const left = spend.points - spend.back
  const points = command.points ?? left
  if (points > left || left === 0) return no({ code: 'loyalty/already-reversed', details: { posting: spend.id, left } })
  const given = { spend: spend.id, currency: spend.currency, points, taken: lastOf(spend.taken, points, spend.back) }
  return {
    events: [event('loyalty.reversed', command.at, { posting: command.id, given })],
    answer: {
      points,
      givenBack: points,
      lots: shownLots(state, given.taken),
      lines: [{ code: 'loyalty/given-back', data: { points, currency: spend.currency, spend: spend.id } }],
    },
  }
}
