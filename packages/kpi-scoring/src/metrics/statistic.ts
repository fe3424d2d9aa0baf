import { PatronkitError } from '@patronkit/core'
import { compareText } from '@patronkit/core/service'
import { type Exact as Decimal, Exact } from '../exact.ts'
import type { Value } from './formula.ts'
import type { Row } from './measurements.ts'
import type { SimpleMetric } from './model.ts'
import { foldName, isQuantile, needsEveryValue, placeIn } from './quantile.ts'
import { mergeSketches, type Sketch, sketchOf, valueAtPlace } from './sketch.ts'

/** What a fold has to know of many measurements so that two parts can be put together exactly (a sufficient statistic). */
export interface Statistic {
  readonly count: number
  readonly sum: Decimal
  readonly least: Decimal | null
  readonly greatest: Decimal | null
  /** By subject, for balances. */
  readonly latest: ReadonlyMap<string, Row> | null
  readonly sketch: Sketch | null
}

const ZERO = new Exact(0)

export const EMPTY: Statistic = Object.freeze({ count: 0, sum: ZERO, least: null, greatest: null, latest: null, sketch: null })

/** The statistic of measurements. A median or an exact quantile has none: it needs every value. */
export function statisticOf(metric: SimpleMetric, rows: readonly Row[]): Statistic {
  if (needsEveryValue(metric.fold)) throw notAdditive(metric.id, foldName(metric.fold))
  let { sum, least, greatest } = EMPTY
  const latest = metric.fold === 'latest' ? new Map<string, Row>() : null
  for (const row of rows) {
    if (metric.fold === 'sum' || metric.fold === 'mean') sum = sum.plus(row.value)
    else if (metric.fold === 'minimum') least = least?.lte(row.value) ? least : row.value
    else if (metric.fold === 'maximum') greatest = greatest?.gte(row.value) ? greatest : row.value
    else if (latest) keepLatest(latest, row)
  }
  const error = isQuantile(metric.fold) ? metric.fold.error : undefined
  const sketch = error === undefined ? null : sketchOf(valuesOf(rows), new Exact(error))
  return { count: rows.length, sum, least, greatest, latest, sketch }
}

/** Two parts as one. */
export function mergeStatistics(a: Statistic, b: Statistic): Statistic {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const latest = a.latest && b.latest ? new Map(a.latest) : (a.latest ?? b.latest)
  if (a.latest && b.latest) for (const row of b.latest.values()) keepLatest(latest as Map<string, Row>, row)
  return {
    count: a.count + b.count,
    sum: a.sum.plus(b.sum),
    least: a.least && b.least ? Exact.min(a.least, b.least) : (a.least ?? b.least),
    greatest: a.greatest && b.greatest ? Exact.max(a.greatest, b.greatest) : (a.greatest ?? b.greatest),
    latest,
    sketch: a.sketch && b.sketch ? mergeSketches(a.sketch, b.sketch) : null,
  }
}

function* valuesOf(rows: readonly Row[]): Iterable<Decimal> {
  for (const { value } of rows) yield value
}

/** The later measurement of a subject stands; of two at one instant that with the greater id, by code point. */
function keepLatest(latest: Map<string, Row>, row: Row): void {
  const before = latest.get(row.subject)
  if (!before || row.at > before.at || (row.at === before.at && compareText(row.id, before.id) > 0)) latest.set(row.subject, row)
}

/** The metric's value out of its statistic. */
export function folded(metric: SimpleMetric, statistic: Statistic): Value {
  const { count, sum, least, greatest, latest, sketch } = statistic
  if (metric.fold === 'count') return { value: new Exact(count) }
  if (count === 0) return nothing(metric)
  if (metric.fold === 'sum') return { value: sum }
  if (metric.fold === 'mean') return { value: sum.div(count) }
  if (metric.fold === 'minimum') return { value: least }
  if (metric.fold === 'maximum') return { value: greatest }
  if (isQuantile(metric.fold)) return { value: valueAtPlace(sketch!, placeIn(metric.fold, count)) }
  return { value: [...latest!.values()].reduce((total, row) => total.plus(row.value), ZERO) }
}

/** A fold of every value: the middle one, or the mean of the two middle ones; a quantile. */
export function foldedWhole(metric: SimpleMetric, rows: readonly Row[]): Value {
  if (rows.length === 0) return nothing(metric)
  const sorted = rows.map(({ value }) => value).sort((a, b) => a.cmp(b))
  if (isQuantile(metric.fold)) return { value: sorted[placeIn(metric.fold, rows.length) - 1]! }
  const middle = sorted.length >> 1
  return { value: sorted.length % 2 ? sorted[middle]! : sorted[middle - 1]!.plus(sorted[middle]!).div(2) }
}

/** The value where nothing was measured. */
export const nothing = (metric: SimpleMetric): Value =>
  metric.ifEmpty === 'zero' ? { value: ZERO } : { value: null, reason: { code: 'no-data', metric: metric.id } }

export const notAdditive = (metric: string, fold: string): PatronkitError<'kpi/not-additive'> =>
  new PatronkitError({
    code: 'kpi/not-additive',
    message: `metric ${metric} is a ${fold}, which cannot be put together from parts. Work it out from the measurements of each unit with measure(…).`,
    details: { metric, fold },
  })
