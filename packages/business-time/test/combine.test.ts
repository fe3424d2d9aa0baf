import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addWorkingTime,
  alwaysOpen,
  compileCalendar,
  defineCalendar,
  intersectCalendars,
  inZone,
  uniteCalendars,
  versionCalendar,
  type WorkingCalendar,
  workingTimeBetween,
} from '../src/index.ts'
import { scenes } from '../src/testing.ts'
import { oneSunday, weekdays } from './samples.ts'
import { patience, settings } from './settings.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

// Two or three calendars of one place, so that their odd days meet.
const crews = fc.tuple(scenes({ fc, hours: 'any' }), scenes({ fc, hours: 'any' }), scenes({ fc, hours: 'any' })).map(([a, b, c]) => {
  const [x, y, z] = [a.calendar, inZone(b.calendar, a.place.zone), c.calendar].map((calendar) =>
    compileCalendar({ calendar, from: a.around - 400 * DAY, to: a.around + 800 * DAY }),
  ) as [WorkingCalendar, WorkingCalendar, WorkingCalendar]
  return { a: x, b: y, c: z, around: a.around }
})
const offset = fc.integer({ min: -12 * DAY, max: 12 * DAY })
const union = (...calendars: WorkingCalendar[]) => uniteCalendars({ calendars })
const both = (...calendars: WorkingCalendar[]) => intersectCalendars({ calendars })

const law = (name: string, property: fc.IRawProperty<unknown>) =>
  test(name, { timeout: patience }, () => {
    // Each run compiles several calendars of several years.
    fc.assert(property, { ...settings, numRuns: settings.numRuns / 10 })
  })

describe('for every two or three calendars', () => {
  law(
    'open together is what each is open less what both are',
    fc.property(crews, offset, offset, ({ a, b, around }, x, y) => {
      const [from, to] = [around + Math.min(x, y), around + Math.max(x, y)]
      expect(union(a, b).within(from, to)).toBe(a.within(from, to) + b.within(from, to) - both(a, b).within(from, to))
    }),
  )

  law(
    'an instant is open in the union when in one of them, in the intersection when in both',
    fc.property(crews, offset, ({ a, b, around }, x) => {
      const at = around + x
      expect(union(a, b).isOpen(at)).toBe(a.isOpen(at) || b.isOpen(at))
      expect(both(a, b).isOpen(at)).toBe(a.isOpen(at) && b.isOpen(at))
    }),
  )

  law(
    'order and grouping do not matter, and one spreads over the other',
    fc.property(crews, ({ a, b, c, around }) => {
      const open = (calendar: WorkingCalendar) => calendar.intervals(around - 13 * DAY, around + 13 * DAY)
      expect(open(union(a, b))).toEqual(open(union(b, a)))
      expect(open(both(a, b))).toEqual(open(both(b, a)))
      expect(open(union(union(a, b), c))).toEqual(open(union(a, union(b, c))))
      expect(open(both(both(a, b), c))).toEqual(open(both(a, both(b, c))))
      expect(open(both(a, union(b, c)))).toEqual(open(union(both(a, b), both(a, c))))
    }),
  )

  law(
    'with itself and with 24×7 a calendar stays, or is never closed',
    fc.property(crews, ({ a, around }) => {
      const [from, to] = [around - 13 * DAY, around + 13 * DAY]
      for (const same of [union(a, a), both(a, a), both(a, alwaysOpen), both(alwaysOpen, a)]) {
        expect(same.intervals(from, to)).toEqual(a.intervals(from, to))
      }
      expect(union(a, alwaysOpen).intervals(from, to)).toEqual([[from, to]])
    }),
  )

  law(
    'adding and subtracting go by the open time of the combination',
    fc.property(crews, offset, fc.integer({ min: 1, max: 2 * DAY }), ({ a, b, around }, x, d) => {
      const index = union(a, b)
      if (index.within(around - 12 * DAY, around + 60 * DAY) < 3 * DAY) return
      const at = around + Math.min(x, 0)
      if (index.within(at, around + 60 * DAY) < d) return
      const end = index.add(at, d)
      expect([index.within(at, end), index.within(at, end - 1)]).toEqual([d, d - 1])
      expect(index.subtract(end, d)).toBe(index.nextOpening(at))
    }),
  )

  law(
    'versions count each side of the change by their own hours',
    fc.property(crews, offset, offset, offset, ({ a, b, around }, x, y, z) => {
      const change = around + x
      const calendar = versionCalendar({ versions: [{ calendar: a }, { from: new Date(change), calendar: b }] })
      const [from, to] = [around + Math.min(y, z), around + Math.max(y, z)]
      const expected = a.within(from, Math.min(to, change)) + b.within(Math.max(from, change), to)
      expect(calendar.within(from, to)).toBe(expected)
      expect([calendar.isOpen(change), calendar.isOpen(change - 1)]).toEqual([b.isOpen(change), a.isOpen(change - 1)])
    }),
  )
})

test('two teams follow the sun: Rome and New York together are open 14 hours of a winter day, two of them both', () => {
  const calendars = [weekdays('Europe/Rome'), weekdays('America/New_York')]
  const day = { from: '2026-11-23T00:00:00Z', to: '2026-11-24T00:00:00Z' }
  expect(workingTimeBetween({ calendar: uniteCalendars({ calendars }), ...day }) / HOUR).toBe(14)
  expect(workingTimeBetween({ calendar: intersectCalendars({ calendars }), ...day }) / HOUR).toBe(2)
})

test('working days of a combination are the dates on which it is open at all', () => {
  const calendar = uniteCalendars({ calendars: [weekdays('Europe/Rome'), oneSunday] })
  const end = addWorkingTime({ calendar, at: '2026-12-25T10:00:00+01:00', duration: { workingDays: 2 } })
  expect(end.toISOString()).toBe('2026-12-28T09:00:00.000Z')
  const never = uniteCalendars({ calendars: [weekdays('Europe/Rome'), alwaysOpen], zone: 'Pacific/Apia' })
  // 2011-12-30 did not take place in Apia
  expect(new Date(never.addDays(Date.parse('2011-12-29T12:00:00-10:00'), 1)).toISOString()).toBe('2011-12-30T22:00:00.000Z')
})

test('calendars that never meet are refused and do not hang', () => {
  const night = defineCalendar({ id: 'night', zone: 'Europe/Rome', week: { mon: [['22:00', '23:00']] } })
  const calendar = intersectCalendars({ calendars: [weekdays('Europe/Rome'), night] })
  const at = '2026-11-23T00:00:00Z'
  expect(workingTimeBetween({ calendar, from: at, to: '2030-01-01T00:00:00Z' })).toBe(0)
  for (const duration of [{ workingHours: 1 }, { workingDays: 1 }]) {
    expect(() => addWorkingTime({ calendar, at, duration })).toThrow('time/never-open')
  }
  expect(() => uniteCalendars({ calendars: [] })).toThrow('core/invalid-input')
})

test('a local date begins a version at its midnight in the zone of that version', () => {
  const calendar = versionCalendar({
    versions: [{ calendar: weekdays('Europe/Rome') }, { from: '2026-11-24', calendar: weekdays('Asia/Shanghai') }],
  })
  // Monday is Rome's up to 17:00 in Rome = Tuesday 00:00 in Shanghai
  expect(calendar.intervals(Date.parse('2026-11-23T00:00:00Z'), Date.parse('2026-11-25T00:00:00Z'))).toEqual([
    [Date.parse('2026-11-23T08:00:00Z'), Date.parse('2026-11-23T16:00:00Z')],
    [Date.parse('2026-11-24T01:00:00Z'), Date.parse('2026-11-24T09:00:00Z')],
  ])
  const [first, second] = [{ calendar: weekdays('UTC') }, { from: '2026-11-24', calendar: weekdays('UTC') }] as const
  expect(() => versionCalendar({ versions: [] })).toThrow('versions')
  expect(() => versionCalendar({ versions: [second] })).toThrow('versions.0.from')
  expect(() => versionCalendar({ versions: [first, first] })).toThrow('versions.1.from')
  expect(() => versionCalendar({ versions: [first, second, second] })).toThrow('versions.2.from')
})

test('one definition serves items of several zones', () => {
  const office = weekdays('Europe/Rome')
  const shanghai = inZone(office, 'Asia/Shanghai')
  expect(inZone(office, 'Asia/Shanghai')).toBe(shanghai)
  expect(inZone(office, 'Europe/Rome')).toBe(office)
  expect(shanghai).toEqual(weekdays('Asia/Shanghai'))
  const due = addWorkingTime({ calendar: shanghai, at: '2026-11-23T00:00:00Z', duration: { workingHours: 1 } })
  expect(due.toISOString()).toBe('2026-11-23T02:00:00.000Z')
  expect(() => inZone(office, '+08:00')).toThrow('zone')
})
