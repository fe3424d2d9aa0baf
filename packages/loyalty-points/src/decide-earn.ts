import { holds, valueAt, wallMs } from '@patronkit/core/service'
import { clawedBackBy, NO_POINTS } from './clawback.ts'
import { event, incoming, no, type Rule, recordOf, shownLot } from './decision.ts'
import { type Earned, type Earning, earnings, limitsAfter } from './earning.ts'
import { Exact } from './exact.ts'
import type { LotData, OrderEarning, OrderRecord } from './model.ts'
import { free } from './passing.ts'
import type { Programme } from './programme.ts'
import { orderValue } from './redemption.ts'

/** From when on points of an instant can be used; null until they are released. */
function availableFrom(programme: Programme, at: number): number | null {
  if (!programme.pending) return at
  return 'for' in programme.pending ? at + wallMs(programme.pending.for) : null
}

export const earn: Rule<'earn'> = (command, state, env) => {
  const { order, at, id } = command
  if (order && state.orders[order.id]?.earnings.length) return no({ code: 'loyalty/already-posted', details: { posting: order.id } })
  const counted = earnings(env.programme, state, command, env.budgets ?? {})
  if ('code' in counted) return no(counted)
  const earned = lessRefunded(counted, order && state.orders[order.id])
  const own = earned.earnings.find((one) => one.currency === env.programme.currency)?.points ?? 0
  const limits = limitsAfter(env.programme, state, at, own)
  const over = own > 0 ? limits.passed : null
  if (over?.limit.over === 'reject')
    return no({ code: 'loyalty/over-limit', details: { limit: over.limit.id, points: over.points, allowed: over.limit.points } })
  const availableAt = over ? null : availableFrom(env.programme, at)
  const lots: LotData[] = []
  const debtPaid: { [currency: string]: number } = {}
  for (const { currency, points } of earned.earnings) {
    if (points === 0) continue
    const came = incoming(state, env, {
      lot: lots.length === 0 ? id : `${id}/${lots.length + 1}`,
      currency,
      points,
      earnedAt: at,
      availableAt,
    })
    lots.push(came.lot)
    if (came.paid > 0) debtPaid[currency] = came.paid
  }
  const kept = ({ currency, points, terms }: Earning): OrderEarning => {
    return { currency, posting: id, terms, clawedBack: terms.earned - points, lapsed: 0 }
  }
  // an order that earned nothing has earned all the same: it is not asked again
  const nothing = { currency: env.programme.currency, points: 0, terms: NO_POINTS }
  const newEarnings = (earned.earnings.length > 0 ? earned.earnings : [nothing]).map(kept)
  const record = order ? { ...recordOf(state, order.id, orderValue(order), env.programme), earnings: newEarnings } : null
  const source = order ? { order: order.id } : { event: command.event?.type ?? '' }
  const counters = { ...earned.counters, ...limits.counters }
  const flagged = over ? [event('loyalty.flagged', at, { earning: id, limit: over.limit.id, points: own })] : []
  const waits = over ? [{ code: 'loyalty/under-review', data: { points: 0, currency: env.programme.currency, limit: over.limit.id } }] : []
  return {
    events: [event('loyalty.earned', at, { posting: id, lots, debtPaid, source, record, counters }), ...flagged],
    answer: { points: own, lots: lots.map(shownLot), lines: [...earned.lines, ...waits] },
    uses: earned.uses,
  }
}

/** What was refunded before the order earned, as it may be where it spent first, is taken off at once. */
function lessRefunded(earned: Earned, record: OrderRecord | undefined): Earned {
  if (!record || new Exact(record.refunded).isZero()) return earned
  const { policy, refunded, value } = record
  const off = earned.earnings.map(({ terms }) => clawedBackBy(policy, terms, refunded, value.amount))
  const lines = earned.earnings.flatMap(({ currency }, n) =>
    off[n] ? [{ code: 'loyalty/refunded-before', data: { points: -off[n], currency, policy: policy.policy } }] : [],
  )
  const left = earned.earnings.map((one, n) => ({ ...one, points: one.points - off[n]! }))
  return { ...earned, earnings: left, lines: [...earned.lines, ...lines] }
}

/** Points of an offer. Its stock and its codes are shared by all accounts, and so the service's to keep. */
export const claim: Rule<'claim'> = (command, state, env) => {
  const { at, id } = command
  const offer = (env.programme.offers ?? []).find((one) => one.id === command.offer)
  const unavailable = (why: 'unknown' | 'dates' | 'condition' | 'claimed' | 'needs-code') =>
    no({ code: 'loyalty/offer-unavailable', details: { offer: command.offer, why } })
  if (!offer) return unavailable('unknown')
  const [from, until] = [offer.from, offer.until].map((text) => (text === undefined ? undefined : Date.parse(text)))
  if ((from !== undefined && at < from) || (until !== undefined && at >= until)) return unavailable('dates')
  const facts = { member: command.member, tier: state.standing?.tier }
  if (offer.when && !holds(offer.when, (path) => valueAt(facts, path))) return unavailable('condition')
  if (offer.byCode && !command.byCode) return unavailable('needs-code')
  const counter = `offer/${offer.id}`
  const claimed = state.counters[counter] ?? 0
  if (claimed >= (offer.perAccount ?? 1)) return unavailable('claimed')
  const { currency } = env.programme
  const { points } = offer
  const came = incoming(state, env, { lot: id, currency, points, earnedAt: at, availableAt: availableFrom(env.programme, at) })
  const debtPaid = came.paid > 0 ? { [currency]: came.paid } : {}
  const counters = { [counter]: claimed + 1 }
  return {
    events: [event('loyalty.earned', at, { posting: id, lots: [came.lot], debtPaid, source: { event: counter }, record: null, counters })],
    answer: { points, lots: [shownLot(came.lot)], lines: [{ code: 'loyalty/offer', data: { points, currency, offer: offer.id } }] },
  }
}

export const releasePending: Rule<'release-pending'> = (command, state, env) => {
  const waiting = state.lots.filter((lot) => lot.posting === command.posting && lot.availableAt === null && free(lot) > 0)
  if (waiting.length === 0) return no({ code: 'loyalty/nothing-pending', details: { posting: command.posting } })
  const { currency } = env.programme
  const own = waiting.filter((lot) => lot.currency === currency)
  const points = own.reduce((sum, lot) => sum + free(lot), 0)
  return {
    events: [event('loyalty.released', command.at, { posting: command.posting })],
    answer: {
      points,
      lots: own.map((lot) => ({ lot: lot.id, points: free(lot), expiresAt: lot.expiresAt })),
      lines: [{ code: 'loyalty/settled', data: { points, currency, posting: command.posting } }],
    },
  }
}

/** Somebody looked at an earning that waits and takes its points away. */
export const dismiss: Rule<'dismiss'> = (command, state, env) => {
  const waiting = state.lots.filter((lot) => lot.posting === command.posting && lot.availableAt === null && free(lot) > 0)
  if (waiting.length === 0) return no({ code: 'loyalty/nothing-pending', details: { posting: command.posting } })
  const { id, at, reason } = command
  const currencies = [...new Set(waiting.map((lot) => lot.currency))]
  const deducted = currencies.map((currency, n) => {
    const taken = waiting.filter((lot) => lot.currency === currency).map((lot) => ({ lot: lot.id, points: free(lot) }))
    const points = taken.reduce((sum, some) => sum + some.points, 0)
    return event('loyalty.deducted', at, { posting: n === 0 ? id : `${id}/${n + 1}`, currency, points, taken, debt: 0, reason })
  })
  const own = waiting.filter((lot) => lot.currency === env.programme.currency)
  const points = -own.reduce((sum, lot) => sum + free(lot), 0)
  return {
    events: [...deducted, event('loyalty.dismissed', at, { earning: command.posting })],
    answer: {
      points,
      lots: own.map((lot) => ({ lot: lot.id, points: -free(lot), expiresAt: lot.expiresAt })),
      lines: [{ code: 'loyalty/deducted', data: { points, currency: env.programme.currency, reason } }],
    },
  }
}

export const grant: Rule<'grant'> = (command, state, env) => {
  const currency = command.currency ?? env.programme.currency
  let debtLeft = state.debts[currency] ?? 0
  let paid = 0
  const lots = command.lots.map((given, n) => {
    const earnedAt = given.earnedAt ?? command.at
    const lot = command.lots.length === 1 ? command.id : `${command.id}/${n + 1}`
    const { points, expiresAt } = given
    const came = incoming(state, env, { lot, currency, points, earnedAt, availableAt: earnedAt, expiresAt, debtLeft })
    debtLeft -= came.paid
    paid += came.paid
    return came.lot
  })
  const points = lots.reduce((sum, lot) => sum + lot.points, 0)
  if (!Number.isSafeInteger(points)) return no({ code: 'loyalty/points-out-of-range', details: { points: String(points) } })
  const debtPaid = paid > 0 ? { [currency]: paid } : {}
  return {
    events: [event('loyalty.granted', command.at, { posting: command.id, lots, debtPaid, reason: command.reason })],
    answer: {
      points: currency === env.programme.currency ? points : 0,
      lots: lots.map(shownLot),
      lines: [{ code: 'loyalty/granted', data: { points, currency, reason: command.reason } }],
    },
  }
}

/** Expired points of the last days come back, with a new end. */
export const reinstate: Rule<'reinstate'> = (command, state, env) => {
  const from = command.at - command.days * 86_400_000
  const lots = state.lots
    .filter((lot) => lot.expired > 0 && lot.expiresAt !== null && lot.expiresAt >= from && lot.currency === env.programme.currency)
    .map((lot) => ({ lot: lot.id, points: lot.expired }))
  const points = lots.reduce((sum, lot) => sum + lot.points, 0)
  const until = command.until === null ? null : new Date(command.until).toISOString()
  return {
    events: [event('loyalty.reinstated', command.at, { posting: command.id, currency: env.programme.currency, points, lots, until })],
    answer: {
      points,
      lots: lots.map(({ lot, points: some }) => ({ lot, points: some, expiresAt: command.until })),
      lines: [{ code: 'loyalty/reinstated', data: { points, currency: env.programme.currency, days: command.days } }],
    },
  }
}
