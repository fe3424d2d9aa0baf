import { numbers } from '../checks.ts'

/**
 * How equal values share places: `competition` 1 2 2 4, `dense` 1 2 2 3, `modified` 1 3 3 4, `fractional` 1 2.5 2.5 4,
 * `ordinal` 1 2 3 4 in the order given, so that the caller's own order breaks the tie.
 */
export type Ties = 'competition' | 'dense' | 'modified' | 'fractional' | 'ordinal'

/**
 * The place of each value, in the order given; the greatest is first unless `order: 'ascending'`.
 *
 * @example
 * ```ts
 * import { rank } from '@patronkit/kpi-scoring'
 *
 * rank({ values: [30, 20, 20, 10], ties: 'competition' }) // [1, 2, 2, 4]
 * ```
 */
export function rank(i: {
  readonly values: readonly number[]
  readonly ties: Ties
  readonly order?: 'ascending' | 'descending'
}): number[] {
  const values = numbers(i.values, 'values', 0)
  const sign = i.order === 'ascending' ? 1 : -1
  const order = Array.from(values.keys()).sort((a, b) => sign * (values[a]! - values[b]!) || a - b)
  const places = new Array<number>(values.length)
  let dense = 0
  for (let from = 0, to: number; from < order.length; from = to) {
    to = from + 1
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++
    dense++
    for (let at = from; at < to; at++) places[order[at]!] = placeIn(i.ties, { from, to, at, dense })
  }
  return places
}

function placeIn(ties: Ties, { from, to, at, dense }: { from: number; to: number; at: number; dense: number }): number {
  if (ties === 'competition') return from + 1
  if (ties === 'dense') return dense
  if (ties === 'modified') return to
  if (ties === 'fractional') return (from + 1 + to) / 2
  return at + 1
}

/** Fractional ranks from the least value up. */
export const fractionalRanks = (values: readonly number[]): number[] => rank({ values, ties: 'fractional', order: 'ascending' })
