export { countLoad, type LoadAhead, type LoadCount, type LoadQuestion } from './forecast/load.ts'
export { type ClockForecast, learnPace, type Pace, type PaceCount, type PaceQuestion } from './forecast/pace.ts'
