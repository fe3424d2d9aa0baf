import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromPg } from '@patronkit/storage-sql/pg'
import knex, { type Knex } from 'knex'
import { DataSource } from 'typeorm'
import { afterAll, describe, expect, test } from 'vitest'
import { awaiting, type Begin, type Host, hostFacts, overtakenFacts, type Work } from './host-facts.ts'
import { fromKnex, fromTypeOrm } from './how-to.ts'
import { realPostgres, startServer } from './postgres-server.ts'

test('docs/bindings.md shows the code that is run here', () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8')
  const shown = text('how-to.ts').split('\n\n').slice(1)
  expect(shown).toHaveLength(2)
  for (const one of shown) expect(text('../../../docs/bindings.md')).toContain(one.trim())
})

describe.runIf(realPostgres)('on a real server', async () => {
  if (!realPostgres) return
  const server = await startServer()
  const pool = server.pool(2)
  // one connection each: what waits for a second one stands still
  const knexes = knex({ client: 'pg', connection: server.url, pool: { min: 0, max: 1 } })
  const typeorm = await new DataSource({ type: 'postgres', url: server.url, poolSize: 1 }).initialize()
  afterAll(async () => {
    await knexes.destroy()
    await typeorm.destroy()
    await server.stop()
  })
  const own = {
    connection: () => fromPg(pool),
    count: async (text: string) => Number((await pool.query(text)).rows[0].n),
  }
  const hosts: readonly Host[] = [
    {
      ...own,
      name: 'knex',
      transaction: async <T>(work: Work<T>, begin: Begin = 'usual') =>
        (await knexes.transaction(async (trx) => awaiting(work((text) => trx.raw(text).then((done) => done), await fromKnex(trx))), {
          isolationLevel: (begin === 'usual' ? 'read committed' : begin) as Knex.IsolationLevels,
        })) as T,
    },
    {
      ...own,
      name: 'typeorm',
      transaction: async (work, begin = 'usual') =>
        typeorm.transaction(
          begin === 'serializable' ? 'SERIALIZABLE' : begin === 'repeatable read' ? 'REPEATABLE READ' : 'READ COMMITTED',
          (manager) => awaiting(work((text) => manager.query(text), fromTypeOrm(manager))),
        ),
    },
  ]
  for (const host of hosts) {
    hostFacts(host)
    overtakenFacts(host, ['repeatable read', 'serializable'])
  }
})
