import { type CalendarDefinition, defineCalendar } from '@patronkit/business-time'

/** What is promised to a group of customers, and how its tickets differ from those of the others. */
export interface ServiceLevel {
  readonly name: string
  /** Share of all tickets. */
  readonly share: number
  /** Shares of the seriousnesses, in the order of {@link SERIOUSNESS}. */
  readonly seriousness: readonly number[]
  /** Share of tickets that come outside office hours. */
  readonly outOfHours: number
  /** Median working hours from being taken in charge to being resolved. */
  readonly workHours: number
  /** Share of tickets that wait for the customer on the way. */
  readonly waits: number
}

/** The four service levels, the first served first. They are called as in the real log, so that one policy judges both. */
export const SERVICE_LEVELS: readonly ServiceLevel[] = [
  { name: 'Value 1', share: 0.08, seriousness: [0.3, 0.4, 0.2, 0.1], outOfHours: 0.25, workHours: 30, waits: 0.15 },
  { name: 'Value 2', share: 0.27, seriousness: [0.15, 0.35, 0.35, 0.15], outOfHours: 0.12, workHours: 62, waits: 0.2 },
  { name: 'Value 3', share: 0.45, seriousness: [0.08, 0.25, 0.42, 0.25], outOfHours: 0.07, workHours: 90, waits: 0.26 },
  { name: 'Value 4', share: 0.2, seriousness: [0.04, 0.16, 0.4, 0.4], outOfHours: 0.05, workHours: 115, waits: 0.32 },
]

/** How serious a ticket is, the worst first; called as in the real log. */
export const SERIOUSNESS: readonly string[] = ['Value 1', 'Value 2', 'Value 3', 'Value 4']

/** A group of agents with its own queue. */
export interface Team {
  readonly name: string
  /** Share of all tickets. */
  readonly share: number
  /** Share of its agents' time that tickets take in a usual month; the waiting grows without bound as it nears 1. */
  readonly load: number
  /** How much longer its work takes than that of a good team. */
  readonly slowness: number
  /** Share of tickets that come back after they were resolved. */
  readonly reopens: number
}

/** Three teams that cope, and one that does not. */
export const TEAMS: readonly Team[] = [
  { name: 'Team 1', share: 0.32, load: 0.5, slowness: 1, reopens: 0.04 },
  { name: 'Team 2', share: 0.3, load: 0.55, slowness: 1, reopens: 0.05 },
  { name: 'Team 3', share: 0.16, load: 0.85, slowness: 1.8, reopens: 0.15 },
  { name: 'Team 4', share: 0.22, load: 0.5, slowness: 1.1, reopens: 0.05 },
]

/** In the bad month half as many tickets again come in, and each takes half as long again. */
export const BAD_MONTH = { arrivals: 1.5, handling: 1.5 }

/** Which month of so many is the bad one: a little after the middle, so that the months before and after are seen. */
export const badMonthOf = (months: number): number => Math.floor(months * 0.6)

const DAY_OF_WORK = [
  ['08:00', '13:00'],
  ['14:00', '18:00'],
] as const

/** Monday to Friday, eight to six with an hour for lunch, in the desk's zone. */
export const officeHours = (zone: string): CalendarDefinition =>
  defineCalendar({
    id: 'simulated-office',
    zone,
    week: { mon: DAY_OF_WORK, tue: DAY_OF_WORK, wed: DAY_OF_WORK, thu: DAY_OF_WORK, fri: DAY_OF_WORK },
  })
