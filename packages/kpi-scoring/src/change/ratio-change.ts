import { type RatioGroup, ratioOf, sidesOf } from './groups.ts'

/** What a group did to a change: its own rate moved, or its weight among the groups did. */
export interface GroupEffect {
  readonly group: string
  readonly rate: number
  readonly mix: number
}

/** The change of a ratio, taken apart; rate and mix sum to it. All null where a side has no denominator. */
export interface RatioChange {
  readonly before: number | null
  readonly after: number | null
  readonly change: number | null
  readonly rate: number | null
  readonly mix: number | null
  readonly groups: readonly GroupEffect[]
}

/**
 * The ratio over groups, from their numerators and denominators; null without a denominator.
 *
 * @example
 * ```ts
 * import { rollUpRatio } from '@patronkit/kpi-scoring'
 *
 * rollUpRatio({ groups: [{ numerator: 10, denominator: 100 }, { numerator: 40, denominator: 50 }] }) // 0.333…, not 0.45
 * ```
 */
export const rollUpRatio = (i: { readonly groups: readonly Omit<RatioGroup, 'group'>[] }): number | null => ratioOf(i.groups)

/**
 * Why a ratio changed: because the groups' own rates did, or because the groups weigh differently now (Kitagawa's midpoint rule).
 * A group that is absent on one side takes its rate from the other, so its whole effect is mix.
 *
 * @example
 * ```ts
 * import { explainRatioChange } from '@patronkit/kpi-scoring'
 *
 * const { change, rate, mix } = explainRatioChange({
 *   before: [{ group: 'phone', numerator: 10, denominator: 100 }, { group: 'chat', numerator: 40, denominator: 50 }],
 *   after: [{ group: 'phone', numerator: 30, denominator: 200 }, { group: 'chat', numerator: 9, denominator: 10 }],
 * })
 * console.log(change, rate, mix) // -0.148 = 0.060 - 0.207: both rates rose, and yet the whole fell
 * ```
 */
export function explainRatioChange(i: { readonly before: readonly RatioGroup[]; readonly after: readonly RatioGroup[] }): RatioChange {
  const sides = sidesOf(i.before, i.after)
  const [before, after] = [ratioOf(i.before), ratioOf(i.after)]
  if (!sides || before === null || after === null) return { before, after, change: null, rate: null, mix: null, groups: [] }
  const groups = sides.map(({ group, rate: [r0, r1], share: [w0, w1] }) => ({
    group,
    rate: ((r1 - r0) * (w0 + w1)) / 2,
    mix: ((w1 - w0) * (r0 + r1)) / 2,
  }))
  const total = (effect: 'rate' | 'mix') => groups.reduce((sum, one) => sum + one[effect], 0)
  return { before, after, change: after - before, rate: total('rate'), mix: total('mix'), groups }
}
