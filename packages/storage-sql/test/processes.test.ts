import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { all, brokenAt, eventsOf, get, type Head, headOf, list, type StoredEvent } from '@patronkit/core/storage'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { counters, entries, schema } from './shared-tables.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const folder = mkdtempSync(join(tmpdir(), 'patronkit-processes-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

async function emptyFile(): Promise<string> {
  const file = join(folder, `${++files}.db`)
  const storage = sqliteStorage({ file })
  storage.declare(schema)
  await storage.schema.migrate()
  await storage.close()
  return file
}

/** A process that commits; `said` gathers what it was told, line by line. */
function worker(file: string, name: string, commits: number, cap: number) {
  const script = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=patronkit-source', script, file, name, String(commits), String(cap)], {
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

/** What the file holds, whoever wrote it. */
async function inspect(file: string) {
  const storage = sqliteStorage({ file })
  storage.declare(schema)
  const [head, events, counter, rows] = (await storage.read('t', [
    headOf('hot', 'a'),
    eventsOf('hot', 'a', { limit: 1_000_000 }),
    get(counters, { id: 'all' }),
    list(entries, { where: all(), limit: 1_000_000 }),
  ])) as [Head, readonly StoredEvent[], { n: number } | null, readonly { id: string }[]]
  await storage.close()
  return { head, events, counted: counter?.n ?? 0, ids: rows.map((row) => row.id) }
}

test('eight processes want two heads and a counter of 500: exactly 500 go through, and the chain is whole', {
  timeout: 300_000,
}, async () => {
  const [rounds, commits, cap] = [DEEP ? 20 : 1, 80, 500]
  for (let round = 0; round < rounds; round++) {
    const file = await emptyFile()
    const workers = Array.from({ length: 8 }, (_, n) => worker(file, `w${n}`, commits, cap))
    await Promise.all(workers.map((one) => one.ended))
    expect(workers.map((one) => one.complained()).join('')).toBe('')
    const said = workers.flatMap((one) => one.lines())
    expect(said.length).toBe(8 * commits)
    expect(said.filter((line) => line.startsWith('done ')).length).toBe(cap)
    expect(said.filter((line) => line.startsWith('out-of-bounds ')).length).toBe(8 * commits - cap)
    const { head, events, counted, ids } = await inspect(file)
    expect({ version: head.version, counted, rows: ids.length, broken: brokenAt(events, head) }).toEqual({
      version: cap,
      counted: cap,
      rows: cap,
      broken: null,
    })
  }
  figure('eight processes on one SQLite file, two heads and a counter of 500', rounds, 'runs in a row, each exactly 500')
})

test('a writer killed with SIGKILL leaves every acknowledged commit, whole, and none twice', { timeout: 900_000 }, async () => {
  const rounds = DEEP ? 200 : 10
  const file = await emptyFile()
  const acknowledged: string[] = []
  for (let round = 0; round < rounds; round++) {
    const one = worker(file, `r${round}`, 1_000_000, Number.MAX_SAFE_INTEGER)
    while (one.lines().length === 0 && one.child.exitCode === null) await sleep(2)
    await sleep((round * 7) % 40)
    one.child.kill('SIGKILL')
    await one.ended
    acknowledged.push(...one.lines().map((line) => line.replace('done ', '')))
  }
  const { head, events, counted, ids } = await inspect(file)
  const stored = new Set(ids)
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
  // a commit may be there without having been acknowledged: at most the last one of each process
  expect(ids.length - acknowledged.length).toBeLessThanOrEqual(rounds)
  expect({ counted, version: head.version, events: events.length, broken: brokenAt(events, head) }).toEqual({
    counted: ids.length,
    version: ids.length,
    events: ids.length,
    broken: null,
  })
  figure('a SQLite writer killed with SIGKILL, nothing acknowledged lost, nothing doubled', rounds, 'kills')
})
