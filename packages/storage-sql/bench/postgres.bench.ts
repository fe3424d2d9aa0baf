import { type Context, commit, createService, type Operation, read } from '@patronkit/core/service'
import { type Add, get, type Head, headOf, laneOf, type Unit } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import type pg from 'pg'
import { table as markdown, median, time } from '../../../bench/measure.ts'
import { type Server, startServer } from '../test/postgres-server.ts'
import { accountAt, accounts, asks, counters, earning, fill, SALT, SUBJECTS, schema, seal, TENANT } from './ledger.ts'
import type { Measured } from './storage.bench.ts'

const CONNECTIONS = 8
const IN_FLIGHT = 64
const ROUNDS = 5
const WARM = 2

/**
 * An earning in PL/pgSQL, in one call: locks the head and holds it against the version it was decided on, looks at the
 * account, takes the key, writes all. The event is sealed by the client and comes as parameters, as it does to the engine.
 */
const EARN = `create function bench.earn(id_ text, was int8, key_ text, at_ int8, chain_ text, body_ text, body_hash_ text, hash_ text)
returns text language plpgsql as $$
declare h bench.head; points_ int8;
begin
  select * into h from bench.head where tenant = '${TENANT}' and kind = 'bench' and subject = id_ for update;
  if h.version is distinct from was then return 'conflict'; end if;
  select points into points_ from bench.bench_account where tenant = '${TENANT}' and id = id_;
  insert into bench.bench_key (tenant, key, answer) values ('${TENANT}', key_, '{"points":10}') on conflict do nothing;
  if not found then return 'taken'; end if;
  update bench.head set version = was + 1, last_at = at_, seq = h.seq + 1, chain = chain_
    where tenant = '${TENANT}' and kind = 'bench' and subject = id_;
  insert into bench.bench_posting (tenant, account, no, points, note) values ('${TENANT}', id_, was + 1, 10, 'earned');
  update bench.bench_account set points = points_ + 10 where tenant = '${TENANT}' and id = id_;
  insert into bench.event (tenant, kind, subject, seq, type, v, effective_at, recorded_at, actor, body, salt, body_hash, hash, lane)
    values ('${TENANT}', 'bench', id_, h.seq + 1, 'bench.earned', 1, at_, at_, '{"id":"bench","type":"system"}', body_,
      '${SALT}', body_hash_, hash_, ${laneOf(TENANT)});
  return 'done';
end $$`

const CLAIM = `update bench.timer as t set lease = $1, lease_until = $2 from (
    select tenant, queue, key from bench.timer where queue = 'bench' and lease is null and parked is false and due_at <= $3
    order by due_at limit 50 for update skip locked) as r
  where t.tenant = r.tenant and t.queue = r.queue and t.key = r.key
  returning t.tenant, t.queue, t.key, t.due_at, t.generation, t.attempts`

interface Ledger {
  earn(i: { id: string; key: string }): Promise<void>
  move(i: { from: string; to: string }): Promise<void>
}

/** What is measured beside what: each does its work `times` times. */
interface Job {
  readonly name: string
  readonly times: number
  readonly raw: (times: number) => Promise<void>
  readonly engine: (times: number) => Promise<void>
}

/** So many at once, each beginning its next when its last is done. */
async function atOnce(width: number, times: number, work: () => Promise<void>): Promise<void> {
  let left = times
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) await work()
    }),
  )
}

/** One server, filled and analysed, with the engine and the raw side on one pool. */
async function stage(server: Server) {
  const pool = server.pool(CONNECTIONS)
  const storage = postgresStorage({ connection: fromPg(pool), schema: 'bench' })
  const heads = await fill(storage, true)
  await pool.query(EARN)
  await pool.query('vacuum analyze')
  let no = 0
  // neighbours in flight never meet on one account
  const next = () => ({ id: accountAt(++no), key: `order ${no}`, at: no })
  const expect = (found: unknown, wanted: unknown) => {
    if (found !== wanted) throw new Error(`expected ${wanted}, found ${JSON.stringify(found)}`)
  }

  /** The raw side keeps the heads in memory and seals on them, so that it needs no reading of its own. */
  const raw = async () => {
    const { id, key, at } = next()
    const from = heads.get(id)!
    const {
      events: [event],
      chain,
    } = seal(from, id, at)
    heads.set(id, { version: from.version + 1, lastAt: at, seq: from.seq + 1, chain })
    const values = [id, String(from.version), key, String(at), chain, event!.body, event!.bodyHash, event!.hash]
    const { rows } = await pool.query({ name: 'earn', text: 'select bench.earn($1, $2, $3, $4, $5, $6, $7, $8)', values, rowMode: 'array' })
    expect(rows[0]![0], 'done')
  }
  const commitOn = async (head: Head, about: { id: string; key: string; at: number }) => {
    const unit = earning(head, about)
    heads.set(about.id, unit.heads[0]!.to)
    const [answer] = await storage.commit([unit])
    expect(answer!.outcome, 'done')
  }
  /** The commit alone, on a head that is known, as the raw side knows it. */
  const unit = async () => {
    const about = next()
    await commitOn(heads.get(about.id)!, about)
  }
  const command = async () => {
    const about = next()
    const [head] = await storage.read(TENANT, asks(about.id))
    await commitOn(head as Head, about)
  }

  function* earn(_: Context, { id, key }: { id: string; key: string }): Operation<void> {
    const [head] = yield* read(_, headOf('bench', id), get(accounts, { id }))
    const unit = earning(head, { id, key, at: ++no })
    yield* commit([unit])
    heads.set(id, unit.heads[0]!.to)
  }
  /** Two heads, and a counter that all share and that ends at its bound. */
  function* move(_: Context, { from, to }: { from: string; to: string }): Operation<void> {
    const both = yield* read(_, headOf('bench', from), headOf('bench', to))
    const moves = [from, to].map((subject, i) => ({
      kind: 'bench',
      subject,
      from: both[i]!,
      to: { ...both[i]!, version: both[i]!.version + 1 },
    }))
    const add: Add = { table: counters, key: { id: 'cap' }, column: 'given', by: 1, max: 500 }
    yield* commit([{ tenant: TENANT, heads: moves, adds: [add], writes: [], events: [], timers: [] } satisfies Unit])
  }
  const service = createService<Ledger>({ storage }, { name: 'ledger', schema, verbs: { earn, move } })
  const ledger = service.for({ tenant: TENANT, by: { type: 'system', id: 'bench' } })
  const served = () => ledger.earn(next())

  let lease = 0
  const claims = { queues: ['bench'], now: SUBJECTS, limit: 50, leaseMs: 60_000 }
  const claim = async () => expect((await storage.claim({ ...claims, lease: `l${++lease}` })).length, 50)
  const rawClaim = async () => {
    const { rows } = await pool.query({ name: 'claim', text: CLAIM, values: [`l${++lease}`, String(SUBJECTS + 60_000), String(SUBJECTS)] })
    expect(rows.length, 50)
  }
  const jobs: readonly Job[] = [
    ...([1, CONNECTIONS] as const).flatMap((width): readonly Job[] => {
      const times = width === 1 ? 400 : 1_600
      const where = width === 1 ? 'one at a time' : `${width} connections`
      const by = (work: () => Promise<void>) => (n: number) => atOnce(width, n, work)
      return [
        { name: `lone unit, ${where}`, times, raw: by(raw), engine: by(unit) },
        { name: `lone command, a read and then its unit, ${where}`, times, raw: by(raw), engine: by(command) },
      ]
    }),
    {
      name: `${IN_FLIGHT} commands in flight, ${CONNECTIONS} connections`,
      times: 3_200,
      raw: (n) => atOnce(IN_FLIGHT, n, raw),
      engine: (n) => atOnce(IN_FLIGHT, n, served),
    },
    { name: 'claim of 50 timers', times: 40, raw: (n) => atOnce(1, n, rawClaim), engine: (n) => atOnce(1, n, claim) },
  ]

  /** Many commands over two heads each and one counter: how many went in, and where the counter stands. */
  const exact = async (): Promise<boolean> => {
    let done = 0
    const all = Array.from({ length: 700 }, (_, i) => ledger.move({ from: accountAt(2 * i), to: accountAt(2 * i + 1) }))
    for (const { status } of await Promise.allSettled(all)) if (status === 'fulfilled') done++
    const [row] = (await storage.read(TENANT, [get(counters, { id: 'cap' })])) as [{ given: number }]
    return done === 500 && row.given === 500
  }
  return { pool, jobs, exact }
}

/** Milliseconds a time, by turns; between rounds the server cleans up and what was leased is free again. */
async function timesOf(pool: pg.Pool, jobs: readonly Job[]) {
  const found = jobs.map(() => ({ raw: [] as number[], engine: [] as number[] }))
  for (let round = 0; round < ROUNDS + WARM; round++) {
    await pool.query('update bench.timer set lease = null, lease_until = null where lease is not null')
    await pool.query('vacuum analyze')
    await pool.query('checkpoint')
    for (const [j, job] of jobs.entries()) {
      for (const who of round % 2 ? (['raw', 'engine'] as const) : (['engine', 'raw'] as const)) {
        // analysing threw the plans away, on each connection: both sides make them anew before the clock starts
        await job[who](Math.ceil(job.times / 8))
        const start = process.hrtime.bigint()
        await job[who](job.times)
        // the first rounds warm plans and caches
        if (round >= WARM) found[j]![who].push(Number(process.hrtime.bigint() - start) / job.times)
      }
    }
  }
  return found
}

async function measureOn(o: { readonly durable: boolean }) {
  const server = await startServer(o)
  try {
    const { pool, jobs, exact } = await stage(server)
    const times = await timesOf(pool, jobs)
    const ratios = times.map(({ raw, engine }) => median(raw.map((ns, i) => ns / engine[i]!)))
    const rows = jobs.map(({ name }, j) => [
      name,
      `${ratios[j]!.toFixed(2)} ×`,
      time(median(times[j]!.engine)),
      time(median(times[j]!.raw)),
    ])
    return { ratios, rows, exact: await exact() }
  } finally {
    await server.stop()
  }
}

/** The engine against one server-side function, and against a claim by hand, over one pool of pg. */
export async function postgresBench(): Promise<Measured> {
  const durable = await measureOn({ durable: true })
  const busy = await measureOn({ durable: false })
  const head = (where: string) => [where, 'throughput of the engine, raw = 1', 'engine', 'raw']
  const note = `A unit is the commit of one head, a key, two rows and an event; a command reads head and account first. Raw is one warmed PL/pgSQL function that
does the same in one call (head locked and held against its version, account read, key taken, all written), on heads that its client knows; a claim
by hand for the claims. Both seal the event in the client, and have planned their statements before the clock starts. ${SUBJECTS.toLocaleString('en')} subjects and timers, analysed; median of ${ROUNDS} rounds by turns; server and client share the machine. Two heads and a counter bounded at
500, 700 commands in flight: ${durable.exact && busy.exact ? 'exactly 500 went in' : 'NOT exact'}.`
  const report = [
    markdown(head('PostgreSQL 18 as it comes (a commit waits for the disk)'), durable.rows),
    markdown(head('with fsync off (the processor alone)'), busy.rows),
    note,
  ].join('\n\n')
  const target = (what: string, is: number, least: number) => ({
    what: `${what} at ${least} × or more`,
    is: `${is.toFixed(2)} ×`,
    met: is >= least,
  })
  const [, , lone, , flying, claimed] = durable.ratios as [number, number, number, number, number, number]
  return {
    report,
    targets: [
      target('a lone unit on Postgres, of one function', lone, 0.8),
      target(`${IN_FLIGHT} commands in flight on Postgres, of that function`, flying, 3),
      target('a claim of fifty on Postgres, of a claim by hand', claimed, 0.6),
      {
        what: 'two heads and a counter under grouping are exact',
        is: String(durable.exact && busy.exact),
        met: durable.exact && busy.exact,
      },
    ],
  }
}
