// One process of sweep.test.ts: ticks on a shared SQLite file until nothing is due, or until it is killed.
import { manualClock } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { createLoyalty } from '../src/index.ts'

const [file, now] = process.argv.slice(2) as [string, string]
const clock = manualClock(Number(now))
const storage = sqliteStorage({ file, busyTimeoutMs: 60_000 })
const runner = createRunner({ storage, clock, services: [createLoyalty({ storage, clock })] })
for (let more = true; more; ) {
  const tick = await runner.tick({ limit: 20 })
  if (tick.failed.length > 0) throw new Error(JSON.stringify(tick.failed[0]))
  process.stdout.write(`${tick.fired}\n`)
  more = tick.more
}
await storage.close()
