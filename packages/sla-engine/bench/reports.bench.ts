import { defineCalendar } from '@patronkit/business-time'
import type { ClockView } from '@patronkit/sla-engine'
import { learnPace } from '@patronkit/sla-engine/forecast'
import { countProcess, type Trace } from '@patronkit/sla-engine/process'
import { type CountedItem, countAttainment } from '@patronkit/sla-engine/report'
import { defineServiceLevel, judgeServiceLevel } from '@patronkit/sla-engine/service-level'
import { interleave, machine, table, time } from '../../../bench/measure.ts'

/** Numerical Recipes' generator, so that every run measures the same. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const CLOCKS = 100_000
const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)
const random = sequence(1)
const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!

function clock(metric: string, opened: number): ClockView {
  const workedMs = Math.floor(random() * 12 * HOUR)
  const targetMs = 8 * HOUR
  const running = random() < 0.1
  const state = workedMs > targetMs ? 'breached' : running ? 'running' : 'met'
  return {
    agreement: 'sla',
    metric,
    cycle: 1,
    party: null,
    policy: { id: oneOf(['gold', 'silver', 'iron']), version: 1 },
    state,
    startedAt: new Date(opened),
    stoppedAt: running ? null : new Date(opened + 2 * workedMs),
    dueAt: state === 'running' ? new Date(opened + 3 * targetMs) : null,
    breachedAt: state === 'breached' ? new Date(opened + 2 * targetMs) : null,
    targetMs,
    workedMs,
    leftMs: targetMs - workedMs,
  }
}

const items: readonly CountedItem[] = Array.from({ length: CLOCKS / 2 }, (_, n) => {
  const opened = START + Math.floor(random() * 365 * 24 * HOUR)
  return {
    item: { type: 'ticket', id: `T-${n}` },
    attributes: { priority: oneOf(['P1', 'P2', 'P3', 'P4']), customer: `c${Math.floor(random() * 300)}` },
    openedAt: new Date(opened),
    clocks: [clock('first-reply', opened), clock('resolution', opened)],
  }
})

const traces: readonly Trace[] = Array.from({ length: 20_000 }, (_, n) => {
  const opened = START + Math.floor(random() * 365 * 24 * HOUR)
  const activities = Array.from({ length: 5 }, (_, step) => ({
    type: oneOf(['created', 'assigned', 'waiting', 'resolved', 'closed']),
    at: opened + step * 20 * HOUR + Math.floor(random() * 20 * HOUR),
    by: oneOf(['a', 'b', 'c']),
  }))
  return { item: `T-${n}`, activities }
})
const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']], wed: [['09:00', '17:00']] } })
const level = defineServiceLevel({ id: 'p', metric: 'resolution', per: 'customer', share: '0.95', period: 'month', zone: 'Europe/Rome' })

function attainment(): number {
  const count = countAttainment({ by: ['metric', { attribute: 'priority' }, { period: 'month', of: 'opened' }], zone: 'Europe/Rome' })
  for (const item of items) count.add(item)
  return count.report().total.met
}

function promises(): number {
  const count = judgeServiceLevel({
    serviceLevel: level,
    asOf: START + 366 * 24 * HOUR,
    fee: () => ({ amount: '1000.00', currency: 'EUR' }),
  })
  for (const item of items) count.add(item)
  return count.judgements().length
}

function forecasts(): number {
  const count = learnPace({ by: ['metric', { attribute: 'priority' }] })
  for (const item of items) count.add(item)
  const pace = count.pace({ at: START })
  return items.reduce((sum, item) => sum + pace.forecast(item).length, 0)
}

function process(): number {
  const count = countProcess({ calendar: office })
  for (const trace of traces) count.add(trace)
  return count.report().variants.length
}

/** What one would write for the report alone: totals by a key of text, times sorted at the end. */
function byHand(): number {
  const cells = new Map<string, { met: number; breached: number; open: number; over: number; worked: number[] }>()
  for (const { attributes, openedAt, clocks } of items) {
    for (const one of clocks) {
      const key = `${one.metric}|${attributes.priority}|${openedAt.toISOString().slice(0, 7)}`
      const cell = cells.get(key) ?? { met: 0, breached: 0, open: 0, over: 0, worked: [] }
      cells.set(key, cell)
      if (one.state === 'met') cell.met++
      else if (one.state === 'breached') cell.breached++
      else cell.open++
      if (one.state === 'breached') cell.over -= one.leftMs!
      if (one.stoppedAt) cell.worked.push(one.workedMs)
    }
  }
  let met = 0
  for (const cell of cells.values()) {
    cell.worked.sort((a, b) => a - b)
    met += cell.met
  }
  return met
}

/** Measures and prints; false where a target is missed. */
export function run(): boolean {
  if (attainment() !== byHand()) throw new Error('the report and the loop by hand count differently')
  const contenders = [
    { name: '100,000 clocks into a report by metric, priority and month, with percentiles', times: 1, run: attainment },
    { name: 'the same by hand, months of UTC', times: 1, run: byHand },
    { name: '100,000 clocks judged by month and 300 customers, with credits', times: 1, run: promises },
    { name: '100,000 clocks learned, those that are open forecast', times: 1, run: forecasts },
    { name: '20,000 traces of 5 activities into a process report', times: 1, run: process },
  ]
  const ns = interleave(contenders, 15)
  console.log(
    table(
      ['pure, no storage', 'median of 15 rounds'],
      contenders.map(({ name }) => [name, time(ns.get(name)!)]),
    ),
  )
  console.log(`\n${machine()}.`)
  const report = ns.get(contenders[0]!.name)!
  const met = report < 200e6
  console.log(`${met ? 'met   ' : 'MISSED'} a report over 100,000 clocks in less than 200 ms: ${time(report)}`)
  return met
}
