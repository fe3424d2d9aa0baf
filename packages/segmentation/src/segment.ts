import type { Definition } from '@patronkit/core'
import { define, definitionId } from '@patronkit/core/service'
import { z } from 'zod'
import type { Rule } from './rules/model.ts'
import { ruleSchema } from './rules/schema.ts'

/** Where a company stands against a named competitor, attribute by attribute, from 0 to 10, with what shows it. */
export interface Position {
  readonly attribute: string
  readonly own: number
  readonly competitors: { readonly [competitor: string]: number }
  readonly evidence?: string
}

/** A promise of the value proposition and the metric that shows whether it is kept. */
export interface SegmentPromise {
  readonly promise: string
  readonly metric: string
  /** Kept while the metric is at least this; with `atMost`, while it is at most that. Decimal texts. */
  readonly atLeast?: string
  readonly atMost?: string
}

/** Who is in a segment, and what is done for them. All of it is one version: a changed promise is a new one, as a changed rule is. */
export interface Segment {
  readonly source: string
  readonly where: Rule
  readonly strategy?: string
  readonly valueProposition?: string
  readonly promises?: readonly SegmentPromise[]
  readonly positions?: readonly Position[]
}

export type SegmentDefinition = Definition<'segment', Segment>

const text = z.string().min(1).max(2_000)
const decimal = z.string().regex(/^-?\d{1,20}(\.\d{1,20})?$/, "use a decimal text such as '0.95'")
const mark = z.number().min(0).max(10)

/** The shape of a segment, with the path of each mistake. */
export const segmentSchema: z.ZodType<Segment> = z.strictObject({
  source: definitionId,
  where: ruleSchema,
  strategy: text.optional(),
  valueProposition: text.optional(),
  promises: z
    .array(
      z
        .strictObject({ promise: text, metric: z.string().min(1).max(200), atLeast: decimal.optional(), atMost: decimal.optional() })
        .refine((one) => one.atLeast !== undefined || one.atMost !== undefined, 'say from or up to which value it is kept'),
    )
    .max(100)
    .optional(),
  positions: z
    .array(
      z.strictObject({
        attribute: z.string().min(1).max(200),
        own: mark,
        competitors: z.record(z.string().min(1).max(200), mark),
        evidence: text.optional(),
      }),
    )
    .max(200)
    .optional(),
}) as unknown as z.ZodType<Segment>

/**
 * A segment as data.
 *
 * @example
 * ```ts
 * import { all, defineSegment, did, field, not } from '@patronkit/segmentation'
 *
 * export const winBack = defineSegment({
 *   id: 'win-back',
 *   source: 'customers',
 *   where: all(field('spend12m').gte('1000.00'), not(field('last_order_at').withinLast({ days: 90 })), did('complaint.opened', { within: { days: 365 } })),
 *   strategy: 'call before 31 January',
 *   promises: [{ promise: 'an answer within the day', metric: 'sla-attainment', atLeast: '0.95' }],
 * })
 * ```
 */
export function defineSegment(i: { readonly id: string } & Segment): SegmentDefinition {
  const { id, ...body } = i
  return define({ kind: 'segment', id, body, schema: segmentSchema })
}

/** Whether a promise is kept, by what its metric shows; null while the metric has no value. */
export interface PromiseStanding extends SegmentPromise {
  readonly value: string | null
  readonly kept: boolean | null
}

/** Holds the promises of a segment against the metrics that the host has at hand. */
export function promisesKept(i: {
  readonly segment: SegmentDefinition
  readonly metrics: { readonly [metric: string]: string | null }
}): readonly PromiseStanding[] {
  return (i.segment.body.promises ?? []).map((promise) => {
    const value = Object.hasOwn(i.metrics, promise.metric) ? (i.metrics[promise.metric] ?? null) : null
    const kept =
      value === null
        ? null
        : (promise.atLeast === undefined || Number(value) >= Number(promise.atLeast)) &&
          (promise.atMost === undefined || Number(value) <= Number(promise.atMost))
    return { ...promise, value, kept }
  })
}

/** Where the segment's attributes lead and where they trail the best competitor. */
export function positionGaps(i: {
  readonly segment: SegmentDefinition
}): readonly { readonly attribute: string; readonly own: number; readonly best: string | null; readonly gap: number | null }[] {
  return (i.segment.body.positions ?? []).map(({ attribute, own, competitors }) => {
    const best = Object.entries(competitors).reduce<readonly [string, number] | null>(
      (found, one) => (!found || one[1] > found[1] ? one : found),
      null,
    )
    return { attribute, own, best: best?.[0] ?? null, gap: best ? own - best[1] : null }
  })
}
