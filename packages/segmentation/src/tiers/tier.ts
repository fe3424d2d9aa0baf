import { finite, notNegative } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** Tiers by threshold, ascending: `from` is the least value of the tier. */
export interface Tier {
  readonly id: string
  readonly from: number
}

/** The tier of a value; null below the lowest. */
export function tierOf(i: { readonly tiers: readonly Tier[]; readonly value: number }): string | null {
  return checked(i.tiers).findLast(({ from }) => finite(i.value, 'value') >= from)?.id ?? null
}

/** Where a customer stands, and for how many measurements the value has been below the tier. */
export interface Standing {
  readonly tier: string | null
  readonly below: number
}

/**
 * The next standing of a customer. A tier is reached at its threshold, at once and however many steps up. It is lost only when the
 * value has fallen below the threshold by `margin` (a share of it) at `patience` measurements in a row; so nobody who wavers
 * around a threshold goes up and down with it.
 */
export function nextStanding(i: {
  readonly tiers: readonly Tier[]
  readonly before: Standing
  readonly value: number
  readonly margin?: number
  readonly patience?: number
}): Standing {
  const tiers = checked(i.tiers)
  const value = finite(i.value, 'value')
  const margin = notNegative(i.margin ?? 0, 'margin')
  const rank = (id: string | null) => (id === null ? -1 : tiers.findIndex((tier) => tier.id === id))
  const held = rank(i.before.tier)
  if (i.before.tier !== null && held < 0) throw wrong('before.tier', `is ${i.before.tier}, which is no tier`, 'Give one of the tiers.')
  const reached = tierOf({ tiers, value })
  if (rank(reached) >= held) return { tier: reached, below: 0 }
  const { from } = tiers[held]!
  if (value >= from - Math.abs(from) * margin) return { tier: i.before.tier, below: 0 }
  const below = i.before.below + 1
  return below >= (i.patience ?? 1) ? { tier: reached, below: 0 } : { tier: i.before.tier, below }
}

function checked(tiers: readonly Tier[]): readonly Tier[] {
  if (tiers.length === 0) throw wrong('tiers', 'is empty', 'Give at least one tier.')
  for (const [at, tier] of tiers.entries()) {
    finite(tier.from, `tiers.${at}.from`)
    if (at > 0 && !(tier.from > tiers[at - 1]!.from))
      throw wrong(`tiers.${at}.from`, 'is not above the tier before', 'Give tiers ascending.')
  }
  return tiers
}
