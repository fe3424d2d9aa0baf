import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { createLoyalty, type Loyalty } from '@patronkit/loyalty-points'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { median, time } from '../../../bench/measure.ts'
import { byHand } from './by-hand.ts'
import { ACCOUNTS, eur, type Line, type Measured, perSecond, programme, START } from './programme.ts'

const ROUNDS = 5
const WARM = 1
const COMMANDS = 2_000
const BATCH = 500

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
  const hand = await byHand(join(folder, 'hand.db'))
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
  const whole = await redeemAll(loyalty, hand)
  hand.close()
  await storage.close()
  const swept = await sweep(join(folder, 'sweep.db'))
  rmSync(folder, { recursive: true })
  const single = median(found[0]!.ours)
  return {
    lines: [
      ...lines,
      [
        'SQLite: 1,000,000 points redeemed over 10,000 lots, as one command',
        time(whole.ours),
        time(whole.hand),
        `${Math.round(whole.ratio * 100)} %`,
      ],
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
      { what: '1,000,000 points redeemed over 10,000 lots in at most 100 ms', is: time(whole.ours), met: whole.ours <= 100e6 },
      {
        what: '1,000,000 lots swept in at most 60 s',
        is: `${swept.lots.toLocaleString('en')} in ${time(swept.ns)}`,
        met: swept.lots >= 1_000_000 && swept.ns <= 60e9,
      },
    ],
  }
}

/** The medians of seven accounts that spend all they have, in 10,000 lots of 100. */
async function redeemAll(loyalty: Loyalty, hand: Awaited<ReturnType<typeof byHand>>) {
  const took = { ours: [] as number[], hand: [] as number[] }
  const timed = async (side: keyof typeof took, work: () => unknown) => {
    const start = process.hrtime.bigint()
    await work()
    took[side].push(Number(process.hrtime.bigint() - start))
  }
  for (let n = 0; n < 7; n++) {
    const on = { account: `rich_${n}`, programme: 'stars' }
    const lots = Array.from({ length: 10_000 }, (_, i) => ({ points: 100, expiresAt: START + (1 + ((i * 7_919) % 10_000)) * 3_600_000 }))
    await loyalty.import({ idempotencyKey: `rich_${n}`, ...on, lots })
    hand.fill(on.account, lots)
    await timed('hand', () => hand.inOne(() => hand.redeem(on.account, `all_${n}`, 1_000_000)))
    await timed('ours', () => loyalty.redeem({ idempotencyKey: `all_${n}`, ...on, points: 1_000_000 }))
    const { available } = await loyalty.balance(on)
    if (available !== 0) throw new Error('points were left')
  }
  const ratio = median(took.hand.map((ns, n) => ns / took.ours[n]!))
  return { ours: median(took.ours), hand: median(took.hand), ratio }
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
