import { between } from '../checks.ts'
import { wilson } from './wilson.ts'

/** How one tier stands to one need or preference. */
export interface Preference {
  readonly tier: string
  readonly need: string
  readonly customers: number
  readonly having: number
  readonly share: number
  /** Wilson's interval of the share. */
  readonly low: number
  readonly high: number
  /** The share over that of everybody: 1.5 means half as many again. Null where nobody has the need. */
  readonly lift: number | null
  /** `more` or `less` where the interval of the share leaves out everybody's share. */
  readonly stands: 'more' | 'less' | 'as-all'
}

/** Which needs each tier has more or less than everybody, with how sure that is. By tier, then by need, as they first come. */
export function preferenceProfile(i: {
  readonly customers: Iterable<{ readonly tier: string; readonly needs: Iterable<string> }>
  readonly confidence?: number
}): readonly Preference[] {
  const confidence = between(i.confidence ?? 0.95, 'confidence')
  const sizes = new Map<string, number>()
  const having = new Map<string, Map<string, number>>()
  const overall = new Map<string, number>()
  let everybody = 0
  for (const { tier, needs } of i.customers) {
    everybody++
    sizes.set(tier, (sizes.get(tier) ?? 0) + 1)
    if (!having.has(tier)) having.set(tier, new Map())
    const ofTier = having.get(tier)!
    for (const need of new Set(needs)) {
      ofTier.set(need, (ofTier.get(need) ?? 0) + 1)
      overall.set(need, (overall.get(need) ?? 0) + 1)
    }
  }
  return [...sizes].flatMap(([tier, customers]) =>
    [...overall].map(([need, all]): Preference => {
      const count = having.get(tier)!.get(need) ?? 0
      const share = count / customers
      const { low, high } = wilson({ count, of: customers, confidence })
      const base = all / everybody
      return {
        tier,
        need,
        customers,
        having: count,
        share,
        low,
        high,
        lift: base === 0 ? null : share / base,
        stands: low > base ? 'more' : high < base ? 'less' : 'as-all',
      }
    }),
  )
}
