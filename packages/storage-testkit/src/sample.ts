import {
  boolean,
  decimal,
  type Happened,
  type Head,
  type HeadMove,
  instant,
  integer,
  json,
  NO_HEAD,
  nullable,
  type PackageSchema,
  type Row,
  sealEvents,
  type TimerLease,
  type TimerWrite,
  table,
  text,
  type Unit,
  type Write,
} from '@patronkit/core/storage'

/** A table with every type of column, as the suite writes it. */
export const things = table(
  'kit_thing',
  {
    id: text(),
    name: nullable(text()),
    amount: nullable(integer()),
    at: nullable(instant()),
    open: nullable(boolean()),
    price: nullable(decimal()),
    extra: nullable(json()),
  },
  { key: ['id'], subject: ['id'], indexes: { by_name: ['name'], by_amount: ['amount', 'name'] } },
)

/** A table whose key has parts of different types, and nothing beside it but one column. */
export const lots = table(
  'kit_lot',
  { account: text(), no: integer(), left: integer() },
  { key: ['account', 'no'], subject: ['account'], indexes: { by_left: ['account', 'left'] } },
)

/** A table of counters: beside the key only integers. */
export const counters = table('kit_counter', { day: text(), given: integer(), taken: integer() }, { key: ['day'], subject: ['day'] })

/** A table whose rows only remember something for a while. */
export const memories = table('kit_memory', { id: text(), at: instant() }, { key: ['id'], subject: ['id'], derived: true })

/** The package the suite declares on each engine it is given. */
export const sampleSchema: PackageSchema = {
  package: 'testkit',
  tables: [things, lots, counters, memories],
  migrations: [
    {
      id: 1,
      about: 'the tables of the suite',
      steps: [{ addTable: things }, { addTable: lots }, { addTable: counters }, { addTable: memories }],
    },
  ],
}

/** A row with nothing in it but its key, and what is named. */
export const thing = (id: string, with_: Row = {}): Row => ({
  id,
  name: null,
  amount: null,
  at: null,
  open: null,
  price: null,
  extra: null,
  ...with_,
})

/** The kind of subject the suite writes. */
export const KIND = 'kit.subject'

/** A unit in short: everything but the subject may be left out. */
export interface Draft {
  readonly tenant?: string
  readonly subject: string
  readonly from?: Head
  readonly at?: number
  readonly writes?: readonly Write[]
  readonly happened?: readonly Happened[]
  readonly timers?: readonly TimerWrite[]
  readonly fired?: TimerLease
  readonly unique?: Unit['unique']
  readonly adds?: Unit['adds']
  /** Heads of other subjects that are to hold as well. */
  readonly also?: readonly HeadMove[]
}

/** Moves a head on by one version, without events. */
export const moved = (subject: string, from: Head = NO_HEAD, at = 1_000): HeadMove => ({
  kind: KIND,
  subject,
  from,
  to: { ...from, version: from.version + 1, lastAt: Math.max(at, from.lastAt) },
})

/** The whole unit of a draft, its events sealed onto the head. */
export function unitOf(draft: Draft): Unit {
  const tenant = draft.tenant ?? 'acme'
  const from = draft.from ?? NO_HEAD
  const at = Math.max(draft.at ?? 1_000, from.lastAt)
  const happened = draft.happened ?? []
  const sealed = sealEvents(from, happened, {
    tenant,
    kind: KIND,
    subject: draft.subject,
    actor: { type: 'system', id: 'testkit' },
    recordedAt: at,
    causation: null,
    correlation: null,
    salt: () => `salt of ${draft.subject}`,
  })
  const to = { version: from.version + 1, lastAt: at, seq: from.seq + happened.length, chain: sealed.chain }
  return {
    tenant,
    heads: [{ kind: KIND, subject: draft.subject, from, to }, ...(draft.also ?? [])],
    ...(draft.fired ? { fired: draft.fired } : {}),
    ...(draft.unique ? { unique: draft.unique } : {}),
    ...(draft.adds ? { adds: draft.adds } : {}),
    writes: draft.writes ?? [],
    events: sealed.events,
    timers: draft.timers ?? [],
  }
}

/** The head a unit leaves behind. */
export const headAfter = (unit: Unit): Head => unit.heads[0]!.to

/** An event that says only which it is. */
export const happened = (no: number): Happened => ({ type: 'kit.happened', v: 1, at: 500 + no, data: { no, note: `no. ${no}` } })
