import { field } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { percentileOf } from '../src/figures/percentile.ts'
import { periodsOf } from '../src/figures/period.ts'
import type { ClockView } from '../src/index.ts'
import { type CountedItem, countAttainment, type Dimension } from '../src/report.ts'
import { clockOf, HOUR, itemOf, items } from './items.ts'

const monthIn = (zone: string, at: Date): string => {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit' }).format(at)
  return parts.slice(0, 7)
}

describe('a report of attainment', () => {
  test('counts what was kept, broken, is open and was left out', () => {
    const count = countAttainment({ by: [{ attribute: 'priority' }] })
    count.add(itemOf('1', [clockOf({ workedMs: 1 * HOUR }), clockOf({ state: 'breached', workedMs: 6 * HOUR })], { priority: 'P1' }))
    count.add(
      itemOf('2', [clockOf({ state: 'running' }), clockOf({ state: 'cancelled' }), clockOf({ state: 'stopped', targetMs: null })], {
        priority: 'P2',
      }),
    )
    count.add(itemOf('3', [clockOf({ workedMs: 3 * HOUR })], { priority: 'P1' }))
    const { total, rows } = count.report()
    expect(total).toEqual({
      clocks: 6,
      met: 2,
      breached: 1,
      open: 1,
      excluded: 2,
      share: 2 / 3,
      overMs: 2 * HOUR,
      percentiles: { p50: HOUR, p90: 6 * HOUR },
    })
    expect(rows.map(({ of, met, breached, open, excluded }) => [of[0], met, breached, open, excluded])).toEqual([
      ['P1', 2, 1, 0, 0],
      ['P2', 0, 0, 1, 2],
    ])
    expect(JSON.parse(JSON.stringify(count.report()))).toEqual(count.report())
  })

  test('a breach that a longer target came too late to undo stays one, and is nothing over', () => {
    const count = countAttainment()
    count.add(itemOf('1', [clockOf({ state: 'breached', workedMs: 3 * HOUR, targetMs: 5 * HOUR })]))
    expect(count.report().total).toMatchObject({ breached: 1, overMs: 0 })
  })

  test('nothing judged has no share, and nothing stopped no percentile', () => {
    const count = countAttainment({ percentiles: [99.9] })
    count.add(itemOf('1', [clockOf({ state: 'paused' })]))
    expect(count.report().total).toMatchObject({ share: null, open: 1, percentiles: { 'p99.9': null } })
    expect(countAttainment().report()).toMatchObject({ rows: [], total: { clocks: 0 } })
  })

  test('values stand in order: P2 before P10, nothing last', () => {
    const count = countAttainment({ by: [{ attribute: 'priority' }] })
    for (const [n, priority] of ['P10', 'P2', null, 7].entries()) count.add(itemOf(`${n}`, [clockOf()], { priority }))
    count.add(itemOf('none', [clockOf()], {}))
    expect(count.report().rows.map((row) => row.of[0])).toEqual([7, 'P2', 'P10', null])
    expect(count.report().rows.at(-1)!.clocks).toBe(2)
  })

  test('an attribute is read by its own keys only', () => {
    const count = countAttainment({ by: [{ attribute: 'constructor.name' }, { attribute: '__proto__' }] })
    count.add(itemOf('1', [clockOf()]))
    expect(count.report().rows[0]!.of).toEqual([null, null])
  })

  test('a question that cannot be answered is refused with its path', () => {
    expect(() => countAttainment({ by: [{ period: 'fortnight', of: 'opened' } as unknown as Dimension] })).toThrow(/by\.0/)
    expect(() => countAttainment({ zone: 'Mars/Olympus' })).toThrow(/zone/)
    expect(() => countAttainment({ percentiles: [101] })).toThrow(/percentiles/)
  })

  test('is what a plain recount says, for any items and any dimensions', () => {
    const dimensions: readonly Dimension[] = [
      'metric',
      'agreement',
      'party',
      'policy',
      { attribute: 'priority' },
      { attribute: 'vip' },
      { period: 'month', of: 'opened' },
      { period: 'month', of: 'stopped' },
    ]
    fc.assert(
      fc.property(
        items,
        fc.subarray([...dimensions], { maxLength: 3 }),
        fc.constantFrom('Europe/Rome', 'Asia/Kolkata'),
        (all, by, zone) => {
          const count = countAttainment({ by, zone, exclude: field('vip').eq(true), percentiles: [50, 75, 100] })
          for (const item of all) count.add(item)
          const { rows, total } = count.report()
          const read = (item: CountedItem, clock: ClockView): unknown[] =>
            by.map((dimension) => {
              if (dimension === 'policy') return clock.policy.id
              if (typeof dimension === 'string') return clock[dimension]
              if ('attribute' in dimension) return item.attributes[dimension.attribute] ?? null
              const at = dimension.of === 'opened' ? item.openedAt : clock.stoppedAt
              return at ? monthIn(zone, at) : null
            })
          const clocks = all.flatMap((item) =>
            item.clocks.map((clock) => ({ clock, vip: item.attributes.vip === true, key: JSON.stringify(read(item, clock)) })),
          )
          const groups = Map.groupBy(clocks, ({ key }) => key)
          if (by.length > 0) {
            expect(new Map(rows.map((row) => [JSON.stringify(row.of), recount(groups.get(JSON.stringify(row.of))!)]))).toEqual(
              new Map(rows.map(({ of, ...row }) => [JSON.stringify(of), row])),
            )
            expect(rows).toHaveLength(groups.size)
          }
          expect(total).toEqual(recount(clocks))
        },
      ),
      runs(2_000, 'random sets of items whose attainment is recounted'),
    )
  })
})

/** The plain way: filters, one after the other. */
function recount(some: readonly { readonly clock: ClockView; readonly vip: boolean }[]) {
  const counted = some.filter(({ vip }) => !vip).map(({ clock }) => clock)
  const met = counted.filter(({ state }) => state === 'met').length
  const breached = counted.filter(({ state }) => state === 'breached')
  const open = counted.filter(({ state }) => state === 'running' || state === 'paused').length
  const worked = counted.filter(({ stoppedAt, state }) => stoppedAt && state !== 'cancelled').map(({ workedMs }) => workedMs)
  const rank = (p: number) => {
    // the smallest figure that at least p % of them do not exceed
    const fits = worked.filter((ms) => worked.filter((other) => other <= ms).length * 100 >= p * worked.length)
    return fits.length === 0 ? null : Math.min(...fits)
  }
  return {
    clocks: some.length,
    met,
    breached: breached.length,
    open,
    excluded: some.length - met - breached.length - open,
    share: met + breached.length === 0 ? null : met / (met + breached.length),
    overMs: breached.reduce((sum, { workedMs, targetMs }) => sum + workedMs - targetMs!, 0),
    percentiles: { p50: rank(50), p75: rank(75), p100: rank(100) },
  }
}

describe('local periods', () => {
  test('weeks are those of ISO 8601', () => {
    const week = periodsOf('UTC', 'week')
    const names = ['2026-01-01', '2027-01-01', '2024-12-30', '2020-12-31', '2026-03-08'].map(
      (day) => week(Date.parse(`${day}T12:00:00Z`)).name,
    )
    expect(names).toEqual(['2026-W01', '2026-W53', '2025-W01', '2020-W53', '2026-W10'])
  })

  test('a quarter has its name and its local ends', () => {
    const quarter = periodsOf('America/New_York', 'quarter')(Date.parse('2026-04-01T03:59:59.999Z'))
    expect([quarter.name, new Date(quarter.from).toISOString(), new Date(quarter.to).toISOString()]).toEqual([
      '2026-Q1',
      '2026-01-01T05:00:00.000Z',
      '2026-04-01T04:00:00.000Z',
    ])
  })

  test('the day on which clocks are put forward has 23 hours, and a month may begin at one o’clock', () => {
    const day = periodsOf('Europe/Rome', 'day')(Date.parse('2026-03-29T12:00:00Z'))
    expect(day.to - day.from).toBe(23 * HOUR)
    // Lebanon, 2026: clocks go from midnight to one
    const lebanon = periodsOf('Asia/Beirut', 'day')(Date.parse('2026-03-29T12:00:00Z'))
    expect(new Date(lebanon.from).toISOString()).toBe('2026-03-28T22:00:00.000Z')
  })

  test('every instant lies in exactly its own period, and periods follow each other without a gap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2050, 0, 1) }),
        fc.constantFrom('day', 'week', 'month', 'quarter', 'year'),
        fc.constantFrom('Europe/Rome', 'America/St_Johns', 'Pacific/Apia', 'America/Havana', 'Asia/Kathmandu'),
        (at, unit, zone) => {
          const period = periodsOf(zone, unit)
          const mine = period(at)
          expect(mine.from <= at && at < mine.to).toBe(true)
          expect(period(mine.from).name).toBe(mine.name)
          expect(period(mine.to - 1).name).toBe(mine.name)
          expect(period(mine.to).from).toBe(mine.to)
          if (unit === 'month') expect(mine.name).toBe(monthIn(zone, new Date(at)))
        },
      ),
      runs(10_000, 'instants laid into local periods'),
    )
  })

  test('an instant beyond the rules of zones is refused', () => {
    expect(() => periodsOf('Europe/Rome', 'day')(8e15)).toThrow(/core\/invalid-input/)
  })
})

describe('percentiles', () => {
  test('the nearest rank is a figure that was measured; the linear one lies between two', () => {
    const figures = [15, 20, 35, 40, 50]
    expect([5, 30, 40, 50, 100].map((p) => percentileOf(figures, p, 'nearest-rank'))).toEqual([15, 20, 20, 35, 50])
    expect(percentileOf(figures, 40, 'linear')).toBe(29)
    expect(percentileOf([], 50, 'linear')).toBeNull()
  })
})
