import { attempt, isPatronkitError } from '@patronkit/core'
import { describe, expect, test } from 'vitest'
import {
  addWorkingTime,
  alwaysOpen,
  compileCalendar,
  defineCalendar,
  isBreak,
  isHoliday,
  isOpen,
  listOpenIntervals,
  localInstant,
  nextOpening,
  previousOpening,
  subtractWorkingTime,
  workingTimeBetween,
} from '../src/calendar.ts'
import { oneSunday, roundTheClock, weekdays } from './samples.ts'

const HOUR = 3_600_000
const iso = (date: Date | number) => new Date(date).toISOString().replace('.000Z', 'Z')

/** The code of what was thrown, and that nothing hung. It takes a few ms; the limit leaves room for a busy machine. */
function refusal(ask: () => unknown): string {
  const start = performance.now()
  try {
    ask()
  } catch (error) {
    if (!isPatronkitError(error)) throw error
    expect(performance.now() - start).toBeLessThan(1_000)
    return error.code
  }
  return 'answered'
}

const utc = weekdays('UTC')
const newYork = weekdays('America/New_York')
const friday = '2024-03-08T21:30:00Z'

describe('what makes other libraries hang is answered or refused at once', () => {
  test('a negative amount', () => {
    expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: { workingDays: -1 } }))).toBe('time/bad-amount')
    expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: { workingHours: -1 } }))).toBe('time/bad-amount')
    expect(refusal(() => compileCalendar({ calendar: utc }).add(Date.parse(friday), -1))).toBe('time/bad-amount')
  })

  test('one and a half working days', () => {
    expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: { workingDays: 1.5 } }))).toBe('time/bad-amount')
  })

  test('NaN and infinity, as amount and as instant', () => {
    for (const amount of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: { workingHours: amount } }))).toBe('time/bad-amount')
      expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: { workingDays: amount } }))).toBe('time/bad-amount')
      expect(refusal(() => compileCalendar({ calendar: utc }).subtract(0, amount))).toBe('time/bad-amount')
      expect(refusal(() => compileCalendar({ calendar: utc }).add(amount, 1))).toBe('core/invalid-input')
      expect(refusal(() => compileCalendar({ calendar: utc }).within(0, amount))).toBe('core/invalid-input')
      expect(refusal(() => alwaysOpen.add(amount, 1))).toBe('core/invalid-input')
      expect(refusal(() => alwaysOpen.add(0, amount))).toBe('time/bad-amount')
    }
    expect(refusal(() => isOpen({ calendar: utc, at: new Date(Number.NaN) }))).toBe('core/invalid-input')
  })

  test('more time than the horizon holds', () => {
    for (const amount of [1e8, 1e12, 1e300]) {
      expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: { workingHours: amount } }))).toBe('time/beyond-horizon')
      expect(refusal(() => subtractWorkingTime({ calendar: utc, at: friday, duration: { workingHours: amount } }))).toBe(
        'time/beyond-horizon',
      )
      expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: { workingDays: amount } }))).toBe('time/beyond-horizon')
    }
    expect(refusal(() => isOpen({ calendar: utc, at: '2300-01-01T00:00:00Z' }))).toBe('time/beyond-horizon')
    expect(refusal(() => isHoliday({ calendar: utc, at: '1800-01-01T00:00:00Z' }))).toBe('time/beyond-horizon')
  })

  test('a calendar whose last hours are over, or whose first are still to come', () => {
    expect(refusal(() => addWorkingTime({ calendar: oneSunday, at: '2026-12-28T00:00:00Z', duration: { workingHours: 1 } }))).toBe(
      'time/never-open',
    )
    expect(refusal(() => addWorkingTime({ calendar: oneSunday, at: '2026-12-01T00:00:00Z', duration: { workingHours: 9 } }))).toBe(
      'time/never-open',
    )
    expect(refusal(() => addWorkingTime({ calendar: oneSunday, at: '2026-12-01T00:00:00Z', duration: { workingDays: 2 } }))).toBe(
      'time/never-open',
    )
    expect(refusal(() => subtractWorkingTime({ calendar: oneSunday, at: '2026-12-01T00:00:00Z', duration: { workingHours: 1 } }))).toBe(
      'time/never-open',
    )
    expect(refusal(() => nextOpening({ calendar: oneSunday, at: '2199-01-01T00:00:00Z' }))).toBe('time/never-open')
    expect(iso(addWorkingTime({ calendar: oneSunday, at: '1999-01-01T00:00:00Z', duration: { workingHours: 8 } }))).toBe(
      '2026-12-27T16:00:00Z',
    )
    expect(iso(addWorkingTime({ calendar: oneSunday, at: '1999-01-01T12:00:00Z', duration: { workingDays: 1 } }))).toBe(
      '2026-12-27T12:00:00Z',
    )
    expect(workingTimeBetween({ calendar: oneSunday, from: '1999-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' })).toBe(8 * HOUR)
  })

  test('a weekend with a clock change: Friday 16:30 in New York and an hour is Monday 09:30', () => {
    expect(iso(addWorkingTime({ calendar: newYork, at: friday, duration: { workingHours: 1 } }))).toBe('2024-03-11T13:30:00Z')
  })

  test('an hour inside the repeated hour makes progress', () => {
    const clock = roundTheClock('America/New_York')
    expect(iso(addWorkingTime({ calendar: clock, at: '2024-11-03T05:30:00Z', duration: { workingHours: 1 } }))).toBe('2024-11-03T06:30:00Z')
  })
})

describe('edges', () => {
  test('17:00:00 is closed, 16:59:59.999 is open, 09:00:00 is open', () => {
    const at = (time: string) => isOpen({ calendar: utc, at: `2024-01-15T${time}Z` })
    expect([at('08:59:59.999'), at('09:00:00'), at('16:59:59.999'), at('17:00:00')]).toEqual([false, true, true, false])
  })

  test('half a minute at the end of a day is not lost', () => {
    expect(iso(addWorkingTime({ calendar: utc, at: '2024-01-15T16:59:30Z', duration: { workingMinutes: 1 } }))).toBe('2024-01-16T09:00:30Z')
    expect(workingTimeBetween({ calendar: utc, from: '2024-01-15T16:59:01Z', to: '2024-01-16T09:00:59Z' })).toBe(118_000)
  })

  test('adjoining ranges lose no minute where they meet', () => {
    const halves = defineCalendar({
      id: 'halves',
      zone: 'UTC',
      week: {
        mon: [
          ['12:00', '17:00'],
          ['09:00', '12:00'],
        ],
      },
    })
    expect(iso(addWorkingTime({ calendar: halves, at: '2024-01-15T11:30:00Z', duration: { workingHours: 1 } }))).toBe(
      '2024-01-15T12:30:00Z',
    )
    expect(listOpenIntervals({ calendar: halves, from: '2024-01-15T00:00:00Z', take: 1 }).map((i) => iso(i.to))).toEqual([
      '2024-01-15T17:00:00Z',
    ])
  })

  test('midnight loses no minute around the clock', () => {
    const clock = roundTheClock('Europe/Berlin')
    expect(workingTimeBetween({ calendar: clock, from: '2024-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z' })).toBe(366 * 24 * HOUR)
  })

  test('a night belongs to the day on which it starts, and so does its holiday', () => {
    const nights = defineCalendar({
      id: 'nights',
      zone: 'Europe/Rome',
      week: { thu: [['22:00', '06:00']], fri: [['22:00', '06:00']] },
      holidays: ['2026-12-25'],
    })
    const open = (at: string) => isOpen({ calendar: nights, at })
    expect(open('2026-12-25T02:00:00+01:00')).toBe(true)
    expect(open('2026-12-25T23:00:00+01:00')).toBe(false)
    expect(open('2026-12-26T02:00:00+01:00')).toBe(false)
  })

  test('a holiday wins over a shift of its date, a shift over the weekly hours, a break over both', () => {
    const calendar = defineCalendar({
      id: 'order',
      zone: 'UTC',
      week: { mon: [['09:00', '17:00']] },
      holidays: ['2024-01-15'],
      shifts: {
        '2024-01-15': [['10:00', '12:00']],
        '2024-01-22': [['10:00', '12:00']],
        '2024-01-27': [['10:00', '12:00']],
        '2024-01-29': [],
      },
      breaks: { '2024-01-22': [['11:00', '11:15']] },
    })
    const hours = (date: string) => workingTimeBetween({ calendar, from: `${date}T00:00:00Z`, to: `${date}T23:59:59Z` }) / HOUR
    expect(['2024-01-15', '2024-01-22', '2024-01-27', '2024-01-29', '2024-02-05'].map(hours)).toEqual([0, 1.75, 2, 0, 8])
    expect(isBreak({ calendar, at: '2024-01-22T11:00:00Z' })).toBe(true)
    expect(isBreak({ calendar, at: '2024-01-22T11:15:00Z' })).toBe(false)
  })

  test('time that ends exactly at a close answers the close, or the next opening when asked', () => {
    const day = { calendar: utc, at: '2024-01-15T09:00:00Z', duration: { workingHours: 8 } }
    expect(iso(addWorkingTime(day))).toBe('2024-01-15T17:00:00Z')
    expect(iso(addWorkingTime({ ...day, exactEnd: 'next-opening' }))).toBe('2024-01-16T09:00:00Z')
    expect(iso(subtractWorkingTime({ ...day, at: '2024-01-15T17:00:00Z' }))).toBe('2024-01-15T09:00:00Z')
  })

  test('the previous open instant is the instant itself at an opening, inside, and at a close', () => {
    const previous = (at: string) => iso(previousOpening({ calendar: utc, at }))
    expect(previous('2024-01-15T09:00:00Z')).toBe('2024-01-15T09:00:00Z')
    expect(previous('2024-01-15T12:00:00Z')).toBe('2024-01-15T12:00:00Z')
    expect(previous('2024-01-15T17:00:00Z')).toBe('2024-01-15T17:00:00Z')
    expect(previous('2024-01-15T08:59:59Z')).toBe('2024-01-12T17:00:00Z')
  })

  test('instants are cut to the millisecond, amounts are rounded to it', () => {
    const index = compileCalendar({ calendar: utc })
    const nine = Date.UTC(2024, 0, 15, 9)
    expect([index.add(nine + 0.9, 1), index.add(nine, 1.5), index.add(nine, 0.4), index.within(nine, nine + 1.9)]).toEqual([
      nine + 1,
      nine + 2,
      nine,
      1,
    ])
  })

  test('two calendars live side by side', () => {
    const late = defineCalendar({ id: 'late', zone: 'UTC', week: { mon: [['12:00', '20:00']] } })
    const at = '2024-01-15T18:00:00Z'
    expect([utc, late, utc, late].map((calendar) => isOpen({ calendar, at }))).toEqual([false, true, false, true])
  })
})

describe('zones', () => {
  test('a date that Samoa left out is no working day', () => {
    const after = (workingDays: number) =>
      iso(addWorkingTime({ calendar: roundTheClock('Pacific/Apia'), at: '2011-12-29T22:00:00-10:00', duration: { workingDays } }))
    expect([after(1), after(2)]).toEqual(['2011-12-31T08:00:00Z', '2012-01-01T08:00:00Z'])
  })

  test('Monrovia kept 44 minutes and 30 seconds behind Greenwich until 1972', () => {
    const monrovia = weekdays('Africa/Monrovia')
    expect(iso(nextOpening({ calendar: monrovia, at: '1971-12-31T00:00:00Z' }))).toBe('1971-12-31T09:44:30Z')
    expect(iso(nextOpening({ calendar: monrovia, at: '1972-01-10T00:00:00Z' }))).toBe('1972-01-10T09:00:00Z')
    // The gap of 44 min 30 s on 1972-01-07 ended at 00:44:30 UTC.
    expect(iso(localInstant({ calendar: monrovia, date: '1972-01-07', time: '00:10' }))).toBe('1972-01-07T00:54:30Z')
  })

  test('a few days of summer time are noticed wherever a zone had them', () => {
    // [zone, a date before the change, between the two changes, after them]; the middle one opens at another hour of UTC.
    const short = [
      ['America/Recife', '2000-10-06', '2000-10-11', '2000-10-16'],
      ['America/Noronha', '2000-10-06', '2000-10-11', '2000-10-16'],
      ['America/Boa_Vista', '2000-10-06', '2000-10-11', '2000-10-16'],
      ['America/Fortaleza', '2000-10-06', '2000-10-13', '2000-10-24'],
      ['Africa/Tunis', '1943-04-15', '1943-04-20', '1943-04-28'],
      ['Europe/Vienna', '1945-03-30', '1945-04-05', '1945-04-13'],
      ['America/Argentina/Tucuman', '2004-05-28', '2004-06-07', '2004-06-15'],
      ['Asia/Hebron', '2011-07-29', '2011-08-15', '2011-09-02'],
    ] as const
    for (const [zone, before, between, after] of short) {
      // Compiled from afar, so that no step begins at these dates by design.
      const index = compileCalendar({ calendar: weekdays(zone), from: '1930-01-01T00:00:00Z', to: '2015-01-01T00:00:00Z' })
      const hour = (date: string) => new Date(index.nextOpening(Date.parse(`${date}T00:00:00Z`))).toISOString().slice(11, 16)
      expect([zone, hour(between)]).not.toEqual([zone, hour(before)])
      expect([zone, hour(after)]).toEqual([zone, hour(before)])
    }
  })

  test('working days keep the wall time across a clock change', () => {
    expect(iso(addWorkingTime({ calendar: newYork, at: '2024-03-08T17:00:00Z', duration: { workingDays: 1 } }))).toBe(
      '2024-03-11T16:00:00Z',
    )
  })

  test('a holiday lasts from local midnight to local midnight', () => {
    const shanghai = defineCalendar({
      id: 'shanghai',
      zone: 'Asia/Shanghai',
      week: { mon: [['09:00', '18:00']] },
      holidays: ['2024-02-12'],
    })
    const at = ['2024-02-11T15:59:59Z', '2024-02-11T16:00:00Z', '2024-02-12T15:59:59Z', '2024-02-12T16:00:00Z']
    expect(at.map((instant) => isHoliday({ calendar: shanghai, at: instant }))).toEqual([false, true, true, false])
  })
})

describe('the whole horizon', () => {
  test('every weekday from 1900 to 2200 is counted', () => {
    const index = compileCalendar({ calendar: utc })
    let days = 0
    for (let at = Date.UTC(1900, 0, 1); at < Date.UTC(2200, 0, 1); at += 24 * HOUR) if (![0, 6].includes(new Date(at).getUTCDay())) days++
    expect(index.within(Date.UTC(1900, 0, 1), Date.UTC(2200, 0, 1))).toBe(days * 8 * HOUR)
    expect(iso(index.add(Date.UTC(1900, 0, 1), days * 8 * HOUR))).toBe('2199-12-31T17:00:00Z')
    expect(refusal(() => index.add(Date.UTC(1900, 0, 1), days * 8 * HOUR + 1))).toBe('time/beyond-horizon')
    expect(iso(index.subtract(Date.UTC(2200, 0, 1), days * 8 * HOUR))).toBe('1900-01-01T09:00:00Z')
  })

  test('a calendar open one second a week is found wherever it is asked', () => {
    const second = defineCalendar({ id: 'second', zone: 'UTC', week: { sun: [['23:59:59', '24:00']] } })
    expect(iso(addWorkingTime({ calendar: second, at: '2024-01-01T00:00:00Z', duration: { workingSeconds: 500 } }))).toBe(
      '2033-08-01T00:00:00Z',
    )
  })

  test('240 breaks on one date are all cut out', () => {
    const pad = (n: number) => String(n).padStart(2, '0')
    const slot = (n: number) => `${pad(9 + Math.floor(n / 60))}:${pad(n % 60)}`
    const breaks = Array.from({ length: 240 }, (_, i) => [slot(2 * i), slot(2 * i + 1)] as const)
    const busy = defineCalendar({ id: 'busy', zone: 'UTC', week: { mon: [['09:00', '17:00']] }, breaks: { '2024-01-15': breaks } })
    const index = compileCalendar({ calendar: busy })
    const nine = Date.UTC(2024, 0, 15, 9)
    expect(index.within(nine, nine + 8 * HOUR)).toBe(4 * HOUR)
    for (let n = 1; n <= 240; n++) expect(index.add(nine, n * 60_000)).toBe(nine + 2 * n * 60_000)
    for (let n = 1; n <= 240; n++) expect(index.subtract(nine + 8 * HOUR, n * 60_000)).toBe(nine + 8 * HOUR - (2 * n - 1) * 60_000)
  })
})

describe('lists of open intervals', () => {
  test('are cut at their ends and run either way', () => {
    const list = (i: { from: string; to?: string; take?: number; direction?: 'forward' | 'backward' }) =>
      listOpenIntervals({ calendar: utc, ...i }).map(({ from, to }) => `${iso(from).slice(5, 16)} ${iso(to).slice(5, 16)}`)
    expect(list({ from: '2024-01-15T12:00:00Z', to: '2024-01-16T10:00:00Z' })).toEqual([
      '01-15T12:00 01-15T17:00',
      '01-16T09:00 01-16T10:00',
    ])
    expect(list({ from: '2024-01-15T12:00:00Z', take: 2, direction: 'backward' })).toEqual([
      '01-15T09:00 01-15T12:00',
      '01-12T09:00 01-12T17:00',
    ])
    expect(list({ from: '2024-01-15T12:00:00Z', to: '2024-01-15T11:00:00Z' })).toEqual([])
    expect(list({ from: '2024-01-15T12:00:00Z', take: 300 })).toHaveLength(300)
  })

  test('around the clock there is one interval, to the horizon', () => {
    const [only, ...rest] = listOpenIntervals({ calendar: roundTheClock('Europe/Rome'), from: '2024-01-01T00:00:00Z', take: 5 })
    expect([iso(only!.to), rest]).toEqual(['2200-01-01T00:00:00Z', []])
  })

  test('need an end', () => {
    expect(refusal(() => listOpenIntervals({ calendar: utc, from: friday }))).toBe('core/invalid-input')
    expect(refusal(() => listOpenIntervals({ calendar: utc, from: friday, take: 0.5 }))).toBe('core/invalid-input')
  })
})

describe('durations', () => {
  test('wall time is refused with the word that was meant', () => {
    const add = () => addWorkingTime({ calendar: utc, at: friday, duration: { hours: 4, minutes: 30 } })
    expect(refusal(add)).toBe('time/wall-duration')
    expect(add).toThrow(/workingHours, workingMinutes/)
  })

  test('mixed, empty and unknown units are refused', () => {
    for (const duration of [{ workingDays: 1, workingHours: 1 }, {}, { fortnights: 1 }, { hours: 1, workingHours: 1 }, null, 4]) {
      expect(refusal(() => addWorkingTime({ calendar: utc, at: friday, duration: duration as never }))).toBe('core/invalid-input')
    }
  })

  test('a refusal is a value for those who want one', async () => {
    const tried = await attempt(async () => addWorkingTime({ calendar: utc, at: friday, duration: { workingDays: -1 } }))
    expect(tried.ok ? tried.value : tried.error.details).toEqual({ amount: -1, unit: 'workingDays' })
  })
})

describe('the calendar that never closes', () => {
  test('counts wall time', () => {
    const [from, to] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)]
    expect([alwaysOpen.add(from, 5), alwaysOpen.subtract(to, 5), alwaysOpen.within(from, to), alwaysOpen.within(to, from)]).toEqual([
      from + 5,
      to - 5,
      24 * HOUR,
      0,
    ])
    expect([alwaysOpen.addDays(from, 1), alwaysOpen.subtractDays(to, 1), alwaysOpen.isOpen(from), alwaysOpen.nextOpening(from)]).toEqual([
      to,
      from,
      true,
      from,
    ])
    expect([alwaysOpen.intervals(from, to), alwaysOpen.intervals(to, from)]).toEqual([[[from, to]], []])
    expect(iso(addWorkingTime({ calendar: alwaysOpen, at: friday, duration: { workingHours: 1 } }))).toBe('2024-03-08T22:30:00Z')
  })
})
