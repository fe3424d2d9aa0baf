import { fromMinor, minorDigits } from '@patronkit/core'
import { type Add, type Context, field, list, type Operation, read } from '@patronkit/core/service'
import type { BudgetLeft, BudgetUse } from './earning.ts'
import { Exact } from './exact.ts'
import type { Loaded } from './load.ts'
import type { Campaign, Programme } from './programme.ts'
import { budgets } from './tables.ts'

const MOST = 1_000

const minor = (amount: string, currency: string): number => new Exact(amount).times(new Exact(10).pow(minorDigits(currency))).toNumber()

/** What is left of the budgets of a programme's campaigns: what they have less what all accounts took. */
export function* budgetsLeft(ctx: Context, { owner, rules }: Loaded): Operation<{ readonly [campaign: string]: BudgetLeft } | undefined> {
  const limited = (rules.programme.campaigns ?? []).filter((campaign) => campaign.budget)
  if (limited.length === 0) return undefined
  const [rows] = yield* read(ctx, list(budgets, { where: field('programme').eq(owner.programme), limit: MOST }))
  const taken = new Map(rows.map((row) => [row.campaign, row]))
  return Object.fromEntries(limited.map((campaign) => [campaign.id, leftOf(campaign, taken.get(campaign.id))]))
}

function leftOf({ budget }: Campaign, taken: { readonly points: number; readonly money: number } | undefined): BudgetLeft {
  const { points, money } = budget!
  return {
    points: points === undefined ? undefined : points - (taken?.points ?? 0),
    money: money && new Exact(money.amount).minus(fromMinor(taken?.money ?? 0, money.currency).amount).toFixed(),
  }
}

const campaignOf = ({ campaigns }: Programme, { campaign }: BudgetUse) => campaigns!.find((one) => one.id === campaign)!

/** The money that a campaign is counted in: that of its budget, or what its points cost whoever funds it. */
export const currencyOf = ({ budget, fundedBy, costPerPoint }: Campaign): string | undefined =>
  budget?.money?.currency ?? (fundedBy === undefined ? undefined : costPerPoint?.currency)

/** What a campaign is charged with for an earning: points, and money in minor units where it is counted in money. */
export function charge(programme: Programme, use: BudgetUse): { readonly points: number; readonly money: number } {
  const currency = currencyOf(campaignOf(programme, use))
  return { points: use.points, money: currency === undefined ? 0 : minor(use.money, currency) }
}

/** Books what an earning takes of budgets, within their bounds: in the commit of the points themselves. */
export function budgetAdds({ owner, rules: { programme } }: Loaded, uses: readonly BudgetUse[]): readonly Add[] {
  return uses.flatMap((use): readonly Add[] => {
    const campaign = campaignOf(programme, use)
    const { points: most = Number.MAX_SAFE_INTEGER, money: mostMoney } = campaign.budget ?? {}
    const key = { programme: owner.programme, campaign: use.campaign }
    const by = charge(programme, use)
    const points = { table: budgets, key, column: 'points', by: by.points, max: most }
    if (currencyOf(campaign) === undefined) return [points]
    const max = mostMoney ? minor(mostMoney.amount, mostMoney.currency) : Number.MAX_SAFE_INTEGER
    return [points, { table: budgets, key, column: 'money', by: by.money, max }]
  })
}
