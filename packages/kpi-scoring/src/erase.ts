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
import { PAY, paySubject } from './credit.ts'
import { SUBJECT } from './record.ts'
import { eraseSchema } from './schema.ts'
import { credits, measurements, payees, scores, statements, subjects, targets } from './tables.ts'

declare global {
  interface PatronkitEvents {
    'kpi.erased': { readonly subject: string }
    'kpi.pay-erased': { readonly plan: string; readonly subject: string }
    'kpi.score-erased': { readonly subject: string; readonly scorecard: string; readonly period: string }
  }
}

/** What is gone of a subject: its measurements and targets, its scores in closed periods, its credits and statements, and the bodies of its events. */
export interface Erased {
  readonly measurements: number
  readonly targets: number
  readonly scores: number
  readonly credits: number
  readonly statements: number
  readonly events: number
}

const PAGE = 1_000

/**
 * Takes a subject's measurements, targets and credits away, its scores out of closed periods, what its statements say, and the bodies out
 * of its events. The hashes of its scores stay, so that the periods' own hashes can still be checked. A call that died in between comes to its end when it is sent again.
 */
export function* erase(ctx: Context, i: { readonly subject: string }): Operation<Erased> {
  const { subject } = parse(eraseSchema, i, 'erase')
  const cleared = yield* clearScores(ctx, subject)
  const pay = yield* clearPay(ctx, subject)
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
      return { ...gone, scores: cleared, credits: pay.credits, statements: pay.statements, events: events + pay.events }
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

interface PayCleared {
  readonly credits: number
  readonly statements: number
  readonly events: number
}

/** Plan by plan: credits, then what the statements say, then the payee. */
function* clearPay(ctx: Context, subject: string): Operation<PayCleared> {
  const gone = { credits: 0, statements: 0, events: 0 }
  for (;;) {
    const [mine] = yield* read(ctx, list(payees, { where: field('subject').eq(subject), order: ['plan'], limit: 1 }))
    const [payee] = mine
    if (!payee) return gone
    const { plan } = payee
    const where = all(field('plan').eq(plan), field('subject').eq(subject))
    const [head, rows, said] = yield* read(
      ctx,
      headOf(PAY, paySubject(plan, subject)),
      list(credits, { where, limit: PAGE }),
      list(statements, { where: all(where, field('document').ne(null)), limit: PAGE }),
    )
    const last = rows.length < PAGE && said.length < PAGE
    const writes: Write[] = [
      ...rows.map(({ entry }): Write => ({ write: 'remove', table: credits, key: { plan, subject, entry } })),
      ...said.map(
        ({ period, number }): Write => ({
          write: 'change',
          table: statements,
          key: { plan, subject, period, number },
          set: { document: null, payable: null, change: null },
        }),
      ),
      ...(last ? [{ write: 'remove', table: payees, key: { plan, subject } } as const] : []),
    ]
    // before the payee is gone, by whom a call that died is taken up again; the event that says so stays
    if (last && head.seq > 0) gone.events += yield* redact(ctx, { kind: PAY, subject: paySubject(plan, subject), upTo: head.seq })
    const events = last ? [{ type: 'kpi.pay-erased', v: 1, at: nowFor(ctx, head), data: { plan, subject } }] : []
    yield* commit([unitOn(ctx, { kind: PAY, subject: paySubject(plan, subject), head, events, writes })])
    gone.credits += rows.length
    gone.statements += said.length
  }
}
