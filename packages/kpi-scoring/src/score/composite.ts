import { between, distinct, finite, listOf } from '../checks.ts'
import { rank } from '../people/rank.ts'
import { unknownId, wrong } from '../refusals.ts'
import { type Imputation, impute } from './impute.ts'
import { type Mean, meanOf, powerOf, slopesOf } from './mean.ts'
import { type Normalisation, normalise } from './normalise.ts'
import { type Treatment, treat } from './treat.ts'
import { type IndexNode, layOut, type Tree } from './tree.ts'

/** Whoever is scored: a country, a team, a shop. */
export interface IndexUnit {
  readonly id: string
  /** Raw values by measure, and by whatever measures are divided by. What is absent or null is missing. */
  readonly values: { readonly [id: string]: number | null }
  /** For imputation by group. */
  readonly group?: string
}

/** The steps in their order. A step that is left out is not taken; normalisation is min-max from 0 to 100 unless said otherwise. */
export interface IndexRecipe {
  readonly impute?: Imputation
  /** Units with a smaller share of measures known, after imputation, are left out. */
  readonly screen?: number
  readonly treat?: Treatment
  readonly normalise?: Normalisation
  /** One mean for all groups, or one by id of group. */
  readonly mean?: Mean | { readonly byGroup: { readonly [id: string]: Mean }; readonly otherwise: Mean }
}

/** A unit with its score at every node. */
export interface IndexScore {
  readonly id: string
  readonly value: number | null
  /** 1 for the best; null without a score. Equal scores share the better place. */
  readonly rank: number | null
  /** By node of the tree, measures included (normalised). */
  readonly scores: { readonly [id: string]: number | null }
}

/** A composite index: the scores, and what each step did. */
export interface CompositeIndex {
  readonly units: readonly IndexScore[]
  readonly imputed: readonly { readonly measure: string; readonly unit: string; readonly value: number }[]
  readonly screenedOut: readonly { readonly unit: string; readonly known: number }[]
  readonly treated: readonly {
    readonly measure: string
    readonly how: 'winsorised' | 'logarithm'
    readonly points: readonly { readonly unit: string; readonly from: number; readonly to: number }[]
  }[]
  /** The share of each measure in the whole, as the weights along its path say. */
  readonly weights: { readonly [measure: string]: number }
  /** What the scores were made of; robustness and explanations work on it. */
  readonly basis: IndexBasis
}

/** The normalised measures of an index, and how they are put together. */
export interface IndexBasis {
  readonly tree: Tree
  readonly powers: readonly (number | null)[]
  readonly unitIds: readonly string[]
  /** By measure, then by unit. */
  readonly raw: readonly (readonly (number | null)[])[]
  readonly normalised: readonly (readonly (number | null)[])[]
}

/**
 * A composite index: measures are divided by their denominators, filled, screened, treated for outliers, normalised, and put
 * together group by group. The answer says what every step did.
 *
 * @example
 * ```ts
 * import { compositeIndex } from '@patronkit/kpi-scoring'
 *
 * const index = compositeIndex({
 *   tree: { id: 'service', of: [{ id: 'first-reply', direction: 'cost' }, { id: 'quality', of: [{ id: 'csat' }, { id: 'reopened', direction: 'cost', per: 'tickets' }] }] },
 *   units: [{ id: 'north', values: { 'first-reply': 41, csat: 0.9, reopened: 12, tickets: 400 } }, { id: 'south', values: { 'first-reply': 55, csat: 0.8, reopened: 30, tickets: 500 } }],
 * })
 * console.log(index.units.map(({ id, value, rank }) => `${rank}. ${id} ${value}`))
 * ```
 */
export function compositeIndex(i: {
  readonly tree: IndexNode
  readonly units: readonly IndexUnit[]
  readonly recipe?: IndexRecipe
}): CompositeIndex {
  const tree = layOut(i.tree)
  const recipe = i.recipe ?? {}
  const given = listOf(i.units, 'units') as readonly IndexUnit[]
  distinct(
    given.map((unit) => unit.id),
    'units',
  )
  const imputed: { measure: string; unit: string; value: number }[] = []
  const filled = tree.measures.map(({ id, per }) => {
    const raw = given.map((unit) => rawOf(unit, id, per))
    if (!recipe.impute) return raw
    const { values, filled } = impute({ values: raw, by: recipe.impute, groups: given.map((unit) => unit.group) })
    for (const at of filled) imputed.push({ measure: id, unit: given[at]!.id, value: values[at]! })
    return values
  })
  const { kept, screenedOut } = screen(given, filled, recipe.screen)
  const units = kept.map((at) => given[at]!)
  const treated: CompositeIndex['treated'][number][] = []
  const raw = filled.map((values) => kept.map((at) => values[at]!))
  const normalised = tree.measures.map(({ id, direction }, at) => {
    const before = raw[at]!
    const after = recipe.treat ? treat({ values: before, ...recipe.treat }) : undefined
    if (after && after.how !== 'nothing') {
      const points = after.points.map((p) => ({ unit: units[p]!.id, from: before[p]!, to: after.values[p]! }))
      treated.push({ measure: id, how: after.how, points })
    }
    const by = recipe.normalise ?? { kind: 'min-max', from: 0, to: 100 }
    return normalise({ values: after?.values ?? before, by, direction, of: id })
  })
  const basis: IndexBasis = { tree, powers: powersOf(tree, recipe.mean), unitIds: units.map(({ id }) => id), raw, normalised }
  return { units: scoresOf(basis), imputed, screenedOut, treated, weights: effectiveWeights(tree), basis }
}

function rawOf(unit: IndexUnit, id: string, per: string | undefined): number | null {
  const value = own(unit, id)
  if (per === undefined || value === null) return value
  const by = own(unit, per)
  // Without a denominator there is no rate; dividing by 0 leaves it unknown too.
  return by === null || by === 0 ? null : value / by
}

function own(unit: IndexUnit, id: string): number | null {
  const value = Object.hasOwn(unit.values, id) ? unit.values[id] : null
  return value === null || value === undefined ? null : finite(value, `units.${unit.id}.${id}`)
}

function screen(units: readonly IndexUnit[], measures: readonly (readonly (number | null)[])[], least: number | undefined) {
  const kept: number[] = []
  const screenedOut: { unit: string; known: number }[] = []
  if (least !== undefined && least !== 1) between(least, 'recipe.screen')
  units.forEach((unit, at) => {
    const known = measures.reduce((count, values) => (values[at] === null ? count : count + 1), 0) / measures.length
    if (least === undefined || known >= least) kept.push(at)
    else screenedOut.push({ unit: unit.id, known })
  })
  if (kept.length === 0) throw wrong('recipe.screen', `is ${least}, and no unit has so much`, 'Ask for less, or fill what is missing.')
  return { kept, screenedOut }
}

function powersOf(tree: Tree, mean: IndexRecipe['mean']): (number | null)[] {
  if (typeof mean !== 'object' || !('byGroup' in mean)) return tree.ids.map(() => powerOf(mean ?? 'arithmetic'))
  for (const id of Object.keys(mean.byGroup)) if (!tree.ids.includes(id)) throw unknownId(id, 'recipe.mean.byGroup')
  return tree.ids.map((id) => powerOf(Object.hasOwn(mean.byGroup, id) ? mean.byGroup[id]! : mean.otherwise))
}

/** The score of one unit at every node, under these weights. Parts that are not known give their weight to the others. */
export function scoreUnit(basis: IndexBasis, unit: number, weights: readonly number[]): (number | null)[] {
  const { tree, powers, normalised } = basis
  const scores = new Array<number | null>(tree.ids.length)
  for (let node = 0; node < tree.ids.length; node++) {
    const parts = tree.parts[node]!
    if (parts === null) {
      scores[node] = normalised[tree.measureAt[node]!]![unit]!
      continue
    }
    const { known, shares } = sharesOf(parts, scores, weights)
    const values = known.map((part) => scores[part]!)
    scores[node] =
      known.length === 0 ? null : meanOf(values, shares, powers[node]!, (at) => `${tree.ids[known[at]!]} of ${basis.unitIds[unit]}`)
  }
  return scores
}

function sharesOf(parts: readonly number[], scores: readonly (number | null)[], weights: readonly number[]) {
  const known = parts.filter((part) => scores[part] !== null && weights[part]! > 0)
  const total = known.reduce((sum, part) => sum + weights[part]!, 0)
  return { known, shares: known.map((part) => weights[part]! / total) }
}

function scoresOf(basis: IndexBasis): IndexScore[] {
  const { tree, unitIds } = basis
  const rows = unitIds.map((_, unit) => scoreUnit(basis, unit, tree.weights))
  const ranks = ranksOf(rows.map((row) => row.at(-1)!))
  return rows.map((row, unit) => ({
    id: unitIds[unit]!,
    value: row.at(-1)!,
    rank: ranks[unit]!,
    scores: Object.fromEntries(row.map((value, node) => [tree.ids[node]!, value])),
  }))
}

/** Places from the best down; null where there is no score. */
export function ranksOf(scores: readonly (number | null)[]): (number | null)[] {
  const known = scores.filter((score) => score !== null)
  const places = rank({ values: known, ties: 'competition' })
  let next = 0
  return scores.map((score) => (score === null ? null : places[next++]!))
}

function effectiveWeights(tree: Tree): { [measure: string]: number } {
  const share = new Array<number>(tree.ids.length).fill(0)
  share[tree.ids.length - 1] = 1
  for (let node = tree.ids.length - 1; node >= 0; node--) {
    const parts = tree.parts[node]!
    const total = parts?.reduce((sum, part) => sum + tree.weights[part]!, 0) ?? 0
    for (const part of parts ?? []) share[part] = total > 0 ? (share[node]! * tree.weights[part]!) / total : 0
  }
  return Object.fromEntries(tree.ids.flatMap((id, node) => (tree.parts[node] === null ? [[id, share[node]!]] : [])))
}

/** What one measure gives to a unit's index. */
export interface IndexContribution {
  readonly measure: string
  readonly raw: number | null
  readonly normalised: number | null
  /** How much the index moves with this measure; under arithmetic means its share in the whole. */
  readonly weight: number
  /** normalised × weight; all of them sum to the index. */
  readonly points: number
}

/** Takes a unit's index apart: the points of its measures sum to it, whatever the means. */
export function explainIndex(i: { readonly index: CompositeIndex; readonly unit: string }): readonly IndexContribution[] {
  const { basis } = i.index
  const { tree } = basis
  const unit = basis.unitIds.indexOf(i.unit)
  if (unit < 0) throw unknownId(i.unit, 'unit')
  const scores = scoreUnit(basis, unit, tree.weights)
  const slopes = new Array<number>(tree.ids.length).fill(0)
  slopes[tree.ids.length - 1] = 1
  for (let node = tree.ids.length - 1; node >= 0; node--) {
    const parts = tree.parts[node]
    if (!parts || scores[node] === null) continue
    const { known, shares } = sharesOf(parts, scores, tree.weights)
    const inner = slopesOf(
      known.map((part) => scores[part]!),
      shares,
      basis.powers[node]!,
      scores[node]!,
    )
    known.forEach((part, at) => {
      slopes[part] = slopes[node]! * inner[at]!
    })
  }
  return tree.ids.flatMap((measure, node) => {
    const at = tree.measureAt[node]!
    if (at < 0) return []
    const normalised = scores[node]!
    const weight = normalised === null ? 0 : slopes[node]!
    return [{ measure, raw: basis.raw[at]![unit]!, normalised, weight, points: (normalised ?? 0) * weight }]
  })
}
