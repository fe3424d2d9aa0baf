import { NO_HEAD, type StoredTimer } from '@patronkit/core/storage'
import { type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { limitedTo, matching, tenantPick, text } from './fields.ts'
import { type Bind, from, NONE, type Part, type ReadOf } from './read-part.ts'
import { textParameter } from './values.ts'
import { headTable, timerTable } from './work-tables.ts'

/** The columns of a head in the order a read answers them. */
export const HEAD_COLUMNS = ['version', 'last_at', 'seq', 'chain'] as const

/** A head out of the array a read answered. */
export function decodeHead(stored: unknown): unknown {
  if (stored === null) return NO_HEAD
  const [version, lastAt, seq, chain] = stored as [number, number, number, string]
  return { version, lastAt, seq, chain }
}

/** The heads of several subjects. Their list is filled up to a power of two, so that few shapes serve every length. */
export function headsPart(catalog: Catalog, read: ReadOf<'heads'>): Part {
  const { build, cast, rows } = catalog.dialect
  const subjects = [...new Set(read.subjects)].map((subject) => textParameter(subject, 'a subject'))
  const room = subjects.length === 0 ? 0 : 2 ** Math.ceil(Math.log2(subjects.length))
  const values = Array.from({ length: room }, (_, i) => subjects[i] ?? subjects[0]!)
  const query = (bind: Bind) => {
    const listed = values.map((_, i) =>
      cast(
        'text',
        bind((_tenant, part) => part.values[i]!),
      ),
    )
    return build
      .selectFrom(catalog.named(headTable.name))
      .where(matching(catalog, headTable, { tenant: tenantPick, kind: text((of: ReadOf<'heads'>) => of.kind) }, from<'heads'>(bind)))
      .where(room === 0 ? sql<boolean>`false` : sql<boolean>`${sql.ref('subject')} in (${sql.join(listed)})`)
      .select(rows(['subject', ...HEAD_COLUMNS]).as('answer'))
  }
  const decode = (stored: unknown) => {
    const found = new Map((stored as readonly [string, ...unknown[]][]).map(([subject, ...head]) => [subject, decodeHead(head)]))
    return read.subjects.map((subject) => found.get(subject) ?? NO_HEAD)
  }
  return { read, shape: `heads ${room}`, values, build: query, decode }
}

function subjectsQuery(catalog: Catalog, read: ReadOf<'subjects'>, bind: Bind): Expression<unknown> {
  const { build, cast, rows } = catalog.dialect
  const pick = from<'subjects'>(bind)
  const columns = ['kind', 'subject', ...HEAD_COLUMNS]
  let page = build
    .selectFrom(catalog.named(headTable.name))
    .where(matching(catalog, headTable, { tenant: tenantPick }, pick))
    .select(columns.map((column) => sql.ref(column).as(column)))
    .orderBy('kind')
    .orderBy('subject')
    .limit(limitedTo<ReadOf<'subjects'>>(catalog, (of) => of.limit, pick))
  if (read.after) {
    const after = [pick(text((of) => of.after!.kind)), pick(text((of) => of.after!.subject))].map((part) => cast('text', part))
    page = page.where(sql<boolean>`(${sql.ref('kind')}, ${sql.ref('subject')}) > (${sql.join(after)})`)
  }
  return build.selectFrom(page.as('page')).select(rows(columns).as('answer'))
}

const decodeSubjects = (stored: unknown): unknown =>
  (stored as readonly [string, string, ...unknown[]][]).map(([kind, of, ...head]) => ({ kind, subject: of, head: decodeHead(head) }))

function timersQuery(catalog: Catalog, read: ReadOf<'timers'>, bind: Bind): Expression<unknown> {
  const { build, cast, rows } = catalog.dialect
  const pick = from<'timers'>(bind)
  let page = build
    .selectFrom(catalog.named(timerTable.name))
    .where(matching(catalog, timerTable, { tenant: tenantPick }, pick))
    .where(sql<boolean>`${sql.ref('parked')} is ${read.parked ? sql`true` : sql`false`}`)
    .select(TIMER_COLUMNS.map((column) => sql.ref(column).as(column)))
    .orderBy('queue')
    .orderBy('key')
    .limit(limitedTo<ReadOf<'timers'>>(catalog, (of) => of.limit, pick))
  if (read.after) {
    const after = [pick(text((of) => of.after!.queue)), pick(text((of) => of.after!.key))].map((part) => cast('text', part))
    page = page.where(sql<boolean>`(${sql.ref('queue')}, ${sql.ref('key')}) > (${sql.join(after)})`)
  }
  return build.selectFrom(page.as('page')).select(rows(TIMER_COLUMNS).as('answer'))
}

const TIMER_COLUMNS = ['queue', 'key', 'due_at', 'generation', 'attempts', 'last_error', 'parked'] as const

const decodeTimers = (stored: unknown): unknown =>
  (stored as readonly [string, string, number, number, number, string | null, unknown][]).map(
    ([queue, key, dueAt, generation, attempts, lastError, parked]): StoredTimer => ({
      queue,
      key,
      dueAt,
      generation,
      attempts,
      lastError,
      parked: parked === true || parked === 1,
    }),
  )

/** A page of the tenant's subjects. */
export const subjectsPart = (catalog: Catalog, read: ReadOf<'subjects'>): Part => ({
  read,
  shape: `subjects ${read.after !== null}`,
  values: NONE,
  build: (bind) => subjectsQuery(catalog, read, bind),
  decode: decodeSubjects,
})

/** A page of the tenant's timers. */
export const timersPart = (catalog: Catalog, read: ReadOf<'timers'>): Part => ({
  read,
  shape: `timers ${read.parked} ${read.after !== null}`,
  values: NONE,
  build: (bind) => timersQuery(catalog, read, bind),
  decode: decodeTimers,
})
