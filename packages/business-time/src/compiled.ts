import { compileCalendar } from './compile.ts'
import type { CalendarDefinition } from './definition.ts'
import type { WorkingCalendar } from './working-calendar.ts'

/** What the named functions accept: a definition, compiled on first use and remembered, or a compiled calendar. */
export type AnyCalendar = CalendarDefinition | WorkingCalendar

const compiled = new WeakMap<CalendarDefinition, WorkingCalendar>()

/** The index of a calendar; one per definition object for as long as that object lives. */
export function indexOf(calendar: AnyCalendar): WorkingCalendar {
  if ('within' in calendar) return calendar
  let index = compiled.get(calendar)
  if (!index) {
    index = compileCalendar({ calendar })
    compiled.set(calendar, index)
  }
  return index
}
