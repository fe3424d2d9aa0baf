import { integer, type PackageSchema, table, text } from '@patronkit/core/storage'

/** The tables that the processes share: a counter, and one row for each commit that was acknowledged. */
export const counters = table('test_counter', { id: text(), n: integer() }, { key: ['id'], subject: ['id'] })
export const entries = table('test_entry', { id: text() }, { key: ['id'], subject: ['id'] })
export const schema: PackageSchema = {
  package: 'test',
  tables: [counters, entries],
  migrations: [{ id: 1, about: 'what the processes share', steps: [{ addTable: counters }, { addTable: entries }] }],
}
