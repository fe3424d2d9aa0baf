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
