import { wallMs } from '@patronkit/core/service'
import { shown } from '../checks.ts'
import { unknownId, wrong } from '../refusals.ts'
import { type ReportingCalendar, type Spine, spineOf } from './calendar.ts'
import { referencesOf } from './formula.ts'
import type { MetricGraph } from './graph.ts'
import type { Metric } from './model.ts'
import { longer, type Stretch, shifted } from './shift.ts'

/** The days of a period's name. */
export function named(spine: Spine, id: string): Stretch {
  const found = spine.named(id)
  if (!found)
    throw wrong(
      'period',
      `is ${shown(id)}, which this calendar does not have`,
      "Give '2026', '2026-Q4', '2026-M11', '2026-W07' or '2026-11-22'.",
    )
  return found
}

export const keyOf = (stretch: Stretch): string => `${stretch.from}:${stretch.to}`

/** Over which stretches each metric is needed, by place, from the one asked for down. */
export function wantedOver(graph: MetricGraph, spine: Spine, place: number, stretch: Stretch): (Map<string, Stretch> | undefined)[] {
  const wanted: (Map<string, Stretch> | undefined)[] = []
  wanted[place] = new Map([[keyOf(stretch), stretch]])
  for (let at = place; at >= 0; at--) {
    for (const mine of wanted[at]?.values() ?? []) {
      for (const [needed, its] of neededOver(graph, spine, graph.metrics[at]!, mine)) {
        wanted[needed] ??= new Map()
        wanted[needed].set(keyOf(its), its)
      }
    }
  }
  return wanted
}

function neededOver(graph: MetricGraph, spine: Spine, metric: Metric, stretch: Stretch): [place: number, over: Stretch][] {
  const place = (id: string) => graph.placeOf.get(id)!
  if (metric.kind === 'ratio') return [metric.numerator, metric.denominator].map((id) => [place(id), stretch])
  if (metric.kind === 'cumulative') return [[place(metric.of), longer(spine, stretch, metric.over)]]
  if (metric.kind !== 'derived') return []
  return referencesOf(metric.formula).flatMap(({ metric: id, shift }) => {
    const its = shift ? shifted(spine, stretch, shift) : stretch
    return its ? [[place(id), its] as [number, Stretch]] : []
  })
}

/** What measurements a question looks at: their names, and the instants [from, to) between which all of them lie. */
export interface Reach {
  readonly names: readonly string[]
  readonly from: number
  readonly to: number
}

/** How far metrics over a period reach: for whoever reads measurements from a store. */
export function reachOf(i: {
  readonly graph: MetricGraph
  readonly calendar: ReportingCalendar
  readonly metrics: readonly string[]
  readonly period: string
}): Reach {
  const { graph } = i
  const spine = spineOf(i.calendar)
  const stretch = named(spine, i.period)
  const names = new Set<string>()
  let [from, to] = [spine.midnight(stretch.from), spine.midnight(stretch.to)]
  for (const id of i.metrics) {
    const place = graph.placeOf.get(id)
    if (place === undefined) throw unknownId(id, 'metrics')
    wantedOver(graph, spine, place, stretch).forEach((stretches, at) => {
      const metric = graph.metrics[at]!
      const measured = metric.kind === 'simple' ? [metric.value] : metric.kind === 'conversion' ? [metric.base, metric.converted] : []
      for (const name of measured) names.add(name)
      for (const its of (measured.length > 0 && stretches?.values()) || []) {
        from = Math.min(from, spine.midnight(its.from))
        to = Math.max(to, spine.midnight(its.to) + (metric.kind === 'conversion' ? wallMs(metric.within) : 0))
      }
    })
  }
  return { names: [...names].sort(), from, to }
}
