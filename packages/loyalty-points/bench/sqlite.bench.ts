import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { manualClock } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { createLoyalty, type Loyalty } from '@patronkit/loyalty-points'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { median, time } from '../../../bench/measure.ts'
import { ACCOUNTS, eur, type Line, type Measured, perSecond, programme, START } from './programme.ts'

const ROUNDS = 5
const WARM = 1
const COMMANDS = 2_000
const BATCH = 500

/** The same rows by hand: key, head, account, lot, posting, entry, order and a hashed event, prepared once, native parameters. */
function byHand(file: string) {
  const db = new DatabaseSync(file)
  db.exec(`pragma journal_mode = wal; pragma synchronous = normal;
    create table k (tenant text, command text, key text, answer text, primary key (tenant, command, key)) without rowid;
    create table head (tenant text, account text, version int, chain text, primary key (tenant, account)) without rowid;
    create table account (tenant text, account text, posted int, timer_at int, primary key (tenant, account)) without rowid;
    create index by_posted on account (tenant, posted);
    create table lot (tenant text, account text, lot text, points int, remaining int, goes_at int, open int, primary key (tenant, account, lot)) without rowid;
    create index in_use on lot (tenant, account, open, goes_at, lot);
    create table posting (tenant text, posting text, account text, seq int, primary key (tenant, posting)) without rowid;
    create table entry (tenant text, account text, seq int, out_of text, into_book text, points int, at int, primary key (tenant, account, seq)) without rowid;
    create table orders (tenant text, id text, account text, value text, terms text, primary key (tenant, id)) without rowid;
    create table spend (tenant text, spend text, account text, taken text, primary key (tenant, spend)) without rowid;
    create table event (tenant text, account text, seq int, type text, at int, body text, hash text, primary key (tenant, account, seq)) without rowid;`)
  const statement = (text: string) => db.prepare(text)
  const [begin, end] = [statement('begin immediate'), statement('commit')]
  const key = statement('insert into k values (?,?,?,?) on conflict do nothing')
  const head = statement('select version, chain from head where tenant = ? and account = ?')
  const setHead = statement(
    'insert into head values (?,?,?,?) on conflict (tenant, account) do update set version = excluded.version, chain = excluded.chain',
  )
  const account = statement('select posted from account where tenant = ? and account = ?')
  const setAccount = statement(
    'insert into account values (?,?,?,?) on conflict (tenant, account) do update set posted = excluded.posted, timer_at = excluded.timer_at',
  )
  const addLot = statement('insert into lot values (?,?,?,?,?,?,1)')
  const openLots = statement('select lot, remaining from lot where tenant = ? and account = ? and open = 1 order by goes_at, lot limit 32')
  const setLot = statement('update lot set remaining = ?, open = ? where tenant = ? and account = ? and lot = ?')
  const posting = statement('insert into posting values (?,?,?,?)')
  const entry = statement('insert into entry values (?,?,?,?,?,?,?)')
  const order = statement('insert into orders values (?,?,?,?,?)')
  const spend = statement('insert into spend values (?,?,?,?)')
  const event = statement('insert into event values (?,?,?,?,?,?,?)')
  const sha = (text: string) => createHash('sha256').update(text).digest('hex')

  const earn = (who: string, id: string, points: number) => {
    const { version, chain } = (head.get('shop', who) as { version: number; chain: string } | undefined) ?? { version: 0, chain: '' }
    const posted = (account.get('shop', who) as { posted: number } | undefined)?.posted ?? 0
    const answer = JSON.stringify({ id, points, posted: posted + points })
    if (key.run('shop', 'earn', id, answer).changes !== 1) throw new Error('taken')
    const seq = version + 1
    const body = JSON.stringify({ posting: id, points, order: id, goesAt: START + 365 * 86_400_000 })
    addLot.run('shop', who, id, points, points, START + 365 * 86_400_000)
    setAccount.run('shop', who, posted + points, START + 365 * 86_400_000)
    posting.run('shop', id, who, seq)
    entry.run('shop', who, seq, 'issued', 'points', points, START)
    order.run('shop', id, who, '21.90', '{"points":1,"per":"1.00"}')
    const hash = sha(chain + sha(body))
    event.run('shop', who, seq, 'earned', START, body, hash)
    setHead.run('shop', who, seq, hash)
  }
  const redeem = (who: string, id: string, points: number) => {
    const { version, chain } = head.get('shop', who) as { version: number; chain: string }
    const { posted } = account.get('shop', who) as { posted: number }
    if (posted < points) throw new Error('short')
    if (key.run('shop', 'redeem', id, JSON.stringify({ id, points, posted: posted - points })).changes !== 1) throw new Error('taken')
    const seq = version + 1
    const taken: { lot: string; points: number }[] = []
    let left = points
    for (const { lot, remaining } of openLots.all('shop', who) as { lot: string; remaining: number }[]) {
      if (left === 0) break
      const some = Math.min(left, remaining)
      left -= some
      taken.push({ lot, points: some })
      setLot.run(remaining - some, remaining > some ? 1 : 0, 'shop', who, lot)
    }
    const body = JSON.stringify({ posting: id, points, taken })
    setAccount.run('shop', who, posted - points, START + 365 * 86_400_000)
    posting.run('shop', `r/${id}`, who, seq)
    spend.run('shop', id, who, JSON.stringify(taken))
    entry.run('shop', who, seq, 'points', 'spent', points, START)
    const hash = sha(chain + sha(body))
    event.run('shop', who, seq, 'spent', START, body, hash)
    setHead.run('shop', who, seq, hash)
  }
  const inOne = (work: () => void) => {
    begin.run()
    work()
    end.run()
  }
  return { earn, redeem, inOne, close: () => db.close() }
}

interface Job {
  readonly name: string
  readonly times: number
  readonly hand: (round: number) => void
  readonly ours: (round: number) => Promise<void>
}

export async function sqliteBench(folderOf = () => mkdtempSync(join(tmpdir(), 'patronkit-loyalty-'))): Promise<Measured> {
  const folder = folderOf()
  const clock = manualClock(START)
  const storage = sqliteStorage({ file: join(folder, 'ours.db') })
  const service = createLoyalty({ storage, clock })
  await storage.schema.migrate()
  const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'bench' } })
  await loyalty.publish({ definition: programme })
  const hand = byHand(join(folder, 'hand.db'))
  const who = (n: number) => `c_${(n * 7_919) % ACCOUNTS}`
  const range = (round: number, times: number) => Array.from({ length: times }, (_, n) => round * times + n)
  const order = (id: string) => ({ id, total: eur('21.90') })
  const earnOf = (n: number, of: string) => ({
    idempotencyKey: `${of}${n}`,
    account: who(n),
    programme: 'stars',
    order: order(`${of}${n}`),
  })

  const jobs: readonly Job[] = [
    {
      name: 'earn, one command at a time',
      times: COMMANDS,
      hand: (round) => {
        for (const n of range(round, COMMANDS)) hand.inOne(() => hand.earn(who(n), `e${n}`, 21))
      },
      ours: async (round) => {
        for (const n of range(round, COMMANDS)) await loyalty.earn(earnOf(n, 'e'))
      },
    },
    {
      name: 'redeem, one command at a time',
      times: COMMANDS,
      hand: (round) => {
        for (const n of range(round, COMMANDS)) hand.inOne(() => hand.redeem(who(n), `s${n}`, 5))
      },
      ours: async (round) => {
        for (const n of range(round, COMMANDS))
          await loyalty.redeem({ idempotencyKey: `s${n}`, account: who(n), programme: 'stars', points: 5 })
      },
    },
    {
      name: `earn, ${BATCH} in a batch`,
      times: COMMANDS,
      hand: (round) => {
        for (let at = 0; at < COMMANDS; at += BATCH)
          hand.inOne(() => {
            for (let n = at; n < at + BATCH; n++) hand.earn(who(round * COMMANDS + n), `b${round * COMMANDS + n}`, 21)
          })
      },
      ours: async (round) => {
        for (let at = 0; at < COMMANDS; at += BATCH) {
          const items = Array.from({ length: BATCH }, (_, n) => earnOf(round * COMMANDS + at + n, 'b'))
          const answers = await loyalty.earnMany({ items })
          if (answers.some((one) => !one.ok)) throw new Error('an earning of the batch was refused')
        }
      },
    },
  ]
  const found = jobs.map(() => ({ hand: [] as number[], ours: [] as number[] }))
  for (let round = 0; round < ROUNDS + WARM; round++) {
    for (const [j, job] of jobs.entries()) {
      for (const side of ['hand', 'ours'] as const) {
        const start = process.hrtime.bigint()
        await job[side](round)
        if (round >= WARM) found[j]![side].push(Number(process.hrtime.bigint() - start) / job.times)
      }
    }
  }
  const ratios = found.map(({ hand: theirs, ours }) => median(theirs.map((ns, i) => ns / ours[i]!)))
  const lines = jobs.map(
    ({ name }, j): Line => [
      `SQLite: ${name}`,
      perSecond(median(found[j]!.ours)),
      perSecond(median(found[j]!.hand)),
      `${Math.round(ratios[j]! * 100)} %`,
    ],
  )
  const whole = await redeemAll(loyalty)
  hand.close()
  await storage.close()
  const swept = await sweep(join(folder, 'sweep.db'))
  rmSync(folder, { recursive: true })
  const single = median(found[0]!.ours)
  return {
    lines: [
      ...lines,
      ['SQLite: 1,000,000 points redeemed over 10,000 lots, as one command', time(whole), '', ''],
      [
        `SQLite: ${swept.lots.toLocaleString('en')} lots expire in tick, ${swept.accounts.toLocaleString('en')} accounts`,
        time(swept.ns),
        '',
        '',
      ],
    ],
    targets: [
      {
        what: 'single commands on SQLite at 25 % of the same rows by hand',
        is: `${Math.round(Math.min(ratios[0]!, ratios[1]!) * 100)} %`,
        met: Math.min(ratios[0]!, ratios[1]!) >= 0.25,
      },
      { what: 'single commands on SQLite at 8,000 a second', is: perSecond(single), met: 1e9 / single >= 8_000 },
      { what: 'batches on SQLite at 30,000 a second', is: perSecond(median(found[2]!.ours)), met: 1e9 / median(found[2]!.ours) >= 30_000 },
      { what: '1,000,000 points redeemed over 10,000 lots in at most 100 ms', is: time(whole), met: whole <= 100e6 },
      {
        what: '1,000,000 lots swept in at most 60 s',
        is: `${swept.lots.toLocaleString('en')} in ${time(swept.ns)}`,
        met: swept.lots >= 1_000_000 && swept.ns <= 60e9,
      },
    ],
  }
}

/** The median of five accounts that spend all they have, in 10,000 lots of 100. */
async function redeemAll(loyalty: Loyalty): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < 5; n++) {
    const on = { account: `rich_${n}`, programme: 'stars' }
    const lots = Array.from({ length: 10_000 }, (_, i) => ({ points: 100, expiresAt: START + (1 + ((i * 7_919) % 10_000)) * 3_600_000 }))
    await loyalty.import({ idempotencyKey: `rich_${n}`, ...on, lots })
    const start = process.hrtime.bigint()
    const { available } = await loyalty.redeem({ idempotencyKey: `all_${n}`, ...on, points: 1_000_000 })
    times.push(Number(process.hrtime.bigint() - start))
    if (available !== 0) throw new Error('points were left')
  }
  return median(times)
}

/** Lots that expire at one instant; how long `tick` takes to write all of it down. */
async function sweep(file: string): Promise<{ readonly lots: number; readonly accounts: number; readonly ns: number }> {
  const [accounts, each] = [Number(process.env.SWEEP_ACCOUNTS ?? 10_000), 100]
  const clock = manualClock(START)
  const storage = sqliteStorage({ file })
  const service = createLoyalty({ storage, clock })
  await storage.schema.migrate()
  const runner = createRunner({ storage, clock, services: [service] })
  const loyalty = service.for({ tenant: 'shop', by: { type: 'system', id: 'bench' } })
  await loyalty.publish({ definition: programme })
  const lots = Array.from({ length: each }, () => ({ points: 10, expiresAt: START + 86_400_000 }))
  for (let n = 0; n < accounts; n++) await loyalty.import({ idempotencyKey: `i${n}`, account: `c_${n}`, programme: 'stars', lots })
  clock.advance({ days: 1 })
  const start = process.hrtime.bigint()
  let fired = 0
  for (;;) {
    const tick = await runner.tick({ limit: 5_000 })
    if (tick.failed.length > 0) throw new Error(JSON.stringify(tick.failed[0]))
    fired += tick.fired
    if (!tick.more) break
  }
  const ns = Number(process.hrtime.bigint() - start)
  if (fired !== accounts) throw new Error(`${fired} timers fired`)
  await storage.close()
  return { lots: accounts * each, accounts, ns }
}
