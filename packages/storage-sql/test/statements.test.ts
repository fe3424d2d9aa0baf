import { DatabaseSync } from 'node:sqlite'
import { memoryStorage } from '@patronkit/core'
import type { Session } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkStatements } from './statement-rules.ts'

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
  engine: async () => sqliteStorage({ connection: noting(), tablePrefix: 'pk_' }),
  capabilities: { ddl: true },
  model: { fc, reference: async () => memoryStorage(), runs: 20 },
})

test('every statement names the tenant, but for those that are listed', () => checkStatements('sqlite', seen))
