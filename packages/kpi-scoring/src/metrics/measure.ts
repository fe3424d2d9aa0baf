import type { Instant, Scalar } from '@patronkit/core'
import { valueAt, wallMs } from '@patronkit/core/service'
import { Exact } from '../exact.ts'
import { unknownId, wrong } from '../refusals.ts'
import { type Grain, type Period, periodsBetween, type ReportingCalendar, type Spine, spineOf } from './calendar.ts'
import { shownValue } from './evaluate.ts'
import type { Value } from './formula.ts'
import type { MetricGraph } from './graph.ts'
import { between, type Measurements, type Row } from './measurements.ts'
import type { ConversionMetric, MetricValue } from './model.ts'
import { needsEveryValue } from './quantile.ts'
import type { Stretch } from './shift.ts'
import { folded, foldedWhole, statisticOf } from './statistic.ts'
import { named } from './wanted.ts'
import { holdsFor } from './where.ts'
import { workOut } from './work-out.ts'

/** What a metric is worked out from. */
export interface MeasureInput {
  readonly graph: MetricGraph
  readonly measurements: Measurements
  readonly calendar: ReportingCalendar
  readonly metric: string
  /**
   * Dimensions of subjects as they are now. Without it a measurement counts where it stood at its time; with it, where its subject
   * stands today.
   */
  readonly members?: { readonly [subject: string]: { readonly [name: string]: Scalar } }
}

/**
 * The value of any metric over a period such as `2026-Q4`.
 *
 * @example
 * ```ts
 * import { measure, metricGraph, readMeasurements } from '@patronkit/kpi-scoring'
 *
 * const graph = metricGraph({ metrics: [
 *   { id: 'revenue', unit: 'EUR', kind: 'simple', value: 'order.total', fold: 'sum' },
 *   { id: 'growth', unit: 'share', kind: 'derived', formula: { subtract: [
 *     { divide: [{ metric: 'revenue' }, { metric: 'revenue', shift: { years: 1 } }] }, { number: '1' }] } } ] })
 * const measurements = readMeasurements({ rows: [
 *   { id: 'o1', at: '2025-11-03T10:00:00Z', name: 'order.total', value: '80.00' },
 *   { id: 'o2', at: '2026-11-03T10:00:00Z', name: 'order.total', value: '100.00' }] })
 * measure({ graph, measurements, calendar: { zone: 'Europe/Rome' }, metric: 'growth', period: '2026-Q4' }).value // '0.25'
 * ```
 */
export function measure(i: MeasureInput & { readonly period: string }): MetricValue {
  const spine = spineOf(i.calendar)
  return over(i, spine, named(spine, i.period), everyone)
}

/** One value for every period that touches [from, to); a period without measurements has its place, too. */
export function measureSeries(
  i: MeasureInput & { readonly grain: Grain; readonly from: Instant; readonly to: Instant },
): readonly ({ readonly period: Period } & MetricValue)[] {
  const spine = spineOf(i.calendar)
  return periodsBetween(i).map((period) => ({ period, ...over(i, spine, named(spine, period.id), everyone) }))
}

/** One value for every value of a dimension, in the order of first measurement; what lacks it stands under null. */
export function measureBy(
  i: MeasureInput & { readonly period: string; readonly by: string },
): readonly ({ readonly group: Scalar } & MetricValue)[] {
  const spine = spineOf(i.calendar)
  const groupOf = (row: Row): Scalar => (valueAt(dimensionsOf(row, i.members), i.by) as Scalar | undefined) ?? null
  const groups = new Set<Scalar>()
  for (const rows of i.measurements.values()) for (const row of rows) groups.add(groupOf(row))
  return [...groups].map((group) => ({ group, ...over(i, spine, named(spine, i.period), (row) => groupOf(row) === group) }))
}

const everyone = (): boolean => true

function dimensionsOf(row: Row, members: MeasureInput['members']): { readonly [name: string]: Scalar } {
  if (!members) return row.dimensions
  return Object.hasOwn(members, row.subject) ? members[row.subject]! : {}
}

function over(i: MeasureInput, spine: Spine, stretch: Stretch, inGroup: (row: Row) => boolean): MetricValue {
  const { graph } = i
  const place = graph.placeOf.get(i.metric)
  if (place === undefined) throw unknownId(i.metric, 'metric')
  const value = workOut(graph, spine, place, stretch, (at, its) => measuredOver(i, spine, at, its, inGroup))
  return shownValue(graph, place, value)
}

function measuredOver(i: MeasureInput, spine: Spine, at: number, stretch: Stretch, inGroup: (row: Row) => boolean): Value {
  const metric = i.graph.metrics[at]!
  const [from, to] = [spine.midnight(stretch.from), spine.midnight(stretch.to)]
  const rowsOf = (name: string) => (i.measurements.get(name) ?? []).filter(inGroup)
  if (metric.kind === 'conversion') return converted(metric, between(rowsOf(metric.base), from, to), rowsOf(metric.converted))
  if (metric.kind !== 'simple') throw wrong('metric', `${metric.id} cannot be measured`, 'Use one of the kinds of the reference.')
  const { where } = metric
  const rows = between(i.measurements.get(metric.value) ?? [], from, to).filter(
    (row) => inGroup(row) && (!where || holdsFor(where, row, dimensionsOf(row, i.members))),
  )
  return needsEveryValue(metric.fold) ? foldedWhole(metric, rows) : folded(metric, statisticOf(metric, rows))
}

/** Each base measurement counts once; the one that follows may lie behind the end of the period. */
function converted(metric: ConversionMetric, base: readonly Row[], later: readonly Row[]): Value {
  if (base.length === 0) return { value: null, reason: { code: 'no-data', metric: metric.id } }
  const within = wallMs(metric.within)
  const bySubject = new Map<string, Row[]>()
  for (const row of later) {
    const mine = bySubject.get(row.subject)
    if (mine) mine.push(row)
    else bySubject.set(row.subject, [row])
  }
  const count = base.reduce(
    (sum, { subject, at }) => (between(bySubject.get(subject) ?? [], at, at + within).length > 0 ? sum + 1 : sum),
    0,
  )
  return { value: new Exact(count).div(base.length) }
}
