import { PatronkitError } from '@patronkit/core'
import { distinct, listOf, shown, whole } from '../checks.ts'
import { unknownId, wrong } from '../refusals.ts'
import { checkFormula, compileFormula, type Get, quotient, type Reference, referencesOf, unitOf, type Value } from './formula.ts'
import type { Approximation, Metric } from './model.ts'
import { checkFold, isQuantile } from './quantile.ts'
import { type Dimension, type Units, unitMismatch, unitTable } from './unit.ts'

/** Metrics checked against each other: every name is there, no circle, units fit; each stands behind those it needs. */
export interface MetricGraph {
  /** In an order in which each metric can be worked out. */
  readonly metrics: readonly Metric[]
  readonly placeOf: ReadonlyMap<string, number>
  /** The places of the metrics that each one needs, all before its own. */
  readonly needs: readonly (readonly number[])[]
  /** The places of the metrics that need it. */
  readonly neededBy: readonly (readonly number[])[]
  /** The first metric that looks at another period, and so needs a calendar. */
  readonly shifted: string | null
  /** The sketched quantiles that go into each metric, with their errors. */
  readonly approximate: readonly (readonly Approximation[])[]
  /** Works a ratio or derived metric out of others; null for those that are measured. */
  readonly formulas: readonly (((get: Get) => Value) | null)[]
}

const KINDS = ['simple', 'ratio', 'derived', 'cumulative', 'conversion']

/**
 * Checks metrics against each other.
 *
 * @throws `kpi/metric-cycle` with the path of the circle, `kpi/unit-mismatch`, `kpi/unknown-id`, `kpi/duplicate-id`, `kpi/too-deep`
 *
 * @example
 * ```ts
 * import { metricGraph } from '@patronkit/kpi-scoring'
 *
 * const graph = metricGraph({ metrics: [
 *   { id: 'revenue', unit: 'EUR', kind: 'simple', value: 'order.total', fold: 'sum' },
 *   { id: 'orders', unit: 'count', kind: 'simple', value: 'order.total', fold: 'count' },
 *   { id: 'basket', unit: 'EUR/count', kind: 'ratio', numerator: 'revenue', denominator: 'orders' } ] })
 * ```
 */
export function metricGraph(i: { readonly metrics: readonly Metric[] }): MetricGraph {
  const given = listOf(i.metrics, 'metrics', 0) as readonly Metric[]
  distinct(
    given.map((metric) => metric.id),
    'metrics',
  )
  const at = new Map(given.map(({ id }, place) => [id, place]))
  let shifted: string | null = null
  const needs = given.map((metric) => {
    const references = needsOf(metric)
    if (metric.kind === 'cumulative' || references.some(({ shift }) => shift)) shifted ??= metric.id
    const places: number[] = []
    for (const { metric: id } of references) {
      const place = at.get(id)
      if (place === undefined) throw unknownId(id, `metric ${metric.id}`)
      if (!places.includes(place)) places.push(place)
    }
    return places
  })
  const order = inOrder(needs, (place) => given[place]!.id)
  const metrics = order.map((place) => given[place]!)
  const placeOf = new Map(metrics.map(({ id }, place) => [id, place]))
  const sorted = metrics.map(({ id }) => needs[at.get(id)!]!.map((place) => placeOf.get(given[place]!.id)!))
  const neededBy: number[][] = metrics.map(() => [])
  sorted.forEach((places, place) => {
    for (const needed of places) neededBy[needed]!.push(place)
  })
  checkUnits(metrics, placeOf)
  const approximate: (readonly Approximation[])[] = []
  metrics.forEach((metric, place) => {
    approximate[place] = approximateOf(
      metric,
      sorted[place]!.map((needed) => approximate[needed]!),
    )
  })
  return {
    metrics,
    placeOf,
    needs: sorted,
    neededBy,
    shifted,
    approximate,
    formulas: metrics.map((metric) => formulaOf(metric, (id) => placeOf.get(id)!)),
  }
}

const EXACT: readonly Approximation[] = []

function approximateOf(metric: Metric, needed: readonly (readonly Approximation[])[]): readonly Approximation[] {
  if (metric.kind === 'simple') {
    const error = isQuantile(metric.fold) ? metric.fold.error : undefined
    return error === undefined ? EXACT : [{ metric: metric.id, error }]
  }
  const some = needed.filter((one) => one.length > 0)
  return some.length < 2 ? (some[0] ?? EXACT) : [...new Set(some.flat())]
}

function needsOf(metric: Metric): readonly Reference[] {
  if (metric.kind === 'ratio') return [{ metric: metric.numerator }, { metric: metric.denominator }]
  if (metric.kind === 'cumulative') {
    if ('periods' in metric.over) whole(metric.over.periods, `metric ${metric.id}, over.periods`, 1)
    return [{ metric: metric.of }]
  }
  if (metric.kind === 'derived') {
    checkFormula(metric.formula, metric.id)
    return referencesOf(metric.formula)
  }
  if (metric.kind === 'simple') checkFold(metric)
  if (KINDS.includes(metric.kind)) return []
  throw wrong(
    `metric ${shown((metric as { id: unknown }).id)}`,
    `is of kind ${shown((metric as { kind: unknown }).kind)}`,
    `Use ${KINDS.join(', ')}.`,
  )
}

/** Places so that each stands behind what it needs (Kahn, 1962); a circle is refused with its path. */
function inOrder(needs: readonly (readonly number[])[], name: (place: number) => string): number[] {
  const waiting = needs.map((places) => places.length)
  const neededBy: number[][] = needs.map(() => [])
  needs.forEach((places, place) => {
    for (const needed of places) neededBy[needed]!.push(place)
  })
  const order = waiting.flatMap((count, place) => (count === 0 ? [place] : []))
  for (let next = 0; next < order.length; next++) {
    for (const place of neededBy[order[next]!]!) if (--waiting[place]! === 0) order.push(place)
  }
  if (order.length === needs.length) return order
  throw circle(needs, waiting, name)
}

/** Whoever still waits needs somebody who waits, so following the needs must come round. */
function circle(needs: readonly (readonly number[])[], waiting: readonly number[], name: (place: number) => string) {
  const seen = new Map<number, number>()
  const walk: number[] = []
  let place = waiting.findIndex((count) => count > 0)
  while (!seen.has(place)) {
    seen.set(place, walk.length)
    walk.push(place)
    place = needs[place]!.find((needed) => waiting[needed]! > 0)!
  }
  const path = [...walk.slice(seen.get(place)), place].map(name)
  const short = path.length > 12 ? [...path.slice(0, 6), `… ${path.length - 11} more …`, ...path.slice(-5)] : path
  return new PatronkitError({
    code: 'kpi/metric-cycle',
    message: `metric ${path[0]} needs itself: ${short.join(' -> ')}. Take one of these references out.`,
    details: { path },
  })
}

function checkUnits(metrics: readonly Metric[], placeOf: ReadonlyMap<string, number>): void {
  const units = unitTable()
  const declared = metrics.map((metric) => units.read(metric.unit, metric.id))
  const unit = (id: string) => declared[placeOf.get(id)!]!
  metrics.forEach((metric, place) => {
    const found = unitFound(metric, declared[place]!, units, unit)
    if (found !== declared[place]) throw unitMismatch(metric.id, 'declares and works out', declared[place]!, found)
  })
}

function unitFound(metric: Metric, declared: Dimension, units: Units, unit: (id: string) => Dimension): Dimension {
  if (metric.kind === 'ratio') return units.times(unit(metric.numerator), unit(metric.denominator), -1)
  if (metric.kind === 'derived') return unitOf(metric.formula, metric.id, units, unit)
  if (metric.kind === 'cumulative') return unit(metric.of)
  return metric.kind === 'conversion' ? units.read('share', metric.id) : declared
}

function formulaOf(metric: Metric, placeOf: (id: string) => number): MetricGraph['formulas'][number] {
  if (metric.kind === 'derived') return compileFormula(metric.formula, metric.id, placeOf)
  if (metric.kind !== 'ratio') return null
  const [numerator, denominator] = [placeOf(metric.numerator), placeOf(metric.denominator)]
  return (get) => quotient(get(numerator, undefined), get(denominator, undefined), metric.id)
}
