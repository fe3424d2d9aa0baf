import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage } from '@patronkit/core'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { storageSuite } from '@patronkit/storage-testkit'
import fc from 'fast-check'
import { afterAll, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

const runs = Number(process.env.PATRONKIT_RUNS ?? (process.env.PATRONKIT_DEEP ? 10_000 : 500))
figure('random histories compared, node:sqlite with memory', runs, 'histories')
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
