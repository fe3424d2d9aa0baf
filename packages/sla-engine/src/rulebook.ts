import { type CalendarBody, calendarBody, compileCalendar, type WorkingCalendar } from '@patronkit/business-time/calendar'
import { PatronkitError } from '@patronkit/core'
import {
  type Context,
  definitionsInForce,
  type Operation,
  type Pinned,
  pinnedDefinition,
  type StoredDefinition,
} from '@patronkit/core/service'
import type { Rules } from './evolve.ts'
import type { Attributes, ItemState } from './model.ts'
import { matches, type Policy } from './policy.ts'
import { policySchema } from './policy-schema.ts'

/** The kinds of definition this package publishes. */
export const KINDS = { calendar: calendarBody, 'sla-policy': policySchema }

/** Finds the rules of an item and keeps what was compiled; a version never changes, so nothing in here grows stale. */
export interface Rulebook {
  /** The rules pinned to an item. */
  pinnedTo(ctx: Context, state: ItemState): Operation<Rules | null>
  /** The first policy in force at `at` that is for an item with these attributes; null when none is. */
  firstMatch(ctx: Context, at: number, attributes: Attributes): Operation<Rules | null>
}

const KEPT = 1_000

export function createRulebook(): Rulebook {
  const policies = new Map<string, Policy>()
  const calendars = new Map<string, WorkingCalendar>()

  const policyOf = (stored: StoredDefinition) => kept(policies, stored.hash, () => policySchema.parse(stored.body))
  const calendarOf = (stored: StoredDefinition) =>
    kept(calendars, stored.hash, () =>
      compileCalendar({ calendar: { kind: 'calendar', id: stored.id, hash: stored.hash, body: stored.body as CalendarBody } }),
    )

  function* policyFor(ctx: Context, pin: Pinned): Operation<Policy> {
    return policies.get(pin.hash) ?? policyOf(yield* pinnedDefinition(ctx, 'sla-policy', pin))
  }
  function* calendarFor(ctx: Context, pin: Pinned): Operation<WorkingCalendar> {
    return calendars.get(pin.hash) ?? calendarOf(yield* pinnedDefinition(ctx, 'calendar', pin))
  }

  return {
    pinnedTo: function* (ctx, state) {
      const { policy, calendar } = state
      if (!policy || !calendar) return null
      return {
        policy: yield* policyFor(ctx, policy),
        calendar: yield* calendarFor(ctx, calendar),
        pinnedPolicy: policy,
        pinnedCalendar: calendar,
      }
    },
    firstMatch: function* (ctx, at, attributes) {
      const inForce = yield* definitionsInForce(ctx, 'sla-policy', at)
      const tried = inForce.map((stored) => ({ stored, policy: policyOf(stored) })).sort(inOrder)
      const found = tried.find(({ policy }) => matches(policy, attributes))
      if (!found) return null
      const calendar = (yield* definitionsInForce(ctx, 'calendar', at)).find((stored) => stored.id === found.policy.calendar)
      if (!calendar) throw calendarMissing(found.stored, found.policy.calendar, at)
      return { policy: found.policy, calendar: calendarOf(calendar), pinnedPolicy: pin(found.stored), pinnedCalendar: pin(calendar) }
    },
  }
}

const pin = ({ id, version, hash }: StoredDefinition): Pinned => ({ id, version, hash })

const DEFAULT_ORDER = 100

function inOrder(a: { stored: StoredDefinition; policy: Policy }, b: { stored: StoredDefinition; policy: Policy }): number {
  return (a.policy.order ?? DEFAULT_ORDER) - (b.policy.order ?? DEFAULT_ORDER) || (a.stored.id < b.stored.id ? -1 : 1)
}

/** Looks up or makes; when the book is full the oldest entry goes. */
function kept<T>(book: Map<string, T>, hash: string, make: () => T): T {
  const found = book.get(hash)
  if (found !== undefined) return found
  if (book.size >= KEPT) book.delete(book.keys().next().value!)
  const made = make()
  book.set(hash, made)
  return made
}

const calendarMissing = (policy: StoredDefinition, calendar: string, at: number) =>
  new PatronkitError({
    code: 'sla/calendar-not-published',
    message: `policy ${policy.id} counts on calendar ${calendar}, of which no version is in force at ${new Date(at).toISOString()}. Publish the calendar, effective from then or before.`,
    details: { policy: policy.id, calendar },
  })
