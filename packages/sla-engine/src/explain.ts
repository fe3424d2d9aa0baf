import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import { type ClockPhase, countedAt } from '@patronkit/business-time/clock'
import type { Explanation } from '@patronkit/core'
import { type Bare, explained, toIso } from '@patronkit/core/service'
import { type Book, type Books, countedOn, workingOf } from './book.ts'
import { clockAt } from './clock-name.ts'
import { applyFacts, inTime } from './evolve.ts'
import { undone } from './internal.ts'
import type { BookRef, ClockKey, ItemClock, ItemRef, ItemState, StoredFact } from './model.ts'
import { isOpen } from './move.ts'
import { type Recounted, unopened } from './replay.ts'
import { viewClocks } from './view.ts'
import { WORDS } from './words.ts'

interface Stretch {
  readonly phase: ClockPhase
  readonly from: number
  readonly to: number
  readonly because: string
  readonly calendar: WorkingCalendar
}

/** How the clock stood after a fact. */
interface Stand {
  readonly at: number
  readonly because: string
  readonly clock: ItemClock
  readonly calendar: WorkingCalendar
}

/**
 * Why a clock stands where it stands: every stretch from its start to `at`. Stretches in which it ran are cut at the
 * calendar's openings and closings; the `ms` of the counted lines add up to `workedMs` exactly.
 */
export function explainClock(
  item: ItemRef,
  of: ClockKey,
  facts: readonly StoredFact[],
  at: number,
  books: Books,
  ref: BookRef,
): Explanation | null {
  const known = inTime(undone(facts).filter((fact) => fact.at <= at))
  if (known.length === 0) return null
  const { stands, end } = trace(known, of, books, ref)
  const last = clockAt(end.clocks, of)
  const view = clockAt(viewClocks(end, at, books), of)
  if (!view || !last) return null
  const { state, targetMs, workedMs, leftMs, party } = view
  const dueAt = last.counts === 'date' && targetMs !== null ? toIso(last.clock.startedAt! + targetMs) : null
  const about = {
    code: 'sla/clock',
    data: {
      item,
      ...of,
      party,
      state,
      policy: view.policy,
      targetMs,
      workedMs,
      leftMs,
      at: toIso(at),
      dueAt,
      agreed: last.agreedDue !== null,
    },
  }
  const zone = last.calendar === '' ? 'UTC' : workingOf(last, books(end.book)).zone
  return explained(WORDS, about, stretchesOf(stands, at).flatMap(linesOf), zone)
}

/** How the clock stood, fact by fact. Where its past was counted again, it is shown as it was counted then. */
function trace(
  known: readonly StoredFact[],
  of: ClockKey,
  books: Books,
  ref: BookRef,
): { readonly stands: readonly Stand[]; readonly end: ItemState } {
  let stands: Stand[] = []
  let state = unopened(known[0]!.at, ref)
  const standing = (fact: StoredFact, clocks: readonly ItemClock[], key: ClockKey, book: Book): readonly Stand[] => {
    const clock = clockAt(clocks, key)
    return clock ? [{ at: fact.at, because: fact.id, clock, calendar: countedOn(clock, book) }] : []
  }
  for (const [i, fact] of known.entries()) {
    const recounts: Parameters<Recounted>[0][] = []
    state = applyFacts(state, [fact], books, known.slice(0, i), (recount) => recounts.push(recount))
    const book = books(state.book)
    const recount = recounts.findLast((one) => one.agreement === of.agreement && one.metric === of.metric)
    const again = recount?.steps.flatMap((step) => standing(step.fact, step.clocks, { ...of, cycle: of.cycle - recount.shift }, book)) ?? []
    const now = clockAt(state.clocks, of)
    const last = again.at(-1)
    // the recount is this clock's past only where the clock has counted as much: one that kept its count was not counted again
    const agrees =
      last && now && countedAt(last.clock.clock, fact.at, last.calendar) === countedAt(now.clock, fact.at, countedOn(now, book))
    if (agrees && !now.ruled && last.clock.clock.startedAt === now.clock.startedAt) stands = [...again]
    stands.push(...standing(fact, state.clocks, of, book))
  }
  return { stands, end: state }
}

/** What the clock was doing from its start on; neighbours alike are joined. */
function stretchesOf(stands: readonly Stand[], end: number): readonly Stretch[] {
  let stretches: Stretch[] = []
  for (const [i, { at, because, clock, calendar }] of stands.entries()) {
    const { phase, startedAt } = clock.clock
    if (startedAt === null) continue
    const was = stands[i - 1]?.clock
    if (clock.counts === 'date' && isOpen(clock) && startedAt < at) stretches = allOf(startedAt, at, stretches, because, calendar)
    else if (was?.clock.phase === 'stopped' && phase !== 'stopped') stretches = reopened(stretches, was, clock, at)
    const before = stretches.at(-1)
    const to = stands[i + 1]?.at ?? end
    if (before?.phase === phase && before.calendar === calendar) stretches[stretches.length - 1] = { ...before, to }
    else stretches.push({ phase, from: at, to, because, calendar })
  }
  // the clock's end is its last word: what comes behind it is no part of the clock
  const last = stretches.at(-1)?.phase
  return last === 'stopped' || last === 'cancelled' ? stretches.slice(0, -1) : stretches
}

/** Up to a date all time counts, whatever was counted before there was one. */
const allOf = (from: number, to: number, had: readonly Stretch[], because: string, calendar: WorkingCalendar): Stretch[] => [
  { phase: 'running', from, to, because: had[0]?.because ?? because, calendar },
]

/** Where reopening let the clock keep running, the closed time was counted after all. */
function reopened(stretches: Stretch[], was: ItemClock, now: ItemClock, at: number): Stretch[] {
  const closed = stretches.at(-1)
  const counted = now.clock.since === was.clock.since || now.clock.countedMs > was.clock.countedMs
  if (!closed || !counted || closed.from >= at) return stretches
  return [...stretches.slice(0, -1), { ...closed, phase: 'running' }]
}

function linesOf(stretch: Stretch): readonly Bare[] {
  const { from, to, because } = stretch
  if (stretch.phase === 'paused') return [line('sla/paused', from, to, because)]
  if (stretch.phase !== 'running') return [line('sla/closed', from, to, because)]
  const lines: Bare[] = []
  let shutFrom = from
  for (const [open, close] of stretch.calendar.intervals(from, to)) {
    if (open > shutFrom) lines.push(line('sla/shut', shutFrom, open, because))
    lines.push(line('sla/counted', open, close, because))
    shutFrom = close
  }
  if (shutFrom < to) lines.push(line('sla/shut', shutFrom, to, because))
  return lines
}

const line = (code: string, from: number, to: number, because: string): Bare => ({
  code,
  data: { from: toIso(from), to: toIso(to), ms: to - from, because },
})
