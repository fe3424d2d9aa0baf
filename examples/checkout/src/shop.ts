import { PGlite } from '@electric-sql/pglite'
import { defineProgramme } from '@patronkit/loyalty-points'
import { fromDrizzle } from '@patronkit/storage-sql/drizzle'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { numeric, pgTable, text } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/pglite'
import { createPatronkit, type Kit } from 'patronkit'

/** The shop's own tables. Points are not in them: an order only knows which hold paid a part of it. */
export const orders = pgTable('orders', {
  id: text().primaryKey(),
  customer: text().notNull(),
  total: numeric().notNull(),
  paid: numeric().notNull(),
  pointsHold: text(),
})
export const refunds = pgTable('refunds', { id: text().primaryKey(), order: text().notNull(), amount: numeric().notNull() })

/** A point for each euro that is not paid with points; 100 points are worth a euro, and pay half of an order at most. */
export const stars = defineProgramme({
  id: 'stars',
  currency: 'star',
  earn: [{ points: 1, per: { amount: '1.00', currency: 'EUR' }, rounding: 'floor', base: 'net-of-points' }],
  redeem: { points: 100, worth: { amount: '1.00', currency: 'EUR' }, maxShare: '0.5' },
  expiry: { kind: 'months', months: 12, roundUpTo: 'month' },
})

export interface Shop {
  readonly db: ReturnType<typeof drizzle>
  readonly kit: Kit
  readonly close: () => Promise<void>
}

/** One database for the shop and for the points: the points live in a schema of their own. */
export async function openShop(): Promise<Shop> {
  const client = new PGlite()
  const db = drizzle({ client })
  await client.exec(`create table orders (id text primary key, customer text not null, total numeric not null, paid numeric not null, "pointsHold" text);
    create table refunds (id text primary key, "order" text not null, amount numeric not null)`)
  const kit = createPatronkit({ storage: postgresStorage({ connection: fromDrizzle(db), schema: 'patronkit' }) })
  await kit.schema.migrate()
  await kit.for({ tenant: 'shop', by: { type: 'system', id: 'deploy' } }).loyalty.publish({ definition: stars })
  return { db, kit, close: () => client.close() }
}
