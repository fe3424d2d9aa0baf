import { memoryStorage, type Storage } from '@patronkit/core'
import type { Context } from '@patronkit/core/service'
import { drive } from '@patronkit/core/storage'
import { describe, expect, test } from 'vitest'
import { all, type createSegments, defineSegment, defineSource, did, field, related } from '../src/index.ts'
import { linkedTo, type Named } from '../src/links.ts'
import type { Columns } from '../src/rules/source.ts'
import { office, START } from './office.ts'

type Publishing = Pick<ReturnType<ReturnType<typeof createSegments>['for']>, 'publish'>
type Published = Parameters<Publishing['publish']>[0]['definition']

async function published(segments: Publishing, ...definitions: readonly Published[]) {
  for (const definition of definitions) await segments.publish({ definition })
}

const people = defineSource({ id: 'people', columns: { firm: 'text', boss: 'text', visits: 'integer' }, facts: { columns: {} } })
const firms = defineSource({
  id: 'firms',
  columns: { size: 'integer', group: 'text' },
  relations: { people: { source: 'people', of: 'firm' } },
})
const staffed = defineSegment({ id: 'staffed', source: 'firms', where: related('people').any(all()) })

describe('who has people and belongs to somebody too', () => {
  test('a company of a group: its people are linked to it though the group looks at companies', async () => {
    const { segments, person, ticked } = office()
    await published(segments, people)
    await person('p1', { firm: 'f1' })
    const groups = defineSource({ id: 'groups', columns: {}, relations: { firms: { source: 'firms', of: 'group' } } })
    await published(segments, firms, groups, staffed)
    await segments.record({ source: 'firms', customer: 'f1', profile: { group: 'g1' }, facts: [] })
    expect(await ticked()).toEqual(['f1 entered staffed 11-02T09:00 profile'])
  })
  test('somebody with a boss and people of their own', async () => {
    const { segments, person, ticked } = office()
    await published(segments, people)
    await person('p1', { boss: 'p2' })
    await person('p2', { boss: 'p3' })
    const led = defineSource({ ...people.body, id: 'people', relations: { reports: { source: 'people', of: 'boss' } } })
    await published(segments, led)
    await ticked()
    const leads = defineSegment({ id: 'leads', source: 'people', where: related('reports').any(field('visits').isMissing()) })
    await segments.publish({ definition: leads, effectiveFrom: new Date('2026-11-02T09:00:00Z') })
    await ticked()
    expect((await segments.members({ segment: 'leads' })).rows.map(({ customer }) => customer)).toEqual(['p2'])
    await person('p2', { boss: 'p2' })
    await person('p1', { visits: 1 })
    expect((await segments.members({ segment: 'leads' })).rows.map(({ customer }) => customer)).toEqual(['p2'])
    await person('p2', { boss: null })
    expect((await segments.members({ segment: 'leads' })).rows).toEqual([])
  })
})

test('relations and columns may be called like what every object inherits', async () => {
  const { segments, firm, person, ticked } = office()
  const led = (relations: object) =>
    defineSource({ id: 'firms', columns: { valueOf: 'text', size: 'integer' } as Columns, relations: { ...relations } })
  const rows = { columns: { valueOf: 'instant' } }
  await published(segments, people, led({ toString: rows }))
  await published(segments, led({ toString: rows, constructor: { source: 'people', of: 'firm' } }))
  const effectiveFrom = new Date(START)
  const visited = defineSegment({ id: 'visited', source: 'firms', where: related('constructor').any(field('visits').gte(1)) })
  const housed = defineSegment({ id: 'housed', source: 'firms', where: related('toString').any(field('valueOf').withinLast({ days: 1 })) })
  for (const definition of [visited, housed]) await segments.publish({ definition, effectiveFrom })
  await firm('f1')
  for (const segment of ['visited', 'housed']) expect((await segments.explain({ segment, customer: 'f1' })).rules.actual).toBe(0)
  await person('p1', { firm: 'f1', visits: 1 })
  expect(await ticked()).toEqual(['f1 entered visited 11-02T09:00 member people/p1'])
  // nothing is known of it, and nothing is told
  const told = await segments.recordMany({
    customers: [{ source: 'firms', customer: 'f1', profile: { valueOf: null }, related: { toString: [] }, facts: [] }],
  })
  expect(told.map(({ asked }) => asked)).toEqual([0])
})

describe('time passes for a company with all its people', () => {
  const lively = defineSegment({ id: 'lively', source: 'firms', where: related('people').any(did('order', { within: { days: 7 } })) })
  const active = defineSegment({ id: 'active', source: 'people', where: did('order', { within: { days: 7 } }) })
  async function ordering() {
    const o = office()
    await published(o.segments, people, firms, lively, active)
    await o.firm('f1')
    await o.person('p1', { firm: 'f1' }, [o.order('o1')])
    o.clock.advance({ days: 5 })
    await o.person('p2', { firm: 'f1' }, [o.order('o2')])
    await o.person('p1', {}, [o.order('o3')])
    await o.ticked()
    return o
  }

  test('also to a time ahead, for people and for companies', async () => {
    const { segments } = await ordering()
    const of = async (source: string, customer: string, asOf: string) =>
      (await segments.membershipsOf({ source, customer, asOf: new Date(asOf) })).segments.map(({ segment }) => segment)
    expect([await of('people', 'p1', '2026-11-14T08:59:59.999Z'), await of('firms', 'f1', '2026-11-14T08:59:59.999Z')]).toEqual([
      ['active'],
      ['lively'],
    ])
    expect([await of('people', 'p1', '2026-11-14T09:00:00Z'), await of('firms', 'f1', '2026-11-14T09:00:00Z')]).toEqual([[], []])
  })
  test('also from a past in which other rules looked at other events', async () => {
    const { segments, clock, person, order, ticked } = office()
    const asking = (event: string) => {
      const where = related('people').any(all(did(event), field('visits').isPresent()))
      return defineSegment({ id: 'lively', source: 'firms', where })
    }
    await published(segments, people, firms, asking('order'))
    await person('p1', { firm: 'f1', visits: 1 }, [order('o1')])
    clock.advance({ days: 20 })
    await published(segments, asking('call'))
    await segments.recordMany({
      customers: [
        { source: 'firms', customer: 'f1', profile: { size: 1 }, at: '2026-11-12T09:00:00Z', facts: [] },
        { source: 'people', customer: 'p1', profile: { visits: 2 }, at: '2026-11-17T09:00:00Z', facts: [] },
      ],
    })
    expect(await ticked()).toEqual(['f1 entered lively 11-12T09:00 profile', 'f1 exited lively 11-22T09:00 rule'])
  })
  test('also through a time when a relation was there that is there no more', async () => {
    const { segments, clock, ticked } = await ordering()
    clock.advance({ days: 5 })
    await published(
      segments,
      defineSegment({ id: 'lively', source: 'firms', where: field('size').gte(5) }),
      defineSource({ id: 'firms', columns: { size: 'integer', group: 'text' } }),
    )
    expect(await ticked()).toEqual(['f1 exited lively 11-12T09:00 rule'])
  })
})

test('a company of more people than rules look at stays where it stands, says so, and holds up nobody', async () => {
  const { segments, firm, person, ticked } = office()
  await published(segments, people, firms)
  for (const id of ['f0', 'f1', 'f2']) await firm(id)
  const many = Array.from({ length: 10_001 }, (_, n) => ({ source: 'people', customer: `p${n}`, profile: { firm: 'f1' }, facts: [] }))
  for (let from = 0; from < many.length; from += 1_000) await segments.recordMany({ customers: many.slice(from, from + 1_000) })
  for (const id of ['f0', 'f2']) await person(id, { firm: id })
  await published(segments, staffed)
  expect((await ticked()).map((one) => one.slice(0, 18))).toEqual(['f0 entered staffed', 'f2 entered staffed'])
  const trouble = async () => (await segments.membershipsOf({ source: 'firms', customer: 'f1' })).trouble
  expect(await trouble()).toContain('more than 10000 customers belong to f1 of firms')
  expect((await segments.members({ segment: 'staffed' })).freshness).toMatchObject({ current: false, troubled: 1 })
  await expect(segments.explain({ segment: 'staffed', customer: 'f1' })).rejects.toMatchObject({ code: 'segments/too-many-members' })
  // who leaves is not held either, and with the last one too many all is well
  await segments.erase({ source: 'people', customer: 'p0' })
  expect([await ticked(), await trouble()]).toEqual([['f1 entered staffed 11-02T09:00 member people/p0'], null])
  await person('p0', { firm: 'f1' })
  expect(await trouble()).toContain('more than 10000')
}, 60_000)

test('owners of too many take no room from others', () => {
  const having = { a: 9, b: 2, c: 7, d: 0, e: 1 }
  const rows = Object.entries(having).flatMap(([owner, count]) =>
    Array.from({ length: count }, (_, n) => ({ source: 'people', link: 'firm', owner, customer: `${owner}${n}` })),
  )
  const asked: number[] = []
  const answer = (named: Named) => {
    asked.push(named.owners.length)
    return rows.filter(({ owner }) => named.owners.includes(owner)).slice(0, named.most * named.owners.length + 1)
  }
  const named = { source: 'people', link: 'firm', owners: Object.keys(having), most: 2 }
  const linked = drive(linkedTo({} as Context, named, answer(named)), (asking) => {
    const [{ where }] = (asking as unknown as { reads: [{ where: { of: { values?: string[] }[] } }] }).reads
    return [answer({ ...named, owners: where.of.flatMap(({ values = [] }) => values) })]
  })
  expect(linked).toEqual(['a0', 'a1', 'a2', 'c0', 'c1', 'c2', 'b0', 'b1', 'e0'])
  expect(asked).toEqual([5, 4, 3])
})

test('a segment that comes to be about companies: tick leads its people out, and preview says so', async () => {
  const { segments, firm, person, ticked, inside } = office()
  const busy = (source: string, column: string) => defineSegment({ id: 'busy', source, where: field(column).gte(1) })
  await published(segments, people, firms, busy('people', 'visits'))
  await person('p1', { visits: 2 })
  await firm('f1')
  await ticked()
  const moved = busy('firms', 'size')
  const { of, segments: told } = await segments.preview.publish({ definition: moved })
  expect([of, told.map(({ enter, leave }) => [enter, leave])]).toEqual([
    1,
    [
      [['f1'], []],
      [[], ['p1']],
    ],
  ])
  await published(segments, moved)
  expect(await ticked()).toEqual(['f1 entered busy 11-02T09:00 rule'])
  const { rows } = await segments.history({ source: 'people', customer: 'p1' })
  expect([rows[0]!.left!.cause, await inside('f1')]).toEqual([{ by: 'rule' }, ['busy']])
})

test('a segment that asks for what a source has only since: refused with the time from which it holds', async () => {
  const { segments, clock } = office()
  await published(segments, people, defineSource({ id: 'firms', columns: { size: 'integer' } }))
  clock.advance({ days: 1 })
  await published(segments, firms)
  clock.advance({ days: 1 })
  await expect(segments.publish({ definition: staffed })).rejects.toMatchObject({
    code: 'segments/bad-rule',
    message: expect.stringContaining('Publish it with effectiveFrom 2026-11-03T09:00:00'),
    details: { path: 'relation', why: 'source firms has no relation "people" before 2026-11-03T09:00:00.000Z' },
  })
  const { effectiveFrom } = await segments.publish({ definition: staffed, effectiveFrom: '2026-11-03T09:00:00.000Z' })
  expect(effectiveFrom).toEqual(new Date('2026-11-03T09:00:00Z'))
})

test('who belongs to a company in two ways comes and goes at once: there is no moment in between', async () => {
  const { segments, firm, person, ticked } = office()
  const relations = { people: firms.body.relations!.people!, led: { source: 'people', of: 'boss' } }
  await published(segments, people, defineSource({ id: 'firms', columns: { size: 'integer' }, relations }))
  // people of theirs who are led elsewhere, and the other way round
  const [some, nobody] = [(of: string) => related(of).any(all()), (of: string) => related(of).none(all())]
  await published(
    segments,
    defineSegment({ id: 'leaderless', source: 'firms', where: all(some('people'), nobody('led')) }),
    defineSegment({ id: 'leading', source: 'firms', where: all(nobody('people'), some('led')) }),
  )
  await firm('f1')
  await person('p1', { firm: 'f1', boss: 'f1' })
  await person('p1', { firm: null, boss: null })
  await person('p1', { firm: 'f1', boss: 'f1' })
  await segments.erase({ source: 'people', customer: 'p1' })
  expect(await ticked()).toEqual([])
})

describe('by which column somebody belongs', () => {
  test('one that fills itself', async () => {
    const { segments, firm, person, ticked } = office()
    await published(
      segments,
      defineSource({
        id: 'people',
        columns: { employer: { type: 'text', folded: 'firm', since: 'hired' }, firm: 'text', hired: 'instant' },
      }),
      // the second one leads nowhere, and holds nobody up
      defineSource({
        id: 'firms',
        columns: { size: 'integer' },
        relations: { people: firms.body.relations!.people!, years: { source: 'people', of: 'hired' } },
      }),
      staffed,
    )
    await firm('acme')
    await person('p1', { employer: 'ACME' })
    expect(await ticked()).toEqual(['acme entered staffed 11-02T09:00 member people/p1'])
    await person('p1', { employer: null })
    expect(await ticked()).toEqual(['acme exited staffed 11-02T09:00 member people/p1'])
  })
  test('what can be nobody’s id is refused as a value before anything is read by it', async () => {
    const memory = memoryStorage()
    const read: string[] = []
    const watched: Storage = {
      ...memory,
      read: (tenant, reads, session) => {
        read.push(JSON.stringify(reads))
        return memory.read(tenant, reads, session)
      },
    }
    const { segments, person } = office(watched)
    await published(segments, people, firms)
    await person('p1', { firm: 'f1' })
    await expect(person('p1', { firm: 'f\u0000' })).rejects.toMatchObject({ code: 'segments/bad-value' })
    expect(read.filter((one) => one.includes('f\\u0000'))).toEqual([])
  })
})
