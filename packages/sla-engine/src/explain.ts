import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import type { ClockPhase } from '@patronkit/business-time/clock'
import type { Explanation } from '@patronkit/core'
import { type Bare, explained, toIso } from '@patronkit/core/service'
import { type Books, countedOn, workingOf } from './book.ts'
import { clockAt } from './clock-name.ts'
import { applyFacts, inTime } from './evolve.ts'
import { undone } from './internal.ts'
import type { BookRef, ClockKey, ItemClock, ItemRef, Stand, StoredFact } from './model.ts'
import { isOpen } from './move.ts'
import { type Mark, unopened } from './replay.ts'
import { viewClocks } from './view.ts'
import { WORDS } from './words.ts'

interface Stretch {
  readonly phase: ClockPhase
  readonly from: number
  readonly to: number
  readonly because: string
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
  const end = applyFacts(unopened(known[0]!.at, ref), known, books, [], takeAlong)
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
  return explained(WORDS, about, stretchesOf(standsOf(last), at).flatMap(linesOf), zone)
}

/** Every clock takes along how it stood, so that one which was counted again shows the past it was counted in. */
const takeAlong: Mark = (fact, clocks, book) =>
  clocks.map((clock) => ({ ...clock, stood: { at: fact.at, because: fact.id, clock, calendar: countedOn(clock, book) } }))

/** How a clock stood, fact by fact. */
function standsOf(clock: ItemClock): readonly Stand[] {
  const stands: Stand[] = []
  for (let { stood } = clock; stood; stood = stood.clock.stood) stands.push(stood)
  return stands.reverse()
}

/** What the clock was doing from its start on; neighbours alike are joined. */
function stretchesOf(stands: readonly Stand[], end: number): readonly Stretch[] {
  let stretches: Stretch[] = []
  for (const [i, { at, because, clock, calendar }] of stands.entries()) {
    const { phase, startedAt } = clock.clock
    if (startedAt === null) continue
    const was = stands[i - 1]?.clock
    const open = isOpen(clock) || (was !== undefined && isOpen(was))
    if (clock.counts === 'date' && open && startedAt < at) stretches = allOf(startedAt, at, stretches, because, calendar)
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
