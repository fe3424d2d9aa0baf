import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Storage } from '@patronkit/core'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { realPostgres, type Server, startServer } from '../../storage-sql/test/postgres-server.ts'
import { createLoyalty, defineProgramme, type Loyalty } from '../src/index.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const ROUNDS = DEEP ? 20 : 1
const ATTEMPTS = DEEP ? 64_000 : 3_200
const SPENDS = DEEP ? 500 : 60

const stars = defineProgramme({ id: 'stars', currency: 'star', earn: [{ points: 1, event: 'visit' }] })
const owing = defineProgramme({ id: 'owing', currency: 'star', earn: [], negative: { policy: 'debt', floor: -200 } })

const folder = mkdtempSync(join(tmpdir(), 'patronkit-hammer-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts processes on one place and gathers the lines that all of them said. */
async function hammered(place: string, what: string, processes: number, commands: number): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('./hammer-worker.ts', import.meta.url))
  const said = await Promise.all(
    Array.from({ length: processes }, async (_, me) => {
      const args = ['--conditions=patronkit-source', script, place, what, String(me), String(processes), String(commands)]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      let [out, err] = ['', '']
      child.stdout.on('data', (chunk) => {
        out += String(chunk)
      })
      child.stderr.on('data', (chunk) => {
        err += String(chunk)
      })
      await once(child, 'close')
      expect(err).toBe('')
      return out.split('\n').filter((line) => line !== '')
    }),
  )
  return said.flat()
}

const counted = (lines: readonly string[], word: string) => lines.filter((line) => line.startsWith(`${word} `)).length

async function opened(storage: Storage): Promise<Loyalty> {
  const loyalty = createLoyalty({ storage }).for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  await storage.schema.migrate()
  for (const definition of [stars, owing]) await loyalty.publish({ definition })
  return loyalty
}

const sound = async (loyalty: Loyalty) => expect((await loyalty.verify({})).broken).toBe(null)

/** Everything that several processes could do to one account. */
async function facts(place: string, storage: () => Storage): Promise<void> {
  const loyalty = await opened(storage())
  await loyalty.adjust({ idempotencyKey: 'start', account: 'hot', programme: 'stars', points: 10_000, reason: 'opening' })
  const redeemed = await hammered(place, 'redeem', 8, ATTEMPTS)
  expect([redeemed.length, counted(redeemed, 'done'), counted(redeemed, 'loyalty/insufficient-points')]).toEqual([
    ATTEMPTS,
    1_000,
    ATTEMPTS - 1_000,
  ])
  // each success saw the account at another balance
  expect(new Set(redeemed.filter((line) => line.startsWith('done')).map((line) => line.split(' ')[2])).size).toBe(1_000)
  expect(await loyalty.balance({ account: 'hot', programme: 'stars' })).toMatchObject({ available: 0, posted: 0 })

  await loyalty.adjust({ idempotencyKey: 'more', account: 'giver', programme: 'stars', points: SPENDS, reason: 'opening' })
  for (let n = 0; n < SPENDS; n++) await loyalty.redeem({ idempotencyKey: `s${n}`, account: 'giver', programme: 'stars', points: 1 })
  const reversed = await hammered(place, 'reverse', 2, SPENDS)
  expect([counted(reversed, 'done'), counted(reversed, 'loyalty/already-reversed')]).toEqual([SPENDS, SPENDS])
  expect(await loyalty.balance({ account: 'giver', programme: 'stars' })).toMatchObject({ available: SPENDS })

  const fees = await hammered(place, 'phantom', 4, 20)
  expect([counted(fees, 'done'), counted(fees, 'loyalty/below-floor')]).toEqual([20, 60])
  for (let n = 0; n < 20; n++) expect(await loyalty.balance({ account: `new-${n}`, programme: 'owing' })).toMatchObject({ available: -200 })
  await sound(loyalty)
}

test(`8 processes with 64 writers on one SQLite file redeem 10 points ${ATTEMPTS} times of 10,000: 1,000 go through; each spend is reversed once (C25); a new account owes once (C34)`, {
  timeout: 3_600_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = join(folder, `${round}.db`)
    const storage = sqliteStorage({ file, busyTimeoutMs: 60_000 })
    await facts(file, () => storage)
    await storage.close()
  }
  figure(`jackhammer on one SQLite file: ${ATTEMPTS} attempts by 8 processes, exactly 1,000 succeed`, ROUNDS, 'runs in a row')
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())

  test(`8 processes with 64 writers on Postgres redeem 10 points ${ATTEMPTS} times of 10,000: 1,000 go through; each spend is reversed once (C25); a new account owes once (C34)`, {
    timeout: 3_600_000,
  }, async () => {
    const pool = server.pool(2)
    for (let round = 0; round < ROUNDS; round++) {
      const name = `hammer_${round}`
      const storage = postgresStorage({ connection: fromPg(pool), schema: name })
      await facts(`${server.url}#${name}`, () => storage)
    }
    figure(`jackhammer on Postgres: ${ATTEMPTS} attempts by 8 processes, exactly 1,000 succeed`, ROUNDS, 'runs in a row')
  })
})
