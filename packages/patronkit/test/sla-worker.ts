// One process of sla-kills.test.ts: ticks over a shared database, its clock in a file that the test moves on, until it is killed.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { poolAt } from '../../storage-sql/test/pools.ts'
import { killDesk } from './kill-desk.ts'

/** What a worker is told. */
export interface SlaWorkerTask {
  readonly file?: string
  readonly postgres?: { readonly url: string; readonly schema: string }
  readonly table: string
  readonly clock: string
}

const task = JSON.parse(process.argv[2]!) as SlaWorkerTask
const storage = task.postgres
  ? postgresStorage({ connection: fromPg(poolAt(task.postgres.url, 2)), schema: task.postgres.schema })
  : sqliteStorage({ file: task.file!, busyTimeoutMs: 60_000 })
const kit = killDesk(storage, { now: () => new Date(Number(readFileSync(task.clock, 'utf8'))) }, task.table)

for (;;) {
  process.stdout.write('tick\n')
  const { fired, delivered, failed } = await kit.tick()
  // who meets a database that is busy for a minute says so; nothing else may fail
  for (const one of failed) process.stderr.write(`${JSON.stringify(one)}\n`)
  process.stdout.write(`tock ${fired} ${delivered}\n`)
  if (fired + delivered === 0) await sleep(5)
}
