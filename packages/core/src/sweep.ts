import { type Context, commitEach, type Operation, read, unitOn } from './context.ts'
import { sweeps } from './core-tables.ts'
import type { Head } from './event.ts'
import { behind, cursorAt } from './keyset.ts'
import { type Asking, get, headOf, headsOf, list } from './port.ts'
import { all, type Pred } from './predicate.ts'
import type { RowOf, Table } from './table.ts'
import type { Unit } from './unit.ts'

/** A bulk change, told subject by subject. */
export interface Sweep<T extends Table> {
  /** Its place is kept under this name, one a tenant. */
  readonly name: string
  readonly over: T
  readonly where: Pred
  /** Columns that are never missing. Default: the table's key. */
  readonly order?: readonly string[]
  /** The kind of the subjects, and whose a row is. */
  readonly kind: string
  readonly subjectOf: (row: RowOf<T>) => string
  /** What becomes of a subject for these rows of it; null when nothing is left to do, also when it was done before. */
  readonly decide?: (subject: string, head: Head, rows: readonly RowOf<T>[]) => Unit | null
  /** The same for all subjects of a page at once, a row of each to name it: reads their heads and what else a decision takes. */
  readonly decidePage?: (named: readonly RowOf<T>[]) => Operation<readonly (Unit | null)[]>
  /** Rows a page. Default: 1,000. */
  readonly page?: number
}

/** How far a page of a sweep came. */
export interface Swept {
  readonly rows: number
  readonly changed: number
  /** False when it came to the end; its place is then forgotten. */
  readonly more: boolean
}

const KIND = 'core.sweep'

/**
 * One page of a sweep: the rows behind its place, each subject decided under its head, all units in one commit, then the
 * place moves on. A process that dies in between does the page again, and `decide` finds it done. Subjects that others
 * change meanwhile are decided anew. Two workers on one sweep do not double anything.
 */
export function* sweepPage<T extends Table>(ctx: Context, sweep: Sweep<T>): Operation<Swept> {
  const { name, over, subjectOf } = sweep
  const limit = sweep.page ?? 1_000
  const order = [...(sweep.order ?? []), ...over.key.filter((column) => !sweep.order?.includes(column))]
  const [head, place] = yield* read(ctx, headOf(KIND, name), get(sweeps, { name }))
  const page = list(over, { where: all(sweep.where, behind(order, place?.cursor)), order, limit })
  const [first] = yield* read(ctx, page)

  let changed = 0
  let subjects = [...new Set(first.map(subjectOf))]
  for (let tries = 0; subjects.length > 0 && tries < MOST_TRIES; tries++) {
    const { decisions, rows } = sweep.decidePage
      ? yield* decidedByPage(sweep, sweep.decidePage, first, subjects)
      : yield* decidedOneByOne(ctx, sweep, page, subjects)
    const answers = yield* commitEach(decisions.map(({ unit }) => unit))
    changed += answers.filter((answer) => answer.outcome === 'done').length
    // what others changed meanwhile, and what came into the page since it was first read
    const moved = new Set(decisions.flatMap(({ subject }, i) => (answers[i]!.outcome === 'done' ? [] : [subject])))
    const known = new Set(subjects)
    subjects = [...new Set(rows.map(subjectOf))].filter((subject) => moved.has(subject) || !known.has(subject))
  }

  const last = first.at(-1) as { readonly [column: string]: unknown } | undefined
  const more = first.length === limit
  if (!more && !place) return { rows: first.length, changed, more }
  const write = more
    ? ({ write: 'put', table: sweeps, row: { name, cursor: cursorAt(order, last!), rows: (place?.rows ?? 0) + first.length } } as const)
    : ({ write: 'remove', table: sweeps, key: { name } } as const)
  // another worker on the same sweep may have moved the place already: then it stands further on, and that is as well
  yield* commitEach([unitOn(ctx, { kind: KIND, subject: name, head, events: [], writes: [write] })])
  return { rows: first.length, changed, more }
}

const MOST_TRIES = 5

interface Decided<T extends Table> {
  readonly decisions: readonly { readonly subject: string; readonly unit: Unit }[]
  /** The page they were decided on. */
  readonly rows: readonly RowOf<T>[]
}

/** Reads the page once more with the heads: a row counts only as of the head it is decided under. */
function* decidedOneByOne<T extends Table>(
  ctx: Context,
  { kind, subjectOf, decide }: Sweep<T>,
  page: Asking<readonly RowOf<T>[]>,
  subjects: readonly string[],
): Operation<Decided<T>> {
  const [heads, rows] = yield* read(ctx, headsOf(kind, subjects), page)
  const bySubject = Map.groupBy(rows, subjectOf)
  const decisions = subjects.flatMap((subject, i) => {
    const mine = bySubject.get(subject)
    const unit = mine && decide?.(subject, heads[i]!, mine)
    return unit ? [{ subject, unit }] : []
  })
  return { decisions, rows }
}

function* decidedByPage<T extends Table>(
  { subjectOf }: Sweep<T>,
  decidePage: NonNullable<Sweep<T>['decidePage']>,
  rows: readonly RowOf<T>[],
  subjects: readonly string[],
): Operation<Decided<T>> {
  const named = new Map(rows.map((row) => [subjectOf(row), row]))
  const units = yield* decidePage(subjects.map((subject) => named.get(subject)!))
  return { decisions: subjects.flatMap((subject, i) => (units[i] ? [{ subject, unit: units[i] }] : [])), rows }
}
