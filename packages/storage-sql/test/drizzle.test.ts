import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { get } from '@patronkit/core/storage'
import { fromDrizzle } from '@patronkit/storage-sql/drizzle'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { drizzle as drizzleLibsql } from 'drizzle-orm/libsql'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realPostgres, type Server, startServer } from './postgres-server.ts'
import { accounts, migrated, schema, unit } from './sample.ts'

test('more commits at once over libsql than its client has connections all go in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-libsql-'))
  const client = createClient({ url: `file:${join(folder, 'a.db')}` })
  const storage = await migrated({ connection: fromDrizzle(drizzleLibsql({ client })) })
  const answers = await Promise.all(Array.from({ length: 100 }, async (_, i) => storage.commit([unit(`s${i}`, i)])))
  expect(answers.flat()).toEqual(Array.from({ length: 100 }, () => ({ outcome: 'done' })))
  client.close()
  rmSync(folder, { recursive: true })
})

test('a Drizzle over a pool begins transactions, one over a client does not', () => {
  expect(fromDrizzle(drizzlePg({ client: new pg.Pool() })).transaction).toBeDefined()
  const lone = fromDrizzle(drizzlePg({ client: new pg.Client() }))
  expect(lone.transaction).toBeUndefined()
  expect(() => postgresStorage({ connection: lone })).toThrow('storage/no-own-transaction')
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())

  test('what joined a client’s transaction, begun by hand, goes with the host’s ROLLBACK', async () => {
    const pool = server.pool(2)
    const storage = postgresStorage({ connection: fromDrizzle(drizzlePg({ client: pool })) })
    storage.declare(schema)
    await storage.schema.migrate()
    await pool.query('create table host_order (id text)')
    const client = await pool.connect()
    await client.query('begin')
    await client.query(`insert into host_order values ('o1')`)
    expect(await storage.commit([unit('a', 1)], fromDrizzle(drizzlePg({ client })))).toEqual([{ outcome: 'done' }])
    await client.query('rollback')
    client.release()
    expect((await pool.query('select id from host_order')).rows).toEqual([])
    expect(await storage.read('acme', [get(accounts, { id: 'a' })])).toEqual([null])
  })
})
