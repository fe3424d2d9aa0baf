import type { Storage } from '@patronkit/core'
import { verifySubject } from '@patronkit/core/operations'
import { promisedStorage } from '@patronkit/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  all,
  createSegments,
  defineList,
  defineSegment,
  defineSource,
  did,
  field,
  inSegment,
  onList,
  type Rule,
  related,
} from '../src/index.ts'
import { office, START } from './office.ts'

const people = defineSource({ id: 'people', columns: { firm: 'text', visits: 'integer' }, facts: { columns: { amount: 'decimal' } } })
const firms = defineSource({
  id: 'firms',
  columns: { size: 'integer' },
  relations: { people: { source: 'people', of: 'firm' }, addresses: { columns: { city: 'text' } } },
})
const active = defineSegment({ id: 'active', source: 'people', where: did('order', { within: { days: 7 } }) })
const ofFirms = (id: string, where: Rule) => defineSegment({ id, source: 'firms', where })
const lively = ofFirms('lively', related('people').any(inSegment('active')))
const staffed = ofFirms('staffed', related('people').count('gte', 2))
let o: ReturnType<typeof office>
beforeEach(() => {
  o = office()
})
const publish = async (...definitions: readonly Parameters<typeof o.segments.publish>[0]['definition'][]) => {
  for (const definition of definitions) await o.segments.publish({ definition })
}

describe('companies are kept as their people change', () => {
  beforeEach(async () => {
    await publish(people, firms, active, lively, staffed)
    await o.firm('f1')
    await o.firm('f2')
  })

  test('an order of a person leads the company in, and seven days lead it out at that very instant', async () => {
    await o.person('p1', { firm: 'f1' }, [o.order('o1')])
    expect(await o.ticked()).toEqual(['f1 entered lively 11-02T09:00 member people/p1'])
    o.clock.advance({ days: 9 })
    expect(await o.inside('f1')).toEqual([])
    expect(await o.ticked()).toEqual(['f1 exited lively 11-09T09:00 time'])
  })
  test('who moves leaves one company and joins another, at one instant and in one commit', async () => {
    await o.person('p1', { firm: 'f1' })
    await o.person('p2', { firm: 'f1' })
    await o.person('p3', { firm: 'f2' })
    await o.ticked()
    o.clock.advance({ hours: 1 })
    await o.person('p2', { firm: 'f2' })
    expect((await o.ticked()).sort()).toEqual([
      'f1 exited staffed 11-02T10:00 member people/p2',
      'f2 entered staffed 11-02T10:00 member people/p2',
    ])
    await o.person('p3', { firm: null })
    expect(await o.ticked()).toEqual(['f2 exited staffed 11-02T10:00 member people/p3'])
  })
  test('what no rule of the company looks at asks none of them', async () => {
    await o.person('p1', { firm: 'f1' })
    const before = await o.segments.membershipsOf({ source: 'firms', customer: 'f1', asOf: START })
    o.clock.advance({ hours: 1 })
    await o.person('p1', { visits: 3 }, [{ id: 'v1', type: 'visit', at: o.clock.now() }])
    const { rows } = await o.segments.history({ source: 'firms', customer: 'f1' })
    expect([before.segments, rows, await o.ticked()]).toEqual([[], [], []])
    const [told] = await o.segments.recordMany({ customers: [{ source: 'firms', customer: 'f1', profile: { size: 2 }, facts: [] }] })
    expect(told!.asked).toBe(0)
  })
  test('a company heard of after its people has them at once; one nobody told about is no customer', async () => {
    await o.person('p1', { firm: 'f9' }, [o.order('o1')])
    await expect(o.inside('f9')).rejects.toMatchObject({ code: 'segments/unknown-customer' })
    expect((await o.firm('f9')).entered).toEqual(['lively'])
  })
  test('a company and its people in one call', async () => {
    const at = o.clock.now()
    const [f, p] = await o.segments.recordMany({
      customers: [
        { source: 'firms', customer: 'f3', profile: { size: 3 }, facts: [] },
        { source: 'people', customer: 'p1', profile: { firm: 'f3' }, facts: [o.order('o1', at)] },
      ],
    })
    expect([f!.entered, p!.entered]).toEqual([['lively'], ['active']])
    expect(await o.ticked()).toEqual(['f3 entered lively 11-02T09:00 member people/p1'])
  })
  test('in one call, people of one company stand or fall together, and nobody with strangers', async () => {
    const sizes: number[] = []
    const watched: Storage = {
      ...o.storage,
      commit: (units, session) => {
        sizes.push(...units.map(({ heads }) => heads.length))
        return o.storage.commit(units, session)
      },
    }
    const segments = createSegments({ storage: watched, clock: o.clock }).for({ tenant: 'acme', by: { type: 'system', id: 'crm' } })
    const told = ([customer, firm]: readonly [string, string | null]) => ({ source: 'people', customer, profile: { firm }, facts: [] })
    await segments.recordMany({
      customers: (
        [
          ['p1', 'f1'],
          ['p2', 'f1'],
          ['p3', 'f2'],
          ['p4', null],
        ] as const
      ).map(told),
    })
    expect(sizes.sort()).toEqual([1, 2, 3])
    expect(await o.inside('f1')).toEqual(['staffed'])
  })
  test('a late order counts for the company from what was said last of the person', async () => {
    await o.person('p1', { firm: 'f1' }, [o.order('o1')])
    o.clock.advance({ days: 8 })
    await o.ticked()
    await o.person('p1', {}, [o.order('o2', new Date('2026-11-08T09:00:00Z'))])
    expect(await o.ticked()).toEqual(['f1 entered lively 11-10T09:00 member people/p1'])
  })
  test('lists of people count, and who is erased belongs to nobody', async () => {
    await publish(defineList({ id: 'invited', source: 'people' }), ofFirms('guests', related('people').any(onList('invited'))))
    await o.person('p1', { firm: 'f1' })
    await o.segments.enlist({ list: 'invited', customers: [{ id: 'p1' }] })
    expect(await o.ticked()).toEqual(['f1 entered guests 11-02T09:00 member people/p1'])
    await o.segments.erase({ source: 'people', customer: 'p1' })
    expect(await o.ticked()).toEqual(['f1 exited guests 11-02T09:00 member people/p1'])
    for (const subject of ['firms/f1', 'people/p1'])
      expect(await verifySubject({ storage: o.storage, tenant: 'acme', kind: 'segments-customer', subject })).toBeNull()
  })
  test('an edited rule of people reaches companies, and preview tells of both', async () => {
    await o.person('p1', { firm: 'f1', visits: 3 })
    await o.ticked()
    const often = defineSegment({ id: 'active', source: 'people', where: field('visits').gte(3) })
    expect((await o.segments.preview.publish({ definition: often })).segments.map(({ segment, enter }) => [segment, enter])).toEqual([
      ['active', ['p1']],
      ['lively', ['f1']],
    ])
    await publish(often)
    expect((await o.segments.members({ segment: 'lively' })).freshness).toMatchObject({ current: false, rulesPending: true })
    expect(await o.inside('f1')).toEqual(['lively'])
    expect(await o.ticked()).toEqual(['f1 entered lively 11-02T09:00 rule'])
    expect((await o.segments.members({ segment: 'lively' })).freshness.current).toBe(true)
  })
  test('why a company is in or out says how many of its people hold', async () => {
    await o.person('p1', { firm: 'f1' }, [o.order('o1')])
    await o.person('p2', { firm: 'f1' })
    const why = async (segment: string) => {
      const { matched, rules } = await o.segments.explain({ segment, customer: 'f1' })
      return [matched, rules.actual]
    }
    expect([await why('lively'), await why('staffed')]).toEqual([
      [true, 1],
      [true, 2],
    ])
    expect(await o.segments.explainPopulation({ segment: 'lively' })).toMatchObject({ came: 2, kept: 1 })
  })
})

test('a relation that comes after the people: companies have them at once, and tick links them page by page', async () => {
  await publish(people, active)
  for (let n = 0; n < 30; n++) await o.person(`p${n}`, { firm: `f${n % 3}` }, n === 4 ? [o.order('o1')] : [])
  await o.ticked()
  await publish(firms, lively, staffed)
  expect((await o.firm('f1')).entered).toEqual(['lively', 'staffed'])
  expect((await o.segments.members({ segment: 'lively' })).freshness).toMatchObject({ current: false, rulesPending: true })
  expect(await o.ticked()).toHaveLength(2)
  expect((await o.segments.members({ segment: 'lively' })).freshness).toMatchObject({ current: true, rulesPending: false })
  await o.person('p4', { firm: 'f2' })
  expect(await o.ticked()).toEqual(['f1 exited lively 11-02T09:00 member people/p4'])
  expect((await o.firm('f2')).entered).toEqual(['lively', 'staffed'])
})

test('somebody told about by a process that knew of no companies yet: tick finds them, and their company', async () => {
  const shared = promisedStorage()
  o = office(shared)
  await publish(people, active)
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow: Storage = { ...shared, commit: async (...given) => gate.then(() => shared.commit(...given)) }
  const behind = office(slow).person('p1', { firm: 'f1' }, [o.order('o1')])
  // its rules are read by now, and its commit is on the way
  await new Promise((resolve) => setTimeout(resolve, 20))
  await publish(firms, lively)
  await o.firm('f1')
  release()
  await behind
  const freshness = async () => (await o.segments.members({ segment: 'lively' })).freshness
  expect(await freshness()).toMatchObject({ current: false, rulesPending: true })
  // they are linked, and their company is not asked yet
  await o.segments.resegment({ idempotencyKey: 'link', source: 'people' })
  expect(await freshness()).toMatchObject({ current: false, rulesPending: true })
  expect(await o.ticked()).toEqual(['f1 entered lively 11-02T09:00 related'])
  expect((await o.segments.members({ segment: 'lively' })).freshness).toMatchObject({ current: true, rulesPending: false })
})

test('two processes tell about all people of a company at once: it stands where they stand, with one event a flip', async () => {
  const shared = promisedStorage()
  o = office(shared)
  const other = office({ ...shared })
  await publish(people, firms, active, lively, ofFirms('busy', related('people').count('gte', 10, { where: did('order') })))
  await o.firm('f1')
  const told = Array.from({ length: 24 }, (_, n) => () => (n % 2 ? o : other).person(`p${n}`, { firm: 'f1' }, [o.order(`o${n}`)]))
  // busy is an answer: whoever gets it sends the command again
  const again = async (tell: () => Promise<unknown>): Promise<unknown> =>
    tell().catch((error) => (error.code === 'core/busy' ? again(tell) : Promise.reject(error)))
  await Promise.all(told.map(again))
  expect((await o.inside('f1')).sort()).toEqual(['busy', 'lively'])
  const { rows } = await o.segments.history({ source: 'firms', customer: 'f1' })
  expect(rows.map(({ segment, left }) => [segment, left])).toEqual([
    ['lively', null],
    ['busy', null],
  ])
  expect((await o.segments.explain({ segment: 'busy', customer: 'f1' })).rules.actual).toBe(24)
})

describe('what has no answer is refused when it is published', () => {
  const grouped = defineSource({ id: 'firms', columns: { size: 'integer', group: 'text' }, relations: firms.body.relations! })
  beforeEach(() => publish(people, grouped))
  test.each([
    ['people of people', related('firms').any(related('people').any(all())), 'asks about people of people'],
    ['a column that is not there', related('lost').any(all()), 'there is no column "where"'],
    ['a column that is no text', related('odd').any(all()), 'leads to people by visits, which is no text'],
    ['customers in a table', related('rows').any(all()), 'leads to rows, and only one of the two is in a table of yours'],
  ])('%s', async (_, where, why) => {
    const relations = {
      firms: { source: 'firms', of: 'group' },
      lost: { source: 'people', of: 'where' },
      odd: { source: 'people', of: 'visits' },
      rows: { source: 'rows', of: 'group' },
    }
    await publish(
      defineSource({ id: 'rows', table: 'rows', tenantColumn: 'org', keyColumn: 'id', columns: { group: 'text' } }),
      defineSource({ id: 'groups', columns: {}, relations }),
    )
    const refused = o.segments.publish({ definition: defineSegment({ id: 'x', source: 'groups', where }) })
    await expect(refused).rejects.toMatchObject({ code: 'segments/bad-rule', details: { why } })
  })
  test('a relation that would lead to others than before', async () => {
    const moved = { ...firms.body, relations: { people: { source: 'people', of: 'visits' } } }
    await expect(o.segments.publish({ definition: defineSource({ id: 'firms', ...moved }) })).rejects.toMatchObject({
      code: 'core/invalid-input',
      details: { issues: [{ path: 'definition.relations.people' }] },
    })
  })
})
