import { isPatronkitError } from '@patronkit/core'
import { describe, expect, test } from 'vitest'
import { addWorkingTime, type CalendarDefinition, defineCalendar } from '../src/calendar.ts'

const good = { id: 'office', zone: 'Europe/Rome', week: { mon: [['09:00', '17:00']] } } as const

/** Paths of what was refused. */
function mistakes(calendar: object): readonly string[] {
  try {
    defineCalendar(calendar as never)
  } catch (error) {
    if (isPatronkitError(error, 'core/invalid-input')) return error.details.issues.map((issue) => issue.path)
    throw error
  }
  return []
}

describe('a calendar is refused with the path of the mistake', () => {
  test.each([
    ['hours that end as they start', { week: { mon: [['09:00', '09:00']] } }, 'week.mon.0'],
    ['the same time written twice', { week: { mon: [['09:00', '09:00:00']] } }, 'week.mon.0'],
    ['25 hours', { week: { mon: [['09:00', '25:00']] } }, 'week.mon.0.1'],
    ['a start at 24:00', { week: { mon: [['24:00', '02:00']] } }, 'week.mon.0.0'],
    ['a minute of 60', { week: { mon: [['09:60', '17:00']] } }, 'week.mon.0.0'],
    ['9:00 without its zero', { week: { mon: [['9:00', '17:00']] } }, 'week.mon.0.0'],
    ['no hours at all', { week: {} }, 'week'],
    ['empty days only', { week: { mon: [] }, shifts: { '2026-12-27': [] } }, 'week'],
    ['a weekday that is none', { week: { monday: [['09:00', '17:00']] } }, 'week'],
    ['a 30 February', { holidays: ['2026-02-30'] }, 'holidays.0'],
    ['29 February of a common year', { holidays: ['2024-02-29', '2026-02-29'] }, 'holidays.1'],
    ['a date beyond the horizon', { holidays: ['2200-01-01'] }, 'holidays.0'],
    ['a shift on no date', { shifts: { 'new-year': [['09:00', '17:00']] } }, 'shifts.new-year'],
    ['a break on 31 April', { breaks: { '2026-04-31': [['09:00', '10:00']] } }, 'breaks.2026-04-31'],
    ['a zone that is none', { zone: 'Europe/Atlantis' }, 'zone'],
    ['an offset for a zone', { zone: '+01:00' }, 'zone'],
    ['an unknown key', { timezone: 'Europe/Rome' }, ''],
  ])('%s', (_, change, path) => {
    expect(mistakes({ ...good, ...change })).toContain(path)
  })

  test('an id that is none', () => {
    expect(mistakes({ ...good, id: '' })).toHaveLength(1)
  })
})

describe('a definition', () => {
  test('is frozen, plain JSON, and works after a journey through a database', () => {
    const office = defineCalendar(good)
    expect(Object.isFrozen(office.body.week)).toBe(true)
    const stored = JSON.parse(JSON.stringify(office)) as CalendarDefinition
    expect(stored).toEqual(office)
    const ask = { at: '2026-11-23T09:00:00+01:00', duration: { workingHours: 1 } } as const
    expect(addWorkingTime({ calendar: stored, ...ask })).toEqual(addWorkingTime({ calendar: office, ...ask }))
  })

  test('has one hash however its holidays are listed, and another for other hours', () => {
    const hash = (change: object) => defineCalendar({ ...good, ...change }).hash
    expect(hash({ holidays: ['2026-12-26', '2026-12-25', '2026-12-26'] })).toBe(hash({ holidays: ['2026-12-25', '2026-12-26'] }))
    expect(hash({ holidays: [], shifts: {} })).toBe(hash({}))
    expect(hash({ holidays: ['2026-12-25'] })).not.toBe(hash({}))
  })
})
