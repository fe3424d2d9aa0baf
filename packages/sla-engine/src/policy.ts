import type { WorkingCalendar } from '@patronkit/business-time'
import type { Definition, Duration, Pred } from '@patronkit/core'
import { holds, isWorking, valueAt, wallMs, workingMs } from '@patronkit/core/service'
import type { Attributes } from './model.ts'

/** Which facts move a metric's clock. A type, several types, or `'*'` for any fact. */
export interface MetricRule {
  readonly start: string | readonly string[]
  readonly stop?: string | readonly string[]
  readonly pause?: string | readonly string[]
  readonly resume?: string | readonly string[]
  readonly reopen?: string | readonly string[]
  readonly cancel?: string | readonly string[]
  /** What reopening does to this metric's clock; default the policy's. */
  readonly onReopen?: OnReopen
}

/** How long may be counted: one length for all, or one for each value of an attribute. */
export type Within = Duration | { readonly by: string; readonly of: { readonly [value: string]: Duration }; readonly otherwise?: Duration }

export interface Target {
  readonly within: Within
  /** Warn when this share of the target is used up. */
  readonly warnAt?: readonly { readonly percent: number }[]
}

export type OnReopen = 'resume' | 'keep-running' | 'new-cycle' | 'ignore'

export interface Policy {
  /** Id of the calendar in which working time is counted. */
  readonly calendar: string
  /** Which items it is for; default all. */
  readonly when?: Pred
  /** Policies are tried in this order, equal ones by id; the first that matches is pinned to the item. Default 100. */
  readonly order?: number
  /** What is promised, by metric. */
  readonly targets: { readonly [metric: string]: Target }
  /** Metrics of this policy's own, or other rules for {@link METRICS}. */
  readonly metrics?: { readonly [metric: string]: MetricRule }
  /** No clock counts while the item's attributes fulfil this. */
  readonly pauseWhile?: Pred
  /** What reopening does to a stopped clock. Default `resume`: it goes on, the closed time left out. */
  readonly onReopen?: OnReopen
}

export type SlaPolicy = Definition<'sla-policy', Policy>

/** The metrics every policy knows. */
export const METRICS: { readonly [metric: string]: MetricRule } = {
  'first-reply': { start: 'created', stop: 'agent-reply' },
  'time-to-own': { start: 'created', stop: 'assigned' },
  resolution: { start: 'created', stop: ['resolved', 'closed'], reopen: 'reopened' },
}

/** The rule of a metric in this policy. */
export const ruleOf = (policy: Policy, metric: string): MetricRule => policy.metrics?.[metric] ?? METRICS[metric]!

/** What reopening does to a metric's clock. */
export const reopening = (policy: Policy, metric: string): OnReopen => ruleOf(policy, metric).onReopen ?? policy.onReopen ?? 'resume'

/** Whether a fact's type is among those a rule names. */
export const names = (types: string | readonly string[] | undefined, type: string): boolean =>
  types !== undefined && (types === '*' || types === type || (typeof types !== 'string' && types.includes(type)))

/** Whether a policy is for an item with these attributes. */
export const matches = (policy: Policy, attributes: Attributes): boolean =>
  policy.when === undefined || holds(policy.when, (path) => valueAt(attributes, path))

/** Whether these attributes stop every clock of the item from counting. */
export const pauses = (policy: Policy, attributes: Attributes): boolean =>
  policy.pauseWhile !== undefined && holds(policy.pauseWhile, (path) => valueAt(attributes, path))

/** The length a target allows this item; null when it names none. */
export function allowed(target: Target, attributes: Attributes): Duration | null {
  const { within } = target
  if (!isByValue(within)) return within
  const value = valueAt(attributes, within.by)
  const key = typeof value === 'string' ? value : String(value)
  return (Object.hasOwn(within.of, key) ? within.of[key] : within.otherwise) ?? null
}

const isByValue = (within: Within): within is Extract<Within, { by: string }> => 'by' in within

/** Whether a target is counted in working or in wall time; a policy never mixes them in one target. */
export function countsIn(target: Target): 'working' | 'wall' {
  const { within } = target
  const sample = isByValue(within) ? (Object.values(within.of)[0] ?? within.otherwise!) : within
  return isWorking(sample) ? 'working' : 'wall'
}

/** A length in milliseconds of the clock's calendar. Working days run to the same wall time n working days on, from the start. */
export function lengthMs(duration: Duration, startedAt: number, calendar: WorkingCalendar): number {
  if (!isWorking(duration)) return wallMs(duration)
  if (duration.workingDays === undefined) return workingMs(duration)
  return calendar.within(startedAt, calendar.addDays(startedAt, duration.workingDays))
}
