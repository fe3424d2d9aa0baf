import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { createClient } from '@libsql/client'
import { memoryStorage } from '@patronkit/core'
import type { Session, Storage } from '@patronkit/core/storage'
import { fromBetterSqlite3 } from '@patronkit/storage-sql/better-sqlite3'
import { fromDrizzle } from '@patronkit/storage-sql/drizzle'
import { fromKysely } from '@patronkit/storage-sql/kysely'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPg } from '@patronkit/storage-sql/pg'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { fromPostgresJs } from '@patronkit/storage-sql/postgres-js'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { storageSuite } from '@patronkit/storage-testkit'
import BetterSqlite3 from 'better-sqlite3'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle as drizzleBetter } from 'drizzle-orm/better-sqlite3'
import { drizzle as drizzleLibsql } from 'drizzle-orm/libsql'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js'
import fc from 'fast-check'
import { CompiledQuery, Kysely, ParseJSONResultsPlugin, PGliteDialect, PostgresDialect, SqliteDialect } from 'kysely'
import type pg from 'pg'
import postgres from 'postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { emptied, longTest } from './emptied.ts'
import { awaiting, type Begin, doing, type Host, hostFacts, overtakenFacts, rivalFacts, type Work } from './host-facts.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'

// bindings × facts: each host shows its transactions, host-facts.ts says what holds in them

const level = (begin: Begin | undefined) => (begin === 'repeatable read' || begin === 'serializable' ? begin : 'read committed')
const n = (rows: readonly unknown[]): number => Number((rows[0] as { n: unknown }).n)

function pgHost(pool: pg.Pool): Host {
  return {
    name: 'pg',
    connection: () => fromPg(pool),
    transaction: async (work, begin) => {
      const client = await pool.connect()
      try {
        await client.query(`begin isolation level ${level(begin)}`)
        const answer = await doing(work((text) => client.query(text), fromPg(client)))
        await client.query('commit')
        return answer
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    },
    count: async (text) => n((await pool.query(text)).rows),
  }
}

const postgresJsHost = (sql: postgres.Sql): Host => ({
  name: 'postgres.js',
  connection: () => fromPostgresJs(sql),
  transaction: async <T>(work: Work<T>, begin?: Begin) =>
    (await sql.begin(`isolation level ${level(begin)}`, (tx) =>
      awaiting(work((text) => tx.unsafe(text).then((rows) => rows), fromPostgresJs(tx))),
    )) as T,
  count: async (text) => n(await sql.unsafe(text)),
})

const pgliteHost = (db: PGlite): Host => ({
  name: 'pglite',
  connection: () => fromPglite(db),
  transaction: async <T>(work: Work<T>) => (await db.transaction((tx) => awaiting(work((text) => tx.query(text), fromPglite(tx))))) as T,
  count: async (text) => n((await db.query(text)).rows),
})

const drizzleHost = (driver: string, db: PgDatabase<PgQueryResultHKT>, count: Host['count']): Host => ({
  name: `drizzle over ${driver}`,
  connection: () => fromDrizzle(db),
  transaction: (work, begin) =>
    db.transaction((tx) => awaiting(work((text) => tx.execute(text).then((rows) => rows), fromDrizzle(tx))), {
      isolationLevel: level(begin),
    }),
  count,
})

const kyselyHost = (driver: string, db: Kysely<unknown>): Host => ({
  name: `kysely over ${driver}`,
  connection: () => fromKysely(db),
  transaction: (work, begin) =>
    db
      .transaction()
      .setIsolationLevel(level(begin))
      .execute((trx) => awaiting(work((text) => trx.executeQuery(CompiledQuery.raw(text)), fromKysely(trx)))),
  count: async (text) => n((await db.executeQuery(CompiledQuery.raw(text))).rows),
})

const runs = Number(process.env.PATRONKIT_RUNS ?? (process.env.PATRONKIT_DEEP ? 10_000 : 500))
// each engine has the full figure through one binding; the others say the same statements in another way
const model = { fc, reference: async () => memoryStorage(), runs: Math.ceil(runs / 50) }
let schemas = 0
const suite = (name: string, connection: () => Session) =>
  storageSuite({
    name,
    test,
    engine: async () => postgresStorage({ connection: connection(), schema: `suite_${++schemas}` }),
    capabilities: { ddl: true },
    model,
  })

describe('on PGlite', () => {
  const db = new PGlite()
  afterAll(() => db.close())
  const kysely = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite: db }), plugins: [new ParseJSONResultsPlugin()] })
  const direct = pgliteHost(db)
  const drizzle = drizzleHost('pglite', drizzlePglite({ client: db }), direct.count)
  for (const host of [direct, drizzle, kyselyHost('pglite, with a plugin that parses JSON', kysely)]) hostFacts(host)
  suite('drizzle over pglite', drizzle.connection)
  suite('kysely over pglite', () => fromKysely(kysely))
})

describe.runIf(realPostgres)('on a real server', async () => {
  if (!realPostgres) return
  const server: Server = await startServer()
  afterAll(() => server.stop())
  const sqls: postgres.Sql[] = []
  afterAll(() => Promise.all(sqls.map((sql) => sql.end())))
  const sqlOf = (max: number) => {
    const sql = postgres(server.url, { max, onnotice: () => undefined })
    sqls.push(sql)
    return sql
  }
  const hosts = (max: number): readonly Host[] => {
    const pool = server.pool(max)
    const direct = pgHost(pool)
    return [
      direct,
      postgresJsHost(sqlOf(max)),
      drizzleHost('pg', drizzlePg({ client: pool }), direct.count),
      drizzleHost('postgres.js', drizzlePostgresJs({ client: sqlOf(max) }), direct.count),
      kyselyHost('pg', new Kysely({ dialect: new PostgresDialect({ pool }) })),
    ]
  }
  for (const host of hosts(1)) hostFacts({ ...host, name: `${host.name}, a pool of one` })
  for (const host of hosts(4)) {
    rivalFacts(host)
    overtakenFacts(host, ['repeatable read', 'serializable'])
    // pg and postgres.js themselves have the suite in postgres-real.test.ts
    if (/over/.test(host.name)) suite(host.name, host.connection)
  }
})

const folder = mkdtempSync(join(tmpdir(), 'patronkit-bindings-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
/** A file in WAL, as every host of a server has it. */
function newFile(): string {
  const file = join(folder, `${++files}.db`)
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal')
  db.close()
  return file
}
const beginOf = (begin: Begin | undefined) => (begin === 'deferred' ? 'deferred' : 'immediate')

function nodeSqliteHost(file: string): Host {
  const [db, other] = [new DatabaseSync(file), new DatabaseSync(file)]
  return {
    name: 'node:sqlite',
    connection: () => fromNodeSqlite(other),
    transaction: (work, begin) => {
      db.exec(`begin ${beginOf(begin)}`)
      try {
        const answer = doing(work((text) => db.exec(text), fromNodeSqlite(db)))
        expect(db.isTransaction, 'the transaction is still the host’s').toBe(true)
        db.exec('commit')
        return answer
      } catch (error) {
        db.exec('rollback')
        throw error
      }
    },
    count: async (text) => n(db.prepare(text).all()),
  }
}

function betterHost(file: string): Host {
  const [db, other] = [new BetterSqlite3(file), new BetterSqlite3(file)]
  return {
    name: 'better-sqlite3',
    connection: () => fromBetterSqlite3(other),
    transaction: <T>(work: Work<T>, begin?: Begin) =>
      db.transaction(() => doing(work((text) => db.exec(text), fromBetterSqlite3(db))))[beginOf(begin)]() as T,
    count: async (text) => n(db.prepare(text).all()),
  }
}

function drizzleBetterHost(file: string): Host {
  const [db, other] = [new BetterSqlite3(file), new BetterSqlite3(file)].map((client) => drizzleBetter({ client }))
  return {
    name: 'drizzle over better-sqlite3',
    connection: () => fromDrizzle(other!),
    transaction: (work, begin) =>
      db!.transaction((tx) => doing(work((text) => tx.run(text), fromDrizzle(tx))), { behavior: beginOf(begin) }),
    count: async (text) => n(db!.all(text)),
  }
}

/** libsql begins every transaction as a writer and gives it a connection of its own. */
function drizzleLibsqlHost(file: string): Host {
  const [db, other] = [0, 1].map(() => drizzleLibsql({ client: createClient({ url: `file:${file}` }) }))
  return {
    name: 'drizzle over libsql',
    connection: () => fromDrizzle(other!),
    transaction: (work) =>
      db!.transaction((tx) => awaiting(work((text) => tx.run(drizzleSql.raw(text)).then((done) => done), fromDrizzle(tx)))),
    count: async (text) => n(await db!.all(text)),
  }
}

/** Kysely begins deferred; IMMEDIATE is begun by hand on a connection of it. */
function kyselySqliteHost(file: string): Host {
  const [db, other] = [0, 1].map(() => new Kysely<unknown>({ dialect: new SqliteDialect({ database: new BetterSqlite3(file) }) }))
  return {
    name: 'kysely over better-sqlite3',
    connection: () => fromKysely(other!),
    transaction: (work, begin) => {
      const on = (connection: Kysely<unknown>) => (text: string) => connection.executeQuery(CompiledQuery.raw(text))
      if (begin === 'deferred') return db!.transaction().execute((trx) => awaiting(work(on(trx), fromKysely(trx))))
      return db!.connection().execute(async (connection) => {
        const sql = on(connection)
        await sql('begin immediate')
        try {
          const answer = await doing(work(sql, fromKysely(connection, { inTransaction: true })))
          await sql('commit')
          return answer
        } catch (error) {
          await sql('rollback')
          throw error
        }
      })
    },
    count: async (text) => n((await db!.executeQuery(CompiledQuery.raw(text))).rows),
  }
}

describe('on SQLite', () => {
  const better = (file: string) => new BetterSqlite3(file)
  const hosts = [nodeSqliteHost(newFile()), betterHost(newFile()), drizzleBetterHost(newFile()), kyselySqliteHost(newFile())]
  for (const host of hosts) {
    hostFacts(host)
    overtakenFacts(host, ['deferred'])
  }
  hostFacts(drizzleLibsqlHost(newFile()))

  const own = new Map<string, () => Session>([
    ['better-sqlite3', () => fromBetterSqlite3(better(newFile()))],
    ['drizzle over better-sqlite3', () => fromDrizzle(drizzleBetter({ client: better(newFile()) }))],
    ['drizzle over libsql', () => fromDrizzle(drizzleLibsql({ client: createClient({ url: `file:${newFile()}` }) }))],
    ['kysely over better-sqlite3', () => fromKysely(new Kysely<unknown>({ dialect: new SqliteDialect({ database: better(newFile()) }) }))],
  ])
  figure('random histories compared, better-sqlite3 with memory', runs, 'histories')
  const session = fromBetterSqlite3(better(newFile()))
  const full = { ...model, runs, engine: emptied(sqliteStorage({ connection: session }), session, (table) => `patronkit_${table}`) }
  for (const [name, connection] of own) {
    const engine = async (): Promise<Storage> => sqliteStorage({ connection: connection() })
    const of = name === 'better-sqlite3' ? { test: longTest, model: full } : { test, model }
    storageSuite({ name, engine, capabilities: { ddl: true }, ...of })
  }
})
