import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compileCalendar } from '@patronkit/business-time/calendar'
import { manualClock, type Storage } from '@patronkit/core'
import { seededRandom } from '@patronkit/core/testing'
import { bookOf, fact, foldFacts, passTime } from '@patronkit/sla-engine/testing'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { realPostgres, type Server, startServer } from '../../storage-sql/test/postgres-server.ts'
import { everyEvent } from './helpdesk.ts'
import { factsOf, instantOf, killDesk, openDesk, policies, STEPS, tell } from './kill-desk.ts'
import { HOUR, office } from './sla-desk.ts'
import type { SlaWorkerTask } from './sla-worker.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const KILLS = DEEP ? 100 : 5
const TICKETS = DEEP ? 30 : 60
const SEED = process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31
const folder = mkdtempSync(join(tmpdir(), 'patronkit-sla-kills-'))
afterAll(() => rmSync(folder, { recursive: true }))
let places = 0
const started = new Set<ChildProcess>()
// a test that failed leaves no process behind
afterEach(() => {
  for (const child of started) child.kill('SIGKILL')
})

function worker(task: SlaWorkerTask) {
  const script = fileURLToPath(new URL('./sla-worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=patronkit-source', script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [last, lines, rest, complained] = ['', 0, '', '']
  child.stdout.on('data', (chunk) => {
    const said = (rest + String(chunk)).split('\n')
    rest = said.pop()!
    lines += said.length
    last = said.at(-1) ?? last
  })
  child.stderr.on('data', (chunk) => {
    complained += String(chunk)
  })
  started.add(child)
  const ended = once(child, 'close').then(() => started.delete(child))
  /** Until it has said something more. */
  const speaks = async () => {
    const before = lines
    while (lines === before && child.exitCode === null) await sleep(2)
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { kill, speaks, inTick: () => last === 'tick', complained: () => complained }
}

/** Where the processes meet, and what the consumers wrote there. */
interface Place {
  readonly storage: Storage
  readonly task: Omit<SlaWorkerTask, 'clock'>
  readonly heard: () => Promise<readonly { consumer: string; event: string }[]>
}

interface Line {
  readonly subject: string
  readonly type: string
  readonly hash: string
  readonly effectiveAt: number
  readonly body: string
}

/** Every step of every clock: told or passed over; those of the policy that tells them all with their instants. */
function stepsIn(lines: readonly string[]): readonly string[] {
  return (lines.map((line) => JSON.parse(line)) as readonly Line[])
    .flatMap(({ type, subject, body, effectiveAt }) => {
      const data = JSON.parse(body) as { [name: string]: string } & { steps: readonly string[] }
      const key = `${subject} ${data.agreement} ${data.metric} ${data.cycle}`
      if (type === 'sla.skipped') return data.steps.map((step) => `${key} ${step}`)
      if (type === 'sla.withdrawn') return [`${key} ${data.step} withdrawn`]
      if (!(STEPS as readonly string[]).includes(type)) return []
      return [
        `${key} ${data.step}${data.agreement === 'sla' ? ` ${type} ${data.reachedAt} told ${new Date(effectiveAt).toISOString()}` : ''}`,
      ]
    })
    .sort()
}

/** The steps by the facts alone, ticket by ticket, without a store, a process or a tick. */
function expectedSteps(): readonly string[] {
  const books = bookOf({ policies, calendars: [office(0)] })
  const quiet = compileCalendar({ calendar: office(0) })
  const end = instantOf(KILLS) + 60 * 24 * HOUR
  const told = Array.from({ length: KILLS }, (_, n) => factsOf(n + 1, TICKETS)).flat()
  return [...Map.groupBy(told, ({ item }) => item.id)]
    .flatMap(([id, calls]) => {
      const facts = calls
        .flatMap((call) => call.facts)
        .map((one, n) => ({ ...fact(one.type, one.at, (one.attributes ?? null) as never, n + 1), id: one.id }))
      const { clocks } = passTime(foldFacts(facts, books, { at: 0, knownAt: 0 }), end, books)
      return clocks.flatMap(({ agreement, metric, cycle, climbed }) =>
        Object.entries(climbed).map(([step, at]) => {
          const key = `ticket/${id} ${agreement} ${metric} ${cycle} ${step}`
          const type = step === 'over' ? 'sla.breached' : step.startsWith('lead') ? 'sla.escalated' : 'sla.warned'
          return agreement === 'sla' ? `${key} ${type} ${iso(at)} told ${iso(quiet.nextOpening(at))}` : key
        }),
      )
    })
    .sort()
}

const iso = (at: number) => new Date(at).toISOString()

function killFacts(name: string, place: () => Promise<Place>): void {
  test(`${name}: of two processes that tick one is killed, ${KILLS} times: no step is lost, none is told twice (seed ${SEED})`, {
    timeout: 3_600_000,
  }, async () => {
    const { storage, task, heard } = await place()
    const file = join(folder, `clock-${++places}`)
    let now = instantOf(0)
    // a worker never reads half an instant
    const setClock = (at: number) => {
      now = at
      writeFileSync(`${file}.next`, String(at))
      renameSync(`${file}.next`, file)
    }
    setClock(instantOf(0))
    const kit = killDesk(storage, { now: () => new Date(now) }, task.table)
    await openDesk(kit)

    const byte = seededRandom(SEED)
    const chance = () => byte(1)[0]! / 256
    const begin = () => worker({ ...task, clock: file })
    const pair = [begin(), begin()]
    let inTick = 0
    for (let round = 1; round <= KILLS; round++) {
      await Promise.all(pair.map((one) => one.speaks()))
      setClock(instantOf(round))
      const telling = tell(kit, round, TICKETS)
      const victim = chance() < 0.5 ? 0 : 1
      await pair[victim]!.speaks()
      await sleep(chance() * 80)
      if (pair[victim]!.inTick()) inTick++
      await pair[victim]!.kill()
      expect(pair[victim]!.complained()).toBe('')
      await telling
      pair[victim] = begin()
    }
    for (const one of pair) await one.kill()
    expect(pair.map((one) => one.complained()).join('')).toBe('')

    // whoever comes later goes on where they left off, when what they had leased is free again
    for (let days = 1; days <= 60; days++) {
      setClock(instantOf(KILLS) + days * 24 * HOUR)
      for (let more = true; more; ) {
        const tick = await kit.tick()
        expect(tick.failed).toEqual([])
        more = tick.more
      }
    }
    expect((await kit.health()).timers.nextDueAt).toBeNull()
    const events = await everyEvent(storage)
    const found = stepsIn(events)
    expect(new Set(found).size).toBe(found.length)
    expect(found).toEqual(expectedSteps())
    const told = (events.map((line) => JSON.parse(line)) as readonly Line[]).filter(({ type }) =>
      (STEPS as readonly string[]).includes(type),
    )
    const written = told.flatMap(({ type, hash }) => [`ledger ${hash}`, ...(type === 'sla.breached' ? [`board ${hash}`] : [])])
    expect((await heard()).map(({ consumer, event }) => `${consumer} ${event}`).sort()).toEqual(written.sort())
    expect(inTick).toBeGreaterThan(0)
    await storage.close()
    figure(`processes killed with SIGKILL while two tick over ${name}: no step lost, none told twice`, KILLS, 'kills')
    figure(`of these, in the middle of a tick, ${name}`, inTick, 'kills')
    figure(`steps told or passed over by them, each once, ${name}`, found.length, 'steps')
    figure(`rows consumers wrote in the session of the tick, each once, ${name}`, written.length, 'rows')
  })
}

killFacts('SQLite', async () => {
  const file = join(folder, `${++places}.db`)
  const storage = sqliteStorage({ file, busyTimeoutMs: 60_000 })
  killDesk(storage, manualClock(new Date(0)), 'heard')
  await storage.schema.migrate()
  const db = new DatabaseSync(file)
  db.exec('create table heard (consumer text not null, event text not null)')
  db.close()
  const heard = async () => {
    const again = new DatabaseSync(file)
    const rows = again.prepare('select consumer, event from heard').all() as { consumer: string; event: string }[]
    again.close()
    return rows
  }
  return { storage, task: { file, table: 'heard' }, heard }
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())
  killFacts('Postgres', async () => {
    const pool = server.pool(4)
    const schema = `kills_${++places}`
    const storage = postgresStorage({ connection: fromPg(pool), schema })
    const table = `public.heard_${places}`
    killDesk(storage, manualClock(new Date(0)), table)
    await storage.schema.migrate()
    await pool.query(`create table ${table} (consumer text not null, event text not null)`)
    const heard = async () => (await pool.query(`select consumer, event from ${table}`)).rows
    return { storage, task: { postgres: { url: server.url, schema }, table }, heard }
  })
})
