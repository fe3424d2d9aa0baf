import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { memoryStorage, type Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, expect, test } from 'vitest'
import { reportFrom } from '../src/commands/sla-report.ts'
import { logCsv, simulateLog } from '../src/simulate/index.ts'
import { clock, everyEvent, helpdesk } from './helpdesk.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-engines-'))
const db = new PGlite()
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

test('memory, SQLite and Postgres give the same report and the same events, byte for byte', async () => {
  const log = join(folder, 'log.csv')
  writeFileSync(log, [...logCsv(simulateLog({ seed: 5, tickets: 250 }))].join(''))
  const chain = (storage: Storage) => reportFrom({ log, definitions: helpdesk(), tenant: 'desk', storage, clock, random: seededRandom(1) })

  const memory = memoryStorage()
  const report = await chain(memory)
  const events = await everyEvent(memory)
  expect(report.total.tickets).toBe(250)
  expect(events.length).toBeGreaterThan(1_000)
  for (const storage of [sqliteStorage({ file: ':memory:' }), postgresStorage({ connection: fromPglite(db) })]) {
    expect(await chain(storage)).toEqual(report)
    expect(await everyEvent(storage)).toEqual(events)
    await storage.close()
  }
})
