import { between, finite, whole } from '../checks.ts'
import { normalQuantile } from '../normal.ts'
import { wrong } from '../refusals.ts'
import { answersOn, type SurveyScale } from './scale.ts'

/** A Net Promoter Score from −100 to 100 with its interval; null without answers. */
export interface Nps {
  readonly promoters: number
  readonly passives: number
  readonly detractors: number
  readonly answers: number
  readonly nps: number | null
  readonly low: number | null
  readonly high: number | null
}

/**
 * The Net Promoter Score of answers on a declared scale. The customary cuts are 9 and 6 on 0 to 10; any other scale has to say its own.
 *
 * @example
 * ```ts
 * import { nps } from '@patronkit/kpi-scoring'
 *
 * const { nps: score, low, high } = nps({ scores: [10, 9, 7, 3], scale: { from: 0, to: 10 } })
 * ```
 */
export function nps(i: {
  readonly scores: readonly number[]
  readonly scale: SurveyScale
  /** Promoters answer this or more. */
  readonly promotersFrom?: number
  /** Detractors answer this or less. */
  readonly detractorsTo?: number
  readonly confidence?: number
}): Nps {
  const usual = i.scale.from === 0 && i.scale.to === 10
  if (!usual && (i.promotersFrom === undefined || i.detractorsTo === undefined)) {
    throw wrong(
      'scale',
      `runs from ${i.scale.from} to ${i.scale.to}, for which no cuts are customary`,
      'Give promotersFrom and detractorsTo.',
    )
  }
  const from = finite(i.promotersFrom ?? 9, 'promotersFrom')
  const to = finite(i.detractorsTo ?? 6, 'detractorsTo')
  if (to >= from) throw wrong('detractorsTo', `is ${to}, not below promotersFrom ${from}`, 'Nobody is both.')
  let [promoters, detractors] = [0, 0]
  const answers = answersOn(i.scores, i.scale)
  for (const score of answers) {
    if (score >= from) promoters++
    else if (score <= to) detractors++
  }
  return npsInterval({ promoters, passives: answers.length - promoters - detractors, detractors, confidence: i.confidence ?? 0.95 })
}

/** The Net Promoter Score of counts. The interval is the normal one of the trinomial, with n and not n − 1; it is not clamped. */
export function npsInterval(i: {
  readonly promoters: number
  readonly passives: number
  readonly detractors: number
  readonly confidence?: number
}): Nps {
  const promoters = whole(i.promoters, 'promoters', 0)
  const passives = whole(i.passives, 'passives', 0)
  const detractors = whole(i.detractors, 'detractors', 0)
  const z = normalQuantile(0.5 + between(i.confidence ?? 0.95, 'confidence') / 2)
  const answers = promoters + passives + detractors
  const counts = { promoters, passives, detractors, answers }
  if (answers === 0) return { ...counts, nps: null, low: null, high: null }
  const score = (promoters - detractors) / answers
  const variance = (promoters + detractors) / answers - score * score
  const reach = z * Math.sqrt(Math.max(0, variance) / answers)
  return { ...counts, nps: 100 * score, low: 100 * (score - reach), high: 100 * (score + reach) }
}
