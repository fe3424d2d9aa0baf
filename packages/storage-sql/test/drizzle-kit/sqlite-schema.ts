import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** All that the host's own model knows. */
export const tickets = sqliteTable('host_ticket', { id: text().primaryKey(), title: text() })
