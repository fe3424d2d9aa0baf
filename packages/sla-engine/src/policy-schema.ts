import { definitionId, durationSchema, predSchema } from '@patronkit/core/service'
import { z } from 'zod'
import { nameOf } from './ladder.ts'
import { kindOf, limitsOf } from './limit.ts'
import { METRICS } from './metrics.ts'
import type { Limit, MetricRule, Policy, Step, Target, When, Within } from './policy.ts'
import { ROOMS } from './scene.ts'

const word = z.string().min(1).max(100)

const pathsIn = (pred: z.infer<typeof predSchema>): readonly string[] =>
  'field' in pred ? [pred.field] : pred.op === 'not' ? pathsIn(pred.of) : pred.of.flatMap(pathsIn)

const condition = predSchema.refine(
  (pred) => pathsIn(pred).every((path) => (ROOMS as readonly string[]).includes(path.split('.')[0]!)),
  `begin each field with ${ROOMS.join('., ')}.`,
)

const when: z.ZodType<When> = z.union([word, z.array(word).min(1).max(50), condition])

const onReopen = z.enum(['resume', 'keep-running', 'new-cycle', 'ignore'])

const metricRule: z.ZodType<MetricRule> = z.strictObject({
  start: when,
  stop: when.optional(),
  pause: when.optional(),
  resume: when.optional(),
  reopen: when.optional(),
  cancel: when.optional(),
  reset: when.optional(),
  repeats: z.boolean().optional(),
  pauseWhile: predSchema.optional(),
  onReopen: onReopen.optional(),
})

const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'use HH:MM, up to 24:00')
const path = z.string().min(1).max(200)

const limit: z.ZodType<Limit> = z.union([
  durationSchema,
  z.strictObject({ date: path }),
  z.strictObject({
    workingDay: z.strictObject({ days: z.number().int().min(0).max(366), by: wallTime.optional(), cutOff: wallTime.optional() }),
  }),
])

const within: z.ZodType<Within> = z.union([
  limit,
  z
    .strictObject({ by: path, of: z.record(z.string().max(200), limit), otherwise: limit.optional() })
    .refine((value) => Object.keys(value.of).length > 0 || value.otherwise !== undefined, 'name at least one value in `of`, or `otherwise`')
    .refine(
      (value) => new Set(limitsOf(value).map(kindOf)).size <= 1,
      'give all limits in working time, or all in wall time, or all as dates',
    ),
])

const percent = z.number().int().min(1).max(100)

const step: z.ZodType<Step> = z.strictObject({
  at: z.union([z.strictObject({ percent }), z.strictObject({ left: durationSchema }), z.strictObject({ over: durationSchema })]),
  id: z
    .string()
    .regex(/^[a-z][a-z0-9 -]{0,59}$/, 'use up to 60 small letters, digits, dashes and spaces')
    .refine((id) => id !== 'over', '`over` is the breach itself')
    .optional(),
  repeat: z
    .strictObject({ every: durationSchema.refine(passes, 'takes no time at all'), times: z.number().int().min(1).max(100) })
    .optional(),
  tell: z
    .array(z.union([z.string().min(1).max(200), z.strictObject({ onCall: definitionId })]))
    .max(20)
    .optional(),
})

function passes(duration: object): boolean {
  return Object.values(duration).some((amount) => amount > 0)
}

const target: z.ZodType<Target> = z
  .strictObject({
    within,
    warnAt: z.array(z.strictObject({ percent })).max(20).optional(),
    steps: z.array(step).max(20).optional(),
  })
  .refine(({ warnAt = [], steps = [] }) => {
    const names = [...warnAt.map(({ percent: at }) => `${at}%`), ...steps.map(nameOf)]
    return new Set(names).size === names.length
  }, 'each step once; give those with the same condition different ids')

const KNOWN = Object.keys(METRICS)

/** A value of an attribute may have any name, but none that means something else to an object. */
const byValue = z.record(z.string().max(200), definitionId).refine((of) => !Object.hasOwn(of, '__proto__'), '__proto__ is not a value')

const replier = z.enum(['agent', 'bot', 'automation', 'third-party'])
const mode = z.enum(['keep', 'restart', 'retroactive'])

/** The shape of a policy, with the path of each mistake. */
export const policySchema: z.ZodType<Policy> = z
  .strictObject({
    calendar: z.union([definitionId, z.strictObject({ by: path, of: byValue, otherwise: definitionId })]),
    zone: path.optional(),
    agreement: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'name an agreement like sla, ola or uc')
      .optional(),
    when: predSchema.optional(),
    order: z.number().int().min(0).max(1_000_000).optional(),
    sticky: z.boolean().optional(),
    per: path.optional(),
    targets: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'name a metric like first-reply'), target),
    metrics: z.record(z.string().max(60), metricRule).optional(),
    pauseWhile: predSchema.optional(),
    onReopen: onReopen.optional(),
    replies: z.strictObject({ by: z.array(replier).min(1).max(4).optional(), internal: z.boolean().optional() }).optional(),
    openedByAgent: z.enum(['at-once', 'first-request']).optional(),
    onChange: z.strictObject({ elapsed: mode, pauses: mode.optional() }).optional(),
    quietOutside: definitionId.optional(),
    catchUp: z.enum(['highest', 'all']).optional(),
    refire: z.boolean().optional(),
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
