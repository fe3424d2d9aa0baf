import type { Definition, WallDuration } from '@patronkit/core'
import { define, durationSchema, isWorking, predSchema } from '@patronkit/core/service'
import { z } from 'zod'
import type { IncentivePlan } from './incentives/plan.ts'
import { readPlan } from './incentives/plan.ts'
import { type ReportingCalendar, spineOf } from './metrics/calendar.ts'
import { checkFormula } from './metrics/formula.ts'
import type { Formula, Metric } from './metrics/model.ts'
import { checkFold } from './metrics/quantile.ts'
import { type QualityForm, questionsOf } from './people/quality.ts'
import type { Scorecard } from './score/scorecard.ts'

const decimal = z.string().regex(/^-?\d{1,20}(\.\d{1,20})?$/, "use a decimal text such as '0.6'")
const share = decimal.refine((text) => !text.startsWith('-'), 'use 0 or more')
const name = z.string().min(1).max(200)

const formula: z.ZodType<Formula> = z.lazy(() =>
  z.union([
    z.strictObject({
      metric: name,
      shift: z
        .union([z.strictObject({ periods: z.int().min(1).max(1_000) }), z.strictObject({ years: z.int().min(1).max(200) })])
        .optional(),
      ifUndefined: decimal.optional(),
    }),
    z.strictObject({ number: decimal, unit: name.optional() }),
    z.strictObject({ add: z.array(formula).min(1).max(1_000) }),
    z.strictObject({ multiply: z.array(formula).min(1).max(1_000) }),
    z.strictObject({ subtract: z.tuple([formula, formula]) }),
    z.strictObject({ divide: z.tuple([formula, formula]) }),
  ]),
)

const common = { id: name, unit: name }

/** A metric, with its own id, as `metricGraph` takes it. */
export const metricSchema: z.ZodType<Metric> = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('simple'),
    value: name,
    fold: z.union([
      z.enum(['sum', 'count', 'mean', 'minimum', 'maximum', 'latest', 'median']),
      z.strictObject({ quantile: decimal, error: decimal.optional() }),
    ]),
    where: predSchema.optional(),
    ifEmpty: z.enum(['undefined', 'zero']).optional(),
  }),
  z.strictObject({ ...common, kind: z.literal('ratio'), numerator: name, denominator: name }),
  z.strictObject({ ...common, kind: z.literal('derived'), formula }),
  z.strictObject({
    ...common,
    kind: z.literal('cumulative'),
    of: name,
    over: z.union([
      z.strictObject({ toDate: z.enum(['month', 'quarter', 'year']) }),
      z.strictObject({ periods: z.int().min(1).max(1_000) }),
    ]),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('conversion'),
    base: name,
    converted: name,
    within: durationSchema.refine((value) => !isWorking(value), 'use wall time, such as { days: 7 }') as unknown as z.ZodType<WallDuration>,
  }),
])

/**
 * A metric as a definition: checked, frozen and hashed. Its body is what `metricGraph` takes.
 *
 * @example
 * ```ts
 * import { defineMetric } from '@patronkit/kpi-scoring'
 *
 * const attainment = defineMetric({ id: 'sla-attainment', unit: 'share', kind: 'ratio', numerator: 'sla.met', denominator: 'sla.closed' })
 * ```
 */
export function defineMetric(metric: Metric): Definition<'metric', Metric> {
  // The schema walks down into the formula, so its depth is looked at first.
  if (metric.kind === 'derived') checkFormula(metric.formula, metric.id)
  if (metric.kind === 'simple') checkFold(metric)
  return define({ kind: 'metric', id: metric.id, body: metric, schema: metricSchema })
}

const scale = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('goalposts'), worst: decimal, best: decimal })
    .refine(({ worst, best }) => Number(worst) !== Number(best), 'worst and best have to differ'),
  z.strictObject({
    kind: z.literal('curve'),
    points: z
      .array(z.tuple([decimal, decimal]))
      .min(1)
      .max(1_000),
  }),
  z
    .strictObject({ kind: z.literal('target'), worst: decimal.optional(), best: decimal.optional() })
    .refine(({ worst = '0', best = '1' }) => Number(worst) !== Number(best), 'worst and best have to differ'),
])

export const scorecardSchema: z.ZodType<Scorecard> = z
  .strictObject({
    aggregate: z.enum(['arithmetic', 'geometric', 'harmonic', 'minimum']),
    measures: z.record(
      name,
      z.strictObject({ metric: name, weight: share, normalise: scale, ifMissing: z.enum(['exclude', 'zero', 'undefined']).optional() }),
    ),
    calendar: name.optional(),
    bands: z
      .array(z.strictObject({ id: name, from: decimal }))
      .min(1)
      .max(100)
      .optional(),
  })
  .refine(({ measures }) => Object.values(measures).some(({ weight }) => Number(weight) > 0), {
    path: ['measures'],
    message: 'give at least one measure a weight above 0',
  })

/** A scorecard as a definition; `scoreAll` takes its body. */
export function defineScorecard(i: { readonly id: string } & Scorecard): Definition<'scorecard', Scorecard> {
  const { id, ...body } = i
  return define({ kind: 'scorecard', id, body, schema: scorecardSchema })
}

export const reportingCalendarSchema: z.ZodType<ReportingCalendar> = z.strictObject({
  zone: name,
  yearStarts: z.string().optional(),
  yearNamed: z.enum(['start', 'end']).optional(),
  weekStarts: z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']).optional(),
  months: z.enum(['calendar', '4-4-5', '4-5-4', '5-4-4']).optional(),
}) as z.ZodType<ReportingCalendar>

/** How a company counts its time, as a definition that scorecards name. */
export function defineReportingCalendar(
  i: { readonly id: string } & ReportingCalendar,
): Definition<'reporting-calendar', ReportingCalendar> {
  const { id, ...body } = i
  const calendar = define({ kind: 'reporting-calendar', id, body, schema: reportingCalendarSchema })
  spineOf(calendar.body)
  return calendar
}

export const qualityFormSchema: z.ZodType<QualityForm> = z.strictObject({
  sections: z
    .array(
      z.strictObject({
        id: name,
        weight: share.optional(),
        questions: z
          .array(
            z.strictObject({
              id: name,
              weight: share.optional(),
              answers: z.record(name, share),
              critical: z.enum(['section', 'contact']).optional(),
            }),
          )
          .min(1)
          .max(200),
      }),
    )
    .min(1)
    .max(100),
  pass: share.optional(),
})

/** What contacts with customers are checked by, as a definition; `qualityScore` takes its body. */
export function defineQualityForm(i: { readonly id: string } & QualityForm): Definition<'quality-form', QualityForm> {
  const { id, ...body } = i
  const form = define({ kind: 'quality-form', id, body, schema: qualityFormSchema })
  questionsOf(form.body)
  return form
}

const tier = z.strictObject({ upTo: decimal.nullable(), rate: share })

export const incentivePlanSchema: z.ZodType<IncentivePlan> = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, 'use an ISO 4217 code such as EUR'),
  quota: share,
  mode: z.enum(['marginal', 'retroactive']),
  edge: z.enum(['included', 'excluded']),
  tiers: z.array(tier).min(1).max(1_000),
  threshold: z.strictObject({ from: share, pays: z.enum(['everything', 'above']) }).optional(),
  cap: share.optional(),
  multipliers: z
    .array(
      z.strictObject({
        id: name,
        steps: z
          .array(z.strictObject({ from: decimal, factor: share }))
          .min(1)
          .max(1_000),
      }),
    )
    .max(100)
    .optional(),
  calendar: name.optional(),
})

/** An incentive plan as a definition; `payout` and `statement` take its body. Each change is a new version with a hash of its own. */
export function defineIncentivePlan(i: { readonly id: string } & IncentivePlan): Definition<'incentive-plan', IncentivePlan> {
  const { id, ...body } = i
  const plan = define({ kind: 'incentive-plan', id, body, schema: incentivePlanSchema })
  readPlan(plan.body)
  return plan
}
