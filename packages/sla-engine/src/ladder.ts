import type { WorkingCalendar } from '@patronkit/business-time/calendar'
import { reaches } from '@patronkit/business-time/clock'
import { OVER } from '@patronkit/business-time/ladder'
import { type Duration, isPatronkitError } from '@patronkit/core'
import { DAY, isWorking, wallMs, workingMs } from '@patronkit/core/service'
import type { Counts, ItemClock } from './model.ts'
import type { Policy, Recipient, Step } from './policy.ts'

/** A step of a clock's ladder, once for each time it comes. */
export interface Rung {
  readonly step: string
  readonly kind: 'warning' | 'breach' | 'escalation'
  readonly level: number
  readonly tell: readonly Recipient[]
  readonly percent: number | null
  /** When a running clock reaches it, as it stands; null when it is not running, or will never get there. */
  readonly at: number | null
}

/** A clock with the calendars that its steps are counted in. */
export interface Counting {
  readonly clock: ItemClock
  /** What the clock itself counts. */
  readonly counted: WorkingCalendar
  /** The open time of its policy. */
  readonly working: WorkingCalendar
}

const NOBODY: readonly Recipient[] = []

/** The steps of a clock that it has not climbed yet, with the instants at which it will. */
export function rungsAhead(of: Counting, policy: Policy): readonly Rung[] {
  const { clock } = of
  if (clock.targetMs === null || clock.clock.phase !== 'running') return []
  const target = policy.targets[clock.metric]
  const rungs: Rung[] = []
  const add = (rung: Omit<Rung, 'at'>, at: () => number | null) => {
    if (!Object.hasOwn(clock.climbed, rung.step)) rungs.push({ ...rung, at: reachable(at) })
  }
  for (const { percent } of target?.warnAt ?? []) {
    add({ step: `${percent}%`, kind: 'warning', level: 0, tell: NOBODY, percent }, () => share(of, percent))
  }
  add({ step: OVER, kind: 'breach', level: 0, tell: NOBODY, percent: null }, () => reaches(clock.clock, clock.targetMs! + 1, of.counted))
  for (const [index, step] of (target?.steps ?? []).entries()) {
    const { at, repeat, tell = NOBODY } = step
    const kind = 'over' in at ? ('escalation' as const) : ('warning' as const)
    const rung = { kind, level: index + 1, tell, percent: 'percent' in at ? at.percent : null }
    const name = nameOf(step)
    let reached = () => whenFirst(of, step)
    add({ step: name, ...rung }, reached)
    for (let n = 1; n <= (repeat?.times ?? 0); n++) {
      const [last, lastReached] = [repeated(name, n - 1), reached]
      reached = () => again(of, Object.hasOwn(clock.climbed, last) ? clock.climbed[last]! : lastReached(), repeat!.every)
      add({ step: repeated(name, n), ...rung }, reached)
    }
  }
  return rungs
}

/** The name of a step the n-th time it comes again. */
const repeated = (name: string, n: number): string => (n === 0 ? name : `${name} #${n + 1}`)

const whenFirst = (of: Counting, { at }: Step): number | null =>
  'percent' in at ? share(of, at.percent) : 'left' in at ? before(of, at.left) : behind(of, at.over)

/** A step in a time that the calendar does not have is never reached. */
function reachable(at: () => number | null): number | null {
  try {
    return at()
  } catch (error) {
    if (isPatronkitError(error, 'time/never-open') || isPatronkitError(error, 'time/beyond-horizon')) return null
    throw error
  }
}

/** What a step is called: its id, or its condition. */
export const nameOf = ({ id, at }: Step): string =>
  id ?? ('percent' in at ? `${at.percent}%` : 'left' in at ? `${shortly(at.left)} left` : `${shortly(at.over)} over`)

/**
 * How far up its ladder a step stands, in ms of what the clock counts. It orders steps that are reached at one instant, so other
 * kinds of time are taken for the clock's own, and a working day for a day.
 */
export function heightOf(name: string, clock: ItemClock, steps: readonly Step[]): number {
  const targetMs = clock.targetMs ?? 0
  if (name === OVER) return targetMs + 1
  const found = stepNamed(name, steps)
  if (!found) return /^\d+%$/.test(name) ? Math.ceil((targetMs * Number.parseInt(name, 10)) / 100) : targetMs
  const { at, repeat } = found
  const first =
    'percent' in at ? Math.ceil((targetMs * at.percent) / 100) : 'left' in at ? targetMs - roughly(at.left) : targetMs + roughly(at.over)
  const times = name === nameOf(found) ? 0 : Number(name.slice(name.lastIndexOf('#') + 1)) - 1
  return first + (repeat ? times * roughly(repeat.every) : 0)
}

/** The step that goes by a name, for the first time or again. */
export const stepNamed = (name: string, steps: readonly Step[]): Step | undefined =>
  steps.find((step) => name === nameOf(step) || name.startsWith(`${nameOf(step)} #`))

const roughly = (duration: Duration): number =>
  'workingDays' in duration && duration.workingDays !== undefined ? duration.workingDays * DAY : lengthMs(duration)

const UNITS: { readonly [unit: string]: string } = {
  days: 'd',
  hours: 'h',
  minutes: 'm',
  seconds: 's',
  workingDays: 'wd',
  workingHours: 'wh',
  workingMinutes: 'wm',
  workingSeconds: 'ws',
}

const shortly = (duration: Duration): string =>
  Object.entries(UNITS)
    .map(([unit, sign]) => [(duration as { readonly [unit: string]: number | undefined })[unit], sign] as const)
    .filter(([amount]) => amount !== undefined)
    .map(([amount, sign]) => `${amount}${sign}`)
    .join(' ')

const share = ({ clock, counted }: Counting, percent: number): number | null =>
  reaches(clock.clock, Math.ceil((clock.targetMs! * percent) / 100), counted)

/** When the target will be used up, or was. */
const dueOf = ({ clock, counted }: Counting): number | null => clock.missedAt ?? reaches(clock.clock, clock.targetMs!, counted)

/** When the first open millisecond behind the target will have passed, or has: nights and weekends may lie between. */
const breachOf = ({ clock, counted }: Counting): number | null => clock.breachedAt ?? reaches(clock.clock, clock.targetMs! + 1, counted)

/** A running clock cannot reach a step before the stretch in which it runs. */
const inStretch = ({ clock }: Counting, at: number): number => Math.max(at, clock.clock.since!)

/** Whether a length is counted as the clock counts, so that pauses move the step with the clock. */
const alike = (duration: Duration, counts: Counts): boolean => counts !== 'date' && isWorking(duration) === (counts === 'working')

const isDays = (duration: Duration): boolean => 'workingDays' in duration

function before(of: Counting, left: Duration): number | null {
  const { clock, counted, working } = of
  if (alike(left, clock.counts) && !isDays(left)) return reaches(clock.clock, Math.max(0, clock.targetMs! - lengthMs(left)), counted)
  const due = dueOf(of)
  if (due === null) return null
  if (!isWorking(left)) return inStretch(of, due - wallMs(left))
  return inStretch(
    of,
    left.workingDays === undefined ? working.subtract(due, workingMs(left)) : working.subtractDays(due, left.workingDays),
  )
}

function behind(of: Counting, over: Duration): number | null {
  const { clock, counted } = of
  if (alike(over, clock.counts) && !isDays(over)) return reaches(clock.clock, clock.targetMs! + Math.max(1, lengthMs(over)), counted)
  const [due, breach] = [dueOf(of), breachOf(of)]
  return due === null || breach === null ? null : inStretch(of, Math.max(onward(of, due, over), breach))
}

const again = (of: Counting, last: number | null, every: Duration): number | null =>
  last === null ? null : inStretch(of, onward(of, last, every))

function onward({ working }: Counting, from: number, by: Duration): number {
  if (!isWorking(by)) return from + wallMs(by)
  return by.workingDays === undefined ? working.add(from, workingMs(by)) : working.addDays(from, by.workingDays)
}

const lengthMs = (duration: Duration): number => (isWorking(duration) ? workingMs(duration) : wallMs(duration))
