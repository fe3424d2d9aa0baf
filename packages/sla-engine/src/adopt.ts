import { moveClock } from '@patronkit/business-time/clock'
import { type Agreed, type Book, type Books, countedOn, firstMatches, hoursOf } from './book.ts'
import { countsIn } from './limit.ts'
import type { Attached, Attributes, ItemClock, ItemState, StoredFact } from './model.ts'
import { countedUntil, ended, isOpen, unstarted } from './move.ts'
import type { OnChange, Policy } from './policy.ts'
import { type Mark, type Replayed, replay } from './replay.ts'

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
  readonly mark: Mark | null
}

/** Some clock has to be counted again from the start, and the past was not read. */
export class PastNeeded {}

/**
 * The item under the policies that are for it now: those it had go on, are taken over by others, or end; new ones begin. Throws
 * {@link PastNeeded} when that takes the facts before this one.
 */
export function adopt(state: ItemState, of: Adopting): ItemState {
  const before = of.books(state.book)
  const attached: { [agreement: string]: Attached } = {}
  let { clocks } = state
  for (const { agreement, held, was, now } of rulings(state, before, of.book, of.attributes)) {
    if (was && now && same(was, before, now, of)) {
      attached[agreement] = held!
      continue
    }
    if (!now) {
      clocks = clocks.map((clock) => (clock.agreement === agreement && isOpen(clock) ? ended(clock, 'cancel', of.fact.at, before) : clock))
      continue
    }
    const taken = takeOver(clocks, { agreement, was, now, before }, of)
    attached[agreement] = { policy: now.pin.id, replied: taken.replied ?? held?.replied ?? false }
    clocks = taken.clocks
  }
  return { ...state, attached, clocks, book: of.book.ref }
}

/** Whether an item has the same policies and hours in another book. */
export const sameRules = (state: ItemState, before: Book, after: Book): boolean =>
  rulings(state, before, after, state.attributes).every(
    ({ was, now }) => was !== null && now !== null && same(was, before, now, { book: after, attributes: state.attributes }),
  )

/** What an agreement held for an item until now, and what holds from here on. */
interface Ruling {
  readonly agreement: string
  readonly held: Attached | null
  readonly was: Agreed | null
  readonly now: Agreed | null
}

function rulings(state: ItemState, before: Book, after: Book, attributes: Attributes): readonly Ruling[] {
  const found = firstMatches(after, attributes)
  return [...new Set([...Object.keys(state.attached), ...found.keys()])].map((agreement): Ruling => {
    const held = Object.hasOwn(state.attached, agreement) ? state.attached[agreement]! : null
    const was = (held && before.byId.get(held.policy)) ?? null
    const now = (was?.policy.sticky ? after.byId.get(was.pin.id) : found.get(agreement)) ?? null
    return { agreement, held, was, now }
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

  const counting = recounter(now, of)
  const pausedBy = whoPaused(onChange, was, now)
  const next = Object.keys(now.policy.targets).flatMap((metric): readonly ItemClock[] => {
    const had = mine.filter((clock) => clock.metric === metric)
    const newest = had.at(-1)
    const promised = was !== null && Object.hasOwn(was.policy.targets, metric)
    if (!newest || !promised) return attachedLate(had, counting(metric, pausedBy), onChange, of)
    if (onChange.elapsed === 'retroactive') return counting(metric, pausedBy).all.map((clock) => withItsPast(clock, had))
    if (newest.clock.phase === 'idle') {
      const { ready, held, agreedDue } = newest
      return [...had.slice(0, -1), { ...unstarted(now, metric, newest.cycle, of.attributes), ready, held, agreedDue }]
    }
    if (!isOpen(newest)) return had
    if (onChange.elapsed === 'restart') {
      const again = { ...unstarted(now, metric, newest.cycle + 1, of.attributes), ready: true, held: newest.held }
      return [...had.slice(0, -1), ended(newest, 'cancel', of.fact.at, i.before), started(again, of)]
    }
    const counts = newest.agreedDue === null ? countsIn(now.policy.targets[metric]!) : 'date'
    if (counts !== 'date' && counts !== newest.counts) {
      // time of one kind cannot stay counted in another: it is counted again, with the pauses as they were
      const last = counting(metric, was.policy).last(newest.cycle)
      if (isOpen(last)) return [...had.slice(0, -1), withItsPast(last, had)]
    }
    return [...had.slice(0, -1), kept(newest, counts, now, i.before, of)]
  })
  const dropped = mine
    .filter((clock) => !Object.hasOwn(now.policy.targets, clock.metric))
    .map((clock) => (isOpen(clock) ? ended(clock, 'cancel', of.fact.at, i.before) : clock))
  return { clocks: [...others, ...next, ...dropped], replied: counting.replied() }
}

/** A metric counted from the first fact on: all its cycles, or the newest under the number it gets among the item's own. */
interface Counted {
  readonly all: readonly ItemClock[]
  readonly last: (cycle: number) => ItemClock
}

/** Counts the past of metrics again, the past of each way to pause once. */
function recounter(now: Agreed, of: Adopting) {
  const done = new Map<Policy | null, Replayed>()
  const past = (pausedBy: Policy | null): Replayed => {
    if (of.past === null) throw new PastNeeded()
    const known = done.get(pausedBy) ?? replay(of.past, { agreed: now, book: of.book, pausedBy, until: of.fact.at, mark: of.mark })
    done.set(pausedBy, known)
    return known
  }
  const count = (metric: string, pausedBy: Policy | null): Counted => {
    const all = past(pausedBy).clocks.filter((clock) => clock.metric === metric)
    return { all, last: (cycle) => ({ ...all.at(-1)!, cycle }) }
  }
  const replied = (): boolean | null => {
    const [first] = done.values()
    return first ? first.replied : null
  }
  return Object.assign(count, { replied })
}

/**
 * A metric that was promised by nobody until now gets the past it missed: what was finished stays as it was, and what is open
 * goes on under the number it had. `restart` leaves the past out.
 */
function attachedLate(had: readonly ItemClock[], counted: Counted, { elapsed }: OnChange, of: Adopting): readonly ItemClock[] {
  const earlier = had.filter((clock) => clock.clock.phase !== 'idle')
  const newest = earlier.at(-1)
  const late = counted.all.at(-1)!
  if (elapsed === 'retroactive') return counted.all.map((clock) => withItsPast(clock, had))
  if (elapsed === 'restart') {
    if (!newest) return counted.all.map((clock) => (isOpen(clock) ? fromHere(clock, of) : clock))
    return isOpen(late) ? [...earlier, fromHere({ ...late, cycle: newest.cycle + 1 }, of)] : earlier
  }
  if (!newest) return counted.all
  if (!isOpen(late)) return earlier
  if (late.clock.startedAt! > newest.clock.startedAt!) return [...earlier, counted.last(newest.cycle + 1)]
  return [...earlier.slice(0, -1), withItsPast(counted.last(newest.cycle), had)]
}

const whoPaused = ({ pauses = 'retroactive' }: OnChange, was: Agreed | null, now: Agreed): Policy | null =>
  pauses === 'restart' ? null : pauses === 'keep' && was ? was.policy : now.policy

/** What was counted stays counted; from here on the other policy counts. */
const kept = (clock: ItemClock, counts: ItemClock['counts'], now: Agreed, before: Book, of: Adopting): ItemClock => ({
  ...clock,
  policy: { id: now.pin.id, version: now.pin.version },
  ...hoursOf(now.policy, of.attributes),
  counts,
  clock: countedUntil(clock, counts, of.fact.at, before),
})

/** Counted again, but what was told of the same cycle stays told, and what somebody decided stays decided. */
function withItsPast(clock: ItemClock, had: readonly ItemClock[]): ItemClock {
  const was = had.find((one) => one.cycle === clock.cycle)
  if (!was) return clock
  if (was.ruled) return was
  return { ...clock, skipped: was.skipped, agreedDue: was.agreedDue }
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
      stood: null,
    },
    of,
  )

const started = (clock: ItemClock, of: Adopting): ItemClock => ({
  ...clock,
  ready: true,
  clock: moveClock(clock.clock, 'start', of.fact.at, countedOn(clock, of.book)),
})
