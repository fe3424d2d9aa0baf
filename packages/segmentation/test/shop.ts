import { DatabaseSync } from 'node:sqlite'
import type { Session } from '@patronkit/core/storage'
import { hostReader } from '@patronkit/storage-sql/host'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import fc from 'fast-check'
import { defineSource, type Entity, type Environment, foldText } from '../src/rules.ts'
import type { Pools } from '../src/testing.ts'

export const NOW = Date.parse('2026-03-29T03:30:00.500Z')
const DAY = 86_400_000

const properties = { amount: { type: 'decimal' }, items: 'integer', channel: 'text', cents: { type: 'decimal', stored: 'minor' } } as const

/** A shop: customers with events and orders, and companies they belong to. Tables differ between the engines in types only. */
export const customers = defineSource({
  id: 'customers',
  table: 'customers',
  tenantColumn: 'org',
  keyColumn: 'id',
  columns: {
    name: { type: 'text', folded: 'nameFolded' },
    nameFolded: { type: 'text', column: 'name_folded' },
    region: { type: 'text', regions: { milan: 'it', rome: 'it', it: 'eu', fr: 'eu' } },
    status: { type: 'text', since: 'statusSince' },
    statusSince: { type: 'instant', column: 'status_since', stored: 'milliseconds' },
    visits: 'integer',
    spend: 'decimal',
    cents: { type: 'decimal', stored: 'minor', scale: 2 },
    latitude: 'number',
    longitude: 'number',
    vip: 'boolean',
    seen: 'instant',
    born: 'date',
    company: 'text',
  },
  facts: { table: 'events', tenantColumn: 'org', of: 'customer', typeColumn: 'type', atColumn: 'at', columns: properties },
  relations: { orders: { table: 'orders', tenantColumn: 'org', of: 'customer', columns: properties } },
})
export const companies = defineSource({
  id: 'companies',
  table: 'companies',
  tenantColumn: 'org',
  keyColumn: 'id',
  columns: { size: 'integer' },
  relations: { people: { source: 'customers', of: 'company' } },
})

export const environment: Environment = {
  sources: { customers: customers.body, companies: companies.body },
  segments: {
    active: { source: 'customers', where: { op: 'did', event: 'order', within: { last: { days: 7 } } } },
    calm: {
      source: 'customers',
      where: {
        op: 'all',
        of: [
          { op: 'not', of: { op: 'segment', segment: 'active' } },
          { op: 'gte', field: 'visits', value: 0 },
        ],
      },
    },
  },
  lists: { friends: new Set(['c0', 'c3', 'c7']) },
}

const instants = [0, 1, -1, -DAY, -DAY + 1, -DAY - 1, -2 * DAY, -7 * DAY, -7 * DAY + 1, -30 * DAY, -40 * DAY, -14 * DAY, DAY, 2 * DAY].map(
  (by) => NOW + by,
)
const iso = (ms: number) => new Date(ms).toISOString()

export const pools: Pools = {
  text: [
    '',
    'a',
    'A',
    'ab',
    'aB',
    'ä',
    'Ä',
    'b\u{1F600}',
    '\uff61',
    '10',
    '9',
    'a*b',
    'a%_b',
    'it',
    'milan',
    'eu',
    'c1',
    'k0',
    'k1',
    'gold',
    '?',
    '[a]',
  ],
  integer: [-2, 0, 1, 2, 3, 10, 4_000_000_000_000],
  decimal: ['0', '-0.01', '0.01', '1.1', '1.10', '9.99', '10', '100.00', '-5'],
  number: [-90, -0.5, 0, 9, 44.5, 45, 45.5, 179.5, -179.5, 1e10],
  boolean: [true, false],
  instant: instants.map(iso),
  date: ['2026-03-28', '2026-03-29', '2026-03-30', '2026-03-01', '2026-02-28', '2025-12-31', '2026-01-01'],
}

type Cell = string | number | boolean | null
type Cells = { readonly [column: string]: Cell }

/** Rows as the tables hold them, instants in milliseconds. */
export interface Shop {
  readonly customers: readonly Cells[]
  readonly events: readonly Cells[]
  readonly orders: readonly Cells[]
  readonly companies: readonly Cells[]
}

const maybe = <T extends Cell>(values: readonly T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.constant(null) })
const small = { integer: [-2, 0, 1, 2, 3, 10] }
const props = {
  amount: maybe(pools.decimal as string[]),
  items: maybe(small.integer),
  channel: maybe(pools.text as string[]),
  cents: maybe([-500, -1, 0, 1, 110, 1000]),
}
const customer = fc.record({
  name: maybe(pools.text as string[]),
  region: maybe(['milan', 'rome', 'it', 'fr', 'eu', 'us']),
  status: maybe(['gold', 'a', '']),
  status_since: maybe(instants),
  visits: maybe(pools.integer as number[]),
  spend: maybe(pools.decimal as string[]),
  cents: maybe([-500, -1, 0, 1, 110, 1000]),
  latitude: maybe([-90, 0, 44.5, 45, 45.5, Number.NaN]),
  longitude: maybe([-179.5, 0, 9, 9.5, 179.5]),
  vip: maybe([true, false]),
  seen: maybe(instants),
  born: maybe(pools.date as string[]),
  company: maybe(['k0', 'k1', 'k2']),
})
const N = 12
const whose = fc.integer({ min: 0, max: N - 1 }).map((n) => `c${n}`)

export const shops: fc.Arbitrary<Shop> = fc
  .record({
    customers: fc.array(customer, { minLength: N, maxLength: N }),
    events: fc.array(
      fc.record({ customer: whose, type: fc.constantFrom('order', 'visit', 'call'), at: fc.constantFrom(...instants), ...props }),
      { maxLength: 50 },
    ),
    orders: fc.array(fc.record({ customer: whose, ...props }), { maxLength: 25 }),
    companies: fc.array(fc.record({ size: maybe(small.integer) }), { minLength: 3, maxLength: 3 }),
  })
  .map((shop) => ({
    ...shop,
    customers: shop.customers.map((one, n) => ({ id: `c${n}`, ...one, name_folded: one.name === null ? null : foldText(one.name) })),
    companies: shop.companies.map((one, n) => ({ id: `k${n}`, ...one })),
  }))

/** The same rows as memory sees them. */
export function entitiesOf(shop: Shop): { readonly customers: readonly Entity[]; readonly companies: readonly Entity[] } {
  const people = shop.customers.map((row): Entity => {
    const { id, name_folded, status_since, ...values } = row
    return {
      id: String(id),
      values: {
        ...values,
        nameFolded: name_folded,
        statusSince: status_since,
        seen: row.seen === null ? null : new Date(row.seen as number),
      },
      facts: shop.events
        .filter((event) => event.customer === id)
        .map(({ type, at, customer: _, ...rest }) => ({ type: String(type), at: at as number, values: rest })),
      related: { orders: shop.orders.filter((order) => order.customer === id) },
    }
  })
  const firms = shop.companies.map(
    ({ id, ...values }): Entity => ({ id: String(id), values, members: { people: people.filter((one) => one.values.company === id) } }),
  )
  return { customers: people, companies: firms }
}

const DDL = (t: {
  readonly decimal: string
  readonly number: string
  readonly boolean: string
  readonly instant: string
  readonly date: string
  readonly big: string
}) => {
  const own = `amount ${t.decimal}, items ${t.big}, channel text, cents ${t.big}`
  return [
    `create table customers (org text, id text, name text, name_folded text, region text, status text, status_since ${t.big}, visits ${t.big}, spend ${t.decimal}, cents ${t.big}, latitude ${t.number}, longitude ${t.number}, vip ${t.boolean}, seen ${t.instant}, born ${t.date}, company text)`,
    `create table events (org text, customer text, type text, at ${t.instant}, ${own})`,
    `create table orders (org text, customer text, ${own})`,
    `create table companies (org text, id text, size ${t.big})`,
  ]
}
const TABLES = ['customers', 'events', 'orders', 'companies'] as const

const withOrg = (rows: readonly Cells[], org: string): readonly Cells[] => rows.map((row) => ({ org, ...row }))
const stamped = (row: Cells): Cells => ({
  ...row,
  ...(typeof row.seen === 'number' ? { seen: iso(row.seen) } : {}),
  ...(typeof row.at === 'number' ? { at: iso(row.at) } : {}),
})

/** The shop's tables in SQLite, with another tenant's rows beside them. */
export function sqliteShop() {
  const db = new DatabaseSync(':memory:')
  for (const text of DDL({ decimal: 'text', number: 'real', boolean: 'integer', instant: 'text', date: 'text', big: 'integer' }))
    db.exec(text)
  return {
    reader: hostReader({ connection: fromNodeSqlite(db) }),
    fill: async (shop: Shop, other: Shop) => {
      db.exec('begin')
      for (const table of TABLES) {
        db.exec(`delete from ${table}`)
        for (const row of [...withOrg(shop[table], 'acme'), ...withOrg(other[table], 'other')].map(stamped)) {
          const names = Object.keys(row)
          db.prepare(`insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`).run(
            ...names.map((name) => (typeof row[name] === 'boolean' ? Number(row[name]) : (row[name] ?? null))),
          )
        }
      }
      db.exec('commit')
    },
  }
}

/** The same in Postgres: the session asks, `db` is what lies behind it. */
export async function postgresShop(session: Session, db: { query(text: string, params?: string[]): Promise<unknown> }) {
  for (const text of DDL({ decimal: 'numeric', number: 'float8', boolean: 'boolean', instant: 'timestamptz', date: 'date', big: 'bigint' }))
    await db.query(text)
  return {
    reader: hostReader({ connection: session }),
    fill: async (shop: Shop, other: Shop) => {
      for (const table of TABLES) {
        const rows = [...withOrg(shop[table], 'acme'), ...withOrg(other[table], 'other')].map(stamped)
        // JSON has no word for NaN; Postgres reads it out of a text
        const text = JSON.stringify(rows, (_, value) => (Number.isNaN(value) ? 'NaN' : value))
        await db.query(
          `with gone as (delete from ${table}) insert into ${table} select * from json_populate_recordset(null::${table}, $1)`,
          [text],
        )
      }
    },
  }
}
