import { define } from '@patronkit/core/service'
import { z } from 'zod'
import { policySchema } from '../policy-schema.ts'
import { path, word } from '../report/schema.ts'
import { checkStandard } from './check.ts'
import { AXES, type Cell, type ServiceStandard, type ServiceStandardDefinition, type Terms, type TimePromise } from './model.ts'
import { policyOf } from './policies.ts'

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/i, 'use 1 to 40 letters, digits and dashes')
const axis = z.strictObject({ attribute: path, values: z.array(word).min(1).max(50) })
const decimal = z.string().regex(/^-?\d{1,20}(\.\d{1,20})?$/, "use a decimal text such as '4.5'")

/** What policies have in common is theirs to check: {@link policySchema} reads it once the cells are made into policies. */
const plain = z.record(z.string(), z.json())

const time = z.strictObject({
  metric: z.string().min(1).max(60).optional(),
  within: plain,
  warnAt: z.array(plain).max(20).optional(),
  sentence: word,
}) as unknown as z.ZodType<TimePromise>

const quality = z
  .strictObject({ metric: word, atLeast: decimal.optional(), atMost: decimal.optional(), sentence: word })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, 'give `atLeast`, `atMost`, or both')

const values = z.array(word).min(1).max(50).optional()

const cell: z.ZodType<Cell> = z
  .strictObject({
    id,
    touchpoint: values,
    need: values,
    priority: values,
    terms: (plain as unknown as z.ZodType<Partial<Terms>>).optional(),
    response: time.optional(),
    resolution: time.optional(),
    quality: z.array(quality).max(50).optional(),
  })
  .refine(({ response, resolution, quality: targets = [] }) => response || resolution || targets.length > 0, 'promise something')

const standardSchema: z.ZodType<ServiceStandard> = z
  .strictObject({
    edition: word,
    axes: z.strictObject({ touchpoint: axis, need: axis, priority: axis }),
    sentences: z
      .array(z.strictObject({ id, text: z.string().min(1).max(2_000) }))
      .min(1)
      .max(1_000),
    terms: plain as unknown as z.ZodType<Terms>,
    cells: z.array(cell).min(1).max(500),
    order: z.int().min(0).max(900_000).optional(),
  })
  .superRefine((standard, ctx) => {
    const wrong = (at: readonly PropertyKey[], message: string) => ctx.addIssue({ code: 'custom', path: [...at], message })
    for (const list of ['sentences', 'cells'] as const) twice(standard[list], (n, name) => wrong([list, n, 'id'], `${name} stands twice`))
    for (const [n, one] of standard.cells.entries()) {
      for (const name of AXES) {
        for (const [at, value] of (one[name] ?? []).entries()) {
          if (!standard.axes[name].values.includes(value)) wrong(['cells', n, name, at], `${value} is not among the values of ${name}`)
        }
      }
      for (const [place, sentence] of sentencesOf(one)) {
        if (!standard.sentences.some((known) => known.id === sentence))
          wrong(['cells', n, ...place, 'sentence'], `there is no sentence ${sentence}`)
      }
      const policy = policyOf(standard, one, n)
      for (const issue of (policy && policySchema.safeParse(policy).error?.issues) ?? []) {
        wrong(['cells', n], `makes no policy, at ${issue.path.map(String).join('.')}: ${issue.message}`)
      }
    }
    for (const { touchpoint, need, priority, cells } of checkStandard({ standard }).overlapping.slice(0, 20)) {
      const n = standard.cells.findIndex((one) => one.id === cells[1])
      wrong(['cells', n], `covers ${touchpoint} × ${need} × ${priority}, as ${cells[0]} does`)
    }
  })

function twice(list: readonly { readonly id: string }[], say: (n: number, id: string) => void): void {
  const seen = new Set<string>()
  for (const [n, { id: name }] of list.entries()) {
    if (seen.has(name)) say(n, name)
    seen.add(name)
  }
}

const sentencesOf = ({ response, resolution, quality: targets = [] }: Cell): readonly (readonly [readonly PropertyKey[], string])[] => [
  ...(response ? [[['response'], response.sentence] as const] : []),
  ...(resolution ? [[['resolution'], resolution.sentence] as const] : []),
  ...targets.map((target, at) => [['quality', at], target.sentence] as const),
]

/**
 * A service standard as data: touchpoint × need × priority, each with what is promised and the sentence that promises it. Places that
 * two cells cover are refused; `checkStandard` names those that none does.
 *
 * @example
 * ```ts
 * import { defineServiceStandard, policiesOf, sentenceOf } from '@patronkit/sla-engine/standard'
 *
 * const standard = defineServiceStandard({
 *   id: 'desk',
 *   edition: '2026-1',
 *   axes: {
 *     touchpoint: { attribute: 'channel', values: ['email', 'phone'] },
 *     need: { attribute: 'type', values: ['incident', 'question'] },
 *     priority: { attribute: 'priority', values: ['high', 'low'] },
 *   },
 *   terms: { calendar: 'office' },
 *   sentences: [{ id: 'S1', text: 'We answer every mail within a working day.' }],
 *   cells: [{ id: 'mail', touchpoint: ['email'], response: { within: { workingDays: 1 }, sentence: 'S1' } }],
 * })
 * const [policy] = policiesOf({ standard })
 * console.log(sentenceOf({ standard, policy: { id: policy!.id }, metric: 'first-reply' })?.text)
 * ```
 */
export function defineServiceStandard(i: { readonly id: string } & ServiceStandard): ServiceStandardDefinition {
  const { id: name, ...body } = i
  return define({ kind: 'service-standard', id: name, body, schema: standardSchema })
}
