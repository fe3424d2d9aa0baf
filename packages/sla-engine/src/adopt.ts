import { countedAt, moveClock } from '@patronkit/business-time/clock'
import { type Agreed, type Book, type Books, countedOn, firstMatches, hoursOf } from './book.ts'
import { countsIn } from './limit.ts'
import type { Attributes, ItemClock, ItemState, StoredFact } from './model.ts'
import { isOpen, unstarted } from './move.ts'
import type { OnChange, Policy } from './policy.ts'
import { replay } from './replay.ts'

/** A change of the rules that hold for an item, at a fact. */
export interface Adopting {
  readonly fact: StoredFact
  readonly attributes: Attributes
  readonly books: Books
  /** The book from this fact on. */
  readonly book: Book
  /** What happened before this fact; null when it was not read. */
  readonly past: readonly StoredFact[] | null
  /** What becomes of counted time, when whoever changed the rules said so; otherwise the new policy says it. */
  readonly onChange: OnChange | null
}

/** Some clock has to be counted again from the start, and the past was not read. */
export class PastNeeded {}

/**
 * The item under the policies that are for it now: those it had go on, are taken over by others, or end; new ones begin. Throws
 * {@link PastNeeded} when that takes the facts before this one.
 */
export function adopt(state: ItemState, of: Adopting): ItemState {
  const before = of.books(state.book)
  const found = firstMatches(of.book, of.attributes)
  const attached: { [agreement: string]: ItemState['attached'][string] } = {}
  let { clocks } = state
  for (const agreement of new Set([...Object.keys(state.attached), ...found.keys()])) {
    const held = Object.hasOwn(state.attached, agreement) ? state.attached[agreement]! : null
    const was = held && before.byId.get(held.policy)
    const now = was?.policy.sticky ? of.book.byId.get(was.pin.id) : found.get(agreement)
    if (was && now && same(was, before, now, of)) {
      attached[agreement] = held
      continue
    }
    if (!now) {
      clocks = clocks.map((clock) => (clock.agreement === agreement && isOpen(clock) ? cancelled(clock, of.fact.at, before) : clock))
      continue
    }
    const taken = takeOver(state, clocks, { agreement, was: was ?? null, now, before }, of)
    attached[agreement] = { policy: now.pin.id, replied: taken.replied ?? held?.replied ?? false }
    clocks = taken.clocks
  }
  return { ...state, attached, clocks, book: of.book.ref }
}

/** Whether an item has the same policies and hours in another book. */
export function sameRules(state: ItemState, before: Book, after: Book): boolean {
  const found = firstMatches(after, state.attributes)
  const agreements = new Set([...Object.keys(state.attached), ...found.keys()])
  return [...agreements].every((agreement) => {
    const was = Object.hasOwn(state.attached, agreement) ? before.byId.get(state.attached[agreement]!.policy) : undefined
    const now = was?.policy.sticky ? after.byId.get(was.pin.id) : found.get(agreement)
    return was !== undefined && now !== undefined && same(was, before, now, { book: after, attributes: state.attributes })
  })
}

/** Nothing changes where policy and hours are the same. */
function same(was: Agreed, before: Book, now: Agreed, of: Pick<Adopting, 'book' | 'attributes'>): boolean {
  if (was.pin.hash !== now.pin.hash) return false
  if (before === of.book) return true
  const { calendar, zone } = hoursOf(now.policy, of.attributes)
  const quiet = now.policy.quietOutside
  return (
    before.calendar(calendar, zone) === of.book.calendar(calendar, zone) &&
    (quiet === undefined || before.calendar(quiet, null) === of.book.calendar(quiet, null))
  )
}

interface TakeOver {
  readonly agreement: string
  readonly was: Agreed | null
  readonly now: Agreed
  readonly before: Book
}

function takeOver(
  state: ItemState,
  clocks: readonly ItemClock[],
  i: TakeOver,
  of: Adopting,
): { readonly clocks: readonly ItemClock[]; readonly replied: boolean | null } {
  const { agreement, was, now } = i
  const others = clocks.filter((clock) => clock.agreement !== agreement)
  const mine = clocks.filter((clock) => clock.agreement === agreement)
  const onChange = of.onChange ?? now.policy.onChange ?? { elapsed: 'keep' }
  const fresh = of.past?.length === 0
  if (fresh)
    return {
      clocks: [...others, ...Object.keys(now.policy.targets).map((metric) => unstarted(now, metric, 1, of.attributes))],
      replied: null,
    }

  let counted: ReturnType<typeof replay> | null = null
  const fromThePast = (metric: string): readonly ItemClock[] => {
    if (of.past === null) throw new PastNeeded()
    counted ??= replay(of.past, now, of.book, state.openedBy, pausedBy(onChange, was, now))
    return counted.clocks.filter((clock) => clock.metric === metric)
  }
  const next = Object.keys(now.policy.targets).flatMap((metric): readonly ItemClock[] => {
    const had = mine.filter((clock) => clock.metric === metric)
    const newest = had.at(-1)
    if (!newest || newest.clock.phase === 'idle') {
      if (was && newest)
        return [...had.slice(0, -1), { ...unstarted(now, metric, newest.cycle, of.attributes), ready: newest.ready, held: newest.held }]
      const late = fromThePast(metric)
      return onChange.elapsed === 'restart' ? late.map((clock) => (isOpen(clock) ? fromHere(clock, of) : clock)) : late
    }
    if (onChange.elapsed === 'retroactive') return fromThePast(metric).map((clock) => withItsPast(clock, had))
    if (!isOpen(newest)) return had
    if (onChange.elapsed === 'restart') {
      const again = { ...unstarted(now, metric, newest.cycle + 1, of.attributes), ready: true, held: newest.held }
      return [...had.slice(0, -1), cancelled(newest, of.fact.at, i.before), started(again, of)]
    }
    return [...had.slice(0, -1), kept(newest, now, i.before, of)]
  })
  const dropped = mine
    .filter((clock) => !Object.hasOwn(now.policy.targets, clock.metric))
    .map((clock) => (isOpen(clock) ? cancelled(clock, of.fact.at, i.before) : clock))
  return { clocks: [...others, ...next, ...dropped], replied: (counted as ReturnType<typeof replay> | null)?.replied ?? null }
}

const pausedBy = ({ pauses = 'retroactive' }: OnChange, was: Agreed | null, now: Agreed): Policy | null =>
  pauses === 'restart' ? null : pauses === 'keep' && was ? was.policy : now.policy

/** What was counted stays counted; from here on the other policy counts. */
function kept(clock: ItemClock, now: Agreed, before: Book, of: Adopting): ItemClock {
  const { at } = of.fact
  const counts = clock.agreedDue === null ? countsIn(now.policy.targets[clock.metric]!) : 'date'
  const countedMs = counts === 'date' ? Math.max(0, at - clock.clock.startedAt!) : countedAt(clock.clock, at, countedOn(clock, before))
  return {
    ...clock,
    policy: { id: now.pin.id, version: now.pin.version },
    ...hoursOf(now.policy, of.attributes),
    counts,
    clock: clock.clock.phase === 'running' ? { ...clock.clock, since: at, countedMs } : clock.clock,
  }
}

/** Counted again, but what was told of the same cycle stays told. */
function withItsPast(clock: ItemClock, had: readonly ItemClock[]): ItemClock {
  const was = had.find((one) => one.cycle === clock.cycle)
  if (!was) return clock
  return { ...clock, skipped: was.skipped, agreedDue: was.agreedDue, ruled: was.ruled, held: was.held }
}

const fromHere = (clock: ItemClock, of: Adopting): ItemClock =>
  started(
    {
      ...clock,
      clock: { phase: 'idle', startedAt: null, since: null, countedMs: 0 },
      climbed: {},
      waiting: [],
      missedAt: null,
      breachedAt: null,
    },
    of,
  )

const started = (clock: ItemClock, of: Adopting): ItemClock => ({
  ...clock,
  ready: true,
  clock: moveClock(clock.clock, 'start', of.fact.at, countedOn(clock, of.book)),
})

const cancelled = (clock: ItemClock, at: number, book: Book): ItemClock => ({
  ...clock,
  ready: false,
  clock: moveClock(clock.clock, 'cancel', at, countedOn(clock, book)),
})
