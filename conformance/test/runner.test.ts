import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { agrees } from '../compare.ts'
import { type Case, type Functions, type Load, report, runFile } from '../runner.ts'
import { suites } from '../suites/index.ts'

const load: Load = async <Api>() => (await import('../../packages/business-time/src/index.ts')) as Api

const office = { timezone: 'Europe/Berlin', hours: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] }, holidays: [] }
const one = (id: string, fn: string, input: object, expected: unknown): Case => ({
  id,
  fn,
  input: { calendar: office, ...input },
  expected,
})

/** Twenty cases whose right answers stand here; Monday is 2024-01-15, Berlin is UTC+1. */
const right: readonly Case[] = [
  ...[1, 2, 3, 4, 5].map((h) =>
    one(`add-${h}`, 'add', { amount: h, unit: 'hours', at: '2024-01-15T08:00:00Z' }, `2024-01-15T${String(8 + h).padStart(2, '0')}:00:00Z`),
  ),
  ...[1, 2, 3, 4, 5].map((h) =>
    one(
      `subtract-${h}`,
      'subtract',
      { amount: h, unit: 'hours', at: '2024-01-15T16:00:00Z' },
      `2024-01-15T${String(16 - h).padStart(2, '0')}:00:00.000Z`,
    ),
  ),
  ...[1, 2, 3, 4, 5].map((h) =>
    one(`within-${h}`, 'within', { from: '2024-01-15T00:00:00Z', to: `2024-01-15T${String(8 + h).padStart(2, '0')}:00:00Z` }, h * 3600),
  ),
  one('open', 'in_hours', { at: '2024-01-15T08:00:00Z' }, true),
  one('closed', 'in_hours', { at: '2024-01-15T16:00:00Z' }, false),
  one('holiday', 'on_holiday', { at: '2024-01-15T16:00:00Z' }, false),
  one('periods', 'periods_after', { at: '2024-01-15T12:00:00Z', take: 1 }, [['2024-01-15T12:00:00Z', '2024-01-15T16:00:00Z']]),
  one('local', 'resolve_local', { date: '2024-01-15', time: '09:00' }, '2024-01-15T08:00:00Z'),
]

function altered(expected: unknown): unknown {
  if (typeof expected === 'boolean') return !expected
  if (typeof expected === 'number') return expected + 1
  if (typeof expected === 'string') return new Date(Date.parse(expected) + 1).toISOString()
  if (Array.isArray(expected)) return expected.map(altered)
  throw new Error('no such answer in this suite')
}

const run = (cases: readonly Case[], functions?: Functions) =>
  runFile({
    file: { suite: 'business-time', format: 1, cases },
    suites: functions ? [{ name: 'business-time', open: async () => functions }] : suites,
    load,
  })
const failures = async (cases: readonly Case[], functions?: Functions) => (await run(cases, functions)).filter((r) => !r.passed)

describe('the conformance runner', () => {
  test('passes twenty right answers and fails the same twenty altered by one', async () => {
    expect(await failures(right)).toEqual([])
    const wrong = await failures(right.map((c) => ({ ...c, expected: altered(c.expected) })))
    expect(wrong.map((r) => r.id)).toEqual(right.map((c) => c.id))
    expect(report(wrong).split('\n').at(-1)).toBe('0 passed, 20 failed')
    expect(report(wrong).split('\n')).toHaveLength(21)
  })

  test('fails an unknown function, an unknown suite, a skipped case, a case without an answer', async () => {
    expect(await failures([{ ...right[0]!, fn: 'nothing' }])).toHaveLength(1)
    expect(await failures([{ ...right[0]!, skip: true } as Case])).toHaveLength(1)
    const { expected: _, ...open } = right[0]!
    expect(await failures([open as Case])).toHaveLength(1)
    expect((await runFile({ file: { suite: 'other', format: 1, cases: right }, suites, load })).every((r) => !r.passed)).toBe(true)
  })

  test('fails a file without cases, and what is no such file', async () => {
    for (const file of [
      { suite: 'business-time', format: 1, cases: [] },
      { suite: 'business-time', format: 1 },
      {},
      null,
      'text',
      { suite: 'business-time', format: 2, cases: right },
    ]) {
      const results = await runFile({ file, suites, load })
      expect(results.map((r) => r.passed)).toEqual([false])
    }
  })

  test('fails NaN, a throw, and a refusal that nobody asked for', async () => {
    const nan = { id: 'nan', fn: 'f', input: {}, expected: 0, toleranceAbs: 1e9 }
    expect(await failures([nan], { f: () => Number.NaN })).toHaveLength(1)
    expect(
      await failures([nan], {
        f: () => {
          throw new Error('no')
        },
      }),
    ).toHaveLength(1)
  })

  test('passes an asked-for refusal only when it is typed', async () => {
    const refused = { id: 'refused', fn: 'f', input: {}, expected: { error: true } }
    const typed = Object.assign(new Error('time/bad-amount: no'), { name: 'PatronkitError', code: 'time/bad-amount' })
    expect(
      await failures([refused], {
        f: () => {
          throw typed
        },
      }),
    ).toEqual([])
    expect(
      await failures([refused], {
        f: () => {
          throw new TypeError('x is undefined')
        },
      }),
    ).toHaveLength(1)
    expect(await failures([refused], { f: () => ({ error: true }) })).toHaveLength(1)
  })
})

describe('comparing', () => {
  test.each([
    [1, '1.000', {}, true],
    ['21.90', 21.9, {}, true],
    ['21.90', '21.9', {}, true],
    ['0.10', '.1', {}, true],
    ['-0', 0, {}, true],
    ['0.1', '0.10000000000000000001', {}, false],
    [100, 101, { tolerance: 0.01 }, true],
    [100, 101.1, { tolerance: 0.01 }, false],
    [0, 0.005, { tolerance: 0.01 }, true],
    [0, 0.02, { tolerance: 0.01 }, false],
    [5, 5.5, { toleranceAbs: 0.5 }, true],
    [5, null, {}, false],
    [0, '', {}, false],
    [Number.NaN, Number.NaN, { toleranceAbs: 1 }, false],
    ['2024-01-01T00:00:00Z', '2024-01-01T01:00:00.000+01:00', {}, true],
    ['2024-01-01T00:00:00Z', new Date(Date.UTC(2024, 0, 1)), {}, true],
    ['2024-01-01', '2024-01-01', {}, true],
    ['2024-01-01', new Date(Date.UTC(2024, 0, 1)), {}, false],
    [null, undefined, {}, true],
    [{ a: null }, {}, {}, true],
    [{ a: 1 }, { a: 1, b: 2 }, {}, true],
    [{ a: 1 }, {}, {}, false],
    [[1, 2], [2, 1], {}, false],
    [[1], [1, 2], {}, false],
    [[], {}, {}, false],
    [true, 1, {}, false],
  ])('%j against %j within %j: %j', (expected, got, within, verdict) => {
    expect(agrees(expected, got, within)).toBe(verdict)
  })
})

describe('the business-time oracles', () => {
  const path = new URL('../../../shared/oracles/business-time.json', import.meta.url)
  // The file is kept outside the repository; in a clone without it these cases are left out, and the output says so.
  test.skipIf(!existsSync(path))(
    `all cases of ${existsSync(path) ? 'business-time.json' : 'business-time.json (file not here, left out)'}`,
    async () => {
      const results = await runFile({ file: JSON.parse(readFileSync(path, 'utf8')), suites, load })
      expect(report(results)).toBe(`${results.length} passed, 0 failed`)
      expect(results.length).toBeGreaterThanOrEqual(128)
    },
  )

  test.skipIf(!existsSync(path))('twenty of them with altered answers fail, all twenty', async () => {
    const file = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }
    const twenty = file.cases
      .filter((c) => c.fn !== 'config_error')
      .filter((_, i) => i % 6 === 0)
      .slice(0, 20)
    expect(await failures(twenty.map((c) => ({ ...c, expected: altered(c.expected) })))).toHaveLength(20)
    expect(await failures(twenty)).toEqual([])
  })
})
