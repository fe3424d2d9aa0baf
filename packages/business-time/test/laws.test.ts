import { isPatronkitError } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileCalendar } from '../src/calendar.ts'
import { scenes } from '../src/testing.ts'
import { patience, settings } from './settings.ts'
import { paint } from './walk.ts'

const DAY = 86_400_000
const MINUTE = 60_000

/** An instant near the scene, and often at a round minute, where openings and closes are. */
const offset = fc.oneof(
  fc.integer({ min: -12 * DAY, max: 12 * DAY }),
  fc.integer({ min: -12 * 48, max: 12 * 48 }).map((half) => half * 30 * MINUTE),
)
const amount = fc.oneof(
  fc.integer({ min: 1, max: 10 * DAY }),
  fc.integer({ min: 1, max: 200 }).map((half) => half * 30 * MINUTE),
  fc.constant(1),
)

const law = (name: string, property: fc.IRawProperty<unknown>) =>
  test(name, { timeout: patience }, () => {
    fc.assert(property, settings)
  })

describe('for every calendar and zone', () => {
  law(
    'working time adds up: from a to c is from a to b plus from b to c',
    fc.property(scenes({ fc, hours: 'any' }), offset, offset, offset, ({ calendar, around }, x, y, z) => {
      const index = compileCalendar({ calendar, from: around - 13 * DAY, to: around + 13 * DAY })
      const [a, b, c] = [x, y, z].sort((p, q) => p - q).map((o) => around + o) as [number, number, number]
      expect(index.within(a, c)).toBe(index.within(a, b) + index.within(b, c))
    }),
  )

  law(
    'from an instant to that instant plus d lie d of working time',
    fc.property(scenes({ fc }), offset, amount, ({ calendar, around }, o, d) => {
      const index = compileCalendar({ calendar, from: around - 13 * DAY, to: around + 60 * DAY })
      const end = index.add(around + o, d)
      expect(index.within(around + o, end)).toBe(d)
      // It is the first such instant: a millisecond earlier there is less.
      expect(index.within(around + o, end - 1)).toBe(d - 1)
    }),
  )

  law(
    'from an instant less d to that instant lie d of working time',
    fc.property(scenes({ fc }), offset, amount, ({ calendar, around }, o, d) => {
      const index = compileCalendar({ calendar, from: around - 60 * DAY, to: around + 13 * DAY })
      const start = index.subtract(around + o, d)
      expect(index.within(start, around + o)).toBe(d)
      expect(index.within(start + 1, around + o)).toBe(d - 1)
    }),
  )

  law(
    'subtracting what was added leads back to the instant, or from a closed one to the opening after it',
    fc.property(scenes({ fc }), offset, amount, ({ calendar, around }, o, d) => {
      const index = compileCalendar({ calendar, from: around - 13 * DAY, to: around + 60 * DAY })
      expect(index.subtract(index.add(around + o, d), d)).toBe(index.nextOpening(around + o))
    }),
  )

  law(
    'adding in two steps is adding at once',
    fc.property(scenes({ fc }), offset, amount, amount, ({ calendar, around }, o, d, e) => {
      const index = compileCalendar({ calendar, from: around - 13 * DAY, to: around + 60 * DAY })
      expect(index.add(index.add(around + o, d), e)).toBe(index.add(around + o, d + e))
    }),
  )

  law(
    'open means that the next millisecond is working time, and that some interval holds the instant',
    fc.property(scenes({ fc, hours: 'any' }), offset, ({ calendar, around }, o) => {
      const index = compileCalendar({ calendar, from: around - 13 * DAY, to: around + 13 * DAY })
      const at = around + o
      const open = index.isOpen(at)
      expect(index.within(at, at + 1)).toBe(open ? 1 : 0)
      expect(index.intervals(around - 13 * DAY, around + 13 * DAY).some(([from, to]) => from <= at && at < to)).toBe(open)
    }),
  )

  law(
    'the next opening is open, nothing is open before it, and it is its own next opening; the previous one mirrors it',
    fc.property(scenes({ fc }), offset, ({ calendar, around }, o) => {
      const index = compileCalendar({ calendar, from: around - 30 * DAY, to: around + 30 * DAY })
      const at = around + o
      const next = index.nextOpening(at)
      expect([index.isOpen(next), index.within(at, next), index.nextOpening(next)]).toEqual([true, 0, next])
      const previous = index.previousOpening(at)
      expect([index.isOpen(previous) || index.isOpen(previous - 1), index.within(previous, at), index.previousOpening(previous)]).toEqual([
        true,
        0,
        previous,
      ])
      expect([index.add(at, 0), index.subtract(at, 0)]).toEqual([next, previous])
    }),
  )

  law(
    'a working day later is open, on a later local date, and the same however the index came to grow',
    fc.property(scenes({ fc }), offset, fc.integer({ min: 1, max: 60 }), ({ calendar, around }, o, days) => {
      const far = compileCalendar({ calendar, from: around - 400 * DAY, to: around + 400 * DAY })
      const grown = compileCalendar({ calendar, from: around, to: around })
      const at = around + o
      const later = far.addDays(at, days)
      expect(grown.addDays(at, days)).toBe(later)
      expect(far.isOpen(later)).toBe(true)
      expect(later).toBeGreaterThan(at)
      const earlier = far.subtractDays(at, days)
      expect(grown.subtractDays(at, days)).toBe(earlier)
      expect(earlier).toBeLessThan(at)
    }),
  )

  law(
    'an index that grew answers as one that was compiled at once',
    fc.property(scenes({ fc, hours: 'any' }), offset, offset, amount, ({ calendar, around }, x, y, d) => {
      const once = compileCalendar({ calendar, from: around - 900 * DAY, to: around + 900 * DAY })
      const grown = compileCalendar({ calendar, from: around + x, to: around + x + 1 })
      const at = around + y
      const answer = (ask: () => number) => {
        try {
          return ask()
        } catch (error) {
          // Hours of single dates end; both must say so.
          if (isPatronkitError(error, 'time/never-open')) return error.code
          throw error
        }
      }
      for (const ask of ['add', 'subtract'] as const) expect(answer(() => grown[ask](at, d))).toBe(answer(() => once[ask](at, d)))
      expect(grown.within(at - 40 * DAY, at + 40 * DAY)).toBe(once.within(at - 40 * DAY, at + 40 * DAY))
    }),
  )

  law(
    'the index agrees with a walk over every minute',
    fc.property(scenes({ fc, grain: 'minute', hours: 'any' }), offset, offset, ({ calendar, around, place }, x, y) => {
      const index = compileCalendar({ calendar, from: around - 12 * DAY, to: around + 12 * DAY })
      const { first, open } = paint(calendar, place)
      const from = around - 12 * DAY
      const to = around + 12 * DAY
      const base = (from - first * MINUTE) / MINUTE
      const painted = open.subarray(base, base + (to - from) / MINUTE)
      const compiled = new Uint8Array(painted.length)
      for (const [opens, closes] of index.intervals(from, to)) compiled.fill(1, (opens - from) / MINUTE, (closes - from) / MINUTE)
      // One comparison of buffers; the slow one only names the difference.
      if (Buffer.compare(compiled, painted) !== 0) {
        const i = compiled.findIndex((value, k) => value !== painted[k])
        expect(`${new Date(from + i * MINUTE).toISOString()} is ${compiled[i]}`).toBe(`… is ${painted[i]}`)
      }
      const [a, b] = [Math.min(x, y), Math.max(x, y)].map((o) => Math.floor((around + o - from) / MINUTE)) as [number, number]
      let sum = 0
      for (let i = a; i < b; i++) sum += painted[i]!
      expect(index.within(from + a * MINUTE, from + b * MINUTE)).toBe(sum * MINUTE)
    }),
  )
})
