import { hash } from 'node:crypto'
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

/** What the two by hand are given for an earning; both write into a copy of our tables, the same rows. */
const GIVEN = ['account', 'id', 'content', 'answer', 'body', 'body_hash', 'earnings'] as const

const sha = (text: string): string => hash('sha256', text)

/** The texts of an earning, as a shop makes them that knows its one programme. */
function textsOf(account: string, id: string): readonly string[] {
  const posting = `earn/${id}`
  const points = 21
  const total = eur('21.90')
  const pinned = { id: 'stars', version: 1, hash: HASH }
  const lines = [{ code: 'loyalty/rule', data: { rule: 'earn-1', currency: 'star', points, why: 'spend' } }]
  const counted = [{ points: 1, base: '21.9', per: '1.00', rounding: 'floor' }]
  const terms = { counted, factor: '1', added: 0, cap: null, earned: points }
  const earnings = [{ currency: 'star', posting, terms, clawedBack: 0, lapsed: 0 }]
  const iso = new Date(START).toISOString()
  const expiresAt = new Date(GOES).toISOString()
  const lot = { lot: posting, currency: 'star', points, remaining: points, earnedAt: iso, availableAt: iso, expiresAt }
  const record = { id, value: total, refunded: '0', policy: { policy: 'kept-spend' }, earnings, spends: [] }
  const why = { points, lines, programme: pinned, uses: [] }
  const body = JSON.stringify({ posting, lots: [lot], debtPaid: {}, source: { order: id }, record, counters: {}, why })
  const request = { account, programme: 'stars', order: { id, total } }
  const content = Object.fromEntries(
    Object.entries(request).map(([name, value]) => [name, sha(`${SALT}${name}\n${JSON.stringify(value)}`)]),
  )
  const answer = {
    ...{ points, lots: [{ lot: posting, points, expiresAt: GOES }], lines, posted: -1, available: -1, held: 0, pending: 0, debt: 0 },
    ...{ nextExpiry: { points: -1, at: GOES }, id: posting, account, programme: pinned, currency: 'star', until: null },
  }
  const texts = { account, id, content: JSON.stringify(content), answer: JSON.stringify(answer), body, body_hash: sha(SALT + body) }
  return [...Object.values(texts), JSON.stringify(earnings)]
}

const HASH = 'f3439c42ba42402fdf89ba602fe57efe1d8947f2bc31f6cac2c86acefe93766d'
const SALT = 'b4341f19a60d66d23b918a41f9dfbe46'
const GOES = START + 396 * 86_400_000
const ENVELOPE = `'["shop","loyalty-account","stars/' || $1 || '",' || $8 || ',"loyalty.earned",1,${START},${START},"bench",null,null]'`

/**
 * The statements of an earning. $1 to $7 are what is given, $8 the seq of the event, $9 the end of the chain before it,
 * $10 the points after it; each statement uses some of them.
 */
const SQL = {
  begins: `insert into raw.head (tenant, kind, subject, version, last_at, seq, chain)
    values ('shop', 'loyalty-account', 'stars/' || $1, 0, 0, 0, '') on conflict do nothing`,
  head: `select seq, chain from raw.head where tenant = 'shop' and kind = 'loyalty-account' and subject = 'stars/' || $1 for update`,
  account: `insert into raw.loyalty_account (tenant, programme, account, zone, opened_at, as_of, active_at, frozen, currency, posted, held,
      debt, others, settled_from, timer_at)
    values ('shop', 'stars', $1, 'UTC', ${START}, ${START}, ${START}, false, 'star', 21, 0, 0, '{}', 0, ${GOES})
    on conflict (tenant, programme, account) do update set posted = raw.loyalty_account.posted + 21`,
  key: `insert into raw.command_key (tenant, command, key, salt, content, answer, at)
    values ('shop', 'loyalty.earn', $2, '${SALT}', $3, replace($4, '-1', $10), ${START}) on conflict do nothing`,
  lot: `insert into raw.loyalty_lot (tenant, programme, account, lot, currency, posting, points, remaining, held, expired, earned_at,
      available_at, goes_at, free_since, open)
    values ('shop', 'stars', $1, 'earn/' || $2, 'star', 'earn/' || $2, 21, 21, 0, 0, ${START}, ${START}, ${GOES}, ${START}, true)`,
  posting: `insert into raw.loyalty_posting (tenant, posting, programme, account, seq) values ('shop', 'earn/' || $2, 'stars', $1, $8::int8)`,
  entry: `insert into raw.loyalty_entry (tenant, programme, account, seq, no, currency, out_of, "into", points, at, recorded_at)
    values ('shop', 'stars', $1, $8::int8, 1, 'star', 'issued', 'points', 21, ${START}, ${START})`,
  order: `insert into raw.loyalty_order (tenant, order_id, programme, account, value, refunded, policy, earnings, spends)
    values ('shop', $2, 'stars', $1, '{"amount":"21.90","currency":"EUR"}', '0', '{"policy":"kept-spend"}', $7, '[]')`,
  event: `insert into raw.event (tenant, kind, subject, seq, type, v, effective_at, recorded_at, actor, body, salt, body_hash, hash, lane)
    values ('shop', 'loyalty-account', 'stars/' || $1, $8::int8, 'loyalty.earned', 1, ${START}, ${START}, '{"id":"bench","type":"system"}', $5,
      '${SALT}', $6, encode(sha256(convert_to($9 || ${ENVELOPE} || $6, 'UTF8')), 'hex'), 41) returning hash`,
  moves: `update raw.head set version = version + 1, last_at = ${START}, seq = $8::int8, chain = $9
    where tenant = 'shop' and kind = 'loyalty-account' and subject = 'stars/' || $1`,
} as const

/** The statements with the variables of a function in place of parameters. */
function inFunction(text: string): string {
  const names = [...GIVEN.map((name) => `${name}_`), 'seq_::text', 'chain_', 'posted_::text']
  return text.replace(/\$(\d+)/g, (_, n: string) => names[Number(n) - 1]!)
}

const EARN = `create function raw.earn(${GIVEN.map((name) => `${name}_ text`).join(', ')}) returns text language plpgsql as $$
declare seq_ int8; chain_ text; posted_ int8;
begin
  ${inFunction(SQL.head).replace('select seq, chain', 'select seq, chain into seq_, chain_')};
  if not found then
    ${inFunction(SQL.begins)};
    ${inFunction(SQL.head).replace('select seq, chain', 'select seq, chain into seq_, chain_')};
  end if;
  seq_ := seq_ + 1;
  ${inFunction(SQL.account)} returning posted into posted_;
  ${inFunction(SQL.key)};
  if not found then return 'taken'; end if;
  ${[SQL.lot, SQL.posting, SQL.entry, SQL.order].map(inFunction).join(';\n  ')};
  ${inFunction(SQL.event)} into chain_;
  ${inFunction(SQL.moves)};
  return posted_::text;
end $$`

/** So many at once, each beginning its next when its last is done. */
async function atOnce(width: number, times: number, work: () => Promise<unknown>): Promise<void> {
  let left = times
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) await work()
    }),
  )
}

/** One earning in a transaction of round trips, as hosts write it by hand. */
async function interactive(pool: pg.Pool, account: string, id: string): Promise<void> {
  const client = await pool.connect()
  const given: (string | undefined)[] = [...textsOf(account, id)]
  const run = async (name: keyof typeof SQL, more = '') => {
    // a statement is given the parameters it uses, by their order
    const used = [...new Set([...SQL[name].matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)))].sort((a, b) => a - b)
    const text = SQL[name].replace(/\$(\d+)/g, (_, n: string) => `$${used.indexOf(Number(n)) + 1}::text`)
    const { rows } = await client.query({ name, text: text + more, values: used.map((n) => given[n - 1]) })
    return rows[0] as { seq: string; chain: string; posted: string; hash: string }
  }
  try {
    await client.query('begin')
    await run('begins')
    const { seq, chain } = await run('head')
    given[7] = String(Number(seq) + 1)
    given[8] = chain
    given[9] = (await run('account', ' returning posted')).posted
    for (const name of ['key', 'lot', 'posting', 'entry', 'order'] as const) await run(name)
    given[8] = (await run('event')).hash
    await run('moves')
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
    const copy = postgresStorage({ connection: fromPg(pool), schema: 'raw' })
    createLoyalty({ storage: copy })
    await copy.schema.migrate()
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
      return pool.query({ name: 'earn', text: 'select raw.earn($1, $2, $3, $4, $5, $6, $7)', values: [...textsOf(who, `f${no}`)] })
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
