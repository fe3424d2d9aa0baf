import { PGlite } from '@electric-sql/pglite'
import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { eventsOf, get, type RowOf, type StoredEvent } from '@patronkit/core/service'
import { seededRandom } from '@patronkit/core/testing'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { runs } from '../../../tooling/runs.ts'
import {
  compileRule,
  createSegments,
  defineSegment,
  type Entity,
  type Environment,
  foldText,
  type Rule,
  type SegmentRule,
} from '../src/index.ts'
import { type Profile, toldProfile } from '../src/profile.ts'
import { customers } from '../src/tables.ts'
import { rules } from '../src/testing.ts'
import { firms, friends, told } from './kept.ts'
import { entitiesOf, NOW, pools, shops } from './shop.ts'

const DAY = 86_400_000
const WHO = ['c0', 'c3', 'c5']
const FIRMS = ['k0', 'k1', 'k2']
const names = ['a', 'b', 'c']
const ofFirms = ['k', 'l']
const environment: Environment = { sources: { customers: told.body, companies: firms.body }, lists: { friends: new Set() } }

type Step =
  | { readonly do: 'tick'; readonly by: number }
  | { readonly do: 'fact'; readonly who: string; readonly n: number; readonly by: number; readonly late: number }
  | { readonly do: 'columns'; readonly who: string; readonly names: readonly string[]; readonly n: number; readonly by: number }
  | { readonly do: 'orders'; readonly who: string; readonly n: number; readonly by: number }
  | { readonly do: 'list'; readonly who: string; readonly on: boolean; readonly by: number }
  | { readonly do: 'rule'; readonly segment: string; readonly where: Rule; readonly by: number }
  | { readonly do: 'firm'; readonly firm: string; readonly n: number; readonly by: number }

const rule = rules({ fc, source: 'customers', environment, pools })
// what companies ask of their people may name the segments of people
const named = Object.fromEntries(names.map((id) => [id, { source: 'customers', where: { op: 'all', of: [] } } as SegmentRule]))
const firmRule = rules({ fc, source: 'companies', environment: { ...environment, segments: named }, pools })
const by = fc.constantFrom(0, 1, 3_600_000, DAY, DAY - 1, 7 * DAY, 30 * DAY)
const who = fc.constantFrom(...WHO)
const column = fc.constantFrom('visits', 'spend', 'seen', 'born', 'region', 'status', 'vip', 'name', 'cents', 'latitude', 'company')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('tick' as const), by }),
  fc.record({ do: fc.constant('fact' as const), who, n: fc.nat(100), by, late: fc.constantFrom(0, 0, 1, DAY, 8 * DAY, -DAY) }),
  fc.record({
    do: fc.constant('columns' as const),
    who,
    names: fc.uniqueArray(column, { minLength: 1, maxLength: 3 }),
    n: fc.nat(100),
    by,
  }),
  // from one company to another
  fc.record({ do: fc.constant('columns' as const), who, names: fc.constant(['company']), n: fc.nat(100), by }),
  fc.record({ do: fc.constant('orders' as const), who, n: fc.nat(100), by }),
  fc.record({ do: fc.constant('list' as const), who, on: fc.boolean(), by }),
  fc.record({ do: fc.constant('rule' as const), segment: fc.constantFrom(...names), where: rule, by }),
  fc.record({ do: fc.constant('rule' as const), segment: fc.constantFrom(...ofFirms), where: firmRule, by }),
  fc.record({ do: fc.constant('firm' as const), firm: fc.constantFrom(...FIRMS), n: fc.nat(2), by }),
)
const history = fc.record({
  shop: shops,
  where: fc.tuple(rule, rule, rule),
  firmWhere: fc.tuple(firmRule, firmRule),
  // companies may be thought of when their people are there already
  firmsLast: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
})
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

/** The nested segment names two of the others, so that an edit of one reaches it. */
const nested: Rule = {
  op: 'any',
  of: [
    { op: 'segment', segment: 'a' },
    { op: 'not', of: { op: 'segment', segment: 'b' } },
  ],
}

type Book = { readonly [segment: string]: SegmentRule }
type Of = 'customers' | 'companies'

const withFact = (entity: Entity, fact: NonNullable<Entity['facts']>[number]): Entity => ({
  ...entity,
  facts: [...(entity.facts ?? []), fact],
})

interface Told {
  readonly source: Of
  entity: Entity
  readonly ledger: { readonly type: string; readonly segment: string; readonly at: number }[]
}

async function live(storage: Storage, tenant: string, { shop, where, firmWhere, firmsLast, steps }: History) {
  const clock = manualClock(new Date(NOW))
  const service = createSegments({ storage, clock, random: seededRandom(1) })
  const runner = createRunner({ storage, clock, services: [service] })
  const segments = service.for({ tenant, by: { type: 'system', id: 'shop' } })
  const donors = entitiesOf(shop).customers.map((one) => ({
    ...one,
    related: { orders: one.related!.orders!.map(({ customer: _, ...order }) => order) },
  }))
  const book: Record<string, SegmentRule> = {
    ...Object.fromEntries(names.map((id, n) => [id, { source: 'customers', where: where[n]! }])),
    nested: { source: 'customers', where: nested },
    ...Object.fromEntries(ofFirms.map((id, n) => [id, { source: 'companies', where: firmWhere[n]! }])),
  }
  const publish = (id: string) => segments.publish({ definition: defineSegment({ id, ...book[id]! }) })
  /** People and companies; their ids differ. */
  const everyone = new Map<string, Told>()
  const people = () => [...everyone].filter(([, one]) => one.source === 'customers')
  const entityOf = ({ source, entity }: Told): Entity =>
    source === 'customers'
      ? entity
      : { ...entity, members: { people: people().flatMap(([, one]) => (one.entity.values.company === entity.id ? [one.entity] : [])) } }
  runner.consumer({
    name: tenant,
    types: ['segments.entered', 'segments.exited'],
    handle: (e) => {
      if (e.tenant === tenant) everyone.get(e.data.customer)!.ledger.push({ type: e.type, segment: e.data.segment, at: e.at.getTime() })
    },
  })
  const tick = async () => {
    for (let more = true; more; ) {
      const done = await runner.tick()
      expect(done.failed).toEqual([])
      more = done.more
    }
  }
  let id = 0
  const factOf = (of: { readonly type: string; readonly at: Date | number; readonly values?: object }) => ({
    id: `f${id++}`,
    ...of,
    at: new Date(of.at),
    values: { ...of.values },
  })
  const full = (source: Of, entity: Entity, at: number, by: Book = book) =>
    Object.keys(by)
      .filter((segment) => by[segment]!.source === source)
      .filter((segment) =>
        compileRule({ rule: { op: 'segment', segment }, source, environment: { ...environment, segments: by } }).test(entity, at),
      )
      .sort()
  const isIn = async (source: Of, customer: string, asOf?: number) =>
    (await segments.membershipsOf({ source, customer, ...(asOf === undefined ? {} : { asOf: new Date(asOf) }) })).segments
      .map(({ segment }) => segment)
      .sort()
  const asOf = async (source: Of, customer: string) => {
    const [row] = (await storage.read(tenant, [get(customers, { source, customer })])) as [{ as_of: number } | null]
    return row?.as_of ?? Number.NEGATIVE_INFINITY
  }
  const tellFirm = async (firm: string, n: number) => {
    const { size } = shop.companies[n]!
    const known = everyone.get(firm)
    const entity: Entity = { id: firm, values: { size }, lists: new Set() }
    if (known) known.entity = entity
    else everyone.set(firm, { source: 'companies', entity, ledger: [] })
    await segments.record({ source: 'companies', customer: firm, profile: { size: size as number | null }, facts: [] })
  }
  const publishFirms = async () => {
    await segments.publish({ definition: firms })
    for (const segment of ofFirms) await publish(segment)
    await tellFirm('k0', 0)
    await tellFirm('k1', 1)
  }

  for (const definition of [told, friends]) await segments.publish({ definition })
  for (const segment of [...names, 'nested']) await publish(segment)
  if (!firmsLast) await publishFirms()
  for (const customer of WHO) {
    const { values, facts = [], related = {} } = donors[Number(customer.slice(1))]!
    const { nameFolded: _, statusSince: __, ...own } = values
    const entity: Entity = {
      id: customer,
      values: { ...own, nameFolded: folded(own.name), statusSince: own.status == null ? null : NOW },
      facts,
      related,
      lists: new Set(),
    }
    everyone.set(customer, { source: 'customers', entity, ledger: [] })
    await segments.record({ source: 'customers', customer, profile: own, related, facts: facts.map(factOf) })
  }

  if (firmsLast) await publishFirms()

  const snapshots: { readonly at: number; readonly source: Of; readonly entity: Entity; readonly by: Book }[] = []
  for (const one of steps) {
    const from = clock.now().getTime()
    const now = from + one.by
    for (const told of everyone.values()) {
      const entity = entityOf(told)
      const moments = [entity, ...(entity.members?.people ?? [])].flatMap(({ facts = [], values }) => [
        ...facts.map(({ at }) => Number(at)),
        ...['seen', 'statusSince'].map((name) => Number(values[name] ?? Number.NaN)),
      ])
      const edges = moments.flatMap((ms) => [1, 2, 7, 30].flatMap((days) => [ms + days * DAY, ms - days * DAY]))
      for (const at of new Set([from, from + Math.floor(one.by / 2), now - 1, ...edges]))
        if (at >= from && at < now) snapshots.push({ at, source: told.source, entity, by: { ...book } })
    }
    clock.advance({ seconds: one.by / 1_000 })
    if (one.do === 'tick') await tick()
    else if (one.do === 'rule') {
      book[one.segment] = { ...book[one.segment]!, where: one.where }
      await publish(one.segment)
    } else if (one.do === 'firm') await tellFirm(one.firm, one.n)
    else {
      const person = everyone.get(one.who)!
      const { entity } = person
      if (one.do === 'fact') {
        const facts = donors[one.n % 12]!.facts ?? []
        const fact = {
          type: ['order', 'visit', 'call'][one.n % 3]!,
          at: now - one.late,
          values: facts.length > 0 ? facts[one.n % facts.length]!.values! : {},
        }
        person.entity = withFact(entity, fact)
        // a fact counts from its own instant on, or from what was said last, whichever is later; for a company also from what was said of it
        const since = Math.max(fact.at, await asOf('customers', one.who))
        const firm = String(entity.values.company)
        const sinceFirm = Math.max(since, await asOf('companies', firm))
        for (const [n, snapshot] of snapshots.entries()) {
          const { id, members } = snapshot.entity
          if (id === one.who && snapshot.at >= since) snapshots[n] = { ...snapshot, entity: withFact(snapshot.entity, fact) }
          if (id !== firm || snapshot.at < sinceFirm) continue
          const people = members!.people!.map((member) => (member.id === one.who ? withFact(member, fact) : member))
          snapshots[n] = { ...snapshot, entity: { ...snapshot.entity, members: { people } } }
        }
        const given = { source: 'customers', customer: one.who, facts: [factOf(fact)] }
        const first = await segments.record(given)
        // once more is a repetition
        expect(await segments.record(given)).toEqual({ ...first, entered: [], left: [], asked: 0 })
      } else if (one.do === 'columns') {
        const values = Object.fromEntries(one.names.map((name) => [name, donors[(one.n + name.length) % 12]!.values[name] ?? null]))
        const changed = (name: string) => one.names.includes(name) && (values[name] ?? null) !== (entity.values[name] ?? null)
        const filled = {
          ...(changed('name') ? { nameFolded: folded(values.name) } : {}),
          ...(changed('status') ? { statusSince: values.status == null ? null : now } : {}),
        }
        person.entity = { ...entity, values: { ...entity.values, ...values, ...filled } }
        await segments.record({ source: 'customers', customer: one.who, profile: values, facts: [] })
      } else if (one.do === 'orders') {
        const related = { orders: donors[one.n % 12]!.related.orders }
        person.entity = { ...entity, related }
        await segments.record({ source: 'customers', customer: one.who, related, facts: [] })
      } else {
        person.entity = { ...entity, lists: new Set(one.on ? ['friends'] : []) }
        await segments[one.on ? 'enlist' : 'delist']({ list: 'friends', customers: [{ id: one.who }] })
      }
    }
    for (const [customer, told] of everyone)
      expect([customer, await isIn(told.source, customer)]).toEqual([customer, full(told.source, entityOf(told), now)])
  }

  await tick()
  const now = clock.now().getTime()
  for (const segment of Object.keys(book)) {
    const { rows, freshness } = await segments.members({ segment })
    expect(freshness).toMatchObject({ current: true, rulesPending: false, troubled: 0 })
    const asked = [...everyone].filter(([, { source }]) => source === book[segment]!.source)
    const wanted = asked.filter(([, told]) => full(told.source, entityOf(told), now).includes(segment)).map(([customer]) => customer)
    expect(rows.map(({ customer }) => customer)).toEqual(wanted.sort())
    expect(await segments.count({ segment })).toMatchObject({ members: wanted.length, of: asked.length })
  }
  for (const { at, source, entity, by } of snapshots)
    expect([entity.id, at - NOW, await isIn(source, entity.id, at)]).toEqual([entity.id, at - NOW, full(source, entity, at, by)])
  // exactly one event a flip: entering and leaving take turns, and the stays say the same
  for (const [customer, told] of everyone) {
    const { source, ledger } = told
    for (const segment of Object.keys(book).filter((one) => book[one]!.source === source)) {
      const flips = ledger.filter((flip) => flip.segment === segment)
      flips.forEach(({ type }, n) => void expect(type).toBe(n % 2 === 0 ? 'segments.entered' : 'segments.exited'))
      expect(flips.length % 2 === 1).toBe(full(source, entityOf(told), now).includes(segment))
    }
    const { rows: stays } = await segments.history({ source, customer, limit: 1_000 })
    const said = stays.flatMap(({ segment, entered, left }) => [
      ['segments.entered', segment, entered.at.getTime()],
      ...(left ? [['segments.exited', segment, left.at.getTime()]] : []),
    ])
    expect(await replayed(storage, tenant, source, customer)).toEqual(await stored(storage, tenant, source, customer))
    const inOrder = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort()
    expect(inOrder(said)).toEqual(inOrder(ledger.map(({ type, segment, at }) => [type, segment, at])))
  }
}

/** What a customer's row says of them. */
async function stored(storage: Storage, tenant: string, source: Of, customer: string) {
  const [row] = (await storage.read(tenant, [get(customers, { source, customer })])) as [RowOf<typeof customers>]
  const inside = row.inside as { readonly [segment: string]: { readonly since: number; readonly version: number } }
  const segments = Object.fromEntries(Object.entries(inside).map(([segment, { since, version }]) => [segment, { since, version }]))
  return { profile: row.profile, told: row.told, related: row.related, lists: row.lists, facts: row.facts, segments }
}

/** The same out of the customer's events alone. */
async function replayed(storage: Storage, tenant: string, source: Of, customer: string) {
  const asked = eventsOf('segments-customer', `${source}/${customer}`, { limit: 10_000 })
  const [events] = (await storage.read(tenant, [asked])) as [readonly StoredEvent[]]
  let profile: Profile = { values: {}, told: {} }
  let related: object = {}
  let facts = 0
  const lists = new Set<string>()
  const segments: Record<string, { readonly since: number; readonly version: number }> = {}
  for (const { type, body, effectiveAt: since } of events) {
    const data = JSON.parse(body!)
    if (type === 'segments.recorded') {
      facts += data.facts.length
      if (data.profile) {
        const { changed: _, ...next } = toldProfile(profile, data.profile, Date.parse(data.at), environment.sources[source]!.columns)
        profile = next
      }
      related = { ...related, ...data.related }
    } else if (type === 'segments.enlisted') lists.add(data.list)
    else if (type === 'segments.delisted') lists.delete(data.list)
    else if (type === 'segments.entered') segments[data.segment] = { since, version: data.version }
    else delete segments[data.segment]
  }
  return { profile: profile.values, told: profile.told, related, lists: [...lists], facts, segments }
}

const folded = (name: unknown) => (typeof name === 'string' ? foldText(name) : null)

const pg = new PGlite()
afterAll(() => pg.close())
const shared = postgresStorage({ connection: fromPglite(pg), schema: 'segments' })

test.each([
  ['memory', 1_000, () => memoryStorage()],
  ['sqlite', 1_000, () => sqliteStorage({ file: ':memory:' })],
  ['postgres', 40, () => shared],
] as const)('on %s, what is kept change by change is what a full recount gives', async (engine, full, open) => {
  let tenant = 0
  await fc.assert(
    fc.asyncProperty(history, async (of) => {
      const storage = open()
      createSegments({ storage })
      await storage.schema.migrate()
      await live(storage, `t${tenant++}`, of)
      if (storage !== shared) await storage.close()
    }),
    { ...runs(full, `segmentation: histories kept on ${engine} against full recounts`), endOnFailure: true },
  )
})
