import type { LotData, LoyaltyEvent } from './model.ts'

/** The books between which points move. A member's balance stands in `points`. */
export type Book = 'issued' | 'points' | 'spent' | 'expired' | 'transferred'

/** One side of a posting. The sides of an event add up to 0 in each currency. */
export interface Entry {
  readonly book: Book
  readonly currency: string
  readonly points: number
}

/** The entries of an event: double entry, and nothing is ever rewritten. Holds move nothing until they are captured. */
export function entriesOf(event: LoyaltyEvent): readonly Entry[] {
  switch (event.type) {
    case 'loyalty.earned':
    case 'loyalty.granted':
      return moves('issued', 'points', incoming(event.data))
    case 'loyalty.received':
      return moves('transferred', 'points', incoming(event.data))
    case 'loyalty.deducted':
      return moves('points', 'issued', [event.data])
    case 'loyalty.spent':
      return moves('points', 'spent', [event.data])
    case 'loyalty.captured':
      return moves('points', 'spent', [event.data])
    case 'loyalty.expired':
      return moves('points', 'expired', [event.data])
    case 'loyalty.erased':
      return moves('points', 'expired', event.data.balances)
    case 'loyalty.reinstated':
      return moves('expired', 'points', [event.data])
    case 'loyalty.reversed':
      return moves('spent', 'points', [event.data.given])
    case 'loyalty.refunded':
      return [
        ...moves('spent', 'points', event.data.given),
        ...moves(
          'points',
          'issued',
          event.data.clawed.map(({ currency, points, lapsed, forgiven }) => ({ currency, points: points - lapsed - forgiven })),
        ),
      ]
    case 'loyalty.sent':
      return moves('points', 'transferred', [event.data])
    case 'loyalty.merged-away':
    case 'loyalty.unmerged-away':
      return moves('points', 'transferred', event.data.balances)
    case 'loyalty.merged-here':
    case 'loyalty.unmerged-here':
      return moves('transferred', 'points', event.data.balances)
    default:
      return []
  }
}

interface Amount {
  readonly currency: string
  readonly points: number
}

const moves = (from: Book, to: Book, amounts: readonly Amount[]): readonly Entry[] =>
  amounts
    .filter(({ points }) => points !== 0)
    .flatMap(({ currency, points }) => [
      { book: from, currency, points: -points },
      { book: to, currency, points },
    ])

/** What came in: into lots, and into a debt that it paid. */
const incoming = (data: { readonly lots: readonly LotData[]; readonly debtPaid: { readonly [currency: string]: number } }): Amount[] => [
  ...data.lots.map(({ currency, remaining }) => ({ currency, points: remaining })),
  ...Object.entries(data.debtPaid).map(([currency, points]) => ({ currency, points })),
]

/** Points by which an event changed a member's balance in a currency. */
export const changeOf = (event: LoyaltyEvent, currency: string): number =>
  entriesOf(event).reduce((sum, entry) => sum + (entry.book === 'points' && entry.currency === currency ? entry.points : 0), 0)
