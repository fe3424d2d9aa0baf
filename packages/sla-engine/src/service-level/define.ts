import { define, instantSchema, predSchema, toIso } from '@patronkit/core/service'
import { z } from 'zod'
import { path, periodUnit, word, zone } from '../report/schema.ts'
import type { ServiceLevel, ServiceLevelDefinition } from './model.ts'

const share = z.string().regex(/^(0(\.\d{1,10})?|1(\.0{1,10})?)$/, "use a share from 0 to 1 as a decimal text, such as '0.95'")

const exclusion = z
  .strictObject({
    id: word,
    why: z.string().min(1).max(1_000),
    window: z
      .strictObject({ from: instantSchema, to: instantSchema, takes: z.enum(['started', 'broken', 'touched']).optional() })
      .refine(({ from, to }) => from < to, { path: ['to'], message: 'lies not behind `from`' })
      .transform(({ from, to, ...rest }) => ({ ...rest, from: toIso(from), to: toIso(to) }))
      .optional(),
    items: predSchema.optional(),
  })
  .refine(({ window, items }) => window !== undefined || items !== undefined, 'give a `window`, `items`, or both')

const credits = z.strictObject({
  bands: z
    .array(z.strictObject({ below: share, credit: share }))
    .min(1)
    .max(50)
    .superRefine((bands, ctx) => {
      for (const [n, { below, credit }] of bands.entries()) {
        if (n === 0) continue
        const before = bands[n - 1]!
        if (Number(below) >= Number(before.below))
          ctx.addIssue({ code: 'custom', path: [n, 'below'], message: 'is not lower than the band before' })
        if (Number(credit) <= Number(before.credit))
          ctx.addIssue({ code: 'custom', path: [n, 'credit'], message: 'is not more than the band before' })
      }
    }),
  rounding: z.enum(['half-up', 'half-even', 'up', 'down']).optional(),
})

const serviceLevel: z.ZodType<ServiceLevel<string>> = z
  .strictObject({
    metric: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'name a metric like first-reply'),
    agreement: word.optional(),
    when: predSchema.optional(),
    per: path.optional(),
    share,
    period: periodUnit,
    zone,
    of: z.enum(['opened', 'decided']).optional(),
    leastClocks: z.int().min(1).max(1_000_000).optional(),
    credits: credits.optional(),
    exclusions: z.array(exclusion).max(1_000).optional(),
  })
  .superRefine(({ share: promised, credits: paid, exclusions = [] }, ctx) => {
    const first = paid?.bands[0]
    if (first && Number(first.below) > Number(promised)) {
      ctx.addIssue({
        code: 'custom',
        path: ['credits', 'bands', 0, 'below'],
        message: `is above the promised ${promised}: credit would be paid for a promise that is kept`,
      })
    }
    const seen = new Set<string>()
    for (const [n, { id }] of exclusions.entries()) {
      if (seen.has(id)) ctx.addIssue({ code: 'custom', path: ['exclusions', n, 'id'], message: `${id} stands twice` })
      seen.add(id)
    }
  })

/**
 * A promise over a period, with what is paid back when it is broken.
 *
 * @example
 * ```ts
 * import { field } from '@patronkit/core'
 * import { defineServiceLevel } from '@patronkit/sla-engine/service-level'
 *
 * export const p1 = defineServiceLevel({
 *   id: 'p1-resolution',
 *   metric: 'resolution',
 *   when: field('priority').eq('P1'),
 *   per: 'customer',
 *   share: '0.95',
 *   period: 'month',
 *   zone: 'Europe/Rome',
 *   leastClocks: 5,
 *   credits: { bands: [{ below: '0.95', credit: '0.05' }, { below: '0.90', credit: '0.10' }] },
 *   exclusions: [{ id: 'move', why: 'the data centre moves', window: { from: '2026-03-14T20:00:00Z', to: '2026-03-15T04:00:00Z' } }],
 * })
 * ```
 */
export function defineServiceLevel(i: { readonly id: string } & ServiceLevel): ServiceLevelDefinition {
  const { id, ...body } = i
  return define({ kind: 'service-level', id, body, schema: serviceLevel })
}
