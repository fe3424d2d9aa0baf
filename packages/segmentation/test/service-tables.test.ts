import { DatabaseSync } from 'node:sqlite'
import { manualClock, memoryStorage } from '@patronkit/core'
import { hostReader } from '@patronkit/storage-sql/host'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  all,
  compileRule,
  createSegments,
  defineList,
  defineSegment,
  defineSource,
  did,
  explainPopulation,
  field,
  inSegment,
  not,
  onList,
  sampled,
} from '../src/index.ts'
import { rules } from '../src/testing.ts'
import { companies, customers, entitiesOf, environment, NOW, pools, shops, sqliteShop } from './shop.ts'

const by = { type: 'system', id: 'crm' } as const
const { lists: _, ...own } = environment

test('what the service says of a table is what memory says of its rows: counted, listed, explained, previewed', async () => {
  const engine = sqliteShop()
  let tenant = 0
  const any = rules({ fc, source: 'customers', environment: own, pools })
  await fc.assert(
    fc.asyncProperty(shops, any, any, async (shop, where, edited) => {
      await engine.fill(shop, shop)
      const storage = memoryStorage()
      // the tables' tenant is acme
      const service = createSegments({ storage, clock: manualClock(new Date(NOW)), tables: engine.reader })
      const segments = service.for({ tenant: 'acme', by })
      for (const definition of [customers, companies]) await segments.publish({ definition })
      for (const [id, of] of Object.entries(own.segments!)) await segments.publish({ definition: defineSegment({ id, ...of }) })
      await segments.publish({ definition: defineSegment({ id: 'x', source: 'customers', where }) })
      await segments.publish({ definition: defineSegment({ id: 'others', source: 'customers', where: not(inSegment('x')) }) })
      const entities = entitiesOf(shop).customers
      const holding = (rule: typeof where) => {
        const { test: holds } = compileRule({ rule, source: 'customers', environment: own })
        return entities.filter((entity) => holds(entity, NOW)).map(({ id }) => id)
      }
      const [before, after] = [holding(where), holding(edited)]
      const counted = await segments.count({ segment: 'x' })
      expect([counted.members, counted.of, counted.freshness.current]).toEqual([before.length, 12, true])
      expect(['sql', 'candidates']).toContain(counted.engine)
      expect((await segments.count({ segment: 'others' })).members).toBe(12 - before.length)
      const listed: string[] = []
      for (let next: string | null | undefined; next !== null; ) {
        const page = await segments.members({ segment: 'x', limit: 5, ...(next ? { after: next } : {}) })
        listed.push(...page.rows.map(({ customer }) => customer))
        next = page.next
      }
      expect(listed).toEqual([...before].sort())
      expect((await segments.explain({ segment: 'x', customer: 'c3' })).matched).toBe(before.includes('c3'))
      const { kept, came } = await segments.explainPopulation({ segment: 'x' })
      const pure = explainPopulation({ rule: where, source: 'customers', environment: own, entities, now: NOW })
      expect([kept, came]).toEqual([pure.kept, pure.came])
      const { of, segments: previewed } = await segments.preview.publish({
        definition: defineSegment({ id: 'x', source: 'customers', where: edited }),
      })
      const enter = after.filter((id) => !before.includes(id)).sort()
      const leave = before.filter((id) => !after.includes(id)).sort()
      const x = { segment: 'x', before: before.length, after: after.length, entering: enter.length, leaving: leave.length, enter, leave }
      expect([of, previewed.find(({ segment }) => segment === 'x')]).toEqual([12, x])
      expect(previewed.find(({ segment }) => segment === 'others')).toMatchObject({ entering: leave.length, leaving: enter.length })
      tenant++
    }),
    { ...runs(400, 'segmentation: what the service says of tables'), endOnFailure: true },
  )
  expect(tenant).toBeGreaterThan(0)
})

describe('a table of the host’s', () => {
  const people = defineSource({ id: 'people', table: 'people', tenantColumn: 'org', keyColumn: 'id', columns: { visits: 'integer' } })
  const often = defineSegment({ id: 'often', source: 'people', where: field('visits').gte(3) })
  const open = async (tables = true) => {
    const db = new DatabaseSync(':memory:')
    db.exec('create table people (org text, id text, visits integer)')
    const connection = fromNodeSqlite(db)
    const storage = sqliteStorage({ connection })
    const service = createSegments({ storage, ...(tables ? { tables: hostReader({ connection }) } : {}) })
    await storage.schema.migrate()
    const segments = service.for({ tenant: 'acme', by })
    for (const definition of [people, often]) await segments.publish({ definition })
    return { db, segments }
  }

  test('in the host’s transaction a segment is asked of the rows as it has written them', async () => {
    const { db, segments } = await open()
    db.exec("begin immediate; insert into people values ('acme', 'c1', 5), ('other', 'c2', 5)")
    const inside = segments.in(fromNodeSqlite(db)).sync
    expect(inside.count({ segment: 'often' })).toMatchObject({ members: 1, of: 1, engine: 'sql' })
    expect(inside.explain({ segment: 'often', customer: 'c1' }).matched).toBe(true)
    db.exec('rollback')
    expect(await segments.count({ segment: 'often' })).toMatchObject({ members: 0, of: 0 })
    await expect(segments.explain({ segment: 'often', customer: 'c1' })).rejects.toMatchObject({ code: 'segments/unknown-customer' })
  })
  test('its statement stands beside the host’s own queries; what SQL cannot say exactly is refused with its path', async () => {
    const { db, segments } = await open()
    db.exec("insert into people values ('acme', 'c1', 5), ('acme', 'c2', 1)")
    const { text, params } = await segments.sql({ segment: 'often' })
    expect(db.prepare(text).all(...params)).toMatchObject([{ k: 'c1' }])
    await segments.publish({ definition: defineSegment({ id: 'tenth', source: 'people', where: all(sampled({ share: 0.1, salt: 's' })) }) })
    await expect(segments.sql({ segment: 'tenth' })).rejects.toMatchObject({ code: 'storage/not-in-sql', details: { path: 'of.0' } })
  })
  test('customers in a table are not told about, have no lists, and need a reader', async () => {
    const { segments } = await open(false)
    const refused = (code: string) => expect.objectContaining({ code })
    await expect(segments.record({ source: 'people', customer: 'c1', facts: [] })).rejects.toEqual(refused('segments/not-kept'))
    await expect(segments.publish({ definition: defineList({ id: 'friends', source: 'people' }) })).rejects.toEqual(
      refused('segments/not-kept'),
    )
    await expect(segments.count({ segment: 'often' })).rejects.toEqual(refused('segments/no-tables'))
    await segments.publish({ definition: defineSource({ id: 'told', columns: {}, facts: { columns: {} } }) })
    await segments.publish({ definition: defineList({ id: 'friends', source: 'told' }) })
    const listed = defineSegment({ id: 'listed', source: 'people', where: onList('friends') })
    await expect(segments.publish({ definition: listed })).rejects.toEqual(refused('segments/bad-rule'))
    await segments.publish({ definition: defineSegment({ id: 'buyers', source: 'told', where: did('order') }) })
    await expect(segments.sql({ segment: 'buyers' })).rejects.toEqual(refused('segments/bad-rule'))
  })
})
