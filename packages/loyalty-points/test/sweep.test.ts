import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { manualClock } from '@patronkit/core'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { createLoyalty, defineProgramme } from '../src/index.ts'
import { DAY, START } from './histories.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const ACCOUNTS = DEEP ? 10_000 : 200
const LOTS = DEEP ? 100 : 20
const KILLS = DEEP ? 20 : 4
/** Longer than a lease: what a killed process had leased is free again. */
const LEASE = 61_000

const folder = mkdtempSync(join(tmpdir(), 'patronkit-sweep-'))
afterAll(() => rmSync(folder, { recursive: true }))

function opened(file: string, now: number) {
  const storage = sqliteStorage({ file, busyTimeoutMs: 60_000 })
  const loyalty = createLoyalty({ storage, clock: manualClock(now) }).for({ tenant: 'shop', by: { type: 'system', id: 'test' } })
  return { storage, loyalty }
}

function sweeping(file: string, now: number) {
  const script = fileURLToPath(new URL('./sweep-worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=patronkit-source', script, file, String(now)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    err += String(chunk)
  })
  return { child, closed: once(child, 'close'), out: () => out, err: () => err }
}

/** What every account has, and how many events it took to get there. */
async function outcome(file: string, now: number) {
  const { storage, loyalty } = opened(file, now)
  const accounts = []
  for (let after: string | undefined; ; ) {
    const page = await loyalty.list({ programme: 'stars', limit: 1_000, ...(after === undefined ? {} : { after }) })
    accounts.push(...page.rows)
    if (page.next === null) break
    after = page.next
  }
  const { broken, events } = await loyalty.verify({})
  await storage.close()
  return { accounts, broken, events }
}

test(`${ACCOUNTS * LOTS} lots expire in ticks that are killed ${KILLS} times on the way: the same in the end as in one clean run`, {
  timeout: 3_600_000,
}, async () => {
  const [killed, clean] = [join(folder, 'killed.db'), join(folder, 'clean.db')]
  const { storage, loyalty } = opened(killed, START)
  await storage.schema.migrate()
  await loyalty.publish({ definition: defineProgramme({ id: 'stars', currency: 'star', earn: [] }) })
  const lots = Array.from({ length: LOTS }, (_, n) => ({ points: 10 + n, expiresAt: n % 4 === 3 ? null : START + DAY }))
  for (let n = 0; n < ACCOUNTS; n++) await loyalty.import({ idempotencyKey: `i${n}`, account: `c_${n}`, programme: 'stars', lots })
  await storage.close()
  copyFileSync(killed, clean)

  let [now, kills] = [START + DAY, 0]
  for (; kills < KILLS; now += LEASE) {
    const one = sweeping(killed, now)
    // somewhere between its first tick and its last
    while (one.out() === '' && one.child.exitCode === null) await sleep(2)
    await sleep((kills * 13) % 40)
    one.child.kill('SIGKILL')
    await one.closed
    expect(one.err()).toBe('')
    kills++
  }
  for (const file of [killed, clean]) {
    const last = sweeping(file, now)
    await last.closed
    expect(last.err()).toBe('')
  }
  const [after, expected] = [await outcome(killed, now), await outcome(clean, now)]
  expect(after).toEqual(expected)
  expect(after.broken).toBe(null)
  expect(after.accounts).toHaveLength(ACCOUNTS)
  figure(`sweep of ${ACCOUNTS * LOTS} lots killed on the way, the same as in one clean run`, kills, 'kills')
})
