import { PatronkitError } from '@patronkit/core'
import { finite, listOf } from '../checks.ts'
import { wrong } from '../refusals.ts'

/** The scale that was shown to the customer, ends included. It is declared, never guessed from the answers. */
export interface SurveyScale {
  readonly from: number
  readonly to: number
}

/** Checks every answer against its scale. Fractions are refused too: nobody pressed 7.5. */
export function answersOn(scores: readonly number[], scale: SurveyScale): readonly number[] {
  const from = finite(scale.from, 'scale.from')
  const to = finite(scale.to, 'scale.to')
  if (!(Number.isInteger(from) && Number.isInteger(to) && from < to)) {
    throw wrong('scale', `runs from ${from} to ${to}`, 'Give whole numbers, the lower first.')
  }
  const answers = listOf(scores, 'scores', 0) as readonly number[]
  for (const score of answers) {
    if (Number.isInteger(score) && score >= from && score <= to) continue
    throw new PatronkitError({
      code: 'kpi/off-scale',
      message: `the answer ${String(score)} does not stand on the scale ${from} to ${to}. Declare the scale that was shown, or leave the answer out.`,
      details: { score, from, to },
    })
  }
  return answers
}
