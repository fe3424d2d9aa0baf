import fc from 'fast-check'
import type { Command, LoyaltyEvent, Programme } from '../src/index.ts'
import { decide } from '../src/index.ts'
import { opened, type Story } from '../src/testing.ts'

export const START = Date.UTC(2025, 0, 10, 12)
export const DAY = 86_400_000
export const eur = (amount: string) => ({ amount, currency: 'EUR' })

/** Cents as an amount. */
export const cents = (n: number) => eur((n / 100).toFixed(2))

/** A move of a random history: what, how long after the one before (negative: backdated), and numbers to make it of. */
export interface Move {
  readonly what: (typeof WHAT)[number]
  readonly hours: number
  readonly late: number
  readonly n: number
  readonly pick: number
}

const WHAT = [
  'earn',
  'earn',
  'earn',
  'event',
  'release-pending',
  'grant',
  'deduct',
  'hold',
  'hold',
  'capture',
  'capture-part',
  'release',
  'replace',
  'redeem',
  'redeem-order',
  'refund',
  'refund',
  'refund-all',
  'reverse',
  'reinstate',
  'freeze',
  'unfreeze',
  'pass-time',
] as const

/** The service names what a command makes after its verb. */
const VERBS: { readonly [W in (typeof WHAT)[number]]: string } = {
  earn: 'earn',
  event: 'earn',
  'release-pending': 'settle',
  grant: 'adjust',
  deduct: 'adjust',
  hold: 'hold',
  capture: 'capture',
  'capture-part': 'capture',
  release: 'release',
  replace: 'replace',
  redeem: 'redeem',
  'redeem-order': 'redeem',
  refund: 'refund',
  'refund-all': 'refund',
  reverse: 'reverse',
  reinstate: 'reinstate',
  freeze: 'freeze',
  unfreeze: 'unfreeze',
  'pass-time': 'open',
}

export const move: fc.Arbitrary<Move> = fc.record({
  what: fc.constantFrom(...WHAT),
  hours: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 24 * 40 }) }),
  late: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 24 * 30 }) }),
  n: fc.integer({ min: 1, max: 30_000 }),
  pick: fc.nat(),
})

export const moves = fc.array(move, { minLength: 1, maxLength: 50, size: 'max' })

const base: Programme = {
  currency: 'star',
  earn: [
    { points: 1, per: eur('1.00') },
    { points: 20, event: 'review', currency: 'star' },
    { points: 2, per: eur('10.00'), currency: 'tier-point', base: 'gross' },
  ],
  redeem: { points: 100, worth: eur('1.00'), maxShare: '0.5' },
  refund: { policy: 'kept-spend' },
}

/** Programmes that differ in everything that moves points. */
export const programmes: { readonly [name: string]: Programme } = {
  plain: base,
  'short-lived, owing down to −50': {
    ...base,
    expiry: { kind: 'months', months: 1, roundUpTo: 'day' },
    negative: { policy: 'debt', floor: -50 },
    refund: { policy: 'pro-rata', rounding: 'up', giveBack: 'money-first' },
  },
  'pending, with campaigns and caps': {
    ...base,
    pending: { for: { days: 14 } },
    expiry: { kind: 'exact', duration: { days: 45 } },
    campaigns: [
      { id: 'double', multiply: '2' },
      { id: 'half-more', multiply: '1.5' },
      { id: 'ten', add: 10 },
    ],
    campaignStacking: 'multiply',
    caps: [
      { id: 'monthly', points: 500, each: 'month' },
      { id: 'doubled', campaign: 'double', points: 60, each: 'week' },
    ],
    refund: { policy: 'refund-floor' },
    negative: { policy: 'reject' },
  },
  'limited in spending': {
    ...base,
    zone: 'Asia/Shanghai',
    expiry: { kind: 'exact', duration: { days: 60 } },
    spendLimits: [
      { id: 'daily', each: 'day', points: 200, times: 4 },
      { id: 'monthly', each: 'month', points: 500 },
    ],
  },
  'kept alive by activity': {
    ...base,
    expiry: { kind: 'inactivity', after: { kind: 'months', months: 1 } },
    pending: { until: 'released' },
    tiers: {
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'gold', from: 300 },
      ],
      window: { kind: 'balance' },
    },
  },
  'rolling and tiered': {
    ...base,
    expiry: { kind: 'rolling', first: { kind: 'months', months: 1 }, window: { kind: 'months', months: 2 } },
    tiers: {
      currency: 'tier-point',
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'silver', from: 20 },
        { id: 'gold', from: 60 },
      ],
      window: { kind: 'rolling', months: 3 },
      downgrade: 'one-step',
      graceDays: 10,
    },
  },
  'decaying when idle': {
    ...base,
    expiry: { kind: 'decay', idleWeeks: 3, share: '0.05', atLeast: 5, allAtWeek: 10 },
    tiers: {
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'gold', from: 200 },
      ],
      window: { kind: 'calendar', period: 'quarter' },
    },
  },
}

export const anyProgramme = fc.constantFrom(...Object.entries(programmes)).map(([name, programme]) => ({ name, programme }))

/** What a history came to: the account, its events, and each command with its decision. */
export interface Told extends Story {
  readonly now: number
  readonly accepted: number
  readonly steps: readonly {
    readonly command: Command
    readonly before: Story['state']
    readonly now: number
    readonly events: readonly LoyaltyEvent[]
  }[]
}

/** Tells a history: every move becomes a command on what is there; refused ones change nothing. */
export function tell(list: readonly Move[], programme: Programme, zone = 'Europe/Rome'): Told {
  let story: Story = opened(programme, START, { zone })
  let now = START
  let accepted = 0
  const steps: Told['steps'][number][] = []
  for (const [i, one] of list.entries()) {
    now += one.hours * 3_600_000
    const command = commandOf(one, i, story, now)
    if (!command) continue
    const before = story.state
    const decision = decide(command, before, { now, programme })
    if (decision.outcome !== 'accepted') continue
    accepted++
    steps.push({ command, before, now, events: decision.events })
    story = { state: decision.state, events: [...story.events, ...decision.events] }
  }
  return { ...story, now, accepted, steps }
}

export function commandOf(one: Move, i: number, { state }: Story, now: number): Command | null {
  const at = Math.max(START, now - one.late * 3_600_000)
  const id = `${VERBS[one.what]}/p${i}`
  const pickOf = <T>(of: { readonly [id: string]: T }): T | undefined => Object.values(of)[one.pick % Math.max(1, Object.keys(of).length)]
  // mostly one that is open; now and then one that ended
  const open = Object.fromEntries(Object.entries(state.holds).filter(([, held]) => held.state === 'open'))
  const hold = (one.pick % 5 > 0 ? pickOf(open) : undefined) ?? pickOf(state.holds)
  const pending = state.lots.filter((lot) => lot.availableAt === null)
  const order = pickOf(state.orders)
  const until = now + (1 + (one.pick % 240)) * 3_600_000
  switch (one.what) {
    case 'earn':
      return { type: 'earn', id, at, order: { id: `o${i}`, total: cents(one.n), paidWithPoints: cents(one.n % 100) } }
    case 'event':
      return { type: 'earn', id, at, event: { type: 'review' } }
    case 'release-pending':
      return { type: 'release-pending', at, posting: pending[one.pick % Math.max(1, pending.length)]?.posting ?? 'none' }
    case 'grant':
      return { type: 'grant', id, at, lots: [{ points: 1 + (one.n % 200) }], reason: 'goodwill' }
    case 'deduct':
      return { type: 'deduct', id, at, points: 1 + (one.n % 100), reason: 'correction' }
    case 'hold':
      return { type: 'hold', id, at, points: 1 + (one.n % 300), until, order: { id: `h${i}`, total: cents(100 + one.n) } }
    case 'capture':
      return hold ? { type: 'capture', id, at, hold: hold.id } : null
    case 'capture-part':
      return hold ? { type: 'capture', id, at, hold: hold.id, points: 1 + (one.n % hold.points) } : null
    case 'release':
      return hold ? { type: 'release', at, hold: hold.id } : null
    case 'replace':
      return hold
        ? { type: 'replace', id, at, hold: hold.id, points: 1 + (one.n % 300), until, order: { id: `h${i}`, total: cents(100 + one.n) } }
        : null
    case 'redeem':
      return { type: 'redeem', id, at, points: 1 + (one.n % 200) }
    case 'redeem-order':
      return { type: 'redeem', id, at, points: 1 + (one.n % 200), order: { id: `r${i}`, total: cents(100 + one.n) } }
    case 'refund':
      return order
        ? { type: 'refund', id, at, order: order.id, amount: cents(1 + (one.n % (Math.round(Number(order.value.amount) * 100) || 1))) }
        : null
    case 'refund-all':
      return order
        ? {
            type: 'refund',
            id,
            at,
            order: order.id,
            amount: cents(Math.round((Number(order.value.amount) - Number(order.refunded)) * 100)),
          }
        : null
    case 'reverse':
      return { type: 'reverse', id, at, posting: pickOf(state.spends)?.id ?? 'none', points: one.n % 2 ? undefined : 1 + (one.n % 50) }
    case 'reinstate':
      return { type: 'reinstate', id, at, days: 1 + (one.n % 30), until: now + 10 * DAY }
    case 'freeze':
      return one.pick % 8 ? null : { type: 'freeze', at, reason: 'check' }
    case 'unfreeze':
      return { type: 'unfreeze', at }
    case 'pass-time':
      return { type: 'pass-time', at: now }
  }
}
