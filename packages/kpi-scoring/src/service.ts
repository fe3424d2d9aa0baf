import type { Definition, Deps, Explanation, Instant, Page, Published, Scalar, Service } from '@patronkit/core'
import { createService, parse } from '@patronkit/core/service'
import {
  compare,
  explain,
  history,
  measure,
  previewScore,
  progress,
  type SubjectScore,
  score,
  scorePage,
  type TargetProgress,
} from './ask.ts'
import type { CardChange } from './change/card-change.ts'
import { type ClosedPeriod, closePeriod, previewClose, type Replay, replay } from './close.ts'
import { type CreditEntries, credit, type EntriesCredited, type PlanEntry } from './credit.ts'
import { type Erased, erase } from './erase.ts'
import type { IncentivePlan } from './incentives/plan.ts'
import type { MetricValue } from './metrics/model.ts'
import { kpiSchema } from './migrations.ts'
import {
  explainPay,
  issueStatement,
  listStatements,
  type PayStatement,
  previewStatement,
  replayStatement,
  type StatementReplay,
} from './pay-statement.ts'
import { publish } from './publish.ts'
import { type MeasurementsRecorded, type RecordMeasurements, record } from './record.ts'
import { createRulebook } from './rulebook.ts'
import { closeSchema, previewCloseSchema, replaySchema } from './schema.ts'
import type { Scorecard } from './score/scorecard.ts'
import { type SetTargets, setTargets, type TargetsSet } from './set-targets.ts'

/** Metrics, targets and scorecards for one tenant and actor. */
export interface Kpi {
  /** Stores a metric, a scorecard, a reporting calendar or an incentive plan. The same content again changes nothing. */
  publish(i: { definition: Definition; effectiveFrom?: Instant }): Promise<Published>
  /** Takes measurements about a subject; each counts once, by its id, in whatever order they come. */
  record(i: RecordMeasurements): Promise<MeasurementsRecorded>
  /** Sets targets of a metric by subject, period and, if they are told apart, dimensions. One set before gets a further revision. */
  setTargets(i: SetTargets): Promise<TargetsSet>
  /** The score of a subject: as it was closed, or as it stands, or as of an instant. */
  score(i: { scorecard: string; subject: string; period: string; asOf?: Instant; revision?: number }): Promise<SubjectScore>
  /** Everyone's score, by subject, page by page. */
  scores(i: { scorecard: string; period: string; revision?: number; after?: string; limit?: number }): Promise<Page<SubjectScore>>
  /** Why a score changed between two periods; `by` names a dimension whose groups tell mix from rate. The effects sum to the change. */
  compare(i: { scorecard: string; subject: string; from: string; to: string; by?: string }): Promise<CardChange>
  /** A score in words, line by line. */
  explain(i: { scorecard: string; subject: string; period: string; asOf?: Instant; revision?: number }): Promise<Explanation>
  /** A metric over a period, of one subject or of many together, and by a dimension. */
  measure(i: {
    metric: string
    subjects: readonly string[]
    period: string
    calendar?: string
    by?: string
    asOf?: Instant
  }): Promise<MetricValue & { readonly groups?: readonly ({ readonly group: Scalar } & MetricValue)[] }>
  /** How far a target is reached, and at which pace. */
  progress(i: {
    metric: string
    subject: string
    period: string
    calendar?: string
    dimensions?: { readonly [name: string]: Scalar }
    asOf?: Instant
  }): Promise<TargetProgress>
  /** Closes a period that is over: everyone's score is kept with the versions it was worked out by. `revises` closes it anew. */
  closePeriod(i: {
    idempotencyKey: string
    scorecard: string
    period: string
    subjects?: readonly string[]
    revises?: number
  }): Promise<ClosedPeriod>
  /** The closed revisions of a scorecard. */
  history(i: { scorecard: string; period?: string }): Promise<readonly ClosedPeriod[]>
  /** Works a closed period out once more from what was pinned, and says whether every byte is the same. */
  replay(i: { scorecard: string; period: string; revision?: number }): Promise<Replay>
  /** Credits somebody with deals under an incentive plan, and takes deals back; each entry counts once, by its id. */
  credit(i: CreditEntries): Promise<EntriesCredited>
  /**
   * States what somebody has earned over a period so far, and the difference to what was stated before. A statement that was issued
   * is never changed; where nothing has changed since, it is answered again. `figures` are those that multipliers look at.
   */
  issueStatement(i: {
    idempotencyKey: string
    plan: string
    subject: string
    period: string
    figures?: { readonly [id: string]: string | number }
  }): Promise<PayStatement>
  /** Somebody's statements under a plan, by period and number. */
  statements(i: { plan: string; subject: string; period?: string }): Promise<readonly PayStatement[]>
  /** A statement in words, line by line; the latest unless a number is given. */
  explainStatement(i: { plan: string; subject: string; period: string; number?: number }): Promise<Explanation>
  /** Works a statement out once more from what was pinned and known then, and says whether every byte is the same. */
  replayStatement(i: { plan: string; subject: string; period: string; number?: number }): Promise<StatementReplay>
  /** Takes a subject's measurements, targets, scores, credits and statements away and the bodies out of its events. */
  erase(i: { subject: string }): Promise<Erased>
  /** What would be, without writing anything. */
  readonly preview: {
    /** A score by other weights, scales or targets. */
    score(i: {
      definition: Definition<'scorecard', Scorecard>
      subject: string
      period: string
      targets?: { readonly [measure: string]: string | number }
    }): Promise<SubjectScore>
    /** What closing the period now would come to. */
    closePeriod(i: { scorecard: string; period: string; subjects?: readonly string[]; revises?: number }): Promise<ClosedPeriod>
    /** What a statement issued now would say: as things are, under another plan, or with deals that are still hoped for. */
    issueStatement(i: {
      plan: string
      subject: string
      period: string
      figures?: { readonly [id: string]: string | number }
      entries?: readonly PlanEntry[]
      definition?: Definition<'incentive-plan', IncentivePlan>
    }): Promise<PayStatement>
  }
}

/**
 * Scores over the measurements of people and teams.
 *
 * @example
 * ```ts
 * import { memoryStorage } from '@patronkit/core'
 * import { createKpi } from '@patronkit/kpi-scoring'
 *
 * const kpi = createKpi({ storage: memoryStorage() }).for({ tenant: 'acme', by: { type: 'system', id: 'nightly' } })
 * await kpi.record({ subject: 'team_north', measurements: [{ id: 'order_91', at: new Date(), name: 'order.total', value: '21.90' }] })
 * ```
 */
export function createKpi(deps: Deps): Service<Kpi> {
  const book = createRulebook()
  return createService<Kpi>(deps, {
    name: 'kpi',
    schema: kpiSchema,
    verbs: {
      publish,
      record,
      setTargets,
      score: (ctx, i) => score(book, ctx, i),
      scores: (ctx, i) => scorePage(book, ctx, i),
      compare: (ctx, i) => compare(book, ctx, i),
      explain: (ctx, i) => explain(book, ctx, i),
      measure: (ctx, i) => measure(book, ctx, i),
      progress: (ctx, i) => progress(book, ctx, i),
      closePeriod: (ctx, i) => closePeriod(book, ctx, parse(closeSchema, i, 'closePeriod')),
      history,
      replay: (ctx, i) => replay(book, ctx, parse(replaySchema, i, 'replay')),
      credit,
      issueStatement,
      statements: listStatements,
      explainStatement: explainPay,
      replayStatement,
      erase,
      preview: {
        issueStatement: previewStatement,
        score: (ctx, i) => previewScore(book, ctx, i),
        closePeriod: (ctx, i) => previewClose(book, ctx, parse(previewCloseSchema, i, 'preview.closePeriod')),
      },
    },
  })
}
