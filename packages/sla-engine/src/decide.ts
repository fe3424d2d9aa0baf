import { type Happened, type Json, toIso } from '@patronkit/core/service'
import type { Books, Called } from './book.ts'
import { clockAt } from './clock-name.ts'
import { type Decision, json } from './decision.ts'
import { applyFacts, foldFacts, inTime } from './evolve.ts'
import { internalOf, isInternal } from './internal.ts'
import type { Author, BookRef, ClockKey, ItemClock, ItemRef, ItemState, StoredFact } from './model.ts'
import { passTime } from './passing.ts'
import type { Recipient } from './policy.ts'
import { settled, tell } from './tell.ts'
import { dueAt } from './view.ts'

declare global {
  interface PatronkitEvents {
    'sla.recorded': { readonly item: ItemRef; readonly facts: readonly RecordedFact[] }
    'sla.retargeted': {
      readonly item: ItemRef
      readonly facts: readonly RecordedFact[]
      readonly clocks: readonly Retargeted[]
      readonly reason: string
    }
    'sla.attached': ClockOwner & { readonly policy: Pin; readonly calendar: Pin | null }
    'sla.warned': StepData & { readonly percent: number | null }
    'sla.breached': StepData & { readonly overMs: number }
    'sla.escalated': StepData & { readonly overMs: number }
    'sla.skipped': ClockData & { readonly steps: readonly string[]; readonly because: 'catch-up' | 'import' }
    'sla.withdrawn': ClockData & { readonly step: string; readonly because: readonly string[] }
    'sla.stopped': ClockData & {
      readonly outcome: 'met' | 'breached' | 'untargeted'
      readonly workedMs: number
      readonly targetMs: number | null
    }
  }
}

interface Pin {
  readonly id: string
  readonly version: number
}
interface RecordedFact {
  readonly id: string
  readonly type: string
  readonly at: string
  readonly attributes: Json
  readonly data: Json
  readonly author?: Author
  readonly visibility?: 'public' | 'internal'
  readonly channel?: string
  /** The merge or split that brought it here. */
  readonly via?: string
}
interface Due {
  readonly dueAt: string | null
  readonly targetMs: number | null
}
/** A clock whose due instant or target is another now; `from` is null for one that was not there before. */
interface Retargeted extends ClockKey {
  readonly from: Due | null
  readonly to: Due
}
interface ClockOwner {
  readonly item: ItemRef
  readonly agreement: string
}
interface ClockData extends ClockOwner {
  readonly metric: string
  readonly cycle: number
}
interface StepData extends ClockData {
  readonly step: string
  /** 0 for warnings by share and for the breach, then the place of the step in its ladder, from 1. */
  readonly level: number
  readonly tell: readonly Recipient[]
  /** Whom that comes to where it names rotations, at the instant of the event. */
  readonly onCall: readonly Called[]
  readonly party: string | null
  readonly policy: Pin
  readonly targetMs: number
  /** When it was reached; the event's own instant is when it is told, later where quiet hours lay between. */
  readonly reachedAt: string
}

export interface Recording {
  readonly item: ItemRef
  readonly before: ItemState | null
  /** All facts stored so far, in any order; null where they were not read. */
  readonly past: readonly StoredFact[] | null
  readonly fresh: readonly StoredFact[]
  readonly books: Books
  /** The book of an item that is folded from its start. */
  readonly book: BookRef
  /** Up to here steps are old news, and passed over. */
  readonly silentUntil?: number
}

/**
 * New facts about an item. With `past` everything is folded anew, up to where time had passed already, so that the order of
 * delivery does not matter; without, the facts must not be earlier than the item's `asOf`. Throws PastNeeded where the past
 * has to be counted again and was not given.
 */
export function decideRecord(i: Recording): Decision {
  const { item, before, past, fresh, books, book } = i
  const folded = past || !before ? anew([...(past ?? []), ...fresh], before, books, book) : applyFacts(before, inTime(fresh), books, null)
  const state = i.silentUntil === undefined ? folded : passTime(folded, i.silentUntil, books)
  const first = Math.min(...fresh.map((fact) => fact.at))
  const told = tell(item, before, state, books, { noticedAt: state.asOf, silentUntil: i.silentUntil })
  return {
    state: told.state,
    events: [
      ...attached(item, before, state, books, first),
      ...told.events,
      ...said(item, before, state, fresh, books, first),
      ...withdrawn(item, before, state, fresh, first),
      ...stopped(item, before, state),
    ],
  }
}

/** The facts themselves; where they change what is promised, with what became of it. */
function said(
  item: ItemRef,
  before: ItemState | null,
  after: ItemState,
  fresh: readonly StoredFact[],
  books: Books,
  at: number,
): readonly Happened[] {
  const facts = fresh.map(recorded)
  const changing = fresh.filter((fact) => isInternal(fact) && ['rules', 'due'].includes(internalOf(fact).kind))
  if (!before || changing.length < fresh.length) return [{ type: 'sla.recorded', v: 1, at, data: json({ item, facts }) }]
  const [was, is] = [books(before.book), books(after.book)]
  const clocks = after.clocks.flatMap((clock): readonly Retargeted[] => {
    const { agreement, metric, cycle, targetMs } = clock
    const old = clockAt(before.clocks, clock)
    const from = old ? { dueAt: isoOf(dueAt(old, was)), targetMs: old.targetMs } : null
    const to = { dueAt: isoOf(dueAt(clock, is)), targetMs }
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ agreement, metric, cycle, from, to }]
  })
  const reason = String(changing[0]?.data?.reason ?? '')
  return [{ type: 'sla.retargeted', v: 1, at, data: json({ item, facts, clocks, reason }) }]
}

const isoOf = (at: number | null): string | null => (at === null ? null : toIso(at))

/** Time passed and nobody did anything: the steps that were reached. */
export function decideTime(item: ItemRef, before: ItemState, until: number, books: Books): Decision {
  return tell(item, before, passTime(before, until, books), books, { noticedAt: until })
}

/** Folds everything, up to where time had passed already. */
function anew(all: readonly StoredFact[], before: ItemState | null, books: Books, ref: BookRef): ItemState {
  const folded = foldFacts(all, books, ref)
  const until = Math.max(folded.asOf, before?.asOf ?? folded.asOf)
  const passed = passTime(folded, until, books)
  return { ...passed, asOf: Math.max(passed.asOf, until) }
}

function attached(item: ItemRef, before: ItemState | null, after: ItemState, books: Books, at: number): readonly Happened[] {
  const [was, book] = [before && books(before.book), books(after.book)]
  return Object.entries(after.attached).flatMap(([agreement, { policy }]): readonly Happened[] => {
    const now = book.byId.get(policy)!
    const held = before && Object.hasOwn(before.attached, agreement) ? was!.byId.get(before.attached[agreement]!.policy) : undefined
    if (held?.pin.hash === now.pin.hash) return []
    const calendar = typeof now.policy.calendar === 'string' ? book.calendarPin(now.policy.calendar) : null
    return [{ type: 'sla.attached', v: 1, at: before ? at : after.openedAt, data: json({ item, agreement, policy: now.pin, calendar }) }]
  })
}

/** A step that was told and that a late fact made untrue: said once, and the fact is named. */
function withdrawn(
  item: ItemRef,
  before: ItemState | null,
  after: ItemState,
  fresh: readonly StoredFact[],
  at: number,
): readonly Happened[] {
  const because = fresh.map((fact) => fact.id)
  return (before?.clocks ?? []).flatMap((clock) => {
    const now = clockAt(after.clocks, clock)?.climbed ?? {}
    const untrue = settled(clock).filter((step) => !Object.hasOwn(now, step) && !clock.skipped.includes(step))
    const { agreement, metric, cycle } = clock
    return untrue.map(
      (step): Happened => ({ type: 'sla.withdrawn', v: 1, at, data: json({ item, agreement, metric, cycle, step, because }) }),
    )
  })
}

/** Clocks that now stand stopped, or stand stopped elsewhere than before. */
function stopped(item: ItemRef, before: ItemState | null, after: ItemState): readonly Happened[] {
  return after.clocks.flatMap((clock): readonly Happened[] => {
    const was = clockAt(before?.clocks, clock)
    const { phase, since, countedMs } = clock.clock
    if (phase !== 'stopped') return []
    if (was?.clock.phase === 'stopped' && was.clock.since === since && was.clock.countedMs === countedMs && was.ruled === clock.ruled)
      return []
    const { agreement, metric, cycle, targetMs } = clock
    const data = { item, agreement, metric, cycle, outcome: outcomeOf(clock), workedMs: countedMs, targetMs }
    return [{ type: 'sla.stopped', v: 1, at: since!, data: json(data) }]
  })
}

function outcomeOf(clock: ItemClock): 'met' | 'breached' | 'untargeted' {
  if (clock.ruled) return clock.ruled
  if (clock.targetMs === null) return 'untargeted'
  return clock.breachedAt !== null || clock.clock.countedMs > clock.targetMs ? 'breached' : 'met'
}

const recorded = ({ id, type, at, author, visibility, channel, attributes, data, via }: StoredFact): RecordedFact => ({
  id,
  type,
  at: toIso(at),
  attributes,
  data,
  ...(author ? { author } : {}),
  ...(visibility ? { visibility } : {}),
  ...(channel ? { channel } : {}),
  ...(via ? { via } : {}),
})
