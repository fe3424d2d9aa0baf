// One process of workers.test.ts: claims timers and handles each in a unit of its own, until none is left. Says what became of each.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Claimed, type Head, type HeadMove, headOf, laneOf, type Storage, type Unit } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import pg from 'pg'
import { counters, entries, schema } from './shared-tables.ts'

/** What a worker is told. */
export interface WorkerTask {
  readonly name: string
  readonly file?: string
  readonly postgres?: { readonly url: string; readonly schema: string }
  readonly page: number
  readonly leaseMs: number
  /** How far its clock goes ahead of the machine's. */
  readonly skewMs: number
  /** Moves one of so many heads with each timer; 0 for none. */
  readonly heads: number
  /** After so many pages it claims one more, says so, and hangs. */
  readonly hangsAfter?: number
}

const task = JSON.parse(process.argv[2]!) as WorkerTask
const pool = task.postgres && new pg.Pool({ connectionString: task.postgres.url, max: 2 })
const storage: Storage = pool
  ? postgresStorage({ connection: fromPg(pool), schema: task.postgres!.schema })
  : sqliteStorage({ file: task.file!, busyTimeoutMs: 60_000 })
storage.declare(schema)
const now = () => Date.now() + task.skewMs
const subjectOf = (timer: Claimed) => `s${laneOf(timer.key) % Math.max(1, task.heads)}`

/** The row is named after the timer and its instant: whoever handles one twice is told that it is taken. */
function unitOf(timer: Claimed, head: Head | undefined): Unit {
  const { tenant, queue, key, generation, lease } = timer
  const move: HeadMove[] = head
    ? [
        {
          kind: 'worked',
          subject: subjectOf(timer),
          from: head,
          to: { ...head, version: head.version + 1, lastAt: Math.max(head.lastAt, now()) },
        },
      ]
    : []
  return {
    tenant,
    heads: move,
    fired: { queue, key, generation, lease },
    unique: [{ table: entries, row: { id: `${key}/${timer.dueAt}` } }],
    adds: head ? [{ table: counters, key: { id: subjectOf(timer) }, column: 'n', by: 1, min: 0 }] : [],
    writes: [],
    events: [],
    timers: [],
  }
}

/** A timer that was handled twice would be claimed for ever. */
function say(outcomes: readonly string[]): void {
  process.stdout.write(outcomes.map((outcome) => `${outcome}\n`).join(''))
  if (outcomes.includes('taken')) throw new Error('a timer was handled twice')
}

async function handle(timers: readonly Claimed[]): Promise<void> {
  if (task.heads === 0) {
    const answers = await storage.commit(timers.map((timer) => unitOf(timer, undefined)))
    say(answers.map(({ outcome }) => outcome))
    return
  }
  for (const timer of timers) {
    for (;;) {
      const [head] = (await storage.read(timer.tenant, [headOf('worked', subjectOf(timer))])) as [Head]
      const [answer] = await storage.commit([unitOf(timer, head)])
      if (answer!.outcome === 'conflict') continue
      say([answer!.outcome])
      break
    }
  }
}

let after = task.name
for (let page = 0; ; page++) {
  const lease = `${task.name} ${page}`
  const claimed = await storage.claim({ queues: ['q', 'r'], now: now(), limit: task.page, leaseMs: task.leaseMs, lease, after })
  if (claimed.length === 0) {
    const next = await storage.nextDue(['q', 'r'])
    if (next === null) break
    await sleep(Math.min(50, Math.max(1, next - now())))
    continue
  }
  after = claimed.at(-1)!.tenant
  if (page === task.hangsAfter) {
    process.stdout.write('hangs\n')
    await sleep(600_000)
  }
  await handle(claimed)
}
await storage.close()
await pool?.end()
