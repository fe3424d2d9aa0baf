import { minorDigits } from '@patronkit/core'
import { type Add, type Context, field, list, type Operation, read } from '@patronkit/core/service'
import type { BudgetLeft, BudgetUse } from './earning.ts'
import { Exact } from './exact.ts'
import type { Loaded } from './load.ts'
import type { Campaign } from './programme.ts'
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
  const digits = money ? minorDigits(money.currency) : 0
  return {
    points: points === undefined ? undefined : points - (taken?.points ?? 0),
    money: money && new Exact(money.amount).minus(new Exact(taken?.money ?? 0).div(new Exact(10).pow(digits))).toFixed(),
  }
}

/** Books what an earning takes of budgets, within their bounds: in the commit of the points themselves. */
export function budgetAdds({ owner, rules }: Loaded, uses: readonly BudgetUse[]): readonly Add[] {
  return uses.flatMap((use): readonly Add[] => {
    const { budget } = rules.programme.campaigns!.find((campaign) => campaign.id === use.campaign)!
    const key = { programme: owner.programme, campaign: use.campaign }
    const points = { table: budgets, key, column: 'points', by: use.points, max: budget!.points ?? Number.MAX_SAFE_INTEGER }
    if (!budget!.money) return [points]
    const { amount, currency } = budget!.money
    return [points, { table: budgets, key, column: 'money', by: minor(use.money, currency), max: minor(amount, currency) }]
  })
}
