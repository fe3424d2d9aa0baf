import { alwaysOpen, type WorkingCalendar } from '@patronkit/business-time/calendar'
import { countedAt, IDLE, moveClock, reaches } from '@patronkit/business-time/clock'
import { climb, OVER, rungsOf } from '@patronkit/business-time/ladder'
import type { Pinned } from '@patronkit/core/service'
import type { Attributes, Climbed, ItemClock, ItemState, StoredFact } from './model.ts'
import { allowed, countsIn, lengthMs, type MetricRule, names, type Policy, pauses, reopening, ruleOf } from './policy.ts'

/** The policy and calendar that are pinned to an item, ready to count with. */
export interface Rules {
  readonly policy: Policy
  readonly calendar: WorkingCalendar
  readonly pinnedPolicy: Pinned
  readonly pinnedCalendar: Pinned
}

/** What a fold answers: the item, and the steps that were reached on the way. */
export interface Evolved {
  readonly state: ItemState
  readonly climbed: readonly Climbed[]
}

/** An item before its first fact. */
export function unopened(openedAt: number, rules: Rules | null): ItemState {
  const clocks = rules ? Object.keys(rules.policy.targets).map((metric) => unstarted(metric, 1, rules.policy)) : []
  return { attributes: {}, openedAt, asOf: openedAt, policy: rules?.pinnedPolicy ?? null, calendar: rules?.pinnedCalendar ?? null, clocks }
}

const unstarted = (metric: string, cycle: number, policy: Policy): ItemClock => ({
  metric,
  cycle,
  clock: IDLE,
  held: false,
  targetMs: null,
  counts: countsIn(policy.targets[metric]!),
  climbed: [],
  missedAt: null,
  breachedAt: null,
})

/** The calendar a clock is counted on: the item's, or plain wall time. */
export const calendarOf = (clock: ItemClock, rules: Rules): WorkingCalendar => (clock.counts === 'wall' ? alwaysOpen : rules.calendar)

/** The whole past of an item at once: its facts in the order in which they happened, ties in order of arrival. */
export function foldFacts(facts: readonly StoredFact[], rules: Rules | null): Evolved {
  const sorted = inTime(facts)
  return applyFacts(unopened(sorted[0]!.at, rules), sorted, rules)
}

export const inTime = (facts: readonly StoredFact[]): readonly StoredFact[] =>
  [...facts].sort((a, b) => a.at - b.at || a.arrival - b.arrival)

/** Goes on from a state with facts that are not earlier than its `asOf`. */
export function applyFacts(start: ItemState, sorted: readonly StoredFact[], rules: Rules | null): Evolved {
  const climbed: Climbed[] = []
  let state = start
  for (const fact of sorted) {
    const passed = passTime(state, fact.at, rules)
    const after = applyFact(passed.state, fact, rules)
    const reached = passTime(after, fact.at, rules)
    climbed.push(...passed.climbed, ...reached.climbed)
    state = reached.state
  }
  return { state, climbed }
}

/** Lets time pass: running clocks reach the steps of their ladders. */
export function passTime(state: ItemState, until: number, rules: Rules | null): Evolved {
  if (!rules) return { state, climbed: [] }
  const climbed: Climbed[] = []
  const clocks = state.clocks.map((clock): ItemClock => {
    const reached = climb(clock.clock, ladderOf(clock, rules.policy), clock.climbed, until, calendarOf(clock, rules))
    if (reached.length === 0) return clock
    for (const { step, at } of reached) climbed.push({ metric: clock.metric, cycle: clock.cycle, step, at })
    const next = { ...clock, climbed: [...clock.climbed, ...reached.map((rung) => rung.step)] }
    const over = reached.find((rung) => rung.step === OVER)
    return over ? { ...next, missedAt: reaches(clock.clock, clock.targetMs!, calendarOf(clock, rules)), breachedAt: over.at } : next
  })
  if (climbed.length === 0) return { state, climbed }
  climbed.sort((a, b) => a.at - b.at)
  return { state: { ...state, clocks, asOf: Math.max(state.asOf, climbed.at(-1)!.at) }, climbed }
}

/** The steps of a clock: its warnings, and the first millisecond over the target. */
export const ladderOf = (clock: ItemClock, policy: Policy) =>
  clock.targetMs === null
    ? []
    : rungsOf(
        clock.targetMs,
        (policy.targets[clock.metric]?.warnAt ?? []).map((warning) => warning.percent),
      )

/** The item after one fact. */
function applyFact(state: ItemState, fact: StoredFact, rules: Rules | null): ItemState {
  const attributes: Attributes = fact.attributes ? { ...state.attributes, ...fact.attributes } : state.attributes
  const moved = { ...state, attributes, asOf: Math.max(state.asOf, fact.at) }
  if (!rules) return moved
  const paused = pauses(rules.policy, attributes)
  const clocks = state.clocks.flatMap((clock, i) => {
    const newest = state.clocks.findLastIndex((other) => other.metric === clock.metric) === i
    return newest ? moveItemClock(clock, fact, paused, rules).map((next) => retarget(next, attributes, fact.at, rules)) : [clock]
  })
  return { ...moved, clocks }
}

/** Stop wins over pause, pause over start; a clock started while the item is paused stands still from its first moment. */
function moveItemClock(before: ItemClock, fact: StoredFact, paused: boolean, rules: Rules): readonly ItemClock[] {
  const rule = ruleOf(rules.policy, before.metric)
  const calendar = calendarOf(before, rules)
  const does = (part: Exclude<keyof MetricRule, 'onReopen'>) => names(rule[part], fact.type)
  const held = does('pause') ? true : does('resume') ? false : before.held
  const move = (clock: ItemClock, how: Parameters<typeof moveClock>[1]): ItemClock => ({
    ...clock,
    clock: moveClock(clock.clock, how, fact.at, calendar),
  })

  if (before.clock.phase === 'stopped' && does('reopen')) return reopen({ ...before, held }, fact.at, paused || held, rules)
  let after: ItemClock = { ...before, held }
  if (does('cancel')) after = move(after, 'cancel')
  if (after.clock.phase === 'idle' && does('start')) after = move(after, 'start')
  if (does('stop')) after = move(after, 'stop')
  if (after.clock.phase !== 'stopped') after = move(after, paused || held ? 'pause' : 'resume')
  return [after]
}

function reopen(before: ItemClock, at: number, paused: boolean, rules: Rules): readonly ItemClock[] {
  const calendar = calendarOf(before, rules)
  const onward = (clock: ItemClock): ItemClock => (paused ? { ...clock, clock: moveClock(clock.clock, 'pause', at, calendar) } : clock)
  switch (reopening(rules.policy, before.metric)) {
    case 'ignore':
      return [before]
    case 'resume':
      return [onward({ ...before, clock: moveClock(before.clock, 'resume', at, calendar) })]
    case 'keep-running':
      return [onward({ ...before, clock: { ...before.clock, phase: 'running' } })]
    case 'new-cycle': {
      const next = unstarted(before.metric, before.cycle + 1, rules.policy)
      return [before, onward({ ...next, held: before.held, clock: moveClock(IDLE, 'start', at, calendar) })]
    }
  }
}

/** A clock that is still counting takes the target its item's attributes now ask for; what it has counted stays counted. */
function retarget(clock: ItemClock, attributes: Attributes, at: number, rules: Rules): ItemClock {
  const { phase, startedAt } = clock.clock
  const judged = clock.targetMs !== null && (phase === 'stopped' || phase === 'cancelled')
  if (startedAt === null || judged) return clock
  const calendar = calendarOf(clock, rules)
  const length = allowed(rules.policy.targets[clock.metric]!, attributes)
  const targetMs = length && lengthMs(length, startedAt, calendar)
  if (targetMs === clock.targetMs) return clock
  const counted = phase === 'running' ? { ...clock.clock, since: at, countedMs: countedAt(clock.clock, at, calendar) } : clock.clock
  return { ...clock, targetMs, clock: counted }
}
