import { isPatronkitError, manualClock, memoryStorage } from '@patronkit/core'
import { verifySubject } from '@patronkit/core/operations'
import { createRunner } from '@patronkit/core/runner'
import { canonicalJson, sha256Hex } from '@patronkit/core/service'
import { promisedStorage, seededRandom } from '@patronkit/core/testing'
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
  not,
  onList,
  type Rule,
  related,
  total,
} from '../src/index.ts'
import { segmentsSchema } from '../src/migrations.ts'

const shoppers = defineSource({
  id: 'shoppers',
  columns: {
    country: 'text',
    spend: 'decimal',
    visits: 'integer',
    name: { type: 'text', folded: 'nameFolded' },
    nameFolded: 'text',
    status: { type: 'text', since: 'statusSince' },
    statusSince: 'instant',
  },
  facts: { columns: { amount: 'decimal' } },
  relations: { addresses: { columns: { city: 'text' } } },
})
const segment = (id: string, where: Rule) => defineSegment({ id, source: 'shoppers', where })
const active = segment('active', did('order', { within: { days: 7 } }))
const lapsed = segment('lapsed', not(inSegment('active')))
const START = '2026-11-02T09:00:00Z'

function shop() {
  const clock = manualClock(START)
  const storage = memoryStorage()
  const service = createSegments({ storage, clock, random: seededRandom(1) })
  const runner = createRunner({ storage, clock, services: [service] })
  const of = (tenant: string) => service.for({ tenant, by: { type: 'system', id: 'shop' } })
  const heard: string[] = []
  runner.consumer({
    name: 'crm',
    types: ['segments.entered', 'segments.exited'],
    handle: ({ type, data, at }) => {
      const cause = 'id' in data.cause ? `${data.cause.by} ${data.cause.id}` : data.cause.by
      heard.push(`${type.slice(9)} ${data.segment} v${data.version} ${at.toISOString().slice(0, 16)} ${cause}`)
    },
  })
  const told = async () => {
    // timers first; a consumer that was through by then hears of them the next time
    await runner.tick()
    await runner.tick()
    return heard.splice(0).sort()
  }
  return { clock, storage, runner, segments: of('acme'), of, told }
}

let { clock, storage, runner, segments, of, told } = shop()
beforeEach(async () => {
  ;({ clock, storage, runner, segments, of, told } = shop())
  await segments.publish({ definition: shoppers })
})
const order = (id: string, at: string | Date = clock.now()) => ({ id, type: 'order', at, values: { amount: '21.90' } })
const record = (customer: string, more: object = {}) => segments.record({ source: 'shoppers', customer, facts: [], ...more })
const ids = async (id: string, asOf?: string) =>
  (await segments.members({ segment: id, ...(asOf ? { asOf } : {}) })).rows.map(({ customer }) => customer)

describe('memberships are kept as customers change', () => {
  beforeEach(async () => {
    for (const definition of [active, lapsed]) await segments.publish({ definition })
  })
  test('an order leads in at once, and seven days lead out to the millisecond, with rule version and cause', async () => {
    const now = await record('c1', { facts: [order('order_91')] })
    expect(now).toMatchObject({ entered: ['active'], left: [], segments: [{ segment: 'active', version: 1 }] })
    expect(now.nextLookAt).toEqual(new Date('2026-11-09T09:00:00Z'))
    expect(await told()).toEqual(['entered active v1 2026-11-02T09:00 fact order_91'])
    clock.advance({ days: 30 })
    expect(await told()).toEqual(['entered lapsed v1 2026-11-09T09:00 time', 'exited active v1 2026-11-09T09:00 time'])
    expect(await ids('active')).toEqual([])
    expect(await ids('active', '2026-11-09T08:59:59.999Z')).toEqual(['c1'])
    expect(await ids('active', '2026-11-09T09:00:00Z')).toEqual([])
    const { rows } = await segments.history({ source: 'shoppers', customer: 'c1' })
    expect(rows).toEqual([
      {
        segment: 'active',
        entered: { at: new Date(START), version: 1, cause: { by: 'fact', id: 'order_91' } },
        left: { at: new Date('2026-11-09T09:00:00Z'), version: 1, cause: { by: 'time' } },
      },
      { segment: 'lapsed', entered: { at: new Date('2026-11-09T09:00:00Z'), version: 1, cause: { by: 'time' } }, left: null },
    ])
  })
  test('a customer is never behind, whether or not tick ran; lists say how fresh they are', async () => {
    await record('c1', { facts: [order('o1')] })
    clock.advance({ days: 8 })
    expect((await segments.membershipsOf({ source: 'shoppers', customer: 'c1' })).segments).toMatchObject([{ segment: 'lapsed' }])
    const stale = await segments.members({ segment: 'active' })
    expect(stale.rows).toHaveLength(1)
    expect(stale.freshness).toEqual({ current: false, timeUpTo: new Date('2026-11-09T08:59:59.999Z'), rulesPending: false, troubled: 0 })
    await runner.tick()
    const fresh = await segments.members({ segment: 'active' })
    expect(fresh.rows).toEqual([])
    expect(fresh.freshness).toEqual({ current: true, timeUpTo: clock.now(), rulesPending: false, troubled: 0 })
  })
  test('the same call again changes nothing and writes nothing; another fact under the same id is refused', async () => {
    const call = { facts: [order('o1')], profile: { country: 'IT' } }
    await record('c1', call)
    const before = await told()
    expect(await record('c1', call)).toMatchObject({ entered: [], left: [], asked: 0 })
    await record('c1', { profile: { country: 'IT' } })
    expect([before.length, await told()]).toEqual([1, []])
    await expect(record('c1', { facts: [{ ...order('o1'), type: 'visit' }] })).rejects.toMatchObject({
      code: 'core/idempotency-conflict',
      details: { differs: ['type'] },
    })
  })
  test('columns told out of order end as they were told latest', async () => {
    await record('c1', { profile: { country: 'IT', visits: 1 }, at: '2026-11-01T00:00:00Z' })
    await record('c1', { profile: { country: 'FR' }, at: '2026-10-01T00:00:00Z' })
    await segments.publish({ definition: segment('italian', field('country').eq('IT')) })
    expect(await ids('italian')).toEqual([])
    await runner.tick()
    expect(await ids('italian')).toEqual(['c1'])
  })
  test('folded texts and since when a value stands are filled by themselves', async () => {
    await segments.publish({
      definition: segment('gold', all(field('name').contains('RO', { fold: true }), field('status').hasBeen('gold', { days: 3 }))),
    })
    await record('c1', { profile: { name: 'Żaro', status: 'gold' } })
    clock.advance({ days: 2 })
    await record('c1', { profile: { name: 'Zaro', status: 'gold' } })
    clock.advance({ days: 1 })
    expect(await told()).toContain('entered gold v1 2026-11-05T09:00 time')
  })
  test('two hundred rules, and an event asks the one that looks at it', async () => {
    for (let n = 0; n < 200; n++) {
      await segments.publish({
        definition: segment(
          `s${n}`,
          n === 7 ? total('order', { fold: 'sum', of: 'amount', is: 'gte', value: '40.00' }) : field('visits').gte(n),
        ),
      })
    }
    await record('c1', { profile: { visits: 3 }, facts: [{ id: 'v', type: 'visit', at: START }] })
    expect(await record('c1', { facts: [order('o1')] })).toMatchObject({ asked: 3, entered: ['active'], left: ['lapsed'] })
    expect(await record('c1', { facts: [{ ...order('o2'), type: 'visit' }] })).toMatchObject({ asked: 0 })
    expect(await record('c1', { facts: [order('o3')] })).toMatchObject({ asked: 3, entered: ['s7'] })
    expect(await record('c1', { profile: { visits: 4 } })).toMatchObject({ asked: 199, entered: ['s4'] })
  })
  test('many customers in one commit; one that stands twice is refused', async () => {
    const customers = ['c1', 'c2', 'c3'].map((customer) => ({ source: 'shoppers', customer, facts: [order(`o-${customer}`)] }))
    expect((await segments.recordMany({ customers })).map(({ entered }) => entered)).toEqual([['active'], ['active'], ['active']])
    expect(await segments.count({ segment: 'active' })).toMatchObject({ members: 3, of: 3 })
    const page = await segments.members({ segment: 'active', limit: 2 })
    expect(page.rows.map(({ customer }) => customer)).toEqual(['c1', 'c2'])
    expect((await segments.members({ segment: 'active', limit: 2, after: page.next! })).rows.map(({ customer }) => customer)).toEqual([
      'c3',
    ])
    await expect(segments.recordMany({ customers: [customers[0]!, customers[0]!] })).rejects.toMatchObject({
      code: 'segments/customer-twice',
    })
  })
  test('two processes, many facts and ticks at once: each fact counts, and there is one event a flip', async () => {
    const at = manualClock(START)
    const shared = promisedStorage()
    // the second wrapper stands for another process: what one queues, the other knows nothing of
    const services = [shared, { ...shared }].map((one) => createSegments({ storage: one, clock: at, random: seededRandom(1) }))
    const [one, two] = services.map((service) => service.for({ tenant: 'acme', by: { type: 'system', id: 'shop' } }))
    const [first, second] = services.map((service) => createRunner({ storage: shared, clock: at, services: [service] }))
    for (const definition of [shoppers, active]) await one!.publish({ definition })
    const loud: string[] = []
    first!.consumer({ name: 'loud', types: ['segments.entered', 'segments.exited'], handle: ({ type }) => void loud.push(type) })
    for (let week = 0; week < 3; week++) {
      const told = Array.from({ length: 12 }, (_, n) =>
        (n % 2 ? one! : two!).record({
          source: 'shoppers',
          customer: 'c1',
          facts: [{ id: `o${week}-${n >> 1}`, type: 'order', at: at.now(), values: { amount: '1.00' } }],
        }),
      )
      await Promise.all([...told, first!.tick(), second!.tick()])
      at.advance({ days: 8 })
      await Promise.all([first!.tick(), second!.tick()])
    }
    await first!.tick()
    expect(loud).toEqual(Array.from({ length: 3 }, () => ['segments.entered', 'segments.exited']).flat())
    expect((await one!.history({ source: 'shoppers', customer: 'c1' })).rows).toHaveLength(3)
    expect(await verifySubject({ storage: shared, tenant: 'acme', kind: 'segments-customer', subject: 'shoppers/c1' })).toBeNull()
    expect((await one!.erase({ source: 'shoppers', customer: 'c1' })).facts).toBe(18)
  })
  test('tenants know nothing of each other', async () => {
    await record('c1', { facts: [order('o1')] })
    await expect(of('other').members({ segment: 'active' })).rejects.toMatchObject({ code: 'segments/not-published' })
    await expect(of('other').membershipsOf({ source: 'shoppers', customer: 'c1' })).rejects.toMatchObject({
      code: 'segments/unknown-customer',
    })
  })
  test('a customer’s chain of events verifies, also when erased; nobody of that id was ever in a segment', async () => {
    await record('c1', { facts: [order('o1')], profile: { name: 'Ada' } })
    await record('c2', { facts: [order('o2')] })
    const subject = { storage, tenant: 'acme', kind: 'segments-customer', subject: 'shoppers/c1' }
    expect(await verifySubject(subject)).toBeNull()
    expect(await segments.erase({ source: 'shoppers', customer: 'c1' })).toEqual({ facts: 1, stays: 1, events: 2 })
    expect(await verifySubject(subject)).toBeNull()
    expect(await ids('active', START)).toEqual(['c2'])
    await expect(segments.membershipsOf({ source: 'shoppers', customer: 'c1' })).rejects.toMatchObject({
      code: 'segments/unknown-customer',
    })
    expect(await segments.erase({ source: 'shoppers', customer: 'c1' })).toEqual({ facts: 0, stays: 0, events: 0 })
    clock.advance({ days: 8 })
    expect((await runner.tick()).failed).toEqual([])
    expect(await record('c1', { facts: [order('o1')] })).toMatchObject({ entered: ['active'] })
  })
})

describe('rules change', () => {
  test('tick asks everybody by the new version, from when it is in force; only what it changes is asked', async () => {
    await segments.publish({ definition: segment('big', field('spend').gte('100.00')) })
    await segments.publish({ definition: segment('many', field('visits').gte(3)) })
    for (const [n, spend] of ['50.00', '120.00', '200.00'].entries()) await record(`c${n}`, { profile: { spend, visits: n } })
    expect(await told()).toEqual(['entered big v1 2026-11-02T09:00 profile', 'entered big v1 2026-11-02T09:00 profile'])
    await segments.publish({ definition: segment('big', field('spend').gte('150.00')), effectiveFrom: '2026-11-05T00:00:00Z' })
    clock.advance({ days: 1 })
    expect([await told(), (await segments.members({ segment: 'big' })).freshness.current]).toEqual([[], true])
    clock.advance({ days: 3 })
    expect((await segments.members({ segment: 'big' })).freshness).toMatchObject({ current: false, rulesPending: true })
    // one who is asked for is not behind
    expect((await segments.membershipsOf({ source: 'shoppers', customer: 'c1' })).segments).toEqual([])
    expect(await told()).toEqual(['exited big v2 2026-11-05T00:00 rule'])
    expect(await ids('big')).toEqual(['c2'])
    expect(await ids('big', '2026-11-04T23:59:59.999Z')).toEqual(['c1', 'c2'])
  })
  test('a sweep goes on where it stopped, and begins anew for those whom a further edit leaves behind', async () => {
    for (let n = 0; n < 10; n++) await record(`c${n}`, { profile: { visits: n } })
    await segments.publish({ definition: segment('many', field('visits').gte(3)) })
    const page = () => segments.resegment({ idempotencyKey: 'by hand', source: 'shoppers', page: 4 })
    expect(await page()).toEqual({ rows: 4, changed: 4, more: true })
    await segments.publish({ definition: segment('many', field('visits').gte(8)) })
    clock.advance({ minutes: 1 })
    let pages = 1
    while ((await page()).more) pages++
    expect(pages).toBeGreaterThan(2)
    expect(await ids('many')).toEqual(['c8', 'c9'])
    expect((await segments.members({ segment: 'many' })).freshness.current).toBe(true)
    expect(await page()).toEqual({ rows: 0, changed: 0, more: false })
  })
  test('a clock that was ahead has taken a customer to later rules: the sweep of one behind it leaves them there and ends', async () => {
    await segments.publish({ definition: segment('many', field('visits').gte(3)) })
    await segments.publish({ definition: segment('many', field('visits').gte(8)), effectiveFrom: '2026-11-02T12:00:00Z' })
    await record('c1', { profile: { visits: 5 } })
    const ahead = createSegments({ storage, clock: manualClock('2026-11-02T13:00:00Z') }).for({
      tenant: 'acme',
      by: { type: 'system', id: 'x' },
    })
    await ahead.record({ source: 'shoppers', customer: 'c1', profile: { visits: 6 }, facts: [] })
    clock.advance({ minutes: 1 })
    expect(await segments.resegment({ idempotencyKey: 'k', source: 'shoppers' })).toEqual({ rows: 1, changed: 0, more: false })
    expect(await ids('many')).toEqual([])
  })
  test('preview says who would enter and leave, through segments that name the one edited, and writes nothing', async () => {
    await segments.publish({ definition: segment('big', field('spend').gte('100.00')) })
    await segments.publish({ definition: segment('small', not(inSegment('big'))) })
    await segments.publish({ definition: segment('other', field('visits').gte(1)) })
    for (const [n, spend] of ['50.00', '120.00', '200.00'].entries()) await record(`c${n}`, { profile: { spend } })
    const preview = await segments.preview.publish({ definition: segment('big', field('spend').gte('150.00')) })
    expect(preview).toEqual({
      of: 3,
      segments: [
        { segment: 'big', before: 2, after: 1, entering: 0, leaving: 1, enter: [], leave: ['c1'] },
        { segment: 'small', before: 1, after: 2, entering: 1, leaving: 0, enter: ['c1'], leave: [] },
      ],
    })
    expect(await segments.count({ segment: 'big' })).toMatchObject({ members: 2 })
  })
  test('what names nothing, goes round in a circle, or takes away what others name is refused before it is stored', async () => {
    await segments.publish({ definition: segment('big', field('spend').gte('100.00')) })
    const refused = async (definition: Parameters<typeof segments.publish>[0]['definition']) =>
      segments.publish({ definition }).then(
        () => 'published',
        (error) => (isPatronkitError(error) ? error.message : String(error)),
      )
    expect(await refused(segment('x', field('age').gte(3)))).toContain('there is no column "age"')
    expect(await refused(segment('x', inSegment('nowhere')))).toContain('there is no segment "nowhere"')
    expect(await refused(segment('x', onList('friends')))).toContain('there is no list "friends"')
    expect(await refused(segment('big', inSegment('big')))).toContain('circle')
    expect(await refused(defineSource({ id: 'shoppers', columns: { country: 'text' } }))).toContain('segment big would no longer hold')
    expect(await refused(defineSegment({ id: 'x', source: 'nobody', where: all() }))).toContain('there is no source "nobody"')
    expect(await segments.count({ segment: 'big' })).toMatchObject({ members: 0 })
  })
  test('a segment that now asks about other customers has none among the old', async () => {
    await segments.publish({ definition: defineSource({ id: 'firms', columns: { size: 'integer' } }) })
    await segments.publish({ definition: segment('all', all()) })
    await record('c1')
    await segments.publish({ definition: defineSegment({ id: 'all', source: 'firms', where: all() }) })
    clock.advance({ minutes: 1 })
    expect(await told()).toEqual(['entered all v1 2026-11-02T09:00 profile', 'exited all v1 2026-11-02T09:00 rule'])
  })
})

describe('lists, related rows, explanations', () => {
  test('customers go on a list that is kept by hand and off it', async () => {
    await segments.publish({ definition: defineList({ id: 'friends', source: 'shoppers' }) })
    await segments.publish({ definition: segment('close', onList('friends')) })
    await record('c1')
    const customers = [{ id: 'c1' }, { id: 'c2' }]
    expect(await segments.enlist({ list: 'friends', customers })).toEqual({ changed: 2 })
    expect(await segments.enlist({ list: 'friends', customers })).toEqual({ changed: 0 })
    expect(await told()).toEqual(['entered close v1 2026-11-02T09:00 list friends', 'entered close v1 2026-11-02T09:00 list friends'])
    expect(await ids('close')).toEqual(['c1', 'c2'])
    await segments.delist({ list: 'friends', customers: [{ id: 'c1' }] })
    expect(await ids('close')).toEqual(['c2'])
    await expect(segments.enlist({ list: 'foes', customers })).rejects.toMatchObject({ code: 'segments/not-published' })
  })
  test('related rows are replaced as a whole', async () => {
    await segments.publish({ definition: segment('roman', related('addresses').any(field('city').eq('Rome'))) })
    expect(await record('c1', { related: { addresses: [{ city: 'Milan' }, { city: 'Rome' }] } })).toMatchObject({ entered: ['roman'] })
    expect(await record('c1', { related: { addresses: [{ city: 'Milan' }] } })).toMatchObject({ left: ['roman'] })
  })
  test('why one is in or out, with the nearest flip, and what each part keeps', async () => {
    await segments.publish({ definition: segment('big', all(field('country').eq('IT'), field('spend').gte('100.00'))) })
    for (const [n, spend] of ['87.60', '120.00', '200.00'].entries())
      await record(`c${n}`, { profile: { spend, country: n < 2 ? 'IT' : 'FR' } })
    const why = await segments.explain({ segment: 'big', customer: 'c0' })
    expect(why).toMatchObject({ matched: false, version: 1, nearest: { field: 'spend', change: '12.40 more', to: '100.00' } })
    expect((await segments.explainPopulation({ segment: 'big' })).children.map(({ came, kept }) => [came, kept])).toEqual([
      [3, 2],
      [2, 1],
    ])
  })
  test('values of another type are refused with their column; undeclared ones too', async () => {
    await expect(record('c1', { profile: { spend: 'much' } })).rejects.toMatchObject({ code: 'segments/bad-value' })
    await expect(record('c1', { profile: { age: 3 } })).rejects.toMatchObject({ code: 'core/invalid-input' })
    await expect(record('c1', { facts: [{ ...order('o'), values: { amount: '1.234' } }] })).rejects.toMatchObject({
      code: 'segments/bad-value',
    })
    await expect(segments.record({ source: 'nobody', customer: 'c', facts: [] })).rejects.toMatchObject({ code: 'segments/not-published' })
  })
  test('a customer who cannot be asked stays where they were, holds up nobody, and is counted', async () => {
    await segments.publish({ definition: segment('big', total('order', { fold: 'sum', of: 'amount', is: 'gte', value: '100.00' })) })
    const huge = (id: string) => ({ ...order(id), values: { amount: '90071992547409.91' } })
    await record('c1', { facts: [huge('o1')] })
    const after = await record('c1', { facts: [huge('o2')] })
    expect(after).toMatchObject({ entered: [], segments: [{ segment: 'big' }] })
    expect(after.trouble).toContain('a sum within')
    await record('c2', { facts: [order('o3')] })
    expect((await segments.members({ segment: 'big' })).freshness).toMatchObject({ current: false, troubled: 1 })
    await segments.publish({ definition: segment('big', did('order')) })
    clock.advance({ minutes: 1 })
    await runner.tick()
    expect(await ids('big')).toEqual(['c1', 'c2'])
    expect((await segments.members({ segment: 'big' })).freshness).toMatchObject({ current: true, troubled: 0 })
  })
})

/** A step that hosts have applied is never edited: what changes comes as a further step. */
test('published migration steps are as they were published', () => {
  const steps = segmentsSchema.migrations.map((migration) => `${migration.id} ${sha256Hex(canonicalJson(migration)).slice(0, 16)}`)
  expect(steps).toEqual(['1 a84d1d5164c562c6', '2 4a065c980dc4cb6e', '3 bcd51b2fe5edf766'])
})
