import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { all, get, type Head, headOf, list, type Storage, type TimerWrite } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'
import { counters, entries, schema } from './shared-tables.ts'
import type { WorkerTask } from './timer-worker.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const TIMERS = DEEP ? 200_000 : 10_000
const folder = mkdtempSync(join(tmpdir(), 'patronkit-workers-'))
afterAll(() => rmSync(folder, { recursive: true }))
let places = 0
const started = new Set<ChildProcess>()
// a test that failed leaves no process behind
afterEach(() => {
  for (const child of started) child.kill('SIGKILL')
})

/** Where several processes meet. */
interface Place {
  readonly storage: Storage
  readonly task: Pick<WorkerTask, 'file' | 'postgres'>
}

/** A process of timer-worker.ts; the lines it says are counted. */
function worker(task: WorkerTask) {
  const script = fileURLToPath(new URL('./timer-worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=patronkit-source', script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = new Map<string, number>()
  let [rest, complained] = ['', '']
  child.stdout.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop()!
    for (const line of lines) said.set(line, (said.get(line) ?? 0) + 1)
  })
  child.stderr.on('data', (chunk) => {
    complained += String(chunk)
  })
  started.add(child)
  return {
    child,
    ended: once(child, 'close').then(() => started.delete(child)),
    said: (line: string) => said.get(line) ?? 0,
    complained: () => complained,
  }
}

const TENANTS = ['acme', 'jade', 'beta', 'cedar', 'delta']

/** Timers of five tenants that share them unequally: half are the first one's. */
async function setTimers(storage: Storage, count: number, dueAt: (i: number) => number): Promise<void> {
  const of = (i: number) => (i % 2 === 0 ? TENANTS[0]! : TENANTS[1 + (i % 4)]!)
  for (let first = 0; first < count; first += 5_000) {
    const timers = new Map<string, TimerWrite[]>()
    for (let i = first; i < Math.min(count, first + 5_000); i++) {
      const own = timers.get(of(i)) ?? timers.set(of(i), []).get(of(i))!
      own.push({ timer: 'set', queue: i % 3 === 0 ? 'r' : 'q', key: `k${i}`, dueAt: dueAt(i) })
    }
    await storage.commit([...timers].map(([tenant, set]) => ({ tenant, heads: [], writes: [], events: [], timers: set })))
  }
}

async function idsOf(storage: Storage): Promise<readonly string[]> {
  const rows = await Promise.all(TENANTS.map((tenant) => storage.read(tenant, [list(entries, { where: all(), limit: 1_000_000 })])))
  return rows.flatMap(([page]) => (page as readonly { id: string }[]).map((row) => row.id))
}

const plain = { page: 50, leaseMs: 60_000, skewMs: 0, heads: 0 }
const sum = (workers: readonly ReturnType<typeof worker>[], line: string) => workers.reduce((total, one) => total + one.said(line), 0)
const complaints = (workers: readonly ReturnType<typeof worker>[]) => workers.map((one) => one.complained()).join('')

function workerFacts(name: string, place: () => Promise<Place>): void {
  const fact = (title: string, run: (place: Place) => Promise<void>) =>
    test(`${name}: ${title}`, { timeout: DEEP ? 1_800_000 : 100_000 }, async () => {
      const at = await place()
      try {
        await run(at)
      } finally {
        await at.storage.close()
      }
    })

  fact(`four processes handle ${TIMERS.toLocaleString('en')} timers, each once`, async ({ storage, task }) => {
    await setTimers(storage, TIMERS, (i) => i % 1_000)
    const workers = ['w1', 'w2', 'w3', 'w4'].map((one) => worker({ ...plain, ...task, name: one }))
    await Promise.all(workers.map((one) => one.ended))
    expect(complaints(workers)).toBe('')
    expect([sum(workers, 'done'), sum(workers, 'taken'), sum(workers, 'stale-timer')]).toEqual([TIMERS, 0, 0])
    const ids = await idsOf(storage)
    expect([ids.length, await storage.nextDue(['q', 'r'])]).toEqual([TIMERS, null])
    figure(`timers handled once each by four processes, ${name}`, TIMERS, 'timers')
  })

  fact('of four processes two are killed with a page in hand: nothing is lost, nothing is handled twice', async ({ storage, task }) => {
    const count = DEEP ? 20_000 : 2_000
    await setTimers(storage, count, (i) => i % 1_000)
    const begin = (name: string, hangsAfter?: number) =>
      worker({ ...plain, ...task, name, leaseMs: 1_500, ...(hangsAfter === undefined ? {} : { hangsAfter }) })
    const victims = [begin('v1', 0), begin('v2', 1)]
    for (const victim of victims) {
      while (victim.said('hangs') === 0 && victim.child.exitCode === null) await sleep(5)
      expect(victim.said('hangs')).toBe(1)
    }
    const workers = [...victims, begin('w1'), begin('w2')]
    for (const victim of victims) victim.child.kill('SIGKILL')
    await Promise.all(workers.map((one) => one.ended))
    expect(complaints(workers)).toBe('')
    const ids = await idsOf(storage)
    expect([ids.length, new Set(ids).size, sum(workers, 'taken'), await storage.nextDue(['q', 'r'])]).toEqual([count, count, 0, null])
  })

  fact('timers that are moved while they are leased fire again, at their new instant', async ({ storage, task }) => {
    const [count, moves] = DEEP ? [20_000, 10_000] : [2_000, 500]
    await setTimers(storage, count, (i) => i % 1_000)
    const workers = ['w1', 'w2', 'w3'].map((one) => worker({ ...plain, ...task, name: one }))
    const moved = new Map<string, number>()
    while (sum(workers, 'done') === 0 && workers.some((one) => one.child.exitCode === null)) await sleep(2)
    const soon = Date.now() + 1_000
    for (let i = 0; i < moves; i++) {
      const key = `k${(i * 7_919 * 2) % count}`
      const timer: TimerWrite = { timer: 'set', queue: Number(key.slice(1)) % 3 === 0 ? 'r' : 'q', key, dueAt: soon + i }
      expect(await storage.commit([{ tenant: TENANTS[0]!, heads: [], writes: [], events: [], timers: [timer] }])).toEqual([
        { outcome: 'done' },
      ])
      moved.set(key, soon + i)
    }
    // who ended before the last move leaves its timers to this one
    await Promise.all(workers.map((one) => one.ended))
    const rest = worker({ ...plain, ...task, name: 'rest' })
    await rest.ended
    expect(complaints([...workers, rest])).toBe('')
    const ids = new Set(await idsOf(storage))
    expect([sum([...workers, rest], 'taken'), await storage.nextDue(['q', 'r'])]).toEqual([0, null])
    for (let i = 0; i < count; i++) {
      const key = `k${i}`
      const last = moved.get(key) ?? i % 1_000
      expect(ids.has(`${key}/${last}`), `${key} fired at ${last}`).toBe(true)
    }
  })

  fact('three processes whose clocks are 5 s apart conserve heads, counters and timers', async ({ storage, task }) => {
    const [rounds, count] = [DEEP ? 5 : 1, 600]
    for (let round = 1; round <= rounds; round++) {
      const start = Date.now()
      await setTimers(storage, count, (i) => start + (i % 40) * 50 - 5_000 + round)
      const workers = [-5_000, 0, 5_000].map((skewMs) =>
        worker({ ...plain, ...task, name: `${round} ${skewMs}`, page: 10, leaseMs: 2_000, skewMs, heads: 8 }),
      )
      await Promise.all(workers.map((one) => one.ended))
      expect(complaints(workers)).toBe('')
      expect(await storage.nextDue(['q', 'r'])).toBeNull()
      expect([sum(workers, 'done'), sum(workers, 'taken')]).toEqual([count, 0])
    }
    const ids = await idsOf(storage)
    expect([ids.length, new Set(ids).size]).toEqual([rounds * count, rounds * count])
    let [versions, counted] = [0, 0]
    for (const tenant of TENANTS) {
      for (let i = 0; i < 8; i++) {
        const [head, row] = (await storage.read(tenant, [headOf('worked', `s${i}`), get(counters, { id: `s${i}` })])) as [
          Head,
          { n: number } | null,
        ]
        versions += head.version
        counted += row?.n ?? 0
        expect(head.version).toBe(row?.n ?? 0)
      }
    }
    expect([versions, counted]).toEqual([rounds * count, rounds * count])
  })
}

workerFacts('SQLite file', async () => {
  const file = join(folder, `${++places}.db`)
  const storage = sqliteStorage({ file, busyTimeoutMs: 60_000 })
  storage.declare(schema)
  await storage.schema.migrate()
  return { storage, task: { file } }
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())
  workerFacts('Postgres', async () => {
    const name = `workers_${++places}`
    const storage = postgresStorage({ connection: fromPg(server.pool(4)), schema: name })
    storage.declare(schema)
    await storage.schema.migrate()
    return { storage, task: { postgres: { url: server.url, schema: name } } }
  })
})
