import './refusals.ts'

export * from './calendar.ts'
export { type ClockMove, type ClockPhase, type ClockState, countedAt, foldClock, IDLE, moveClock, reaches } from './clock.ts'
export { climb, nextRungAt, OVER, type Reached, type Rung, rungsOf } from './ladder.ts'
