import { valueAt } from '@patronkit/core/service'
import { type PeriodUnit, periodsOf } from '../figures/period.ts'
import type { ClockView } from '../view.ts'
import type { CountedItem } from './counted.ts'

/** What figures are told apart by: something about the clock, an attribute of the item, or the local period of an instant. */
export type Dimension =
  | 'metric'
  | 'agreement'
  | 'party'
  | 'policy'
  | { readonly attribute: string }
  | { readonly period: PeriodUnit; readonly of: 'opened' | 'stopped' }

export type DimensionValue = string | number | boolean | null

/** Reads the value of a dimension; null where the item has none, or has not been stopped yet. */
export function readerOf(dimension: Dimension, zone: string): (item: CountedItem, clock: ClockView) => DimensionValue {
  if (dimension === 'policy') return (_, clock) => clock.policy.id
  if (typeof dimension === 'string') return (_, clock) => clock[dimension]
  if ('attribute' in dimension) return ({ attributes }) => plain(valueAt(attributes, dimension.attribute))
  const period = periodsOf(zone, dimension.period)
  if (dimension.of === 'opened') return ({ openedAt }) => period(openedAt.getTime()).name
  return (_, { stoppedAt }) => (stoppedAt ? period(stoppedAt.getTime()).name : null)
}

/** A list or an object stands as its JSON, so that equal ones are one value. */
const plain = (value: unknown): DimensionValue =>
  value === undefined || value === null
    ? null
    : typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? value
      : JSON.stringify(value)

/** The name of a dimension as a heading. */
export const nameOf = (dimension: Dimension): string =>
  typeof dimension === 'string' ? dimension : 'attribute' in dimension ? dimension.attribute : `${dimension.period} ${dimension.of}`

const { compare } = new Intl.Collator('en', { numeric: true })

/** Numbers, then texts with numbers in their order (P2 before P10), nothing last. */
export function compareValues(a: DimensionValue, b: DimensionValue): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a !== typeof b) return typeof a < typeof b ? -1 : 1
  return compare(String(a), String(b)) || (String(a) < String(b) ? -1 : 1)
}

export const compareAll = (a: readonly DimensionValue[], b: readonly DimensionValue[]): number => {
  for (const [i, value] of a.entries()) {
    const order = compareValues(value, b[i]!)
    if (order !== 0) return order
  }
  return 0
}
