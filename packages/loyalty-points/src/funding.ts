import { addMoney, fromMinor, type Money } from '@patronkit/core'
import { type Context, compareText, field, list, type Operation, read, toIso } from '@patronkit/core/service'
import { currencyOf } from './budgets.ts'
import type { Campaign } from './programme.ts'
import { refusal } from './refusals.ts'
import { programmeVersions, type Rulebook } from './rulebook.ts'
import { budgets } from './tables.ts'

/** What one who pays for campaigns owes the programme by now: points that they gave, and what those cost. */
export interface Funding {
  readonly fundedBy: string
  readonly points: number
  /** By currency; none for campaigns that do not say what a point costs. */
  readonly money: readonly Money[]
  readonly campaigns: readonly FundedCampaign[]
}

export interface FundedCampaign {
  readonly campaign: string
  readonly points: number
  readonly money: Money | null
}

const MOST = 10_000

/** What campaigns gave that somebody else pays for, by who that is, in all versions of the programme together. */
export function* funding(book: Rulebook, ctx: Context, i: { readonly programme: string }): Operation<readonly Funding[]> {
  const [versions, rows] = yield* read(
    ctx,
    programmeVersions(i.programme),
    list(budgets, { where: field('programme').eq(i.programme), limit: MOST }),
  )
  if (versions.length === 0) throw refusal({ code: 'loyalty/programme-unknown', details: { programme: i.programme, at: toIso(ctx.now) } })
  const campaigns = new Map<string, Campaign>()
  for (const { version, hash } of versions) {
    const { programme } = yield* book.pinned(ctx, { id: i.programme, version, hash })
    for (const campaign of programme.campaigns ?? []) campaigns.set(campaign.id, campaign)
  }
  const given = new Map(rows.map((row) => [row.campaign, row]))
  const funded = [...campaigns.values()].filter(({ fundedBy }) => fundedBy !== undefined)
  const byPartner = Map.groupBy(funded, ({ fundedBy }) => fundedBy!)
  return [...byPartner]
    .sort(([a], [b]) => compareText(a, b))
    .map(([fundedBy, theirs]) => {
      const lines = theirs
        .map((campaign): FundedCampaign => ({ campaign: campaign.id, ...costOf(campaign, given.get(campaign.id)) }))
        .sort((a, b) => compareText(a.campaign, b.campaign))
      return { fundedBy, points: lines.reduce((sum, { points }) => sum + points, 0), money: sums(lines), campaigns: lines }
    })
}

function costOf(campaign: Campaign, given: { readonly points: number; readonly money: number } | undefined) {
  const currency = currencyOf(campaign)
  const { points = 0, money: minor = 0 } = given ?? {}
  return { points, money: currency === undefined ? null : fromMinor(minor, currency) }
}

function sums(lines: readonly FundedCampaign[]): readonly Money[] {
  const costs = lines.flatMap(({ money }) => money ?? [])
  return [...Map.groupBy(costs, ({ currency }) => currency).values()].map((of) => addMoney(...(of as [Money, ...Money[]])))
}
