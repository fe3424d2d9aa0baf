// The CRM as it was before: its own tables, which Patronkit neither changes nor knows.
import { sql } from 'drizzle-orm'
import { type PgDatabase, type PgQueryResultHKT, pgSchema, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

export const users = pgTable('users', { id: text().primaryKey(), name: text().notNull(), email: text().notNull() })
export const tickets = pgTable('tickets', {
  id: text().primaryKey(),
  subject: text().notNull(),
  status: text().notNull(),
  priority: text().notNull(),
  openedAt: timestamp('opened_at', { withTimezone: true }).notNull(),
})
export const messages = pgTable('messages', {
  id: text().primaryKey(),
  ticketId: text('ticket_id').notNull(),
  userId: text('user_id').notNull(),
  body: text().notNull(),
  sentAt: timestamp('sent_at', { withTimezone: true }).notNull(),
})

/** Patronkit's published view, for the CRM's own queries. */
export const clocks = pgSchema('patronkit')
  .view('sla_clock_v2', { tenant: text(), item: text(), metric: text(), state: text(), dueAt: timestamp('due_at', { withTimezone: true }) })
  .existing()

/** The tables, as the CRM's own migrations would have made them. */
export async function createTables(db: PgDatabase<PgQueryResultHKT>): Promise<void> {
  for (const text of [
    'create table users (id text primary key, name text not null, email text not null)',
    'create table tickets (id text primary key, subject text not null, status text not null, priority text not null, opened_at timestamptz not null)',
    'create table messages (id text primary key, ticket_id text not null, user_id text not null, body text not null, sent_at timestamptz not null)',
  ]) {
    await db.execute(sql.raw(text))
  }
}
