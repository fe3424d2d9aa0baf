import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import type { Explanation } from '@patronkit/core'
import { type Bare, explained, toIso } from '@patronkit/core/service'
import { type Books, countedOn, workingOf } from './book.ts'
import { applyFacts, inTime, openerOf } from './evolve.ts'
import { undone } from './internal.ts'
import type { BookRef, ClockKey, ItemClock, ItemRef, ItemState, StoredFact } from './model.ts'
import { type OnReopen, reopening } from './policy.ts'
import { unopened } from './replay.ts'
import { viewClocks } from './view.ts'
import { WORDS } from './words.ts'

interface Stretch {
  readonly phase: 'running' | 'paused' | 'stopped' | 'cancelled'
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
  const { stretches, end } = trace(known, of, at, books, ref)
  const last = clockAt(end, of)
  const view = viewClocks(end, at, books).find((clock) => sameClock(clock, of))
  if (!view || !last) return null
  const { state, targetMs, workedMs, leftMs } = view
  const about = { code: 'sla/clock', data: { item, ...of, state, policy: view.policy, targetMs, workedMs, leftMs, at: toIso(at) } }
  const book = books(end.book)
  const onReopen = reopening(book.byId.get(last.policy.id)?.policy ?? { calendar: '', targets: {} }, of.metric)
  return explained(
    WORDS,
    about,
    keptRunning(stretches, onReopen).flatMap((stretch) => linesOf(stretch)),
    last.calendar === '' ? 'UTC' : workingOf(last, book).zone,
  )
}

const sameClock = (a: ClockKey, b: ClockKey): boolean => a.agreement === b.agreement && a.metric === b.metric && a.cycle === b.cycle
const clockAt = (state: ItemState, of: ClockKey): ItemClock | undefined => state.clocks.find((clock) => sameClock(clock, of))

/** What the clock was doing, fact by fact; neighbours alike are joined. */
function trace(
  known: readonly StoredFact[],
  of: ClockKey,
  at: number,
  books: Books,
  ref: BookRef,
): { readonly stretches: readonly Stretch[]; readonly end: ItemState } {
  const stretches: Stretch[] = []
  let state = unopened(known[0]!.at, openerOf(known), ref)
  for (const [i, fact] of known.entries()) {
    state = applyFacts(state, [fact], books, known.slice(0, i))
    const clock = clockAt(state, of)
    const phase = clock?.clock.phase ?? 'idle'
    const to = known[i + 1]?.at ?? at
    if (!clock || phase === 'idle') continue
    const calendar = countedOn(clock, books(state.book))
    const before = stretches.at(-1)
    if (before?.phase === phase && before.calendar === calendar) stretches[stretches.length - 1] = { ...before, to }
    else stretches.push({ phase, from: fact.at, to, because: fact.id, calendar })
  }
  // the clock's end is its last word: what comes behind it is no part of the clock
  if (stretches.at(-1)?.phase === 'stopped' || stretches.at(-1)?.phase === 'cancelled') stretches.pop()
  return { stretches, end: state }
}

/** Where reopening lets the clock keep running, the closed time was counted after all. */
const keptRunning = (stretches: readonly Stretch[], onReopen: OnReopen): readonly Stretch[] =>
  onReopen === 'keep-running'
    ? stretches.map((stretch) => (stretch.phase === 'stopped' ? { ...stretch, phase: 'running' } : stretch))
    : stretches

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
