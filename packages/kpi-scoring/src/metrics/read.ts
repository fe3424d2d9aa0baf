import type { Pred, Scalar } from '@patronkit/core'
import {
  canonicalJson,
  compareText,
  type HostColumn,
  type HostCondition,
  type HostReader,
  type HostReading,
  type HostSummary,
  type HostTold,
  type HostTotals,
  type MaybePromise,
  wallMs,
  whenDone,
} from '@patronkit/core/service'
import { shown } from '../checks.ts'
import { type Exact as Decimal, Exact } from '../exact.ts'
import { unknownId, wrong } from '../refusals.ts'
import { type ReportingCalendar, type Spine, spineOf } from './calendar.ts'
import { shownValue } from './evaluate.ts'
import type { Value } from './formula.ts'
import type { MetricGraph } from './graph.ts'
import { type Field, lowerWhere } from './lower-where.ts'
import type { ConversionMetric, MetricValue, SimpleMetric } from './model.ts'
import { foldName, isQuantile, shareOf } from './quantile.ts'
import type { Stretch } from './shift.ts'
import { type MeasuredRows, type MeasurementSource, measuredRows } from './source.ts'
import { nothing } from './statistic.ts'
import { keyOf, named, wantedOver } from './wanted.ts'
import { workOut } from './work-out.ts'

/** What is asked of the host's tables: any metrics, over any periods, by any dimensions. */
export interface MetricsAsked {
  readonly tenant: string
  readonly sources: readonly MeasurementSource[]
  readonly graph: MetricGraph
  readonly calendar: ReportingCalendar
  readonly metrics: readonly string[]
  readonly periods: readonly string[]
  /** Columns that every source concerned has: texts, integers, booleans or days. */
  readonly by?: readonly string[]
}

/** The metrics of one period and group. */
export interface MetricsRead {
  readonly period: string
  readonly group: { readonly [dimension: string]: Scalar }
  readonly metrics: { readonly [id: string]: MetricValue }
}

/**
 * The values that `measure` would answer if the rows of the host's tables were measurements, digit for digit: the database tells sums,
 * counts and the like of the measured metrics, all in one statement, and everything else is worked out from these here. One entry for
 * every period and, with `by`, for every group that has a row in one of them. Waits only where the connection does.
 *
 * @throws `storage/not-in-sql` with the path of what has no exact answer in SQL
 *
 * @example
 * ```ts
 * import { DatabaseSync } from 'node:sqlite'
 * import { type MeasurementSource, metricGraph, readMetrics } from '@patronkit/kpi-scoring'
 * import { hostReader } from '@patronkit/storage-sql/host'
 * import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
 *
 * const orders: MeasurementSource = {
 *   rows: { table: 'orders', tenantColumn: 'org', keyColumn: 'id', columns: { placed_at: 'instant', total: 'decimal', region: 'text' } },
 *   at: 'placed_at',
 *   measurements: { 'order.total': { value: 'total' } },
 * }
 * const graph = metricGraph({ metrics: [{ id: 'revenue', unit: 'EUR', kind: 'simple', value: 'order.total', fold: 'sum' }] })
 * const reader = hostReader({ connection: fromNodeSqlite(new DatabaseSync('crm.db')) })
 * const calendar = { zone: 'Europe/Rome' }
 * for (const { period, group, metrics } of await readMetrics({ reader, tenant: 'acme', sources: [orders], graph, calendar,
 *   metrics: ['revenue'], periods: ['2026-Q3', '2026-Q4'], by: ['region'] })) console.log(period, group.region, metrics.revenue?.value)
 * ```
 */
export function readMetrics(
  i: MetricsAsked & { readonly reader: HostReader } & Pick<HostReading, 'session'>,
): MaybePromise<readonly MetricsRead[]> {
  const asked = questionsOf(i)
  const reading = i.session ? { session: i.session } : {}
  const summaries = asked.map(({ summary }) => summary)
  return whenDone(i.reader.summaries(summaries, reading), (totals) => putTogether(i, asked, totals))
}

/** The questions that `readMetrics` asks, one for each measured metric; `reader.statement` makes SQL of them. */
export const metricSummaries = (i: MetricsAsked): readonly HostSummary[] => questionsOf(i).map(({ summary }) => summary)

interface Question {
  readonly place: number
  readonly stretches: readonly Stretch[]
  readonly summary: HostSummary
}

function questionsOf(i: MetricsAsked): readonly Question[] {
  const { graph } = i
  const spine = spineOf(i.calendar)
  const rows = measuredRows(i.sources)
  const wanted = new Map<number, Map<string, Stretch>>()
  for (const period of i.periods) {
    for (const id of i.metrics) {
      wantedOver(graph, spine, placeOf(graph, id), named(spine, period)).forEach((stretches, place) => {
        const metric = graph.metrics[place]!
        if (metric.kind !== 'simple' && metric.kind !== 'conversion') return
        const all = wanted.get(place) ?? new Map<string, Stretch>()
        for (const [key, stretch] of stretches ?? []) all.set(key, stretch)
        wanted.set(place, all)
      })
    }
  }
  return [...wanted]
    .sort(([a], [b]) => a - b)
    .map(([place, all]) => {
      const stretches = [...all.values()]
      return { place, stretches, summary: summaryOf(i, rows, spine, place, stretches) }
    })
}

function placeOf(graph: MetricGraph, id: string): number {
  const place = graph.placeOf.get(id)
  if (place === undefined) throw unknownId(id, 'metrics')
  return place
}

function summaryOf(
  i: MetricsAsked,
  rows: ReadonlyMap<string, MeasuredRows>,
  spine: Spine,
  place: number,
  stretches: readonly Stretch[],
): HostSummary {
  const metric = i.graph.metrics[place] as SimpleMetric | ConversionMetric
  const rowsOf = (name: string): MeasuredRows => {
    const found = rows.get(name)
    if (!found) throw unknownId(name, `metric ${metric.id}, which is read from sources,`)
    return found
  }
  const of = rowsOf(metric.kind === 'simple' ? metric.value : metric.base)
  return {
    tenant: i.tenant,
    table: of.table,
    where: whereOf(of, metric),
    at: of.at,
    stretches: stretches.map(({ from, to }) => ({ from: spine.midnight(from), to: spine.midnight(to) })),
    by: groupedBy(of, i.by ?? []),
    tell: metric.kind === 'simple' ? toldOf(metric, of) : followedBy(metric, of, rowsOf(metric.converted), i.by ?? []),
  }
}

const groupable: readonly HostColumn['type'][] = ['text', 'integer', 'boolean', 'date']

const groupedBy = (of: MeasuredRows, by: readonly string[]): readonly HostColumn[] =>
  by.map((name, at) => {
    const column = of.columns.get(name)
    if (!column) throw unknownId(name, `by.${at}`)
    if (groupable.includes(column.type)) return column
    throw wrong(`by.${at}`, `is ${shown(name)}, a column of type ${column.type}`, `Name one of type ${groupable.join(', ')}.`)
  })

/** Which rows are measurements of a name, and among those the ones that a metric looks at. */
function whereOf(of: MeasuredRows, metric: SimpleMetric | ConversionMetric): HostCondition {
  const conditions: HostCondition[] = []
  if (of.value) conditions.push({ op: 'not', of: { op: 'missing', column: of.value } })
  const path = `metric ${metric.id}, where`
  const named = (name: string): Field => {
    const column = of.columns.get(name)
    if (!column) throw unknownId(name, path)
    return { column }
  }
  if (of.where) conditions.push(lowerWhere(of.where, `sources, ${path}`, named))
  const where: Pred | undefined = metric.kind === 'simple' ? metric.where : undefined
  if (where) {
    const fieldOf = (name: string): Field => {
      if (name === 'value') return of.value ? { column: of.value } : { always: 1 }
      if (name === 'subject') return of.subject ? { column: of.subject, ifMissing: '' } : { always: '' }
      return named(name)
    }
    conditions.push(lowerWhere(where, path, fieldOf))
  }
  if (metric.kind === 'simple' && metric.fold !== 'count' && of.value?.type === 'number')
    conditions.push({ op: 'unknown', path: `metric ${metric.id}`, what: `a ${foldName(metric.fold)} of binary fractions` })
  if (metric.kind === 'simple' && isQuantile(metric.fold) && metric.fold.error !== undefined)
    conditions.push({ op: 'unknown', path: `metric ${metric.id}`, what: 'a sketch (leave out its error for the exact quantile)' })
  return { op: 'all', of: conditions }
}

/** Of an even number of values there are two middle ones. */
const MIDDLE = [
  { times: 1, plus: 1, over: 2 },
  { times: 1, plus: 2, over: 2 },
]

function toldOf({ fold }: SimpleMetric, { value: of, subject: per, key }: MeasuredRows): HostTold {
  if (isQuantile(fold)) {
    const { times, over } = shareOf(fold)
    return { told: 'ranked', of, places: [{ times, plus: over - 1, over }] }
  }
  switch (fold) {
    case 'count':
      return { told: 'count' }
    case 'sum':
    case 'mean':
      return { told: 'sum', of }
    case 'minimum':
      return { told: 'min', of }
    case 'maximum':
      return { told: 'max', of }
    case 'median':
      return { told: 'ranked', of, places: MIDDLE }
    case 'latest':
      return { told: 'latest', of, per, key }
  }
}

function followedBy(metric: ConversionMetric, of: MeasuredRows, next: MeasuredRows, by: readonly string[]): HostTold {
  const { table, at, subject: per } = next
  return {
    told: 'followed',
    per: of.subject,
    within: wallMs(metric.within),
    next: { table, where: whereOf(next, metric), at, per, by: groupedBy(next, by) },
  }
}

type Group = HostTotals['by']

function putTogether(i: MetricsAsked, asked: readonly Question[], totals: readonly (readonly HostTotals[])[]): readonly MetricsRead[] {
  const { graph, by = [] } = i
  const spine = spineOf(i.calendar)
  const groups = new Map<string, Group>(by.length === 0 ? [['[]', []]] : [])
  const told = new Map<string, HostTotals>()
  const nameOf = (place: number, stretch: Stretch, group: string) => `${place} ${keyOf(stretch)} ${group}`
  asked.forEach(({ place, stretches }, at) => {
    for (const one of totals[at]!) {
      const group = canonicalJson(one.by)
      groups.set(group, one.by)
      told.set(nameOf(place, stretches[one.stretch]!, group), one)
    }
  })
  const sorted = [...groups].sort(([, a], [, b]) => inOrder(a, b))
  return i.periods.flatMap((period) => {
    const stretch = named(spine, period)
    return sorted.map(([key, group]) => ({
      period,
      group: Object.fromEntries(by.map((name, at) => [name, group[at]!])),
      metrics: Object.fromEntries(
        i.metrics.map((id) => {
          const place = placeOf(graph, id)
          const measured = (at: number, its: Stretch) =>
            toldValue(graph.metrics[at] as SimpleMetric | ConversionMetric, told.get(nameOf(at, its, key)))
          return [id, shownValue(graph, place, workOut(graph, spine, place, stretch, measured))]
        }),
      ),
    }))
  })
}

/** The value of a measured metric out of what was told of its group; a group without a row was not told of. */
function toldValue(metric: SimpleMetric | ConversionMetric, totals: HostTotals | undefined): Value {
  const [first, second] = (totals?.values ?? []).map((text) => numberOf(text, metric.id))
  if (metric.kind === 'conversion') {
    if (!totals) return { value: null, reason: { code: 'no-data', metric: metric.id } }
    return { value: first!.div(totals.count) }
  }
  if (metric.fold === 'count') return { value: new Exact(totals?.count ?? 0) }
  if (!totals) return nothing(metric)
  if (metric.fold === 'mean') return { value: first!.div(totals.count) }
  return { value: metric.fold === 'median' ? first!.plus(second!).div(2) : first! }
}

/** Postgres has decimals that are no numbers. */
function numberOf(text: string, metric: string): Decimal {
  const number = new Exact(text)
  if (number.isFinite()) return number
  throw wrong(`metric ${metric}`, `is read from a column that holds ${text}`, 'Keep such rows out with a condition, or mend them.')
}

/** Missing first, then truths, numbers and texts, each in its order. */
function inOrder(a: Group, b: Group): number {
  for (let at = 0; at < a.length; at++) {
    const [mine, its] = [a[at]!, b[at]!]
    const kinds = KIND.indexOf(kindOf(mine)) - KIND.indexOf(kindOf(its))
    const order = kinds !== 0 ? kinds : typeof mine === 'string' ? compareText(mine, its as string) : Number(mine) - Number(its)
    if (order !== 0) return order
  }
  return 0
}

const KIND = ['object', 'boolean', 'number', 'string']
const kindOf = (value: Scalar): string => typeof value
