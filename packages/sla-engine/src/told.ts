import type { Context, Json, Operation, Unit } from '@patronkit/core/service'
import { nowFor } from '@patronkit/core/service'
import { type Internal, internalFact } from './internal.ts'
import { answerOf, decideOn, type Recorded, readItem, type Stored, unitFor, unknownItem } from './item.ts'
import type { ItemRef, StoredFact } from './model.ts'
import type { Rulebook } from './rulebook.ts'
import type { ClockView } from './view.ts'

/** An item about which something of ours is written down, and what. */
export interface Telling {
  readonly item: ItemRef
  readonly stored: Stored
  readonly facts: readonly StoredFact[]
  /** Everything is to be folded from the start, also where no fact is late. */
  readonly anew?: boolean
}

/** What a telling comes to: its unit, and the item's clocks behind it. */
export function* tellItem(book: Rulebook, ctx: Context, i: Telling): Operation<{ readonly unit: Unit; readonly answer: Recorded }> {
  const { item, stored, facts } = i
  const { decision, books } = yield* decideOn(book, ctx, { item, stored, fresh: facts, ...(i.anew ? { anew: true } : {}) })
  return {
    unit: unitFor(ctx, { item, stored, decision, fresh: facts, books }),
    answer: answerOf(item, decision.state, nowFor(ctx, stored.head), books),
  }
}

/** An item that has to be known. */
export function* knownItem(ctx: Context, item: ItemRef): Operation<Stored & { readonly state: NonNullable<Stored['state']> }> {
  const stored = yield* readItem(ctx, item, [])
  if (!stored.state) throw unknownItem(item)
  return { ...stored, state: stored.state }
}

/** The next fact of ours about an item. A command's key names it, so that it is one fact however often it is sent. */
export const nextFact = (
  stored: Stored,
  i: { readonly id: string; readonly at: number; readonly is: Internal; readonly nth?: number },
): StoredFact => internalFact({ id: `sla/${i.id}`, at: i.at, arrival: stored.factCount + (i.nth ?? 1), is: i.is })

/** Units over several subjects as one: all of it or nothing. */
export const joined = (units: readonly Unit[]): Unit => ({
  tenant: units[0]!.tenant,
  heads: units.flatMap((unit) => unit.heads),
  writes: units.flatMap((unit) => unit.writes),
  events: units.flatMap((unit) => unit.events),
  timers: units.flatMap((unit) => unit.timers),
})

/** An answer as it is kept beside its key, and back. */
export const toJson = (answer: Recorded): Json => JSON.parse(JSON.stringify(answer)) as Json

const date = (value: Json | undefined): Date | null => (typeof value === 'string' ? new Date(value) : null)

export function fromJson(stored: Json): Recorded {
  const { item, clocks, nextDueAt } = stored as unknown as {
    item: ItemRef
    clocks: readonly { readonly [name: string]: Json }[]
    nextDueAt: Json
  }
  const dated = (clock: { readonly [name: string]: Json }) =>
    ({
      ...clock,
      startedAt: date(clock.startedAt),
      stoppedAt: date(clock.stoppedAt),
      dueAt: date(clock.dueAt),
      breachedAt: date(clock.breachedAt),
    }) as unknown as ClockView
  return { item, clocks: clocks.map(dated), nextDueAt: date(nextDueAt) }
}
