import type { Functions, Suite } from '../runner.ts'

type Api = typeof import('../../packages/loyalty-points/src/index.ts')
type Lunar = typeof import('../../packages/loyalty-points/src/lunar.ts')

interface Rate {
  readonly points: number
  readonly per: string
  readonly rounding: 'floor'
}

/** A purchase, a refund, or a change of the rule, which an order of before does not feel. */
interface Happening {
  readonly purchase?: string
  readonly refund?: string
  readonly changeRule?: Rate | null
}

function functions(api: Api, lunar: Lunar): Functions {
  const eur = (amount: number) => ({ amount: String(amount), currency: 'EUR' })
  return {
    expiresAt: (input: { policy: Parameters<Api['expiresAt']>[0]; earnedAt: string; timeZone: string }) => {
      const at = api.expiresAt(input.policy, Date.parse(input.earnedAt), input.timeZone)
      return at === null ? null : new Date(at)
    },
    liability: (input: {
      salesStandalonePrice: number
      pointsStandalonePrice: number
      consideration: number
      periods: Parameters<Api['liability']>[0]['periods']
    }) => {
      const { allocated, periods } = api.liability({
        goodsStandalonePrice: eur(input.salesStandalonePrice),
        pointsStandalonePrice: eur(input.pointsStandalonePrice),
        consideration: eur(input.consideration),
        periods: input.periods,
      })
      return {
        allocatedToGoods: allocated.goods.amount,
        allocatedToPoints: allocated.points.amount,
        periods: periods.map((period) => ({ revenue: period.revenue.amount, liability: period.liability.amount })),
      }
    },
    clawback: (input: {
      policy: 'refund-floor' | 'kept-spend' | 'pro-rata'
      rounding?: 'up' | 'half-up' | 'down'
      earnRule: Rate
      events: readonly Happening[]
    }) =>
      api.clawback({
        rule: input.earnRule,
        purchase: input.events.find((event) => event.purchase !== undefined)!.purchase!,
        refunds: input.events.flatMap((event) => event.refund ?? []),
        policy: { policy: input.policy, rounding: input.rounding },
      }),
    redeemLots: (input: { lots: readonly { id: string; points: number; expiresAt: string | null }[]; redeem: number }) =>
      api.redeemLots(
        input.lots.map((lot) => ({ ...lot, expiresAt: lot.expiresAt === null ? null : Date.parse(lot.expiresAt) })),
        input.redeem,
      ),
    tierAfter: (input: { tiers: readonly { id: string; from: number }[]; changes: readonly number[] }) =>
      api.tierAfter(input.tiers, input.changes),
    lunarToSolar: ({ lunarYear: year, ...date }: { lunarYear: number; month: number; day: number; leapMonth?: boolean }) =>
      lunar.lunarToSolar({ year, ...date }),
    lunarBirthday: (input: {
      birth: { month: number; day: number; leapMonth?: boolean }
      lunarYear: number
      policy: Parameters<Api['lunarBirthday']>[2]
    }) => api.lunarBirthday(input.birth, input.lunarYear, input.policy, lunar.chineseCalendar),
  }
}

export const loyaltyPoints: Suite = {
  name: 'loyalty-points',
  open: async (load) => functions(await load<Api>('loyalty-points'), await load<Lunar>('loyalty-points', 'lunar')),
}
