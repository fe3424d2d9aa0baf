import { type Claimed, type Context, commit, nowFor, type Operation, type TimerWrite, type Unit } from '@patronkit/core/service'
import { readCustomer, refOf } from './customer.ts'
import { RULES } from './publish.ts'
import { resegmentPage } from './resegment.ts'
import type { Rulebook } from './rulebook.ts'
import { tell } from './tell.ts'

/** A unit that only says what becomes of the timer. */
const handled = (ctx: Context, timer: Claimed, timers: readonly TimerWrite[] = []): Unit => ({
  tenant: ctx.tenant,
  heads: [],
  fired: timer,
  writes: [],
  events: [],
  timers,
})

/** Time alone may have led a customer in or out. */
export function* timeDue(book: Rulebook, ctx: Context, timer: Claimed): Operation<void> {
  const { stored, shelf } = yield* readCustomer(book, ctx, refOf(timer.key))
  if (!stored.state) return yield* commit([handled(ctx, timer)])
  const { heard } = yield* tell(ctx, shelf, [{ stored, told: [], to: nowFor(ctx, stored.head), fired: timer }])
  yield* commit([heard[0]!.unit])
}

/** Who belongs to a customer was linked to them: what looks at them is asked anew. */
export function* membersDue(book: Rulebook, ctx: Context, timer: Claimed): Operation<void> {
  const ref = refOf(timer.key)
  const { stored, shelf } = yield* readCustomer(book, ctx, ref)
  if (!stored.state) return yield* commit([handled(ctx, timer)])
  const told = [{ at: nowFor(ctx, stored.head), cause: 'related', anew: [...shelf.members(ref.source).keys()] }]
  const { heard } = yield* tell(ctx, shelf, [{ stored, told, fired: timer }])
  yield* commit([heard[0]!.unit])
}

/** Other rules came into force: one page of customers is asked anew, and the timer is due again while there are more. */
export function* rulesDue(book: Rulebook, ctx: Context, timer: Claimed): Operation<void> {
  const source = timer.key.slice(0, timer.key.indexOf('/'))
  const { more } = yield* resegmentPage(book, ctx, { name: 'tick', source, page: 1_000 })
  const again: TimerWrite = { timer: 'set', queue: RULES, key: timer.key, dueAt: ctx.now }
  yield* commit([handled(ctx, timer, more ? [again] : [])])
}
