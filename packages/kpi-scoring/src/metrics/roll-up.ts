import { duplicateId, tooDeep, unknownId } from '../refusals.ts'
import { shownValue } from './evaluate.ts'
import { referencesOf, type Value } from './formula.ts'
import type { MetricGraph } from './graph.ts'
import { type Measurement, type Row, readMeasurements } from './measurements.ts'
import type { MetricValue } from './model.ts'
import { foldName, needsEveryValue } from './quantile.ts'
import { EMPTY, folded, mergeStatistics, notAdditive, type Statistic, statisticOf } from './statistic.ts'
import { holdsFor } from './where.ts'

/** A unit of an organisation, a territory, a product line. */
export interface UnitNode {
  readonly id: string
  readonly of?: readonly UnitNode[]
}

/** A unit's metrics, from everything measured in it and below it. */
export interface UnitMetrics {
  readonly id: string
  readonly parent: string | null
  readonly metrics: { readonly [id: string]: MetricValue }
}

const DEEPEST = 100

/**
 * All metrics at every unit of a hierarchy. Units pass sufficient statistics upward (sums, counts, latest balances), never values, so
 * a ratio of the whole is what all its measurements say, to the last digit. A median or an exact quantile is refused: it has no such
 * statistic; a quantile with an `error` has a sketch, which adds up.
 *
 * @example
 * ```ts
 * import { metricGraph, rollUpMetrics } from '@patronkit/kpi-scoring'
 *
 * const graph = metricGraph({ metrics: [{ id: 'reply', unit: 'hours', kind: 'simple', value: 'reply', fold: 'mean' }] })
 * rollUpMetrics({ graph, tree: { id: 'all', of: [{ id: 'north' }, { id: 'south' }] }, rows: [
 *   { unit: 'north', id: 'r1', at: '2026-11-23T10:00:00Z', name: 'reply', value: '2' },
 *   { unit: 'south', id: 'r2', at: '2026-11-23T10:00:00Z', name: 'reply', value: '5' }] })
 * ```
 */
export function rollUpMetrics(i: {
  readonly graph: MetricGraph
  readonly tree: UnitNode
  readonly rows: readonly (Measurement & { readonly unit: string })[]
}): readonly UnitMetrics[] {
  const { graph } = i
  refuseUnadditive(graph)
  const units: { id: string; parent: number }[] = []
  const placeOf = new Map<string, number>()
  const visit = (node: UnitNode, parent: number, level: number): void => {
    if (level > DEEPEST) throw tooDeep('tree', DEEPEST)
    if (placeOf.has(node.id)) throw duplicateId(node.id, 'tree')
    const place = units.push({ id: node.id, parent }) - 1
    placeOf.set(node.id, place)
    for (const part of node.of ?? []) visit(part, place, level + 1)
  }
  visit(i.tree, -1, 1)
  const statistics = units.map(() => new Array<Statistic>(graph.metrics.length).fill(EMPTY))
  const unitOf = new Map(i.rows.map(({ id, unit }) => [id, unit]))
  const measurements = readMeasurements({ rows: i.rows })
  for (const [unit, rows] of rowsByUnit(measurements.values(), unitOf)) {
    const place = placeOf.get(unit)
    if (place === undefined) throw unknownId(unit, 'rows')
    fill(graph, statistics[place]!, rows)
  }
  // Units stand behind their parents, so from the end up every unit is complete before it is passed on.
  for (let place = units.length - 1; place > 0; place--) {
    const above = statistics[units[place]!.parent]!
    statistics[place]!.forEach((statistic, at) => {
      above[at] = mergeStatistics(above[at]!, statistic)
    })
  }
  return units.map(({ id, parent }, place) => ({ id, parent: units[parent]?.id ?? null, metrics: valuesOf(graph, statistics[place]!) }))
}

function refuseUnadditive(graph: MetricGraph): void {
  for (const metric of graph.metrics) {
    if (metric.kind === 'conversion' || metric.kind === 'cumulative') throw notAdditive(metric.id, metric.kind)
    if (metric.kind === 'simple' && needsEveryValue(metric.fold)) throw notAdditive(metric.id, foldName(metric.fold))
    if (metric.kind === 'derived' && referencesOf(metric.formula).some(({ shift }) => shift))
      throw notAdditive(metric.id, 'formula over another period')
  }
}

function rowsByUnit(all: Iterable<readonly Row[]>, unitOf: ReadonlyMap<string, string>): Map<string, Row[]> {
  const byUnit = new Map<string, Row[]>()
  for (const rows of all) {
    for (const row of rows) {
      const unit = unitOf.get(row.id)!
      const mine = byUnit.get(unit)
      if (mine) mine.push(row)
      else byUnit.set(unit, [row])
    }
  }
  return byUnit
}

function fill(graph: MetricGraph, statistics: Statistic[], rows: readonly Row[]): void {
  graph.metrics.forEach((metric, at) => {
    if (metric.kind !== 'simple') return
    const { where, value } = metric
    const mine = rows.filter((row) => row.name === value && (!where || holdsFor(where, row, row.dimensions)))
    statistics[at] = statisticOf(metric, mine)
  })
}

function valuesOf(graph: MetricGraph, statistics: readonly Statistic[]): { [id: string]: MetricValue } {
  const values: Value[] = []
  graph.metrics.forEach((metric, at) => {
    const formula = graph.formulas[at]
    if (formula) values[at] = formula((place) => values[place]!)
    else if (metric.kind === 'simple') values[at] = folded(metric, statistics[at]!)
  })
  return Object.fromEntries(graph.metrics.map((metric, at) => [metric.id, shownValue(graph, at, values[at]!)]))
}
