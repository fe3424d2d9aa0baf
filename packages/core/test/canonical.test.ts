import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { canonicalJson } from '../src/canonical.ts'

const odd = fc.constantFrom('__proto__', 'toJSON', '9', '10', '01', '€', 'é', '\\ud800', '\u2028', 'constructor', 'a', 'b')
const values = fc.anything({
  key: fc.oneof(odd, fc.string({ unit: 'binary' })),
  withNullPrototype: true,
  withDate: true,
  withSparseArray: true,
  values: [fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined), odd],
})

const outcome = (write: () => string | undefined): string => {
  try {
    return write() ?? 'no text'
  } catch {
    return 'no text'
  }
}

test('the short way and the long way to the one JSON text of a value are the same', () => {
  fc.assert(
    fc.property(values, (value) => {
      const before = JSON.stringify(value)
      expect(outcome(() => canonicalJson(value))).toBe(outcome(() => canonicalize(value)))
      expect(JSON.stringify(value)).toBe(before)
    }),
    runs(20_000, 'canonical texts'),
  )
})

test('what RFC 8785 forbids has no text', () => {
  const around: { self?: unknown } = {}
  around.self = around
  for (const value of [Number.NaN, { a: Number.POSITIVE_INFINITY }, ['\ud800'], { '\udc00': 1 }, undefined, () => 1, around]) {
    expect(() => canonicalJson(value)).toThrow()
  }
  expect(canonicalJson({ b: [undefined, -0], a: undefined, '10': 1, '9': '\\ud800' })).toBe('{"10":1,"9":"\\\\ud800","b":[null,0]}')
})
