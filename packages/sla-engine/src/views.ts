import { all, field, type View, view } from '@patronkit/core/service'
import { clocks, items } from './tables.ts'

const phase = (is: string) => field('phase').eq(is)

/**
 * Started clocks, one row each, for lists sorted by the time that is left and for reports. `state` has the words of
 * `status`, with time passed as far as facts and `tick` have taken it: a clock may be past `due_at` and still `running`.
 * `worked_ms` is what was counted until `worked_until`. `phase` and `due_ms` are what the index orders by.
 */
export const clockView: View = view('sla_clock_v1', {
  from: clocks,
  join: { table: items, on: ['item_type', 'item'] },
  where: field('started_at').ne(null),
  columns: {
    item_type: 'item_type',
    item: 'item',
    metric: 'metric',
    cycle: 'cycle',
    state: {
      cases: [
        [phase('cancelled'), 'cancelled'],
        [field('breached_at').ne(null), 'breached'],
        [{ greater: ['counted_ms', 'target_ms'] }, 'breached'],
        [all(phase('stopped'), field('target_ms').eq(null)), 'stopped'],
        [phase('stopped'), 'met'],
        [phase('paused'), 'paused'],
      ],
      otherwise: 'running',
    },
    phase: 'phase',
    started_at: 'started_at',
    stopped_at: { column: 'since', when: phase('stopped') },
    due_at: 'due_at',
    due_ms: { column: 'due_at', stored: true },
    breached_at: 'breached_at',
    target_ms: 'target_ms',
    worked_ms: 'counted_ms',
    worked_until: 'since',
    counts: 'counts',
    policy: { joined: 'policy' },
    policy_version: { joined: 'policy_version' },
  },
})

/**
 * The same with what came with agreements side by side: `metric` is `ola/resolution` under another agreement than `sla`, `party`
 * whose turn it is, `policy` the one the clock is counted by, and what somebody decided counts before what was counted.
 */
export const clockViewV2: View = view('sla_clock_v2', {
  from: clocks,
  where: field('started_at').ne(null),
  columns: {
    item_type: 'item_type',
    item: 'item',
    metric: 'metric',
    cycle: 'cycle',
    state: {
      cases: [
        [phase('cancelled'), 'cancelled'],
        [field('ruled').eq('met'), 'met'],
        [field('ruled').eq('breached'), 'breached'],
        [field('breached_at').ne(null), 'breached'],
        [phase('paused'), 'paused'],
        [{ greater: ['counted_ms', 'target_ms'] }, 'breached'],
        [all(phase('stopped'), field('target_ms').eq(null)), 'stopped'],
        [phase('stopped'), 'met'],
      ],
      otherwise: 'running',
    },
    phase: 'phase',
    party: 'party',
    started_at: 'started_at',
    stopped_at: { column: 'since', when: phase('stopped') },
    due_at: 'due_at',
    due_ms: { column: 'due_at', stored: true },
    breached_at: 'breached_at',
    agreed_due: 'agreed_due',
    target_ms: 'target_ms',
    worked_ms: 'counted_ms',
    worked_until: 'since',
    counts: 'counts',
    policy: 'policy',
    policy_version: 'policy_version',
  },
})

/** Items, one row each: when they were opened, what rules hold for them, and their attributes as of the last fact. */
export const itemView: View = view('sla_item_v1', {
  from: items,
  columns: {
    item_type: 'item_type',
    item: 'item',
    opened_at: 'opened_at',
    as_of: 'as_of',
    attributes: 'attributes',
    policy: 'policy',
    policy_version: 'policy_version',
    calendar: 'calendar',
    calendar_version: 'calendar_version',
  },
})
