import { type Context, definitionVersions, type Operation, type Pinned, parse, pinnedDefinition } from '@patronkit/core/service'
import { incentivePlanSchema, reportingCalendarSchema } from './define.ts'
import { type IncentivePlan, readPlan } from './incentives/plan.ts'
import type { ReportingCalendar } from './metrics/calendar.ts'
import { inForce, notPublished, PLAIN, pin, startOf } from './rulebook.ts'

/** The versions that pay was stated by. */
export interface PlanPins {
  readonly plan: Pinned
  readonly calendar: Pinned | null
}

/** What pay of a period is stated by. */
export interface PlanRules {
  readonly plan: IncentivePlan
  readonly calendar: ReportingCalendar
  readonly pins: PlanPins
}

/** The plan that holds for a period: the version in force at its start; where none was yet, the first. */
export function* planFor(ctx: Context, id: string, period: string): Operation<PlanRules> {
  const versions = (yield* definitionVersions(ctx, 'incentive-plan', [id])).get(id)
  if (!versions) throw notPublished('incentive-plan', id)
  const { start } = yield* startOf(ctx, incentivePlanSchema.parse(versions.at(-1)!.body).calendar, period)
  const stored = inForce(versions, start)
  return yield* rulesOf(ctx, pin(stored), incentivePlanSchema.parse(stored.body), period)
}

/** The same for a plan that is not published. */
export function* draftPlan(
  ctx: Context,
  draft: { readonly id: string; readonly hash: string; readonly body?: unknown },
  period: string,
): Operation<PlanRules> {
  const plan = parse(incentivePlanSchema, draft.body as IncentivePlan, `incentive plan ${draft.id}`)
  readPlan(plan)
  return yield* rulesOf(ctx, { id: draft.id, version: 0, hash: draft.hash }, plan, period)
}

function* rulesOf(ctx: Context, plan: Pinned, body: IncentivePlan, period: string): Operation<PlanRules> {
  const { calendar } = yield* startOf(ctx, body.calendar, period)
  return {
    plan: body,
    calendar: calendar ? reportingCalendarSchema.parse(calendar.body) : PLAIN,
    pins: { plan, calendar: calendar && pin(calendar) },
  }
}

/** The versions that were pinned. */
export function* pinnedPlan(ctx: Context, pins: PlanPins): Operation<PlanRules> {
  const plan = yield* pinnedDefinition(ctx, 'incentive-plan', pins.plan)
  const calendar = pins.calendar && (yield* pinnedDefinition(ctx, 'reporting-calendar', pins.calendar))
  return {
    plan: incentivePlanSchema.parse(plan.body),
    calendar: calendar ? reportingCalendarSchema.parse(calendar.body) : PLAIN,
    pins,
  }
}

/** The currency that a plan pays in. */
export function* currencyOf(ctx: Context, id: string): Operation<string> {
  const versions = (yield* definitionVersions(ctx, 'incentive-plan', [id])).get(id)
  if (!versions) throw notPublished('incentive-plan', id)
  return incentivePlanSchema.parse(versions.at(-1)!.body).currency
}
