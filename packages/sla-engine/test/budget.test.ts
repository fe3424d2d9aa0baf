import { compileCalendar, defineCalendar } from '@patronkit/business-time'
import { field, type Pred } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { type Link, worstFit } from '../src/agreements/chain.ts'
import { checkAgreements, explainAgreement } from '../src/agreements.ts'
import { defineSlaPolicy, type Within } from '../src/index.ts'

const HOUR = 3_600_000
const week = (...hours: [string, string][]) => ({ mon: hours, tue: hours, wed: hours, thu: hours, fri: hours })
const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: week(['09:00', '17:00']) })
const mornings = defineCalendar({ id: 'mornings', zone: 'Europe/Rome', week: week(['09:00', '13:00']) })
const calendars = [office, mornings]
const from = '2026-01-01T00:00:00Z'

const sla = (within: Within, when?: Pred, calendar = 'office') =>
  defineSlaPolicy({ id: 'gold', calendar, ...(when ? { when } : {}), targets: { resolution: { within } } })
const ola = (team: string, within: Within, calendar = 'office') =>
  defineSlaPolicy({
    id: `ola-${team}`,
    agreement: 'ola',
    per: 'team',
    calendar,
    when: field('team').eq(team),
    targets: { ownership: { within } },
  })

describe('the sum of the OLAs', () => {
  test('fits when it is exactly the SLA, and does not when it is a minute more', () => {
    const fitting = checkAgreements({
      policies: [sla({ workingHours: 8 }), ola('a', { workingHours: 2 }), ola('b', { workingHours: 6 })],
      calendars,
      from,
    })
    expect(fitting).toHaveLength(1)
    expect(fitting[0]).toMatchObject({ fits: true, leftMs: 0, sumMs: 8 * HOUR, counts: 'working' })
    const [over] = checkAgreements({
      policies: [sla({ workingHours: 8 }), ola('a', { workingHours: 2, workingMinutes: 1 }), ola('b', { workingHours: 6 })],
      calendars,
      from,
    })
    expect(over).toMatchObject({ fits: false, leftMs: -60_000, agreement: 'ola' })
  })

  test('is counted in the unit of the SLA: a team that works mornings takes longer than its hours', () => {
    // begun a moment after nine, the four hours of the mornings end a moment after nine the next day, a whole day of the office later
    const [check] = checkAgreements({ policies: [sla({ workingHours: 6 }), ola('a', { workingHours: 4 }, 'mornings')], calendars, from })
    expect(check).toMatchObject({ allowedMs: 6 * HOUR, sumMs: 8 * HOUR, leftMs: -2 * HOUR })
    expect(new Date(check!.worstStart).toISOString()).toBe('2026-01-01T08:00:00.001Z')
  })

  test('the order of the hand-overs is tried, as calendars differ', () => {
    // mornings first, from Thursday 13:00: Friday 13:00, then a day of wall time that ends on Saturday
    const policies = [sla({ hours: 40 }, undefined, '24x7'), ola('a', { workingHours: 4 }, 'mornings'), ola('b', { workingHours: 8 })]
    const [check] = checkAgreements({ policies, calendars, from, to: '2026-01-31T00:00:00Z' })
    // Friday 13:00 -> Monday 13:00 -> Tuesday 13:00, or office first: Friday 17:00 would be sooner
    expect(check).toMatchObject({ counts: 'wall', allowedMs: 40 * HOUR, sumMs: 96 * HOUR })
  })

  test('wall time inside working time, and working days', () => {
    const [wall] = checkAgreements({ policies: [sla({ workingHours: 2 }), ola('a', { hours: 3 })], calendars, from })
    expect(wall).toMatchObject({ sumMs: 3 * HOUR, fits: false })
    const [days] = checkAgreements({
      policies: [sla({ workingDays: 2 }), ola('a', { workingDays: 1 }), ola('b', { workingDays: 1 })],
      calendars,
      from,
    })
    expect(days).toMatchObject({ fits: true, leftMs: 0 })
    // a working day that begins on Sunday at one ends on Monday at one, moved to the opening: no hour of it is left to work in
    const [hours] = checkAgreements({ policies: [sla({ workingDays: 1 }), ola('a', { workingHours: 8 })], calendars, from })
    expect(hours).toMatchObject({ fits: false, allowedMs: 0, leftMs: -8 * HOUR })
  })

  test('each kind of item has its own: the limits of high and of low are told apart', () => {
    const by = (high: number, low: number): Within => ({
      by: 'priority',
      of: { high: { workingHours: high } },
      otherwise: { workingHours: low },
    })
    const checks = checkAgreements({ policies: [sla(by(4, 16)), ola('a', by(2, 4)), ola('b', by(3, 4))], calendars, from })
    expect(checks.map(({ attributes, leftMs, fits }) => [attributes, leftMs / HOUR, fits])).toEqual([
      [{ priority: 'high' }, -1, false],
      [{}, 8, true],
    ])
  })

  test('a team that nothing binds is named, and so nothing fits', () => {
    const policies = [sla({ workingHours: 8 }), ola('a', { workingHours: 1 })]
    const [check] = checkAgreements({ policies, calendars, from, parties: { team: ['a', 'b'] } })
    expect(check).toMatchObject({ unbound: ['b'], fits: false, leftMs: 7 * HOUR })
  })

  test('underpinning contracts stand by themselves, or are used up together with the OLAs', () => {
    const uc = defineSlaPolicy({
      id: 'vendor',
      agreement: 'uc',
      calendar: 'office',
      targets: { resolution: { within: { workingHours: 5 } } },
    })
    const policies = [sla({ workingHours: 8 }), ola('a', { workingHours: 4 }), uc]
    const leftOf = (together?: string[]) =>
      checkAgreements({ policies, calendars, from, ...(together ? { together } : {}) }).map(({ agreement, leftMs }) => [
        agreement,
        leftMs / HOUR,
      ])
    expect(leftOf()).toEqual([
      ['uc', 3],
      ['ola', 4],
    ])
    expect(leftOf(['ola', 'uc'])).toEqual([['ola + uc', -1]])
  })

  test('dates, metrics nobody inside promises, and items without a promise are no sum', () => {
    expect(checkAgreements({ policies: [sla({ date: 'agreed' }), ola('a', { workingHours: 4 })], calendars, from })).toEqual([])
    expect(checkAgreements({ policies: [sla({ workingHours: 1 })], calendars, from })).toEqual([])
    expect(checkAgreements({ policies: [ola('a', { workingHours: 4 })], calendars, from })).toEqual([])
  })

  test('a calendar that is not given, and too many kinds of items, are refused', () => {
    expect(() => checkAgreements({ policies: [sla({ workingHours: 1 })], calendars: [], from })).toThrow(/lacks office/)
    const many = Array.from({ length: 20 }, (_, n) =>
      defineSlaPolicy({
        id: `p${n}`,
        calendar: 'office',
        when: field(`f${n}`).eq(true),
        targets: { resolution: { within: { hours: 1 } } },
      }),
    )
    expect(() => checkAgreements({ policies: many, calendars, from })).toThrow(/kinds of items/)
  })

  test('says itself in words', () => {
    const [check] = checkAgreements({
      policies: [sla({ workingHours: 4 }), ola('a', { workingHours: 2 }), ola('b', { workingHours: 3 })],
      calendars,
      from,
    })
    expect(explainAgreement({ check: check! })).toMatchObject({
      summary: 'ola adds up to 5 h of 4 h that gold promises for resolution: 1 h too much',
      lines: [{ text: 'a: 2 working hours' }, { text: 'b: 3 working hours' }],
    })
    expect(explainAgreement({ check: check!, locale: 'zh-CN' })).toMatchObject({
      summary: 'gold 对 resolution 承诺 4 小时，ola 合计 5 小时：超出 1 小时',
      lines: [{ text: 'a：2 个工作小时' }, { text: 'b：3 个工作小时' }],
    })
  })
})

test('no start of a minute-by-minute walk is worse than the worst that was found', () => {
  const shop = compileCalendar({
    calendar: defineCalendar({
      id: 's',
      zone: 'Europe/Rome',
      week: { ...week(['08:30', '12:00'], ['15:00', '19:15']), sat: [['22:00', '03:00']] },
    }),
  })
  const known = [compileCalendar({ calendar: office }), compileCalendar({ calendar: mornings }), shop]
  const length = fc.oneof(
    fc.integer({ min: 1, max: 900 }).map((workingMinutes) => ({ workingMinutes })),
    fc.integer({ min: 1, max: 3_000 }).map((minutes) => ({ minutes })),
    fc.integer({ min: 0, max: 3 }).map((workingDays) => ({ workingDays })),
  )
  const link: fc.Arbitrary<Link> = fc.record({ length, calendar: fc.constantFrom(...known) })
  const end = (at: number, { length: l, calendar }: Link): number =>
    'minutes' in l
      ? at + l.minutes! * 60_000
      : 'workingDays' in l
        ? calendar.addDays(at, l.workingDays!)
        : calendar.add(at, (l as { workingMinutes: number }).workingMinutes * 60_000)
  const [begin, stop] = [Date.UTC(2026, 2, 26), Date.UTC(2026, 3, 2)] // clocks are put forward on the 29th
  fc.assert(
    fc.property(link, fc.array(link, { minLength: 1, maxLength: 3 }), (whole, links) => {
      const worst = worstFit(whole, links, begin, stop)
      const over = (start: number) => {
        const count = (to: number) => ('minutes' in whole.length ? to - start : whole.calendar.within(start, to))
        return count(links.reduce(end, start)) - count(end(start, whole))
      }
      expect(worst.takenMs - worst.allowedMs).toBe(over(worst.start))
      let most = Number.NEGATIVE_INFINITY
      for (let start = begin; start < stop; start += 60_000) most = Math.max(most, over(start))
      expect(worst.takenMs - worst.allowedMs).toBeGreaterThanOrEqual(most)
    }),
    runs(1_000, 'random chains of promises walked minute by minute'),
  )
})
