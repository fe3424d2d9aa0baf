import { mean as meanOf, sampleStandardDeviation } from 'simple-statistics'
import { between, finite } from '../checks.ts'
import { studentQuantile } from '../normal.ts'
import { wrong } from '../refusals.ts'
import { type ProportionInterval, proportionInterval } from './proportion.ts'
import { answersOn, type SurveyScale } from './scale.ts'

/** The share of satisfied customers. */
export interface Csat extends ProportionInterval {
  readonly satisfied: number
  readonly answers: number
}

/**
 * Customer satisfaction: the share of answers at or above `satisfiedFrom`, with Wilson's interval; null without answers.
 *
 * @example
 * ```ts
 * import { csat } from '@patronkit/kpi-scoring'
 *
 * csat({ scores: [5, 4, 2, 5], scale: { from: 1, to: 5 }, satisfiedFrom: 4 }).share // 0.75
 * ```
 */
export function csat(i: {
  readonly scores: readonly number[]
  readonly scale: SurveyScale
  readonly satisfiedFrom: number
  readonly confidence?: number
}): Csat {
  const answers = answersOn(i.scores, i.scale)
  const from = finite(i.satisfiedFrom, 'satisfiedFrom')
  if (from <= i.scale.from || from > i.scale.to)
    throw wrong('satisfiedFrom', `is ${from}`, 'Give a cut inside the scale, above its lower end.')
  const satisfied = answers.reduce((count, score) => (score >= from ? count + 1 : count), 0)
  return {
    satisfied,
    answers: answers.length,
    ...proportionInterval({ successes: satisfied, trials: answers.length, confidence: i.confidence ?? 0.95 }),
  }
}

/** How much effort something cost, as a mean on the scale that was shown. */
export interface Ces {
  readonly answers: number
  readonly mean: number | null
  /** Student's interval of the mean; null with fewer than two answers. */
  readonly low: number | null
  readonly high: number | null
  /** 0 for the most effort, 1 for the least, whichever way the scale runs. */
  readonly ease: number | null
}

/** The Customer Effort Score: the mean answer. `easyEnd` says which end of the scale is the easy one; it differs from survey to survey. */
export function ces(i: {
  readonly scores: readonly number[]
  readonly scale: SurveyScale
  readonly easyEnd: 'from' | 'to'
  readonly confidence?: number
}): Ces {
  const confidence = between(i.confidence ?? 0.95, 'confidence')
  const scores = answersOn(i.scores, i.scale) as number[]
  const answers = scores.length
  if (answers === 0) return { answers, mean: null, low: null, high: null, ease: null }
  const mean = meanOf(scores)
  const share = (mean - i.scale.from) / (i.scale.to - i.scale.from)
  const ease = i.easyEnd === 'to' ? share : 1 - share
  if (answers === 1) return { answers, mean, low: null, high: null, ease }
  const reach = (studentQuantile(0.5 + confidence / 2, answers - 1) * sampleStandardDeviation(scores)) / Math.sqrt(answers)
  return { answers, mean, low: mean - reach, high: mean + reach, ease }
}
