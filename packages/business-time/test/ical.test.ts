import { describe, expect, test } from 'vitest'
import { holidaysFromIcal, hoursFromIcal, type IcalInput } from '../src/ical.ts'
import { defineCalendar, workingTimeBetween } from '../src/index.ts'

const file = (...events: readonly string[][]) =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    ...events.flatMap((lines, i) => ['BEGIN:VEVENT', `UID:e${i}`, ...lines, 'END:VEVENT']),
    'END:VCALENDAR',
  ].join('\r\n')
const years = { zone: 'Europe/Rome', from: '2026-01-01T00:00:00+01:00', to: '2029-01-01T00:00:00+01:00' }
const closed = (i: Partial<IcalInput>, ...events: readonly string[][]) => holidaysFromIcal({ ...years, text: file(...events), ...i })

describe('holidays', () => {
  test('come from whole days, several at once, yearly, with dates left out and added', () => {
    expect(closed({}, ['DTSTART;VALUE=DATE:20261225', 'DTEND;VALUE=DATE:20261227']).holidays).toEqual(['2026-12-25', '2026-12-26'])
    expect(
      closed({}, ['DTSTART;VALUE=DATE:20200501', 'RRULE:FREQ=YEARLY', 'EXDATE;VALUE=DATE:20270501', 'RDATE;VALUE=DATE:20270503']).holidays,
    ).toEqual(['2026-05-01', '2027-05-03', '2028-05-01'])
    expect(closed({}, ['DTSTART;VALUE=DATE:20251127', 'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20271231']).holidays).toEqual([
      '2026-11-26',
      '2027-11-25',
    ])
    expect(closed({}, ['DTSTART;VALUE=DATE:20260302', 'DURATION:P2D', 'RRULE:FREQ=WEEKLY;COUNT=2']).holidays).toEqual([
      '2026-03-02',
      '2026-03-03',
      '2026-03-09',
      '2026-03-10',
    ])
  })

  test('leave out what is cancelled, the one occurrence or the event', () => {
    expect(closed({}, ['DTSTART;VALUE=DATE:20261225', 'STATUS:CANCELLED']).holidays).toEqual([])
    const text = file(['DTSTART;VALUE=DATE:20260105', 'RRULE:FREQ=DAILY;COUNT=3']).replace(
      'END:VCALENDAR',
      [
        ...['BEGIN:VEVENT', 'UID:e0', 'RECURRENCE-ID;VALUE=DATE:20260106', 'DTSTART;VALUE=DATE:20260106', 'STATUS:CANCELLED', 'END:VEVENT'],
        ...['BEGIN:VEVENT', 'UID:e0', 'RECURRENCE-ID;VALUE=DATE:20260107', 'DTSTART;VALUE=DATE:20260120', 'END:VEVENT', 'END:VCALENDAR'],
      ].join('\r\n'),
    )
    expect(holidaysFromIcal({ ...years, text }).holidays).toEqual(['2026-01-05', '2026-01-20'])
  })

  test('of some hours become breaks, in the zone of the calendar', () => {
    expect(closed({}, ['DTSTART;TZID=America/New_York:20261124T080000', 'DTEND;TZID=America/New_York:20261124T093000']).breaks).toEqual({
      '2026-11-24': [['14:00:00', '15:30:00']],
    })
    expect(closed({}, ['DTSTART:20261124T220000Z', 'DURATION:PT4H']).breaks).toEqual({
      '2026-11-24': [['23:00:00', '24:00:00']],
      '2026-11-25': [['00:00:00', '03:00:00']],
    })
    expect(closed({}, ['DTSTART:20261124T120000', 'DTEND:20261124T130000']).breaks).toEqual({ '2026-11-24': [['12:00:00', '13:00:00']] })
  })

  test('of a zone with a name of its own are read once it is said which it is', () => {
    const event = ['DTSTART;TZID=W. Europe Standard Time:20261124T120000', 'DURATION:PT1H']
    expect(() => closed({}, event)).toThrow('W. Europe Standard Time')
    expect(closed({ zones: { 'W. Europe Standard Time': 'Europe/Berlin' } }, event).breaks).toEqual({
      '2026-11-24': [['12:00:00', '13:00:00']],
    })
  })
})

test('a weekly rule keeps its wall time across the change of clocks, and ends by an instant', () => {
  const event = [
    'DTSTART;TZID=Europe/Rome:20260323T090000',
    'DTEND;TZID=Europe/Rome:20260323T170000',
    'RRULE:FREQ=WEEKLY;UNTIL=20260406T070000Z',
  ]
  const { shifts } = hoursFromIcal({ ...years, text: file(event) })
  expect(Object.entries(shifts)).toEqual(['2026-03-23', '2026-03-30', '2026-04-06'].map((date) => [date, [['09:00:00', '17:00:00']]]))
  const calendar = defineCalendar({ id: 'fair', zone: 'Europe/Rome', shifts })
  expect(workingTimeBetween({ calendar, from: years.from, to: years.to })).toBe(24 * 3_600_000)
})

describe('a file that is hostile or broken is refused with a code and does not run away', () => {
  const day = 'DTSTART;VALUE=DATE:20260101'
  test.each([
    ['every second', ['DTSTART:20260101T000000Z', 'RRULE:FREQ=SECONDLY'], 'time/bad-icalendar'],
    ['an interval of a billion', [day, 'RRULE:FREQ=DAILY;INTERVAL=1000000000'], 'time/bad-icalendar'],
    ['every day since the year 1801', ['DTSTART;VALUE=DATE:18010101', 'RRULE:FREQ=DAILY'], 'time/too-many-events'],
    ['a rule that is none', [day, 'RRULE:FREQ=OFTEN'], 'time/bad-icalendar'],
    ['no start', ['SUMMARY:x'], 'time/bad-icalendar'],
    ['a start that is none', ['DTSTART:soon'], 'time/bad-icalendar'],
    ['an end before the start', [day, 'DTEND;VALUE=DATE:20251201'], 'time/bad-icalendar'],
    ['a date beside a time', [day, 'DTEND:20260102T000000Z'], 'time/bad-icalendar'],
    ['a period', ['DTSTART:20260101T000000Z', 'RDATE;VALUE=PERIOD:20260101T000000Z/PT1H'], 'time/bad-icalendar'],
    [
      '100,000 hours a day',
      ['DTSTART:20260101T000000Z', `RRULE:FREQ=DAILY;BYSECOND=${[...Array(60).keys()]};BYMINUTE=${[...Array(60).keys()]}`],
      'time/too-many-events',
    ],
  ])('%s', (_, event, code) => {
    expect(() => closed({}, event)).toThrow(code)
  })

  // rules without a day: nothing, or a refusal, but an end
  test.each([
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31;BYDAY=MO',
    'FREQ=YEARLY;BYMONTH=4;BYDAY=1MO;BYMONTHDAY=15',
    'FREQ=MONTHLY;BYDAY=5MO;BYMONTH=2;INTERVAL=7',
    'FREQ=YEARLY;BYYEARDAY=366;INTERVAL=7',
    'FREQ=YEARLY;BYWEEKNO=53;INTERVAL=999',
    'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300',
    'FREQ=DAILY;BYHOUR=99',
    'FREQ=WEEKLY;BYDAY=XX',
  ])('%s comes to an end', (rule) => {
    try {
      expect(closed({}, [day, `RRULE:${rule}`]).holidays.length).toBeLessThan(40)
    } catch (error) {
      expect(String(error)).toMatch(/time\/(bad-icalendar|too-many-events)/)
    }
  })

  test.each(['', 'hello', 'BEGIN:VCALENDAR', 'BEGIN:VEVENT\r\nEND:VEVENT', `${file()}\r\n${file()}`, 'x'.repeat(5_000_001)])(
    'text %#',
    (text) => {
      expect(() => holidaysFromIcal({ ...years, text })).toThrow('time/bad-icalendar')
    },
  )

  test('an hour that comes twice is not written down as the other one', () => {
    expect(() => closed({}, ['DTSTART:20261025T010000Z', 'DURATION:PT30M'])).toThrow('comes twice')
  })
})

// what RFC 5545 says of dates that a month or year lacks; the parser moves them into the next month
test.each([
  ['20240229', 'FREQ=YEARLY', ['2028-02-29']],
  ['20240430', 'FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31', []],
  ['20240201', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', []],
  ['20260131', 'FREQ=MONTHLY;INTERVAL=1;UNTIL=20260601', ['2026-01-31', '2026-03-31', '2026-05-31']],
  ['20260131', 'FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20260401', ['2026-01-31', '2026-02-28', '2026-03-31']],
])('a rule from %s with %s falls on the days that there are', (start, rule, days) => {
  expect(closed({}, [`DTSTART;VALUE=DATE:${start}`, `RRULE:${rule}`]).holidays).toEqual(days)
})

test.each([
  'FREQ=MONTHLY;BYMONTHDAY=1,15,-1;BYSETPOS=2',
  'FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5',
])('%s is refused and not guessed at', (rule) => {
  expect(() => closed({}, ['DTSTART;VALUE=DATE:20260101', `RRULE:${rule}`])).toThrow('time/bad-icalendar')
})
