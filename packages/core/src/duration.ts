import { z } from 'zod'

/** A length of wall time. */
export interface WallDuration {
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
}

/** A length of working time: it passes only while a calendar is open. A working day ends at the same wall time. */
export interface WorkingDuration {
  readonly workingDays?: number
  readonly workingHours?: number
  readonly workingMinutes?: number
  readonly workingSeconds?: number
}

/** A length of time as data. The unit says whether it is wall time or working time, so "1 day" never means 24 office hours. */
export type Duration = WallDuration | WorkingDuration

export const SECOND = 1_000
export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

const amount = z.number().finite().nonnegative().max(1e9).optional()

/** Accepts exactly one kind: wall units together, or working units together, or working days alone. */
export const durationSchema: z.ZodType<Duration> = z.union(
  [
    z.strictObject({ days: amount, hours: amount, minutes: amount, seconds: amount }).refine(someUnit, 'give at least one unit'),
    z.strictObject({ workingHours: amount, workingMinutes: amount, workingSeconds: amount }).refine(someUnit, 'give at least one unit'),
    z.strictObject({ workingDays: z.number().int().nonnegative().max(1e6) }),
  ],
  {
    error:
      'give wall units (days, hours, minutes, seconds), working units (workingHours, workingMinutes, workingSeconds), or workingDays alone',
  },
)

function someUnit(duration: object): boolean {
  return Object.values(duration).some((value) => value !== undefined)
}

/** Milliseconds of a wall duration; a day is 86,400 s. */
export const wallMs = (d: WallDuration): number =>
  Math.round((d.days ?? 0) * DAY + (d.hours ?? 0) * HOUR + (d.minutes ?? 0) * MINUTE + (d.seconds ?? 0) * SECOND)

/** Milliseconds of a working duration given in hours, minutes and seconds. Working days depend on the calendar. */
export const workingMs = (d: WorkingDuration): number =>
  Math.round((d.workingHours ?? 0) * HOUR + (d.workingMinutes ?? 0) * MINUTE + (d.workingSeconds ?? 0) * SECOND)

/** True for the working kinds. */
export const isWorking = (d: Duration): d is WorkingDuration => Object.keys(d).some((key) => key.startsWith('working'))
