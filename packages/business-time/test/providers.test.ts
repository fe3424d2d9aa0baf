import { afterEach, describe, expect, test } from 'vitest'
import { chineseHolidays } from '../src/chinese-days.ts'
import { publicHolidays } from '../src/date-holidays.ts'
import { addWorkingTime, defineCalendar, type TimeRange, workingTimeBetween } from '../src/index.ts'

const hours: readonly TimeRange[] = [['09:00', '17:00']]
const week = { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours }
const hostZone = process.env.TZ

afterEach(() => {
  if (hostZone === undefined) delete process.env.TZ
  else process.env.TZ = hostZone
})

describe.each(['UTC', 'America/Los_Angeles', 'Pacific/Kiritimati'])('on a host in %s', (zone) => {
  test('February 2024 has 18 working days in China, two of them at weekends', () => {
    process.env.TZ = zone
    expect(new Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone)
    const found = chineseHolidays({ years: [2024], hours })
    const calendar = defineCalendar({ id: 'cn', zone: 'Asia/Shanghai', week, ...found })
    const days = workingTimeBetween({ calendar, from: '2024-02-01T00:00:00+08:00', to: '2024-03-01T00:00:00+08:00' }) / (8 * 3_600_000)
    expect(days).toBe(18)
    expect(Object.keys(found.shifts).filter((date) => date.startsWith('2024-02'))).toEqual(['2024-02-04', '2024-02-18'])
    expect(found.holidays).toContain('2024-10-01')
    const end = addWorkingTime({ calendar, at: '2024-02-09T10:00:00+08:00', duration: { workingDays: 1 } })
    expect(end.toISOString()).toBe('2024-02-18T02:00:00.000Z')
  })

  test('Bavaria closes on Epiphany, Iceland from 13:00 on Christmas Eve', () => {
    process.env.TZ = zone
    const bavaria = publicHolidays({ country: 'DE', state: 'BY', years: [2026] })
    expect(bavaria.holidays).toContain('2026-01-06')
    expect(bavaria.holidays).toContain('2026-12-26')
    expect(publicHolidays({ country: 'DE', years: [2026] }).holidays).not.toContain('2026-01-06')
    const iceland = publicHolidays({ country: 'IS', years: [2026] })
    expect(iceland.breaks['2026-12-24']).toEqual([['13:00', '24:00']])
    expect(iceland.holidays).not.toContain('2026-12-24')
  })
})

test('a holiday of several days, and one on the night of a clock change, are whole days', () => {
  const { holidays } = publicHolidays({ country: 'KR', years: [2026] })
  expect(holidays).toEqual(expect.arrayContaining(['2026-02-17', '2026-02-18', '2026-02-19']))
  expect(publicHolidays({ country: 'AU', years: [2026] }).holidays).toContain('2026-04-05')
})

test('a year or a place that a provider does not have is an error and no year of work', () => {
  for (const year of [1990, 2199]) expect(() => chineseHolidays({ years: [2024, year], hours })).toThrow('time/no-holiday-data')
  for (const year of [1969, 2077]) expect(() => publicHolidays({ country: 'TR', years: [year] })).toThrow('time/no-holiday-data')
  for (const place of [{ country: 'XX' }, { country: 'DE', state: 'XX' }, { country: '' }, { country: 'DE', state: 'BY', region: 'XX' }]) {
    expect(() => publicHolidays({ ...place, years: [2026] })).toThrow('time/no-holiday-data')
  }
  const islamic = (year: number) => publicHolidays({ country: 'TR', years: [year] }).holidays.length
  expect(Math.min(islamic(1970), islamic(2076))).toBeGreaterThan(7)
})
