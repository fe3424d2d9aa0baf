import type { Pred } from '@patronkit/core'
import { definitionId, durationSchema, predSchema } from '@patronkit/core/service'
import { z } from 'zod'
import { nameOf } from './ladder.ts'
import { kindOf, limitsOf } from './limit.ts'
import { METRICS } from './metrics.ts'
import type { Limit, MetricRule, Policy, Step, Target, When, Within } from './policy.ts'
import { FIELDS, isField } from './scene.ts'

const word = z.string().min(1).max(100)

const pathsIn = (pred: Pred): readonly string[] =>
  'field' in pred ? [pred.field] : pred.op === 'not' ? pathsIn(pred.of) : pred.of.flatMap(pathsIn)

/** One of several shapes, told apart before it is read, so that a mistake is named with its path in the shape that was meant. */
const byShape = <T>(shapeOf: (value: unknown) => z.ZodType<T>): z.ZodType<T> =>
  z.unknown().transform((value, ctx): T => {
    const read = shapeOf(value).safeParse(value)
    if (read.success) return read.data
    for (const { path, message } of read.error.issues) ctx.addIssue({ code: 'custom', path: [...path], message })
    return z.NEVER
  })

const has = (value: unknown, name: string): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, name)

const condition = predSchema.superRefine((pred, ctx) => {
  const unknown = pathsIn(pred).find((path) => !isField(path))
  if (unknown !== undefined) ctx.addIssue({ code: 'custom', message: `there is no field ${unknown} here; use ${FIELDS.join(', ')}` })
})

/** A type of fact, several, or a condition. */
const when: z.ZodType<When> = byShape<When>((value) =>
  typeof value === 'string' ? word : Array.isArray(value) ? z.array(word).min(1).max(50) : condition,
)

/** A value of an attribute may have any name, but none that means something else to an object: those a record leaves out unsaid. */
const valuesOf = <T>(name: z.ZodType<string>, what: z.ZodType<T>): z.ZodType<{ readonly [name: string]: T }> =>
  z
    .unknown()
    .refine((value) => !has(value, '__proto__'), '__proto__ is not a name')
    .pipe(
      z.record(z.string(), what).superRefine((values, ctx) => {
        for (const key of Object.keys(values)) {
          const message = name.safeParse(key).error?.issues[0]?.message
          if (message !== undefined) ctx.addIssue({ code: 'custom', path: [key], message })
        }
      }),
    )

const valueName = z.string().max(200)

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

const toDate = z.strictObject({ date: path })
const toWorkingDay = z.strictObject({
  workingDay: z.strictObject({ days: z.number().int().min(0).max(366), by: wallTime.optional(), cutOff: wallTime.optional() }),
})

const limit: z.ZodType<Limit> = byShape<Limit>((value) =>
  has(value, 'date') ? toDate : has(value, 'workingDay') ? toWorkingDay : durationSchema,
)

const within: z.ZodType<Within> = byShape<Within>((value) => (has(value, 'by') ? limitByValue : limit))

const limitByValue = z
  .strictObject({ by: path, of: valuesOf(valueName, limit), otherwise: limit.optional() })
  .refine((value) => Object.keys(value.of).length > 0 || value.otherwise !== undefined, 'name at least one value in `of`, or `otherwise`')
  .refine(
    (value) => new Set(limitsOf(value).map(kindOf)).size <= 1,
    'give all limits in working time, or all in wall time, or all as dates',
  )

const percent = z.number().int().min(1).max(100)

const step: z.ZodType<Step> = z.strictObject({
  at: byShape<Step['at']>((value) =>
    has(value, 'left')
      ? z.strictObject({ left: durationSchema })
      : has(value, 'over')
        ? z.strictObject({ over: durationSchema })
        : z.strictObject({ percent }),
  ),
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

const metricName = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'name a metric like first-reply')

const KNOWN = Object.keys(METRICS)

const replier = z.enum(['agent', 'bot', 'automation', 'third-party'])
const mode = z.enum(['keep', 'restart', 'retroactive'])

/** The shape of a policy, with the path of each mistake. */
export const policySchema: z.ZodType<Policy> = z
  .strictObject({
    calendar: z.union([definitionId, z.strictObject({ by: path, of: valuesOf(valueName, definitionId), otherwise: definitionId })]),
    zone: path.optional(),
    agreement: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'name an agreement like sla, ola or uc')
      .optional(),
    when: predSchema.optional(),
    order: z.number().int().min(0).max(1_000_000).optional(),
    sticky: z.boolean().optional(),
    per: path.optional(),
    targets: valuesOf(metricName, target),
    metrics: valuesOf(metricName, metricRule).optional(),
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
