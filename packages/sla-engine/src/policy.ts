import type { DayEnd } from '@patronkit/business-time'
import { isZone } from '@patronkit/business-time/zone'
import type { Definition, Duration, Pred } from '@patronkit/core'
import { holds, valueAt } from '@patronkit/core/service'
import { METRICS } from './metrics.ts'
import type { Attributes } from './model.ts'

/**
 * What a fact has to be: a type, several, `'*'` for any, or a condition over the fact and the item (see docs/sla-conditions.md).
 * Three words stand beside the types: `opened` (what begins the item's life), `request` (a customer asks) and `reply` (an answer
 * that counts as one).
 */
export type When = string | readonly string[] | Pred

/** Which facts move a metric's clock. */
export interface MetricRule {
  readonly start: When
  readonly stop?: When
  readonly pause?: When
  readonly resume?: When
  readonly reopen?: When
  readonly cancel?: When
  /** Ends the present cycle unjudged and begins the next. */
  readonly reset?: When
  /** A start after the stop begins the next cycle: every question has its own answer. */
  readonly repeats?: boolean
  /** No time counts while the item's attributes fulfil this; default the policy's. */
  readonly pauseWhile?: Pred
  /** What reopening does to this metric's clock; default the policy's. */
  readonly onReopen?: OnReopen
}

/** Up to an instant instead of for a length: an attribute of the item that holds one. Pauses do not move it. */
export interface ByDate {
  readonly date: string
}

/** Until the end of a working day, or a wall time of it. Pauses do not move it. */
export interface ByWorkingDay {
  readonly workingDay: DayEnd
}

export type Limit = Duration | ByDate | ByWorkingDay

/** How long may be counted: one limit for all, or one for each value of an attribute. */
export type Within = Limit | { readonly by: string; readonly of: { readonly [value: string]: Limit }; readonly otherwise?: Limit }

/** A step of a ladder: when it is reached, how often it comes again, and who should hear of it. */
export interface Step {
  /** At a share of the target, at a time left before it is used up, or at a time behind it, never before the breach itself. Working or wall time. */
  readonly at: { readonly percent: number } | { readonly left: Duration } | { readonly over: Duration }
  /** Names the step in events; default its condition: `75%`, `1h left`, `30m over`. */
  readonly id?: string
  /** Comes again this many times. */
  readonly repeat?: { readonly every: Duration; readonly times: number }
  /** Handed on with the event: roles, or whoever is on call. */
  readonly tell?: readonly Recipient[]
}

export type Recipient = string | { readonly onCall: string }

export interface Target {
  readonly within: Within
  /** Warn when this share of the target is used up. */
  readonly warnAt?: readonly { readonly percent: number }[]
  readonly steps?: readonly Step[]
}

export type OnReopen = 'resume' | 'keep-running' | 'new-cycle' | 'ignore'

/**
 * What becomes of the time that was counted when other rules take over. `keep`: it stays counted. `restart`: a new cycle begins.
 * `retroactive`: counted again from the start, as if the new rules had held all along; its `pauses` are then those of the new
 * rules (`retroactive`), those that were counted by the old ones (`keep`), or none (`restart`).
 */
export interface OnChange {
  readonly elapsed: 'keep' | 'restart' | 'retroactive'
  readonly pauses?: 'keep' | 'restart' | 'retroactive'
}

export interface Policy {
  /** Id of the calendar in which working time is counted, or one for each value of an attribute. `24x7` never closes and needs no publishing. */
  readonly calendar: string | { readonly by: string; readonly of: { readonly [value: string]: string }; readonly otherwise: string }
  /** The attribute with the item's own time zone, in which the calendar's hours are then read. */
  readonly zone?: string
  /** Agreements stand side by side on one item, each with the first of its policies that matches: `sla` (default), `ola`, `uc` … */
  readonly agreement?: string
  /** Which items it is for; default all. */
  readonly when?: Pred
  /** Policies are tried in this order, equal ones by id; the first that matches holds. Default 100. */
  readonly order?: number
  /** Once it holds, it stays, whatever the attributes become. */
  readonly sticky?: boolean
  /** An attribute such as `team`: each value has a clock of its own, from hand-over to hand-over. */
  readonly per?: string
  /** What is promised, by metric. */
  readonly targets: { readonly [metric: string]: Target }
  /** Metrics of this policy's own, or other rules for {@link METRICS}. */
  readonly metrics?: { readonly [metric: string]: MetricRule }
  /** No clock counts while the item's attributes fulfil this. */
  readonly pauseWhile?: Pred
  /** What reopening does to a stopped clock. Default `resume`: it goes on, the closed time left out. */
  readonly onReopen?: OnReopen
  /** Which messages are an answer. Default: those of an agent that the customer can see. */
  readonly replies?: { readonly by?: readonly ('agent' | 'bot' | 'automation' | 'third-party')[]; readonly internal?: boolean }
  /** When the life of an item begins that an agent opened: with its creation (default), or with the first message of the customer. */
  readonly openedByAgent?: 'at-once' | 'first-request'
  /** What becomes of counted time when this policy takes over from another, or the target changes. Default `keep`. */
  readonly onChange?: OnChange
  /** Steps that are reached outside these hours are told when they begin: a calendar's id. */
  readonly quietOutside?: string
  /** After a time without ticks: only the highest step that was reached is told (default), or all of them. */
  readonly catchUp?: 'highest' | 'all'
  /** Steps that were told may be told again after the target has moved away and come again. */
  readonly refire?: boolean
}

export type SlaPolicy = Definition<'sla-policy', Policy>

/** The calendar that never closes. */
export const AROUND_THE_CLOCK = '24x7'

export const DEFAULT_AGREEMENT = 'sla'

export const agreementOf = (policy: Policy): string => policy.agreement ?? DEFAULT_AGREEMENT

/** The rule of a metric in this policy; undefined when the policy does not know it. */
export const knownRule = (policy: Policy, metric: string): MetricRule | undefined =>
  policy.metrics && Object.hasOwn(policy.metrics, metric)
    ? policy.metrics[metric]
    : Object.hasOwn(METRICS, metric)
      ? METRICS[metric]
      : undefined

/** The rule of a metric that this policy promises. */
export const ruleOf = (policy: Policy, metric: string): MetricRule => knownRule(policy, metric)!

/** What reopening does to a metric's clock. */
export const reopening = (policy: Policy, metric: string): OnReopen => ruleOf(policy, metric).onReopen ?? policy.onReopen ?? 'resume'

const fulfils = (pred: Pred | undefined, attributes: Attributes): boolean =>
  pred !== undefined && holds(pred, (path) => valueAt(attributes, path))

/** Whether a policy is for an item with these attributes. */
export const matches = (policy: Policy, attributes: Attributes): boolean => policy.when === undefined || fulfils(policy.when, attributes)

/** Whether these attributes stop a metric's clock from counting. */
export const pauses = (policy: Policy, metric: string, attributes: Attributes): boolean =>
  fulfils(knownRule(policy, metric)?.pauseWhile ?? policy.pauseWhile, attributes)

/** The calendar of an item with these attributes. */
export function calendarIdOf(policy: Policy, attributes: Attributes): string {
  const { calendar } = policy
  if (typeof calendar === 'string') return calendar
  const value = String(valueAt(attributes, calendar.by))
  return Object.hasOwn(calendar.of, value) ? calendar.of[value]! : calendar.otherwise
}

/** Every calendar a policy may count on. */
export const calendarIdsOf = ({ calendar, quietOutside }: Policy): readonly string[] => [
  ...(typeof calendar === 'string' ? [calendar] : [...Object.values(calendar.of), calendar.otherwise]),
  ...(quietOutside === undefined ? [] : [quietOutside]),
]

/** The item's own zone, where the policy asks for it and the item has one; what is no zone leaves the hours in the calendar's. */
export function zoneOf(policy: Policy, attributes: Attributes): string | null {
  const zone = policy.zone === undefined ? undefined : valueAt(attributes, policy.zone)
  return typeof zone === 'string' && isZone(zone) ? zone : null
}

/** Whose turn it is, where each has its own clock. */
export function partyOf(policy: Policy, attributes: Attributes): string | null {
  const party = policy.per === undefined ? undefined : valueAt(attributes, policy.per)
  return party === undefined || party === null || party === '' ? null : String(party)
}
