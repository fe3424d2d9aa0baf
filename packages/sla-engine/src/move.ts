import { countedAt, IDLE, moveClock } from '@patronkit/business-time/clock'
import { type Agreed, type Book, countedOn, hoursOf, workingOf } from './book.ts'
import { countsIn, limitMs, limitOf } from './limit.ts'
import type { Attributes, ItemClock } from './model.ts'
import { agreementOf, knownRule, type Policy, partyOf, pauses, reopening, ruleOf, type When } from './policy.ts'
import { happens, type Scene } from './scene.ts'

/** A clock that nothing has started yet. */
export const unstarted = (agreed: Agreed, metric: string, cycle: number, attributes: Attributes): ItemClock => ({
  agreement: agreementOf(agreed.policy),
  metric,
  cycle,
  policy: { id: agreed.pin.id, version: agreed.pin.version },
  ...hoursOf(agreed.policy, attributes),
  party: partyOf(agreed.policy, attributes),
  clock: IDLE,
  ready: false,
  held: false,
  targetMs: null,
  counts: countsIn(agreed.policy.targets[metric]!),
  agreedDue: null,
  ruled: null,
  climbed: {},
  skipped: [],
  waiting: [],
  missedAt: null,
  breachedAt: null,
})

/** What moves a clock: the fact, the policy, and who says when it pauses. */
export interface Moving {
  readonly agreed: Agreed
  readonly book: Book
  readonly scene: Scene
  /** Whose word on pauses counts: the policy's own, or while its past is counted again, another's or nobody's. */
  readonly pausedBy: Policy | null
  /** The item waits for something beside its attributes. */
  readonly waits: boolean
}

export const isOpen = ({ clock }: ItemClock): boolean => clock.phase === 'running' || clock.phase === 'paused'

/**
 * The newest clock of a metric after a fact, and with it the cycle that the fact begins. Stop wins over pause, pause over
 * start; a clock started while the item is paused stands still from its first moment.
 */
export function moveItemClock(given: ItemClock, of: Moving): readonly ItemClock[] {
  const { agreed, scene } = of
  const rule = ruleOf(agreed.policy, given.metric)
  const does = (when: When | undefined): boolean => happens(when, scene)
  const pausing = (of.pausedBy && knownRule(of.pausedBy, given.metric)) ?? rule
  const held = does(pausing.pause) ? true : does(pausing.resume) ? false : given.held
  const before: ItemClock = { ...given, held }
  const starts = does(rule.start)
  const stops = does(rule.stop)

  if (before.clock.phase === 'stopped' && does(rule.reopen)) return reopen(before, of)
  if (isOpen(before) && does(rule.reset)) return [end(before, 'cancel', of), begin(before, of)]
  if (does(rule.cancel)) return [before.clock.phase === 'idle' && rule.repeats ? before : end(before, 'cancel', of)]
  if (before.clock.phase === 'idle') {
    const begins = starts || before.ready || (agreed.policy.per !== undefined && does(rule.reopen))
    const endsToo = stops && !(starts && rule.repeats)
    if (!begins) return [before]
    if (isNobodys(of) || (endsToo && !starts)) return [{ ...before, ready: !endsToo }]
    const started = start({ ...before, ready: true }, of)
    return [endsToo ? end(started, 'stop', of) : onward(started, of)]
  }
  if (!isOpen(before)) {
    if (before.ready && stops) return [{ ...before, ready: false }]
    if (before.ready) return isNobodys(of) ? [before] : [{ ...before, ready: false }, begin(before, of)]
    return starts && rule.repeats ? [before, begin(before, of)] : [before]
  }
  if (stops) {
    const stopped = end(before, 'stop', of)
    return starts && rule.repeats ? [stopped, begin(stopped, of)] : [stopped]
  }
  return handedOver(before, of) ? handOver(before, of) : [onward(before, of)]
}

const handedOver = (clock: ItemClock, { agreed, scene }: Moving): boolean =>
  agreed.policy.per !== undefined && partyOf(agreed.policy, scene.after) !== clock.party

/** Each team has its own clock, and no team has the item. */
const isNobodys = ({ agreed, scene }: Moving): boolean => agreed.policy.per !== undefined && partyOf(agreed.policy, scene.after) === null

/**
 * Another team has it now: the clock of the one ends, that of the other begins. With nobody, none runs; whoever has it next,
 * the same team too, begins a cycle of its own.
 */
function handOver(clock: ItemClock, of: Moving): readonly ItemClock[] {
  const ended = end(clock, 'stop', of)
  return isNobodys(of) ? [{ ...ended, ready: true }] : [ended, begin(clock, of)]
}

/** The next cycle of a metric, started by this fact; where nobody has the item it only stands ready. */
function begin(clock: ItemClock, of: Moving): ItemClock {
  const next: ItemClock = { ...unstarted(of.agreed, clock.metric, clock.cycle + 1, of.scene.after), ready: true, held: clock.held }
  return isNobodys(of) ? next : onward(start(next, of), of)
}

/** The clock of this cycle counts from here on, on the hours and for the party that the item has now. */
const start = (clock: ItemClock, of: Moving): ItemClock => ({
  ...clock,
  ...hoursOf(of.agreed.policy, of.scene.after),
  party: partyOf(of.agreed.policy, of.scene.after),
  clock: moveClock(clock.clock, 'start', of.scene.fact.at, countedOn(clock, of.book)),
})

/** A clock that counts no further. */
export const ended = (clock: ItemClock, how: 'stop' | 'cancel', at: number, book: Book): ItemClock => ({
  ...clock,
  ready: false,
  clock: moveClock(clock.clock, how, at, countedOn(clock, book)),
})

const end = (clock: ItemClock, how: 'stop' | 'cancel', { scene, book }: Moving): ItemClock => ended(clock, how, scene.fact.at, book)

/** Goes on, or stands while the item is paused. What runs up to a date does not stand. */
function onward(clock: ItemClock, of: Moving): ItemClock {
  const stands = clock.counts !== 'date' && isPaused(clock, of)
  const moved = moveClock(clock.clock, stands ? 'pause' : 'resume', of.scene.fact.at, countedOn(clock, of.book))
  return moved === clock.clock ? clock : { ...clock, clock: moved }
}

const isPaused = (clock: ItemClock, { pausedBy, scene, waits }: Moving): boolean =>
  pausedBy !== null &&
  (clock.held || (waits && knownRule(pausedBy, clock.metric)?.pauseWhile === undefined) || pauses(pausedBy, clock.metric, scene.after))

function reopen(before: ItemClock, of: Moving): readonly ItemClock[] {
  const { agreed, book, scene } = of
  const wanted = reopening(agreed.policy, before.metric)
  const mode = wanted !== 'ignore' && handedOver(before, of) ? 'new-cycle' : wanted
  const resumed = { ...before, ready: true }
  switch (mode) {
    case 'ignore':
      return [before]
    case 'resume':
      if (before.counts === 'date') return [{ ...resumed, clock: runningAgain(before) }]
      return [onward({ ...resumed, clock: moveClock(before.clock, 'resume', scene.fact.at, countedOn(before, book)) }, of)]
    case 'keep-running':
      return [onward({ ...resumed, clock: runningAgain(before) }, of)]
    case 'new-cycle':
      return [before, begin(before, of)]
  }
}

/** As if it had never stopped. */
const runningAgain = (before: ItemClock): ItemClock['clock'] => ({ ...before.clock, phase: 'running' })

/**
 * A clock that is still counting takes the target its item's attributes now ask for, and the hours; one that is over takes a target
 * if it had none, for the hours it was counted in. What was counted stays counted, unless the policy begins anew.
 */
export function retarget(clock: ItemClock, of: Moving): readonly ItemClock[] {
  const { agreed, book, scene } = of
  const { phase, startedAt } = clock.clock
  const over = phase === 'stopped' || phase === 'cancelled'
  if (startedAt === null || (over && clock.targetMs !== null)) return [clock]
  const hours = over ? clock : hoursOf(agreed.policy, scene.after)
  const moved: ItemClock = { ...clock, calendar: hours.calendar, zone: hours.zone }
  const targetMs = targetOf(moved, startedAt, workingOf(moved, book), agreed, scene.after)
  const counts: ItemClock['counts'] = clock.agreedDue === null ? countsIn(agreed.policy.targets[clock.metric]!) : 'date'
  const sameHours = hours.calendar === clock.calendar && hours.zone === clock.zone
  if (targetMs === clock.targetMs && sameHours && counts === clock.counts) return [clock]
  const at = scene.fact.at
  const changes = clock.targetMs !== null && targetMs !== null && targetMs !== clock.targetMs && clock.agreedDue === null
  if (changes && isOpen(clock) && startedAt < at && agreed.policy.onChange?.elapsed === 'restart') {
    return [end(clock, 'cancel', of), ...retarget(begin(clock, of), of)]
  }
  const next: ItemClock = { ...moved, counts, targetMs, clock: countedUntil(clock, counts, at, book) }
  return [agreed.policy.refire ? forgetAhead(next) : next]
}

/** The count goes on from here in the hours that hold now. Up to a date it runs, also out of a pause, and all time since its start counts. */
export function countedUntil(clock: ItemClock, counts: ItemClock['counts'], at: number, book: Book): ItemClock['clock'] {
  const { phase, startedAt } = clock.clock
  if (counts === 'date' && isOpen(clock)) return { phase: 'running', startedAt, since: at, countedMs: Math.max(0, at - startedAt!) }
  if (phase !== 'running') return clock.clock
  return { ...clock.clock, since: at, countedMs: countedAt(clock.clock, at, countedOn(clock, book)) }
}

function targetOf(
  clock: ItemClock,
  startedAt: number,
  working: Parameters<typeof limitMs>[2],
  agreed: Agreed,
  attributes: Attributes,
): number | null {
  if (clock.agreedDue !== null) return Math.max(0, clock.agreedDue - startedAt)
  const limit = limitOf(agreed.policy.targets[clock.metric]!, attributes)
  return limit && limitMs(limit, startedAt, working, attributes)
}

/** With `refire`, warnings may come again once the target has moved; a breach that was stays. */
const forgetAhead = (clock: ItemClock): ItemClock =>
  clock.breachedAt !== null ? clock : { ...clock, climbed: {}, skipped: [], waiting: [] }
