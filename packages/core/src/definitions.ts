import type { z } from 'zod'
import { canonicalJson } from './canonical.ts'
import { type Context, commit, nowFor, type Operation, read, unitOn } from './context.ts'
import { definitions } from './core-tables.ts'
import { type Definition, definitionHash, definitionId } from './definition.ts'
import { PatronkitError } from './errors.ts'
import { type Instant, toIso, toMs } from './instant.ts'
import { behind, cursorAt } from './keyset.ts'
import { type Asking, type Fold, fold, get, headOf, list, listColumns } from './port.ts'
import { all, field } from './predicate.ts'
import { invalidInput } from './schema.ts'
import type { RowOf } from './table.ts'
import type { TimerWrite } from './unit.ts'

/** What `publish` answers: the version that now stands, and whether this call made it. */
export interface Published {
  readonly id: string
  readonly version: number
  readonly hash: string
  readonly effectiveFrom: Date
  readonly changed: boolean
}

/** One version of a definition as it was pinned: enough to find its body again. */
export interface Pinned {
  readonly id: string
  readonly version: number
  readonly hash: string
}

/** A definition read back from the database. */
export interface StoredDefinition<T = unknown> extends Pinned {
  readonly kind: string
  readonly effectiveFrom: number
  readonly publishedAt: number
  readonly body: T
}

/** The first version of a definition is in force from here on, unless the host says otherwise: nothing stood before it. */
const FROM_THE_START = 0

const VERSIONS = 1_000

/**
 * Stores a definition for the tenant. The same content again changes nothing; other content becomes the next version.
 * `effectiveFrom` defaults to the start of time for the first version and to now for later ones.
 */
export function* publishDefinition(
  ctx: Context,
  i: { readonly definition: Definition; readonly effectiveFrom?: Instant | undefined },
  schemas: { readonly [kind: string]: z.ZodType },
  o: {
    /** Timers that a new version sets, in the same unit. */
    readonly timers?: (published: Published) => readonly TimerWrite[]
  } = {},
): Operation<Published> {
  const { kind, id, body, hash } = checked(i.definition, schemas)
  const subject = `${kind}/${id}`
  const newest = list(definitions, {
    where: all(field('kind').eq(kind), field('id').eq(id)),
    order: [{ column: 'version', direction: 'desc' }],
    limit: 1,
  })
  const [head, [latest]] = yield* read(ctx, headOf('definition', subject), newest)
  const wanted = i.effectiveFrom === undefined ? undefined : toMs(i.effectiveFrom, 'effectiveFrom')
  if (latest && latest.hash === hash && (wanted === undefined || wanted === latest.effective_from)) return published(latest, false)

  const now = nowFor(ctx, head)
  const row: RowOf<typeof definitions> = {
    kind,
    id,
    version: (latest?.version ?? 0) + 1,
    hash,
    effective_from: wanted ?? (latest ? now : FROM_THE_START),
    published_at: now,
    body: JSON.parse(body),
  }
  const data = { kind, id, version: row.version, hash, effectiveFrom: toIso(row.effective_from) }
  const events = [{ type: 'definition.published', v: 1, at: now, data }]
  const writes = [{ write: 'insert', table: definitions, row }] as const
  const answer = published(row, true)
  yield* commit([unitOn(ctx, { kind: 'definition', subject, head, events, writes, timers: o.timers?.(answer) ?? [] })])
  return answer
}

const published = (row: RowOf<typeof definitions>, changed: boolean): Published => ({
  id: row.id,
  version: row.version,
  hash: row.hash,
  effectiveFrom: new Date(row.effective_from),
  changed,
})

/** A definition may come from anywhere as JSON, so it is parsed again; the hash is ours, not the sender's. */
function checked(
  given: Definition,
  schemas: { readonly [kind: string]: z.ZodType },
): { kind: string; id: string; body: string; hash: string } {
  const schema = Object.hasOwn(schemas, given?.kind ?? '') ? schemas[given.kind] : undefined
  if (!schema) {
    throw new PatronkitError({
      code: 'core/unknown-definition-kind',
      message: `this service does not know definitions of kind ${JSON.stringify(given?.kind)}. Publish one of: ${Object.keys(schemas).join(', ')}.`,
      details: { kind: String(given?.kind), known: Object.keys(schemas) },
    })
  }
  const id = definitionId.safeParse(given.id)
  if (!id.success) throw invalidInput(`${given.kind} id`, id.error)
  const parsed = schema.safeParse(given.body)
  if (!parsed.success) throw invalidInput(`${given.kind} ${given.id}`, parsed.error)
  const body = canonicalJson(JSON.parse(JSON.stringify(parsed.data)))
  return { kind: given.kind, id: given.id, body, hash: definitionHash(given.kind, given.id, body) }
}

/** The version of each definition of a kind that is in force at an instant, by id. */
export function* definitionsInForce(ctx: Context, kind: string, at: number): Operation<readonly StoredDefinition[]> {
  const [rows] = yield* read(
    ctx,
    list(definitions, {
      where: all(field('kind').eq(kind), field('effective_from').lte(at)),
      order: ['id', 'effective_from', 'version'],
      limit: VERSIONS,
    }),
  )
  const latest = new Map(rows.map((row) => [row.id, stored(row)]))
  return [...latest.values()]
}

/** What tells one state of a tenant's definitions from another: every publication changes it, and nothing else does. */
export function* definitionsMark(ctx: Context, kinds: readonly string[]): Operation<string> {
  return markOf(yield* read(ctx, ...markReads(kinds)))
}

type PublishedAt = Pick<RowOf<typeof definitions>, 'published_at'>

/** The reads of a mark, to travel with others. */
export function markReads(kinds: readonly string[]): readonly [Asking<readonly Fold[]>, Asking<readonly PublishedAt[]>] {
  const where = field('kind').in(kinds)
  const newest = listColumns(definitions, ['published_at'], { where, order: [{ column: 'published_at', direction: 'desc' }], limit: 1 })
  return [fold(definitions, { where, by: ['kind'], sum: ['version'], limit: kinds.length }), newest]
}

/** The mark that these reads answered. */
export const markOf = ([groups, [last]]: readonly [readonly Fold[], readonly PublishedAt[]]): string =>
  JSON.stringify([last?.published_at ?? null, ...groups.map(({ by, count, sum }) => [by.kind, count, sum.version])])

/** Every version of some kinds, by kind, id and version. */
export function* allDefinitions(ctx: Context, kinds: readonly string[]): Operation<readonly StoredDefinition[]> {
  const found: StoredDefinition[] = []
  const order = ['kind', 'id', 'version']
  let after: string | undefined
  do {
    const [rows] = yield* read(
      ctx,
      list(definitions, { where: all(field('kind').in(kinds), behind(order, after)), order, limit: VERSIONS }),
    )
    found.push(...rows.map(stored))
    after = rows.length === VERSIONS ? cursorAt(order, rows.at(-1)!) : undefined
  } while (after !== undefined)
  return found
}

/** Every version of these definitions, by id, the first one first: for whoever has to choose by more than one instant. */
export function* definitionVersions(
  ctx: Context,
  kind: string,
  ids: readonly string[],
): Operation<ReadonlyMap<string, readonly StoredDefinition[]>> {
  const found: StoredDefinition[] = []
  const order = ['id', 'version']
  const asked = all(field('kind').eq(kind), field('id').in(ids))
  for (let cursor: string | undefined; ids.length > 0; ) {
    const [rows] = yield* read(ctx, list(definitions, { where: all(asked, behind(order, cursor)), order, limit: VERSIONS }))
    for (const row of rows) found.push(stored(row))
    if (rows.length < VERSIONS) break
    cursor = cursorAt(order, rows.at(-1)!)
  }
  return Map.groupBy(found, ({ id }) => id)
}

/** One version of a definition: since when it is in force, and what it is. */
export type Version = Pick<RowOf<typeof definitions>, 'effective_from' | 'version' | 'hash'>

/** The versions of one definition without their bodies: a small read that may travel with others. */
export const versionsOf = (kind: string, id: string): Asking<readonly Version[]> =>
  listColumns(definitions, ['effective_from', 'version', 'hash'], {
    where: all(field('kind').eq(kind), field('id').eq(id)),
    order: ['effective_from', 'version'],
    limit: VERSIONS,
  })

/** Of what {@link versionsOf} answered: the version in force at an instant, or null. */
export function versionAt(versions: readonly Version[], id: string, at: number): Pinned | null {
  const found = versions.findLast((one) => one.effective_from <= at)
  return found ? { id, version: found.version, hash: found.hash } : null
}

/** The body of a pinned version. */
export function* pinnedDefinition(ctx: Context, kind: string, pinned: Omit<Pinned, 'hash'>): Operation<StoredDefinition> {
  const [row] = yield* read(ctx, get(definitions, { kind, id: pinned.id, version: pinned.version }))
  if (row) return stored(row)
  throw new PatronkitError({
    code: 'core/definition-missing',
    message: `${kind} ${pinned.id} version ${pinned.version} is not stored for this tenant. Publish it, or restore the row that was removed.`,
    details: { kind, id: pinned.id, version: pinned.version },
  })
}

const stored = (row: RowOf<typeof definitions>): StoredDefinition => ({
  kind: row.kind,
  id: row.id,
  version: row.version,
  hash: row.hash,
  effectiveFrom: row.effective_from,
  publishedAt: row.published_at,
  body: row.body,
})
