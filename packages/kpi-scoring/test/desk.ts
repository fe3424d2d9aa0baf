import { DatabaseSync } from 'node:sqlite'
import type { PGlite } from '@electric-sql/pglite'
import { field } from '@patronkit/core'
import { hostReader } from '@patronkit/storage-sql/host'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import fc from 'fast-check'
import type { Measurement, MeasurementSource } from '../src/index.ts'

export const NOW = Date.parse('2026-03-29T03:30:00.500Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A shop's orders and visits, measured where they stand. Tables differ between the engines in types only. */
export const sources: readonly MeasurementSource[] = [
  {
    rows: {
      table: 'orders',
      tenantColumn: 'org',
      keyColumn: 'id',
      columns: {
        customer: 'text',
        placed: 'instant',
        total: 'decimal',
        cents: { type: 'decimal', stored: 'minor' },
        items: 'integer',
        weight: 'number',
        region: 'text',
        vip: 'boolean',
        day: 'date',
      },
    },
    at: 'placed',
    subject: 'customer',
    measurements: {
      'order.total': { value: 'total' },
      'order.cents': { value: 'cents' },
      'order.items': { value: 'items' },
      'order.weight': { value: 'weight' },
      'order.vip': { value: 'total', where: field('vip').eq(true) },
      order: {},
    },
  },
  {
    rows: {
      table: 'visits',
      tenantColumn: 'org',
      keyColumn: 'id',
      columns: {
        began: { type: 'instant', column: 'began_at', stored: 'milliseconds' },
        length: { type: 'decimal', scale: 4 },
        total: { type: 'decimal', scale: 0 },
        items: 'integer',
        region: 'text',
        vip: 'boolean',
        day: 'date',
        visitor: 'text',
      },
    },
    at: 'began',
    subject: 'visitor',
    measurements: { visit: {}, 'visit.length': { value: 'length' } },
  },
]

type Cell = string | number | boolean | null
type Cells = { readonly [column: string]: Cell }

/** Rows as the tables hold them, instants in milliseconds. */
export interface Desk {
  readonly orders: readonly Cells[]
  readonly visits: readonly Cells[]
}

export const TEXTS = ['', 'a', 'A', 'ä', 'b\u{1F600}', '\uff61', '10', '9']
const maybe = <T extends Cell>(values: readonly T[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.constant(null) })
const instants = [0, -HOUR, -DAY, 1, -1, 12 * HOUR, DAY, -2 * DAY, -6 * DAY, -7 * DAY, -30 * DAY, -80 * DAY, -364 * DAY, -365 * DAY]
  .map((by) => NOW + by)
  // midnights of the zones, to the millisecond
  .concat(['2026-03-29T00:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T04:00:00Z', '2026-04-01T00:00:00Z'].map((at) => Date.parse(at)))
  .concat(Date.parse('2026-03-28T22:59:59.999Z'))
/** Many at few instants, so that there are ties and edges. */
const at = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...instants.slice(0, 4)) }, { weight: 2, arbitrary: maybe(instants) })
const dimensions = {
  items: maybe([-2, 0, 1, 2, 3, 4_000_000_000_000]),
  region: maybe(TEXTS),
  vip: maybe([true, false]),
  day: maybe(['2026-03-28', '2026-03-29', '2026-02-28']),
}
const whose = maybe(['c0', 'c0', 'c1', '', '\uff61', '\u{1F600}'])
const order = fc.record({
  customer: whose,
  placed: at,
  total: maybe(['0', '-0.01', '0.01', '1.1', '9.99', '10', '100.00', '-5', '99999999999999.99']),
  cents: maybe([-500, -1, 0, 1, 110, 1000, 900_719_925_474_099]),
  weight: maybe([0.1, 2.5]),
  ...dimensions,
})
const visit = fc.record({
  visitor: whose,
  began_at: at,
  length: maybe(['0.0001', '2.5', '-3', '1234567.8901']),
  total: maybe(['0', '1', '3']),
  ...dimensions,
})
/** Ids whose order by code point is another than by UTF-16. */
const id = (n: number): string => `${['\u{1F600}', '\uff61', 'x'][n % 3]}${n}`
const withIds = <T extends Cells>(rows: readonly T[]): readonly Cells[] => rows.map((row, n) => ({ id: id(n), ...row }))

export const desks: fc.Arbitrary<Desk> = fc
  .record({ orders: fc.array(order, { maxLength: 30 }), visits: fc.array(visit, { maxLength: 20 }) })
  .map(({ orders, visits }) => ({ orders: withIds(orders), visits: withIds(visits) }))

/** The same rows as measurements, the way a host would record them. */
export function measurementsOf(desk: Desk): readonly Measurement[] {
  const measured = (rows: readonly Cells[], name: string, at: string, whose: string, read: (row: Cells) => Cell) =>
    rows.flatMap((row): Measurement[] => {
      const value = read(row)
      if (value === null || row[at] === null) return []
      const { items, region, vip, day } = row as { readonly [column: string]: Cell }
      const total = row.total === null ? null : Number(row.total)
      const about = { items: items!, region: region!, vip: vip!, day: day!, total }
      const subject = row[whose] === null ? {} : { subject: String(row[whose]) }
      return [{ id: `${name}/${row.id}`, at: row[at] as number, name, value: value as string | number, dimensions: about, ...subject }]
    })
  const orders = (name: string, read: (row: Cells) => Cell) => measured(desk.orders, name, 'placed', 'customer', read)
  const visits = (name: string, read: (row: Cells) => Cell) => measured(desk.visits, name, 'began_at', 'visitor', read)
  return [
    ...orders('order', () => 1),
    ...orders('order.total', (row) => row.total!),
    ...orders('order.cents', (row) => (row.cents === null ? null : minor(row.cents as number))),
    ...orders('order.items', (row) => row.items!),
    ...orders('order.vip', (row) => (row.vip === true ? row.total! : null)),
    ...visits('visit', () => 1),
    ...visits('visit.length', (row) => row.length!),
  ]
}

const minor = (cents: number): string => {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

const DDL = (t: {
  readonly decimal: string
  readonly number: string
  readonly boolean: string
  readonly instant: string
  readonly date: string
}) => {
  const about = `items bigint, region text, vip ${t.boolean}, day ${t.date}`
  return [
    `create table orders (org text, id text, customer text, placed ${t.instant}, total ${t.decimal}, cents bigint, weight ${t.number}, ${about})`,
    `create table visits (org text, id text, visitor text, began_at bigint, length ${t.decimal}, total ${t.decimal}, ${about})`,
  ]
}
const TABLES = ['orders', 'visits'] as const

const rowsFor = (desk: Desk, other: Desk, table: (typeof TABLES)[number]): readonly Cells[] =>
  [...desk[table].map((row) => ({ org: 'acme', ...row })), ...other[table].map((row) => ({ org: 'other', ...row }))].map(
    (row): Cells => ('placed' in row && typeof row.placed === 'number' ? { ...row, placed: new Date(row.placed).toISOString() } : row),
  )

/** The tables in SQLite, with another tenant's rows beside them. */
export function sqliteDesk() {
  const db = new DatabaseSync(':memory:')
  for (const text of DDL({ decimal: 'text', number: 'real', boolean: 'integer', instant: 'text', date: 'text' })) db.exec(text)
  return {
    reader: hostReader({ connection: fromNodeSqlite(db) }),
    fill: async (desk: Desk, other: Desk) => {
      db.exec('begin')
      for (const table of TABLES) {
        db.exec(`delete from ${table}`)
        for (const row of rowsFor(desk, other, table)) {
          const names = Object.keys(row)
          const values = names.map((name) => (typeof row[name] === 'boolean' ? Number(row[name]) : row[name]!))
          db.prepare(`insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`).run(...values)
        }
      }
      db.exec('commit')
    },
  }
}

/** The same in Postgres. */
export async function postgresDesk(db: PGlite) {
  for (const text of DDL({ decimal: 'numeric', number: 'float8', boolean: 'boolean', instant: 'timestamptz', date: 'date' }))
    await db.exec(text)
  return {
    reader: hostReader({ connection: fromPglite(db) }),
    fill: async (desk: Desk, other: Desk) => {
      for (const table of TABLES)
        await db.query(
          `with gone as (delete from ${table}) insert into ${table} select * from json_populate_recordset(null::${table}, $1)`,
          [JSON.stringify(rowsFor(desk, other, table))],
        )
    },
  }
}
