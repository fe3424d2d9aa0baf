import { isZone } from '@patronkit/business-time/zone'
import type { LocalDate } from '@patronkit/core'
import { define, instantSchema, toIso } from '@patronkit/core/service'
import { z } from 'zod'
import type { Layer, Override, Rotation, RotationDefinition } from './rotation.ts'

const word = z.string().min(1).max(200)
const person = word.nullable()

const localDate = z.custom<LocalDate>(
  (value) =>
    typeof value === 'string' &&
    /^(19|20|21)\d\d-\d\d-\d\d$/.test(value) &&
    !Number.isNaN(Date.parse(`${value}T00:00:00Z`)) &&
    new Date(`${value}T00:00:00Z`).toISOString().startsWith(value),
  'use a real date, YYYY-MM-DD, from 1900-01-01 to 2199-12-31',
)

const every = z.union([z.strictObject({ days: z.int().min(1).max(366) }), z.strictObject({ weeks: z.int().min(1).max(52) })])

const layer: z.ZodType<Layer> = z.strictObject({
  id: word,
  people: z.array(person).min(1).max(200),
  starts: localDate,
  handOver: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'use HH:MM, up to 23:59'),
  every,
})

const override = z
  .strictObject({ layer: word, from: instantSchema, to: instantSchema, person })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'lies not behind `from`' })
  .transform(({ from, to, ...rest }) => ({ ...rest, from: toIso(from), to: toIso(to) }))

/** The shape of a rotation, with the path of each mistake. */
export const rotationSchema: z.ZodType<Rotation> = z
  .strictObject({
    zone: z.string().max(100).refine(isZone, 'is not an IANA time zone such as Europe/Rome'),
    layers: z.array(layer).min(1).max(20),
    overrides: z.array(override).max(10_000).default([]),
  })
  .superRefine(({ layers, overrides }, ctx) => {
    const known = new Set<string>()
    for (const [n, { id }] of layers.entries()) {
      if (known.has(id)) ctx.addIssue({ code: 'custom', path: ['layers', n, 'id'], message: `${id} stands twice` })
      known.add(id)
    }
    for (const [n, { layer: id }] of overrides.entries()) {
      if (!known.has(id)) ctx.addIssue({ code: 'custom', path: ['overrides', n, 'layer'], message: `there is no layer ${id}` })
    }
  })

/**
 * Who is on call, in turns.
 *
 * @example
 * ```ts
 * import { defineRotation, onCall } from '@patronkit/sla-engine/oncall'
 *
 * const night = defineRotation({
 *   id: 'night',
 *   zone: 'Europe/Rome',
 *   layers: [{ id: 'first', people: ['ann', 'bo', 'chen'], starts: '2026-01-05', handOver: '09:00', every: { weeks: 1 } }],
 *   overrides: [{ layer: 'first', from: '2026-01-13T18:00:00+01:00', to: '2026-01-14T09:00:00+01:00', person: 'ann' }],
 * })
 * const [first] = onCall({ rotation: night, at: '2026-01-13T20:00:00+01:00' })
 * console.log(first?.person, first?.until) // ann, 2026-01-14T08:00:00.000Z
 * ```
 */
export function defineRotation(
  i: { readonly id: string } & Omit<Rotation, 'overrides'> & { readonly overrides?: readonly Override[] },
): RotationDefinition {
  const { id, ...body } = i
  return define({ kind: 'rotation', id, body, schema: rotationSchema })
}
