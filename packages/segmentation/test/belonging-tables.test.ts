import { DatabaseSync } from 'node:sqlite'
import { memoryStorage } from '@patronkit/core'
import { hostReader } from '@patronkit/storage-sql/host'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { expect, test } from 'vitest'
import { createSegments, defineSegment, defineSource, field, loadEntities, related, type SourceColumn } from '../src/index.ts'

const placed = (table: string) => ({ table, tenantColumn: 'org', keyColumn: 'id' })

function over(...statements: readonly string[]) {
  const db = new DatabaseSync(':memory:')
  for (const statement of statements) db.exec(statement)
  const reader = hostReader({ connection: fromNodeSqlite(db) })
  const segments = createSegments({ storage: memoryStorage(), tables: reader }).for({ tenant: 'acme', by: { type: 'system', id: 'crm' } })
  return { reader, segments }
}

test('people who report to people: why somebody leads, though the one at the top reports to themselves', async () => {
  const { reader, segments } = over(
    'create table people (org text, id text, boss text, grade integer)',
    "insert into people values ('acme', 'ann', 'ann', 3), ('acme', 'bob', 'ann', 2), ('acme', 'cyd', 'bob', 1)",
  )
  const people = defineSource({
    id: 'people',
    ...placed('people'),
    columns: { boss: 'text', grade: 'integer' },
    relations: { reports: { source: 'people', of: 'boss' } },
  })
  const ofReports = related('reports').any(related('reports').any(field('grade').eq(1)))
  for (const definition of [people, defineSegment({ id: 'above', source: 'people', where: ofReports })])
    await segments.publish({ definition })
  const found = await Promise.all(
    ['ann', 'bob', 'cyd'].map(async (customer) => (await segments.explain({ segment: 'above', customer })).rules.actual),
  )
  expect([found, (await segments.members({ segment: 'above' })).rows.map(({ customer }) => customer)]).toEqual([[1, 0, 0], ['ann']])
  const [bob] = await loadEntities({
    reader,
    tenant: 'acme',
    source: 'people',
    environment: { sources: { people: people.body } },
    ids: ['bob'],
  })
  expect(bob!.members!.reports!.map(({ id }) => id)).toEqual(['cyd'])
})

test('a source that becomes another table: a sample counts those who are in one of them only', async () => {
  const { segments } = over(
    'create table old (org text, id text, visits integer); create table new (org text, id text, visits integer)',
    "insert into old values ('acme', 'a', 1), ('acme', 'b', 1), ('acme', 'c', 1); insert into new values ('acme', 'c', 1), ('acme', 'd', 1)",
  )
  const people = (table: string) => defineSource({ id: 'people', ...placed(table), columns: { visits: 'integer' } })
  const seen = defineSegment({ id: 'seen', source: 'people', where: field('visits').gte(1) })
  for (const definition of [people('old'), seen]) await segments.publish({ definition })
  const [exact] = (await segments.preview.publish({ definition: people('new') })).segments
  expect(exact).toEqual({ segment: 'seen', before: 3, after: 2, entering: 1, leaving: 2, enter: ['d'], leave: ['a', 'b'] })
  const [told] = (await segments.preview.publish({ definition: people('new'), sample: { size: 4 } })).segments
  expect(told).toMatchObject({ ...exact, sample: { asked: 4, of: 4 }, bounds: { leaving: { low: 2, high: 2 } } })
})

test('an edited source of people reaches groups of their companies', async () => {
  const { segments } = over(
    'create table people (org text, id text, visits integer, calls integer, firm text); create table firms (org text, id text, parent text)',
    "create table groups (org text, id text); insert into groups values ('acme', 'g1'); insert into firms values ('acme', 'f1', 'g1')",
    "insert into people values ('acme', 'p1', 1, 0, 'f1')",
  )
  const people = (column: string) => {
    const visits: SourceColumn = { type: 'integer', column }
    return defineSource({ id: 'people', ...placed('people'), columns: { visits, firm: 'text' } })
  }
  const leading = (id: string, source: string, of: string, columns: { readonly [column: string]: 'text' }) =>
    defineSource({ id, ...placed(id), columns, relations: { [source]: { source, of } } })
  const seen = related('firms').any(related('people').any(field('visits').gte(1)))
  for (const definition of [
    people('visits'),
    leading('firms', 'people', 'firm', { parent: 'text' }),
    leading('groups', 'firms', 'parent', {}),
    defineSegment({ id: 'seen', source: 'groups', where: seen }),
  ])
    await segments.publish({ definition })
  const { segments: told } = await segments.preview.publish({ definition: people('calls') })
  expect(told).toEqual([{ segment: 'seen', before: 1, after: 0, entering: 0, leaving: 1, enter: [], leave: ['g1'] }])
})
