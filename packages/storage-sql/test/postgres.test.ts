import { PGlite } from '@electric-sql/pglite'
import { memoryStorage } from '@patronkit/core'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { afterAll, test } from 'vitest'

const runs = Number(process.env.PATRONKIT_RUNS ?? (process.env.PATRONKIT_DEEP ? 500 : 25))
// it takes seconds to start: one for all tests, a schema for each
const db = new PGlite()
afterAll(() => db.close())
let schemas = 0

storageSuite({
  name: 'pglite',
  test,
  engine: async () => postgresStorage({ connection: fromPglite(db), schema: `s${++schemas}` }),
  capabilities: { ddl: true },
  model: { fc, reference: async () => memoryStorage(), runs },
})
