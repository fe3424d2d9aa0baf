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
  const [heard] = yield* tell(ctx, shelf, [{ stored, told: [], to: nowFor(ctx, stored.head), fired: timer }])
  yield* commit([heard!.unit])
}

/** Other rules came into force: one page of customers is asked anew, and the timer is due again while there are more. */
export function* rulesDue(book: Rulebook, ctx: Context, timer: Claimed): Operation<void> {
  const source = timer.key.slice(0, timer.key.indexOf('/'))
  const { more } = yield* resegmentPage(book, ctx, { name: 'tick', source, page: 1_000 })
  const again: TimerWrite = { timer: 'set', queue: RULES, key: timer.key, dueAt: ctx.now }
  yield* commit([handled(ctx, timer, more ? [again] : [])])
}
