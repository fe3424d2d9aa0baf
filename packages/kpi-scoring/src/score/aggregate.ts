import { distinct, finite, listOf, notNegative } from '../checks.ts'
import { wrong } from '../refusals.ts'
import { type Mean, meanOf, powerOf, slopesOf } from './mean.ts'

/**
 * What becomes of a part that is not known: `exclude` gives its weight to the others, `zero` counts it as 0, `undefined` leaves the
 * whole score undefined, `{ atLeast: 0.8 }` excludes it as long as four fifths of the parts are known.
 */
export type IfMissing = 'exclude' | 'zero' | 'undefined' | { readonly atLeast: number }

/** One part of a score. */
export interface Part {
  readonly id: string
  /** Normalised; null where it is not known. */
  readonly value: number | null
  /** 1 where it is left out. */
  readonly weight?: number
  /** Counts before the policy of the whole. */
  readonly ifMissing?: IfMissing
}

/** What one part gives to the score. `weight` is its share among the parts that counted. */
export interface Contribution {
  readonly id: string
  readonly value: number | null
  readonly weight: number
  /** All points sum to the score. */
  readonly points: number
  /** Why a part did not count, or counted as 0. */
  readonly reason?: 'missing-excluded' | 'missing-as-zero' | 'missing'
}

/** A score with what it is made of. */
export interface Score {
  readonly value: number | null
  readonly contributions: readonly Contribution[]
  /** Why there is no score. */
  readonly reason?: 'part-missing' | 'too-few-parts' | 'no-parts'
}

/**
 * One score out of normalised parts, with the points that each of them gives. The points sum to the score for every mean.
 *
 * @example
 * ```ts
 * import { aggregate } from '@patronkit/kpi-scoring'
 *
 * const score = aggregate({ parts: [{ id: 'sla', value: 0.9, weight: 3 }, { id: 'sales', value: 0.5 }], mean: 'geometric' })
 * for (const { id, points } of score.contributions) console.log(id, points)
 * ```
 */
export function aggregate(i: { readonly parts: readonly Part[]; readonly mean?: Mean; readonly ifMissing?: IfMissing }): Score {
  const parts = listOf(i.parts, 'parts', 0) as readonly Part[]
  distinct(
    parts.map((part) => part.id),
    'parts',
  )
  const power = powerOf(i.mean ?? 'arithmetic')
  const known = parts.filter((part) => isKnown(part))
  const counted: Part[] = []
  let reason: Score['reason']
  for (const part of parts) {
    if (isKnown(part)) {
      finite(part.value, `parts.${part.id}`)
      counted.push(part)
      continue
    }
    const policy = part.ifMissing ?? i.ifMissing ?? 'exclude'
    if (policy === 'zero') counted.push({ ...part, value: 0 })
    else if (policy === 'undefined') reason = 'part-missing'
    else if (typeof policy === 'object' && known.length < policy.atLeast * parts.length - 1e-9) reason ??= 'too-few-parts'
  }
  const weights = counted.map((part) => notNegative(part.weight ?? 1, `parts.${part.id}.weight`))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (counted.length > 0 && total === 0 && parts.every((part) => part.weight === 0)) {
    throw wrong('parts', 'all have weight 0', 'Give at least one a weight above 0.')
  }
  if (!reason && !(total > 0)) reason = 'no-parts'
  if (reason) return { value: null, contributions: parts.map((part) => without(part, reason)), reason }
  return scored(
    parts,
    counted,
    weights.map((weight) => weight / total),
    power,
  )
}

const isKnown = (part: Part): boolean => part.value !== null && part.value !== undefined

const without = (part: Part, _reason: string | undefined): Contribution => ({
  id: part.id,
  value: part.value ?? null,
  weight: 0,
  points: 0,
  ...(isKnown(part) ? {} : { reason: 'missing' as const }),
})

function scored(parts: readonly Part[], counted: readonly Part[], shares: readonly number[], power: number | null): Score {
  const values = counted.map((part) => part.value!)
  const mean = meanOf(values, shares, power, (at) => `parts.${counted[at]!.id}`)
  const slopes = slopesOf(values, shares, power, mean)
  const at = new Map(counted.map((part, index) => [part.id, index]))
  const contributions = parts.map((part): Contribution => {
    const index = at.get(part.id)
    if (index === undefined) return { id: part.id, value: null, weight: 0, points: 0, reason: 'missing-excluded' }
    const points = values[index]! * slopes[index]!
    const given = { id: part.id, value: part.value ?? null, weight: shares[index]!, points }
    return isKnown(part) ? given : { ...given, reason: 'missing-as-zero' }
  })
  return { value: mean, contributions }
}
