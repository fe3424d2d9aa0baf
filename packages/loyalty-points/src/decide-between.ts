import { toIso } from '@patronkit/core/service'
import { accepted, misdated } from './decide.ts'
import { type Accepted, type Env, event, type NeedsLots, no, type Rejected, shownLot, shownLots, take } from './decision.ts'
import type { Taken } from './lots.ts'
import type { AccountState, Lot, LotData } from './model.ts'
import { free, passTime } from './passing.ts'
import type { Rejection } from './refusals.ts'

/** A yes that writes to two accounts at once. */
export interface BothAccepted {
  readonly outcome: 'accepted'
  readonly from: Accepted
  readonly to: Accepted
}

const withheld = (from: AccountState, to: AccountState, at: number, now: number): Rejection | null => {
  const wrong = misdated(at, from, now) ?? misdated(at, to, now)
  if (wrong) return wrong
  for (const { account, mergedInto: into } of [from, to])
    if (into !== null) return { code: 'loyalty/account-merged', details: { account, into } }
  if (from.account === to.account) return { code: 'loyalty/same-account', details: { account: from.account } }
  if (from.programme !== to.programme)
    return { code: 'loyalty/other-programme', details: { account: from.account, programme: from.programme } }
  return from.frozen ? { code: 'loyalty/account-frozen', details: { account: from.account } } : null
}

const dataOf = (lot: Lot, id: string, points: number): LotData => ({
  lot: id,
  currency: lot.currency,
  points,
  remaining: points,
  earnedAt: toIso(lot.earnedAt),
  availableAt: lot.availableAt === null ? null : toIso(lot.availableAt),
  expiresAt: lot.expiresAt === null ? null : toIso(lot.expiresAt),
})

/** Moves points to another account of the programme. They keep their expiry; a debt over there is paid first. */
export function decideTransfer(
  command: { readonly id: string; readonly at: number; readonly points: number },
  from: AccountState,
  to: AccountState,
  env: Env,
): BothAccepted | Rejected | NeedsLots {
  const { id, at, points } = command
  const refused = withheld(from, to, at, env.now) ?? (from.postings[id] || to.postings[id] ? already(id) : null)
  if (refused) return no(refused)
  const [giver, taker] = [passTime(from, env.now, env.programme), passTime(to, env.now, env.programme)]
  const got = take(giver.state, points, env)
  if ('outcome' in got) return got
  const { currency } = env.programme
  const byId = new Map(giver.state.lots.map((lot) => [lot.id, lot]))
  let debt = to.debts[currency] ?? 0
  const before = debt
  const lots = got.taken.map((some, n) => {
    const paid = Math.min(debt, some.points)
    debt -= paid
    const data = dataOf(byId.get(some.lot)!, got.taken.length === 1 ? id : `${id}/${n + 1}`, some.points)
    return { ...data, remaining: some.points - paid }
  })
  const line = (sign: 1 | -1, other: string) => [{ code: 'loyalty/transferred', data: { points: sign * points, currency, account: other } }]
  const sent = event('loyalty.sent', at, { transfer: id, to: to.account, currency, points, taken: got.taken })
  const debtPaid = before > debt ? { [currency]: before - debt } : {}
  const received = event('loyalty.received', at, { posting: id, from: from.account, lots, debtPaid })
  return {
    outcome: 'accepted',
    from: accepted(
      { type: 'send', at },
      from,
      giver.events,
      giver.state,
      { events: [sent], answer: { points: -points, lots: shownLots(giver.state, got.taken, -1), lines: line(-1, to.account) } },
      env,
    ),
    to: accepted(
      { type: 'receive', at },
      to,
      taker.events,
      taker.state,
      { events: [received], answer: { points, lots: lots.map(shownLot), lines: line(1, from.account) } },
      env,
    ),
  }
}

const already = (posting: string): Rejection => ({ code: 'loyalty/already-posted', details: { posting } })

/**
 * Merges an account into another: its lots move with their dates, its debts too, and nothing that was posted changes. The
 * merged account answers no more until it is un-merged.
 */
export function decideMerge(
  command: { readonly id: string; readonly at: number },
  from: AccountState,
  into: AccountState,
  env: Env,
): BothAccepted | Rejected {
  const refused = withheld({ ...from, frozen: false }, into, command.at, env.now)
  if (refused) return no(refused)
  const [giver, taker] = [passTime(from, env.now, env.programme), passTime(into, env.now, env.programme)]
  const open = Object.values(giver.state.holds).flatMap((hold) => (hold.state === 'open' ? [hold.id] : []))
  if (open.length > 0) return no({ code: 'loyalty/holds-open', details: { account: from.account, holds: open } })
  if (Object.keys(from.merges).length > 0 || into.merges[command.id])
    return no({ code: 'loyalty/already-merged', details: { account: from.account } })
  const moving = giver.state.lots.filter((lot) => lot.remaining > 0)
  const lots = moving.map((lot) => ({ ...dataOf(lot, `${command.id}/${lot.id}`, lot.remaining), was: lot.id }))
  const taken = moving.map((lot) => ({ lot: lot.id, points: lot.remaining }))
  const { debts } = giver.state
  const balances = balancesOf(
    moving.map((lot) => ({ currency: lot.currency, points: lot.remaining })),
    debts,
  )
  const { id: merge, at } = command
  return both(
    env,
    at,
    { before: from, ...giver },
    { before: into, ...taker },
    [
      event('loyalty.merged-away', at, { merge, into: into.account, taken, balances, debts }),
      event('loyalty.merged-here', at, { merge, from: from.account, lots, balances, debts }),
    ],
    balances,
  )
}

/** Takes a merge apart: what is left of the lots that came goes back to the very lots they were. What was spent meanwhile stays spent. */
export function decideUnmerge(
  command: { readonly merge: string; readonly at: number },
  from: AccountState,
  back: AccountState,
  env: Env,
): BothAccepted | Rejected {
  const { merge, at } = command
  const record = from.merges[merge]
  if (!record || record.from !== back.account) return no({ code: 'loyalty/not-merged', details: { merge } })
  const wrong = misdated(at, from, env.now) ?? misdated(at, back, env.now)
  if (wrong) return no(wrong)
  const [giver, taker] = [passTime(from, env.now, env.programme), passTime(back, env.now, env.programme)]
  const was = new Map(record.lots.map((lot) => [lot.here, lot.there]))
  const leaving = giver.state.lots.filter((lot) => was.has(lot.id) && free(lot) > 0)
  const taken = leaving.map((lot) => ({ lot: lot.id, points: free(lot) }))
  const lots: Taken[] = leaving.map((lot) => ({ lot: was.get(lot.id)!, points: free(lot) }))
  const debts = Object.fromEntries(
    Object.entries(record.debts).map(([currency, debt]) => [currency, Math.min(debt, giver.state.debts[currency] ?? 0)] as const),
  )
  const balances = balancesOf(
    leaving.map((lot) => ({ currency: lot.currency, points: free(lot) })),
    debts,
  )
  return both(
    env,
    at,
    { before: from, ...giver },
    { before: back, ...taker },
    [
      event('loyalty.unmerged-away', at, { merge, to: back.account, taken, balances, debts }),
      event('loyalty.unmerged-here', at, { merge, from: from.account, lots, balances, debts }),
    ],
    balances,
  )
}

interface Side {
  readonly before: AccountState
  readonly state: AccountState
  readonly events: Accepted['events']
}

interface Amount {
  readonly currency: string
  readonly points: number
}

function both(
  env: Env,
  at: number,
  from: Side,
  to: Side,
  events: readonly [Accepted['events'][number], Accepted['events'][number]],
  balances: readonly Amount[],
): BothAccepted {
  const own = balances.find((one) => one.currency === env.programme.currency)?.points ?? 0
  const side = (of: Side, one: Accepted['events'][number], points: number, other: string): Accepted =>
    accepted(
      { type: 'pass-time', at },
      of.before,
      of.events,
      of.state,
      {
        events: [one],
        answer: {
          points,
          lots: [],
          lines: [{ code: 'loyalty/merged', data: { points, currency: env.programme.currency, account: other } }],
        },
      },
      env,
    )
  return {
    outcome: 'accepted',
    from: side(from, events[0], -own, to.before.account),
    to: side(to, events[1], own, from.before.account),
  }
}

function balancesOf(lots: readonly Amount[], debts: { readonly [currency: string]: number }): readonly Amount[] {
  const sums = new Map<string, number>()
  for (const { currency, points } of lots) sums.set(currency, (sums.get(currency) ?? 0) + points)
  for (const [currency, debt] of Object.entries(debts)) sums.set(currency, (sums.get(currency) ?? 0) - debt)
  return [...sums].map(([currency, points]) => ({ currency, points }))
}
