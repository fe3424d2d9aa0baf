import { type Context, canonicalJson, type Operation, sha256Hex, toIso } from '@patronkit/core/service'
import type { CardSide, ExactGroup } from './change/card-change.ts'
import { Exact, textOf } from './exact.ts'
import { periodNamed } from './metrics/calendar.ts'
import { type MeasureInput, measure, measureBy } from './metrics/measure.ts'
import type { Measurements } from './metrics/measurements.ts'
import type { Approximation, Reason } from './metrics/model.ts'
import { type Reach, reachOf } from './metrics/wanted.ts'
import { type Known, readKnown, standingTargets, type TargetRow, targetKey } from './rows.ts'
import type { Pins, Rules } from './rulebook.ts'
import { type CardValue, type ExactLine, type ExactScore, scoreExactly } from './score/exact-card.ts'

/** One measure of a subject's score. `cause` says why a metric is undefined, and at which metric that began. */
export interface ScoreLine extends ExactLine {
  readonly unit: string
  readonly cause?: Reason
  /** Sketched quantiles that the value rests on. */
  readonly approximate?: readonly Approximation[]
  /** Which revision of the target it was held against. */
  readonly targetRevision?: number
}

/** What a score is, whole: kept as canonical JSON when the period is closed. */
export interface ScoreDocument {
  readonly pins: Pins
  readonly subject: string
  readonly period: { readonly id: string; readonly from: string; readonly to: string }
  readonly value: string | null
  readonly band: string | null
  readonly reason?: ExactScore['reason']
  readonly contributions: readonly ScoreLine[]
}

/** Targets as amounts, by measure. */
export type Aims = { readonly [measure: string]: { readonly amount: string; readonly revision: number } }

/** Everything that a card over a period has to look at. */
export const reachOfCard = (rules: Rules, period: string): Reach =>
  reachOf({ ...rules, metrics: Object.values(rules.card.measures).map(({ metric }) => metric), period })

/** What the pure part needs for one subject of a card. */
export function valuesOf(rules: Rules, period: string, measurements: Measurements, aims: Aims) {
  return Object.fromEntries(
    Object.entries(rules.card.measures).map(([id, { metric }]) => {
      const found = measure({ ...rules, measurements, metric, period })
      const aim = Object.hasOwn(aims, id) ? aims[id]! : null
      return [id, { ...found, target: aim?.amount ?? null, targetRevision: aim?.revision ?? null }]
    }),
  )
}

/** Scores one subject. */
export function assess(rules: Rules, period: string, subject: string, measurements: Measurements, aims: Aims): ScoreDocument {
  const { card, calendar, pins } = rules
  const values = valuesOf(rules, period, measurements, aims)
  const { value, contributions, reason } = scoreExactly({ scorecard: card, values })
  const { from, to } = periodNamed({ calendar, id: period })
  return {
    pins,
    subject,
    period: { id: period, from: toIso(from.getTime()), to: toIso(to.getTime()) },
    value,
    band: value === null ? null : bandOf(value, card.bands ?? []),
    ...(reason ? { reason } : {}),
    contributions: contributions.map((line) => {
      const { unit, reason: cause, approximate, targetRevision } = values[line.measure]!
      const { raw, ...rest } = line
      return {
        ...rest,
        raw: raw === null ? null : shortened(raw),
        unit,
        ...(cause ? { cause } : {}),
        ...(approximate ? { approximate } : {}),
        ...(line.target !== undefined && targetRevision !== null ? { targetRevision } : {}),
      }
    }),
  }
}

/** Values of quotients run to 64 digits; twenty are what was scored with. */
const shortened = (raw: string): string => textOf(new Exact(raw).toDecimalPlaces(20))

function bandOf(value: string, bands: readonly { readonly id: string; readonly from: string }[]): string | null {
  const reached = bands.filter(({ from }) => new Exact(from).lte(value))
  return (
    reached.reduce<(typeof bands)[number] | null>((best, band) => (best && new Exact(best.from).gte(band.from) ? best : band), null)?.id ??
    null
  )
}

/** Whether anything at all was measured for a score. */
export const hasData = ({ contributions }: ScoreDocument): boolean => contributions.some(({ raw }) => raw !== null)

/** The targets of a card's measures for a subject. */
export function aimsOf(rules: Rules, subject: string, standing: ReadonlyMap<string, TargetRow>): Aims {
  return Object.fromEntries(
    Object.entries(rules.card.measures).flatMap(([id, { metric, normalise }]) => {
      const row = normalise.kind === 'target' ? standing.get(targetKey(metric, subject)) : undefined
      return row ? [[id, { amount: row.amount, revision: row.revision }]] : []
    }),
  )
}

/** The targets that a card's measures are held against, for these subjects. */
export const targetsFor = (ctx: Context, rules: Rules, subjects: readonly string[], period: string) => {
  const metrics = Object.values(rules.card.measures).flatMap(({ metric, normalise }) => (normalise.kind === 'target' ? [metric] : []))
  return standingTargets(ctx, { metrics: [...new Set(metrics)], subjects, period })
}

/** The scores of some subjects as they stand, with the cut each was read at. */
export function* assessMany(
  ctx: Context,
  rules: Rules,
  period: string,
  subjects: readonly string[],
  o: { readonly asOf?: number | undefined } = {},
): Operation<readonly { readonly document: ScoreDocument; readonly upTo: number }[]> {
  const known = yield* readKnown(ctx, subjects, reachOfCard(rules, period), o)
  const standing = yield* targetsFor(ctx, rules, subjects, period)
  return subjects.map((subject) => {
    const { measurements, upTo } = known.get(subject) ?? UNKNOWN
    return { document: assess(rules, period, subject, measurements, aimsOf(rules, subject, standing)), upTo }
  })
}

export const UNKNOWN: Known = Object.freeze({ measurements: new Map(), upTo: 0 })

/** One side of a comparison: the card and its values, ratios split by a dimension where that leaves them whole. */
export function sideOf(rules: Rules, period: string, measurements: Measurements, aims: Aims, by: string | undefined): CardSide {
  const values = valuesOf(rules, period, measurements, aims)
  return {
    scorecard: rules.card,
    values: Object.fromEntries(
      Object.entries(values).map(([id, { value, target }]): [string, CardValue & { groups?: readonly ExactGroup[] }] => {
        const groups = by === undefined ? null : groupsOf({ ...rules, measurements, metric: rules.card.measures[id]!.metric }, period, by)
        return [id, { value, target, ...(groups ? { groups } : {}) }]
      }),
    ),
  }
}

/** The groups of a ratio whose parts add up over groups; null for any other metric. */
function groupsOf(i: MeasureInput, period: string, by: string): readonly ExactGroup[] | null {
  const metric = i.graph.metrics[i.graph.placeOf.get(i.metric)!]!
  if (metric.kind !== 'ratio') return null
  const { numerator, denominator } = metric
  if (![numerator, denominator].every((id) => addsUp(i, id))) return null
  const over = (id: string) => measureBy({ ...i, metric: id, period, by })
  const below = over(denominator)
  return over(numerator).map(({ group, value }, at) => ({
    group: JSON.stringify(group),
    numerator: value ?? '0',
    denominator: below[at]!.value ?? '0',
  }))
}

function addsUp(i: MeasureInput, id: string): boolean {
  const metric = i.graph.metrics[i.graph.placeOf.get(id)!]!
  return metric.kind === 'simple' && (metric.fold === 'sum' || metric.fold === 'count')
}

/** The one text of a score, and its hash: what makes a replay comparable byte for byte. */
export function sealed(document: ScoreDocument): { readonly text: string; readonly hash: string } {
  const text = canonicalJson(document)
  return { text, hash: sha256Hex(text) }
}
