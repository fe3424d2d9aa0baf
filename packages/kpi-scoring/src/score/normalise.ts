import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics'
import { finite, listOf, spread } from '../checks.ts'
import { fractionalRanks } from '../people/rank.ts'
import { noSpread, notPositive, wrong } from '../refusals.ts'
import { type CurvePoint, onCurve } from './curve.ts'

/** Whether more of it is better (`benefit`) or worse (`cost`). */
export type Direction = 'benefit' | 'cost'

/**
 * How raw values become comparable. `from` and `to` are the ends of the new scale, 0 and 1 where they are left out.
 * - `min-max`: the least value becomes `from`, the greatest `to`
 * - `goalposts`: `worst` becomes `from`, `best` becomes `to`, also where less is better; what lies beyond is capped unless `beyond: 'keep'`
 * - `z-score`: distance from the mean in sample standard deviations, moved to `mean` and `deviation` (0 and 1)
 * - `percentile`: share of values below, half of the equal ones counted; `rank`: 1 for the worst; `borda`: rank less 1
 * - `target`: the worst value becomes 0, the target 1; `reference`: 1 at the reference, less by the distance over the range
 * - `share-of-maximum`: value over the greatest; for a cost the least over the value
 * - `curve`: straight between given points, level outside them
 */
export type Normalisation =
  | { readonly kind: 'min-max'; readonly from?: number; readonly to?: number }
  | {
      readonly kind: 'goalposts'
      readonly worst: number
      readonly best: number
      readonly from?: number
      readonly to?: number
      readonly beyond?: 'cap' | 'keep'
    }
  | { readonly kind: 'z-score'; readonly mean?: number; readonly deviation?: number }
  | { readonly kind: 'percentile' | 'rank' | 'borda' | 'share-of-maximum' }
  | { readonly kind: 'target'; readonly target: number; readonly beyond?: 'cap' | 'keep' }
  | { readonly kind: 'reference'; readonly reference: number }
  | { readonly kind: 'curve'; readonly points: readonly CurvePoint[] }

/**
 * Makes values comparable. What is missing (null) stays missing and has no part in the least, the greatest or the mean.
 *
 * @example
 * ```ts
 * import { normalise } from '@patronkit/kpi-scoring'
 *
 * normalise({ values: [12, 30, null], by: { kind: 'goalposts', worst: 48, best: 4 } }) // [0.818…, 0.409…, null]
 * normalise({ values: [12, 30, 21], by: { kind: 'min-max', to: 100 }, direction: 'cost' }) // [100, 0, 50]
 * ```
 */
export function normalise(i: {
  readonly values: readonly (number | null)[]
  readonly by: Normalisation
  readonly direction?: Direction
  /** What the values are of, for the text of a refusal. */
  readonly of?: string
}): (number | null)[] {
  const { by, direction = 'benefit', of = 'values' } = i
  const values = listOf(i.values, of, 0) as readonly (number | null)[]
  const known: number[] = []
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    if (value !== null && value !== undefined) known.push(finite(value, `${of}.${at}`))
  }
  if (known.length === 0) return values.map(() => null)
  const one = scaleOf(known, by, direction, of)
  return values.map((value) => (value === null || value === undefined ? null : one(value)))
}

/** The function that puts one value on the new scale. */
function scaleOf(known: readonly number[], by: Normalisation, direction: Direction, of: string): (value: number) => number {
  // Less is better: the same rules over what is turned around.
  const sign = direction === 'cost' ? -1 : 1
  switch (by.kind) {
    case 'goalposts':
    case 'curve':
      if (direction === 'cost')
        throw wrong('direction', `is cost beside ${by.kind}`, 'Goalposts and curves say themselves which end is better; leave it out.')
      return by.kind === 'curve' ? onCurve(by.points) : goalposts(by)
    case 'min-max': {
      const { min, max, range } = spread(known, of)
      const { from = 0, to = 1 } = by
      const worst = direction === 'cost' ? max : min
      return (value) => from + ((sign * (value - worst)) / range) * (to - from)
    }
    case 'z-score': {
      if (known.length < 2) throw noSpread(of)
      const centre = meanOf(known as number[])
      const deviation = sampleStandardDeviation(known as number[])
      if (!(deviation > 0)) throw noSpread(of)
      return (value) => (by.mean ?? 0) + ((sign * (value - centre)) / deviation) * (by.deviation ?? 1)
    }
    case 'percentile':
    case 'rank':
    case 'borda': {
      const ranks = fractionalRanks(known.map((value) => sign * value))
      const rankOf = new Map(known.map((value, at) => [value, ranks[at]!]))
      if (by.kind === 'rank') return (value) => rankOf.get(value)!
      if (by.kind === 'borda') return (value) => rankOf.get(value)! - 1
      return (value) => (rankOf.get(value)! - 0.5) / known.length
    }
    case 'target': {
      const { min, max } = spread(known, of)
      const worst = direction === 'cost' ? max : min
      const span = sign * (finite(by.target, 'target') - worst)
      if (!(span > 0))
        throw wrong('target', `is ${by.target}, no better than the worst value ${worst}`, 'Give a target beyond the worst value.')
      return (value) => capped((sign * (value - worst)) / span, by.beyond, Number.NEGATIVE_INFINITY)
    }
    case 'reference': {
      const { range } = spread(known, of)
      const reference = finite(by.reference, 'reference')
      return (value) => 1 - (sign * (reference - value)) / range
    }
    case 'share-of-maximum': {
      const { min, max } = spread([...known, 0], of)
      const least = known.reduce((a, b) => Math.min(a, b))
      if (min < 0 || (direction === 'cost' && least <= 0)) throw notPositive(`the least of ${of}`, least)
      return (value) => (direction === 'cost' ? least / value : value / max)
    }
    default:
      throw wrong('by.kind', `is ${JSON.stringify((by as { kind?: unknown })?.kind)}`, 'Name one of the normalisations of the reference.')
  }
}

const capped = (value: number, beyond: 'cap' | 'keep' | undefined, least: number): number =>
  beyond === 'keep' ? value : Math.min(1, Math.max(least, value))

/** The scale between two goalposts. */
export function goalposts(by: {
  readonly worst: number
  readonly best: number
  readonly from?: number
  readonly to?: number
  readonly beyond?: 'cap' | 'keep'
}): (value: number) => number {
  const { from = 0, to = 1, beyond } = by
  const worst = finite(by.worst, 'worst')
  const span = finite(by.best, 'best') - worst
  if (span === 0) throw wrong('best', `is ${by.best} like worst`, 'Give two goalposts that differ.')
  return (value) => from + capped((value - worst) / span, beyond, 0) * (to - from)
}
