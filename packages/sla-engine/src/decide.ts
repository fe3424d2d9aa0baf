import { countedAt } from '@patronkit/business-time/clock'
import { OVER } from '@patronkit/business-time/ladder'
import { type Happened, type Json, toIso } from '@patronkit/core/service'
import { type Book, type Books, type Called, countedOn } from './book.ts'
import { applyFacts, foldFacts, inTime } from './evolve.ts'
import { internalOf, isInternal } from './internal.ts'
import { heightOf, stepNamed } from './ladder.ts'
import type { Author, BookRef, ClockKey, ItemClock, ItemRef, ItemState, StoredFact } from './model.ts'
import { passTime, toldAt } from './passing.ts'
import { agreementOf, type Policy, type Recipient, type Step } from './policy.ts'
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

/** What a decision comes to: the item as it is now, and what is to be written down about it. */
export interface Decision {
  readonly state: ItemState
  readonly events: readonly Happened[]
}

/** Why steps may be passed over without a word. */
type Silence = 'catch-up' | 'import'

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
    const old = clockAt(before, clock)
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

const sameKey = (a: ClockKey, b: ClockKey): boolean => a.cycle === b.cycle && a.metric === b.metric && a.agreement === b.agreement

const clockAt = (state: ItemState | null, of: ClockKey): ItemClock | undefined => state?.clocks.find((clock) => sameKey(clock, of))

/** Steps that were climbed and whose time to be told has come. */
const settled = (clock: ItemClock | undefined): readonly string[] =>
  clock ? Object.keys(clock.climbed).filter((step) => !clock.waiting.some((one) => one.step === step)) : []

/** Tells each step that came to be told: of several on one clock only the highest, unless the policy wants them all. */
function tell(
  item: ItemRef,
  before: ItemState | null,
  after: ItemState,
  books: Books,
  i: { readonly noticedAt: number; readonly silentUntil?: number | undefined },
): Decision {
  const events: Happened[] = []
  const book = books(after.book)
  const clocks = after.clocks.map((clock): ItemClock => {
    const was = clockAt(before, clock)
    const carried = was ? was.skipped.filter((step) => Object.hasOwn(clock.climbed, step)) : clock.skipped
    const known = settled(was)
    const due = settled(clock).filter((step) => !known.includes(step))
    // what was told already does not wait to be told, even where a late fact moved it into quiet hours
    const waiting = clock.waiting.filter(({ step }) => !known.includes(step))
    const policy = book.byId.get(clock.policy.id)?.policy
    if (due.length === 0 || !policy) return same(clock, carried, waiting) ? clock : { ...clock, skipped: carried, waiting }
    const steps = policy.targets[clock.metric]?.steps ?? []
    const ordered = due
      .map((step) => ({ step, at: clock.climbed[step]!, height: heightOf(step, clock, steps) }))
      .sort((a, b) => a.at - b.at || a.height - b.height)
    const { spoken, silent, because } = chosen(ordered, policy, i.silentUntil)
    for (const step of spoken) events.push(stepEvent(item, clock, step, book, i.noticedAt))
    if (silent.length > 0) {
      const { agreement, metric, cycle } = clock
      events.push({
        type: 'sla.skipped',
        v: 1,
        at: silent.at(-1)!.at,
        data: json({ item, agreement, metric, cycle, steps: silent.map(({ step }) => step), because }),
      })
    }
    return { ...clock, waiting, skipped: [...carried, ...silent.map(({ step }) => step)] }
  })
  return { state: { ...after, clocks }, events: events.sort((a, b) => a.at - b.at) }
}

const same = (clock: ItemClock, skipped: readonly string[], waiting: ItemClock['waiting']): boolean =>
  skipped.length === clock.skipped.length && waiting.length === clock.waiting.length

interface At {
  readonly step: string
  readonly at: number
}

/** A breach is always told; of the other steps that fell due together the highest, unless all are wanted. */
function chosen(due: readonly At[], policy: Policy, silentUntil: number | undefined) {
  const old = silentUntil === undefined ? [] : due.filter(({ at }) => at <= silentUntil)
  if (old.length > 0) return { spoken: due.filter((one) => !old.includes(one)), silent: old, because: 'import' as Silence }
  if (policy.catchUp === 'all') return { spoken: due, silent: [], because: 'catch-up' as Silence }
  const highest = due.at(-1)
  const spoken = due.filter((one) => one === highest || one.step === OVER)
  return { spoken, silent: due.filter((one) => !spoken.includes(one)), because: 'catch-up' as Silence }
}

function stepEvent(item: ItemRef, clock: ItemClock, i: At, book: Book, noticedAt: number): Happened {
  const { agreement, metric, cycle, party } = clock
  const { policy, pin } = whoseStep(i.step, clock, book)
  const { step, kind, level, tell: recipients, percent } = aboutStep(i.step, metric, policy)
  const targetMs = clock.targetMs ?? 0
  const at = toldAt(i.at, policy, book)
  const data = {
    item,
    agreement,
    metric,
    cycle,
    step,
    level,
    tell: recipients,
    onCall: recipients.flatMap((one) => (typeof one === 'string' ? [] : book.onCall(one.onCall, at))),
    party,
    policy: pin,
    targetMs,
    reachedAt: toIso(i.at),
  }
  if (kind === 'warned') return { type: 'sla.warned', v: 1, at, data: json({ ...data, percent }) }
  const counted = countedAt(clock.clock, Math.max(noticedAt, clock.clock.since!), countedOn(clock, book))
  return { type: `sla.${kind}`, v: 1, at, data: json({ ...data, overMs: Math.max(1, counted - targetMs) }) }
}

/**
 * The policy whose step it is: the clock's own, or where facts were heard late another one of the agreement, under which the step
 * was reached before this one took over.
 */
function whoseStep(name: string, clock: ItemClock, book: Book): { readonly policy: Policy; readonly pin: Pin } {
  const own = book.byId.get(clock.policy.id)!
  const others = book.policies.filter(({ policy }) => agreementOf(policy) === clock.agreement)
  const { policy, pin } = [own, ...others].find((agreed) => hasStep(agreed.policy, clock.metric, name)) ?? own
  return { policy, pin: policy === own.policy ? clock.policy : { id: pin.id, version: pin.version } }
}

const hasStep = ({ targets }: Policy, metric: string, name: string): boolean => {
  const target = Object.hasOwn(targets, metric) ? targets[metric]! : undefined
  if (!target) return false
  const { warnAt = [], steps = [] } = target
  return name === OVER || warnAt.some(({ percent }) => name === `${percent}%`) || stepNamed(name, steps) !== undefined
}

/** What the policy says of a step by its name. */
function aboutStep(name: string, metric: string, policy: Policy) {
  if (name === OVER) return { step: name, kind: 'breached', level: 0, tell: [], percent: null } as const
  const steps: readonly Step[] = policy.targets[metric]?.steps ?? []
  const found = stepNamed(name, steps)
  if (!found) return aboutUnknown(name)
  const kind = 'over' in found.at ? ('escalated' as const) : ('warned' as const)
  return {
    step: name,
    kind,
    level: steps.indexOf(found) + 1,
    tell: found.tell ?? [],
    percent: 'percent' in found.at ? found.at.percent : null,
  }
}

/** A share of `warnAt`, or a step of a ladder that held when it was reached and no longer does. */
function aboutUnknown(step: string) {
  const kind = / over( #\d+)?$/.test(step) ? ('escalated' as const) : ('warned' as const)
  return { step, kind, level: 0, tell: [], percent: /^\d+%/.test(step) ? Number.parseInt(step, 10) : null }
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
    const now = clockAt(after, clock)?.climbed ?? {}
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
    const was = clockAt(before, clock)
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

const json = (data: object): Json => data as unknown as Json
