import type { WallDuration } from '@patronkit/core'
import { durationSchema, isWorking } from '@patronkit/core/service'
import { z } from 'zod'
import type { Rule, Window } from './model.ts'

const name = z.string().min(1).max(200)
const scalar = z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()])
const comparison = z.enum(['eq', 'ne', 'lt', 'lte', 'gt', 'gte'])
const fold = z.enum(['sum', 'average', 'min', 'max', 'distinct'])
const amount = z.union([z.number(), z.string().max(10_000)])
const count = z.int().min(0).max(1_000_000)

const length: z.ZodType<WallDuration> = durationSchema.refine(
  (value) => !isWorking(value) && Object.values(value).some((part) => part !== undefined && part > 0),
  'give wall time above 0, such as { days: 90 }',
) as unknown as z.ZodType<WallDuration>

const isoInstant = z
  .string()
  .refine((text) => /(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)), 'give an ISO instant with Z or an offset')

const zone = z.string().min(1).max(60).refine(isZone, 'is no zone that this runtime knows')

function isZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}

const window: z.ZodType<Window> = z.union([
  z.strictObject({ last: length, until: length.optional() }),
  z.strictObject({ next: length }),
  z.strictObject({ from: isoInstant.optional(), to: isoInstant.optional() }),
  z.strictObject({ calendar: z.enum(['day', 'week', 'month', 'quarter', 'year']), back: z.int().min(0).max(10_000).optional(), zone }),
])

const rule: z.ZodType<Rule> = z.lazy(() => node)
const events = { event: z.string().min(1).max(100), where: rule.optional() }
const degrees = (most: number) => z.number().min(-most).max(most)

/** At most so many characters and stars: matching stays linear in the text for each star. */
const pattern = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/(^|[^\\])(\\\\)*\\$/.test(text), 'ends in a lone backslash')
  .refine((text) => (text.match(/\*/g) ?? []).length <= 10, 'has more than 10 stars')
  .refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'is not well-formed text')

const part = z
  .string()
  .min(1)
  .max(1_000)
  .refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'is not well-formed text')
const textOp = (op: 'contains' | 'startsWith' | 'endsWith') =>
  z.strictObject({ op: z.literal(op), field: name, value: part, fold: z.literal(true).optional() })

const node: z.ZodType<Rule> = z.lazy(() =>
  z.discriminatedUnion('op', [
    z.strictObject({ op: z.literal('all'), of: z.array(rule).max(1_000) }),
    z.strictObject({ op: z.literal('any'), of: z.array(rule).max(1_000) }),
    z.strictObject({ op: z.literal('not'), of: rule }),
    ...comparison.options.map((op) => z.strictObject({ op: z.literal(op), field: name, value: scalar })),
    z.strictObject({ op: z.literal('in'), field: name, values: z.array(scalar).max(1_000) }),
    z.strictObject({ op: z.literal('between'), field: name, from: amount, to: amount }),
    textOp('contains'),
    textOp('startsWith'),
    textOp('endsWith'),
    z.strictObject({ op: z.literal('like'), field: name, value: pattern, fold: z.literal(true).optional() }),
    z.strictObject({ op: z.literal('within'), field: name, window }),
    z.strictObject({ op: z.literal('hasBeen'), field: name, value: scalar, for: length }),
    z.strictObject({ op: z.literal('under'), field: name, region: name }),
    z.strictObject({
      op: z.literal('near'),
      latitude: name,
      longitude: name,
      to: z.tuple([degrees(90), degrees(180)]),
      km: z.number().positive().max(20_100),
    }),
    z.strictObject({
      op: z.literal('inBox'),
      latitude: name,
      longitude: name,
      south: degrees(90),
      west: degrees(180),
      north: degrees(90),
      east: degrees(180),
    }),
    z.strictObject({
      op: z.literal('score'),
      parts: z
        .array(z.strictObject({ weight: z.int().min(-1_000_000).max(1_000_000), when: rule }))
        .min(1)
        .max(200),
      atLeast: z.int(),
    }),
    z.strictObject({ op: z.literal('segment'), segment: name }),
    z.strictObject({ op: z.literal('list'), list: name }),
    z.strictObject({ op: z.literal('ids'), ids: z.array(z.string().min(1).max(200)).max(10_000) }),
    z.strictObject({
      op: z.literal('sample'),
      share: z.number().min(0).max(1),
      salt: z.string().max(200),
      from: z.number().min(0).max(1).optional(),
    }),
    z.strictObject({ op: z.literal('did'), ...events, within: window.optional(), atLeast: count.optional(), atMost: count.optional() }),
    z.strictObject({ op: z.literal('total'), ...events, within: window.optional(), fold, of: name, is: comparison, value: amount }),
    z.strictObject({ op: z.literal('first'), ...events, within: window }),
    z.strictObject({
      op: z.literal('regularly'),
      ...events,
      every: length,
      periods: z.int().min(1).max(1_000),
      atLeast: z.int().min(1).max(1_000),
      times: z.int().min(1).max(1_000_000).optional(),
    }),
    z.strictObject({ op: z.literal('stopped'), ...events, quiet: length, active: length }),
    z.strictObject({ op: z.literal('resumed'), ...events, quiet: length, active: length }),
    z.strictObject({
      op: z.literal('sequence'),
      steps: z
        .array(z.strictObject({ ...events, after: length.optional(), within: length.optional() }))
        .min(2)
        .max(8),
      within: window.optional(),
    }),
    z.strictObject({ op: z.literal('related'), relation: name, how: z.enum(['any', 'all', 'none']), where: rule }),
    z.strictObject({
      op: z.literal('relatedTotal'),
      relation: name,
      where: rule.optional(),
      fold: z.enum([...fold.options, 'count']),
      of: name.optional(),
      is: comparison,
      value: amount,
    }),
  ] as unknown as readonly [z.ZodObject<{ op: z.ZodLiteral<'all'> }>]),
) as unknown as z.ZodType<Rule>

const DEEPEST = 20
const MOST = 1_000

/** A rule that came from outside: at most 1,000 parts, nested at most 20 deep, each mistake with its path. */
export const ruleSchema: z.ZodType<Rule> = z
  .unknown()
  // looked at before it is parsed, because parsing goes as deep as the input does
  .refine((value) => partsOf(value, DEEPEST * 2) <= MOST * 20, 'a rule is nested at most 20 deep')
  .pipe(node as z.ZodType<Rule, unknown>)
  .refine(
    (value) => rulesIn(value, DEEPEST) <= MOST,
    'a rule has at most 1,000 parts, nested at most 20 deep',
  ) as unknown as z.ZodType<Rule>

function partsOf(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 1
  if (depth === 0) return Number.POSITIVE_INFINITY
  return Object.values(value).reduce((sum: number, inner) => (sum > MOST * 20 ? sum : sum + partsOf(inner, depth - 1)), 1)
}

/** The rules that stand directly in a rule. */
export function innerRules(of: Rule): readonly Rule[] {
  switch (of.op) {
    case 'all':
    case 'any':
      return of.of
    case 'not':
      return [of.of]
    case 'score':
      return of.parts.map(({ when }) => when)
    case 'sequence':
      return of.steps.flatMap(({ where }) => where ?? [])
    default:
      return 'where' in of && of.where ? [of.where] : []
  }
}

function rulesIn(of: Rule, depth: number): number {
  if (depth === 0) return Number.POSITIVE_INFINITY
  return innerRules(of).reduce((sum, inner) => sum + rulesIn(inner, depth - 1), 1)
}
