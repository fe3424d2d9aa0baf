import { distinct, finite, listOf, notNegative } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** A group's part in a ratio: so many of so many. */
export interface RatioGroup {
  readonly group: string
  readonly numerator: number
  readonly denominator: number
}

/** A group on both sides: its rate and its share of the denominator. */
export interface Sides {
  readonly group: string
  readonly rate: readonly [before: number, after: number]
  readonly share: readonly [before: number, after: number]
}

/**
 * Lays two periods side by side. A group that one of them lacks takes its rate from the other, so that its whole effect is mix; a
 * period without any denominator has no ratio and answers null.
 */
export function sidesOf(before: readonly RatioGroup[], after: readonly RatioGroup[]): readonly Sides[] | null {
  const [old, now] = [sideOf(before, 'before'), sideOf(after, 'after')]
  if (old.total === 0 || now.total === 0) return null
  const groups = [...new Set([...old.groups.keys(), ...now.groups.keys()])]
  return groups.map((group) => {
    const [a, b] = [old.groups.get(group), now.groups.get(group)]
    const rates = [rateOf(a), rateOf(b)]
    return {
      group,
      rate: [rates[0] ?? rates[1] ?? 0, rates[1] ?? rates[0] ?? 0],
      share: [(a?.denominator ?? 0) / old.total, (b?.denominator ?? 0) / now.total],
    }
  })
}

const rateOf = (side: RatioGroup | undefined): number | undefined =>
  side && side.denominator > 0 ? side.numerator / side.denominator : undefined

function sideOf(groups: readonly RatioGroup[], path: string): { readonly groups: ReadonlyMap<string, RatioGroup>; readonly total: number } {
  const given = listOf(groups, path, 0) as readonly RatioGroup[]
  distinct(
    given.map(({ group }) => group),
    path,
  )
  let total = 0
  for (const { group, numerator, denominator } of given) {
    finite(numerator, `${path}.${group}.numerator`)
    total += notNegative(denominator, `${path}.${group}.denominator`)
    if (denominator === 0 && numerator !== 0) {
      throw wrong(
        `${path}.${group}.denominator`,
        `is 0 below the numerator ${numerator}`,
        'A group without a denominator has no rate: leave it out, or correct it.',
      )
    }
  }
  return { groups: new Map(given.map((one) => [one.group, one])), total }
}

/** The ratio of the whole; null without a denominator. Never the mean of the groups' ratios. */
export function ratioOf(groups: readonly Omit<RatioGroup, 'group'>[]): number | null {
  let [numerator, denominator] = [0, 0]
  for (const one of groups) {
    numerator += finite(one.numerator, 'numerator')
    denominator += notNegative(one.denominator, 'denominator')
  }
  return denominator === 0 ? null : numerator / denominator
}
