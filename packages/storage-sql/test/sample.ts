import { type Head, integer, NO_HEAD, type PackageSchema, type Storage, sealEvents, table, text, type Unit } from '@patronkit/core/storage'
import { type SqliteOptions, sqliteStorage } from '@patronkit/storage-sql/sqlite'

/** One account per subject. */
export const accounts = table(
  'test_account',
  { id: text(), points: integer() },
  { key: ['id'], subject: ['id'], indexes: { by_points: ['points'] } },
)

/** The package of these tests. */
export const schema: PackageSchema = {
  package: 'test',
  tables: [accounts],
  migrations: [{ id: 1, about: 'accounts', steps: [{ addTable: accounts }] }],
}

/** A storage with the accounts in it. */
export async function migrated(o: SqliteOptions): Promise<Storage> {
  const storage = sqliteStorage(o)
  storage.declare(schema)
  await storage.schema.migrate()
  return storage
}

/** Puts an account, with one event. */
export function unit(id: string, points: number, from: Head = NO_HEAD): Unit {
  const sealed = sealEvents(from, [{ type: 'test.put', v: 1, at: 1, data: { points } }], {
    tenant: 'acme',
    kind: 'test',
    subject: id,
    actor: { type: 'system', id: 'test' },
    recordedAt: 1,
    causation: null,
    correlation: null,
    salt: () => 'salt',
  })
  const to = { version: from.version + 1, lastAt: 1, seq: from.seq + 1, chain: sealed.chain }
  return {
    tenant: 'acme',
    heads: [{ kind: 'test', subject: id, from, to }],
    writes: [{ write: 'put', table: accounts, row: { id, points } }],
    events: sealed.events,
    timers: [],
  }
}
