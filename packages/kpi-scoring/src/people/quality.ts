import { distinct, listOf } from '../checks.ts'
import { type Exact as Decimal, Exact, exactNotNegative, textOf } from '../exact.ts'
import { unknownId, wrong } from '../refusals.ts'
import { SCORE_DIGITS } from '../score/exact-card.ts'
import { splitQuantity } from '../targets/split.ts'
import { krippendorffAlpha } from './agreement.ts'

/** One question of a form. `answers` gives each answer its part of the question's points, from 0 to 1. */
export interface QualityQuestion {
  readonly id: string
  /** Among the questions of its section; 1 where it is left out. */
  readonly weight?: string | undefined
  readonly answers: { readonly [answer: string]: string }
  /** An answer that gives nothing costs all points of the section, or of the whole contact. */
  readonly critical?: 'section' | 'contact' | undefined
}

/** What a contact with a customer is checked by, whatever its channel. */
export interface QualityForm {
  readonly sections: readonly {
    readonly id: string
    readonly weight?: string | undefined
    readonly questions: readonly QualityQuestion[]
  }[]
  /** The score from which a contact passes. */
  readonly pass?: string | undefined
}

/** Answers by question; null, or left out, where a question does not apply. */
export type QualityAnswers = { readonly [question: string]: string | null | undefined }

/** One question of a checked contact. `weight` is its share of the whole among those that applied. */
export interface QualityLine {
  readonly section: string
  readonly question: string
  readonly answer: string | null
  readonly weight: string
  readonly points: string
  /** Why its points are less than its answer gives: the critical question that failed. */
  readonly lostTo?: string
}

/** A checked contact. The points sum to the score, digit for digit. */
export interface QualityScore {
  /** From 0 to 1; null where no question applied. */
  readonly value: string | null
  readonly passed: boolean | null
  /** Critical questions that failed. */
  readonly failed: readonly string[]
  readonly lines: readonly QualityLine[]
}

const ZERO = new Exact(0)

/**
 * Scores one contact by a form. A question that does not apply gives its weight to the others of its section, a section without any to
 * the other sections.
 *
 * @example
 * ```ts
 * import { qualityScore } from '@patronkit/kpi-scoring'
 *
 * const yesNo = { yes: '1', no: '0' }
 * const form = { pass: '0.8', sections: [
 *   { id: 'opening', weight: '1', questions: [{ id: 'greeted', answers: yesNo }] },
 *   { id: 'care', weight: '3', questions: [{ id: 'solved', answers: { ...yesNo, partly: '0.5' } }, { id: 'identified', answers: yesNo, critical: 'contact' }] } ] } as const
 * qualityScore({ form, answers: { greeted: 'yes', solved: 'partly', identified: 'yes' } }).value // '0.8125'
 * ```
 */
export function qualityScore(i: { readonly form: QualityForm; readonly answers: QualityAnswers }): QualityScore {
  const questions = questionsOf(i.form)
  for (const id of Object.keys(i.answers)) if (!questions.some((one) => one.question.id === id)) throw unknownId(id, 'answers')
  const given = questions.map((one) => ({ ...one, answer: answerOf(one.question, i.answers) }))
  const sectionTotals = new Map<string, Decimal>()
  for (const { section, weight, answer } of given)
    if (answer) sectionTotals.set(section.id, (sectionTotals.get(section.id) ?? ZERO).plus(weight))
  const counting = i.form.sections.filter(({ id }) => sectionTotals.get(id)?.gt(0))
  const total = counting.reduce((sum, { weight = '1', id }) => sum.plus(exactNotNegative(weight, `sections.${id}.weight`)), ZERO)
  const failed = given.filter(({ question, answer }) => question.critical && answer?.gives.isZero())
  const lostTo = (section: string): string | undefined =>
    failed.find(({ question, section: its }) => question.critical === 'contact' || its.id === section)?.question.id
  const lines = given.map(({ section, question, weight, answer }): QualityLine => {
    const within = sectionTotals.get(section.id) ?? ZERO
    const counts = answer && within.gt(0) && total.gt(0)
    const share = counts
      ? weight
          .div(within)
          .times(new Exact(section.weight ?? '1'))
          .div(total)
      : ZERO
    const lost = lostTo(section.id)
    const points = counts && lost === undefined ? share.times(answer.gives).toDecimalPlaces(SCORE_DIGITS) : ZERO
    return {
      section: section.id,
      question: question.id,
      answer: answer?.text ?? null,
      weight: textOf(share.toDecimalPlaces(SCORE_DIGITS)),
      points: textOf(points),
      ...(answer && lost !== undefined && !answer.gives.isZero() ? { lostTo: lost } : {}),
    }
  })
  const value = total.gt(0) ? lines.reduce((sum, { points }) => sum.plus(points), ZERO) : null
  const passed = value === null || i.form.pass === undefined ? null : value.gte(i.form.pass)
  return { value: value && textOf(value), passed, failed: failed.map(({ question }) => question.id), lines }
}

/** Checks a form and lays its questions out. */
export function questionsOf(form: QualityForm) {
  const sections = listOf(form?.sections, 'form.sections') as QualityForm['sections']
  distinct(
    sections.map(({ id }) => id),
    'form.sections',
  )
  const questions = sections.flatMap((section) =>
    (listOf(section.questions, `form.${section.id}.questions`) as readonly QualityQuestion[]).map((question) => {
      const weight = exactNotNegative(question.weight ?? '1', `form.${question.id}.weight`)
      for (const [answer, gives] of Object.entries(question.answers)) {
        if (exactNotNegative(gives, `form.${question.id}.answers.${answer}`).gt(1))
          throw wrong(`form.${question.id}.answers.${answer}`, `gives ${gives}`, 'Give a part of the question from 0 to 1.')
      }
      return { section, question, weight }
    }),
  )
  distinct(
    questions.map(({ question }) => question.id),
    'form.questions',
  )
  return questions
}

function answerOf(question: QualityQuestion, answers: QualityAnswers): { readonly text: string; readonly gives: Decimal } | null {
  const text = Object.hasOwn(answers, question.id) ? answers[question.id] : null
  if (text === null || text === undefined) return null
  const gives = Object.hasOwn(question.answers, text) ? question.answers[text] : undefined
  if (gives === undefined)
    throw wrong(`answers.${question.id}`, `is ${JSON.stringify(text)}`, `Use ${Object.keys(question.answers).join(', ')} or null.`)
  return { text, gives: new Exact(gives) }
}

/** How far raters agree on each question of a form. */
export interface QuestionAgreement {
  readonly question: string
  /** Krippendorff's alpha over the answers as names; null where fewer than two answers were given to one contact, or all are alike. */
  readonly alpha: number | null
  /** Share of pairs of raters that gave the same answer. */
  readonly agreed: number | null
}

/**
 * Agreement of raters who checked the same contacts, question by question: where it is low, the question is unclear and not the agent.
 */
export function qualityAgreement(i: {
  readonly form: QualityForm
  readonly reviews: readonly { readonly contact: string; readonly rater: string; readonly answers: QualityAnswers }[]
}): QuestionAgreement[] {
  const questions = questionsOf(i.form)
  const reviews = listOf(i.reviews, 'reviews', 0) as typeof i.reviews
  distinct(
    reviews.map(({ contact, rater }) => JSON.stringify([contact, rater])),
    'reviews',
  )
  const contacts = [...new Set(reviews.map(({ contact }) => contact))]
  const raters = [...new Set(reviews.map(({ rater }) => rater))]
  const of = new Map(reviews.map((review) => [JSON.stringify([review.contact, review.rater]), review.answers]))
  return questions.map(({ question }) => {
    const ratings = raters.map((rater) =>
      contacts.map((contact) => {
        const answers = of.get(JSON.stringify([contact, rater]))
        return answers ? (answerOf(question, answers)?.text ?? null) : null
      }),
    )
    const { same, pairs } = pairsOf(ratings)
    const kinds = new Set(ratings.flat().filter((rating) => rating !== null))
    const alpha = pairs === 0 || kinds.size < 2 ? null : alphaOf(ratings)
    return { question: question.id, alpha, agreed: pairs === 0 ? null : same / pairs }
  })
}

/** Ratings that two raters share may all be alike although others are not. */
function alphaOf(ratings: readonly (readonly (string | null)[])[]): number | null {
  const shared = ratings[0]!.map((_, at) => ratings.filter((row) => row[at] !== null).length > 1)
  const kinds = new Set(ratings.flatMap((row) => row.filter((rating, at) => rating !== null && shared[at])))
  return kinds.size < 2 ? null : krippendorffAlpha({ ratings, level: 'nominal' })
}

function pairsOf(ratings: readonly (readonly (string | null)[])[]): { readonly same: number; readonly pairs: number } {
  let [same, pairs] = [0, 0]
  for (let a = 0; a < ratings.length; a++) {
    for (let b = a + 1; b < ratings.length; b++) {
      ratings[a]!.forEach((rating, at) => {
        const other = ratings[b]![at]
        if (rating === null || other === null) return
        pairs++
        if (rating === other) same++
      })
    }
  }
  return { same, pairs }
}

/**
 * Draws contacts to check, from each stratum (an agent, a channel) in proportion to its size, to the nearest whole by largest
 * remainder, and at least one from each where `count` allows. `random` answers numbers from 0 up to 1; the same sequence draws the same.
 *
 * @example
 * ```ts
 * import { sampleContacts } from '@patronkit/kpi-scoring'
 *
 * const contacts = [{ id: 'c1', stratum: 'phone' }, { id: 'c2', stratum: 'phone' }, { id: 'c3', stratum: 'e-mail' }]
 * sampleContacts({ contacts, count: 2, random: () => 0 }) // one of each channel
 * ```
 */
export function sampleContacts(i: {
  readonly contacts: readonly { readonly id: string; readonly stratum: string }[]
  readonly count: number
  readonly random: () => number
}): string[] {
  const contacts = listOf(i.contacts, 'contacts', 0) as typeof i.contacts
  distinct(
    contacts.map(({ id }) => id),
    'contacts',
  )
  if (!(Number.isSafeInteger(i.count) && i.count >= 0)) throw wrong('count', `is ${i.count}`, 'Give a whole number from 0 up.')
  if (i.count >= contacts.length) return contacts.map(({ id }) => id)
  const strata = [...Map.groupBy(contacts, ({ stratum }) => stratum)]
  const least = strata.length <= i.count ? 1 : 0
  const spare = strata.map(([id, all]) => ({ id, weight: all.length - least }))
  const left = i.count - least * strata.length
  const shares = left > 0 ? splitQuantity({ total: left, step: 1, by: spare }) : spare.map(({ id }) => ({ id, amount: '0' }))
  return strata.flatMap(([, all], at) =>
    drawn(
      all.map(({ id }) => id),
      least + Number(shares[at]!.amount),
      i.random,
    ),
  )
}

/** So many of a list, in the list's order (Fisher and Yates, as far as needed). */
function drawn(ids: readonly string[], count: number, random: () => number): string[] {
  const places = ids.map((_, at) => at)
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(random() * (places.length - at))
    const swapped = places[at]!
    places[at] = places[other]!
    places[other] = swapped
  }
  return places
    .slice(0, count)
    .sort((a, b) => a - b)
    .map((at) => ids[at]!)
}
