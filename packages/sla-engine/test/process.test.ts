import { alwaysOpen, compileCalendar, defineCalendar } from '@patronkit/business-time'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { compareProcess, countProcess, explainComparison, type Trace, traceOf } from '../src/process.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const MONDAY = Date.UTC(2026, 10, 23)
const hours: [string, string][] = [['09:00', '17:00']]
const office = compileCalendar({
  calendar: defineCalendar({ id: 'office', zone: 'UTC', week: { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours } }),
})

/** `trace('created@9 ann', 'closed@11 bo')`: hours since Monday. */
const trace = (...activities: readonly string[]): Trace => ({
  item: activities.join(),
  activities: activities.map((text) => {
    const [what, by = null] = text.split(' ')
    const [type, at] = what!.split('@')
    return { type: type!, at: MONDAY + Number(at) * HOUR, by: by ?? null }
  }),
})
const reportOf = (traces: readonly Trace[], needless: readonly string[] = []) => {
  const count = countProcess({ calendar: office, needless })
  for (const one of traces) count.add(one)
  return count.report()
}

describe('a process report', () => {
  test('counts variants, the most frequent first, with their median length', () => {
    const { variants, items } = reportOf([trace('a@9', 'b@11'), trace('a@9', 'b@33'), trace('a@9'), trace('a@10', 'b@11'), trace()])
    expect(items).toBe(4)
    expect(variants).toEqual([
      { activities: ['a', 'b'], items: 3, share: 3 / 4, medianMs: 2 * HOUR, medianWorkedMs: 2 * HOUR },
      { activities: ['a'], items: 1, share: 1 / 4, medianMs: 0, medianWorkedMs: 0 },
    ])
  })

  test('tells waiting overnight from waiting in working time', () => {
    const { steps } = reportOf([trace('a@16', 'b@34'), trace('a@16', 'b@17', 'a@17', 'b@17')])
    expect(steps).toEqual([
      {
        from: 'a',
        to: 'b',
        count: 3,
        items: 2,
        wall: { medianMs: HOUR, p90Ms: 18 * HOUR, totalMs: 19 * HOUR },
        working: { medianMs: HOUR, p90Ms: 2 * HOUR, totalMs: 3 * HOUR },
      },
      expect.objectContaining({ from: 'b', to: 'a', count: 1, items: 1 }),
    ])
  })

  test('tells what was done again at once from what came round again', () => {
    const { rework } = reportOf([trace('a@1', 'b@2', 'b@3', 'a@4', 'b@5'), trace('a@1', 'b@2'), trace('b@1', 'b@2')])
    expect(rework).toEqual({
      items: 2,
      share: 2 / 3,
      activities: [
        { activity: 'b', items: 2, straight: 2, later: 1 },
        { activity: 'a', items: 1, straight: 0, later: 1 },
      ],
    })
  })

  test('counts hand-overs past activities that nobody is known to have done, and those that go back', () => {
    const { handOvers } = reportOf([trace('a@1 ann', 'x@2', 'b@3 ann', 'c@5 bo', 'd@6', 'e@9 ann', 'f@10 chen'), trace('a@1 ann', 'b@2')])
    expect(handOvers).toEqual({
      count: 3,
      items: 1,
      back: 1,
      backMs: 4 * HOUR,
      pairs: [
        { from: 'ann', to: 'bo', count: 1 },
        { from: 'ann', to: 'chen', count: 1 },
        { from: 'bo', to: 'ann', count: 1 },
      ],
    })
  })

  test('names steps that could be left out, with the working time before them', () => {
    const { needless } = reportOf([trace('a@9 ann', 'a@11 ann', 'a@12 bo', 'ping@14 bo')], ['ping'])
    expect(needless).toEqual({
      count: 2,
      items: 1,
      workedMs: 4 * HOUR,
      activities: [
        { activity: 'a', because: 'again', count: 1, workedMs: 2 * HOUR },
        { activity: 'ping', because: 'declared', count: 1, workedMs: 2 * HOUR },
      ],
    })
  })

  test('facts become a trace in the order in which they happened, by own keys only', () => {
    const facts = [
      { type: 'closed', at: '2026-11-23T12:00:00Z', data: { agent: 'bo' } },
      { type: 'created', at: new Date(MONDAY), data: { agent: 7 } },
      { type: 'viewed', at: MONDAY + 1 },
    ]
    expect(traceOf({ item: 'T-1', facts, by: 'data.agent', leaveOut: ['viewed'] }).activities).toEqual([
      { type: 'created', at: MONDAY, by: '7' },
      { type: 'closed', at: MONDAY + 12 * HOUR, by: 'bo' },
    ])
    expect(traceOf({ item: 'T-1', facts, by: 'data.constructor.name' }).activities.map(({ by }) => by)).toEqual([null, null, null])
  })

  test('is what a plain recount says, for any traces', () => {
    const activity = fc.record({
      type: fc.constantFrom('a', 'b', 'c', '__proto__'),
      at: fc.integer({ min: 0, max: 20 * 24 * 60 }).map((minutes) => MONDAY + minutes * MINUTE),
      by: fc.constantFrom('ann', 'bo', 'chen', null),
    })
    const traces = fc.array(
      fc.array(activity, { maxLength: 8 }).map((activities) => ({ item: 'x', activities: activities.sort((a, b) => a.at - b.at) })),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(traces, (all) => {
        const report = reportOf(all, ['c'])
        const some = all.filter(({ activities }) => activities.length > 0)
        const types = some.map(({ activities }) => activities.map(({ type }) => type).join())
        expect(report.items).toBe(some.length)
        expect(report.variants.map(({ activities, items }) => [activities.join(), items])).toEqual(
          [...new Set(types)]
            .map((variant) => [variant, types.filter((one) => one === variant).length] as const)
            .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)),
        )
        for (const step of report.steps) {
          const pairs = some
            .flatMap(({ activities }) => activities.slice(1).map((to, n) => [activities[n]!, to] as const))
            .filter(([a, b]) => a.type === step.from && b.type === step.to)
          expect(step.count).toBe(pairs.length)
          expect(step.wall.totalMs).toBe(pairs.reduce((sum, [a, b]) => sum + b.at - a.at, 0))
          const minutes = (from: number, to: number) => {
            let open = 0
            for (let at = from; at < to; at += MINUTE)
              if (new Date(at).getUTCHours() >= 9 && new Date(at).getUTCHours() < 17 && new Date(at).getUTCDay() % 6 !== 0) open++
            return open * MINUTE
          }
          expect(step.working.totalMs).toBe(pairs.reduce((sum, [a, b]) => sum + minutes(a.at, b.at), 0))
        }
        expect(report.steps.reduce((sum, { count }) => sum + count, 0)).toBe(report.activities - report.items)
        const twice = some.filter(({ activities }) => new Set(activities.map(({ type }) => type)).size < activities.length)
        expect(report.rework.items).toBe(twice.length)
        const holders = some.map(({ activities }) =>
          activities
            .map(({ by }) => by)
            .filter((by) => by !== null)
            .filter((by, n, known) => by !== known[n - 1]),
        )
        expect(report.handOvers.count).toBe(holders.reduce((sum, one) => sum + Math.max(0, one.length - 1), 0))
        expect(report.handOvers.back).toBe(holders.reduce((sum, one) => sum + one.filter((by, n) => n > 1 && by === one[n - 2]).length, 0))
        const again = some.flatMap(({ activities }) =>
          activities.filter(
            ({ type, by }, n) => type === 'c' || (n > 0 && activities[n - 1]!.type === type && activities[n - 1]!.by === by),
          ),
        )
        expect(report.needless.count).toBe(again.length)
      }),
      runs(1_000, 'random sets of traces whose process is recounted'),
    )
  })
})

describe('before and after a change', () => {
  const DAY = 24 * HOUR
  const change = MONDAY
  const took = (begin: number, hoursTaken: number, ...between: readonly string[]): Trace => ({
    item: `${begin} ${hoursTaken}`,
    activities: [
      { type: 'created', at: begin, by: 'ann' },
      ...between.map((type) => ({ type, at: begin + 1, by: 'ann' })),
      { type: 'closed', at: begin + hoursTaken * HOUR, by: 'ann' },
    ],
  })
  const compare = (traces: readonly Trace[], asOf = MONDAY + 60 * DAY) =>
    compareProcess({ traces, changedAt: change, asOf, calendar: alwaysOpen, ends: ['closed'] })

  test('half the time taken is better beyond doubt, and the difference is that of the medians', () => {
    const traces = Array.from({ length: 60 }, (_, n) => [
      took(change - 50 * DAY + n * HOUR, 40 + (n % 21)),
      took(change + n * HOUR, 20 + (n % 21)),
    ]).flat()
    const { effects, before, after } = compare(traces)
    expect([before, after]).toEqual([
      { items: 60, ended: 60 },
      { items: 60, ended: 60 },
    ])
    const [throughput] = effects
    expect(throughput).toMatchObject({ figure: 'throughput', verdict: 'better', change: { value: -20 * HOUR } })
    expect(throughput!.change!.low! < -20 * HOUR && throughput!.change!.high! > -20 * HOUR && throughput!.change!.high! < 0).toBe(true)
  })

  test('the same before and after stays unclear', () => {
    const traces = Array.from({ length: 40 }, (_, n) => [
      took(change - 50 * DAY + n * HOUR, 20 + (n % 21)),
      took(change + n * HOUR, 20 + (n % 21)),
    ]).flat()
    expect(compare(traces).effects.map(({ verdict }) => verdict)).toEqual(Array(6).fill('unclear'))
  })

  test('slow items that are still open make the new way no faster', () => {
    // half of the new items end after ten hours, half are open after fifty days
    const before = Array.from({ length: 40 }, (_, n) => took(change - 90 * DAY + n * HOUR, 100))
    const after = Array.from({ length: 40 }, (_, n): Trace => {
      const whole = took(change + n * HOUR, 10)
      return n % 2 ? whole : { ...whole, activities: whole.activities.slice(0, 1) }
    })
    const [throughput] = compare([...before, ...after, took(change + 40 * HOUR, 10)], change + 50 * DAY).effects
    // of those that ended the median would be 10 h; of all it is 10 h too, but how long the slow half takes nobody knows
    expect(throughput).toMatchObject({ verdict: 'unclear', after: { value: 10 * HOUR, high: null } })
  })

  test('an item that was open at the change says of the old way only that it took longer than until then', () => {
    const { before, effects } = compare([
      took(change - 10 * HOUR, 500),
      took(change - 100 * DAY, 3),
      took(change - 100 * DAY, 5),
      took(change + HOUR, 4),
    ])
    expect(before).toEqual({ items: 3, ended: 2 })
    expect(effects[0]!.before!.value).toBe(5 * HOUR)
  })

  test('shares carry Newcombe’s interval of their difference', () => {
    const reworked = (n: number, of: number, begin: number) =>
      Array.from({ length: of }, (_, at) => took(begin + at, 1, ...(at < n ? ['look', 'look'] : ['look'])))
    const { effects } = compare([...reworked(48, 80, change - 90 * DAY), ...reworked(56, 70, change + HOUR)])
    const rework = effects.find(({ figure }) => figure === 'rework')!
    // Newcombe (1998), table II, method 10: 56/70 − 48/80
    expect(rework.change!.value).toBeCloseTo(0.2, 10)
    expect([rework.change!.low!.toFixed(4), rework.change!.high!.toFixed(4)]).toEqual(['0.0524', '0.3339'])
    expect(rework.verdict).toBe('worse')
  })

  test('says itself in words, also where nothing has ended', () => {
    const { effects } = compare([])
    expect(effects.every(({ change: none, verdict }) => none === null && verdict === 'unclear')).toBe(true)
    const traces = Array.from({ length: 40 }, (_, n) => [took(change - 50 * DAY + n * HOUR, 40), took(change + n * HOUR, 20)]).flat()
    const comparison = compare(traces)
    const english = explainComparison({ comparison })
    expect(english.summary).toBe('40 items before the change, 40 of them ended; 40 after it, 40 ended')
    expect(english.lines[0]!.text).toBe('time from first to last, median: 40 h → 20 h, −20 h (−20 h … −20 h), better')
    expect(english.lines[2]!.text).toBe('items with something done twice: 0.0 % → 0.0 %, +0.0 points (−8.8 points … +8.8 points), unclear')
    expect(explainComparison({ comparison, locale: 'zh-CN' }).lines[0]!.text).toBe(
      '全程时长（中位数）：40 小时 → 20 小时，−20 小时（−20 小时 … −20 小时），改善',
    )
    expect(explainComparison({ comparison: compare([]) }).lines[0]!.text).toBe('time from first to last, median: not enough has ended')
  })
})
