import type { Duration } from '@patronkit/core'
import { definitionId, durationSchema, isWorking, predSchema } from '@patronkit/core/service'
import { z } from 'zod'
import { METRICS, type MetricRule, type Policy, type Within } from './policy.ts'

const factType = z.string().min(1).max(100)
const factTypes = z.union([factType, z.array(factType).min(1).max(50)])

const onReopen = z.enum(['resume', 'keep-running', 'new-cycle', 'ignore'])

const metricRule: z.ZodType<MetricRule> = z.strictObject({
  start: factTypes,
  stop: factTypes.optional(),
  pause: factTypes.optional(),
  resume: factTypes.optional(),
  reopen: factTypes.optional(),
  cancel: factTypes.optional(),
  onReopen: onReopen.optional(),
})

const within: z.ZodType<Within> = z.union([
  durationSchema,
  z
    .strictObject({
      by: z.string().min(1).max(200),
      of: z.record(z.string().max(200), durationSchema),
      otherwise: durationSchema.optional(),
    })
    .refine((value) => Object.keys(value.of).length > 0 || value.otherwise !== undefined, 'name at least one value in `of`, or `otherwise`')
    .refine(
      (value) => oneKind([...Object.values(value.of), ...(value.otherwise ? [value.otherwise] : [])]),
      'give all lengths in working time, or all in wall time',
    ),
])

const oneKind = (durations: readonly Duration[]): boolean => new Set(durations.map(isWorking)).size <= 1

const target = z.strictObject({
  within,
  warnAt: z
    .array(z.strictObject({ percent: z.number().int().min(1).max(100) }))
    .max(20)
    .refine((steps) => new Set(steps.map((step) => step.percent)).size === steps.length, 'each percentage once')
    .optional(),
})

const KNOWN = Object.keys(METRICS)

/** The shape of a policy, with the path of each mistake. */
export const policySchema: z.ZodType<Policy> = z
  .strictObject({
    calendar: definitionId,
    when: predSchema.optional(),
    order: z.number().int().min(0).max(1_000_000).optional(),
    targets: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'name a metric like first-reply'), target),
    metrics: z.record(z.string().max(60), metricRule).optional(),
    pauseWhile: predSchema.optional(),
    onReopen: onReopen.optional(),
  })
  .superRefine((policy, ctx) => {
    if (Object.keys(policy.targets).length === 0)
      ctx.addIssue({ code: 'custom', path: ['targets'], message: 'promise at least one metric' })
    for (const metric of Object.keys(policy.targets)) {
      if (KNOWN.includes(metric) || Object.hasOwn(policy.metrics ?? {}, metric)) continue
      ctx.addIssue({
        code: 'custom',
        path: ['targets', metric],
        message: `is not a known metric (${KNOWN.join(', ')}); say under metrics which facts start and stop it`,
      })
    }
  })
