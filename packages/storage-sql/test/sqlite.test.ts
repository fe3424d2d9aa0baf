import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage } from '@patronkit/core'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { afterAll, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

const runs = Number(process.env.PATRONKIT_RUNS ?? 100)
const reference = async () => memoryStorage()

storageSuite({
  name: 'sqlite in memory',
  test,
  engine: async () => sqliteStorage({ file: ':memory:' }),
  capabilities: { ddl: true },
  model: { fc, reference, runs },
})

storageSuite({
  name: 'sqlite in a file',
  test,
  engine: async () => sqliteStorage({ file: join(folder, `${++files}.db`), tablePrefix: '' }),
  capabilities: { ddl: true },
})
