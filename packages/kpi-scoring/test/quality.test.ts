import { attempt } from '@patronkit/core'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { defineQualityForm, type QualityForm, qualityAgreement, qualityScore, sampleContacts } from '../src/index.ts'

const yesNo = { yes: '1', no: '0' }
const form: QualityForm = {
  pass: '0.8',
  sections: [
    { id: 'opening', weight: '1', questions: [{ id: 'greeted', answers: yesNo }] },
    {
      id: 'care',
      weight: '3',
      questions: [
        { id: 'solved', weight: '2', answers: { ...yesNo, partly: '0.5' } },
        { id: 'polite', answers: yesNo, critical: 'section' },
        { id: 'identified', answers: yesNo, critical: 'contact' },
      ],
    },
  ],
}
const fine = { greeted: 'yes', solved: 'yes', polite: 'yes', identified: 'yes' }

describe('a checked contact', () => {
  test.each<[string, { [question: string]: string | null }, string | null, boolean | null, string[]]>([
    ['everything right', fine, '1', true, []],
    ['half solved', { ...fine, solved: 'partly' }, '0.8125', true, []],
    ['a question that does not apply gives its weight to its section', { ...fine, solved: null, greeted: 'no' }, '0.75', false, []],
    ['a section that does not apply gives its weight to the others', { ...fine, greeted: null, solved: 'partly' }, '0.75', false, []],
    ['a critical question costs its section', { ...fine, polite: 'no' }, '0.25', false, ['polite']],
    ['or the whole contact', { ...fine, identified: 'no' }, '0', false, ['identified']],
    ['nothing applied', {}, null, null, []],
  ])('%s', (_, answers, value, passed, failed) => {
    const score = qualityScore({ form, answers })
    expect([score.value, score.passed, score.failed]).toEqual([value, passed, failed])
  })

  test('what was lost names the question that cost it', () => {
    const { lines } = qualityScore({ form, answers: { ...fine, polite: 'no' } })
    expect(lines.map(({ question, points, lostTo }) => [question, points, lostTo])).toEqual([
      ['greeted', '0.25', undefined],
      ['solved', '0', 'polite'],
      ['polite', '0', undefined],
      ['identified', '0', 'polite'],
    ])
  })

  test('points sum to the score digit for digit', () => {
    const answer = fc.constantFrom('yes', 'no', null)
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.record({ weight: fc.integer({ min: 0, max: 9 }), answer }), { minLength: 1, maxLength: 5 }), {
          minLength: 1,
          maxLength: 4,
        }),
        (sections) => {
          const drawn: QualityForm = {
            sections: sections.map((questions, s) => ({
              id: `s${s}`,
              weight: String(s + 1),
              questions: questions.map(({ weight }, q) => ({ id: `s${s}q${q}`, weight: String(weight), answers: yesNo })),
            })),
          }
          const answers = Object.fromEntries(sections.flatMap((questions, s) => questions.map(({ answer }, q) => [`s${s}q${q}`, answer])))
          const { value, lines } = qualityScore({ form: drawn, answers })
          const sum = lines.reduce((total, { points }) => total.plus(points), new Decimal(0))
          if (value !== null) expect(sum.toFixed()).toBe(value)
          if (value !== null && Object.values(answers).every((given) => given !== 'no'))
            expect(Math.abs(Number(value) - 1)).toBeLessThan(1e-10)
        },
      ),
      runs(2_000, 'random quality forms'),
    )
  })

  test.each<[string, () => unknown, string]>([
    ['an answer that the question does not have', () => qualityScore({ form, answers: { greeted: 'maybe' } }), 'core/invalid-input'],
    ['a question that the form does not have', () => qualityScore({ form, answers: { constructor: 'yes' } }), 'kpi/unknown-id'],
    [
      'a question twice',
      () =>
        defineQualityForm({
          id: 'f',
          sections: [
            {
              id: 's',
              questions: [
                { id: 'q', answers: yesNo },
                { id: 'q', answers: yesNo },
              ],
            },
          ],
        }),
      'kpi/duplicate-id',
    ],
    [
      'an answer that gives more than all',
      () => defineQualityForm({ id: 'f', sections: [{ id: 's', questions: [{ id: 'q', answers: { yes: '2' } }] }] }),
      'core/invalid-input',
    ],
  ])('%s is refused', async (_, call, code) => {
    const tried = await attempt(async () => call())
    expect(tried.ok || tried.error.code).toBe(code)
  })
})

describe('raters', () => {
  test("two raters' answers, question by question: Krippendorff's alpha is that of the answers side by side", () => {
    const a = ['yes', 'yes', 'no', 'no', 'no', 'no', 'no', 'no', 'no', 'no'] // 0.095 in Krippendorff (2011), example A
    const b = ['no', 'yes', 'yes', 'no', 'no', 'yes', 'no', 'yes', 'no', 'no']
    const reviews = [a, b].flatMap((answers, rater) =>
      answers.map((greeted, contact) => ({ contact: `c${contact}`, rater: `r${rater}`, answers: { greeted, polite: 'yes' } })),
    )
    const [greeted, solved, polite] = qualityAgreement({ form, reviews })
    expect([greeted!.alpha!.toFixed(3), greeted!.agreed]).toEqual(['0.095', 0.6])
    expect([solved!.alpha, solved!.agreed, polite!.alpha, polite!.agreed]).toEqual([null, null, null, 1])
  })
})

describe('samples', () => {
  test('each stratum gets its part by largest remainder, at least one, nobody twice; the same sequence draws the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
        fc.nat(120),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (sizes, count, dice) => {
          const contacts = sizes.flatMap((size, s) => Array.from({ length: size }, (_, n) => ({ id: `${s}/${n}`, stratum: `${s}` })))
          const chance = [...Array(400)].map(() => dice.next().value!)
          const draw = () => {
            let at = 0
            return sampleContacts({ contacts, count, random: () => chance[at++]! })
          }
          const ids = draw()
          expect(ids).toEqual(draw())
          expect(new Set(ids).size).toBe(ids.length)
          expect(ids.length).toBe(Math.min(count, contacts.length))
          if (count >= sizes.length) expect(new Set(ids.map((id) => id.split('/')[0])).size).toBe(sizes.length)
        },
      ),
      runs(1_000, 'random samples of contacts'),
    )
  })
})
