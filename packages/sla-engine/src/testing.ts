import { alwaysOpen, type CalendarDefinition, compileCalendar, inZone } from '@patronkit/business-time/calendar'
import type { Instant } from '@patronkit/core'
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

/** A book of definitions that nobody published, for folds without a storage. */
export function bookOf(i: { readonly policies: readonly SlaPolicy[]; readonly calendars: readonly CalendarDefinition[] }): Books {
  const agreed = i.policies.map((policy) => ({ policy: policy.body, pin: { id: policy.id, version: 1, hash: policy.hash } }))
  const calendarOf = (id: string): CalendarDefinition => i.calendars.find((one) => one.id === id)!
  const compiled = new Map<string, ReturnType<typeof compileCalendar>>()
  return (ref) => ({
    ref,
    policies: agreed,
    byId: new Map(agreed.map((one) => [one.pin.id, one])),
    calendar: (id, zone) => {
      if (id === AROUND_THE_CLOCK) return alwaysOpen
      const key = `${id} ${zone}`
      const known = compiled.get(key) ?? compileCalendar({ calendar: zone === null ? calendarOf(id) : inZone(calendarOf(id), zone) })
      compiled.set(key, known)
      return known
    },
    calendarPin: (id) => (id === AROUND_THE_CLOCK ? null : { id, version: 1, hash: calendarOf(id).hash }),
  })
}
