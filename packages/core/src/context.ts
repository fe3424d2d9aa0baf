import type { Actor } from './actor.ts'
import { PatronkitError } from './errors.ts'
import { type Happened, type Head, type StoredEvent, sealEvents } from './event.ts'
import type { HostReader, HostReading } from './host.ts'
import type { Answers, MaybePromise, Read, Redaction } from './port.ts'
import type { Steps } from './steps.ts'
import { checkUnit, type TimerLease, type TimerWrite, type Unit, type UnitAnswer, type Write } from './unit.ts'

/** What a command knows of the world outside: whose it is, what time it is, and where chance comes from. */
export interface Context {
  readonly tenant: string
  readonly by: Actor
  /** The clock's now, in epoch milliseconds. A decision on a subject takes the later of this and its head's last instant. */
  readonly now: number
  /** A fresh salt, 32 hex digits. */
  readonly salt: () => string
}

/** What an operation may ask of the storage. */
export type Ask =
  | { readonly ask: 'read'; readonly tenant: string; readonly reads: readonly Read[] }
  | { readonly ask: 'commit'; readonly units: readonly Unit[] }
  | { readonly ask: 'redact'; readonly tenant: string; readonly of: Redaction }
  | { readonly ask: 'host'; readonly engine: HostReader['engine']; readonly read: (o: HostReading) => unknown }

/** An operation of a service: reads, decides, commits. */
export type Operation<T> = Steps<Ask, T>

/** Reads, all from one snapshot. */
export function* read<const R extends readonly Read[]>(ctx: Context, ...reads: R): Operation<Answers<R>> {
  return (yield { ask: 'read', tenant: ctx.tenant, reads }) as Answers<R>
}

/** Commits units and answers what became of each. */
export function* commitEach(units: readonly Unit[]): Operation<readonly UnitAnswer[]> {
  if (units.length === 0) return []
  for (const unit of units) checkUnit(unit)
  return (yield { ask: 'commit', units }) as readonly UnitAnswer[]
}

/** Commits units; a conflict with somebody else's commit is thrown, and the runner then runs the operation again. */
export function* commit(units: readonly Unit[]): Operation<void> {
  for (const answer of yield* commitEach(units)) {
    if (answer.outcome === 'conflict') throw writeConflict(answer.subject)
    if (answer.outcome === 'taken') throw writeConflict(`${answer.table} ${JSON.stringify(answer.key)}`)
    if (answer.outcome === 'out-of-bounds') throw outOfBounds(answer)
    if (answer.outcome === 'stale-timer') throw staleTimer(answer.queue, answer.key)
  }
}

/** What was read is no longer so: thrown, it makes the runner run the operation again. */
export const writeConflict = (subject: string) =>
  new PatronkitError({
    code: 'core/write-conflict',
    message: `${subject} was changed by somebody else since it was read. Nothing was written; send the command again.`,
    details: { subject },
    retryable: 'command',
  })

const outOfBounds = (answer: Extract<UnitAnswer, { outcome: 'out-of-bounds' }>) =>
  new PatronkitError({
    code: 'core/out-of-bounds',
    message: `${answer.table}.${answer.column} of ${JSON.stringify(answer.key)} is ${answer.found}, and the change would pass its bound. Nothing was written; ask for less.`,
    details: { table: answer.table, column: answer.column, found: answer.found },
  })

const staleTimer = (queue: string, key: string) =>
  new PatronkitError({
    code: 'core/stale-timer',
    message: `timer ${key} of ${queue} was set anew or taken by another worker. Nothing was written, and nothing is to be done.`,
    details: { queue, key },
  })

/** Takes body and salt out of a subject's events; the chain verifies all the same. Answers how many it took them from. */
export function* redact(ctx: Context, of: Redaction): Operation<number> {
  return (yield { ask: 'redact', tenant: ctx.tenant, of }) as number
}

/**
 * Reads the host's own tables: in the host's transaction where the operation is in one of the reader's engine, so that what it wrote is
 * seen, else on the reader's own connection.
 */
export function* readHost<T>(reader: HostReader, read: (o: HostReading) => MaybePromise<T>): Operation<T> {
  return (yield { ask: 'host', engine: reader.engine, read }) as T
}

/** The time a decision on this subject counts with: never before what the subject has seen already. */
export const nowFor = (ctx: Context, head: Head): number => Math.max(ctx.now, head.lastAt)

/** A unit over one subject: seals its events onto the chain and moves its head. */
export function unitOn(
  ctx: Context,
  i: {
    readonly kind: string
    readonly subject: string
    readonly head: Head
    readonly events: readonly Happened[]
    readonly writes: readonly Write[]
    readonly timers?: readonly TimerWrite[]
    readonly fired?: TimerLease
  },
): Unit {
  const now = nowFor(ctx, i.head)
  const { kind, subject, head } = i
  const { events, chain } = seal(ctx, i, now)
  const to: Head = { version: head.version + 1, lastAt: now, seq: head.seq + events.length, chain }
  const fired = i.fired ? { fired: i.fired } : {}
  return { tenant: ctx.tenant, heads: [{ kind, subject, from: head, to }], ...fired, writes: i.writes, events, timers: i.timers ?? [] }
}

function seal(
  ctx: Context,
  i: { readonly kind: string; readonly subject: string; readonly head: Head; readonly events: readonly Happened[] },
  recordedAt: number,
): { readonly events: readonly StoredEvent[]; readonly chain: string } {
  const { tenant, by, salt } = ctx
  return sealEvents(i.head, i.events, {
    tenant,
    kind: i.kind,
    subject: i.subject,
    actor: by,
    recordedAt,
    causation: null,
    correlation: null,
    salt,
  })
}
