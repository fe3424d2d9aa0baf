import {
  all,
  type Context,
  commit,
  field,
  get,
  headOf,
  list,
  nowFor,
  type Operation,
  parse,
  read,
  redact,
  type Unit,
  unitOn,
  type Write,
} from '@patronkit/core/service'
import { linksOf } from './belonging.ts'
import { QUEUE, readWithOwners, SUBJECT, subjectOf } from './customer.ts'
import { type CustomerRef, stateOf } from './rows.ts'
import type { Rulebook } from './rulebook.ts'
import { eraseSchema } from './schema.ts'
import { belongings, customers, facts, stays } from './tables.ts'
import { asOne, leave } from './tell.ts'

declare global {
  interface PatronkitEvents {
    'segments.erased': CustomerRef
  }
}

/** What is gone of a customer: facts, stays in segments, and the bodies of their events. */
export interface Erased {
  readonly facts: number
  readonly stays: number
  readonly events: number
}

const PAGE = 1_000

/**
 * Takes a customer's profile, facts and stays away, and the bodies out of their events; the chain still verifies, and nobody of that id was
 * ever in a segment. The id alone stays, as the cause of what became of companies they belonged to. A call that died in between comes to
 * its end when it is sent again.
 */
export function* erase(book: Rulebook, ctx: Context, i: CustomerRef): Operation<Erased> {
  const { source, customer } = parse(eraseSchema, i, 'erase')
  const subject = subjectOf({ source, customer })
  const where = all(field('source').eq(source), field('customer').eq(customer))
  const gone = { facts: 0, stays: 0 }
  for (;;) {
    const [head, row, mine, been] = yield* read(
      ctx,
      headOf(SUBJECT, subject),
      get(customers, { source, customer }),
      list(facts, { where, limit: PAGE }),
      list(stays, { where, order: ['entered_at'], limit: PAGE }),
    )
    if (!row && mine.length === 0 && been.length === 0) {
      // the event that says so stays
      const events = head.seq < 2 ? 0 : yield* redact(ctx, { kind: SUBJECT, subject, upTo: head.seq - 1 })
      return { ...gone, events }
    }
    const last = mine.length < PAGE && been.length < PAGE
    const writes: Write[] = [
      ...mine.map(({ fact }): Write => ({ write: 'remove', table: facts, key: { source, customer, fact } })),
      ...been.map(({ segment, stay }): Write => ({ write: 'remove', table: stays, key: { source, segment, customer, stay } })),
    ]
    // the row goes first, so that nothing is decided on half of a customer
    if (row) writes.push({ write: 'remove', table: customers, key: { source, customer } })
    if (row)
      for (const [link, owner] of linksOf(stateOf(row)))
        writes.push({ write: 'remove', table: belongings, key: { source, link, owner, customer } })
    const events = last ? [{ type: 'segments.erased', v: 1, at: nowFor(ctx, head), data: { source, customer } }] : []
    const timers = row ? [{ timer: 'cancel', queue: QUEUE, key: subject } as const] : []
    const touched = row ? yield* left(book, ctx, { source, customer }) : []
    yield* commit(asOne([unitOn(ctx, { kind: SUBJECT, subject, head, events, writes, timers }), ...touched]))
    gone.facts += mine.length
    gone.stays += been.length
  }
}

/** What becomes of those to whom they belonged. */
function* left(book: Rulebook, ctx: Context, ref: CustomerRef): Operation<readonly Unit[]> {
  const { stored, shelf } = yield* readWithOwners(book, ctx, [{ ref, factIds: [] }])
  return yield* leave(ctx, shelf, stored[0]!)
}
