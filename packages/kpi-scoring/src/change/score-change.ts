import { distinct, finite, notNegative } from '../checks.ts'
import { wrong } from '../refusals.ts'
import { goalposts } from '../score/normalise.ts'
import { type RatioGroup, sidesOf } from './groups.ts'
import { effectsOf } from './shapley.ts'

/** One measure of a period: what was measured, what was asked, and how much it counted. */
export interface MeasuredPart {
  readonly id: string
  readonly weight: number
  readonly target: { readonly worst: number; readonly best: number }
  /** The raw value, or the groups that it is the ratio of. */
  readonly value: number | readonly RatioGroup[]
}

/** The four reasons why a score can change: people did better, the groups weigh differently, goalposts moved, weights moved. */
export interface Effects {
  readonly rate: number
  readonly mix: number
  readonly target: number
  readonly weight: number
}

/** The change of a score between two periods; the effects of all measures sum to it. */
export interface ScoreChange {
  readonly before: number
  readonly after: number
  readonly change: number
  readonly effects: Effects
  readonly measures: readonly ({ readonly id: string } & Effects)[]
}

/**
 * Why a weighted score changed. Each effect is the average over all orders in which rates, mix, targets and weights could have
 * changed. A measure that one period lacks takes value and target from the other: its whole effect is weight.
 *
 * @example
 * ```ts
 * import { explainScoreChange } from '@patronkit/kpi-scoring'
 *
 * const target = { worst: 0.8, best: 0.98 }
 * const { change, effects } = explainScoreChange({
 *   before: [{ id: 'sla', weight: 0.6, target, value: 0.9 }, { id: 'csat', weight: 0.4, target, value: 0.85 }],
 *   after: [{ id: 'sla', weight: 0.6, target: { worst: 0.8, best: 1 }, value: 0.92 }, { id: 'csat', weight: 0.4, target, value: 0.85 }],
 * })
 * console.log(change, effects.rate, effects.target)
 * ```
 */
export function explainScoreChange(i: { readonly before: readonly MeasuredPart[]; readonly after: readonly MeasuredPart[] }): ScoreChange {
  const [old, now] = [sideOf(i.before, 'before'), sideOf(i.after, 'after')]
  const measures = [...new Set([...old.keys(), ...now.keys()])].map((id) => measureChange(id, old.get(id), now.get(id)))
  const total = (effect: keyof Effects) => measures.reduce((sum, one) => sum + one[effect], 0)
  const [before, after] = [scoreOf(old), scoreOf(now)]
  const effects = { rate: total('rate'), mix: total('mix'), target: total('target'), weight: total('weight') }
  return { before, after, change: after - before, effects, measures }
}

interface Side {
  readonly share: number
  readonly part: MeasuredPart
  readonly groups: readonly RatioGroup[]
}

function sideOf(parts: readonly MeasuredPart[], path: string): ReadonlyMap<string, Side> {
  distinct(
    parts.map(({ id }) => id),
    path,
  )
  const total = parts.reduce((sum, { id, weight }) => sum + notNegative(weight, `${path}.${id}.weight`), 0)
  if (!(total > 0)) throw wrong(path, 'has no weight', 'Give at least one measure a weight above 0.')
  return new Map(parts.map((part) => [part.id, { share: part.weight / total, part, groups: groupsOf(part, path) }]))
}

/** A raw value is a ratio of one group. */
function groupsOf({ id, value }: MeasuredPart, path: string): readonly RatioGroup[] {
  if (typeof value === 'number') return [{ group: 'all', numerator: finite(value, `${path}.${id}.value`), denominator: 1 }]
  if (!value.some(({ denominator }) => denominator > 0)) {
    throw wrong(
      `${path}.${id}.value`,
      'has no denominator',
      'A measure that is undefined has no effect to explain; leave it out on this side.',
    )
  }
  return value
}

const scoreOf = (side: ReadonlyMap<string, Side>): number =>
  [...side.values()].reduce((sum, { share, part, groups }) => {
    const rate = sidesOf(groups, groups)!.reduce((total, one) => total + one.rate[0] * one.share[0], 0)
    return sum + share * goalposts(part.target)(rate)
  }, 0)

function measureChange(id: string, old: Side | undefined, now: Side | undefined): { readonly id: string } & Effects {
  const [a, b] = [(old ?? now)!, (now ?? old)!]
  if (Array.isArray(a.part.value) !== Array.isArray(b.part.value)) {
    throw wrong(`after.${id}.value`, 'is a ratio of groups on one side only', 'Give groups on both sides, or a number on both.')
  }
  const sides = sidesOf(a.groups, b.groups)!
  const scales = [goalposts(a.part.target), goalposts(b.part.target)] as const
  const shares = [old?.share ?? 0, now?.share ?? 0] as const
  const [rate, mix, target, weight] = effectsOf(4, (changed) => {
    const [r, m, t, w] = changed.map(Number) as [0 | 1, 0 | 1, 0 | 1, 0 | 1]
    const raw = sides.reduce((sum, one) => sum + one.rate[r] * one.share[m], 0)
    return shares[w] * scales[t](raw)
  }) as [number, number, number, number]
  return { id, rate, mix, target, weight }
}
