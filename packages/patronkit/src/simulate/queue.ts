import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import { HOUR, MINUTE } from '@patronkit/core/service'
import type { Arrival } from './arrivals.ts'
import type { Chance } from './chance.ts'
import { BAD_MONTH, SERVICE_LEVELS, type Team } from './desk.ts'

/** A ticket that an agent has turned to. */
export interface Taken {
  readonly arrival: Arrival
  readonly at: number
  readonly agent: number
}

/** What one ticket keeps an agent busy with, in working hours, unless the desk is too small for that. */
const USUAL_HANDLING = 5
const FEWEST_AGENTS = 2

/**
 * Who turns to which ticket of a team, and when: in working time, the most urgent level first, the oldest of it first.
 * The team has as many agents as its tickets need, so that the waiting is alike in a small desk and in a large one.
 */
export function takeUp(i: {
  readonly chance: Chance
  readonly team: Team
  readonly arrivals: readonly Arrival[]
  readonly from: number
  readonly to: number
  readonly hours: WorkingCalendar
}): readonly Taken[] {
  const { chance, team, arrivals, from, hours } = i
  const supply = (hours.within(from, i.to) / HOUR) * team.load
  const agents = Math.max(FEWEST_AGENTS, Math.round((arrivals.length * USUAL_HANDLING) / supply))
  const handling = Math.min(USUAL_HANDLING * 1.5, (agents * supply) / Math.max(1, arrivals.length))

  const freeAt = new Array<number>(agents).fill(0)
  const waiting = SERVICE_LEVELS.map((): Arrival[] => [])
  const served = SERVICE_LEVELS.map(() => 0)
  const taken: Taken[] = []
  let come = 0

  const admit = (until: number): void => {
    for (; come < arrivals.length && hours.within(from, arrivals[come]!.at) <= until; come++) {
      waiting[SERVICE_LEVELS.indexOf(arrivals[come]!.level)]!.push(arrivals[come]!)
    }
  }
  while (taken.length < arrivals.length) {
    const agent = freeAt.indexOf(Math.min(...freeAt))
    let now = freeAt[agent]!
    admit(now)
    if (come === taken.length) {
      now = hours.within(from, arrivals[come]!.at)
      admit(now)
    }
    const urgent = waiting.findIndex((queue, level) => served[level]! < queue.length)
    const arrival = waiting[urgent]![served[urgent]!++]!
    const notice = chance.length(6 * MINUTE, 0.8)
    // tickets of the night have the working time of the close before them: they wait for the opening
    const at = hours.add(hours.nextOpening(Math.max(arrival.at, hours.add(from, now))), notice)
    taken.push({ arrival, at, agent })
    freeAt[agent] = now + notice + chance.length(handling * 0.8, 0.67) * HOUR * (arrival.inBadMonth ? BAD_MONTH.handling : 1)
  }
  return taken
}
