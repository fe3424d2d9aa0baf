// One process of hammer.test.ts: sends its share of commands to a shared SQLite file or server, and says what it was told.
import { isPatronkitError } from '@patronkit/core'
import type { Storage } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import pg from 'pg'
import { createLoyalty, type Posting } from '../src/index.ts'

const [place, what, me, processes, commands] = process.argv.slice(2) as [string, string, string, string, string]
const [url, within] = place.split('#')
const pool = place.startsWith('postgres:') ? new pg.Pool({ connectionString: url, max: 2 }) : undefined
const storage: Storage = pool
  ? postgresStorage({ connection: fromPg(pool), schema: within! })
  : sqliteStorage({ file: place, busyTimeoutMs: 60_000 })
const loyalty = createLoyalty({ storage }).for({ tenant: 'shop', by: { type: 'system', id: `worker-${me}` } })

const SENDS: { readonly [what: string]: (n: number) => Promise<Posting> } = {
  redeem: (n) => loyalty.redeem({ idempotencyKey: `r${n}`, account: 'hot', programme: 'stars', points: 10 }),
  // each of two processes has keys of its own for the same redemptions
  reverse: (n) => loyalty.reverse({ idempotencyKey: `v${me}/${n}`, posting: `redeem/s${n}` }),
  // a brand-new account that may owe 200
  phantom: (n) => loyalty.adjust({ idempotencyKey: `p${me}/${n}`, account: `new-${n}`, programme: 'owing', points: -200, reason: 'fee' }),
}

/** Sends until it is answered: what others did meanwhile is a reason to send again, never a refusal. */
async function sent(n: number): Promise<string> {
  for (;;) {
    try {
      const answer = await SENDS[what]!(n)
      return `done ${n} ${answer.available}`
    } catch (error) {
      if (!isPatronkitError(error)) throw error
      if (error.retryable === false) return `${error.code} ${n}`
    }
  }
}

const shared = what === 'redeem'
const mine = Array.from({ length: Number(commands) }, (_, n) => n).filter((n) => !shared || n % Number(processes) === Number(me))
let next = 0
const told = new Map<number, string>()

async function writer(): Promise<void> {
  while (next < mine.length) {
    const n = mine[next++]!
    const first = await sent(n)
    told.set(n, first)
    // now and then the answer is lost on the way and the command comes again, or another process sends it too
    if (Math.random() < 0.2 && (await sent(n)) !== first) throw new Error(`${n} was answered differently when it was sent again`)
    if (shared && Math.random() < 0.05) await sent(Math.floor(Math.random() * Number(commands)))
  }
}

await Promise.all(Array.from({ length: 8 }, writer))
process.stdout.write(`${[...told.values()].join('\n')}\n`)
await storage.close()
await pool?.end()
