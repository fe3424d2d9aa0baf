import type { Pred } from '@patronkit/core'
import type { Bare } from '@patronkit/core/service'
import { holds, valueAt } from '@patronkit/core/service'
import type { Counted, Terms } from './clawback.ts'
import { pointsFor } from './clawback.ts'
import { Exact } from './exact.ts'
import { dayAt, periodEnd, periodNamed, periodStart } from './local-day.ts'
import type { AccountState, Command, Order } from './model.ts'
import {
  type Campaign,
  type Cap,
  type EarnLimit,
  type EarnRule,
  type Programme,
  ruleId,
  type SpendRule,
  type Stacking,
  zoneOf,
} from './programme.ts'
import type { Rejection } from './refusals.ts'

/** What is left of a campaign's budget; one that is missing here is unknown, and then the campaign gives nothing. */
export interface BudgetLeft {
  readonly points?: number | undefined
  /** Decimal text in the budget's currency. */
  readonly money?: string | undefined
}

/** What a campaign's budget pays for an earning. The service books it in the same commit, within bounds. */
export interface BudgetUse {
  readonly campaign: string
  readonly points: number
  readonly money: string
}

/** What one command earns in one currency. */
export interface Earning {
  readonly currency: string
  readonly points: number
  readonly terms: Terms
}

/** What a command earns, and why. The points of the lines add up to the points of the earnings, currency by currency. */
export interface Earned {
  readonly earnings: readonly Earning[]
  readonly lines: readonly Bare[]
  readonly uses: readonly BudgetUse[]
  readonly counters: { readonly [key: string]: number }
}

type Earn = Extract<Command, { type: 'earn' }>

/** A rule that was looked at: what it counts, or why it does not. */
interface Looked {
  readonly id: string
  readonly rule: EarnRule
  readonly currency: string
  readonly counted: Counted | null
  readonly points: number
  readonly why: string
}

const ONE = new Exact(1)

/** Applies rules, campaigns and caps to an order or an event. */
export function earnings(
  programme: Programme,
  state: AccountState,
  command: Earn,
  budgets: { readonly [campaign: string]: BudgetLeft },
): Earned | Rejection {
  const wrong = otherMoney(programme, command.order)
  if (wrong) return wrong
  const facts = factsOf(state, command)
  const streaks = streaksAfter(programme, state, command)
  const looked = stacked(
    programme.earn.map((rule, place) => look(rule, ruleId(rule, place), programme, command, facts, streaks)),
    programme.earnStacking ?? 'sum',
  )
  const lines: Bare[] = []
  for (const { id, currency, points, why, counted } of looked) {
    lines.push({ code: counted ? 'loyalty/rule' : 'loyalty/rule-passed', data: { rule: id, currency, points: counted ? points : 0, why } })
  }
  const counters: { [key: string]: number } = { ...streaks }
  const uses: BudgetUse[] = []
  const currencies = [...new Set(looked.filter((one) => one.counted).map((one) => one.currency))]
  const earned = currencies.map((currency): Earning => {
    const counted = looked.flatMap((one) => (one.counted && one.currency === currency ? [one.counted] : []))
    const boosted = boost(programme, command, facts, currency, counted, budgets)
    lines.push(...boosted.lines)
    const own = withinOwnCaps(programme, state, command.at, boosted)
    const capped = withinCaps(programme, state, command.at, currency, own.terms)
    uses.push(...usesOf(own.extras, own.terms.earned - capped.terms.earned))
    lines.push(...own.lines, ...capped.lines)
    Object.assign(counters, own.counters, capped.counters)
    return { currency, points: capped.terms.earned, terms: capped.terms }
  })
  const beyond = earned.find((one) => !Number.isSafeInteger(one.points))
  if (beyond) return { code: 'loyalty/points-out-of-range', details: { points: String(beyond.points) } }
  return { earnings: earned, lines, uses: uses.filter((use) => use.points > 0), counters }
}

function otherMoney(programme: Programme, order: Order | undefined): Rejection | null {
  if (!order) return null
  const given = [order.total, order.tax, order.discount, order.paidWithPoints].flatMap((part) => part?.currency ?? [])
  const counted = programme.earn.flatMap((rule) => ('per' in rule ? rule.per.currency : []))
  const expected = counted[0] ?? order.total.currency
  const other = [...given, ...counted].find((currency) => currency !== expected)
  return other === undefined ? null : { code: 'loyalty/other-money', details: { currency: order.total.currency, expected } }
}

const factsOf = (state: AccountState, { order, event, member }: Earn): { readonly [name: string]: unknown } => ({
  order: order && { ...order.attributes, id: order.id, total: Number(order.total.amount) },
  event,
  member,
  tier: state.standing?.tier,
})

const applies = (when: Pred | undefined, facts: object): boolean => when === undefined || holds(when, (path) => valueAt(facts, path))

function look(
  rule: EarnRule,
  id: string,
  programme: Programme,
  command: Earn,
  facts: object,
  streaks: { readonly [key: string]: number },
): Looked {
  const currency = rule.currency ?? programme.currency
  const passed = (why: string): Looked => ({ id, rule, currency, counted: null, points: 0, why })
  if (!applies(rule.when, facts)) return passed('condition')
  // what hangs on no amount is rounded up: any part of an order that is kept keeps it
  const given = (base: string, per: string, rounding: Counted['rounding'], why: string): Looked => {
    const counted: Counted = { points: rule.points, base, per, rounding }
    const points = pointsFor({ counted: [counted], factor: '1', added: 0, cap: null, earned: 0 }, ONE, ONE)
    return points > 0 ? { id, rule, currency, counted, points, why } : passed('too-little')
  }
  if ('per' in rule) {
    if (!command.order) return passed('no-order')
    return given(baseOf(rule, command.order).toFixed(), rule.per.amount, rule.rounding ?? 'floor', 'spend')
  }
  if ('event' in rule) return command.event?.type === rule.event ? given('1', '1', 'ceil', 'event') : passed('other-event')
  if ('item' in rule) {
    const items = (command.order?.items ?? []).filter(
      (item) => !item.reward && holds(rule.item, (path) => valueAt({ item: { ...item.attributes, quantity: item.quantity } }, path)),
    )
    const units = items.reduce((sum, item) => sum + item.quantity, 0)
    return units > 0 ? given(String(units), '1', 'floor', 'items') : passed('no-item')
  }
  if ('achievement' in rule) {
    const reached = streaks[`achievement/${id}`]
    if (reached === undefined) return passed(rule.achievement.of === 'order' ? 'no-order' : 'other-event')
    return reached === rule.achievement.times ? given('1', '1', 'ceil', 'achievement') : passed('achievement')
  }
  const now = streaks[`streak/${id}/length`] ?? 0
  return now > 0 && now % rule.streak.times === 0 && streaks[`streak/${id}/grown`] ? given('1', '1', 'ceil', 'streak') : passed('streak')
}

/** What counts of an order for a rule; never less than nothing. */
function baseOf(rule: SpendRule, order: Order): Exact {
  const base = rule.base ?? 'net-of-points'
  const without = base === 'gross' ? [] : base === 'net-of-points' ? (['points'] as const) : base.without
  const parts = { tax: order.tax, discount: order.discount, points: order.paidWithPoints }
  const net = without.reduce((sum, part) => sum.minus(parts[part]?.amount ?? 0), new Exact(order.total.amount))
  return net.lt(0) ? new Exact(0) : net
}

/** Of the rules that count in a currency: all of them, the one that gives most, or the first. */
function stacked(looked: readonly Looked[], stacking: Stacking): readonly Looked[] {
  if (stacking === 'sum') return looked
  const winners = new Map<string, Looked>()
  for (const one of looked) {
    const best = winners.get(one.currency)
    if (one.counted && (!best || (stacking === 'best' && one.points > best.points))) winners.set(one.currency, one)
  }
  return looked.map((one) =>
    one.counted && winners.get(one.currency) !== one ? { ...one, counted: null, points: 0, why: 'another-rule-won' } : one,
  )
}

/**
 * Streaks and achievements after this command, by counters: a streak's length, the period last seen, and whether this command
 * made it grow; how often what an achievement counts has come in.
 */
function streaksAfter(programme: Programme, state: AccountState, command: Earn): { readonly [key: string]: number } {
  const counters: { [key: string]: number } = {}
  for (const [place, rule] of programme.earn.entries()) {
    if ('achievement' in rule && happened(rule.achievement.of, command)) {
      const key = `achievement/${ruleId(rule, place)}`
      counters[key] = (state.counters[key] ?? 0) + 1
    }
    if (!('streak' in rule)) continue
    const { of, every } = rule.streak
    if (!happened(of, command)) continue
    const key = `streak/${ruleId(rule, place)}`
    const period = periodStart(dayAt(zoneOf(programme), command.at), every)
    const [last, length] = [state.counters[`${key}/period`], state.counters[`${key}/length`] ?? 0]
    const follows = last !== undefined && periodEnd(last, every) === period
    const grown = last === undefined || period > last
    counters[`${key}/period`] = grown ? period : last
    counters[`${key}/length`] = grown ? (follows ? length + 1 : 1) : length
    counters[`${key}/grown`] = grown ? 1 : 0
  }
  return counters
}

const happened = (of: string, command: Earn): boolean => (of === 'order' ? command.order !== undefined : command.event?.type === of)

interface Boosted {
  readonly terms: Terms
  readonly lines: readonly Bare[]
  readonly extras: readonly Extra[]
}

const DOES_NOT = 'loyalty/campaign-passed'

/** Campaigns on top. One whose budget is short or unknown is left out whole, and the others are counted anew. */
function boost(
  programme: Programme,
  command: Earn,
  facts: object,
  currency: string,
  counted: readonly Counted[],
  budgets: { readonly [campaign: string]: BudgetLeft },
): Boosted {
  const all = (programme.campaigns ?? []).filter((campaign) => (campaign.currency ?? programme.currency) === currency)
  const passed: Bare[] = []
  const pass = (campaign: Campaign, why: string) => {
    passed.push({ code: DOES_NOT, data: { campaign: campaign.id, currency, points: 0, why } })
    return false
  }
  let left = all.filter((campaign) => {
    if (!runs(campaign, command.at)) return pass(campaign, 'dates')
    if (!applies(campaign.when, facts)) return pass(campaign, 'condition')
    return (campaign.budget && !budgets[campaign.id] && pass(campaign, 'budget-unknown')) || !campaign.budget || !!budgets[campaign.id]
  })
  for (;;) {
    const { terms, extras } = combined(programme, counted, left)
    const over = extras.find(({ campaign, points }) => !affordable(campaign, points, budgets[campaign.id]))
    if (!over) {
      const lines = extras.map(({ campaign, points }) => ({ code: 'loyalty/campaign', data: { campaign: campaign.id, currency, points } }))
      const lost = left.filter((campaign) => !extras.some((extra) => extra.campaign === campaign))
      for (const campaign of lost) pass(campaign, 'another-campaign-won')
      return { terms, lines: [...lines, ...passed], extras }
    }
    pass(over.campaign, 'budget')
    left = left.filter((campaign) => campaign !== over.campaign)
  }
}

const runs = (campaign: Campaign, at: number): boolean =>
  (campaign.from === undefined || Date.parse(campaign.from) <= at) && (campaign.until === undefined || at < Date.parse(campaign.until))

/** What budgets pay. What a cap cuts off is cut off what campaigns add, the last first, and no budget pays for it. */
function usesOf(extras: readonly Extra[], cut: number): readonly BudgetUse[] {
  let left = cut
  const paid = extras.toReversed().map(({ campaign, points }) => {
    const off = Math.min(left, points)
    left -= off
    return use(campaign, points - off)
  })
  return paid.toReversed().filter((_, n) => extras[n]!.campaign.budget || extras[n]!.campaign.fundedBy !== undefined)
}

const use = (campaign: Campaign, points: number): BudgetUse => ({
  campaign: campaign.id,
  points,
  money: new Exact(campaign.costPerPoint?.amount ?? 0).times(points).toFixed(),
})

function affordable(campaign: Campaign, points: number, left: BudgetLeft | undefined): boolean {
  const { budget } = campaign
  if (!budget) return true
  if (budget.points !== undefined && !(left?.points !== undefined && points <= left.points)) return false
  return budget.money === undefined || (left?.money !== undefined && new Exact(use(campaign, points).money).lte(left.money))
}

interface Extra {
  readonly campaign: Campaign
  readonly points: number
}

/** Terms under campaigns, and what each of them adds; the additions and the rules' points sum to the whole. */
function combined(
  programme: Programme,
  counted: readonly Counted[],
  campaigns: readonly Campaign[],
): { terms: Terms; extras: readonly Extra[] } {
  const stacking = programme.campaignStacking ?? 'best'
  const termsOf = (chosen: readonly Campaign[]): Terms => {
    const factors = chosen.flatMap((campaign) => campaign.multiply ?? [])
    const factor =
      stacking === 'multiply'
        ? factors.reduce((product, next) => product.times(next), ONE)
        : factors.reduce((sum, next) => sum.plus(next).minus(1), ONE)
    const added = chosen.reduce((sum, campaign) => sum + (campaign.add ?? 0), 0)
    const bare = { counted, factor: factor.toFixed(), added, cap: null, earned: 0 }
    return { ...bare, earned: pointsFor(bare, ONE, ONE) }
  }
  if (campaigns.length === 0) return { terms: termsOf([]), extras: [] }
  const plain = termsOf([]).earned
  const ordered = campaigns.toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0) || (a.id < b.id ? -1 : 1))
  const gain = (campaign: Campaign) => termsOf([campaign]).earned - plain
  const chosen =
    stacking === 'sum' || stacking === 'multiply'
      ? ordered
      : stacking === 'priority'
        ? ordered.slice(0, 1)
        : ordered.toSorted((a, b) => gain(b) - gain(a)).slice(0, 1)
  const extras = chosen.map((campaign, i) => ({
    campaign,
    points: termsOf(chosen.slice(0, i + 1)).earned - termsOf(chosen.slice(0, i)).earned,
  }))
  return { terms: termsOf(chosen), extras }
}

/** The counter of a cap in the period that holds an instant; none for caps of a single order. */
function counterOf(cap: Cap, at: number, zone: string): string | null {
  if (cap.each === 'order') return null
  return cap.each === 'lifetime' ? `cap/${cap.id}` : `cap/${cap.id}/${periodNamed(zone, at, cap.each)}`
}

/** What an earning does to the limits of a period: the first that it passes, and where the counters stand after it. */
export function limitsAfter(programme: Programme, state: AccountState, at: number, points: number) {
  const counters: { [key: string]: number } = {}
  let passed: { readonly limit: EarnLimit; readonly points: number } | null = null
  for (const limit of programme.limits ?? []) {
    const key = limitCounter(limit, at, zoneOf(programme))
    const after = (state.counters[key] ?? 0) + points
    counters[key] = after
    if (after > limit.points && (passed === null || limit.over === 'reject')) passed = { limit, points: after }
  }
  return { counters, passed }
}

const limitCounter = (limit: EarnLimit, at: number, zone: string): string => `limit/${limit.id}/${periodNamed(zone, at, limit.each)}`

/** The counters that an earning looks at. */
export function countersOf(programme: Programme, at: number): readonly string[] {
  const caps = (programme.caps ?? []).flatMap((cap) => counterOf(cap, at, zoneOf(programme)) ?? [])
  const streaks = programme.earn.flatMap((rule, place) => ('streak' in rule ? [`streak/${ruleId(rule, place)}`] : []))
  const achievements = programme.earn.flatMap((rule, place) => ('achievement' in rule ? [`achievement/${ruleId(rule, place)}`] : []))
  const limits = (programme.limits ?? []).map((limit) => limitCounter(limit, at, zoneOf(programme)))
  return [...caps, ...limits, ...achievements, ...streaks.flatMap((key) => [`${key}/period`, `${key}/length`])]
}

/** Campaigns within caps of their own. */
function withinOwnCaps(programme: Programme, state: AccountState, at: number, { terms, extras }: Boosted) {
  const lines: Bare[] = []
  const counters: { [key: string]: number } = {}
  const kept = extras.map(({ campaign, points }): Extra => {
    const caps = (programme.caps ?? []).filter((cap) => cap.campaign === campaign.id)
    let left = points
    for (const cap of caps) {
      const room = roomIn(cap, programme, state, at)
      if (left <= room) continue
      lines.push({ code: 'loyalty/cap', data: { cap: cap.id, currency: campaign.currency ?? programme.currency, points: room - left } })
      left = room
    }
    for (const cap of caps) {
      const counter = counterOf(cap, at, zoneOf(programme))
      if (counter !== null) counters[counter] = (state.counters[counter] ?? 0) + left
    }
    return { campaign, points: left }
  })
  if (lines.length === 0) return { terms, extras, lines, counters }
  const sumOf = (of: readonly Extra[]) => of.reduce((sum, { points }) => sum + points, 0)
  const extra = sumOf(kept)
  return { terms: { ...terms, extra, earned: terms.earned - sumOf(extras) + extra }, extras: kept, lines, counters }
}

function roomIn(cap: Cap, programme: Programme, state: AccountState, at: number): number {
  const counter = counterOf(cap, at, zoneOf(programme))
  return Math.max(0, cap.points - (counter === null ? 0 : (state.counters[counter] ?? 0)))
}

function withinCaps(programme: Programme, state: AccountState, at: number, currency: string, terms: Terms) {
  const caps = (programme.caps ?? []).filter((cap) => cap.campaign === undefined && (cap.currency ?? programme.currency) === currency)
  const lines: Bare[] = []
  let earned = terms.earned
  for (const cap of caps) {
    const room = roomIn(cap, programme, state, at)
    if (earned <= room) continue
    lines.push({ code: 'loyalty/cap', data: { cap: cap.id, currency, points: room - earned } })
    earned = room
  }
  const counters: { [key: string]: number } = {}
  for (const cap of caps) {
    const counter = counterOf(cap, at, zoneOf(programme))
    if (counter !== null) counters[counter] = (state.counters[counter] ?? 0) + earned
  }
  return { terms: { ...terms, earned, cap: earned < terms.earned ? earned : terms.cap }, lines, counters }
}
