import { expect, test } from 'vitest'
import {
  addMoney,
  attempt,
  fromMinor,
  isPatronkitError,
  manualClock,
  money,
  newId,
  PatronkitError,
  retrying,
  toProblemDetails,
} from '../src/index.ts'
import { toMs } from '../src/instant.ts'

const NINE = Date.UTC(2026, 10, 23, 9)

test.each([
  ['a Date', new Date(NINE)],
  ['ISO with Z', '2026-11-23T09:00:00Z'],
  ['ISO with an offset', '2026-11-23T10:00:00+01:00'],
  ['ISO without seconds', '2026-11-23T10:00+0100'],
  ['epoch milliseconds', NINE],
  ['a Temporal instant', { epochMilliseconds: NINE }],
])('%s is an instant', (_, value) => expect(toMs(value)).toBe(NINE))

test('what has no text is refused as well', () => {
  for (const value of [{ toString: undefined }, Object.create(null), [{ toString: null }], Object.assign(() => 0, { toString: 1 })])
    expect(() => toMs(value as never)).toThrow(expect.objectContaining({ code: 'core/invalid-input' }))
})

test.each([
  ['2026-11-23T09:00:00', 'core/instant-without-offset'],
  [1_795_424_400, 'core/instant-looks-like-seconds'],
  ['2026-13-23T09:00:00Z', 'core/invalid-input'],
  ['23/11/2026', 'core/invalid-input'],
  [Number.NaN, 'core/invalid-input'],
  [new Date(Number.NaN), 'core/invalid-input'],
  [9e15, 'core/invalid-input'],
  [null as never, 'core/invalid-input'],
  [{} as never, 'core/invalid-input'],
])('%s is refused as %s', (value, code) => {
  expect(() => toMs(value)).toThrow(expect.objectContaining({ code }))
})

test('a manual clock stands still until it is moved', () => {
  const clock = manualClock('2026-11-23T09:00:00Z')
  expect(clock.now()).toEqual(new Date(NINE))
  clock.advance({ hours: 2, minutes: 30 })
  expect(clock.now()).toEqual(new Date(NINE + 9_000_000))
})

test('ids made later sort later', () => {
  const bytes = (seed: number) => Uint8Array.from({ length: 16 }, (_, i) => (i * 37 + seed) % 256)
  const ids = [newId(NINE, bytes(200)), newId(NINE + 1, bytes(3)), newId(NINE + 2, bytes(100))]
  expect([...ids].sort()).toEqual(ids)
  expect(newId(NINE, bytes(1))).toBe(newId(NINE, bytes(1)))
  expect(newId(NINE, bytes(1))).not.toBe(newId(NINE, bytes(2)))
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('money has the digits of its currency', () => {
  expect(money('21.9', 'EUR')).toEqual({ amount: '21.90', currency: 'EUR' })
  expect(fromMinor(2190, 'EUR')).toEqual({ amount: '21.90', currency: 'EUR' })
  expect(fromMinor(2190, 'JPY')).toEqual({ amount: '2190', currency: 'JPY' })
  expect(fromMinor(-5, 'KWD')).toEqual({ amount: '-0.005', currency: 'KWD' })
  expect(addMoney(money('0.10', 'EUR'), money('0.20', 'EUR'))).toEqual({ amount: '0.30', currency: 'EUR' })
  for (const bad of [() => money('21.905', 'EUR'), () => money('1e3', 'EUR'), () => money('1', 'euro'), () => fromMinor(1.5, 'EUR')]) {
    expect(bad).toThrow(expect.objectContaining({ code: 'core/bad-money' }))
  }
  expect(() => addMoney(money('1', 'EUR'), money('1', 'USD'))).toThrow(/cannot be added/)
})

const conflict = () => new PatronkitError({ code: 'core/write-conflict', message: 'x', details: { subject: 's' }, retryable: 'command' })

test('attempt gives the error as a value and lets bugs through', async () => {
  const tried = await attempt(async () => Promise.reject(conflict()))
  expect(tried.ok === false && isPatronkitError(tried.error, 'core/write-conflict') && tried.error.details.subject).toBe('s')
  await expect(attempt(async () => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug')
})

test('retrying repeats what can help and nothing else', async () => {
  let calls = 0
  const third = async () => {
    if (++calls < 3) throw conflict()
    return calls
  }
  expect(await retrying(third)).toBe(3)
  calls = 0
  await expect(
    retrying(async () => {
      calls++
      throw new PatronkitError({ code: 'x/final', message: 'no', details: {} })
    }),
  ).rejects.toThrow('no')
  expect(calls).toBe(1)
})

test.each([
  ['core/invalid-input', false, 400],
  ['core/bad-money', false, 400],
  ['sla/unknown-item', false, 404],
  ['core/idempotency-conflict', false, 409],
  ['core/write-conflict', 'command', 409],
  ['core/busy', 'command', 503],
  ['loyalty/insufficient-points', false, 422],
] as const)('%s is an HTTP problem', (code, retryable, status) => {
  const problem = toProblemDetails(new PatronkitError({ code: code as string, message: 'what, which, what to do', details: {}, retryable }))
  expect(problem).toMatchObject({ type: `urn:patronkit:error:${code}`, status, code, retryable: retryable !== false })
})
