import type { Spine } from './calendar.ts'
import type { Value } from './formula.ts'
import type { MetricGraph } from './graph.ts'
import { longer, type Stretch, shifted } from './shift.ts'
import { keyOf, wantedOver } from './wanted.ts'

/** The value of a measured metric, at its place of the graph, over a stretch: from rows at hand, or from what a database told. */
export type Measured = (place: number, stretch: Stretch) => Value

/** Works every metric that is needed out over each stretch it is needed for, from the bottom up. */
export function workOut(graph: MetricGraph, spine: Spine, place: number, stretch: Stretch, measured: Measured): Value {
  const wanted = wantedOver(graph, spine, place, stretch)
  const values: (Map<string, Value> | undefined)[] = []
  const found = (at: number, its: Stretch): Value => values[at]!.get(keyOf(its))!
  const worked = (at: number, its: Stretch): Value => {
    const metric = graph.metrics[at]!
    if (metric.kind === 'cumulative') return found(graph.placeOf.get(metric.of)!, longer(spine, its, metric.over))
    const formula = graph.formulas[at]
    if (!formula) return measured(at, its)
    return formula((needed, shift) => {
      const then = shift ? shifted(spine, its, shift) : its
      return then ? found(needed, then) : { value: null, reason: { code: 'no-such-period', metric: graph.metrics[needed]!.id } }
    })
  }
  for (let at = 0; at <= place; at++) {
    const mine = wanted[at]
    if (mine) values[at] = new Map([...mine].map(([key, its]) => [key, worked(at, its)]))
  }
  return found(place, stretch)
}
