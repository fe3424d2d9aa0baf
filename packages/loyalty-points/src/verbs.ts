import type { WallDuration } from '@patronkit/core'
import { field, get, list, type Read, wallMs } from '@patronkit/core/service'
import type { Verb, Where } from './command.ts'
import { offerTakes, rewardsBack, rewardTakes } from './offers.ts'
import { refusal } from './refusals.ts'
import type { Checked } from './requests.ts'
import type { HoldRow, OrderRow, Owner, SpendRow } from './rows.ts'
import { holds, orders, spends } from './tables.ts'

const everything = () => 'all' as const

export const own = { owner: (i: Owner): Owner => ({ programme: i.programme, account: i.account }) }

const ownerIn = (row: Owner): Owner => ({ programme: row.programme, account: row.account })

/** By the hold that is named. */
export const byHold: Where<{ readonly hold: string }> = {
  find: (i): Read => get(holds, { hold: i.hold }),
  found: (i, answer) => {
    if (!answer) throw refusal({ code: 'loyalty/hold-unknown', details: { hold: i.hold } })
    return ownerIn(answer as HoldRow)
  },
}

/** By the spend that is named. */
export const bySpend: Where<{ readonly posting: string }> = {
  find: (i): Read => get(spends, { spend: i.posting }),
  found: (i, answer) => {
    if (!answer) throw refusal({ code: 'loyalty/posting-unknown', details: { posting: i.posting } })
    return ownerIn(answer as SpendRow)
  },
}

const MOST_ACCOUNTS = 100

/** By the order: one account, as a rule; where several took part, the request names one. */
export const byOrder: Where<Checked<'refund'>> = {
  find: (i): Read => list(orders, { where: field('order_id').eq(i.order), limit: MOST_ACCOUNTS }),
  found: (i, answer) => {
    const rows = (answer as readonly OrderRow[]).filter(
      (row) => (i.account ?? row.account) === row.account && (i.programme ?? row.programme) === row.programme,
    )
    if (rows.length === 1) return ownerIn(rows[0]!)
    if (rows.length === 0) throw refusal({ code: 'loyalty/order-unknown', details: { order: i.order } })
    const accounts = rows.map((row) => `${row.programme}/${row.account}`)
    throw refusal({ code: 'loyalty/order-on-several-accounts', details: { order: i.order, accounts } })
  },
}

const ends = (i: { readonly for: WallDuration }, at: number): number => at + wallMs(i.for)

export const open: Verb<Checked<'open'>> = {
  name: 'open',
  needs: () => ({}),
  command: (_, __, at) => ({ type: 'pass-time', at }),
  opens: (i) => i,
}

export const earn: Verb<Checked<'earn'>> = {
  name: 'earn',
  needs: (i, id) => ({ posting: id, order: i.order?.id, earns: true }),
  command: (i, id, at) => ({ type: 'earn', id, at, order: i.order, event: i.event, member: i.member }),
  opens: () => ({}),
}

export const hold: Verb<Checked<'hold'>> = {
  name: 'hold',
  needs: (i, id) => ({ reach: () => i.points, hold: id, order: i.order.id, spends: {} }),
  command: (i, id, at) => ({ type: 'hold', id, at, points: i.points, until: ends(i, at), order: i.order }),
  opens: () => ({}),
  until: ends,
}

export const capture: Verb<Checked<'capture'>> = {
  name: 'capture',
  needs: (i, id, found) => {
    const { order_id, counted_at } = found as HoldRow
    return { posting: id, hold: i.hold, order: order_id ?? undefined, spends: { at: counted_at ?? undefined } }
  },
  command: (i, id, at) => ({ type: 'capture', id, at, hold: i.hold, points: i.points }),
}

export const release: Verb<Checked<'release'>> = {
  name: 'release',
  needs: (i) => ({ hold: i.hold }),
  command: (i, _, at) => ({ type: 'release', at, hold: i.hold }),
}

export const replace: Verb<Checked<'replace'>> = {
  name: 'replace',
  needs: (i) => ({ reach: () => i.points, hold: i.hold, order: i.order.id, spends: {} }),
  command: (i, id, at) => ({ type: 'replace', id, at, hold: i.hold, points: i.points, until: ends(i, at), order: i.order }),
  until: ends,
}

export const redeem: Verb<Checked<'redeem'>> = {
  name: 'redeem',
  needs: (i, id) => ({
    posting: id,
    order: i.order?.id,
    spends: {},
    reach: (programme) => i.points ?? programme.rewards?.find((reward) => reward.id === i.reward)?.points ?? 0,
  }),
  command: (i, id, at) => ({ type: 'redeem', id, at, points: i.points, reward: i.reward, order: i.order, member: i.member }),
  opens: () => ({}),
  takes: rewardTakes,
}

export const claim: Verb<Checked<'claim'>> = {
  name: 'claim',
  needs: (i, id) => ({ posting: id, counters: [`offer/${i.offer}`] }),
  command: (i, id, at) => ({ type: 'claim', id, at, offer: i.offer, byCode: i.code !== undefined, member: i.member }),
  opens: () => ({}),
  takes: offerTakes,
}

export const refund: Verb<Checked<'refund'>> = {
  name: 'refund',
  needs: (i, id) => ({ posting: id, order: i.order }),
  command: (i, id, at) => ({ type: 'refund', id, at, order: i.order, amount: i.amount }),
  takes: rewardsBack,
}

export const reverse: Verb<Checked<'reverse'>> = {
  name: 'reverse',
  needs: (i, id) => ({ posting: id, spend: i.posting }),
  command: (i, id, at) => ({ type: 'reverse', id, at, posting: i.posting, points: i.points }),
  takes: rewardsBack,
}

export const settle: Verb<Checked<'settle'>> = {
  name: 'settle',
  needs: (i) => ({ reach: everything, lotsOf: i.posting }),
  command: (i, _, at) => ({ type: 'release-pending', at, posting: i.posting }),
}

export const dismiss: Verb<Checked<'dismiss'>> = {
  name: 'dismiss',
  needs: (i, id) => ({ posting: id, reach: everything, lotsOf: i.posting }),
  command: (i, id, at) => ({ type: 'dismiss', id, at, posting: i.posting, reason: i.reason }),
}

export const adjust: Verb<Checked<'adjust'>> = {
  name: 'adjust',
  needs: (i, id) => ({
    posting: id,
    // what may lead into debt sees all there is
    reach: (programme) => (i.points > 0 ? 0 : programme.negative?.policy === 'debt' || i.currency ? 'all' : -i.points),
  }),
  command: ({ points, currency, reason, expiresAt }, id, at) =>
    points > 0
      ? { type: 'grant', id, at, lots: [{ points, ...(expiresAt === undefined ? {} : { expiresAt }) }], currency, reason }
      : { type: 'deduct', id, at, points: -points, currency, reason },
  opens: () => ({}),
}

export const purchase: Verb<Checked<'purchase'>> = {
  name: 'purchase',
  needs: (_, id) => ({ posting: id }),
  command: (i, id, at) => ({
    type: 'grant',
    id,
    at,
    lots: [{ points: i.points }],
    reason: `bought for ${i.paid.amount} ${i.paid.currency}`,
  }),
  opens: () => ({}),
}

export const importBalance: Verb<Checked<'import'>> = {
  name: 'import',
  needs: (_, id) => ({ posting: id }),
  command: (i, id, at) => ({ type: 'grant', id, at, lots: i.lots, currency: i.currency, reason: i.reason ?? 'opening balance' }),
  opens: (i) => i,
}

export const reinstate: Verb<Checked<'reinstate'>> = {
  name: 'reinstate',
  needs: (i, id) => ({ posting: id, expiredFrom: (i.at ?? 0) - i.days * 86_400_000 }),
  command: (i, id, at) => ({ type: 'reinstate', id, at, days: i.days, until: i.until }),
}

export const freeze: Verb<Checked<'freeze'>> = {
  name: 'freeze',
  needs: () => ({}),
  command: (i, _, at) => ({ type: 'freeze', at, reason: i.reason }),
}

export const unfreeze: Verb<Checked<'unfreeze'>> = {
  name: 'unfreeze',
  needs: () => ({}),
  command: (_, __, at) => ({ type: 'unfreeze', at }),
}
