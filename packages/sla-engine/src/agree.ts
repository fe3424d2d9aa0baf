import { type Instant, PatronkitError } from '@patronkit/core'
import { type Context, nowFor, type Operation, once, parse, toIso } from '@patronkit/core/service'
import type { Internal } from './internal.ts'
import type { Recorded } from './item.ts'
import type { ItemRef, ItemState } from './model.ts'
import { DEFAULT_AGREEMENT } from './policy.ts'
import type { Rulebook } from './rulebook.ts'
import { agreeSchema, overrideSchema } from './schema.ts'
import { fromJson, knownItem, nextFact, tellItem, toJson } from './told.ts'

/** A due date for this item alone; null takes it back. */
export interface Agree {
  readonly idempotencyKey: string
  readonly item: ItemRef
  readonly metric: string
  readonly agreement?: string
  /** Pauses and changes of priority do not move it. */
  readonly dueAt: Instant | null
  readonly reason: string
}

/** What somebody decides a clock to be. */
export interface Override {
  readonly idempotencyKey: string
  readonly item: ItemRef
  readonly metric: string
  readonly agreement?: string
  readonly outcome: 'met' | 'breached' | 'cancelled'
  readonly reason: string
}

/** A due date was agreed on with the customer. Who did it stands with the event, and why. */
export function* agree(book: Rulebook, ctx: Context, i: Agree): Operation<Recorded> {
  const { idempotencyKey, item, metric, agreement = DEFAULT_AGREEMENT, dueAt, reason } = parse(agreeSchema, i, 'agree')
  const is: Internal = { kind: 'due', agreement, metric, dueAt, reason }
  const content = { item: item as never, metric, agreement, dueAt: dueAt === null ? null : toIso(dueAt), reason }
  return yield* told(book, ctx, { command: 'sla.agree', idempotencyKey, item, is, content })
}

/** Somebody decided against the count. */
export function* override(book: Rulebook, ctx: Context, i: Override): Operation<Recorded> {
  const { idempotencyKey, item, metric, agreement = DEFAULT_AGREEMENT, outcome, reason } = parse(overrideSchema, i, 'override')
  const is: Internal = { kind: 'ruling', agreement, metric, outcome, reason }
  const content = { item: item as never, metric, agreement, outcome, reason }
  return yield* told(book, ctx, { command: 'sla.override', idempotencyKey, item, is, content })
}

interface Command {
  readonly command: 'sla.agree' | 'sla.override'
  readonly idempotencyKey: string
  readonly item: ItemRef
  readonly is: Extract<Internal, { kind: 'due' | 'ruling' }>
  readonly content: Parameters<typeof once>[1]['content']
}

function* told(book: Rulebook, ctx: Context, i: Command): Operation<Recorded> {
  const { command, idempotencyKey, item, is, content } = i
  const answer = yield* once(ctx, { command, idempotencyKey, content }, function* () {
    const stored = yield* knownItem(ctx, item)
    refuseUnknownClock(item, stored.state, is)
    const at = Math.max(nowFor(ctx, stored.head), stored.state.asOf)
    const id = `${is.kind}/${idempotencyKey}`
    const { unit, answer: clocks } = yield* tellItem(book, ctx, { item, stored, facts: [nextFact(stored, { id, at, is })] })
    return { units: [unit] as const, answer: toJson(clocks) }
  })
  return fromJson(answer)
}

function refuseUnknownClock(item: ItemRef, state: ItemState, of: { readonly agreement: string; readonly metric: string }): void {
  const found = state.clocks.filter((clock) => clock.agreement === of.agreement && clock.metric === of.metric)
  if (found.some((clock) => clock.clock.startedAt !== null)) return
  throw new PatronkitError({
    code: 'sla/unknown-clock',
    message: `${item.type} ${item.id} has no clock ${of.metric} of ${of.agreement} that was started. Ask status for the clocks it has.`,
    details: { item, metric: of.metric, cycle: found.length },
  })
}
