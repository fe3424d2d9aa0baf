import { all, type Context, field, list, nowFor, type Operation, parse, read, type Swept, sweepPage } from '@patronkit/core/service'
import { readCustomer, readCustomers, type Stored, SUBJECT, subjectOf } from './customer.ts'
import type { Rulebook, Shelf } from './rulebook.ts'
import { resegmentSchema } from './schema.ts'
import { customers } from './tables.ts'
import { tell } from './tell.ts'

/** Asks customers by the rules that are in force now. */
export interface Resegment {
  /** Names this run of it: with the same key it goes on where the last call came to. */
  readonly idempotencyKey: string
  readonly source: string
  /** Customers a page. Default 1,000. */
  readonly page?: number
}

export function* resegment(book: Rulebook, ctx: Context, i: Resegment): Operation<Swept> {
  const { idempotencyKey, source, page } = parse(resegmentSchema, i, 'resegment')
  return yield* resegmentPage(book, ctx, { name: idempotencyKey, source, page: page ?? 1_000 })
}

/** One page of customers who were last asked by other rules. Rules that change on the way make it begin anew, for those who are behind again. */
export function* resegmentPage(
  book: Rulebook,
  ctx: Context,
  i: { readonly name: string; readonly source: string; readonly page: number },
): Operation<Swept> {
  const { name, source, page } = i
  const shelf = yield* book.shelf(ctx, yield* read(ctx, ...book.mark))
  const behind = all(field('source').eq(source), field('rules').ne(shelf.now(source).id))
  const swept = yield* sweepPage(ctx, {
    name: `segments.resegment/${source}/${name}`,
    over: customers,
    where: behind,
    kind: SUBJECT,
    subjectOf,
    page,
    decidePage: function* (named) {
      const asked = named.map(({ customer }) => ({ ref: { source, customer }, factIds: [] }))
      const { stored, shelf: now } = yield* readCustomers(book, ctx, asked)
      const left = stored.map((one) => isBehind(ctx, now, one))
      const tellings = stored.flatMap((one, n) => (left[n] ? [{ stored: one, told: [], to: nowFor(ctx, one.head) }] : []))
      const units = (yield* tell(ctx, now, tellings)).heard.map(({ unit }) => unit)
      let next = 0
      return left.map((is) => (is ? units[next++]! : null))
    },
  })
  if (swept.more) return swept
  const [[left]] = yield* read(ctx, list(customers, { where: behind, limit: 1 }))
  if (!left) return swept
  const { stored, shelf: now } = yield* readCustomer(book, ctx, { source, customer: left.customer })
  return { ...swept, more: swept.changed > 0 || isBehind(ctx, now, stored) }
}

/**
 * Whether a customer is still to be asked: others may have done so since the page was read, or erased them. A customer whom a clock
 * that was ahead has taken to later rules already waits until this one is there.
 */
const isBehind = (ctx: Context, shelf: Shelf, { ref, head, state }: Stored): boolean =>
  state !== null && state.rules !== shelf.timeline(ref.source, state.knownAt).at(nowFor(ctx, head)).id
