import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Add, all, brokenAt, eventsOf, get, type Head, headOf, list, type Storage, type StoredEvent } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'
import { counters, entries, schema } from './shared-tables.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const folder = mkdtempSync(join(tmpdir(), 'patronkit-processes-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

/** Makes the tables, and fills the stock that the workers take from. */
async function begun(storage: Storage, stock: number): Promise<Storage> {
  storage.declare(schema)
  await storage.schema.migrate()
  const fill: Add = { table: counters, key: { id: 'stock' }, column: 'n', by: stock }
  expect(await storage.commit([{ tenant: 't', heads: [], adds: [fill], writes: [], events: [], timers: [] }])).toEqual([
    { outcome: 'done' },
  ])
  return storage
}

async function emptyFile(stock: number): Promise<string> {
  const file = join(folder, `${++files}.db`)
  await (await begun(sqliteStorage({ file }), stock)).close()
  return file
}

/** A process that commits; `said` gathers what it was told, line by line. */
function worker(place: string, name: string, commits: number, cap: number) {
  const script = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=patronkit-source', script, place, name, String(commits), String(cap)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [said, complained] = ['', '']
  child.stdout.on('data', (chunk) => {
    said += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    complained += String(chunk)
  })
  return { child, ended: once(child, 'close'), lines: () => said.split('\n').slice(0, -1), complained: () => complained }
}

/** What is there, whoever wrote it. */
async function inspect(storage: Storage) {
  const [head, other, events, counter, stock, rows] = (await storage.read('t', [
    headOf('hot', 'a'),
    headOf('hot', 'b'),
    eventsOf('hot', 'a', { limit: 1_000_000 }),
    get(counters, { id: 'all' }),
    get(counters, { id: 'stock' }),
    list(entries, { where: all(), limit: 1_000_000 }),
  ])) as [Head, Head, readonly StoredEvent[], { n: number } | null, { n: number }, readonly { id: string }[]]
  await storage.close()
  return { head, other, events, counted: counter?.n ?? 0, stock: stock.n, ids: rows.map((row) => row.id) }
}

function opened(file: string): Storage {
  const storage = sqliteStorage({ file })
  storage.declare(schema)
  return storage
}

const ROUNDS = DEEP ? 20 : 1
const [COMMITS, CAP] = [DEEP ? 200 : 80, 500]

/** Eight processes at once, and what has to be there after them. */
async function eightAt(place: string, storage: () => Storage): Promise<void> {
  const workers = Array.from({ length: 8 }, (_, n) => worker(place, `w${n}`, COMMITS, CAP))
  await Promise.all(workers.map((one) => one.ended))
  expect(workers.map((one) => one.complained()).join('')).toBe('')
  const said = workers.flatMap((one) => one.lines())
  expect(said.length).toBe(8 * COMMITS)
  expect(said.filter((line) => line.startsWith('done ')).length).toBe(CAP)
  expect(said.filter((line) => line.startsWith('out-of-bounds ')).length).toBe(8 * COMMITS - CAP)
  const { head, other, events, counted, stock, ids } = await inspect(storage())
  expect({ versions: [head.version, other.version], counted, stock, rows: ids.length, broken: brokenAt(events, head) }).toEqual({
    versions: [CAP, CAP],
    counted: CAP,
    stock: 0,
    rows: CAP,
    broken: null,
  })
}

test('eight processes want two heads and a counter of 500: exactly 500 go through, and the chain is whole', {
  timeout: 900_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const file = await emptyFile(CAP)
    await eightAt(file, () => opened(file))
  }
  figure('eight processes on one SQLite file, two heads and a counter of 500', ROUNDS, 'runs in a row, each exactly 500')
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())

  test('eight processes on Postgres want two heads and a counter of 500: exactly 500 go through, and the chain is whole', {
    timeout: 1_800_000,
  }, async () => {
    const pool = server.pool(2)
    for (let round = 0; round < ROUNDS; round++) {
      const name = `round_${round}`
      const storage = await begun(postgresStorage({ connection: fromPg(pool), schema: name }), CAP)
      await eightAt(`${server.url}#${name}`, () => storage)
    }
    figure('eight processes on Postgres, two heads and a counter of 500', ROUNDS, 'runs in a row, each exactly 500')
  })
})

test('a writer killed with SIGKILL leaves every acknowledged commit, whole, and none twice', { timeout: 900_000 }, async () => {
  const rounds = DEEP ? 200 : 10
  const file = await emptyFile(1_000_000_000)
  const acknowledged: string[] = []
  for (let round = 0; round < rounds; round++) {
    const one = worker(file, `r${round}`, 1_000_000, Number.MAX_SAFE_INTEGER)
    while (one.lines().length === 0 && one.child.exitCode === null) await sleep(2)
    await sleep((round * 7) % 40)
    one.child.kill('SIGKILL')
    await one.ended
    acknowledged.push(...one.lines().map((line) => line.replace('done ', '')))
  }
  const { head, events, counted, stock, ids } = await inspect(opened(file))
  const stored = new Set(ids)
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
  // a commit may be there without having been acknowledged: at most the last one of each process
  expect(ids.length - acknowledged.length).toBeLessThanOrEqual(rounds)
  expect({ counted, stock, version: head.version, events: events.length, broken: brokenAt(events, head) }).toEqual({
    counted: ids.length,
    stock: 1_000_000_000 - ids.length,
    version: ids.length,
    events: ids.length,
    broken: null,
  })
  figure('a SQLite writer killed with SIGKILL, nothing acknowledged lost, nothing doubled', rounds, 'kills')
})
