import { compositeIndex, explainIndex, type IndexNode, type IndexRecipe, leaveOneOut, shakeWeights } from '@patronkit/kpi-scoring'
import { chanceOf } from '../simulate/chance.ts'
import type { IndexGroup, IndexReport } from './model.ts'
import type { IndexTables } from './read-index.ts'

const SPREAD = 0.25
const DRAWS = 1_000
/** The same draws in every report, so that the same tables give the same page. */
const SEED = 7

/**
 * The steps of COINr's example: missing values take their group's mean (the whole's where no group is named), units with less than
 * nine in ten measures known are left out, outliers are treated, measures run from 0 to 100, weighted means go up the tree.
 */
const recipeOf = (grouped: boolean): IndexRecipe => ({ impute: grouped ? 'group-mean' : 'mean', screen: 0.9, treat: {} })

/** Works an index out, with what its steps did and how firmly its ranks stand. */
export function indexReport(tables: IndexTables): IndexReport {
  const { tree, units, names, unitNames } = tables
  const nameOf = (id: string) => names.get(id) ?? id
  const index = compositeIndex({ tree, units, recipe: recipeOf(units.some(({ group }) => group !== undefined)) })
  const groups = groupsOf(tree, nameOf)
  const above = new Map(measuresUnder(tree, tree.id))
  const intervals = new Map(shakeWeights({ index, random: chanceOf(SEED).next, spread: SPREAD, draws: DRAWS }).map((one) => [one.id, one]))
  const pillars = [...new Set(above.values())]
  const lines = index.units.map((unit) => {
    const points = new Map(pillars.map((pillar) => [pillar, 0]))
    for (const one of unit.value === null ? [] : explainIndex({ index, unit: unit.id })) {
      const pillar = above.get(one.measure)!
      points.set(pillar, points.get(pillar)! + one.points)
    }
    const { low = null, high = null } = intervals.get(unit.id) ?? {}
    return {
      rank: unit.rank,
      id: unit.id,
      name: unitNames.get(unit.id) ?? unit.id,
      value: unit.value,
      scores: Object.fromEntries(groups.map(({ id }) => [id, unit.scores[id] ?? null])),
      points: Object.fromEntries(points),
      low,
      high,
    }
  })
  const last = Number.POSITIVE_INFINITY
  return {
    kind: 'index',
    name: nameOf(tree.id),
    groups,
    measures: [...above].map(([id, parent]) => ({ id, name: nameOf(id), parent, weight: index.weights[id]! })),
    units: lines.sort((a, b) => (a.rank ?? last) - (b.rank ?? last) || (a.id < b.id ? -1 : 1)),
    imputed: index.imputed,
    screenedOut: index.screenedOut,
    treated: index.treated.map(({ measure, how, points }) => ({ measure, how, units: points.map(({ unit }) => unit) })),
    leftOut: leaveOneOut({ index, parts: pillars.filter((id) => id !== tree.id) }).map(({ without, meanRankShift }) => ({
      group: without,
      meanRankShift,
    })),
    spread: SPREAD,
    draws: DRAWS,
  }
}

/** Groups level by level, each with its share among its siblings. */
function groupsOf(tree: IndexNode, nameOf: (id: string) => string): IndexGroup[] {
  const groups: IndexGroup[] = [{ id: tree.id, name: nameOf(tree.id), parent: null, weight: 1 }]
  let level: readonly IndexNode[] = [tree]
  while (level.length > 0) {
    const next: IndexNode[] = []
    for (const node of level) {
      const total = (node.of ?? []).reduce((sum, part) => sum + (part.weight ?? 1), 0)
      for (const part of node.of ?? []) {
        if (!part.of) continue
        groups.push({ id: part.id, name: nameOf(part.id), parent: node.id, weight: (part.weight ?? 1) / total })
        next.push(part)
      }
    }
    level = next
  }
  return groups
}

/** Each measure with the group right above it. */
function measuresUnder(node: IndexNode, above: string): [measure: string, group: string][] {
  return node.of ? node.of.flatMap((part) => measuresUnder(part, node.id)) : [[node.id, above]]
}
