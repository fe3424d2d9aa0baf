import { boolean, instant, integer, json, nullable, table, text } from '@patronkit/core/service'

/** One row an item: what its facts have made of it. The policy and calendar columns are those of the agreement `sla`. */
export const items = table(
  'sla_item',
  {
    item_type: text(),
    item: text(),
    attributes: json(),
    opened_at: instant(),
    as_of: instant(),
    policy: nullable(text()),
    policy_version: nullable(integer()),
    policy_hash: nullable(text()),
    calendar: nullable(text()),
    calendar_version: nullable(integer()),
    calendar_hash: nullable(text()),
    facts: integer(),
    timer_at: nullable(instant()),
    opened_by: nullable(text()),
    rules_at: nullable(instant()),
    rules_known_at: nullable(instant()),
    attached: nullable(json()),
    ended: nullable(boolean()),
    links: nullable(json()),
    merged_into: nullable(json()),
  },
  { key: ['item_type', 'item'], subject: ['item_type', 'item'] },
)

/** Every fact that was recorded, once. `arrival` numbers an item's facts in the order in which they came. */
export const facts = table(
  'sla_fact',
  {
    item_type: text(),
    item: text(),
    fact: text(),
    type: text(),
    at: instant(),
    arrival: integer(),
    attributes: nullable(json()),
    data: nullable(json()),
    author: nullable(text()),
    visibility: nullable(text()),
    channel: nullable(text()),
    via: nullable(text()),
  },
  { key: ['item_type', 'item', 'fact'], subject: ['item_type', 'item'], indexes: { in_time: ['item_type', 'item', 'at', 'arrival'] } },
)

/**
 * One row a clock: a metric of an agreement in one cycle. `metric` is the metric alone under the agreement `sla`, and
 * `ola/resolution` under another. `due_at` is null unless the clock is running towards a target.
 */
export const clocks = table(
  'sla_clock',
  {
    item_type: text(),
    item: text(),
    metric: text(),
    cycle: integer(),
    phase: text(),
    started_at: nullable(instant()),
    since: nullable(instant()),
    counted_ms: integer(),
    held: boolean(),
    counts: text(),
    target_ms: nullable(integer()),
    due_at: nullable(instant()),
    missed_at: nullable(instant()),
    breached_at: nullable(instant()),
    climbed: json(),
    policy: nullable(text()),
    policy_version: nullable(integer()),
    calendar: nullable(text()),
    zone: nullable(text()),
    party: nullable(text()),
    ready: nullable(boolean()),
    agreed_due: nullable(instant()),
    ruled: nullable(text()),
    skipped: nullable(json()),
    waiting: nullable(json()),
  },
  {
    key: ['item_type', 'item', 'metric', 'cycle'],
    subject: ['item_type', 'item'],
    indexes: { by_due: ['phase', 'due_at'] },
  },
)
