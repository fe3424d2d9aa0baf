import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { push } from './drizzle-kit/push.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'
import { schema as accountsSchema } from './sample.ts'

/** The lines as docs/schema.md gives them. */
const page = readFileSync(join(import.meta.dirname, '../../../docs/schema.md'), 'utf8')
const documented = (name: string): string => {
  const line = page.split('\n').find((one) => one.startsWith(`${name}:`))
  if (!line) throw new Error(`docs/schema.md has no line of ${name}`)
  return line
}

describe.runIf(realPostgres)('drizzle-kit push on a real PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())

  /** Ours in a database of their own, and what a push leaves of them. */
  async function pushed(database: string, names: { schema: string; tablePrefix: string }, lines: string) {
    await server.pool(1).query(`create database ${database}`)
    const pool = server.pool(1, undefined, database)
    // a table that is new might be one of ours by another name: drizzle-kit would ask
    await pool.query('create table public.host_ticket (id text primary key)')
    const storage = postgresStorage({ connection: fromPg(pool), ...names })
    storage.declare(accountsSchema)
    await storage.schema.migrate()
    const said = await push('postgresql', server.url.replace(/postgres$/, database), lines)
    const columns = (await pool.query(`select column_name from information_schema.columns where table_name = 'host_ticket'`)).rowCount
    const missing = (await storage.schema.drift()).filter((line) => line.startsWith('table'))
    await pool.end()
    expect(columns, said).toBe(2)
    return missing
  }

  test('the schema of our own stays with the documented schemaFilter', async () => {
    expect(await pushed('own', { schema: 'patronkit', tablePrefix: '' }, documented('schemaFilter'))).toEqual([])
  })

  test('a prefix in a schema that is shared stays with the documented tablesFilter', async () => {
    expect(await pushed('shared', { schema: 'public', tablePrefix: 'patronkit_' }, documented('tablesFilter'))).toEqual([])
  })

  test('without any line a schema of our own stays: only public is compared', async () => {
    expect(await pushed('plain', { schema: 'patronkit', tablePrefix: '' }, '')).toEqual([])
  })

  test('without the line our tables are gone, so it is the line that keeps them', async () => {
    expect((await pushed('bare', { schema: 'public', tablePrefix: 'patronkit_' }, '')).length).toBeGreaterThan(5)
    expect(
      (await pushed('bare2', { schema: 'patronkit', tablePrefix: '' }, "schemaFilter: ['public', 'patronkit'],")).length,
    ).toBeGreaterThan(5)
  })
})

test('drizzle-kit push on SQLite leaves our tables with the documented tablesFilter', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-push-'))
  const file = join(folder, 'crm.db')
  const storage = sqliteStorage({ file })
  storage.declare(accountsSchema)
  await storage.schema.migrate()
  const said = await push('sqlite', file, documented('tablesFilter'))
  expect(await storage.schema.drift()).toEqual([])
  const db = new DatabaseSync(file)
  expect(db.prepare(`select name from sqlite_master where name = 'host_ticket'`).all(), said).toHaveLength(1)
  db.close()
  await storage.close()
  rmSync(folder, { recursive: true })
})
