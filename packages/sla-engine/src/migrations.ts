import { boolean, instant, integer, json, type Migration, nullable, type PackageSchema, table, text } from '@patronkit/core/service'
import { clocks, facts, items } from './tables.ts'
import { clockView, clockViewV2, itemView } from './views.ts'

/** The tables as the first step made them; columns that came later are added by later steps. */
const first = {
  items: table(
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
    },
    { key: ['item_type', 'item'], subject: ['item_type', 'item'] },
  ),
  facts: table(
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
    },
    { key: ['item_type', 'item', 'fact'], subject: ['item_type', 'item'], indexes: { in_time: ['item_type', 'item', 'at', 'arrival'] } },
  ),
  clocks: table(
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
    },
    { key: ['item_type', 'item', 'metric', 'cycle'], subject: ['item_type', 'item'], indexes: { by_due: ['phase', 'due_at'] } },
  ),
}

const added = (to: string, columns: { readonly [column: string]: ReturnType<typeof nullable> }): Migration['steps'] =>
  Object.entries(columns).map(([column, type]) => ({ addColumn: { table: to, column, type } }))

/** The tables and views of this package and the steps that lead to them. */
export const slaSchema: PackageSchema = {
  package: 'sla',
  tables: [items, facts, clocks],
  views: [clockView, clockViewV2, itemView],
  migrations: [
    { id: 1, about: 'items, facts, clocks', steps: [{ addTable: first.items }, { addTable: first.facts }, { addTable: first.clocks }] },
    { id: 2, about: 'views of clocks and items', steps: [{ addView: clockView }, { addView: itemView }] },
    {
      id: 3,
      about: 'agreements side by side, who wrote a message, hand-over, agreed dates, merges',
      breaking: true,
      steps: [
        ...added('sla_item', {
          opened_by: nullable(text()),
          rules_at: nullable(instant()),
          rules_known_at: nullable(instant()),
          attached: nullable(json()),
          ended: nullable(boolean()),
          links: nullable(json()),
          merged_into: nullable(json()),
        }),
        ...added('sla_fact', { author: nullable(text()), visibility: nullable(text()), channel: nullable(text()), via: nullable(text()) }),
        ...added('sla_clock', {
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
        }),
        { addView: clockViewV2 },
      ],
    },
  ],
}
