import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { memoryStorage, type Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import { fromPg } from '@patronkit/storage-sql/pg'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realPostgres, type Server, startServer } from '../../storage-sql/test/postgres-server.ts'
import { reportFrom } from '../src/commands/sla-report.ts'
import { logCsv, simulateLog } from '../src/simulate/index.ts'
import { clock, everyEvent, helpdesk } from './helpdesk.ts'

const folder = mkdtempSync(join(tmpdir(), 'patronkit-engines-'))
const db = new PGlite()
let server: Server | undefined
beforeAll(async () => {
  if (realPostgres) server = await startServer()
})
afterAll(async () => {
  await db.close()
  await server?.stop()
  rmSync(folder, { recursive: true })
})

test('memory, SQLite, PGlite and, where it is started, a PostgreSQL server give the same report and the same events, byte for byte', async () => {
  const log = join(folder, 'log.csv')
  writeFileSync(log, [...logCsv(simulateLog({ seed: 5, tickets: 250 }))].join(''))
  const chain = (storage: Storage) => reportFrom({ log, definitions: helpdesk(), tenant: 'desk', storage, clock, random: seededRandom(1) })

  const memory = memoryStorage()
  const report = await chain(memory)
  const events = await everyEvent(memory)
  expect(report.total.tickets).toBe(250)
  expect(events.length).toBeGreaterThan(1_000)
  const engines = [
    sqliteStorage({ file: ':memory:' }),
    postgresStorage({ connection: fromPglite(db) }),
    ...(server ? [postgresStorage({ connection: fromPg(server.pool()) })] : []),
  ]
  for (const storage of engines) {
    expect(await chain(storage)).toEqual(report)
    expect(await everyEvent(storage)).toEqual(events)
    await storage.close()
  }
})
