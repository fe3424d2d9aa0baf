// One process of processes.test.ts: commits to a shared SQLite file or server and says on its standard output what was acknowledged.
import { type Head, headOf, type Storage, sealEvents, type Unit, type UnitAnswer } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import pg from 'pg'
import { counters, entries, schema } from './shared-tables.ts'

const [place, name, commits, cap] = process.argv.slice(2) as [string, string, string, string]
const [url, within] = place.split('#')
const pool = place.startsWith('postgres:') ? new pg.Pool({ connectionString: url, max: 1 }) : undefined
const storage: Storage = pool
  ? postgresStorage({ connection: fromPg(pool), schema: within! })
  : sqliteStorage({ file: place, busyTimeoutMs: 60_000 })
storage.declare(schema)

/** Two heads that everybody wants, a counter under a cap, a stock that it is taken from, and a row that nobody else writes. */
function unit(no: number, heads: readonly Head[]): Unit {
  const at = Date.now()
  const sealed = sealEvents(heads[0]!, [{ type: 'test.counted', v: 1, at, data: { name, no } }], {
    tenant: 't',
    kind: 'hot',
    subject: 'a',
    actor: { type: 'system', id: name },
    recordedAt: at,
    causation: null,
    correlation: null,
    salt: () => `${name} ${no}`,
  })
  const to = (head: Head, seq: number, chain: string): Head => ({ version: head.version + 1, lastAt: at, seq, chain })
  return {
    tenant: 't',
    heads: [
      { kind: 'hot', subject: 'a', from: heads[0]!, to: to(heads[0]!, heads[0]!.seq + 1, sealed.chain) },
      { kind: 'hot', subject: 'b', from: heads[1]!, to: to(heads[1]!, 0, '') },
    ],
    unique: [{ table: entries, row: { id: `${name}/${no}` } }],
    adds: [
      { table: counters, key: { id: 'all' }, column: 'n', by: 1, min: 0, max: Number(cap) },
      { table: counters, key: { id: 'stock' }, column: 'n', by: -1, min: 0 },
    ],
    writes: [],
    events: sealed.events,
    timers: [],
  }
}

async function attempt(no: number): Promise<UnitAnswer> {
  for (;;) {
    const heads = (await storage.read('t', [headOf('hot', 'a'), headOf('hot', 'b')])) as readonly Head[]
    const [answer] = await storage.commit([unit(no, heads)])
    if (answer!.outcome !== 'conflict') return answer!
  }
}

for (let no = 0; no < Number(commits); no++) {
  const { outcome } = await attempt(no)
  process.stdout.write(`${outcome} ${name}/${no}\n`)
}
await storage.close()
await pool?.end()
