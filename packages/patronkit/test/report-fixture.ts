import type { Explanation } from '@patronkit/core'
import type { Attainment, Report, Row } from '../src/report/model.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const of = (met: number, breached: number, medianHours: number | null = 4): Attainment => ({
  met,
  breached,
  open: 1,
  share: met + breached === 0 ? null : (met / (met + breached)).toFixed(4),
  medianMs: medianHours === null ? null : medianHours * HOUR,
  p90Ms: medianHours === null ? null : medianHours * 3 * HOUR,
})

const row = (name: string | null, tickets: number, own: Attainment, resolution: Attainment): Row => ({
  of: name,
  tickets,
  metrics: { 'time-to-own': own, resolution },
})

/** So many days of eight counted hours, 08:00 to 16:00 in UTC, each with the sixteen behind it. */
const explanationOf = (id: string, days: number): Explanation => {
  const start = Date.parse('2025-01-06T08:00:00Z')
  const line = (code: string, from: number, to: number) => ({
    code,
    text: '',
    data: { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ms: to - from, because: 'f1' },
  })
  const lines = Array.from({ length: days }, (_, n) => start + n * DAY).flatMap((at) => [
    line('sla/counted', at, at + 8 * HOUR),
    line('sla/shut', at + 8 * HOUR, at + DAY),
  ])
  const clock = { agreement: 'sla', metric: 'resolution', party: null, cycle: 1, state: 'breached', dueAt: null, agreed: false }
  const lengths = { targetMs: 16 * HOUR, workedMs: days * 8 * HOUR, leftMs: (16 - days * 8) * HOUR }
  return { summary: '', about: { code: 'sla/clock', text: '', data: { item: { type: 'ticket', id }, ...clock, ...lengths } }, lines }
}

/** A small report; every text that a log decides is the caller's. */
export function reportOf(names: { readonly id: string; readonly level: string; readonly month: string }): Report {
  const { id, level, month } = names
  const total = row(null, 62, of(40, 20), of(45, 15))
  return {
    asOf: '2025-03-01T00:00:00.000Z',
    zone: 'UTC',
    policies: ['desk v1'],
    rowsRead: 1_234,
    rowsUsed: 1_230,
    rowsRefused: 4,
    levelAttribute: 'service_level',
    metrics: ['time-to-own', 'resolution'],
    total,
    levels: [row(level, 41, of(30, 10), of(20, 12)), row('basic', 21, of(10, 10), of(25, 3))],
    months: [row('2025-01', 30, of(25, 5), of(25, 5)), row(month, 32, of(15, 15), of(0, 0, null))],
    levelMonths: [
      [row(level, 20, of(15, 5), of(12, 8)), row(level, 21, of(15, 5), of(0, 0, null))],
      [row('basic', 10, of(10, 0), of(10, 0)), null],
    ],
    process: null,
    worst: [1, 20, 90].map((days) => ({
      id: `${id} ${days}`,
      level,
      metric: 'resolution',
      workedMs: days * 8 * HOUR,
      targetMs: 16 * HOUR,
      explanation: explanationOf(id, days),
    })),
  }
}
