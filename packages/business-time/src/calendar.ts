export { alwaysOpen } from './always-open.ts'
export { type Combination, intersectCalendars, uniteCalendars } from './combine.ts'
export { compileCalendar } from './compile.ts'
export type { AnyCalendar } from './compiled.ts'
export { type DayEnd, workingDayEnd } from './day-end.ts'
export {
  type CalendarBody,
  type CalendarDefinition,
  calendarBody,
  defineCalendar,
  type TimeRange,
  type Weekday,
  type YearlyRule,
} from './definition.ts'
export { inZone } from './in-zone.ts'
export { isBreak, isHoliday, localInstant } from './local.ts'
export { isOpen, listOpenIntervals, nextOpening, type OpenInterval, previousOpening } from './opening.ts'
export { type CalendarVersion, versionCalendar } from './versions.ts'
export { workingTimeInWords } from './words.ts'
export type { WorkingCalendar } from './working-calendar.ts'
export { addWorkingTime, subtractWorkingTime, workingTimeBetween } from './working-time.ts'
