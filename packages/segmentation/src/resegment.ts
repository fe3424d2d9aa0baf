import { all, type Context, field, list, nowFor, type Operation, parse, read, type Swept, sweepPage } from '@patronkit/core/service'
import { SUBJECT, subjectOf } from './customer.ts'
import { stateOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
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
    decidePage: function* (subjects) {
      const tellings = subjects.map(({ head, rows }) => {
        const [row] = rows
        const stored = { ref: { source, customer: row!.customer }, head, state: stateOf(row!), known: [] }
        return { stored, told: [], to: nowFor(ctx, head) }
      })
      return (yield* tell(ctx, shelf, tellings)).map(({ unit }) => unit)
    },
  })
  if (swept.more) return swept
  const [[left]] = yield* read(ctx, list(customers, { where: behind, limit: 1 }))
  return { ...swept, more: left !== undefined }
}
