import { compareText } from '@patronkit/core/service'

/** What counts for the order in which lots are used. */
export interface Orderable {
  readonly id: string
  /** First instant at which the points are gone, epoch ms; null for never. */
  readonly expiresAt: number | null
}

/** Order of use: earliest expiry first, equal expiry by id, never-expiring last. */
export function byUse(a: Orderable, b: Orderable): number {
  if (a.expiresAt !== b.expiresAt) {
    if (a.expiresAt === null) return 1
    return b.expiresAt === null ? -1 : a.expiresAt - b.expiresAt
  }
  return compareText(a.id, b.id)
}

/** So many points of one lot. */
export interface Taken {
  readonly lot: string
  readonly points: number
}

/** Takes points off lots that stand in order of use. `short` is what they could not give. */
export function takeInOrder<L extends { readonly id: string }>(
  lots: readonly L[],
  points: number,
  free: (lot: L) => number,
): { readonly taken: readonly Taken[]; readonly short: number } {
  const taken: Taken[] = []
  let left = points
  for (const lot of lots) {
    if (left === 0) break
    const some = Math.min(left, free(lot))
    if (some <= 0) continue
    taken.push({ lot: lot.id, points: some })
    left -= some
  }
  return { taken, short: left }
}

/** A lot as a caller may have it at hand. */
export interface PlainLot extends Orderable {
  readonly points: number
}

/**
 * Takes points off lots: the first to expire is the first used, whatever the order of arrival.
 *
 * @example
 * ```ts
 * import { redeemLots } from '@patronkit/loyalty-points'
 *
 * const lots = [{ id: 'b', points: 50, expiresAt: null }, { id: 'a', points: 100, expiresAt: Date.UTC(2026, 0, 31) }]
 * console.log(redeemLots(lots, 120).taken) // 100 of a, 20 of b
 * ```
 */
export function redeemLots(
  lots: readonly PlainLot[],
  points: number,
): { readonly taken: readonly PlainLot[]; readonly left: readonly PlainLot[]; readonly short: number } {
  const ordered = [...lots].sort(byUse)
  const { taken, short } = takeInOrder(ordered, points, (lot) => lot.points)
  const used = new Map(taken.map((some) => [some.lot, some.points]))
  return {
    taken: ordered.filter((lot) => used.has(lot.id)).map((lot) => ({ ...lot, points: used.get(lot.id)! })),
    left: ordered.map((lot) => ({ ...lot, points: lot.points - (used.get(lot.id) ?? 0) })).filter((lot) => lot.points > 0),
    short,
  }
}
