import { type Context, eventsOf, type Operation, read, type StoredEvent } from '@patronkit/core/service'
import type { LoyaltyEvent } from './model.ts'
import { type Owner, SUBJECT, subjectOf } from './rows.ts'
import type { Recorded } from './statement.ts'

const EVENTS = 1_000

/** Every event of an account, as it was written. */
export function* storedEvents(ctx: Context, owner: Owner, seq: number): Operation<readonly StoredEvent[]> {
  const found: StoredEvent[] = []
  for (;;) {
    const [page] = yield* read(ctx, eventsOf(SUBJECT, subjectOf(owner), { after: found.length, limit: EVENTS }))
    found.push(...page.filter((event) => event.seq <= seq))
    if (page.length < EVENTS || found.length >= seq) return found
  }
}

/** What a stored event says; null once its body was erased. */
export const eventOf = ({ type, v, effectiveAt, body }: StoredEvent): LoyaltyEvent | null =>
  body === null ? null : ({ type, v, at: effectiveAt, data: JSON.parse(body) } as LoyaltyEvent)

/** Every event of an account that still says something. */
export function* eventsUpTo(ctx: Context, owner: Owner, seq: number): Operation<readonly (Recorded & { readonly seq: number })[]> {
  return (yield* storedEvents(ctx, owner, seq)).flatMap((stored) => {
    const event = eventOf(stored)
    return event ? [{ event, recordedAt: stored.recordedAt, seq: stored.seq }] : []
  })
}
