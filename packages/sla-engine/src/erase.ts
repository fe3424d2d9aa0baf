import { all, type Context, commit, field, list, type Operation, parse, read, redact, unitOn, type Write } from '@patronkit/core/service'
import { clockName } from './clock-name.ts'
import { MOST_FACTS, QUEUE, readItem, SUBJECT, subjectOf } from './item.ts'
import type { ItemRef } from './model.ts'
import { statusSchema } from './schema.ts'
import { clocks, facts, items } from './tables.ts'

declare global {
  interface PatronkitEvents {
    'sla.erased': { readonly item: ItemRef }
  }
}

/** What is gone of an item: its rows, and the bodies of its events. */
export interface Erased {
  readonly facts: number
  readonly events: number
}

/**
 * Takes an item's facts, attributes and clocks away, and the bodies out of its events. The events' envelopes and hashes
 * stay, so the chain still verifies; type and id of the item stay in them. Nothing is left to erase a second time.
 */
export function* erase(ctx: Context, i: { readonly item: ItemRef }): Operation<Erased> {
  const { item } = parse(statusSchema.pick({ item: true }), i, 'erase')
  const { head, state } = yield* readItem(ctx, item, [])
  const key = { item_type: item.type, item: item.id }
  const where = all(field('item_type').eq(item.type), field('item').eq(item.id))
  const [rows] = yield* read(ctx, list(facts, { where, limit: MOST_FACTS }))
  if (state) {
    const writes: readonly Write[] = [
      { write: 'remove', table: items, key },
      ...rows.map((row): Write => ({ write: 'remove', table: facts, key: { ...key, fact: row.fact } })),
      ...state.clocks.map(
        (clock): Write => ({ write: 'remove', table: clocks, key: { ...key, metric: clockName(clock), cycle: clock.cycle } }),
      ),
    ]
    const subject = subjectOf(item)
    const events = [{ type: 'sla.erased', v: 1, at: ctx.now, data: { item: { type: item.type, id: item.id } } }]
    const timers = [{ timer: 'cancel', queue: QUEUE, key: subject } as const]
    yield* commit([unitOn(ctx, { kind: SUBJECT, subject, head, events, writes, timers })])
  }
  // the event that says so stays; a call that died in between comes to its end here when it is sent again
  const upTo = state ? head.seq : head.seq - 1
  return { facts: rows.length, events: upTo < 1 ? 0 : yield* redact(ctx, { kind: SUBJECT, subject: subjectOf(item), upTo }) }
}
