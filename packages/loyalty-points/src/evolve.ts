import { Exact } from './exact.ts'
import { byUse, type Taken, takeInOrder } from './lots.ts'
import type { AccountState, Clawed, Given, Hold, Lot, LotData, LoyaltyEvent, LoyaltyEvents, OrderRecord } from './model.ts'
import type { Movement } from './tiers.ts'

/** An account before its first event. */
export const NOBODY: AccountState = Object.freeze({
  account: '',
  programme: '',
  zone: 'UTC',
  openedAt: 0,
  asOf: Number.NEGATIVE_INFINITY,
  activeAt: 0,
  frozen: false,
  mergedInto: null,
  lots: [],
  unread: 0,
  readTo: null,
  unreadAlike: 0,
  debts: {},
  holds: {},
  spends: {},
  orders: {},
  merges: {},
  reviews: {},
  postings: {},
  counters: {},
  movements: [],
  standing: null,
  past: null,
})

/** The account after an event. Total: what an event says has happened, whatever a rule would say today. */
export function evolve(before: AccountState, event: LoyaltyEvent): AccountState {
  const state = { ...before, asOf: Math.max(before.asOf, event.at) }
  switch (event.type) {
    case 'loyalty.opened': {
      const { account, programme, zone, standing } = event.data
      return { ...state, account, programme, zone, openedAt: event.at, activeAt: event.at, standing }
    }
    case 'loyalty.earned':
      return earned(active(state, event.at), event.data)
    case 'loyalty.granted':
    case 'loyalty.received':
      return incoming(active(state, event.at), event.data)
    case 'loyalty.flagged': {
      const { earning, limit, points } = event.data
      return { ...state, reviews: { ...state.reviews, [earning]: { limit, points, at: event.at } } }
    }
    case 'loyalty.dismissed':
      return reviewed(state, event.data.earning)
    case 'loyalty.released': {
      const due = (lot: Lot) => lot.posting === event.data.posting && lot.availableAt === null
      return { ...reviewed(state, event.data.posting), lots: state.lots.map((lot) => (due(lot) ? { ...lot, availableAt: event.at } : lot)) }
    }
    case 'loyalty.deducted':
      return posted(
        { ...less(state, event.data.taken), debts: withDebts(state.debts, { [event.data.currency]: event.data.debt }, 1) },
        event.data.posting,
      )
    case 'loyalty.sent':
      return posted(less(active(state, event.at), event.data.taken), event.data.transfer)
    case 'loyalty.held':
      return held(state, event.data)
    case 'loyalty.captured':
      return captured(active(state, event.at), event.data, event.at)
    case 'loyalty.hold-released':
      return ended(state, event.data.hold, 'released', event.at)
    case 'loyalty.hold-expired':
      return ended(state, event.data.hold, 'expired', event.at)
    case 'loyalty.spent':
      return spent(active(state, event.at), event.data)
    case 'loyalty.expired':
      return less(state, event.data.taken, true)
    case 'loyalty.extended':
      return extended(state, Date.parse(event.data.until))
    case 'loyalty.reinstated':
      return reinstated(state, event.data, event.at)
    case 'loyalty.refunded':
      return refunded(posted(state, event.data.refund), event.data, event.at)
    case 'loyalty.reversed':
      return givenBack(posted(state, event.data.posting), event.data.given, event.at)
    case 'loyalty.frozen':
      return { ...state, frozen: true }
    case 'loyalty.unfrozen':
      return { ...state, frozen: false }
    case 'loyalty.merged-away':
      return { ...less(state, event.data.taken), debts: {}, mergedInto: event.data.into }
    case 'loyalty.merged-here':
      return mergedHere(state, event.data)
    case 'loyalty.unmerged-away': {
      const { [event.data.merge]: _, ...merges } = state.merges
      return { ...less(state, event.data.taken), merges, debts: withDebts(state.debts, event.data.debts, -1) }
    }
    case 'loyalty.unmerged-here':
      return { ...more(state, event.data.lots, event.at), mergedInto: null, debts: withDebts(state.debts, event.data.debts, 1) }
    case 'loyalty.qualified':
      return { ...state, movements: inserted(state.movements, { at: Date.parse(event.data.from), points: event.data.points }) }
    case 'loyalty.statement-closed':
      return state
    case 'loyalty.erased':
      return NOBODY
    case 'loyalty.tier-reviewed':
      return { ...state, standing: event.data.standing }
  }
}

/** The account after many events. */
export const evolveAll = (state: AccountState, events: readonly LoyaltyEvent[]): AccountState => events.reduce(evolve, state)

const active = (state: AccountState, at: number): AccountState => ({ ...state, activeAt: Math.max(state.activeAt, at) })
const posted = (state: AccountState, id: string): AccountState => ({ ...state, postings: { ...state.postings, [id]: true } })

function reviewed(state: AccountState, earning: string): AccountState {
  if (!state.reviews[earning]) return state
  const { [earning]: _, ...reviews } = state.reviews
  return { ...state, reviews }
}

/** Changes the lots that are named, and leaves the others as they are. */
function touched(state: AccountState, taken: readonly Taken[], change: (lot: Lot, points: number) => Lot): AccountState {
  if (taken.length === 0) return state
  const points = new Map(taken.map((some) => [some.lot, some.points]))
  const lots = state.lots.map((lot) => {
    const some = points.get(lot.id)
    return some === undefined ? lot : change(lot, some)
  })
  return { ...state, lots }
}

const less = (state: AccountState, taken: readonly Taken[], toTime = false): AccountState =>
  touched(state, taken, (lot, points) => ({
    ...lot,
    remaining: lot.remaining - points,
    expired: lot.expired + (toTime ? points : 0),
  }))

const more = (state: AccountState, back: readonly Taken[], at: number): AccountState =>
  touched(state, back, (lot, points) => ({ ...lot, remaining: lot.remaining + points, freeSince: Math.max(lot.freeSince, at) }))

const lotOf = (data: LotData, posting: string): Lot => ({
  id: data.lot,
  currency: data.currency,
  posting,
  points: data.points,
  remaining: data.remaining,
  held: 0,
  expired: 0,
  earnedAt: Date.parse(data.earnedAt),
  availableAt: data.availableAt === null ? null : Date.parse(data.availableAt),
  expiresAt: data.expiresAt === null ? null : Date.parse(data.expiresAt),
  freeSince: Date.parse(data.earnedAt),
})

/** Puts lots where the order of use wants them. One lot goes in by search, many by sorting. */
function withLots(lots: readonly Lot[], fresh: readonly Lot[]): readonly Lot[] {
  if (fresh.length === 0) return lots
  if (fresh.length > 1) return [...lots, ...fresh].sort(byUse)
  const place = lots.findIndex((lot) => byUse(fresh[0]!, lot) < 0)
  return place < 0 ? [...lots, fresh[0]!] : lots.toSpliced(place, 0, fresh[0]!)
}

interface Incoming {
  readonly posting: string
  readonly lots: readonly LotData[]
  readonly debtPaid: { readonly [currency: string]: number }
}

function incoming(state: AccountState, data: Incoming): AccountState {
  const lots = withLots(
    state.lots,
    data.lots.map((lot) => lotOf(lot, data.posting)),
  )
  return posted({ ...state, lots, debts: withDebts(state.debts, data.debtPaid, -1) }, data.posting)
}

function withDebts(debts: AccountState['debts'], change: { readonly [currency: string]: number }, sign: 1 | -1): AccountState['debts'] {
  const sums = { ...debts }
  for (const [currency, points] of Object.entries(change)) sums[currency] = (sums[currency] ?? 0) + sign * points
  return Object.fromEntries(Object.entries(sums).filter(([, points]) => points > 0))
}

function earned(state: AccountState, data: LoyaltyEvents['loyalty.earned']): AccountState {
  const counters = { ...state.counters, ...data.counters }
  return recorded({ ...incoming(state, data), counters }, data.record)
}

const recorded = (state: AccountState, record: OrderRecord | null): AccountState =>
  record ? { ...state, orders: { ...state.orders, [record.id]: record } } : state

function held(state: AccountState, data: LoyaltyEvents['loyalty.held']): AccountState {
  const { hold: id, currency, points, taken, until, order, value, worth } = data
  const countedAt = data.countedAt === undefined ? null : Date.parse(data.countedAt)
  const open = { state: 'open', captured: 0, countedAt } as const
  const hold: Hold = { id, currency, points, taken, expiresAt: Date.parse(until), order, value, worth, ...open }
  const lots = touched(state, taken, (lot, some) => ({ ...lot, held: lot.held + some }))
  return { ...lots, holds: { ...state.holds, [id]: hold } }
}

/** The first `points` of what a hold took, in its order. */
export function firstOf(taken: readonly Taken[], points: number): readonly Taken[] {
  let left = points
  return taken.flatMap((some) => {
    const part = Math.min(left, some.points)
    left -= part
    return part > 0 ? [{ lot: some.lot, points: part }] : []
  })
}

/** So many points of what was taken, the last first, leaving out the last `skip`. */
export const lastOf = (taken: readonly Taken[], points: number, skip = 0): readonly Taken[] => {
  const backward = [...taken].reverse()
  const upTo = new Map(firstOf(backward, skip).map((some) => [some.lot, some.points]))
  return firstOf(backward, skip + points).flatMap((some) => {
    const rest = some.points - (upTo.get(some.lot) ?? 0)
    return rest > 0 ? [{ lot: some.lot, points: rest }] : []
  })
}

function captured(state: AccountState, data: LoyaltyEvents['loyalty.captured'], at: number): AccountState {
  const hold = state.holds[data.hold]
  if (!hold) return state
  const taken = firstOf(hold.taken, data.points)
  const free = touched(state, hold.taken, (lot, some) => ({ ...lot, held: lot.held - some, freeSince: Math.max(lot.freeSince, at) }))
  const done = { ...hold, state: 'captured' as const, captured: data.points }
  const { posting: id, points, worth, record } = data
  const spend = { id, currency: hold.currency, points, taken, back: 0, order: hold.order, worth }
  const after = less({ ...free, holds: { ...state.holds, [hold.id]: done } }, taken)
  return posted(recorded(counted({ ...after, spends: { ...state.spends, [id]: spend } }, data), record), id)
}

const counted = (state: AccountState, { counters }: { readonly counters?: AccountState['counters'] }): AccountState =>
  counters ? { ...state, counters: { ...state.counters, ...counters } } : state

function ended(state: AccountState, id: string, how: 'released' | 'expired', at: number): AccountState {
  const hold = state.holds[id]
  if (!hold) return state
  const free = touched(state, hold.taken, (lot, some) => ({ ...lot, held: lot.held - some, freeSince: Math.max(lot.freeSince, at) }))
  return { ...free, holds: { ...state.holds, [id]: { ...hold, state: how } } }
}

function spent(state: AccountState, data: LoyaltyEvents['loyalty.spent']): AccountState {
  const { posting: id, currency, points, taken, worth, record } = data
  const spend = { id, currency, points, taken, back: 0, order: record?.id ?? null, worth }
  return posted(recorded(counted({ ...less(state, taken), spends: { ...state.spends, [id]: spend } }, data), record), id)
}

/** Open lots that would go before an instant stay until then. */
function extended(state: AccountState, until: number): AccountState {
  const moves = (lot: Lot) => lot.expiresAt !== null && lot.expiresAt < until && lot.remaining > 0
  return { ...state, lots: state.lots.map((lot) => (moves(lot) ? { ...lot, expiresAt: until } : lot)).sort(byUse) }
}

function reinstated(state: AccountState, data: LoyaltyEvents['loyalty.reinstated'], at: number): AccountState {
  const until = data.until === null ? null : Date.parse(data.until)
  const back = touched(state, data.lots, (lot, points) => ({
    ...lot,
    remaining: lot.remaining + points,
    expired: lot.expired - points,
    expiresAt: until,
    freeSince: at,
  }))
  return posted({ ...back, lots: [...back.lots].sort(byUse) }, data.posting)
}

function givenBack(state: AccountState, given: Given, at: number): AccountState {
  const spend = state.spends[given.spend]
  const after = more(state, given.taken, at)
  return spend ? { ...after, spends: { ...after.spends, [spend.id]: { ...spend, back: spend.back + given.points } } } : after
}

function refunded(state: AccountState, data: LoyaltyEvents['loyalty.refunded'], at: number): AccountState {
  let after = state
  for (const given of data.given) after = givenBack(after, given, at)
  for (const clawed of data.clawed) {
    after = { ...lapsed(less(after, clawed.taken), clawed), debts: withDebts(after.debts, { [clawed.currency]: clawed.debt }, 1) }
  }
  const record = after.orders[data.order]
  return record ? recorded(after, { ...record, ...refundedOf(record, data) }) : after
}

/** What had expired and was taken back all the same is nobody's any more: it cannot be reinstated. */
function lapsed(state: AccountState, { posting, currency, lapsed: points }: Clawed): AccountState {
  if (points === 0) return state
  const own = state.lots.filter((lot) => lot.posting === posting && lot.currency === currency)
  const { taken } = takeInOrder(own, points, (lot) => lot.expired)
  return touched(state, taken, (lot, some) => ({ ...lot, expired: lot.expired - some }))
}

function refundedOf(record: OrderRecord, data: LoyaltyEvents['loyalty.refunded']): Pick<OrderRecord, 'refunded' | 'earnings'> {
  const of = (posting: string, currency: string): Clawed | undefined =>
    data.clawed.find((clawed) => clawed.posting === posting && clawed.currency === currency)
  return {
    refunded: new Exact(record.refunded).plus(data.amount.amount).toFixed(),
    earnings: record.earnings.map((earning) => {
      const clawed = of(earning.posting, earning.currency)
      if (!clawed) return earning
      return { ...earning, clawedBack: earning.clawedBack + clawed.points, lapsed: earning.lapsed + clawed.lapsed }
    }),
  }
}

function mergedHere(state: AccountState, data: LoyaltyEvents['loyalty.merged-here']): AccountState {
  const lots = withLots(
    state.lots,
    data.lots.map((lot) => lotOf(lot, data.merge)),
  )
  const record = { from: data.from, debts: data.debts, lots: data.lots.map((lot) => ({ here: lot.lot, there: lot.was })) }
  return { ...state, lots, debts: withDebts(state.debts, data.debts, 1), merges: { ...state.merges, [data.merge]: record } }
}

function inserted(movements: readonly Movement[], one: Movement): readonly Movement[] {
  const place = movements.findLastIndex((other) => other.at <= one.at) + 1
  return place === movements.length ? [...movements, one] : movements.toSpliced(place, 0, one)
}
