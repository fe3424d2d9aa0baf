import {
  all,
  type Context,
  commit,
  field,
  get,
  headOf,
  list,
  nowFor,
  type Operation,
  parse,
  read,
  redact,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { PERIOD, periodSubject } from './close.ts'
import { SUBJECT } from './record.ts'
import { eraseSchema } from './schema.ts'
import { measurements, scores, subjects, targets } from './tables.ts'

declare global {
  interface PatronkitEvents {
    'kpi.erased': { readonly subject: string }
    'kpi.score-erased': { readonly subject: string; readonly scorecard: string; readonly period: string }
  }
}

/** What is gone of a subject: its measurements and targets, its scores in closed periods, and the bodies of its events. */
export interface Erased {
  readonly measurements: number
  readonly targets: number
  readonly scores: number
  readonly events: number
}

const PAGE = 1_000

/**
 * Takes a subject's measurements and targets away, its scores out of closed periods, and the bodies out of its events. The hashes of its scores
 * stay, so that the periods' own hashes can still be checked. A call that died in between comes to its end when it is sent again.
 */
export function* erase(ctx: Context, i: { readonly subject: string }): Operation<Erased> {
  const { subject } = parse(eraseSchema, i, 'erase')
  const cleared = yield* clearScores(ctx, subject)
  const gone = { measurements: 0, targets: 0 }
  for (;;) {
    const where = field('subject').eq(subject)
    const [head, row, rows, aims] = yield* read(
      ctx,
      headOf(SUBJECT, subject),
      get(subjects, { subject }),
      list(measurements, { where, limit: PAGE }),
      list(targets, { where, limit: PAGE }),
    )
    if (!row && rows.length === 0 && aims.length === 0) {
      // the event that says so stays
      const events = head.seq < 2 ? 0 : yield* redact(ctx, { kind: SUBJECT, subject, upTo: head.seq - 1 })
      return { ...gone, scores: cleared, events }
    }
    const last = rows.length < PAGE && aims.length < PAGE
    const writes: Write[] = rows.map(({ measurement }) => ({ write: 'remove', table: measurements, key: { subject, measurement } }))
    for (const { metric, period, cell, revision } of aims)
      writes.push({ write: 'remove', table: targets, key: { metric, subject, period, cell, revision } })
    if (last && row) writes.push({ write: 'remove', table: subjects, key: { subject } })
    const events = last ? [{ type: 'kpi.erased', v: 1, at: nowFor(ctx, head), data: { subject } }] : []
    yield* commit([unitOn(ctx, { kind: SUBJECT, subject, head, events, writes })])
    gone.measurements += rows.length
    gone.targets += aims.length
  }
}

function* clearScores(ctx: Context, subject: string): Operation<number> {
  let cleared = 0
  const where = all(field('subject').eq(subject), field('document').ne(null))
  for (;;) {
    const [rows] = yield* read(ctx, list(scores, { where, order: ['scorecard', 'period', 'revision'], limit: PAGE }))
    const [first] = rows
    if (!first) return cleared
    const { scorecard, period } = first
    const mine = rows.filter((row) => row.scorecard === scorecard && row.period === period)
    const [head] = yield* read(ctx, headOf(PERIOD, periodSubject(scorecard, period)))
    const writes = mine.map(
      ({ revision }): Write => ({
        write: 'change',
        table: scores,
        key: { scorecard, period, revision, subject },
        set: { document: null, value: null, band: null },
      }),
    )
    const events = [{ type: 'kpi.score-erased', v: 1, at: nowFor(ctx, head), data: { subject, scorecard, period } }]
    yield* commit([unitOn(ctx, { kind: PERIOD, subject: periodSubject(scorecard, period), head, events, writes })])
    cleared += mine.length
  }
}
