import { decimal, instant, integer, json, nullable, table, text } from '@patronkit/core/service'

/** Whoever is measured, one row each. `measurements` counts what came in; each measurement bears its number in that order. */
export const subjects = table(
  'kpi_subject',
  { subject: text(), measurements: integer(), first_at: instant(), last_at: instant() },
  { key: ['subject'], subject: ['subject'] },
)

/** Everything that was measured, once a subject. `arrival` numbers a subject's measurements in the order in which they came. */
export const measurements = table(
  'kpi_measurement',
  {
    subject: text(),
    measurement: text(),
    name: text(),
    at: instant(),
    value: decimal(),
    dimensions: nullable(json()),
    arrival: integer(),
    recorded_at: instant(),
  },
  { key: ['subject', 'measurement'], subject: ['subject'], indexes: { in_time: ['subject', 'name', 'at'] } },
)

/** Targets of a metric. `cell` is the canonical JSON of further dimensions, empty for the whole; the greatest revision stands. */
export const targets = table(
  'kpi_target',
  {
    metric: text(),
    subject: text(),
    period: text(),
    cell: text(),
    revision: integer(),
    amount: decimal(),
    set_at: instant(),
  },
  { key: ['metric', 'subject', 'period', 'cell', 'revision'], subject: ['subject'], indexes: { by_subject: ['subject', 'period'] } },
)

/** Closed periods of a scorecard, one row a revision, with the versions of everything that they were worked out by. */
export const periods = table(
  'kpi_period',
  {
    scorecard: text(),
    period: text(),
    revision: integer(),
    from_at: instant(),
    to_at: instant(),
    closed_at: instant(),
    pins: json(),
    people: integer(),
    hash: text(),
  },
  { key: ['scorecard', 'period', 'revision'], subject: ['scorecard', 'period'] },
)

/** Scores of closed periods. `document` is the canonical JSON that `hash` is of; it is null once the subject was erased. */
export const scores = table(
  'kpi_score',
  {
    scorecard: text(),
    period: text(),
    revision: integer(),
    subject: text(),
    value: nullable(decimal()),
    band: nullable(text()),
    document: nullable(text()),
    hash: text(),
    measurements: integer(),
  },
  {
    key: ['scorecard', 'period', 'revision', 'subject'],
    subject: ['scorecard', 'period'],
    indexes: { by_subject: ['subject', 'scorecard', 'period', 'revision'] },
  },
)

/** Whoever is credited under an incentive plan. `entries` counts what came in; each entry bears its number in that order. */
export const payees = table(
  'kpi_payee',
  { plan: text(), subject: text(), entries: integer() },
  { key: ['plan', 'subject'], subject: ['plan', 'subject'], indexes: { by_subject: ['subject'] } },
)

/**
 * Deals that somebody is credited with, and what was taken back of them. `counts_at` is the instant of the deal, also for what is taken
 * back of it later, so that it counts in the deal's period.
 */
export const credits = table(
  'kpi_credit',
  {
    plan: text(),
    subject: text(),
    entry: text(),
    kind: text(),
    of: nullable(text()),
    amount: decimal(),
    currency: text(),
    share: nullable(decimal()),
    at: instant(),
    counts_at: instant(),
    arrival: integer(),
    recorded_at: instant(),
  },
  {
    key: ['plan', 'subject', 'entry'],
    subject: ['plan', 'subject'],
    indexes: { in_time: ['plan', 'subject', 'counts_at'], of_deal: ['plan', 'subject', 'of'] },
  },
)

/**
 * Statements of pay, one row a number, never changed. `document` is the canonical JSON that `hash` is of; document and amounts are null
 * once the subject was erased. `entries` is how many entries were known.
 */
export const statements = table(
  'kpi_statement',
  {
    plan: text(),
    subject: text(),
    period: text(),
    number: integer(),
    currency: text(),
    payable: nullable(decimal()),
    change: nullable(decimal()),
    document: nullable(text()),
    hash: text(),
    entries: integer(),
    issued_at: instant(),
  },
  { key: ['plan', 'subject', 'period', 'number'], subject: ['plan', 'subject'] },
)
