import { createHash } from 'node:crypto'
import { createLoyalty } from '@patronkit/loyalty-points'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import type pg from 'pg'
import { median } from '../../../bench/measure.ts'
import { startServer } from '../../storage-sql/test/postgres-server.ts'
import { ACCOUNTS, eur, type Line, type Measured, perSecond, programme, START } from './programme.ts'

const CONNECTIONS = 8
const IN_FLIGHT = 64
const ROUNDS = 3
const WARM = 1

/** The same rows as one earning writes: key, head, account, lot, posting, entry, order, event. */
const TABLES = `create schema raw;
  create table raw.k (tenant text, command text, key text, answer text, primary key (tenant, command, key));
  create table raw.head (tenant text, account text, version int8, chain text, primary key (tenant, account));
  create table raw.account (tenant text, account text, posted int8, timer_at int8, primary key (tenant, account));
  create index on raw.account (tenant, posted);
  create table raw.lot (tenant text, account text, lot text, points int8, remaining int8, goes_at int8, open bool, primary key (tenant, account, lot));
  create index on raw.lot (tenant, account, open, goes_at, lot);
  create table raw.posting (tenant text, posting text, account text, seq int8, primary key (tenant, posting));
  create table raw.entry (tenant text, account text, seq int8, out_of text, into_book text, points int8, at int8, primary key (tenant, account, seq));
  create table raw.orders (tenant text, id text, account text, value text, terms text, primary key (tenant, id));
  create table raw.event (tenant text, account text, seq int8, type text, at int8, body text, hash text, primary key (tenant, account, seq));`

const EARN = `create function raw.earn(account_ text, id_ text, points_ int8, body_ text, body_hash text, at_ int8, goes_ int8)
returns int8 language plpgsql as $$
declare h raw.head; posted_ int8; hash_ text;
begin
  insert into raw.head values ('shop', account_, 0, '') on conflict do nothing;
  select * into h from raw.head where tenant = 'shop' and account = account_ for update;
  insert into raw.k values ('shop', 'earn', id_, '{}') on conflict do nothing;
  if not found then return -1; end if;
  hash_ := encode(sha256(convert_to(h.chain || body_hash, 'UTF8')), 'hex');
  insert into raw.account values ('shop', account_, points_, goes_)
    on conflict (tenant, account) do update set posted = raw.account.posted + points_, timer_at = goes_ returning posted into posted_;
  insert into raw.lot values ('shop', account_, id_, points_, points_, goes_, true);
  insert into raw.posting values ('shop', id_, account_, h.version + 1);
  insert into raw.entry values ('shop', account_, h.version + 1, 'issued', 'points', points_, at_);
  insert into raw.orders values ('shop', id_, account_, '21.90', '{"points":1,"per":"1.00"}');
  insert into raw.event values ('shop', account_, h.version + 1, 'earned', at_, body_, hash_);
  update raw.head set version = h.version + 1, chain = hash_ where tenant = 'shop' and account = account_;
  update raw.k set answer = posted_::text where tenant = 'shop' and command = 'earn' and key = id_;
  return posted_;
end $$`

const sha = (text: string) => createHash('sha256').update(text).digest('hex')

/** So many at once, each beginning its next when its last is done. */
async function atOnce(width: number, times: number, work: () => Promise<unknown>): Promise<void> {
  let left = times
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) await work()
    }),
  )
}

const GOES = String(START + 365 * 86_400_000)

/** One earning in a transaction of nine round trips, as hosts write it by hand. */
async function interactive(pool: pg.Pool, account: string, id: string): Promise<void> {
  const client = await pool.connect()
  const run = (name: string, text: string, values: readonly string[]) => client.query({ name, text, values: [...values] })
  try {
    const body = JSON.stringify({ posting: id, points: 21, order: id })
    await client.query('begin')
    await run('h0', `insert into raw.head values ('shop', $1, 0, '') on conflict do nothing`, [account])
    const { rows } = await run('h1', `select version, chain from raw.head where tenant = 'shop' and account = $1 for update`, [account])
    const { version, chain } = rows[0] as { version: string; chain: string }
    const seq = String(Number(version) + 1)
    const hash = sha(chain + sha(body))
    await run('k', `insert into raw.k values ('shop', 'earn', $1, '{}')`, [id])
    await run(
      'a',
      `insert into raw.account values ('shop', $1, 21, $2) on conflict (tenant, account) do update set posted = raw.account.posted + 21, timer_at = $2`,
      [account, GOES],
    )
    await run('l', `insert into raw.lot values ('shop', $1, $2, 21, 21, $3, true)`, [account, id, GOES])
    await run('p', `insert into raw.posting values ('shop', $1, $2, $3)`, [id, account, seq])
    await run('e', `insert into raw.entry values ('shop', $1, $2, 'issued', 'points', 21, $3)`, [account, seq, String(START)])
    await run('o', `insert into raw.orders values ('shop', $1, $2, '21.90', '{"points":1}')`, [id, account])
    await run('v', `insert into raw.event values ('shop', $1, $2, 'earned', $3, $4, $5)`, [account, seq, String(START), body, hash])
    await run('h2', `update raw.head set version = $2, chain = $3 where tenant = 'shop' and account = $1`, [account, seq, hash])
    await client.query('commit')
  } finally {
    client.release()
  }
}

export async function postgresBench(): Promise<Measured> {
  const server = await startServer({ durable: true })
  try {
    const pool = server.pool(CONNECTIONS)
    const storage = postgresStorage({ connection: fromPg(pool), schema: 'ours' })
    const service = createLoyalty({ storage })
    await storage.schema.migrate()
    await pool.query(TABLES)
    await pool.query(EARN)
    const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'bench' } })
    await loyalty.publish({ definition: programme })
    let no = 0
    const spread = () => `c_${(++no * 7_919) % ACCOUNTS}`
    const hot = () => {
      no++
      return 'hot'
    }
    const ours = (account: () => string) => () => {
      const who = account()
      return loyalty.earn({ idempotencyKey: `o${no}`, account: who, programme: 'stars', order: { id: `o${no}`, total: eur('21.90') } })
    }
    const fn = (account: () => string) => () => {
      const who = account()
      const body = JSON.stringify({ posting: `f${no}`, points: 21, order: `f${no}` })
      const values = [who, `f${no}`, '21', body, sha(body), String(START), GOES]
      return pool.query({ name: 'earn', text: 'select raw.earn($1, $2, $3, $4, $5, $6, $7)', values })
    }
    const plain = () => interactive(pool, spread(), `i${no}`)
    const jobs = [
      { name: 'lone commands, beside the function', width: 1, times: 300, raw: fn(spread), mine: ours(spread) },
      {
        name: `${ACCOUNTS.toLocaleString('en')} accounts, ${IN_FLIGHT} in flight, beside the function`,
        width: IN_FLIGHT,
        times: 2_000,
        raw: fn(spread),
        mine: ours(spread),
      },
      {
        name: `${ACCOUNTS.toLocaleString('en')} accounts, ${IN_FLIGHT} in flight, beside interactive transactions`,
        width: IN_FLIGHT,
        times: 1_200,
        raw: plain,
        mine: ours(spread),
      },
      { name: `one hot account, ${IN_FLIGHT} in flight, beside the function`, width: IN_FLIGHT, times: 600, raw: fn(hot), mine: ours(hot) },
    ] as const
    const found = jobs.map(() => ({ raw: [] as number[], mine: [] as number[] }))
    for (let round = 0; round < ROUNDS + WARM; round++) {
      await pool.query('vacuum analyze')
      for (const [j, job] of jobs.entries()) {
        for (const side of ['raw', 'mine'] as const) {
          const start = process.hrtime.bigint()
          await atOnce(job.width, job.times, job[side])
          if (round >= WARM) found[j]![side].push(Number(process.hrtime.bigint() - start) / job.times)
        }
      }
    }
    const ratios = found.map(({ raw, mine }) => median(raw.map((ns, i) => ns / mine[i]!)))
    const lines = jobs.map(
      ({ name }, j): Line => [
        `Postgres: earn, ${name}`,
        perSecond(median(found[j]!.mine)),
        perSecond(median(found[j]!.raw)),
        `${ratios[j]!.toFixed(2)} ×`,
      ],
    )
    const target = (j: number, least: number, what: string) => ({ what, is: `${ratios[j]!.toFixed(2)} ×`, met: ratios[j]! >= least })
    return {
      lines,
      targets: [
        target(0, 0.5, 'lone commands on Postgres at half of a warmed function'),
        target(1, 2, '64 in flight on Postgres at twice the function'),
        target(2, 5, '64 in flight on Postgres at five times interactive transactions'),
        target(3, 1.5, 'one hot account on Postgres at 1.5 times the function by its queue'),
      ],
    }
  } finally {
    await server.stop()
  }
}
