import { type AnyCalendar, type CalendarDefinition, compileCalendar, type WorkingCalendar } from '@patronkit/business-time/calendar'

/** The index of a calendar; a definition is compiled once for all that is counted on it. */
export const compiled = (calendar: AnyCalendar): WorkingCalendar =>
  'within' in calendar ? calendar : compileCalendar({ calendar: calendar as CalendarDefinition })
