import { DatabaseSync } from 'node:sqlite'
import { memoryStorage } from '@patronkit/core'
import type { Session } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const seen = new Set<string>()

/** An asynchronous driver over a database of its own; notes every statement that runs. */
function noting(): Session {
  const sync = fromNodeSqlite(new DatabaseSync(':memory:'))
  return {
    dialect: 'sqlite',
    sync: false,
    run: async (text, params) => {
      seen.add(text.replace(/\s+/g, ' '))
      await null
      expect(params.every((param) => param === null || typeof param === 'string')).toBe(true)
      return sync.run(text, params)
    },
  }
}

storageSuite({
  name: 'sqlite behind promises',
  test,
  engine: async () => sqliteStorage({ connection: noting() }),
  model: { fc, reference: async () => memoryStorage(), runs: 20 },
})

/** Work tables without a tenant, and what else runs without one: transactions, the catalog, DDL. */
const NO_TENANT = [
  /^(begin immediate|commit|rollback)$/,
  /^(create (unique )?(table|index)|alter table) /,
  /"patronkit_migration"/,
  /\b(sqlite_master|pragma_\w+)\b/,
  /^(insert into|update) "patronkit_consumer"/,
]

/** `claim`, `nextDue`, `feed` and the sequencer: lane or queue first, over all tenants, and the tenant comes back with each row. */
const OVER_TENANTS = [
  /^select '1' where exists \(select 1 from "patronkit_timer" where "queue" = \?/,
  /^select json_group_array\(json_array\("tenant", "queue", "key", .* from "patronkit_timer" where "queue" = \? /,
  /^with recursive "all" .* from "patronkit_(timer|event)" where "lane" = "all"."lane"/,
  /^with recursive "step" .* where "lane" = cast\(\? as integer\) and "tenant" > /,
  /^select json_array\(\(select "due_at" as "at" from "patronkit_timer" where "queue" = \?/,
  /^select '1' from "patronkit_event" where "position" is null/,
  /^insert into "patronkit_lane"/,
  /^update "patronkit_event" as "e" set "position"/,
  /^select json_group_array\(json_array\("lane", "at"/,
  /^select json_group_array\(json_array\("position", "tenant", .* where "lane" = /,
]

test('every statement names the tenant, but for those that are listed', () => {
  expect(seen.size).toBeGreaterThan(60)
  const listed = [...NO_TENANT, ...OVER_TENANTS]
  for (const text of seen) {
    if (listed.some((pattern) => pattern.test(text))) continue
    const tables = text.match(/\b(from|into|update) "patronkit_/g)?.length ?? 0
    const tenants = text.startsWith('insert') ? text.match(/^insert into "\w+" \("tenant", /g) : text.match(/\bwhere "tenant" = \?/g)
    expect(tables, text).toBeGreaterThan(0)
    expect(tenants?.length, text).toBe(tables)
  }
  for (const pattern of listed.slice(2))
    expect(
      [...seen].some((text) => pattern.test(text)),
      `${pattern} is of use`,
    ).toBe(true)
})
