import { isPatronkitError } from '@patronkit/core'
import fc from 'fast-check'
import { type Lunar, Solar } from 'lunar-typescript'
import { expect, test } from 'vitest'
import { festivals, giftDue, lunarBirthday, type Occasion, occasionIn, occasionsBetween, type YearlyDay } from '../src/index.ts'
import { chineseCalendar, lunarToSolar } from '../src/lunar.ts'
import { check, patience } from './settings.ts'

test.each([
  ['new-year', 2026, '2026-02-17'],
  ['new-year', 2027, '2027-02-06'],
  ['new-year', 2030, '2030-02-03'],
  ['lantern', 2027, '2027-02-20'],
  ['dragon-boat', 2027, '2027-06-09'],
  ['qixi', 2026, '2026-08-19'],
  ['mid-autumn', 2027, '2027-09-15'],
  ['double-ninth', 2026, '2026-10-18'],
  ['new-years-eve', 2025, '2026-02-16'],
  ['new-years-eve', 2026, '2027-02-05'],
] as const)('%s of lunar year %i is %s', (name, year, date) => {
  expect(occasionIn(festivals[name], year, {}, chineseCalendar)).toMatchObject({ date, once: `lunar/${year}` })
})

test('leap months: the sixth of 2025, the eleventh of 2033', () => {
  expect(lunarToSolar({ year: 2025, month: 6, day: 1 })).toBe('2025-06-25')
  expect(lunarToSolar({ year: 2025, month: 6, day: 1, leapMonth: true })).toBe('2025-07-25')
  expect(lunarToSolar({ year: 2033, month: 11, day: 1, leapMonth: true })).toBe('2033-12-22')
})

test('born in a leap second month: its plain one in other years, or only in 2042 and 2099', () => {
  const birth = { month: 2, day: 1, leapMonth: true }
  const dates = (missingLeapMonth: 'plain' | 'skip') =>
    Array.from({ length: 77 }, (_, i) => lunarBirthday(birth, 2024 + i, { missingLeapMonth }, chineseCalendar)).filter(
      (date) => date !== null,
    )
  expect(dates('plain').slice(0, 2)).toEqual(['2024-03-10', '2025-02-28'])
  expect(dates('plain')).toHaveLength(77)
  expect(dates('skip').map((date) => date.slice(0, 4))).toEqual(['2042', '2099'])
})

test('born on the 30th of the twelfth month: the 29th where there is no 30th, or the new year’s day after it', () => {
  const birth = { month: 12, day: 30 }
  expect([2024, 2025, 2026].map((year) => lunarBirthday(birth, year, {}, chineseCalendar))).toEqual([
    '2025-01-28',
    '2026-02-16',
    '2027-02-05',
  ])
  expect(lunarBirthday(birth, 2025, { missingDay30: 'next' }, chineseCalendar)).toBe('2026-02-17')
})

test('born on 11/20 by the moon: some solar years have none, others two, each of a lunar year of its own', () => {
  const birthday: YearlyDay = { calendar: 'lunar', month: 11, day: 20 }
  const count = (year: number) => occasionsBetween(birthday, `${year}-01-01`, `${year + 1}-01-01`, {}, chineseCalendar).length
  expect([2020, 2023, 2025, 2028, 2031].map(count)).toEqual([0, 0, 0, 0, 0])
  expect([2021, 2024, 2026, 2029, 2032].map(count)).toEqual([2, 2, 2, 2, 2])
})

test('born on 29 February by the sun', () => {
  const birthday: YearlyDay = { calendar: 'solar', month: 2, day: 29 }
  expect([2024, 2025].map((year) => occasionIn(birthday, year)?.date)).toEqual(['2024-02-29', '2025-02-28'])
  expect(occasionIn(birthday, 2025, { feb29: 'mar1' })?.date).toBe('2025-03-01')
  expect(occasionIn(birthday, 2025, { feb29: 'skip' })).toBeNull()
})

test('the cached calendar gives every lunar date of 1901 to 2099 as lunar-typescript does', { timeout: patience }, () => {
  let days = 0
  const last = Date.UTC(2099, 11, 31)
  for (let at = Date.UTC(1901, 2, 1); at <= last; at += 86_400_000, days++) {
    // every day in the deep run, every 20th otherwise
    if (!process.env.PATRONKIT_DEEP && days % 20) continue
    const solar = new Date(at)
    const lunar: Lunar = Solar.fromYmd(solar.getUTCFullYear(), solar.getUTCMonth() + 1, solar.getUTCDate()).getLunar()
    const day = chineseCalendar.dayOf({
      year: lunar.getYear(),
      month: Math.abs(lunar.getMonth()),
      day: lunar.getDay(),
      leapMonth: lunar.getMonth() < 0,
    })
    if (day !== at / 86_400_000) expect.unreachable(`${solar.toISOString()} is ${lunar.toString()}`)
  }
})

test('each member gets one gift for each year in 200 years of birthdays, also when the birthday is changed', { timeout: patience }, () => {
  const birthday: fc.Arbitrary<YearlyDay> = fc.oneof(
    fc.record({
      calendar: fc.constant('lunar' as const),
      month: fc.integer({ min: 1, max: 12 }),
      day: fc.integer({ min: 1, max: 30 }),
      leapMonth: fc.boolean(),
    }),
    fc.record({ calendar: fc.constant('solar' as const), month: fc.integer({ min: 1, max: 12 }), day: fc.integer({ min: 1, max: 28 }) }),
    fc.constant({ calendar: 'solar' as const, month: 2, day: 29 }),
  )
  fc.assert(
    fc.property(birthday, birthday, fc.integer({ min: 1950, max: 2050 }), (first, second, changed) => {
      const told = '1899-12-01'
      const given: Occasion[] = []
      const give = (on: YearlyDay, from: string, to: string, since: string) => {
        for (const occasion of occasionsBetween(on, from, to, {}, chineseCalendar)) {
          if (giftDue(occasion, since, given).due) given.push(occasion)
        }
      }
      give(first, '1901-03-01', `${changed}-06-01`, told)
      const before = given.length
      const years = new Set(occasionsBetween(first, '1901-03-01', `${changed}-06-01`, {}, chineseCalendar).map(({ once }) => once))
      expect(before).toBe(years.size)
      give(second, `${changed}-06-01`, '2099-12-01', `${changed}-06-01`)
      expect(new Set(given.map(({ once }) => once)).size).toBe(given.length)
      const dates = given.map(({ date }) => Date.parse(date))
      for (let i = 1; i < dates.length; i++) expect(dates[i]! - dates[i - 1]!).toBeGreaterThanOrEqual(300 * 86_400_000)
    }),
    { ...check, numRuns: Math.max(20, check.numRuns / 50) },
  )
})

test('a birthday told within 30 days of it earns nothing that time', () => {
  const occasion = occasionIn({ calendar: 'solar', month: 6, day: 20 }, 2026)!
  expect(giftDue(occasion, '2026-06-01', [])).toEqual({ due: false, why: 'told-too-late' })
  expect(giftDue(occasion, '2026-05-21', [])).toEqual({ due: true })
  expect(giftDue(occasion, '2025-01-01', [occasion])).toEqual({ due: false, why: 'given-this-year' })
})

test.each([
  () => lunarToSolar({ year: 2025, month: 12, day: 30 }),
  () => lunarToSolar({ year: 2024, month: 2, day: 1, leapMonth: true }),
  () => lunarToSolar({ year: 2024, month: 13, day: 1 }),
  () => lunarToSolar({ year: 2024.5, month: 1, day: 1 }),
  () => lunarToSolar({ year: 9_999, month: 1, day: 1 }),
])('a lunar date that does not exist is refused (%#)', (ask) => {
  try {
    ask()
    expect.unreachable()
  } catch (error) {
    expect(isPatronkitError(error, 'loyalty/no-lunar-date')).toBe(true)
  }
})

test('a lunar birthday without a lunar calendar, or outside its years, is refused with a word', () => {
  const day: YearlyDay = { calendar: 'lunar', month: 1, day: 1 }
  for (const ask of [
    () => occasionIn(day, 2026),
    () => occasionIn(day, 2200, {}, chineseCalendar),
    () => occasionIn({ calendar: 'solar', month: 2, day: 30 }, 2026),
  ]) {
    expect(ask).toThrowError(expect.objectContaining({ code: 'core/invalid-input' }))
  }
})
