import { Exact, least, type Rounding, wholeQuotient } from './exact.ts'

/**
 * What a refund takes back of what its order earned. All three count an order's refunds together, so that splitting one
 * gains nothing, and a full refund takes back all.
 * `refund-floor`: the points the refunded total would earn, rounded down; lets a customer keep a point for a cent.
 * `kept-spend`: all but what the spend that is kept would earn. `pro-rata`: the refunded share, rounded.
 */
export interface ClawbackPolicy {
  readonly policy: 'refund-floor' | 'kept-spend' | 'pro-rata'
  /** For `pro-rata`: `up` favours the shop, `down` the customer. */
  readonly rounding?: 'up' | 'half-up' | 'down' | undefined
}

/** What one rule counted at the purchase: so many points for each full `per` of `base`, or for each of `units`. */
export interface Counted {
  readonly points: number
  readonly base: string
  readonly per: string
  readonly rounding: Rounding
}

/** How an order's points came about, kept with the order: a refund counts by these terms and by no later rule. */
export interface Terms {
  readonly counted: readonly Counted[]
  /** The product of multipliers, as a decimal text. */
  readonly factor: string
  /** Points added whatever the amount. */
  readonly added: number
  /** The most that campaigns could add to it when it was earned, where one of them had a cap of its own. */
  readonly extra?: number | undefined
  /** The most it could be when it was earned; null for no cap. */
  readonly cap: number | null
  /** What was posted. */
  readonly earned: number
}

/** What an order earns by that no rule gives anything. */
export const NO_POINTS: Terms = { counted: [], factor: '1', added: 0, cap: null, earned: 0 }

/** The points that these terms give for share = part ÷ whole of the order. */
export function pointsFor(terms: Terms, part: Exact, whole: Exact, rounding?: Rounding): number {
  if (part.isZero()) return 0
  const counted = terms.counted.reduce((sum, one) => {
    const units = wholeQuotient(new Exact(one.base).times(part), new Exact(one.per).times(whole), rounding ?? one.rounding)
    return sum.plus(units.times(one.points))
  }, new Exact(0))
  const multiplied = counted.times(terms.factor).floor().plus(terms.added)
  const boosted = terms.extra === undefined ? multiplied : least(multiplied, counted.floor().plus(terms.extra))
  return (terms.cap === null ? boosted : least(boosted, new Exact(terms.cap))).toNumber()
}

const ROUNDINGS = { up: 'ceil', 'half-up': 'half-up', down: 'floor' } as const

/** What must have been taken back once `refunded` of `value` came back; never more than was earned, all of it in the end. */
export function clawedBackBy(policy: ClawbackPolicy, terms: Terms, refunded: string, value: string): number {
  const [back, whole] = [new Exact(refunded), new Exact(value)]
  if (back.gte(whole)) return terms.earned
  const due = () => {
    switch (policy.policy) {
      case 'refund-floor':
        // what was added whatever the amount goes with the last of it
        return pointsFor({ ...terms, added: 0 }, back, whole, 'floor')
      case 'kept-spend':
        return terms.earned - pointsFor(terms, whole.minus(back), whole)
      case 'pro-rata':
        return wholeQuotient(back.times(terms.earned), whole, ROUNDINGS[policy.rounding ?? 'down']).toNumber()
    }
  }
  return Math.max(0, Math.min(terms.earned, due()))
}

/** A rule of points for spend, on its own: `points` for each full `per`. */
export interface SpendRate {
  readonly points: number
  readonly per: string
  readonly rounding: Rounding
}

/**
 * One purchase and its refunds under the rule in force at the purchase. Amounts are decimal texts of one currency.
 *
 * @example
 * ```ts
 * import { clawback } from '@patronkit/loyalty-points'
 *
 * const rule = { points: 1, per: '10.00', rounding: 'floor' } as const
 * console.log(clawback({ rule, purchase: '21.90', refunds: ['5.00', '5.00'], policy: { policy: 'refund-floor' } }).clawedBack) // 1
 * ```
 */
export function clawback(i: {
  readonly rule: SpendRate
  readonly purchase: string
  readonly refunds: readonly string[]
  readonly policy: ClawbackPolicy
}): { readonly earned: number; readonly clawedBack: number; readonly net: number } {
  const { points, per, rounding } = i.rule
  const one = new Exact(1)
  const bare = { counted: [{ points, base: i.purchase, per, rounding }], factor: '1', added: 0, cap: null, earned: 0 }
  const earned = pointsFor(bare, one, one)
  const refunded = i.refunds.reduce((sum, refund) => sum.plus(refund), new Exact(0))
  const clawedBack = clawedBackBy(i.policy, { ...bare, earned }, refunded.toFixed(), i.purchase)
  return { earned, clawedBack, net: earned - clawedBack }
}
