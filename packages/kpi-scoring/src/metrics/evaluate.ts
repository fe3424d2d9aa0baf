import { exact, textOf } from '../exact.ts'
import { unknownId, wrong } from '../refusals.ts'
import type { Amount } from '../targets/progress.ts'
import type { Value } from './formula.ts'
import type { MetricGraph } from './graph.ts'
import type { MetricValue } from './model.ts'

/** The values of all metrics of a graph at one time. */
export interface Evaluation {
  readonly graph: MetricGraph
  value(id: string): MetricValue
  /** How many formulas were worked out to get here from the evaluation before. */
  readonly recomputed: number
  /** By place in the graph. */
  readonly values: readonly Value[]
}

/**
 * Works out a graph from the values of its measured metrics; those that are absent or null are undefined.
 *
 * @example
 * ```ts
 * import { changeValues, evaluateMetrics, metricGraph } from '@patronkit/kpi-scoring'
 *
 * const graph = metricGraph({ metrics: [
 *   { id: 'met', unit: 'count', kind: 'simple', value: 'sla.met', fold: 'count' },
 *   { id: 'closed', unit: 'count', kind: 'simple', value: 'sla.closed', fold: 'count' },
 *   { id: 'attainment', unit: 'share', kind: 'ratio', numerator: 'met', denominator: 'closed' } ] })
 * const before = evaluateMetrics({ graph, values: { met: 90, closed: 100 } })
 * const after = changeValues({ evaluation: before, values: { met: 91 } })
 * console.log(after.value('attainment').value, after.recomputed) // 0.91 1
 * ```
 */
export function evaluateMetrics(i: { readonly graph: MetricGraph; readonly values: { readonly [id: string]: Amount | null } }): Evaluation {
  const { graph } = i
  if (graph.shifted !== null)
    throw wrong(`metric ${graph.shifted}`, 'looks at another period', 'Ask measure({ calendar, … }), which has periods.')
  const values: Value[] = graph.metrics.map(({ id }, place) => (graph.formulas[place] ? UNKNOWN : given(id, null)))
  for (const [id, value] of Object.entries(i.values)) values[measuredPlace(graph, id)] = given(id, value)
  const get = (place: number) => values[place]!
  let recomputed = 0
  graph.formulas.forEach((formula, place) => {
    if (!formula) return
    values[place] = formula(get)
    recomputed++
  })
  return evaluation(graph, values, recomputed)
}

/** The evaluation after some measured values have changed: only what depends on them is worked out anew. */
export function changeValues(i: {
  readonly evaluation: Evaluation
  readonly values: { readonly [id: string]: Amount | null }
}): Evaluation {
  const { graph } = i.evaluation
  const values = [...i.evaluation.values]
  const touched = new Set<number>()
  const queue: number[] = []
  for (const [id, value] of Object.entries(i.values)) {
    const place = measuredPlace(graph, id)
    values[place] = given(id, value)
    queue.push(place)
  }
  while (queue.length > 0) {
    for (const place of graph.neededBy[queue.pop()!]!) {
      if (touched.has(place)) continue
      touched.add(place)
      queue.push(place)
    }
  }
  const get = (place: number) => values[place]!
  // Places stand in an order in which each can be worked out.
  for (const place of [...touched].sort((a, b) => a - b)) values[place] = graph.formulas[place]!(get)
  return evaluation(graph, values, touched.size)
}

/** Stands where a formula is about to be worked out. */
const UNKNOWN: Value = Object.freeze({ value: null })

function measuredPlace(graph: MetricGraph, id: string): number {
  const place = graph.placeOf.get(id)
  if (place === undefined) throw unknownId(id, 'values')
  if (graph.formulas[place]) throw wrong(`values.${id}`, 'is worked out by a formula', 'Give the values of the metrics that it needs.')
  return place
}

const given = (id: string, value: Amount | null): Value =>
  value === null ? { value: null, reason: { code: 'no-data', metric: id } } : { value: exact(value, `values.${id}`) }

function evaluation(graph: MetricGraph, values: readonly Value[], recomputed: number): Evaluation {
  const value = (id: string): MetricValue => {
    const place = graph.placeOf.get(id)
    if (place === undefined) throw unknownId(id, 'graph')
    return shownValue(graph, place, values[place]!)
  }
  return { graph, value, recomputed, values }
}

/** A value as it leaves the library. */
export function shownValue(graph: MetricGraph, place: number, { value, reason }: Value): MetricValue {
  const { unit } = graph.metrics[place]!
  if (value === null) return { value: null, unit, ...(reason ? { reason } : {}) }
  const approximate = graph.approximate[place]!
  return { value: textOf(value), unit, ...(approximate.length > 0 ? { approximate } : {}) }
}
