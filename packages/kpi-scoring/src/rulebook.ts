import { PatronkitError } from '@patronkit/core'
import {
  type Context,
  definitionVersions,
  type Operation,
  type Pinned,
  pinnedDefinition,
  type StoredDefinition,
} from '@patronkit/core/service'
import { incentivePlanSchema, metricSchema, qualityFormSchema, reportingCalendarSchema, scorecardSchema } from './define.ts'
import { periodNamed, type ReportingCalendar } from './metrics/calendar.ts'
import { referencesOf } from './metrics/formula.ts'
import { type MetricGraph, metricGraph } from './metrics/graph.ts'
import type { Metric } from './metrics/model.ts'
import { unknownId } from './refusals.ts'
import type { Scorecard } from './score/scorecard.ts'

/** The kinds of definition this package publishes. */
export const KINDS = {
  metric: metricSchema,
  scorecard: scorecardSchema,
  'reporting-calendar': reportingCalendarSchema,
  'incentive-plan': incentivePlanSchema,
  'quality-form': qualityFormSchema,
}

/** The versions that something was worked out by. */
export interface Pins {
  /** Null where a metric was asked for on its own. */
  readonly scorecard: Pinned | null
  readonly metrics: readonly Pinned[]
  readonly calendar: Pinned | null
}

/** What a period is scored by, checked against each other. */
export interface Rules {
  readonly card: Scorecard
  readonly graph: MetricGraph
  readonly calendar: ReportingCalendar
  readonly pins: Pins
}

/** Where no calendar is named: calendar years, quarters and months, ISO weeks, in UTC. */
export const PLAIN: ReportingCalendar = Object.freeze({ zone: 'UTC' })

const NO_CARD: Scorecard = Object.freeze({ aggregate: 'arithmetic', measures: Object.freeze({}) })

/** Finds the rules of a period and keeps graphs that were checked; a version never changes, so nothing in here grows stale. */
export interface Rulebook {
  /** What holds for a period of a scorecard: the versions in force at its start; where none was yet, the first ones. */
  forPeriod(ctx: Context, scorecard: string, period: string): Operation<Rules>
  /** The same for a scorecard that is not published. */
  forDraft(ctx: Context, draft: { readonly pin: Pinned; readonly body: Scorecard }, period: string): Operation<Rules>
  /** The same for one metric on its own. */
  forMetric(ctx: Context, metric: string, period: string, calendar: string | undefined): Operation<Rules>
  /** The rules that were pinned. */
  pinned(ctx: Context, pins: Pins): Operation<Rules>
}

const KEPT = 1_000

export function createRulebook(): Rulebook {
  const graphs = new Map<string, MetricGraph>()
  const graphOf = (metrics: readonly StoredDefinition[], implied: readonly string[]): MetricGraph => {
    const key = [...metrics.map(({ hash }) => hash), ...implied].join('\n')
    const found = graphs.get(key)
    if (found) return found
    const made = metricGraph({ metrics: [...metrics.map(({ body }) => metricSchema.parse(body)), ...implied.map(counted)] })
    if (graphs.size >= KEPT) graphs.delete(graphs.keys().next().value!)
    graphs.set(key, made)
    return made
  }
  const rulesOf = (
    card: { readonly pin: Pinned | null; readonly body: Scorecard },
    calendar: StoredDefinition | null,
    { metrics, implied }: Found,
  ): Rules => ({
    card: card.body,
    graph: graphOf(metrics, implied),
    calendar: calendar ? reportingCalendarSchema.parse(calendar.body) : PLAIN,
    pins: { scorecard: card.pin, metrics: metrics.map(pin), calendar: calendar && pin(calendar) },
  })
  function* forDraft(ctx: Context, draft: { readonly pin: Pinned; readonly body: Scorecard }, period: string): Operation<Rules> {
    const { calendar, start } = yield* startOf(ctx, draft.body.calendar, period)
    return rulesOf(draft, calendar, yield* metricsOf(ctx, metricIdsOf(draft.body), start))
  }
  return {
    forDraft,
    forPeriod: function* (ctx, scorecard, period) {
      const versions = (yield* definitionVersions(ctx, 'scorecard', [scorecard])).get(scorecard)
      if (!versions) throw notPublished('scorecard', scorecard)
      const newest = scorecardSchema.parse(versions.at(-1)!.body)
      const { start } = yield* startOf(ctx, newest.calendar, period)
      const stored = inForce(versions, start)
      return yield* forDraft(ctx, { pin: pin(stored), body: scorecardSchema.parse(stored.body) }, period)
    },
    forMetric: function* (ctx, metric, period, calendarId) {
      const { calendar, start } = yield* startOf(ctx, calendarId, period)
      return rulesOf({ pin: null, body: NO_CARD }, calendar, yield* metricsOf(ctx, [metric], start))
    },
    pinned: function* (ctx, pins) {
      const card = pins.scorecard && (yield* pinnedDefinition(ctx, 'scorecard', pins.scorecard))
      const calendar = pins.calendar && (yield* pinnedDefinition(ctx, 'reporting-calendar', pins.calendar))
      const metrics: StoredDefinition[] = []
      for (const one of pins.metrics) metrics.push(yield* pinnedDefinition(ctx, 'metric', one))
      const body = card ? scorecardSchema.parse(card.body) : NO_CARD
      const known = new Set(metrics.map(({ id }) => id))
      const implied = [...new Set(metrics.flatMap(({ body }) => namesOf(body as Metric)))].filter((id) => !known.has(id)).sort()
      return rulesOf({ pin: pins.scorecard, body }, calendar, { metrics, implied })
    },
  }
}

export const pin = ({ id, version, hash }: Pinned): Pinned => ({ id, version, hash })

/** The version in force at an instant; before the first one, the first. */
export function inForce(versions: readonly StoredDefinition[], at: number): StoredDefinition {
  const then = versions.filter(({ effectiveFrom }) => effectiveFrom <= at)
  return then.reduce((latest, one) => (one.effectiveFrom >= latest.effectiveFrom ? one : latest), then[0] ?? versions[0]!)
}

/**
 * The calendar of a period and the period's start by it. Which version of the calendar holds is asked at the start that its newest
 * version gives.
 */
export function* startOf(
  ctx: Context,
  id: string | undefined,
  period: string,
): Operation<{ readonly calendar: StoredDefinition | null; readonly start: number }> {
  if (id === undefined) return { calendar: null, start: periodNamed({ calendar: PLAIN, id: period }).from.getTime() }
  const versions = (yield* definitionVersions(ctx, 'reporting-calendar', [id])).get(id)
  if (!versions) throw notPublished('reporting-calendar', id)
  const from = (stored: StoredDefinition) =>
    periodNamed({ calendar: reportingCalendarSchema.parse(stored.body), id: period }).from.getTime()
  const calendar = inForce(versions, from(versions.at(-1)!))
  return { calendar, start: from(calendar) }
}

interface Found {
  readonly metrics: readonly StoredDefinition[]
  /** Names in ratios that no metric has. */
  readonly implied: readonly string[]
}

/** Metrics and all that they need, each in the version in force at an instant, in the order of their ids. */
function* metricsOf(ctx: Context, ids: readonly string[], at: number): Operation<Found> {
  const found = new Map<string, StoredDefinition>()
  const implied = new Set<string>()
  let wanted = [...new Set(ids)]
  const ratios = new Set<string>()
  const named = new Map(wanted.map((id) => [id, 'scorecard']))
  while (wanted.length > 0) {
    const versions = yield* definitionVersions(ctx, 'metric', wanted)
    const next = new Set<string>()
    for (const id of wanted) {
      const all = versions.get(id)
      if (!all && !ratios.has(id)) throw unknownId(id, named.get(id)!)
      if (!all) {
        implied.add(id)
        continue
      }
      const stored = inForce(all, at)
      found.set(id, stored)
      const body = stored.body as Metric
      for (const needed of namesOf(body)) {
        if (body.kind === 'ratio') ratios.add(needed)
        if (!found.has(needed) && !implied.has(needed)) next.add(needed)
        if (!named.has(needed)) named.set(needed, `metric ${id}`)
      }
    }
    wanted = [...next]
  }
  const metrics = [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return { metrics, implied: [...implied].sort() }
}

const metricIdsOf = (card: Scorecard): readonly string[] => Object.values(card.measures).map(({ metric }) => metric)

function namesOf(metric: Metric): readonly string[] {
  if (metric.kind === 'ratio') return [metric.numerator, metric.denominator]
  if (metric.kind === 'cumulative') return [metric.of]
  return metric.kind === 'derived' ? referencesOf(metric.formula).map(({ metric: id }) => id) : []
}

/** A name in a ratio that no metric has is what was measured under that name, added up; where nothing was measured, 0. */
const counted = (name: string): Metric => ({ id: name, unit: 'count', kind: 'simple', value: name, fold: 'sum', ifEmpty: 'zero' })

export const notPublished = (kind: string, id: string): PatronkitError<'kpi/not-published'> =>
  new PatronkitError({
    code: 'kpi/not-published',
    message: `there is no ${kind} ${JSON.stringify(id)} of this tenant. Publish it, or correct the id.`,
    details: { kind, id },
  })
