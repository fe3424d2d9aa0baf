import type { Scalar } from '@patronkit/core'
import { all, behind, type Context, cursorAt, field, list, type Operation, type Pred, type RowOf, read } from '@patronkit/core/service'
import { type Measurements, readMeasurements } from './metrics/measurements.ts'
import type { Reach } from './metrics/wanted.ts'
import { measurements, subjects, targets } from './tables.ts'

export type MeasurementRow = RowOf<typeof measurements>
export type TargetRow = RowOf<typeof targets>

/** What is known of a subject: its measurements, and how many of all that came in were looked at. */
export interface Known {
  readonly measurements: Measurements
  /** Measurements of whatever name that the subject had when it was read: the cut that a replay makes again. */
  readonly upTo: number
}

const PAGE = 5_000

/**
 * The measurements of some subjects within reach. Rows are only ever added, so the number that stood beside the subject when the
 * reading began cuts off what came in meanwhile; `upTo` makes an earlier cut. A subject that was never measured is left out.
 */
export function* readKnown(
  ctx: Context,
  ids: readonly string[],
  reach: Reach,
  o: { readonly upTo?: ReadonlyMap<string, number>; readonly asOf?: number | undefined } = {},
): Operation<ReadonlyMap<string, Known>> {
  if (ids.length === 0) return new Map()
  // one subject is found by the first column of the key, on every engine
  const named = ids.length === 1 ? field('subject').eq(ids[0]!) : field('subject').in(ids)
  const [found] = yield* read(ctx, list(subjects, { where: named, limit: ids.length }))
  const cut = new Map(found.map((row) => [row.subject, o.upTo?.get(row.subject) ?? row.measurements]))
  const before = o.asOf === undefined ? reach.to : Math.min(reach.to, o.asOf + 1)
  const where = all(field('subject').in(ids), field('name').in(reach.names), field('at').gte(reach.from), field('at').lt(before))
  const rows = reach.names.length === 0 ? [] : yield* readAll(ctx, where)
  const bySubject = Map.groupBy(
    rows.filter((row) => row.arrival <= (cut.get(row.subject) ?? 0)),
    (row) => row.subject,
  )
  return new Map([...cut].map(([id, upTo]) => [id, { upTo, measurements: measured(bySubject.get(id) ?? []) }]))
}

function* readAll(ctx: Context, where: Pred): Operation<readonly MeasurementRow[]> {
  const order = ['subject', 'name', 'at', 'measurement']
  const rows: MeasurementRow[] = []
  for (let cursor: string | undefined; ; ) {
    const [page] = yield* read(ctx, list(measurements, { where: all(where, behind(order, cursor)), order, limit: PAGE }))
    for (const row of page) rows.push(row)
    if (page.length < PAGE) return rows
    cursor = cursorAt(order, page.at(-1)!)
  }
}

/** Rows as the pure part takes them. */
export const measured = (rows: readonly MeasurementRow[]): Measurements =>
  readMeasurements({
    rows: rows.map((row) => ({
      id: row.measurement,
      at: row.at,
      name: row.name,
      value: row.value,
      subject: row.subject,
      ...(row.dimensions === null ? {} : { dimensions: row.dimensions as { readonly [name: string]: Scalar } }),
    })),
  })

const BY_SUBJECT = ['subject']

/** The cursor behind a subject. */
export const behindSubject = (subject: string): string => cursorAt(BY_SUBJECT, { subject })

/** Everyone who was ever measured, in the order of their ids. */
export function* everyone(ctx: Context, cursor: string | undefined, limit: number): Operation<readonly string[]> {
  const [rows] = yield* read(ctx, list(subjects, { where: behind(BY_SUBJECT, cursor), order: BY_SUBJECT, limit }))
  return rows.map(({ subject }) => subject)
}

/** The target that stands for each subject, by metric and subject; `revisions` asks for those that stood once. */
export function* standingTargets(
  ctx: Context,
  i: { readonly metrics: readonly string[]; readonly subjects: readonly string[]; readonly period: string; readonly cell?: string },
): Operation<ReadonlyMap<string, TargetRow>> {
  const standing = new Map<string, TargetRow>()
  if (i.metrics.length === 0 || i.subjects.length === 0) return standing
  const order = ['metric', 'subject', 'revision']
  const where = all(
    field('metric').in(i.metrics),
    field('subject').in(i.subjects),
    field('period').eq(i.period),
    field('cell').eq(i.cell ?? ''),
  )
  for (let cursor: string | undefined; ; ) {
    const [page] = yield* read(ctx, list(targets, { where: all(where, behind(order, cursor)), order, limit: PAGE }))
    for (const row of page) standing.set(targetKey(row.metric, row.subject), row)
    if (page.length < PAGE) return standing
    cursor = cursorAt(order, page.at(-1)!)
  }
}

export const targetKey = (metric: string, subject: string): string => JSON.stringify([metric, subject])
