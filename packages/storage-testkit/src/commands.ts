import type { Arbitrary, FastCheck } from './fast-check.ts'

/** One write of a command, before it is known what is there: it may well be refused. */
export interface WriteDraft {
  readonly write: 'insert' | 'put' | 'change' | 'remove'
  readonly no: number
  readonly left: number
}

/** One change of a timer. */
export interface TimerDraft {
  readonly timer: 'set' | 'cancel' | 'failed'
  readonly queue: string
  readonly key: string
  readonly in: number
  readonly parked: boolean
}

/** One change of a counter under a cap and above nought. */
export interface AddDraft {
  readonly column: 'given' | 'taken'
  readonly by: number
}

/** One unit of a commit. A `stale` one guards a version that is not there; a `fired` one handles the timer leased last. */
export interface UnitDraft {
  readonly tenant: string
  readonly subject: string
  readonly stale: boolean
  readonly also: boolean
  readonly fired: boolean
  readonly writes: readonly WriteDraft[]
  readonly timers: readonly TimerDraft[]
  readonly unique: readonly number[]
  readonly adds: readonly AddDraft[]
  readonly events: number
}

/** One step of a history. */
export type Command =
  | { readonly do: 'commit'; readonly units: readonly UnitDraft[]; readonly after: number }
  | { readonly do: 'read'; readonly tenant: string; readonly below: number; readonly limit: number; readonly down: boolean }
  | { readonly do: 'claim'; readonly after: number; readonly leaseMs: number; readonly limit: number; readonly behind: string }
  | {
      readonly do: 'feed'
      readonly consumer: string
      readonly limit: number
      readonly lane: number
      readonly retryIn: number
      readonly wrong: boolean
    }

/** The first two share a lane, so that turns within a lane and among lanes both happen. */
export const TENANTS = ['acme', 'jade', 'beta'] as const

/** Histories over few tenants, subjects, rows and timers, so that they meet. */
export function commandsOf(fc: FastCheck): Arbitrary<Command[]> {
  const tenant = fc.constantFrom(...TENANTS)
  const seldom = fc.constantFrom(false, false, false, true)
  const write = fc.record<WriteDraft>({
    write: fc.constantFrom<WriteDraft['write']>('insert', 'put', 'change', 'remove', 'put'),
    no: fc.integer({ min: 1, max: 3 }),
    left: fc.integer({ min: 0, max: 9 }),
  })
  const timer = fc.record<TimerDraft>({
    timer: fc.constantFrom<TimerDraft['timer']>('set', 'set', 'cancel', 'failed'),
    queue: fc.constantFrom('q', 'q', 'r'),
    key: fc.constantFrom('k1', 'k2', 'k3'),
    in: fc.integer({ min: 0, max: 30 }),
    parked: seldom,
  })
  const add = fc.record<AddDraft>({ column: fc.constantFrom<AddDraft['column']>('given', 'taken'), by: fc.integer({ min: -4, max: 6 }) })
  const unit = fc.record<UnitDraft>({
    tenant,
    subject: fc.constantFrom('s1', 's2', 's3'),
    stale: seldom,
    also: seldom,
    fired: seldom,
    writes: fc.array(write, { maxLength: 2 }),
    timers: fc.array(timer, { maxLength: 2 }),
    unique: fc.array(fc.integer({ min: 11, max: 13 }), { maxLength: 1 }),
    adds: fc.array(add, { maxLength: 2 }),
    events: fc.integer({ min: 0, max: 3 }),
  })
  const after = fc.integer({ min: 0, max: 10 })
  const commit = fc.record<Command & { do: 'commit' }>({
    do: fc.constant('commit'),
    units: fc.array(unit, { minLength: 1, maxLength: 3 }),
    after,
  })
  const read = fc.record<Command & { do: 'read' }>({
    do: fc.constant('read'),
    tenant,
    below: fc.integer({ min: 0, max: 10 }),
    limit: fc.integer({ min: 1, max: 5 }),
    down: fc.boolean(),
  })
  const claim = fc.record<Command & { do: 'claim' }>({
    do: fc.constant('claim'),
    after,
    leaseMs: fc.integer({ min: 1, max: 30 }),
    limit: fc.integer({ min: 0, max: 4 }),
    behind: fc.constantFrom('', 'acme', 'jade', 'beta', 'b'),
  })
  const feed = fc.record<Command & { do: 'feed' }>({
    do: fc.constant('feed'),
    consumer: fc.constantFrom('c1', 'c2'),
    limit: fc.integer({ min: 1, max: 6 }),
    lane: fc.constantFrom(0, 7, 8, 47, 63),
    retryIn: fc.constantFrom(0, 0, 15),
    wrong: seldom,
  })
  return fc.array(fc.oneof<Command>(commit, commit, commit, read, claim, feed), { minLength: 1, maxLength: 40 })
}
