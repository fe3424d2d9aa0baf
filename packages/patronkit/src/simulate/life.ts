import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import { DAY, HOUR, MINUTE } from '@patronkit/core/service'
import type { Chance } from './chance.ts'
import { BAD_MONTH } from './desk.ts'
import type { Activity } from './log-row.ts'
import type { Taken } from './queue.ts'

/** Something that happens to a ticket, at epoch milliseconds. */
export interface Step {
  readonly at: number
  readonly activity: Activity
  readonly resource: string
}

// Shares as in the 4TU help-desk log, rounded, but for reopening, which there depends on no team.
const TYPED_IN = 0.03
const RATED_TWICE = 0.06
const RESOLVED_AT_ONCE = 0.03
const HANDED_OVER = 0.03
const NEEDS_UPGRADE = 0.025
const IS_ANOMALY = 0.015
const NEEDS_VISIT = 0.002
const TAKEN_AGAIN_AFTER_WAIT = 0.5
/** Tickets that nobody thinks of again. */
const FORGOTTEN = 0.006

/** Resolved tickets are closed by the machine if nobody objects, most of them after this long. */
const CONFIRMED_AFTER = 15 * DAY

/** The life of a ticket from the moment it comes in, in order, without regard to where the log ends. */
export function life(taken: Taken, chance: Chance, hours: WorkingCalendar): readonly Step[] {
  const { level, team, inBadMonth } = taken.arrival
  const agent = `${team.name} agent ${taken.agent + 1}`
  const steps: Step[] = []
  let now = taken.arrival.at

  const happens = (activity: Activity, resource = agent): void => void steps.push({ at: now, activity, resource })
  /** So much working time later, in working time; two things never happen at once. */
  const work = (length: number): void => {
    now = hours.add(hours.nextOpening(now), Math.max(1_000, length))
  }
  const wallTime = (length: number): void => {
    now += length
  }
  const effort = (): number => chance.length(level.workHours, 0.8) * HOUR * team.slowness * (inBadMonth ? BAD_MONTH.handling : 1)

  comesIn()
  now = Math.max(taken.at, now + 1_000)
  if (chance.is(RESOLVED_AT_ONCE)) happens('Resolve ticket')
  else if (!isWorkedOn()) return steps
  while (chance.is(team.reopens)) isReopened()
  isClosed()
  return steps

  function comesIn(): void {
    if (chance.is(TYPED_IN)) {
      happens('Insert ticket', 'Front desk')
      wallTime(Math.min(20 * MINUTE, chance.length(2 * MINUTE, 0.8)))
    }
    happens('Assign seriousness', 'Front desk')
    if (!chance.is(RATED_TWICE)) return
    wallTime(Math.min(30 * MINUTE, chance.length(5 * MINUTE, 0.8)))
    happens('Assign seriousness', 'Front desk')
  }

  /** False for the tickets that are left lying. */
  function isWorkedOn(): boolean {
    happens('Take in charge ticket')
    if (chance.is(HANDED_OVER)) {
      work(chance.length(2 * HOUR, 0.8))
      happens('Take in charge ticket', `${team.name} agent ${taken.agent + 2}`)
    }
    if (chance.is(FORGOTTEN)) return false
    const length = effort()
    if (chance.is(NEEDS_UPGRADE)) comesBetween('Require upgrade', length)
    if (chance.is(NEEDS_VISIT)) comesBetween('Schedule intervention', length)
    if (chance.is(IS_ANOMALY)) {
      comesBetween('Create SW anomaly', length)
      if (chance.is(0.2)) comesBetween('Resolve SW anomaly', length)
    }
    if (chance.is(level.waits)) waits(length)
    else work(length)
    happens('Resolve ticket')
    return true
  }

  function comesBetween(activity: Activity, length: number): void {
    work(length / 2)
    happens(activity)
  }

  /** For the customer, who answers at any hour; the agent goes on in working time. */
  function waits(length: number): void {
    work(length * 0.6)
    happens('Wait')
    wallTime(chance.length(60 * HOUR, 1))
    if (chance.is(TAKEN_AGAIN_AFTER_WAIT)) {
      work(chance.length(30 * MINUTE, 0.8))
      happens('Take in charge ticket')
    }
    work(length * 0.4)
  }

  function isReopened(): void {
    wallTime(Math.min(CONFIRMED_AFTER - DAY, chance.length(30 * HOUR, 0.8)))
    work(chance.length(40 * MINUTE, 0.8))
    happens('Take in charge ticket')
    work(effort() / 2)
    happens('Resolve ticket')
  }

  function isClosed(): void {
    wallTime(chance.is(0.6) ? CONFIRMED_AFTER : CONFIRMED_AFTER + chance.next() * 25 * DAY)
    happens('Closed', 'Closing job')
  }
}
