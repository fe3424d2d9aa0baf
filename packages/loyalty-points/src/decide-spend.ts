import type { Money } from '@patronkit/core'
import { holds, toIso, valueAt } from '@patronkit/core/service'
import { applied, type Env, event, isDone, no, type Rejected, type Rule, recordOf, shownLots, take } from './decision.ts'
import { firstOf } from './evolve.ts'
import { type Taken, takeInOrder } from './lots.ts'
import type { AccountState, Hold, Order, OrderRecord } from './model.ts'
import { usable } from './passing.ts'
import type { Programme } from './programme.ts'
import { orderValue, paidSoFar, quote, worthOfPart } from './redemption.ts'
import { holdExpired } from './refusals.ts'
import { countsSpending, spendLines, spentCounters } from './spending.ts'

/** Points asked against an order are cut to what the order needs; points without an order are what was asked. */
function asked(state: AccountState, programme: Programme, points: number, order: Order | undefined) {
  return order ? quote(programme, points, order, paidSoFar(state, order.id).toFixed()) : { points, worth: undefined, leftToPay: undefined }
}

const spentLine = (points: number, currency: string, worth: Money | null) => ({
  code: 'loyalty/spent',
  data: { points: -points, currency, worth },
})

export const hold: Rule<'hold'> = (command, state, env) => {
  if (state.holds[command.id]) return no({ code: 'loyalty/already-posted', details: { posting: command.id } })
  if (command.until <= env.now) return no(holdExpired(command.id, command.until))
  const wanted = asked(state, env.programme, command.points, command.order)
  if ('code' in wanted) return no(wanted)
  const got = take(state, wanted.points, env)
  if ('outcome' in got) return got
  const { currency } = env.programme
  const { points, worth, leftToPay } = wanted
  const limits = spendLines(env.programme, state, command.at, points)
  if ('code' in limits) return no(limits)
  const value = command.order ? orderValue(command.order) : null
  const data = {
    hold: command.id,
    currency,
    points,
    taken: got.taken,
    until: toIso(command.until),
    order: command.order?.id ?? null,
    value,
    worth: worth ?? null,
    ...(countsSpending(env.programme) ? { countedAt: toIso(command.at) } : {}),
  }
  return {
    events: [event('loyalty.held', command.at, data)],
    answer: {
      points: -points,
      worth,
      leftToPay,
      lots: shownLots(state, got.taken, -1),
      lines: [{ code: 'loyalty/held', data: { points: -points, currency, worth: worth ?? null } }, ...limits],
    },
  }
}

/** The hold that a command names, if it is still open. */
function openHold(state: AccountState, id: string): Hold | Rejected {
  const found = state.holds[id]
  if (!found) return no({ code: 'loyalty/hold-unknown', details: { hold: id } })
  switch (found.state) {
    case 'open':
      return found
    case 'captured':
      return no({ code: 'loyalty/already-captured', details: { hold: id } })
    case 'released':
      return no({ code: 'loyalty/already-released', details: { hold: id } })
    case 'expired':
      return no(holdExpired(id, found.expiresAt))
  }
}

export const capture: Rule<'capture'> = (command, state, env) => {
  const held = openHold(state, command.hold)
  if ('outcome' in held) return held
  const points = command.points ?? held.points
  if (points > held.points) return no({ code: 'loyalty/exceeds-hold', details: { hold: held.id, held: held.points, requested: points } })
  const worth = worthOfPart(held, points, env.programme.redeem)
  const record = held.order && held.value ? withSpend(recordOf(state, held.order, held.value, env.programme), command.id) : null
  const counters = spentCounters(env.programme, state, held.countedAt ?? command.at, points)
  const data = { posting: command.id, hold: held.id, currency: held.currency, points, worth, record, ...counters }
  return {
    events: [event('loyalty.captured', command.at, data)],
    answer: {
      points: -points,
      worth: worth ?? undefined,
      lots: shownLots(state, firstOf(held.taken, points), -1),
      lines: [spentLine(points, held.currency, worth)],
    },
  }
}

const withSpend = (record: OrderRecord, spend: string): OrderRecord => ({ ...record, spends: [...record.spends, spend] })

export const release: Rule<'release'> = (command, state) => {
  const held = openHold(state, command.hold)
  if ('outcome' in held) return held
  return {
    events: [event('loyalty.hold-released', command.at, { hold: held.id })],
    answer: {
      points: held.points,
      lots: shownLots(state, held.taken),
      lines: [{ code: 'loyalty/released', data: { points: held.points, currency: held.currency } }],
    },
  }
}

/** A changed cart: the old hold ends and the new one begins in one step, so nobody else gets between. */
export const replace: Rule<'replace'> = (command, state, env) => {
  const { at, id, points, until, order } = command
  const ended = release({ type: 'release', at, hold: command.hold }, state, env)
  if (!isDone(ended)) return ended
  const begun = hold({ type: 'hold', id, at, points, until, order }, applied(state, ended.events), env)
  return isDone(begun) ? { ...begun, events: [...ended.events, ...begun.events] } : begun
}

export const redeem: Rule<'redeem'> = (command, state, env) => {
  const { programme } = env
  const { currency } = programme
  const reward = command.reward === undefined ? undefined : (programme.rewards ?? []).find((one) => one.id === command.reward)
  const offered =
    reward && (!reward.when || holds(reward.when, (path) => valueAt({ member: command.member, tier: state.standing?.tier }, path)))
  if (command.reward !== undefined && !offered) {
    return no({ code: 'loyalty/not-redeemable', details: { programme: programme.currency, what: command.reward } })
  }
  const wanted = asked(state, programme, reward?.points ?? command.points ?? 0, reward ? undefined : command.order)
  if ('code' in wanted) return no(wanted)
  const got = take(state, wanted.points, env)
  if ('outcome' in got) return got
  const { points, worth, leftToPay } = wanted
  const limits = spendLines(programme, state, command.at, points)
  if ('code' in limits) return no(limits)
  const { order } = command
  const record = order ? withSpend(recordOf(state, order.id, orderValue(order), programme), command.id) : null
  const counters = spentCounters(programme, state, command.at, points)
  const what = { worth: worth ?? null, reward: reward?.id ?? null, record }
  const data = { posting: command.id, currency, points, taken: got.taken, ...what, ...counters }
  return {
    events: [event('loyalty.spent', command.at, data)],
    answer: {
      points: -points,
      worth,
      leftToPay,
      lots: shownLots(state, got.taken, -1),
      lines: [spentLine(points, currency, worth ?? null), ...limits],
    },
  }
}

/** Takes points away by hand: a correction. Where the programme lets an account owe points, this may lead into debt. */
export const deduct: Rule<'deduct'> = (command, state, env) => {
  const currency = command.currency ?? env.programme.currency
  const { id: posting, points, reason } = command
  const owed = owing(state, points, currency, env)
  const got = owed ?? take(state, points, { ...env, programme: { ...env.programme, currency } })
  if ('outcome' in got) return got
  const debt = 'debt' in got && typeof got.debt === 'number' ? got.debt : 0
  return {
    events: [event('loyalty.deducted', command.at, { posting, currency, points, taken: got.taken, debt, reason })],
    answer: {
      points: currency === env.programme.currency ? -points : 0,
      lots: shownLots(state, got.taken, -1),
      lines: [{ code: 'loyalty/deducted', data: { points: -points, currency, reason } }],
    },
  }
}

interface OwingTake {
  readonly taken: readonly Taken[]
  readonly debt: number
}

/** What is there and, down to the floor, a debt; null where the programme knows no debt or none is needed. */
function owing(state: AccountState, points: number, currency: string, env: Env): OwingTake | Rejected | null {
  const policy = env.programme.negative
  if (policy?.policy !== 'debt' || state.readTo !== null) return null
  const { taken, short: debt } = takeInOrder(state.lots, points, (lot) => (lot.currency === currency ? usable(lot, env.now) : 0))
  const room = -policy.floor - (state.debts[currency] ?? 0)
  if (debt > room) {
    const details = { account: state.account, floor: policy.floor, short: debt - room }
    return no({ code: 'loyalty/below-floor', details })
  }
  return { taken, debt }
}
