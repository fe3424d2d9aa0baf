import type { ColumnType } from '@patronkit/core/storage'
import type { Relation, RelationColumn, RelationIndex } from './relation.ts'

/** Conditions that queries repeat word for word, so that the planner sees that a partial index covers them. */
export const UNSEQUENCED = '"position" is null'
export const SEQUENCED = '"position" is not null'
export const WAITING = '"lease" is null and "parked" is false'
export const LEASED = '"lease" is not null'

/** One row per subject. */
export const headTable = relation(
  'head',
  { tenant: 'text', kind: 'text', subject: 'text', version: 'integer', last_at: 'instant', seq: 'integer', chain: 'text' },
  ['tenant', 'kind', 'subject'],
)

/**
 * Events, and their place in the feed once they have one. The first index is the sequencer's queue, in its order, and
 * empty when nothing is new; the second is the feed.
 */
export const eventTable = relation(
  'event',
  {
    tenant: 'text',
    kind: 'text',
    subject: 'text',
    seq: 'integer',
    type: 'text',
    v: 'integer',
    effective_at: 'instant',
    recorded_at: 'instant',
    actor: 'text',
    causation: 'text?',
    correlation: 'text?',
    body: 'text?',
    salt: 'text?',
    body_hash: 'text',
    hash: 'text',
    lane: 'integer',
    position: 'integer?',
  },
  ['tenant', 'kind', 'subject', 'seq'],
  [
    { name: 'event_new', columns: ['lane', 'recorded_at', 'tenant', 'kind', 'subject', 'seq'], where: UNSEQUENCED },
    { name: 'event_feed', columns: ['lane', 'position'], where: SEQUENCED },
  ],
  'long',
)

/**
 * Timers. Waiting and leased ones stand in indexes of their own: a claim never walks past what others hold. By the last
 * two a claim finds the lanes with something due, steps from tenant to tenant, and takes the oldest of each.
 */
export const timerTable = relation(
  'timer',
  {
    tenant: 'text',
    queue: 'text',
    key: 'text',
    lane: 'integer',
    due_at: 'instant',
    generation: 'integer',
    lease: 'text?',
    lease_until: 'instant?',
    attempts: 'integer',
    last_error: 'text?',
    parked: 'boolean',
  },
  ['tenant', 'queue', 'key'],
  [
    { name: 'timer_due', columns: ['queue', 'due_at'], where: WAITING },
    { name: 'timer_leased', columns: ['queue', 'lease_until'], where: LEASED },
    { name: 'timer_lane', columns: ['lane', 'queue', 'due_at'], where: WAITING },
    { name: 'timer_turn', columns: ['lane', 'tenant', 'queue', 'due_at', 'key'], where: WAITING },
  ],
)

/** The last position given in each lane. */
export const laneTable = relation('lane', { lane: 'integer', last_position: 'integer' }, ['lane'])

/** Where each consumer stands in each lane. */
export const consumerTable = relation(
  'consumer',
  { consumer: 'text', lane: 'integer', position: 'integer', attempts: 'integer', retry_at: 'instant', last_error: 'text?' },
  ['consumer', 'lane'],
)

/** Which migrations of which package were applied; `breaking` tells older versions of the package to keep away. */
export const migrationTable = relation('migration', { package: 'text', id: 'integer', applied_at: 'instant', breaking: 'boolean?' }, [
  'package',
  'id',
])

/** The engine's own tables in the order they are made; `migration` is made before any step. */
export const workTables: readonly Relation[] = [headTable, eventTable, timerTable, laneTable, consumerTable]

type Described = ColumnType | `${ColumnType}?`

function relation(
  name: string,
  columns: { readonly [column: string]: Described },
  key: readonly string[],
  indexes: readonly RelationIndex[] = [],
  rows: 'short' | 'long' = 'short',
): Relation {
  const described = Object.entries(columns).map(
    ([column, type]): RelationColumn => ({ name: column, type: type.replace('?', '') as ColumnType, nullable: type.endsWith('?') }),
  )
  return { name, columns: described, key, indexes, ...(rows === 'long' ? { long: true } : {}) }
}
