import type { Explanation } from '@patronkit/core'
import { type Bare, explained, toIso } from '@patronkit/core/service'
import { applyFacts, calendarOf, inTime, type Rules, unopened } from './evolve.ts'
import type { ItemClock, ItemRef, StoredFact } from './model.ts'
import { type OnReopen, reopening } from './policy.ts'
import { viewClocks } from './view.ts'
import { WORDS } from './words.ts'

interface Stretch {
  readonly phase: 'running' | 'paused' | 'stopped' | 'cancelled'
  readonly from: number
  readonly to: number
  readonly because: string
}

/**
 * Why a clock stands where it stands: every stretch from its start to `at`. Stretches in which it ran are cut at the
 * calendar's openings and closings; the `ms` of the counted lines add up to `workedMs` exactly.
 */
export function explainClock(
  item: ItemRef,
  of: { readonly metric: string; readonly cycle: number },
  facts: readonly StoredFact[],
  at: number,
  rules: Rules,
): Explanation | null {
  const known = inTime(facts.filter((fact) => fact.at <= at))
  if (known.length === 0) return null
  const stretches = trace(known, of, at, rules)
  const end = applyFacts(unopened(known[0]!.at, rules), known, rules).state
  const view = viewClocks(end, at, rules).find((clock) => clock.metric === of.metric && clock.cycle === of.cycle)
  const last = end.clocks.find((clock) => clock.metric === of.metric && clock.cycle === of.cycle)
  if (!view || !last) return null
  const { state, targetMs, workedMs, leftMs } = view
  const about = { code: 'sla/clock', data: { item, ...of, state, policy: view.policy, targetMs, workedMs, leftMs, at: toIso(at) } }
  return explained(
    WORDS,
    about,
    stretches.flatMap((stretch) => linesOf(stretch, last, rules)),
    rules.calendar.zone,
  )
}

/** What the clock was doing, fact by fact; neighbours alike are joined. */
function trace(
  known: readonly StoredFact[],
  of: { readonly metric: string; readonly cycle: number },
  at: number,
  rules: Rules,
): readonly Stretch[] {
  const stretches: Stretch[] = []
  let state = unopened(known[0]!.at, rules)
  for (const [i, fact] of known.entries()) {
    state = applyFacts(state, [fact], rules).state
    const clock = state.clocks.find((candidate) => candidate.metric === of.metric && candidate.cycle === of.cycle)
    const phase = clock?.clock.phase ?? 'idle'
    const to = known[i + 1]?.at ?? at
    if (phase === 'idle') continue
    const before = stretches.at(-1)
    if (before?.phase === phase) stretches[stretches.length - 1] = { ...before, to }
    else stretches.push({ phase, from: fact.at, to, because: fact.id })
  }
  // the clock's end is its last word: what comes behind it is no part of the clock
  if (stretches.at(-1)?.phase === 'stopped' || stretches.at(-1)?.phase === 'cancelled') stretches.pop()
  return keptRunning(stretches, reopening(rules.policy, of.metric))
}

/** Where reopening lets the clock keep running, the closed time was counted after all. */
const keptRunning = (stretches: readonly Stretch[], onReopen: OnReopen): readonly Stretch[] =>
  onReopen === 'keep-running'
    ? stretches.map((stretch) => (stretch.phase === 'stopped' ? { ...stretch, phase: 'running' } : stretch))
    : stretches

function linesOf(stretch: Stretch, clock: ItemClock, rules: Rules): readonly Bare[] {
  const { from, to, because } = stretch
  if (stretch.phase === 'paused') return [line('sla/paused', from, to, because)]
  if (stretch.phase !== 'running') return [line('sla/closed', from, to, because)]
  const lines: Bare[] = []
  let shutFrom = from
  for (const [open, close] of calendarOf(clock, rules).intervals(from, to)) {
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
