import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import { all, defineList, defineSegment, defineSource, did, field, inSegment, not, onList, related, total } from '@patronkit/segmentation'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, expect, test } from 'vitest'
import { createPatronkit } from '../src/index.ts'
import { everyEvent } from './helpdesk.ts'

const db = new PGlite()
afterAll(() => db.close())

const source = defineSource({
  id: 'shoppers',
  columns: { country: 'text', spend: 'decimal', born: 'date', seen: 'instant' },
  facts: { columns: { amount: 'decimal', channel: 'text' } },
  relations: { addresses: { columns: { city: 'text' } } },
})
const of = { source: source.id }
const definitions = [
  source,
  defineList({ id: 'friends', ...of }),
  defineSegment({ id: 'active', ...of, where: did('order', { within: { days: 7 } }) }),
  defineSegment({ id: 'lapsed', ...of, where: not(inSegment('active')) }),
  defineSegment({
    id: 'big',
    ...of,
    where: total('order', { fold: 'sum', of: 'amount', is: 'gte', value: '60.00', within: { days: 30 } }),
  }),
  defineSegment({ id: 'italian', ...of, where: all(field('country').eq('IT'), related('addresses').any(field('city').eq('罗马'))) }),
  defineSegment({ id: 'close', ...of, where: onList('friends') }),
]

/** A month of a few customers, with an edited rule, lists, an erasure: everything that the service answers. */
async function month(storage: Storage) {
  const clock = manualClock('2026-11-02T06:00:00Z')
  const kit = createPatronkit({ storage, clock, random: seededRandom(1) })
  await kit.schema.migrate()
  const { segments } = kit.for({ tenant: 'acme', by: { type: 'system', id: 'shop' } })
  const said: unknown[] = []
  for (const definition of definitions) said.push(await segments.publish({ definition }))
  const order = (id: string, channel: string) => ({ id, type: 'order', at: clock.now(), values: { amount: '21.90', channel } })
  const customers = ['c1', 'c2', '客户', 'c4']
  for (let day = 0; day < 30; day++) {
    clock.advance({ days: 1 })
    for (const [n, customer] of customers.entries()) {
      if ((day * (n + 3)) % 5 !== 0) continue
      const profile = { country: day % 2 ? 'IT' : 'FR', spend: `${day}.50`, born: '1990-02-28', seen: clock.now() }
      const addresses = [{ city: day % 3 ? '罗马' : 'Milan' }]
      said.push(
        await segments.record({
          source: source.id,
          customer,
          profile,
          related: { addresses },
          facts: [order(`${customer}-${day}`, 'web')],
        }),
      )
    }
    if (day === 10) {
      const definition = defineSegment({
        id: 'active',
        ...of,
        where: did('order', { within: { days: 3 }, where: field('channel').eq('web') }),
      })
      said.push(await segments.preview.publish({ definition }), await segments.publish({ definition }))
      said.push(await segments.members({ segment: 'lapsed' }))
    }
    if (day === 12) said.push(await segments.enlist({ list: 'friends', customers: customers.map((id) => ({ id })) }))
    if (day === 20) said.push(await segments.delist({ list: 'friends', customers: [{ id: 'c2' }] }))
    if (day % 4 === 0) await kit.tick()
  }
  await kit.tick()
  for (const { id } of definitions.slice(2)) {
    said.push(await segments.count({ segment: id }), await segments.members({ segment: id, limit: 2 }))
    said.push(await segments.members({ segment: id, asOf: '2026-11-15T00:00:00Z' }), await segments.explainPopulation({ segment: id }))
    for (const customer of customers) said.push(await segments.explain({ segment: id, customer }))
  }
  for (const customer of customers) {
    said.push(
      await segments.membershipsOf({ source: source.id, customer }),
      await segments.history({ source: source.id, customer, limit: 3 }),
    )
    said.push(await segments.membershipsOf({ source: source.id, customer, asOf: '2026-11-15T00:00:00Z' }))
  }
  said.push(
    await segments.erase({ source: source.id, customer: 'c1' }),
    await segments.count({ segment: 'close', asOf: '2026-11-20T00:00:00Z' }),
  )
  return JSON.stringify(said)
}

test('memory, SQLite and Postgres answer the same and write the same events, byte for byte', async () => {
  const memory = memoryStorage()
  const expected = await month(memory)
  const events = await everyEvent(memory)
  expect(events.length).toBeGreaterThan(60)
  for (const storage of [sqliteStorage({ file: ':memory:' }), postgresStorage({ connection: fromPglite(db), schema: 'segments' })]) {
    expect(await month(storage)).toBe(expected)
    expect(await everyEvent(storage)).toEqual(events)
    expect(await storage.schema.drift()).toEqual([])
    await storage.close()
  }
})

test('on synchronous SQLite a membership stands or falls with the host’s row, and the host’s own SQL sees it', async () => {
  const file = new DatabaseSync(':memory:')
  const kit = createPatronkit({ storage: sqliteStorage({ connection: fromNodeSqlite(file) }) })
  await kit.schema.migrate()
  const by = { type: 'system', id: 'x' } as const
  const { segments } = kit.for({ tenant: 'acme', by })
  for (const definition of definitions) await segments.publish({ definition })
  for (const end of ['rollback', 'commit']) {
    file.exec('begin immediate')
    const { sync } = kit.for({ tenant: 'acme', by }).in(fromNodeSqlite(file)).segments
    const facts = [{ id: 'o1', type: 'order', at: new Date(), values: { amount: '21.90' } }]
    expect(sync.record({ source: source.id, customer: 'c1', facts })).toMatchObject({ entered: ['active'] })
    file.exec(end)
    const rows = file.prepare(`select segment, customer from patronkit_segments_member_v1 where tenant = 'acme'`).all()
    expect(rows.map((row) => ({ ...row }))).toEqual(end === 'commit' ? [{ segment: 'active', customer: 'c1' }] : [])
  }
})
