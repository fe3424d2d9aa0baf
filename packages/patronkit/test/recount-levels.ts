import { readFileSync } from 'node:fs'
import { TZDate } from '@date-fns/tz'
import { parse } from 'csv-parse/sync'
import { holidays, localTime, RANGES, ZONE } from './recount.ts'

/**
 * The help-desk log judged by four service levels with a ladder, an agreement of every workgroup and one of every hand, the slow
 * and plain way: row by row, looking up each working hour in one long list. It shares no code with the packages, and its rules
 * are written out by hand from levels.ts.
 */
export interface JudgedClock {
  readonly name: string
  readonly cycle: number
  readonly party: string | null
  readonly targetMs: number
  readonly workedMs: number
  readonly stoppedAt: number | null
  readonly state: 'running' | 'paused' | 'met' | 'breached'
  readonly breachedAt: number | null
  readonly dueAt: number | null
  /** Each step that was reached, and when. */
  readonly steps: { readonly [step: string]: number }
}

type Row = { readonly [column: string]: string }

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Every opening of the desk in the years of the log, one behind the other. */
const OPEN: readonly (readonly [number, number])[] = (() => {
  const found: [number, number][] = []
  for (let n = 0; n < 5 * 366; n++) {
    const midnight = new TZDate(2010, 0, 1 + n, ZONE)
    const [year, month, day] = [midnight.getFullYear(), midnight.getMonth(), midnight.getDate()]
    const iso = `${year}-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`
    if (midnight.getDay() === 0 || midnight.getDay() === 6 || holidays.has(iso)) continue
    for (const [open, close] of RANGES) {
      found.push([new TZDate(year, month, day, open, ZONE).getTime(), new TZDate(year, month, day, close, ZONE).getTime()])
    }
  }
  return found
})()

/** The place of the first opening that ends after an instant. */
function placeAt(at: number): number {
  let [low, high] = [0, OPEN.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (OPEN[middle]![1] > at) high = middle
    else low = middle + 1
  }
  return low
}

function worked(from: number, to: number): number {
  let sum = 0
  for (let n = placeAt(from); n < OPEN.length && OPEN[n]![0] < to; n++)
    sum += Math.max(0, Math.min(OPEN[n]![1], to) - Math.max(OPEN[n]![0], from))
  return sum
}

/** The first instant by which so much has been worked; none of it is at once. Never, when the list ends before. */
function after(from: number, ms: number): number {
  let left = ms
  for (let n = placeAt(from); n < OPEN.length; n++) {
    const begins = Math.max(OPEN[n]![0], from)
    if (OPEN[n]![1] - begins >= left) return begins + left
    left -= OPEN[n]![1] - begins
  }
  return Number.POSITIVE_INFINITY
}

const OWN: { readonly [level: string]: number } = { 'Value 1': 4, 'Value 2': 8, 'Value 3': 16, 'Value 4': 24 }
const RESOLVE: { readonly [level: string]: number } = { 'Value 1': 90, 'Value 2': 180, 'Value 3': 270, 'Value 4': 360 }
const GROUP: { readonly [group: string]: number } = { 'Value 1': 120, 'Value 2': 60, 'Value 3': 40 }

/** One clock on its way through the rows of a ticket. */
interface Watch {
  party: string | null
  phase: 'running' | 'paused' | 'stopped'
  since: number
  workedMs: number
  targetMs: number
  /** When the time was used up that was then exceeded. */
  missedAt: number | null
  stoppedAt: number | null
  steps: { [step: string]: number }
}

/** When a running watch reaches a sum of worked time. */
const reaching = (watch: Watch, ms: number): number => (watch.workedMs >= ms ? watch.since : after(watch.since, ms - watch.workedMs))
const dueOf = (watch: Watch): number => watch.missedAt ?? reaching(watch, watch.targetMs)

/** A rule says which steps there are and when a running watch reaches each, were it to run for ever. */
type Ladder = (watch: Watch) => readonly (readonly [string, number])[]

const breach = (watch: Watch): readonly [string, number] => ['over', reaching(watch, watch.targetMs + 1)]
const percent = (watch: Watch, share: number): readonly [string, number] => [
  `${share}%`,
  reaching(watch, Math.ceil((watch.targetMs * share) / 100)),
]
/** Nothing is late before the first open millisecond behind the target, be it a weekend later. */
const late = (watch: Watch, ms: number): number => Math.max(watch.since, dueOf(watch) + ms, watch.steps.over ?? breach(watch)[1])
const atEarliest = (watch: Watch, at: number): number => Math.max(watch.since, at)

const ladders: { readonly [name: string]: Ladder } = {
  'time-to-own': (watch) => [percent(watch, 50), breach(watch)],
  resolution: (watch) => {
    const nine = reaching(watch, watch.targetMs + 9 * HOUR)
    const again = atEarliest(watch, after(watch.steps.lead ?? nine, 18 * HOUR))
    const third = atEarliest(watch, after(watch.steps['lead #2'] ?? again, 18 * HOUR))
    const nextDay = late(watch, DAY)
    return [
      percent(watch, 75),
      percent(watch, 90),
      ['24h left', atEarliest(watch, dueOf(watch) - DAY)],
      ['4wh left', reaching(watch, Math.max(0, watch.targetMs - 4 * HOUR))],
      breach(watch),
      ['lead', nine],
      ['lead #2', again],
      ['lead #3', third],
      ['1d over', nextDay],
      ['1d over #2', atEarliest(watch, (watch.steps['1d over'] ?? nextDay) + 7 * DAY)],
    ]
  },
  'ola/ownership': (watch) => [percent(watch, 80), breach(watch), ['2wh over', reaching(watch, watch.targetMs + 2 * HOUR)]],
  'hands/holding': (watch) => [percent(watch, 100), breach(watch), ['1h over', late(watch, HOUR)]],
}

/** Lets time pass on a watch: what it reaches on the way is written down. */
function pass(name: string, watch: Watch, to: number): void {
  if (watch.phase !== 'running') return
  const due = dueOf(watch)
  for (const [step, at] of ladders[name]!(watch)) {
    if (at > to || Object.hasOwn(watch.steps, step)) continue
    watch.steps[step] = at
    if (step === 'over') watch.missedAt = due
  }
}

/** From here on the watch does something else: a stretch ends, and what it came to is added up. */
function turn(watch: Watch, at: number, to: Partial<Watch>): void {
  if (Object.entries(to).every(([name, value]) => watch[name as keyof Watch] === value)) return
  if (watch.phase === 'running') watch.workedMs += worked(watch.since, at)
  Object.assign(watch, to, { since: at })
}

export function recountLevels(file: string): { readonly tickets: ReadonlyMap<string, readonly JudgedClock[]>; readonly end: number } {
  const rows = (parse(readFileSync(file), { columns: true, bom: true }) as Row[]).map((row) => ({
    row,
    at: localTime(row['Complete Timestamp']!),
  }))
  const end = Math.max(...rows.map((one) => one.at))
  const tickets = new Map<string, readonly JudgedClock[]>()
  for (const [id, mine] of Map.groupBy(rows, (one) => one.row['Case ID']!)) {
    const inTime = [...mine].sort((a, b) => a.at - b.at)
    tickets.set(
      id,
      Object.keys(ladders).flatMap((name) => judge(name, inTime, end)),
    )
  }
  return { tickets, end }
}

const ENDS = ['Resolve ticket', 'Closed']

/** All cycles of one clock of a ticket. */
function judge(name: string, rows: readonly { readonly row: Row; readonly at: number }[], end: number): readonly JudgedClock[] {
  const cycles: Watch[] = []
  let waiting = false
  const targetOf = ({ service_level: level = '', workgroup: group = '' }: Row): number => {
    if (name === 'time-to-own') return OWN[level]! * HOUR
    if (name === 'resolution') return RESOLVE[level]! * HOUR
    return name === 'ola/ownership' ? (GROUP[group] ?? 20) * HOUR : 18 * HOUR
  }
  const partyOf = (row: Row): string | null => (name === 'ola/ownership' ? row.workgroup! : name === 'hands/holding' ? row.Resource! : null)
  const begin = (row: Row, at: number) => {
    const phase = waiting ? 'paused' : 'running'
    cycles.push({ party: partyOf(row), phase, since: at, workedMs: 0, targetMs: targetOf(row), missedAt: null, steps: {}, stoppedAt: null })
  }
  for (const { row, at } of rows) {
    for (const watch of cycles) pass(name, watch, at)
    const activity = row.Activity!
    if (activity === 'Wait') waiting = true
    if (activity === 'Take in charge ticket' || ENDS.includes(activity)) waiting = false
    const stops = ENDS.includes(activity) || (name === 'time-to-own' && activity === 'Take in charge ticket')
    const reopens = activity === 'Take in charge ticket' && name !== 'time-to-own'
    let watch = cycles.at(-1)
    if (!watch) {
      begin(row, at)
      watch = cycles[0]!
      if (stops) turn(watch, at, { phase: 'stopped', stoppedAt: at })
    } else if (watch.phase === 'stopped') {
      if (reopens && partyOf(row) !== watch.party) begin(row, at)
      else if (reopens) turn(watch, at, { phase: waiting ? 'paused' : 'running', stoppedAt: null, targetMs: targetOf(row) })
    } else if (stops) turn(watch, at, { phase: 'stopped', stoppedAt: at })
    else if (partyOf(row) !== watch.party) {
      turn(watch, at, { phase: 'stopped', stoppedAt: at })
      begin(row, at)
    } else turn(watch, at, { phase: waiting ? 'paused' : 'running', targetMs: targetOf(row) })
    for (const one of cycles) pass(name, one, at)
  }
  return cycles.map((watch, n): JudgedClock => {
    pass(name, watch, end)
    const { party, targetMs, stoppedAt, steps } = watch
    const workedMs = watch.workedMs + (watch.phase === 'running' ? worked(watch.since, end) : 0)
    const breachedAt = steps.over ?? null
    const over = breachedAt !== null || workedMs > targetMs
    const state = over ? 'breached' : watch.phase === 'stopped' ? 'met' : watch.phase
    const dueAt = watch.phase === 'running' ? dueOf(watch) : null
    return { name, cycle: n + 1, party, targetMs, workedMs, stoppedAt, state, breachedAt, dueAt, steps }
  })
}
