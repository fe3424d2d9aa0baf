import fc from 'fast-check'
import { expect, test } from 'vitest'
import { workingTimeInWords } from '../src/index.ts'
import { settings } from './settings.ts'

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000]
const day = { workingHours: 8 }

test.each([
  [19 * HOUR, '2 working days 3 h', '2 个工作日 3 小时'],
  [8 * HOUR, '1 working day', '1 个工作日'],
  [8 * HOUR + MINUTE, '1 working day 1 min', '1 个工作日 1 分钟'],
  [90 * MINUTE, '1 h 30 min', '1 小时 30 分钟'],
  [MINUTE - 1, 'less than 1 min', '不到 1 分钟'],
  [HOUR - 1, '59 min', '59 分钟'],
  [8 * HOUR - 1, '7 h 59 min', '7 小时 59 分钟'],
  [0, '0 min', '0 分钟'],
  [12_345 * 8 * HOUR, '12,345 working days', '12,345 个工作日'],
])('%d ms are %s, %s', (ms, en, zh) => {
  expect(workingTimeInWords({ ms, day })).toBe(en)
  expect(workingTimeInWords({ ms, day, locale: 'zh-CN' })).toBe(zh)
})

test('without the length of a day hours stay hours, and seconds are said on request', () => {
  expect(workingTimeInWords({ ms: 19 * HOUR })).toBe('19 h')
  expect(workingTimeInWords({ ms: 61 * SECOND + 999, smallest: 'second' })).toBe('1 min 1 s')
  expect(workingTimeInWords({ ms: 999, smallest: 'second', locale: 'zh-CN' })).toBe('不到 1 秒')
})

test('the words never say more than there is, and less than a second below it', () => {
  const arbitrary = fc.record({ ms: fc.integer({ min: 1_000, max: 400 * HOUR }), minutes: fc.integer({ min: 1, max: 1440 }) })
  fc.assert(
    fc.property(arbitrary, ({ ms, minutes }) => {
      const text = workingTimeInWords({ ms, day: { workingMinutes: minutes }, smallest: 'second' })
      const units: Record<string, number> = { day: minutes * MINUTE, days: minutes * MINUTE, h: HOUR, min: MINUTE, s: SECOND }
      const said = [...text.replaceAll(',', '').matchAll(/(\d+) (?:working )?(\w+)/g)].reduce(
        (sum, [, n, unit]) => sum + Number(n) * units[unit!]!,
        0,
      )
      expect(ms - said).toBeGreaterThanOrEqual(0)
      expect(ms - said).toBeLessThan(SECOND)
    }),
    settings,
  )
})

test('what is no length of working time is refused', () => {
  expect(() => workingTimeInWords({ ms: -1 })).toThrow('time/bad-amount')
  expect(() => workingTimeInWords({ ms: Number.NaN })).toThrow('time/bad-amount')
  expect(() => workingTimeInWords({ ms: 1, day: { hours: 8 } })).toThrow('time/wall-duration')
  expect(() => workingTimeInWords({ ms: 1, day: { workingDays: 1 } })).toThrow('core/invalid-input')
  expect(() => workingTimeInWords({ ms: 1, day: { workingHours: 0 } })).toThrow('time/bad-amount')
})
