import './refusals.ts'

export { type Nps, nps, npsInterval } from './survey/nps.ts'
export { type ProportionInterval, proportionInterval } from './survey/proportion.ts'
export { type Ces, type Csat, ces, csat } from './survey/satisfaction.ts'
export type { SurveyScale } from './survey/scale.ts'
