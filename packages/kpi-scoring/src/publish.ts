import type { Definition, Instant, Published } from '@patronkit/core'
import { type Context, type Operation, publishDefinition } from '@patronkit/core/service'
import { readPlan } from './incentives/plan.ts'
import { type ReportingCalendar, spineOf } from './metrics/calendar.ts'
import { checkFormula } from './metrics/formula.ts'
import type { Metric } from './metrics/model.ts'
import { checkFold } from './metrics/quantile.ts'
import { questionsOf } from './people/quality.ts'
import { wrong } from './refusals.ts'
import { KINDS } from './rulebook.ts'

/** Stores a definition. What comes as JSON is checked as `defineX` checks it, also for what a schema alone cannot see. */
export function* publish(ctx: Context, i: { definition: Definition; effectiveFrom?: Instant }): Operation<Published> {
  const { kind, id, body } = i.definition ?? {}
  if (kind === 'metric') {
    const metric = body as Metric | null
    // the schema walks down into the formula, so its depth is looked at first
    if (metric?.kind === 'derived') checkFormula(metric.formula, String(id))
    if (metric?.id !== id)
      throw wrong('definition.id', `is not the id in its body`, 'Make it with defineMetric, which keeps the two alike.')
  }
  return yield* publishDefinition(ctx, i, checkedKinds)
}

/** A calendar whose zone nobody knows, or a plan whose bands do not rise, is refused before it is stored. */
const checkedKinds = {
  ...KINDS,
  metric: KINDS.metric.transform((metric) => {
    if (metric.kind === 'simple') checkFold(metric)
    return metric
  }),
  'reporting-calendar': KINDS['reporting-calendar'].transform((calendar: ReportingCalendar) => {
    spineOf(calendar)
    return calendar
  }),
  'incentive-plan': KINDS['incentive-plan'].transform((plan) => {
    readPlan(plan)
    return plan
  }),
  'quality-form': KINDS['quality-form'].transform((form) => {
    questionsOf(form)
    return form
  }),
}
