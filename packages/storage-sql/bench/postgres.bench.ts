// Reads and commits against one server-side function that does the same in one call, over 8 connections of pg.
// Run from the root: node --conditions=patronkit-source packages/storage-sql/bench/postgres.bench.ts
import {
  get,
  type Head,
  headOf,
  integer,
  laneOf,
  NO_HEAD,
  type PackageSchema,
  sealEvents,
  table,
  text,
  type Unit,
} from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { startServer } from '../test/postgres-server.ts'

const accounts = table('bench_account', { id: text(), points: integer() }, { key: ['id'], subject: ['id'] })
const postings = table(
  'bench_posting',
  { account: text(), no: integer(), points: integer(), note: text() },
  { key: ['account', 'no'], subject: ['account'] },
)
const schema: PackageSchema = {
  package: 'bench',
  tables: [accounts, postings],
  migrations: [{ id: 1, about: 'the tables', steps: [{ addTable: accounts }, { addTable: postings }] }],
}

const WRITERS = 8
const EACH = 400
const ROUNDS = 5

/** One earning: the head moves on, the account changes, a posting and an event go in. */
function unitOf(id: string, from: Head): Unit {
  const sealed = sealEvents(from, [{ type: 'bench.happened', v: 1, at: 1, data: { account: id, points: 10 } }], {
    tenant: 'acme',
    kind: 'bench',
    subject: id,
    actor: { type: 'system', id: 'bench' },
    recordedAt: 1,
    causation: null,
    correlation: null,
    salt: () => '0123456789abcdef0123456789abcdef',
  })
  const to = { version: from.version + 1, lastAt: 1, seq: from.seq + 1, chain: sealed.chain }
  return {
    tenant: 'acme',
    heads: [{ kind: 'bench', subject: id, from, to }],
    writes: [
      from.version === 0
        ? { write: 'insert', table: accounts, row: { id, points: 0 } }
        : { write: 'change', table: accounts, key: { id }, set: { points: from.version * 10 } },
      { write: 'insert', table: postings, row: { account: id, no: to.version, points: 10, note: 'a note' } },
    ],
    events: sealed.events,
    timers: [],
  }
}

/** The same in PL/pgSQL: reads the head, checks it, writes everything; warmed before it is timed. */
const FUNCTION = `create function bench.earn(t text, id_ text, chain_ text, hash_ text, body_ text) returns text language plpgsql as $$
declare h bench.head; n int8;
begin
  select * into h from bench.head where tenant = t and kind = 'bench' and subject = id_ for update;
  perform points from bench.bench_account where tenant = t and id = id_;
  update bench.head set version = version + 1, last_at = 1, seq = seq + 1, chain = chain_ where tenant = t and kind = 'bench' and subject = id_;
  update bench.bench_account set points = h.version * 10 where tenant = t and id = id_;
  insert into bench.bench_posting values (t, id_, h.version + 1, 10, 'a note');
  insert into bench.event (tenant, kind, subject, seq, type, v, effective_at, recorded_at, actor, body, salt, body_hash, hash, lane)
    values (t, 'bench', id_, h.seq + 1, 'bench.happened', 1, 1, 1, '{"id":"bench","type":"system"}', body_,
      '0123456789abcdef0123456789abcdef', hash_, hash_, ${laneOf('acme')});
  return 'done';
end $$`

const server = await startServer()
const pool = server.pool(WRITERS)
const storage = postgresStorage({ connection: fromPg(pool), schema: 'bench' })
storage.declare(schema)
await storage.schema.migrate()
await pool.query(FUNCTION)

const SUBJECTS = 64 * WRITERS
const ids = Array.from({ length: SUBJECTS }, (_, i) => `account-${i}`)
await storage.commit(ids.map((id) => unitOf(id, NO_HEAD)))
await pool.query('vacuum analyze')
const mine = (writer: number, n: number) => ids[writer * 64 + (n % 64)]!
const each = async (work: (writer: number) => Promise<void>) => {
  const start = performance.now()
  await Promise.all(Array.from({ length: WRITERS }, (_, i) => work(i)))
  return performance.now() - start
}
const headsOf = async (subjects: readonly string[]) =>
  (await storage.read(
    'acme',
    subjects.map((id) => headOf('bench', id)),
  )) as Head[]

const kinds: { readonly [name: string]: () => Promise<number> } = {
  'one function a command': async () => {
    const hash = 'f'.repeat(64)
    const took = await each(async (writer) => {
      for (let n = 0; n < EACH; n++) {
        const values = ['acme', mine(writer, n), hash, hash, '{"account":"account-1","points":10}']
        await pool.query({ name: 'earn', text: 'select bench.earn($1, $2, $3, $4, $5)', values })
      }
    })
    return (WRITERS * EACH * 1_000) / took
  },
  'a read and a lone unit a command': async () => {
    const took = await each(async (writer) => {
      for (let n = 0; n < EACH; n++) {
        const id = mine(writer, n)
        const [head] = await storage.read('acme', [headOf('bench', id), get(accounts, { id })])
        const [answer] = await storage.commit([unitOf(id, head as Head)])
        if (answer?.outcome !== 'done') throw new Error(JSON.stringify(answer))
      }
    })
    return (WRITERS * EACH * 1_000) / took
  },
  'a read and 64 units a commit': async () => {
    const took = await each(async (writer) => {
      const subjects = ids.slice(writer * 64, writer * 64 + 64)
      for (let n = 0; n < EACH / 16; n++) {
        const heads = await headsOf(subjects)
        const answers = await storage.commit(subjects.map((id, i) => unitOf(id, heads[i]!)))
        if (answers.some((answer) => answer.outcome !== 'done')) throw new Error(JSON.stringify(answers))
      }
    })
    return ((WRITERS * EACH) / 16) * 64 * (1_000 / took)
  },
}

const rates = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, run] of Object.entries(kinds)) {
    const rate = await run()
    // the first round warms plans and caches
    if (round > 0) rates.get(name)!.push(rate)
  }
  await pool.query('vacuum')
}
const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!
const base = median(rates.get('one function a command')!)
for (const [name, all] of rates) {
  console.log(`${name.padEnd(36)} ${Math.round(median(all)).toString().padStart(7)} a second   ${(median(all) / base).toFixed(2)}`)
}
await server.stop()
