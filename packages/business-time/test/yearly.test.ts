import type { LocalDate } from '@patronkit/core'
import { expect, test } from 'vitest'
import { defineCalendar, isHoliday, listOpenIntervals, localInstant, workingTimeBetween, type YearlyRule } from '../src/index.ts'

const HOUR = 3_600_000
const all = [['09:00', '17:00']] as const
const week = { mon: all, tue: all, wed: all, thu: all, fri: all, sat: all, sun: all }
const withRules = (...yearly: readonly YearlyRule[]) => defineCalendar({ id: 'c', zone: 'Europe/Rome', week, yearly })
const noon = (calendar: ReturnType<typeof withRules>, date: LocalDate) => localInstant({ calendar, date, time: '12:00' })
const holidays = (rule: YearlyRule, dates: readonly LocalDate[]) =>
  dates.filter((date) => isHoliday({ calendar: withRules(rule), at: noon(withRules(), date) }))

test('a date comes back every year, 29 February in leap years', () => {
  expect(holidays({ on: '12-25' }, ['2025-12-25', '2026-12-25', '2026-12-24'])).toEqual(['2025-12-25', '2026-12-25'])
  expect(holidays({ on: '02-29' }, ['2024-02-29', '2025-02-28', '2025-03-01', '2028-02-29'])).toEqual(['2024-02-29', '2028-02-29'])
})

// dates of the almanac: Thanksgiving, the last Monday of May, Easter (Meeus gives 1991-03-31 and 1818-03-22 as his examples)
test.each<[YearlyRule['on'], readonly LocalDate[], readonly LocalDate[]]>([
  [{ month: 11, weekday: 'thu', nth: 4 }, ['2024-11-28', '2025-11-27', '2026-11-26'], ['2024-11-21', '2025-11-20']],
  [{ month: 5, weekday: 'mon', nth: -1 }, ['2024-05-27', '2025-05-26', '2026-05-25'], ['2024-05-20', '2027-05-24']],
  [{ month: 1, weekday: 'fri', nth: 5 }, ['2026-01-30'], ['2025-02-07', '2025-01-24']],
  [{ easter: 0 }, ['1991-03-31', '2000-04-23', '2024-03-31', '2025-04-20', '2026-04-05', '2038-04-25'], ['2025-04-13']],
  [{ easter: 1 }, ['2010-04-05', '2011-04-25', '2012-04-09', '2013-04-01', '2014-04-21'], ['2010-04-04']],
])('%j falls on the days of the almanac', (on, days, others) => {
  expect(holidays({ on }, [...days, ...others])).toEqual(days)
})

test('with hours it is a short day and no holiday, and years can be bounded', () => {
  const calendar = withRules({ on: '12-24', hours: [['09:00', '12:00']], from: 2025, to: 2026 })
  const worked = (year: number) =>
    workingTimeBetween({ calendar, from: `${year}-12-24T00:00:00+01:00`, to: `${year}-12-25T00:00:00+01:00` }) / HOUR
  expect([2024, 2025, 2026, 2027].map(worked)).toEqual([8, 3, 3, 8])
  expect(isHoliday({ calendar, at: '2025-12-24T15:00:00+01:00' })).toBe(false)
})

test('what is said of the very date counts before the rule, and a holiday before a short day', () => {
  const calendar = defineCalendar({
    id: 'c',
    zone: 'Europe/Rome',
    week,
    shifts: { '2026-12-25': [['10:00', '11:00']] },
    yearly: [{ on: '12-25' }, { on: '12-31', hours: [['09:00', '12:00']] }, { on: '12-31' }],
  })
  const open = listOpenIntervals({ calendar, from: '2026-12-24T23:00:00Z', to: '2027-01-01T00:00:00+01:00' })
  expect(open.at(0)?.from).toEqual(new Date('2026-12-25T10:00:00+01:00'))
  expect(open.at(-1)?.from).toEqual(new Date('2026-12-30T09:00:00+01:00'))
  expect(isHoliday({ calendar, at: '2026-12-25T12:00:00+01:00' })).toBe(false)
})

test('yearly rules give what the same dates written out give', () => {
  const years = Array.from({ length: 20 }, (_, i) => 2015 + i)
  const written = defineCalendar({
    id: 'c',
    zone: 'Europe/Rome',
    week,
    holidays: years.flatMap((year) => [`${year}-12-25`, `${year}-05-01`] as LocalDate[]),
  })
  const span = { from: '2015-01-01T00:00:00Z', to: '2034-12-31T00:00:00Z' }
  expect(workingTimeBetween({ calendar: withRules({ on: '12-25' }, { on: '05-01' }), ...span })).toBe(
    workingTimeBetween({ calendar: written, ...span }),
  )
})

test.each([
  ['02-30', /yearly\.0\.on/],
  ['2-3', /yearly\.0\.on/],
  [{ month: 13, weekday: 'mon', nth: 1 }, /yearly\.0\.on/],
  [{ month: 1, weekday: 'mon', nth: 0 }, /yearly\.0\.on/],
  [{ easter: 1.5 }, /yearly\.0\.on/],
])('%j is refused with its path', (on, path) => {
  expect(() => withRules({ on } as YearlyRule)).toThrow(path)
})

test('where two rules meet, the one that leaves fewer hours counts, however many ranges it has', () => {
  const long = { on: '12-24', hours: [['08:00', '20:00']] } as const
  const short = {
    on: '12-24',
    hours: [
      ['09:00', '12:00'],
      ['13:00', '14:00'],
    ],
  } as const
  const [from, to] = ['2026-12-24T00:00:00+01:00', '2026-12-25T00:00:00+01:00']
  for (const rules of [
    [long, short],
    [short, long],
  ]) {
    expect(workingTimeBetween({ calendar: withRules(...rules), from, to })).toBe(4 * HOUR)
  }
})
