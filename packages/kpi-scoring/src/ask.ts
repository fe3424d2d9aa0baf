import type { Explanation, Instant, Scalar } from '@patronkit/core'
import {
  all,
  behind,
  type Context,
  compareText,
  cursorAt,
  explained,
  field,
  get,
  holds,
  list,
  type Operation,
  type Page,
  type Pinned,
  parse,
  read,
} from '@patronkit/core/service'
import {
  aimsOf,
  assess,
  assessMany,
  hasData,
  reachOfCard,
  type ScoreDocument,
  type ScoreLine,
  sideOf,
  targetsFor,
  UNKNOWN,
} from './assess.ts'
import { type CardChange, type CardSide, explainCardChange } from './change/card-change.ts'
import { type ClosedPeriod, closedOf, closedRevision, revisionsOf, type ScoreRow } from './close.ts'
import { scorecardSchema } from './define.ts'
import { Exact, textOf } from './exact.ts'
import { periodNamed, spineOf } from './metrics/calendar.ts'
import { measureBy, measure as measurePure } from './metrics/measure.ts'
import type { Measurements, Row } from './metrics/measurements.ts'
import type { MetricValue } from './metrics/model.ts'
import { reachOf } from './metrics/wanted.ts'
import { behindSubject, everyone, readKnown, standingTargets, targetKey } from './rows.ts'
import type { Pins, Rulebook } from './rulebook.ts'
import { compareSchema, historySchema, measureSchema, previewScoreSchema, progressSchema, scoreSchema, scoresSchema } from './schema.ts'
import { cellOf } from './set-targets.ts'
import { scores } from './tables.ts'
import { type Attainment, attainment, type Pace, pace } from './targets/progress.ts'
import { WORDS } from './words.ts'

/** A score with the points that add up to it, digit for digit. */
export interface SubjectScore {
  readonly scorecard: Pinned
  readonly subject: string
  readonly period: { readonly id: string; readonly from: Date; readonly to: Date }
  /** A decimal text; null with a `reason` where there is no score. */
  readonly value: string | null
  /** The highest band of the scorecard that was reached. */
  readonly band: string | null
  readonly reason?: ScoreDocument['reason']
  readonly contributions: readonly ScoreLine[]
  /** The versions of the metrics and of the calendar. */
  readonly pins: Pins
  /** Which revision of the closed period this is; null while the period is open. */
  readonly closed: { readonly revision: number; readonly hash: string } | null
}

/** Where a subject stands on the way to a target. */
export interface TargetProgress extends Attainment {
  readonly metric: string
  readonly subject: string
  readonly period: { readonly id: string; readonly from: Date; readonly to: Date }
  readonly achieved: MetricValue
  readonly target: { readonly amount: string; readonly revision: number } | null
  /** By local days of the period, up to now or `asOf`; null without a target. */
  readonly pace: Pace | null
}

const PAGE = 100

export function* score(
  book: Rulebook,
  ctx: Context,
  i: { scorecard: string; subject: string; period: string; asOf?: Instant; revision?: number },
): Operation<SubjectScore> {
  return scoreOf(yield* documentFor(book, ctx, parse(scoreSchema, i, 'score')))
}

interface Found {
  readonly document: ScoreDocument
  readonly closed: SubjectScore['closed']
}

/** The score as it was closed; worked out anew while the period is open, as of an instant, and for who was not scored then. */
function* documentFor(
  book: Rulebook,
  ctx: Context,
  i: { scorecard: string; subject: string; period: string; asOf?: number | undefined; revision?: number | undefined },
): Operation<Found> {
  const { scorecard, subject, period, asOf, revision } = i
  if (asOf === undefined) {
    const closed = yield* closedRevision(ctx, scorecard, period, revision)
    const [row] = closed ? yield* read(ctx, get(scores, { scorecard, period, revision: closed.revision, subject })) : [null]
    if (row?.document) return storedOf(row)
  }
  const rules = yield* book.forPeriod(ctx, scorecard, period)
  const [found] = yield* assessMany(ctx, rules, period, [subject], { asOf })
  return { document: found!.document, closed: null }
}

const storedOf = (row: ScoreRow): Found => ({
  document: JSON.parse(row.document!) as ScoreDocument,
  closed: { revision: row.revision, hash: row.hash },
})

const scoreOf = ({ document, closed }: Found): SubjectScore => ({
  scorecard: document.pins.scorecard!,
  subject: document.subject,
  period: { id: document.period.id, from: new Date(document.period.from), to: new Date(document.period.to) },
  value: document.value,
  band: document.band,
  ...(document.reason ? { reason: document.reason } : {}),
  contributions: document.contributions,
  pins: document.pins,
  closed,
})

/** Everyone's score, by subject, page by page: those of the closed revision, or of whoever has data while the period is open. */
export function* scorePage(
  book: Rulebook,
  ctx: Context,
  i: { scorecard: string; period: string; revision?: number; after?: string; limit?: number },
): Operation<Page<SubjectScore>> {
  const { scorecard, period, revision, after, limit = PAGE } = parse(scoresSchema, i, 'scores')
  const order = ['subject']
  const closed = yield* closedRevision(ctx, scorecard, period, revision)
  if (closed) {
    const of = all(field('scorecard').eq(scorecard), field('period').eq(period), field('revision').eq(closed.revision))
    const [found] = yield* read(ctx, list(scores, { where: all(of, behind(order, after)), order, limit: limit + 1 }))
    const page = found.slice(0, limit)
    const rows = page.filter(({ document }) => document !== null).map((row) => scoreOf(storedOf(row)))
    return { rows, next: found.length > limit ? cursorAt(order, page.at(-1)!) : null }
  }
  const rules = yield* book.forPeriod(ctx, scorecard, period)
  const ids = yield* everyone(ctx, after, limit + 1)
  const page = ids.slice(0, limit)
  const found = yield* assessMany(ctx, rules, period, page)
  return {
    rows: found.filter(({ document }) => hasData(document)).map(({ document }) => scoreOf({ document, closed: null })),
    next: ids.length > limit ? behindSubject(page.at(-1)!) : null,
  }
}

/** A scorecard that is not published: other weights, other scales, other targets. Nothing is written. */
export function* previewScore(
  book: Rulebook,
  ctx: Context,
  i: { definition: unknown; subject: string; period: string; targets?: { readonly [measure: string]: string | number } },
): Operation<SubjectScore> {
  const { definition, subject, period, targets: given = {} } = parse(previewScoreSchema, i as never, 'preview.score')
  const body = parse(scorecardSchema, definition.body, `scorecard ${definition.id}`)
  const rules = yield* book.forDraft(ctx, { pin: { id: definition.id, version: 0, hash: definition.hash }, body }, period)
  const known = yield* readKnown(ctx, [subject], reachOfCard(rules, period))
  const standing = aimsOf(rules, subject, yield* targetsFor(ctx, rules, [subject], period))
  const tried = Object.fromEntries(Object.entries(given).map(([measure, amount]) => [measure, { amount, revision: 0 }]))
  const { measurements } = known.get(subject) ?? UNKNOWN
  return scoreOf({ document: assess(rules, period, subject, measurements, { ...standing, ...tried }), closed: null })
}

export function* compare(
  book: Rulebook,
  ctx: Context,
  i: { scorecard: string; subject: string; from: string; to: string; by?: string },
): Operation<CardChange> {
  const { scorecard, subject, from, to, by } = parse(compareSchema, i, 'compare')
  const before = yield* sideFor(book, ctx, { scorecard, subject, period: from, by })
  const after = yield* sideFor(book, ctx, { scorecard, subject, period: to, by })
  return explainCardChange({ before, after })
}

/** One period of a comparison; a closed one with the versions, measurements and targets of its close. */
function* sideFor(
  book: Rulebook,
  ctx: Context,
  i: { scorecard: string; subject: string; period: string; by: string | undefined },
): Operation<CardSide> {
  const { scorecard, subject, period, by } = i
  const closed = yield* closedRevision(ctx, scorecard, period, undefined)
  const [row] = closed ? yield* read(ctx, get(scores, { scorecard, period, revision: closed.revision, subject })) : [null]
  if (closed && row?.document) {
    const rules = yield* book.pinned(ctx, closed.pins as unknown as Pins)
    const upTo = new Map([[subject, row.measurements]])
    const known = yield* readKnown(ctx, [subject], reachOfCard(rules, period), { upTo })
    const lines = (JSON.parse(row.document) as ScoreDocument).contributions
    const aims = Object.fromEntries(
      lines.flatMap(({ measure, target, targetRevision = 0 }) =>
        target === undefined ? [] : [[measure, { amount: target, revision: targetRevision }]],
      ),
    )
    return sideOf(rules, period, (known.get(subject) ?? UNKNOWN).measurements, aims, by)
  }
  const rules = yield* book.forPeriod(ctx, scorecard, period)
  const known = yield* readKnown(ctx, [subject], reachOfCard(rules, period))
  const aims = aimsOf(rules, subject, yield* targetsFor(ctx, rules, [subject], period))
  return sideOf(rules, period, (known.get(subject) ?? UNKNOWN).measurements, aims, by)
}

/** A score in words: every measure with its value, scale, weight and points, and why one has none. */
export function* explain(
  book: Rulebook,
  ctx: Context,
  i: { scorecard: string; subject: string; period: string; asOf?: Instant; revision?: number },
): Operation<Explanation> {
  const { document, closed } = yield* documentFor(book, ctx, parse(scoreSchema, i, 'explain'))
  const { value, band, subject, period, reason = null, pins } = document
  const about = {
    code: 'kpi.score',
    data: { subject, period: period.id, scorecard: pins.scorecard, value, band, reason, revision: closed?.revision ?? null },
  }
  const lines = document.contributions.map((line) => ({
    code: line.normalised === null ? 'kpi.measure-missing' : 'kpi.measure-scored',
    data: { ...line },
  }))
  return explained(WORDS, about, lines, 'UTC')
}

/** A metric over a period: of one subject or of many together, worked out from all their measurements and never from their values. */
export function* measure(
  book: Rulebook,
  ctx: Context,
  i: { metric: string; subjects: readonly string[]; period: string; calendar?: string; by?: string; asOf?: Instant },
): Operation<MetricValue & { readonly groups?: readonly ({ readonly group: Scalar } & MetricValue)[] }> {
  const { metric, subjects, period, calendar, by, asOf } = parse(measureSchema, i, 'measure')
  const rules = yield* book.forMetric(ctx, metric, period, calendar)
  const known = yield* readKnown(ctx, subjects, reachOf({ ...rules, metrics: [metric], period }), { asOf })
  const measurements = together([...known.values()].map((one) => one.measurements))
  const input = { ...rules, measurements, metric, period }
  const value = measurePure(input)
  return by === undefined ? value : { ...value, groups: measureBy({ ...input, by }) }
}

function together(parts: readonly Measurements[]): Measurements {
  const [only] = parts
  if (parts.length === 1 && only) return only
  const all = new Map<string, Row[]>()
  for (const part of parts) for (const [name, rows] of part) all.set(name, [...(all.get(name) ?? []), ...rows])
  for (const rows of all.values()) rows.sort((a, b) => a.at - b.at || compareText(a.id, b.id))
  return all
}

export function* progress(
  book: Rulebook,
  ctx: Context,
  i: {
    metric: string
    subject: string
    period: string
    calendar?: string
    dimensions?: { readonly [name: string]: Scalar }
    asOf?: Instant
  },
): Operation<TargetProgress> {
  const { metric, subject, period, calendar, dimensions, asOf } = parse(progressSchema, i, 'progress')
  const rules = yield* book.forMetric(ctx, metric, period, calendar)
  const known = yield* readKnown(ctx, [subject], reachOf({ ...rules, metrics: [metric], period }), { asOf })
  const cell = cellOf(dimensions)
  const standing = yield* standingTargets(ctx, { metrics: [metric], subjects: [subject], period, cell })
  const target = standing.get(targetKey(metric, subject))
  const { measurements } = known.get(subject) ?? UNKNOWN
  const achieved = measurePure({ ...rules, measurements: within(measurements, dimensions), metric, period })
  const spine = spineOf(rules.calendar)
  const days = spine.named(period)!
  const elapsed = Math.min(days.to, Math.max(days.from, spine.dayOf(asOf ?? ctx.now) + 1)) - days.from
  const amount = target && textOf(new Exact(target.amount))
  const done = achieved.value === null ? null : textOf(new Exact(achieved.value).toDecimalPlaces(20))
  const { from, to } = periodNamed({ calendar: rules.calendar, id: period })
  return {
    metric,
    subject,
    period: { id: period, from, to },
    achieved,
    target: target && amount !== undefined ? { amount, revision: target.revision } : null,
    ...attainment({ target: amount ?? '0', achieved: done }),
    pace:
      amount === undefined ? null : pace({ target: amount, periodUnits: days.to - days.from, elapsedUnits: elapsed, actual: done ?? '0' }),
  }
}

/** Only what lies in a cell of dimensions. */
function within(measurements: Measurements, dimensions: { readonly [name: string]: Scalar } | undefined): Measurements {
  if (!dimensions) return measurements
  const inCell = all(...Object.entries(dimensions).map(([name, value]) => field(name).eq(value)))
  const of = (row: Row) => holds(inCell, (name) => (Object.hasOwn(row.dimensions, name) ? row.dimensions[name] : undefined))
  return new Map([...measurements].map(([name, rows]) => [name, rows.filter(of)]))
}

/** The closed revisions of a scorecard, by period. */
export function* history(ctx: Context, i: { scorecard: string; period?: string }): Operation<readonly ClosedPeriod[]> {
  const { scorecard, period } = parse(historySchema, i, 'history')
  const [rows] = yield* read(ctx, revisionsOf(scorecard, period))
  return rows.map(closedOf)
}
