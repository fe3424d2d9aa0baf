import { countedAt } from '@patronkit/business-time/clock'
import { OVER } from '@patronkit/business-time/ladder'
import { type Happened, type Json, toIso } from '@patronkit/core/service'
import { applyFacts, calendarOf, type Evolved, foldFacts, inTime, passTime, type Rules } from './evolve.ts'
import type { Climbed, ItemClock, ItemRef, ItemState, StoredFact } from './model.ts'

declare global {
  interface PatronkitEvents {
    'sla.recorded': { readonly item: ItemRef; readonly facts: readonly RecordedFact[] }
    'sla.attached': { readonly item: ItemRef; readonly policy: Pin; readonly calendar: Pin }
    'sla.warned': StepData & { readonly percent: number }
    'sla.breached': StepData & { readonly overMs: number }
    'sla.withdrawn': {
      readonly item: ItemRef
      readonly metric: string
      readonly cycle: number
      readonly step: string
      readonly because: readonly string[]
    }
    'sla.stopped': {
      readonly item: ItemRef
      readonly metric: string
      readonly cycle: number
      readonly outcome: 'met' | 'breached' | 'untargeted'
      readonly workedMs: number
      readonly targetMs: number | null
    }
  }
}

interface Pin {
  readonly id: string
  readonly version: number
  readonly hash: string
}
interface RecordedFact {
  readonly id: string
  readonly type: string
  readonly at: string
  readonly attributes: Json
  readonly data: Json
}
interface StepData {
  readonly item: ItemRef
  readonly metric: string
  readonly cycle: number
  readonly step: string
  readonly policy: Pin
  readonly targetMs: number
}

/** What a decision comes to: the item as it is now, and what is to be written down about it. */
export interface Decision {
  readonly state: ItemState
  readonly events: readonly Happened[]
}

/**
 * New facts about an item. Facts behind the item's `asOf` are late: then `past` has all facts stored so far and
 * everything is folded anew, so that the order of delivery does not matter.
 */
export function decideRecord(
  item: ItemRef,
  before: ItemState | null,
  past: readonly StoredFact[] | null,
  fresh: readonly StoredFact[],
  rules: Rules | null,
): Decision {
  const evolved = past || !before ? anew([...(past ?? []), ...fresh], before, rules) : applyFacts(before, inTime(fresh), rules)
  const { state } = evolved
  const attached = rules && !before?.policy ? [attachedEvent(item, state.openedAt, rules)] : []
  const steps = newSteps(before, evolved)
  const first = Math.min(...fresh.map((fact) => fact.at))
  return {
    state,
    events: [
      ...attached,
      ...steps.map((step) => stepEvent(item, step, state, rules!, step.at)),
      { type: 'sla.recorded', v: 1, at: first, data: { item, facts: fresh.map(recorded) } as unknown as Json },
      ...withdrawn(item, before, state, fresh, first),
      ...stopped(item, before, state),
    ],
  }
}

/** Time passed and nobody did anything: the steps that were reached. */
export function decideTime(item: ItemRef, before: ItemState, until: number, rules: Rules): Decision {
  const evolved = passTime(before, until, rules)
  return { state: evolved.state, events: evolved.climbed.map((step) => stepEvent(item, step, evolved.state, rules, until)) }
}

/** Folds everything, up to where time had passed already. */
function anew(all: readonly StoredFact[], before: ItemState | null, rules: Rules | null): Evolved {
  const folded = foldFacts(all, rules)
  const passed = passTime(folded.state, before?.asOf ?? folded.state.asOf, rules)
  const state = { ...passed.state, asOf: Math.max(passed.state.asOf, before?.asOf ?? passed.state.asOf) }
  return { state, climbed: [...folded.climbed, ...passed.climbed] }
}

const attachedEvent = (item: ItemRef, at: number, rules: Rules): Happened => ({
  type: 'sla.attached',
  v: 1,
  at,
  data: { item, policy: rules.pinnedPolicy, calendar: rules.pinnedCalendar } as unknown as Json,
})

const clockAt = (state: ItemState | null, of: { readonly metric: string; readonly cycle: number }): ItemClock | undefined =>
  state?.clocks.find((clock) => clock.metric === of.metric && clock.cycle === of.cycle)

const newSteps = (before: ItemState | null, evolved: Evolved): readonly Climbed[] =>
  evolved.climbed.filter((step) => !clockAt(before, step)?.climbed.includes(step.step)).sort((a, b) => a.at - b.at)

function stepEvent(item: ItemRef, step: Climbed, state: ItemState, rules: Rules, noticedAt: number): Happened {
  const clock = clockAt(state, step)!
  const { metric, cycle } = step
  const targetMs = clock.targetMs!
  const data = { item, metric, cycle, step: step.step, policy: rules.pinnedPolicy, targetMs }
  if (step.step !== OVER) return { type: 'sla.warned', v: 1, at: step.at, data: json({ ...data, percent: Number.parseInt(step.step, 10) }) }
  const overMs = Math.max(1, countedAt(clock.clock, Math.max(noticedAt, clock.clock.since!), calendarOf(clock, rules)) - targetMs)
  return { type: 'sla.breached', v: 1, at: step.at, data: json({ ...data, overMs }) }
}

/** A step that fired and that a late fact made untrue: said once, and the fact is named. */
function withdrawn(
  item: ItemRef,
  before: ItemState | null,
  after: ItemState,
  fresh: readonly StoredFact[],
  at: number,
): readonly Happened[] {
  const because = fresh.map((fact) => fact.id)
  return (before?.clocks ?? []).flatMap((clock) => {
    const now = clockAt(after, clock)?.climbed ?? []
    const untrue = clock.climbed.filter((step) => !now.includes(step))
    const { metric, cycle } = clock
    return untrue.map((step): Happened => ({ type: 'sla.withdrawn', v: 1, at, data: json({ item, metric, cycle, step, because }) }))
  })
}

/** Clocks that now stand stopped, or stand stopped elsewhere than before. */
function stopped(item: ItemRef, before: ItemState | null, after: ItemState): readonly Happened[] {
  return after.clocks.flatMap((clock): readonly Happened[] => {
    const was = clockAt(before, clock)?.clock
    const { phase, since, countedMs } = clock.clock
    if (phase !== 'stopped' || (was?.phase === 'stopped' && was.since === since && was.countedMs === countedMs)) return []
    const { metric, cycle, targetMs } = clock
    const outcome = targetMs === null ? 'untargeted' : clock.breachedAt !== null || countedMs > targetMs ? 'breached' : 'met'
    return [{ type: 'sla.stopped', v: 1, at: since!, data: json({ item, metric, cycle, outcome, workedMs: countedMs, targetMs }) }]
  })
}

const recorded = (fact: StoredFact): RecordedFact => ({
  id: fact.id,
  type: fact.type,
  at: toIso(fact.at),
  attributes: fact.attributes,
  data: fact.data,
})

const json = (data: object): Json => data as unknown as Json
