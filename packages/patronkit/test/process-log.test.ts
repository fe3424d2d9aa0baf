import { readFileSync } from 'node:fs'
import { compileCalendar } from '@patronkit/business-time'
import { compareProcess, countProcess, type Trace, traceOf } from '@patronkit/sla-engine/process'
import { parse } from 'csv-parse/sync'
import { beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { readLog, type UsedRow } from '../src/log/read-log.ts'
import { processFigures } from '../src/report/process.ts'
import { hasRealLog, helpdesk, REAL_LOG } from './helpdesk.ts'
import { localTime, worked } from './recount.ts'

interface Row {
  readonly item: string
  readonly type: string
  readonly by: string
  readonly at: number
}

/** The log read a second time, without the packages: cases in order of time, ties in order of the file. */
function casesOf(file: string, typeOf: (activity: string) => string): readonly (readonly Row[])[] {
  const rows = parse(readFileSync(file), { columns: true, bom: true }) as { [column: string]: string }[]
  const read = rows.map(
    (row): Row => ({
      item: row['Case ID']!,
      type: typeOf(row.Activity!),
      by: row.Resource!,
      at: localTime(row['Complete Timestamp']!),
    }),
  )
  // what happened in one second has no order in the log but that of its rows, which the report does not go by
  const inOrder = (a: Row, b: Row): number => a.at - b.at || order(a.type, b.type) || order(a.by, b.by)
  return [...Map.groupBy(read, ({ item }) => item).values()].map((mine) => mine.toSorted(inOrder))
}

const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

const middle = (figures: readonly number[]): number => {
  const sorted = figures.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

if (!hasRealLog) console.info('left out: the real help-desk log is not beside this checkout (../shared/data/helpdesk/helpdesk.csv)')
describe.skipIf(!hasRealLog)('the process of the real help-desk log', () => {
  const { mapping, calendar } = helpdesk()
  const office = compileCalendar({ calendar })
  const rows: UsedRow[] = []
  const figures = processFigures(calendar)
  let traces: readonly Trace[]
  let cases: readonly (readonly Row[])[]

  beforeAll(async () => {
    for await (const row of readLog(REAL_LOG, { ...mapping, by: 'Resource' }, () => undefined)) if ('used' in row) rows.push(row.used)
    traces = [...Map.groupBy(rows, ({ item }) => item.id)].map(([item, mine]) =>
      traceOf({ item, facts: mine.map(({ fact, by }) => ({ ...fact, data: { by } })), by: 'data.by' }),
    )
    for (const row of [...rows, ...rows.slice(0, 1_000)]) figures.add(row)
    cases = casesOf(REAL_LOG, (activity) => mapping.facts[activity]!.type)
  })

  function report() {
    const count = countProcess({ calendar: office })
    for (const trace of traces) count.add(trace)
    return count.report()
  }

  test('has the cases and variants of the recount, each as often', () => {
    const { items, activities, variants } = report()
    expect([items, activities]).toEqual([4_580, 21_348])
    const byVariant = Map.groupBy(cases, (rows) => rows.map(({ type }) => type).join(' > '))
    expect(variants).toHaveLength(byVariant.size)
    for (const variant of variants) {
      const mine = byVariant.get(variant.activities.join(' > '))!
      expect(variant.items).toBe(mine.length)
      expect(variant.medianMs).toBe(middle(mine.map((rows) => rows.at(-1)!.at - rows[0]!.at)))
    }
    figure('variants of the real log counted alike by a separate recount', variants.length, 'variants')
  })

  test('in the report is that of rows that are told apart: the same row twice is one fact', () => {
    const once = countProcess({ calendar: office })
    for (const [item, mine] of Map.groupBy(rows, (row) => row.item.id)) {
      const different = [...new Map(mine.map((row) => [row.fact.id, row])).values()]
      once.add(traceOf({ item, facts: different.map(({ fact, by }) => ({ ...fact, data: { by } })), by: 'data.by' }))
    }
    expect(figures.report()).toEqual(once.report())
  })

  test('waits between steps as the recount does, in wall time and hour by hour of the calendar', () => {
    const { steps } = report()
    const pairs = cases.flatMap((rows) => rows.slice(1).map((to, n) => [rows[n]!, to] as const))
    const byPair = Map.groupBy(pairs, ([from, to]) => `${from.type} > ${to.type}`)
    expect(steps).toHaveLength(byPair.size)
    for (const { from, to, count, items, wall, working } of steps) {
      const mine = byPair.get(`${from} > ${to}`)!
      const waits = mine.map(([a, b]) => b.at - a.at)
      const works = mine.map(([a, b]) => worked(a.at, b.at))
      expect({ count, items: items, wall: wall.medianMs, worked: working.medianMs, total: working.totalMs }).toEqual({
        count: mine.length,
        items: new Set(mine.map(([a]) => a.item)).size,
        wall: middle(waits),
        worked: middle(works),
        total: works.reduce((sum, ms) => sum + ms, 0),
      })
    }
  })

  test('rework and hand-overs are those of the recount', () => {
    const { rework, handOvers, needless } = report()
    expect(rework.items).toBe(cases.filter((rows) => new Set(rows.map(({ type }) => type)).size < rows.length).length)
    const repeats = cases.reduce((sum, rows) => sum + rows.length - new Set(rows.map(({ type }) => type)).size, 0)
    expect(rework.activities.reduce((sum, { straight, later }) => sum + straight + later, 0)).toBe(repeats)
    const changes = cases.flatMap((rows) => rows.slice(1).filter(({ by }, n) => by !== rows[n]!.by))
    expect(handOvers.count).toBe(changes.length)
    const again = cases.flatMap((rows) => rows.slice(1).filter(({ type, by }, n) => type === rows[n]!.type && by === rows[n]!.by))
    expect(needless.count).toBe(again.length)
  })

  test('before and after the middle of 2012 has the medians of a plain product-limit recount', () => {
    const changedAt = Date.parse('2012-07-01T00:00:00+02:00')
    const asOf = Math.max(...cases.flatMap((rows) => rows.map(({ at }) => at)))
    const { effects, before, after } = compareProcess({ traces, changedAt, asOf, calendar: office, ends: ['closed'] })
    const sides = [
      { got: before, effect: effects[0]!.before, until: changedAt, mine: cases.filter((rows) => rows[0]!.at < changedAt) },
      { got: after, effect: effects[0]!.after, until: asOf, mine: cases.filter((rows) => rows[0]!.at >= changedAt) },
    ]
    for (const { got, effect, until, mine } of sides) {
      const lives = mine.map((rows) => {
        const ended = rows.at(-1)!.type === 'closed' && rows.at(-1)!.at <= until
        return { ended, ms: (ended ? rows.at(-1)!.at : until) - rows[0]!.at }
      })
      expect(got).toEqual({ items: mine.length, ended: lives.filter(({ ended }) => ended).length })
      let share = 1
      const lengths = [...new Set(lives.filter(({ ended }) => ended).map(({ ms }) => ms))].sort((a, b) => a - b)
      const median = lengths.find((ms) => {
        share *= 1 - lives.filter((life) => life.ended && life.ms === ms).length / lives.filter((life) => life.ms >= ms).length
        return share <= 0.5
      })
      expect(effect!.value).toBe(median)
      expect(effect!.low <= median! && median! <= effect!.high!).toBe(true)
    }
  })
})
