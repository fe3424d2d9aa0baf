import type { Definition } from '@patronkit/core'
import { define, definitionId } from '@patronkit/core/service'
import { z } from 'zod'

/**
 * What a column holds: `integer` a safe integer, `decimal` a decimal text (or an integer of minor units), `number` a double, `instant` a
 * point in time, `date` a local day as YYYY-MM-DD.
 */
export type ColumnKind = 'text' | 'integer' | 'decimal' | 'number' | 'boolean' | 'instant' | 'date'

/** A column of the host's table; a kind alone is short for `{ type: kind }`. */
export interface SourceColumn {
  readonly type: ColumnKind
  /** Its name in the table, where that differs. */
  readonly column?: string
  /** Digits behind the point of a decimal, 2 unless said otherwise. A value with more is refused. */
  readonly scale?: number
  /**
   * How it is stored. Instants: `milliseconds` since 1970 or `timestamp` (timestamptz; on SQLite ISO text in UTC). Decimals: `decimal`
   * (numeric; on SQLite text) or `minor`, an integer of the smallest unit. Unless said otherwise `timestamp` and `decimal`.
   */
  readonly stored?: 'milliseconds' | 'timestamp' | 'decimal' | 'minor'
  /** The column of this source that holds the same text folded: NFC, lower case. Needed for comparisons without case. */
  readonly folded?: string
  /** The column of this source that holds the instant from which this value stands. Needed for `hasBeen`. */
  readonly since?: string
  /** The tree of regions this column is in: each region's parent. Needed for `under`. */
  readonly regions?: { readonly [region: string]: string }
}

export type Columns = { readonly [name: string]: ColumnKind | SourceColumn }

/** Rows that belong to the customers of a source. Where the source is a table, so are they. */
export interface SourceRows {
  readonly table?: string
  readonly tenantColumn?: string
  /** The column that says whose row it is: the source's key. */
  readonly of?: string
  readonly columns: Columns
}

/** The host's events. */
export interface SourceFacts extends SourceRows {
  readonly typeColumn?: string
  readonly atColumn?: string
  /** How `atColumn` is stored, `timestamp` unless said otherwise. */
  readonly atStored?: 'milliseconds' | 'timestamp'
}

/** Customers of another source that belong to those of this one: the people of a company. */
export interface SourceMembers {
  readonly source: string
  /** The column of the other source that holds this one's key. */
  readonly of: string
}

/**
 * Customers, and what rules may look at: a table or view of the host's, read and never written, or, without a table, customers whom
 * the host tells us about with `record`.
 */
export interface Source {
  readonly table?: string
  readonly tenantColumn?: string
  /** A text column. */
  readonly keyColumn?: string
  readonly columns: Columns
  readonly facts?: SourceFacts
  readonly relations?: { readonly [relation: string]: SourceRows | SourceMembers }
}

/** A source that is a table of the host's. */
export interface TableSource extends Source {
  readonly table: string
  readonly tenantColumn: string
  readonly keyColumn: string
}

export type SourceDefinition<S extends Source = Source> = Definition<'source', S>

const columnName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/, 'use letters, digits and underscores')
const tableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62})?$/, 'use a table, or schema.table')
const kind = z.enum(['text', 'integer', 'decimal', 'number', 'boolean', 'instant', 'date'])
const fieldName = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => value !== '__proto__', '__proto__ is not a field')

const column = z.union([
  kind,
  z
    .strictObject({
      type: kind,
      column: columnName.optional(),
      scale: z.int().min(0).max(8).optional(),
      stored: z.enum(['milliseconds', 'timestamp', 'decimal', 'minor']).optional(),
      folded: fieldName.optional(),
      since: fieldName.optional(),
      regions: z.record(fieldName, z.string().min(1).max(200)).optional(),
    })
    .refine((value) => value.scale === undefined || value.type === 'decimal', { path: ['scale'], message: 'is for decimals' })
    .refine((value) => value.folded === undefined || value.type === 'text', { path: ['folded'], message: 'is for texts' })
    .refine((value) => value.regions === undefined || value.type === 'text', { path: ['regions'], message: 'is for texts' })
    .refine((value) => fitsStored(value.type, value.stored), { path: ['stored'], message: 'does not fit the type' }),
])

function fitsStored(type: ColumnKind, stored: SourceColumn['stored']): boolean {
  if (stored === undefined) return true
  return type === (stored === 'milliseconds' || stored === 'timestamp' ? 'instant' : 'decimal')
}

const columns = z.record(fieldName, column)
const rows = { table: tableName.optional(), tenantColumn: columnName.optional(), of: columnName.optional(), columns }

/** The shape of a source, with the path of each mistake. */
export const sourceSchema: z.ZodType<Source> = z
  .strictObject({
    table: tableName.optional(),
    tenantColumn: columnName.optional(),
    keyColumn: columnName.optional(),
    columns,
    facts: z
      .strictObject({
        ...rows,
        typeColumn: columnName.optional(),
        atColumn: columnName.optional(),
        atStored: z.enum(['milliseconds', 'timestamp']).optional(),
      })
      .optional(),
    relations: z.record(fieldName, z.union([z.strictObject(rows), z.strictObject({ source: definitionId, of: fieldName })])).optional(),
  })
  .superRefine((source, ctx) => {
    const sets: readonly (readonly [readonly string[], Columns])[] = [
      [['columns'], source.columns],
      ...(source.facts ? [[['facts', 'columns'], source.facts.columns] as const] : []),
      ...Object.entries(source.relations ?? {}).flatMap(([relation, of]) =>
        'columns' in of ? [[['relations', relation, 'columns'], of.columns] as const] : [],
      ),
    ]
    for (const [path, missing, isTable] of placesIn(source)) {
      const message = isTable
        ? 'name it, as the source is a table'
        : 'is for sources that are a table; name the table too, or leave this out'
      ctx.addIssue({ code: 'custom', path: [...path, missing], message })
    }
    for (const [path, set] of sets) {
      for (const [name, given] of Object.entries(set)) {
        const of = columnOf(given)
        const issue = (at: string, message: string) => ctx.addIssue({ code: 'custom', path: [...path, name, at], message })
        if (of.folded !== undefined && typeIn(set, of.folded) !== 'text') issue('folded', 'names no text column of this source')
        if (of.since !== undefined && typeIn(set, of.since) !== 'instant') issue('since', 'names no instant column of this source')
        if (of.regions && regionCycle(of.regions)) issue('regions', `go round in a circle at ${regionCycle(of.regions)}`)
      }
    }
  }) as unknown as z.ZodType<Source>

/** What of the places of a table is missing, or there without the table. */
function placesIn(source: Source): readonly (readonly [readonly string[], string, boolean])[] {
  const isTable = source.table !== undefined
  const check = (path: readonly string[], of: object, names: readonly string[]) =>
    names.filter((name) => Object.hasOwn(of, name) !== isTable).map((name) => [path, name, isTable] as const)
  return [
    ...check([], source, ['tenantColumn', 'keyColumn']),
    ...(source.facts ? check(['facts'], source.facts, ['table', 'tenantColumn', 'of', 'typeColumn', 'atColumn']) : []),
    ...Object.entries(source.relations ?? {}).flatMap(([name, of]) =>
      'columns' in of ? check(['relations', name], of, ['table', 'tenantColumn', 'of']) : [],
    ),
  ]
}

export const columnOf = (given: ColumnKind | SourceColumn): SourceColumn => (typeof given === 'string' ? { type: given } : given)

const typeIn = (set: Columns, name: string): ColumnKind | undefined => (Object.hasOwn(set, name) ? columnOf(set[name]!).type : undefined)

function regionCycle(parents: { readonly [region: string]: string }): string | null {
  for (const start of Object.keys(parents)) {
    const seen = new Set<string>()
    for (let at: string | undefined = start; at !== undefined; at = Object.hasOwn(parents, at) ? parents[at] : undefined) {
      if (seen.has(at)) return at
      seen.add(at)
    }
  }
  return null
}

/** A region and all regions below it. */
export function regionsUnder(parents: { readonly [region: string]: string }, region: string): readonly string[] {
  const within = (at: string): boolean => at === region || (Object.hasOwn(parents, at) && within(parents[at]!))
  return [region, ...Object.keys(parents).filter((at) => at !== region && within(at))]
}

/**
 * Describes customers: a table or view of the host's, of which nothing is copied, or, without `table`, those you tell us about.
 *
 * @example
 * ```ts
 * import { defineSource } from '@patronkit/segmentation'
 *
 * export const customers = defineSource({
 *   id: 'customers',
 *   table: 'crm.customer_facts',
 *   tenantColumn: 'org_id',
 *   keyColumn: 'id',
 *   columns: { country: 'text', spend12m: 'decimal', last_order_at: 'instant', vip: 'boolean' },
 * })
 * export const members = defineSource({ id: 'members', columns: { country: 'text' }, facts: { columns: { amount: 'decimal' } } })
 * ```
 */
export function defineSource(i: { readonly id: string } & TableSource): SourceDefinition<TableSource>
export function defineSource(i: { readonly id: string } & Source): SourceDefinition
export function defineSource(i: { readonly id: string } & Source): SourceDefinition {
  const { id, ...body } = i
  return define({ kind: 'source', id, body, schema: sourceSchema })
}
