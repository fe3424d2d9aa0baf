import { define } from '@patronkit/core/service'
import { type CalendarDefinition, calendarBody } from './definition.ts'

const moved = new WeakMap<CalendarDefinition, Map<string, CalendarDefinition>>()

/**
 * The same hours, holidays, shifts and breaks read in another zone: 09:00 for the customer in Shanghai. The id stays, the
 * hash follows the zone. One object per definition and zone, so that it is compiled once however many items ask for it.
 *
 * @throws `core/invalid-input` for a name that is no zone
 *
 * @example
 * ```ts
 * import { addWorkingTime, defineCalendar, inZone } from '@patronkit/business-time'
 *
 * const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } })
 * const calendar = inZone(office, 'Asia/Shanghai')
 * console.log(addWorkingTime({ calendar, at: '2026-11-23T00:00:00Z', duration: { workingHours: 1 } })) // 10:00 in Shanghai
 * ```
 */
export function inZone(calendar: CalendarDefinition, zone: string): CalendarDefinition {
  if (zone === calendar.body.zone) return calendar
  const known = moved.get(calendar)?.get(zone)
  if (known) return known
  const made = define({ kind: 'calendar', id: calendar.id, body: { ...calendar.body, zone }, schema: calendarBody })
  const zones = moved.get(calendar) ?? new Map<string, CalendarDefinition>()
  moved.set(calendar, zones.set(zone, made))
  return made
}
