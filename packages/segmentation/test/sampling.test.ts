import { DatabaseSync } from 'node:sqlite'
import { manualClock, memoryStorage } from '@patronkit/core'
import { hostReader } from '@patronkit/storage-sql/host'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import { all, createSegments, defineSegment, defineSource, field, inSegment, not, related } from '../src/index.ts'
import { estimate, sampler } from '../src/sampling.ts'

const by = { type: 'system', id: 'crm' } as const
const often = (least: number) => defineSegment({ id: 'often', source: 'people', where: all(field('visits').gte(least)) })
const seldom = defineSegment({ id: 'seldom', source: 'people', where: not(inSegment('often')) })

/** 1,200 people of whom person n has n % 12 visits: kept, and in a table. */
const PEOPLE = Array.from({ length: 1_200 }, (_, n) => ({ id: `p${String(n).padStart(4, '0')}`, visits: n % 12 }))

async function kept() {
  const segments = createSegments({ storage: memoryStorage(), clock: manualClock('2026-11-02T09:00:00Z') }).for({ tenant: 'acme', by })
  await segments.publish({ definition: defineSource({ id: 'people', columns: { visits: 'integer' } }) })
  for (const definition of [often(6), seldom]) await segments.publish({ definition })
  for (let from = 0; from < PEOPLE.length; from += 400) {
    const some = PEOPLE.slice(from, from + 400)
    await segments.recordMany({
      customers: some.map(({ id, visits }) => ({ source: 'people', customer: id, profile: { visits }, facts: [] })),
    })
  }
  return segments
}

const inTable = { id: 'people', table: 'people', tenantColumn: 'org', keyColumn: 'id', columns: { visits: 'integer' } } as const

async function tables() {
  const db = new DatabaseSync(':memory:')
  db.exec('create table people (org text, id text, visits integer, orders integer)')
  const insert = db.prepare("insert into people values ('acme', ?, ?, ?)")
  for (const { id, visits } of PEOPLE) insert.run(id, visits, 11 - visits)
  const reader = hostReader({ connection: fromNodeSqlite(db) })
  const segments = createSegments({ storage: memoryStorage(), tables: reader }).for({ tenant: 'acme', by })
  for (const definition of [defineSource(inTable), often(6), seldom]) await segments.publish({ definition })
  return segments
}

describe.each([
  ['customers who are kept', kept],
  ['a table', tables],
])('%s', (_, open) => {
  test('a sample of everybody is exact, with bounds that say so', async () => {
    const segments = await open()
    const exact = await segments.preview.publish({ definition: often(9) })
    const { of, segments: told } = await segments.preview.publish({ definition: often(9), sample: { size: 5_000 } })
    expect(of).toBe(1_200)
    for (const [n, { bounds, sample, ...counts }] of told.entries()) {
      expect(counts).toEqual(exact.segments[n])
      expect(sample).toEqual({ asked: 1_200, of: 1_200, seed: 'preview', confidence: 0.95 })
      for (const name of ['before', 'after', 'entering', 'leaving'] as const)
        expect(bounds![name]).toEqual({ low: counts[name], high: counts[name] })
    }
    expect(await segments.explainPopulation({ segment: 'often', sample: { size: 1_200 } })).toMatchObject({
      came: 1_200,
      kept: 600,
      bounds: { came: { low: 1_200, high: 1_200 }, kept: { low: 600, high: 600 } },
    })
  })
  test('a sample says how sure it is, the same each time; another seed takes others', async () => {
    const segments = await open()
    const preview = (seed?: string) =>
      segments.preview.publish({ definition: often(9), sample: { size: 200, confidence: 0.99, ...(seed ? { seed } : {}) } })
    const first = await preview()
    expect(await preview()).toEqual(first)
    expect(await preview('other')).not.toEqual(first)
    const [one] = first.segments
    expect(one!.sample).toEqual({ asked: 200, of: 1_200, seed: 'preview', confidence: 0.99 })
    const within = (name: 'before' | 'after' | 'leaving', is: number) =>
      one!.bounds![name].low <= is && is <= one!.bounds![name].high && one!.bounds![name].high - one!.bounds![name].low < 250
    expect([within('before', 600), within('after', 300), within('leaving', 300)]).toEqual([true, true, true])
    expect([one!.entering, one!.bounds!.entering.low, one!.enter]).toEqual([0, 0, []])
    const { bounds, children, sample } = await segments.explainPopulation({ segment: 'often', sample: { size: 200 } })
    expect([bounds!.kept.low < 600, bounds!.kept.high > 600, children[0]!.bounds, sample!.asked]).toEqual([true, true, bounds, 200])
  })
})

test('kept and in a table, the same customers are in a sample', async () => {
  const of = async (open: () => Promise<Awaited<ReturnType<typeof kept>>>) =>
    (await (await open()).preview.publish({ definition: often(9), sample: { size: 60, seed: 's' } })).segments
  expect(await of(kept)).toEqual(await of(tables))
})

test('a table that is declared otherwise: who would enter and leave, with a sample and without', async () => {
  const segments = await tables()
  // visits are read from another column from then on: 11 minus what they were
  const definition = defineSource({ ...inTable, columns: { visits: { type: 'integer', column: 'orders' } } })
  const enter = PEOPLE.filter(({ visits }) => visits < 6).map(({ id }) => id)
  const leave = PEOPLE.filter(({ visits }) => visits >= 6).map(({ id }) => id)
  const flips = { before: 600, after: 600, entering: 600, leaving: 600 }
  const { of, segments: told } = await segments.preview.publish({ definition })
  expect([of, told]).toEqual([
    1_200,
    [
      { segment: 'often', ...flips, enter: enter.slice(0, 20), leave: leave.slice(0, 20) },
      { segment: 'seldom', ...flips, enter: leave.slice(0, 20), leave: enter.slice(0, 20) },
    ],
  ])
  expect((await segments.preview.publish({ definition, sample: { size: 1_200 } })).segments).toMatchObject([flips, flips])
})

test('an edited segment of people reaches companies in a table of theirs', async () => {
  const db = new DatabaseSync(':memory:')
  db.exec('create table people (org text, id text, visits integer, firm text); create table firms (org text, id text)')
  db.exec(
    "insert into firms values ('acme', 'f1'), ('acme', 'f2'); insert into people values ('acme', 'p1', 3, 'f1'), ('acme', 'p2', 8, 'f2')",
  )
  const segments = createSegments({ storage: memoryStorage(), tables: hostReader({ connection: fromNodeSqlite(db) }) }).for({
    tenant: 'acme',
    by,
  })
  const people = defineSource({ ...inTable, columns: { visits: 'integer', firm: 'text' } })
  const firms = defineSource({
    id: 'firms',
    table: 'firms',
    tenantColumn: 'org',
    keyColumn: 'id',
    columns: {},
    relations: { people: { source: 'people', of: 'firm' } },
  })
  const lively = defineSegment({ id: 'lively', source: 'firms', where: related('people').any(inSegment('often')) })
  for (const definition of [people, firms, often(6), lively]) await segments.publish({ definition })
  const { segments: told } = await segments.preview.publish({ definition: often(2) })
  expect(told.map(({ segment, before, after, enter }) => [segment, before, after, enter])).toEqual([
    ['lively', 1, 2, ['f1']],
    ['often', 1, 2, ['p1']],
  ])
})

test('bounds hold about as often as they say', async () => {
  const EVERYBODY = 1_000
  const DRAWS = 200
  // one population alone may lie where counts step badly over its bounds; several together do not
  const populations = fc.array(fc.integer({ min: 100, max: 900 }), { minLength: 5, maxLength: 5 })
  await fc.assert(
    fc.property(populations, fc.constantFrom(50, 100, 150), fc.constantFrom(0.8, 0.95), (all, size, confidence) => {
      let held = 0
      for (const members of all) {
        for (let draw = 0; draw < DRAWS; draw++) {
          const { show, taken, sampled } = sampler<boolean>({ size, confidence, seed: `${members}/${draw}` })
          for (let n = 0; n < EVERYBODY; n++) show(`c${n}`, n < members)
          const { low, high } = estimate(taken().filter(Boolean).length, sampled())
          if (low <= members && members <= high) held++
        }
      }
      const share = held / (all.length * DRAWS)
      expect(share).toBeGreaterThan(confidence - 0.06)
      // nor are they as wide as the world
      expect(share).toBeLessThan(confidence + 0.12)
    }),
    { ...runs(40, 'segmentation: samples whose bounds hold as often as they say'), endOnFailure: true },
  )
})

test('a sample of nobody says nothing of nobody; one of no size is refused', async () => {
  const segments = createSegments({ storage: memoryStorage() }).for({ tenant: 'acme', by })
  await segments.publish({ definition: defineSource({ id: 'people', columns: { visits: 'integer' } }) })
  await segments.publish({ definition: often(6) })
  const { segments: told } = await segments.preview.publish({ definition: often(9), sample: { size: 10 } })
  expect(told).toMatchObject([{ before: 0, bounds: { before: { low: 0, high: 0 } }, sample: { asked: 0, of: 0 } }])
  await expect(segments.explainPopulation({ segment: 'often', sample: { size: 0 } })).rejects.toMatchObject({ code: 'core/invalid-input' })
})
