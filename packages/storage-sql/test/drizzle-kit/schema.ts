import { pgTable, text } from 'drizzle-orm/pg-core'

/** All that the host's own model knows. */
export const tickets = pgTable('host_ticket', { id: text().primaryKey(), title: text() })
