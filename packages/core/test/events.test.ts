import { expect, test } from 'vitest'
import { canonicalJson } from '../src/canonical.ts'
import { brokenAt, NO_HEAD, type StoredEvent, sealEvents } from '../src/event.ts'
import { compareText, laneOf } from '../src/text.ts'

let salts = 0
const seal = {
  tenant: 'acme',
  kind: 'sla-item',
  subject: 'ticket/1',
  actor: { type: 'user', id: 'u' },
  recordedAt: 5,
  causation: null,
  correlation: null,
  salt: () => `salt-${++salts}`,
} as const

const three = () =>
  sealEvents(
    NO_HEAD,
    [1, 2, 3].map((n) => ({ type: 'x.happened', v: 1, at: n, data: { n } })),
    seal,
  )

test('a whole chain verifies; altering, dropping, swapping or adding an event breaks it there', () => {
  const { events, chain } = three()
  const anchor = { seq: 3, chain }
  expect(brokenAt(events, anchor)).toBeNull()
  const altered = (i: number, change: Partial<StoredEvent>) => events.map((event, n) => (n === i ? { ...event, ...change } : event))
  expect(brokenAt(altered(1, { body: '{"n":9}' }), anchor)).toBe(2)
  expect(brokenAt(altered(1, { effectiveAt: 99 }), anchor)).toBe(2)
  expect(brokenAt(altered(2, { actor: '{}' }), anchor)).toBe(3)
  expect(brokenAt([events[0]!, events[2]!], anchor)).toBe(2)
  expect(brokenAt(events.slice(0, 2), anchor)).toBe(3)
})

test('a chain that is read in pieces breaks where the whole would', () => {
  const { events, chain } = three()
  const [first, ...rest] = events
  const end = { seq: 1, chain: first!.hash }
  expect(brokenAt([first!], end)).toBeNull()
  expect(brokenAt(rest, { seq: 3, chain }, end)).toBeNull()
  expect(brokenAt(rest, { seq: 3, chain }, { seq: 1, chain: 'other' })).toBe(2)
  expect(brokenAt(rest.slice(1), { seq: 3, chain }, end)).toBe(2)
  expect(brokenAt(rest.slice(0, 1), { seq: 3, chain }, end)).toBe(3)
})

test('redacting a body leaves the chain whole', () => {
  const { events, chain } = three()
  const redacted = events.map((event) => (event.seq === 2 ? { ...event, body: null, salt: null } : event))
  expect(brokenAt(redacted, { seq: 3, chain })).toBeNull()
})

// computed apart, with Python's hashlib
test('the hash of an event is the same on every machine', () => {
  salts = 0
  expect(three().chain).toBe('b54600f0c840485ce7172a3c6e7adb7cd055d2f18b86ed53ebe36f3ad8b0ec6a')
})

test('canonical JSON sorts keys and writes numbers as ECMAScript does (RFC 8785)', () => {
  expect(canonicalJson({ b: 1, a: [1e21, -0, 0.1], '\u20ac': '\u20ac', ö: 'ö' })).toBe('{"a":[1e+21,0,0.1],"b":1,"ö":"ö","€":"€"}')
  expect(() => canonicalJson({ a: Number.NaN })).toThrow()
  expect(() => canonicalJson('\ud800')).toThrow()
})

test('texts are ordered by code point, as their UTF-8 bytes are', () => {
  const words = ['', 'a', 'ab', 'b', 'é', '中', '\uff61', '\u{1f600}', '\u{1f600}a']
  const byBytes = [...words].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect([...words].reverse().sort(compareText)).toEqual(byBytes)
})

test('the lane of a tenant never changes', () => {
  expect(['acme', 'shop', '租户', ''].map(laneOf)).toEqual([47, 41, 27, 5])
})
