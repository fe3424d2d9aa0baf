import { parse as parseInput } from '@patronkit/core/service'
import type { Attributes } from '@patronkit/sla-engine'
import { z } from 'zod'

/** How the columns of an exported log become facts about items. */
export interface Mapping {
  /** The type given to every item, and the column with its id. */
  readonly item: { readonly type: string; readonly id: string }
  /** The column with the instant: `iso` texts with an offset, or wall times in a date-fns pattern and a zone. */
  readonly at: { readonly column: string; readonly format: string; readonly zone: string }
  /** The column that says what happened. */
  readonly activity: string
  /** The column with who or which team did it, if there is one: hand-overs are read from it. */
  readonly by?: string
  /** What each activity is as a fact. An activity that is not listed is refused. */
  readonly facts: { readonly [activity: string]: { readonly type: string; readonly attributes?: Attributes } }
  /** Attributes of the item, by the column they are read from. */
  readonly attributes: { readonly [attribute: string]: string }
  /** The attribute that the report calls the service level. */
  readonly level: string
}

const name = z.string().min(1).max(200)

const mappingSchema: z.ZodType<Mapping> = z
  .strictObject({
    item: z.strictObject({ type: name, id: name }),
    at: z.strictObject({ column: name, format: name, zone: name.refine(isZone, 'is not an IANA time zone') }),
    activity: name,
    by: name.optional(),
    facts: z.record(
      name,
      z.strictObject({ type: name, attributes: z.record(name, z.json()).optional() as unknown as z.ZodType<Attributes | undefined> }),
    ),
    attributes: z.record(name, name),
    level: name,
  })
  .refine((mapping) => Object.hasOwn(mapping.attributes, mapping.level), { path: ['level'], message: 'is not one of the attributes' })

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== null
  } catch {
    return false
  }
}

/** Checks a mapping; mistakes are refused with their path. */
export const readMapping = (data: unknown): Mapping => parseInput(mappingSchema, data, 'mapping')

/** The columns a log must have for this mapping. */
export const columnsOf = (mapping: Mapping): readonly string[] => [
  ...new Set([
    mapping.item.id,
    mapping.at.column,
    mapping.activity,
    ...(mapping.by === undefined ? [] : [mapping.by]),
    ...Object.values(mapping.attributes),
  ]),
]
