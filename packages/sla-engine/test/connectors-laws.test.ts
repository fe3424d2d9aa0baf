import { isPatronkitError } from '@patronkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import type { ItemFacts } from '../src/connectors/facts.ts'
import { recordSchema } from '../src/schema.ts'
import { examples } from './connectors/every.ts'

const RUNS = process.env.PATRONKIT_DEEP ? 4_000 : 200
const SEED = process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31
const check = { numRuns: RUNS, seed: SEED }
const patience = process.env.PATRONKIT_DEEP ? 1_200_000 : 120_000
figure('spoilt payloads for each connector', RUNS, 'payloads')

const nest = (depth: number): unknown => (depth === 0 ? 'x' : { __proto__: null, nest: [nest(depth - 1)] })

/** What no help desk sends. */
const hostile = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withSparseArray: true }),
  fc.constantFrom<unknown>(
    null,
    undefined,
    '',
    ' ',
    '__proto__',
    'constructor',
    'toString',
    -1,
    0,
    2 ** 53,
    1e308,
    Number.NaN,
    true,
    [],
    {},
    '9999-12-31T00:00:00Z',
  ),
  fc.constantFrom<unknown>(JSON.parse('{ "__proto__": { "id": 1 } }'), '\ud800', 'a\0b', 'x'.repeat(70_000), nest(30), nest(200), {
    toString: 1,
    toJSON: 1,
  }),
)

/** Where a value is put into a copy of a payload: at the n-th place of all that it has, counted around. */
function spoil(payload: unknown, place: number, value: unknown): unknown {
  const copy = structuredClone(payload)
  const places: { readonly of: Record<string, unknown>; readonly name: string }[] = []
  const walk = (of: unknown) => {
    if (typeof of !== 'object' || of === null) return
    for (const name of Object.keys(of)) {
      places.push({ of: of as Record<string, unknown>, name })
      walk((of as Record<string, unknown>)[name])
    }
  }
  walk(copy)
  if (places.length === 0) return copy
  const { of, name } = places[place % places.length]!
  if (value === undefined) delete of[name]
  else Object.defineProperty(of, name, { value, enumerable: true, configurable: true, writable: true })
  return copy
}

/** What `sla.record` takes, and every engine stores. */
function expectRecordable(records: readonly ItemFacts[]): void {
  for (const { item, facts } of records) {
    expect(recordSchema.safeParse({ item, facts }).error).toBeUndefined()
    expect(JSON.stringify(facts)).not.toMatch(/\\u0000|\\ud[89a-f]/i)
  }
}

describe.each(examples)('$vendor', ({ vendor, lists, read }) => {
  const name = `${vendor} ${Object.keys(lists).join(', ')}`
  const answersOrRefuses = (payload: { readonly [name: string]: unknown }) => {
    try {
      expectRecordable(read(payload))
    } catch (error) {
      if (!isPatronkitError(error, 'sla/malformed-payload')) throw error
      expect(error.details).toMatchObject({ vendor, path: expect.any(String), message: expect.any(String) })
    }
    expect(Object.keys(Object.prototype)).toEqual([])
  }

  test(
    `${name}: a payload spoilt in up to three places makes facts or the typed refusal, never anything else`,
    () => {
      const spoilt = fc
        .array(fc.tuple(fc.nat({ max: 5_000 }), hostile), { minLength: 1, maxLength: 3 })
        .map((changes) => changes.reduce<unknown>((payload, [place, value]) => spoil(payload, place, value), lists))
      fc.assert(
        fc.property(spoilt, (payload) => answersOrRefuses(payload as { readonly [name: string]: unknown })),
        check,
      )
    },
    patience,
  )

  test(
    `${name}: anything at all makes facts or the typed refusal`,
    () => {
      const rows = fc.oneof(fc.anything(), fc.array(fc.object({ maxDepth: 3 }), { maxLength: 3 }))
      fc.assert(fc.property(fc.record(Object.fromEntries(Object.keys(lists).map((list) => [list, rows]))), answersOrRefuses), {
        ...check,
        numRuns: Math.ceil(RUNS / 10),
      })
    },
    patience,
  )
})
