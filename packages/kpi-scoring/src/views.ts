import { type View, view } from '@patronkit/core/service'
import { measurements, periods, scores, statements, targets } from './tables.ts'

/** Measurements, one row each. */
export const measurementView: View = view('kpi_measurement_v1', {
  from: measurements,
  columns: {
    subject: 'subject',
    measurement: 'measurement',
    name: 'name',
    at: 'at',
    value: 'value',
    dimensions: 'dimensions',
    recorded_at: 'recorded_at',
  },
})

/** Targets in all their revisions; of one metric, subject, period and cell the greatest stands. */
export const targetView: View = view('kpi_target_v1', {
  from: targets,
  columns: {
    metric: 'metric',
    subject: 'subject',
    period: 'period',
    cell: 'cell',
    revision: 'revision',
    amount: 'amount',
    set_at: 'set_at',
  },
})

/** Scores of closed periods, one row a subject and revision, with the period they are of. */
export const scoreView: View = view('kpi_score_v1', {
  from: scores,
  join: { table: periods, on: ['scorecard', 'period', 'revision'] },
  columns: {
    scorecard: 'scorecard',
    period: 'period',
    revision: 'revision',
    subject: 'subject',
    value: 'value',
    band: 'band',
    hash: 'hash',
    from_at: { joined: 'from_at' },
    to_at: { joined: 'to_at' },
    closed_at: { joined: 'closed_at' },
  },
})

/** Statements of pay; the changes of one plan, subject and period sum to what is payable. */
export const statementView: View = view('kpi_statement_v1', {
  from: statements,
  columns: {
    plan: 'plan',
    subject: 'subject',
    period: 'period',
    number: 'number',
    currency: 'currency',
    payable: 'payable',
    change: 'change',
    hash: 'hash',
    issued_at: 'issued_at',
  },
})
