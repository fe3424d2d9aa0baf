import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage, type Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import { countAttainment } from '@patronkit/sla-engine/report'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { reportFrom } from '../src/commands/sla-report.ts'
import type { Report } from '../src/report/model.ts'
import { clock, everyEvent, everyItem, hasRealLog, helpdesk, REAL_LOG } from './helpdesk.ts'
import { recount } from './recount.ts'

async function chain(storage: Storage): Promise<Report> {
  return reportFrom({ log: REAL_LOG, definitions: helpdesk(), tenant: 'desk', storage, clock, random: seededRandom(1) })
}

// Without the real log beside the checkout these facts are left out; the simulated log covers the same chain.
if (!hasRealLog) console.info('left out: the real help-desk log is not beside this checkout (../shared/data/helpdesk/helpdesk.csv)')
describe.skipIf(!hasRealLog)('the real help-desk log', () => {
  const memory = memoryStorage()
  let report: Report
  beforeAll(async () => {
    report = await chain(memory)
  })

  test('every row is used', () => {
    expect(report).toMatchObject({ rowsRead: 21_348, rowsUsed: 21_348, rowsRefused: 0, total: { tickets: 4_580 } })
  })

  test('every ticket agrees with a slow recount that shares no code', async () => {
    const { tickets, end } = recount(REAL_LOG)
    expect(report.asOf).toBe(new Date(end).toISOString())
    const items = await everyItem(memory, report.asOf)
    expect(items.size).toBe(tickets.size)
    const differing: unknown[] = []
    for (const [id, expected] of tickets) {
      for (const [metric, { workedMs, stopped, breached }] of Object.entries(expected.metrics)) {
        const clock = items.get(id)!.clocks.find((candidate) => candidate.metric === metric)!
        const got = { workedMs: clock.workedMs, stopped: clock.stoppedAt !== null, breached: clock.state === 'breached' }
        if (got.workedMs !== workedMs || got.stopped !== stopped || got.breached !== breached) differing.push({ id, metric, expected, got })
      }
    }
    expect(differing).toEqual([])
    figure('tickets of the real log judged alike by a separate recount', tickets.size, 'tickets')
  })

  test('the figures of each level and month are those of the recount', () => {
    const { tickets } = recount(REAL_LOG)
    const rows = [
      ...report.levels.map((row) => ({ row, mine: [...tickets.values()].filter((ticket) => ticket.level === row.of) })),
      ...report.months.map((row) => ({ row, mine: [...tickets.values()].filter((ticket) => ticket.month === row.of) })),
    ]
    for (const { row, mine } of rows) {
      expect(row.tickets).toBe(mine.length)
      for (const metric of report.metrics) {
        const breached = mine.filter((ticket) => ticket.metrics[metric]!.breached).length
        const met = mine.filter((ticket) => ticket.metrics[metric]!.stopped && !ticket.metrics[metric]!.breached).length
        expect(row.metrics[metric]).toMatchObject({ met, breached, open: mine.length - met - breached })
      }
    }
  })

  test('a report by level, metric and month of opening is that of the recount', async () => {
    const { tickets } = recount(REAL_LOG)
    const count = countAttainment({
      by: [{ attribute: 'service_level' }, 'metric', { period: 'month', of: 'opened' }],
      zone: 'Europe/Rome',
      percentiles: [100],
    })
    for (const item of (await everyItem(memory, report.asOf)).values()) count.add(item)
    const clocks = [...tickets.values()].flatMap(({ level, month, metrics }) =>
      Object.entries(metrics).map(([metric, clock]) => ({ key: JSON.stringify([level, metric, month]), ...clock })),
    )
    const expected = [...Map.groupBy(clocks, ({ key }) => key)].map(([key, some]) => {
      const breached = some.filter((clock) => clock.breached).length
      const met = some.filter((clock) => clock.stopped && !clock.breached).length
      const longest = Math.max(...some.filter(({ stopped }) => stopped).map(({ workedMs }) => workedMs))
      return [key, met, breached, some.length - met - breached, Number.isFinite(longest) ? longest : null]
    })
    const { rows, total } = count.report()
    const got = rows.map(({ of, met, breached, open, percentiles }) => [JSON.stringify(of), met, breached, open, percentiles.p100])
    expect(got.sort()).toEqual(expected.sort())
    expect(total.clocks).toBe(clocks.length)
  })

  test('each explanation of a worst ticket adds up to its time to the millisecond', () => {
    expect(report.worst.length).toBeGreaterThan(0)
    for (const { explanation, workedMs } of report.worst) {
      const counted = explanation.lines.filter((line) => line.code === 'sla/counted')
      expect(counted.reduce((sum, line) => sum + (line.data.ms as number), 0)).toBe(workedMs)
    }
  })

  test('memory and SQLite give equal events and an equal report, and a second run changes nothing', async () => {
    const began = performance.now()
    const sqlite = sqliteStorage({ file: join(mkdtempSync(join(tmpdir(), 'patronkit-')), 'desk.db') })
    expect(await chain(sqlite)).toEqual(report)
    figure('the real log into SQLite with clocks and report, 21,348 rows', Number(((performance.now() - began) / 1_000).toFixed(1)), 's')
    expect(await chain(sqlite)).toEqual(report)
    const events = await everyEvent(sqlite)
    expect(events.length).toBeGreaterThan(4_580)
    expect(events).toEqual(await everyEvent(memory))
    await sqlite.close()
  })
})
