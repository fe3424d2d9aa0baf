import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  all,
  compileRule,
  countMembers,
  countParts,
  explainMember,
  field,
  loadEntities,
  membersOf,
  near,
  sampled,
  sqlOf,
} from '../src/index.ts'
import { rules } from '../src/testing.ts'
import { entitiesOf, environment, NOW, pools, shops, sqliteShop } from './shop.ts'

const asked = { tenant: 'acme', source: 'customers', environment, asOf: new Date(NOW) }
const engine = sqliteShop()

test('what SQL cannot answer is decided in memory on the candidates, and counted alike', async () => {
  const places = fc
    .record({ km: fc.constantFrom(10, 120, 900), lat: fc.constantFrom(45, 0, -89) })
    .map(({ km, lat }) => near({ latitude: 'latitude', longitude: 'longitude', to: [lat, 9], km }))
  const any = rules({ fc, source: 'customers', environment, pools })
  await fc.assert(
    fc.asyncProperty(
      shops,
      shops,
      fc.oneof(
        any,
        any.chain((rule) => places.map((place) => all(place, rule))),
      ),
      async (shop, other, rule) => {
        await engine.fill(shop, other)
        const { test: holds } = compileRule({ rule, source: 'customers', environment })
        const wanted = entitiesOf(shop)
          .customers.filter((entity) => holds(entity, NOW))
          .map(({ id }) => id)
          .sort()
        const found = []
        for await (const { id } of membersOf({ ...asked, reader: engine.reader, rule, pageSize: 5 })) found.push(id)
        expect(found).toEqual(wanted)
        expect(await countMembers({ ...asked, reader: engine.reader, rule })).toMatchObject({ members: wanted.length, of: 12 })
      },
    ),
    { ...runs(1_000, 'segmentation: members read page by page'), endOnFailure: true },
  )
})
test('a customer read out of the tables is explained; nobody of that id is nobody', async () => {
  await fc.assert(
    fc.asyncProperty(shops, rules({ fc, source: 'customers', environment, pools }), async (shop, rule) => {
      await engine.fill(shop, shop)
      const [entity] = await loadEntities({ ...asked, reader: engine.reader, ids: ['c3'] })
      const { test: holds } = compileRule({ rule, source: 'customers', environment })
      expect((await explainMember({ ...asked, reader: engine.reader, rule, customer: 'c3' }))?.matched).toBe(holds(entity!, NOW))
    }),
    { ...runs(400, 'segmentation: members explained from the tables'), endOnFailure: true },
  )
  expect(await explainMember({ ...asked, reader: engine.reader, rule: all(), customer: 'nobody' })).toBeNull()
})
test('the statement for the host’s own query is refused with the path where SQL has no exact answer', async () => {
  const rule = all(field('vip').eq(true), sampled({ share: 0.1, salt: 's' }))
  expect(() => sqlOf({ ...asked, reader: engine.reader, rule })).toThrow(
    expect.objectContaining({ code: 'storage/not-in-sql', details: { engine: 'sqlite', path: 'of.1', what: 'a hashed sample' } }),
  )
  const { text, params } = sqlOf({ ...asked, reader: engine.reader, rule: field('name').eq("'; drop table customers; --") })
  expect(text).not.toContain('drop')
  expect(params).toContain("'; drop table customers; --")
  expect((await countParts({ ...asked, reader: engine.reader, rule })).map(({ left }) => left === null)).toEqual([false, true])
})
