import { instant, integer, json, nullable, table, text } from '@patronkit/core/service'

/**
 * One row a customer of a source that is no table of the host's: what they are, and where they stand. `rules` names the rules by which they
 * were last asked, `known_at` since when we know them, `look_at` when time has to be looked at again. `trouble` says why they
 * could not be asked; their memberships are then those from before.
 */
export const customers = table(
  'segments_customer',
  {
    source: text(),
    customer: text(),
    profile: json(),
    /** When each column of the profile was told. */
    told: json(),
    related: json(),
    lists: json(),
    facts: integer(),
    stays: integer(),
    inside: json(),
    look: json(),
    as_of: instant(),
    known_at: instant(),
    look_at: nullable(instant()),
    rules: text(),
    trouble: nullable(text()),
    /** The columns by which `segments_belonging` was written for them; null for none. */
    linked: nullable(text()),
  },
  {
    key: ['source', 'customer'],
    subject: ['source', 'customer'],
    indexes: {
      by_rules: ['source', 'rules'],
      by_look: ['source', 'look_at'],
      by_trouble: ['source', 'trouble'],
      by_linked: ['source', 'linked'],
    },
  },
)

/** To whom a customer belongs, by a column of theirs: the people of a company are found by it. */
export const belongings = table(
  'segments_belonging',
  { source: text(), link: text(), owner: text(), customer: text() },
  { key: ['source', 'link', 'owner', 'customer'], subject: ['source', 'customer'] },
)

/** Every fact that was recorded, once. `arrival` numbers a customer's facts in the order in which they came. */
export const facts = table(
  'segments_fact',
  { source: text(), customer: text(), fact: text(), type: text(), at: instant(), arrival: integer(), data: nullable(json()) },
  {
    key: ['source', 'customer', 'fact'],
    subject: ['source', 'customer'],
    indexes: { in_time: ['source', 'customer', 'type', 'at', 'arrival'] },
  },
)

/** Every stay in a segment, from entering to leaving. `stay` numbers a customer's stays. */
export const stays = table(
  'segments_stay',
  {
    source: text(),
    segment: text(),
    customer: text(),
    stay: integer(),
    entered_at: instant(),
    entered_version: integer(),
    entered_cause: text(),
    left_at: nullable(instant()),
    left_version: nullable(integer()),
    left_cause: nullable(text()),
  },
  {
    key: ['source', 'segment', 'customer', 'stay'],
    subject: ['source', 'customer'],
    indexes: { by_customer: ['source', 'customer', 'entered_at'], present: ['source', 'segment', 'left_at', 'customer'] },
  },
)
