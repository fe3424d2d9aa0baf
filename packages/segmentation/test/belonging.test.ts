import { memoryStorage, type Storage } from '@patronkit/core'
import { describe, expect, test } from 'vitest'
import { all, type createSegments, defineSegment, defineSource, field, related } from '../src/index.ts'
import { office } from './office.ts'

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
