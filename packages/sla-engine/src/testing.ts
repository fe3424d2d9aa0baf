import { alwaysOpen, type CalendarDefinition, compileCalendar, inZone, type WorkingCalendar } from '@patronkit/business-time/calendar'
import { type Instant, PatronkitError } from '@patronkit/core'
import { toMs } from '@patronkit/core/service'
import type { Books } from './book.ts'
import type { Attributes, Fact, StoredFact } from './model.ts'
import { AROUND_THE_CLOCK, type SlaPolicy } from './policy.ts'

export { applyFacts, foldFacts } from './evolve.ts'
export { nextStepAt, passTime } from './passing.ts'
export { viewClocks } from './view.ts'

/** A fact of a made-up timeline: `fact('resolved', '2026-11-23T10:00:00Z')`. Its id is its type and instant. */
export const fact = (type: Fact['type'], at: Instant, attributes: Attributes | null = null, arrival = 1): StoredFact => ({
  id: `${type}@${toMs(at)}`,
  type,
  at: toMs(at),
  author: null,
  visibility: null,
  channel: null,
  attributes,
  data: null,
  arrival,
  via: null,
})

/** A book of definitions that nobody published, for folds without a storage. Policies are tried in the order in which they are given. */
export function bookOf(i: { readonly policies: readonly SlaPolicy[]; readonly calendars: readonly CalendarDefinition[] }): Books {
  const agreed = i.policies.map((policy) => ({ policy: policy.body, pin: { id: policy.id, version: 1, hash: policy.hash } }))
  const byId = new Map(agreed.map((one) => [one.pin.id, one]))
  const compiled = new Map<string, WorkingCalendar>()
  const calendarOf = (id: string): CalendarDefinition => {
    const found = i.calendars.find((one) => one.id === id)
    if (found) return found
    throw calendarMissing(id)
  }
  const compile = (id: string, zone: string | null): WorkingCalendar =>
    compileCalendar({ calendar: zone === null ? calendarOf(id) : inZone(calendarOf(id), zone) })
  return (ref) => ({
    ref,
    policies: agreed,
    byId,
    calendar: (id, zone) => {
      if (id === AROUND_THE_CLOCK) return alwaysOpen
      const key = `${id} ${zone}`
      const known = compiled.get(key) ?? compile(id, zone)
      compiled.set(key, known)
      return known
    },
    calendarPin: (id) => (id === AROUND_THE_CLOCK ? null : { id, version: 1, hash: calendarOf(id).hash }),
    onCall: () => [],
  })
}

const calendarMissing = (calendar: string) =>
  new PatronkitError({
    code: 'sla/calendar-not-published',
    message: `a policy counts on calendar ${calendar}, which is not among those given. Give bookOf every calendar that its policies name.`,
    details: { policy: '', calendar },
  })
