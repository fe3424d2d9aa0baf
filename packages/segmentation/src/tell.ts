import { type Context, type Happened, nowFor, type Operation, type TimerLease, type Unit } from '@patronkit/core/service'
import { readFacts, type Stored, unitFor } from './customer.ts'
import { type Decision, decide, type Told, wantedFacts } from './decide.ts'
import { type CustomerState, type FactRow, factOf } from './rows.ts'
import type { Shelf } from './rulebook.ts'
import type { Columns } from './rules/source.ts'

/** What is told about one customer. */
export interface Telling {
  readonly stored: Stored
  readonly told: readonly Told[]
  readonly facts?: readonly FactRow[]
  readonly events?: readonly Happened[]
  /** How far time is passed behind what is told, and written down. Default: not at all. */
  readonly to?: number
  readonly fired?: TimerLease
}

export interface Heard {
  readonly decision: Decision
  readonly unit: Unit
  /** The customer with time passed up to now, which is not written. */
  readonly now: CustomerState
}

/** Decides on what is told about customers of one or several sources: facts are read once, and only those that rules look at. */
export function* tell(ctx: Context, shelf: Shelf, tellings: readonly Telling[]): Operation<readonly Heard[]> {
  const heard = new Map<Telling, Heard>()
  for (const [source, ofSource] of Map.groupBy(tellings, ({ stored }) => stored.ref.source)) {
    const columns: Columns = shelf.now(source).source?.columns ?? {}
    const deciding = ofSource.map(({ stored, told, to = null }) => {
      const now = nowFor(ctx, stored.head)
      const { ref, state } = stored
      return { ref, state, columns, told, to, now, timeline: shelf.timeline(source, state?.knownAt ?? now) }
    })
    const wanted = deciding.map((one) => wantedFacts({ ...one, to: one.now }))
    const asked = ofSource.filter(({ stored }, n) => stored.state && stored.state.facts > 0 && wanted[n]?.length !== 0)
    const types = wanted.includes(null) ? null : [...new Set(wanted.flatMap((of) => of ?? []))]
    const found = yield* readFacts(
      ctx,
      source,
      asked.map(({ stored }) => stored.ref.customer),
      types,
    )
    for (const [n, telling] of ofSource.entries()) {
      const one = deciding[n]!
      const facts = found.get(one.ref.customer) ?? []
      const decision = decide({ ...one, facts })
      const later = [...facts, ...(telling.facts ?? []).map(factOf)]
      const { state: now } = decide({ ...one, state: decision.state, told: [], facts: later, to: one.now })
      const { stored, facts: rows, events, fired } = telling
      const unit = unitFor(ctx, {
        stored,
        decision,
        ...(rows ? { facts: rows } : {}),
        ...(events ? { events } : {}),
        ...(fired ? { fired } : {}),
      })
      heard.set(telling, { decision, unit, now })
    }
  }
  return tellings.map((one) => heard.get(one)!)
}
