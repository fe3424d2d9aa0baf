import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { manualClock, memoryStorage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { type Context, commit, createService, headOf, type Operation, read, type TimerHandler, unitOn } from '@patronkit/core/service'
import { type Claimed, type ClaimRequest, laneOf, type Session, type Storage, type TimerWrite } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { realPostgres, type Server, startServer } from './postgres-server.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const OVERDUE = DEEP ? 1_000_000 : 50_000
const folder = mkdtempSync(join(tmpdir(), 'patronkit-backlog-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = Date.UTC(2026, 10, 23, 9)

interface Rings {
  ring(i: { keys: readonly string[]; at: number }): Promise<number>
}

/** A service whose timers do nothing but fire; those whose key begins with `bad` throw. */
function ringing(storage: Storage) {
  const clock = manualClock(new Date(NOW))
  const fired: string[] = []
  function* ring(ctx: Context, i: { keys: readonly string[]; at: number }): Operation<number> {
    const [head] = yield* read(ctx, headOf('ring', 'r'))
    const timers = i.keys.map((key): TimerWrite => ({ timer: 'set', queue: 'ring', key, dueAt: i.at }))
    yield* commit([unitOn(ctx, { kind: 'ring', subject: 'r', head, events: [], writes: [], timers })])
    return timers.length
  }
  const rang: TimerHandler = function* (ctx: Context, timer: Claimed) {
    if (timer.key.startsWith('bad')) throw new RangeError('it never works')
    yield* commit([{ tenant: ctx.tenant, heads: [], fired: timer, writes: [], events: [], timers: [] }])
    fired.push(`${timer.tenant} ${timer.key}`)
  }
  const service = createService<Rings>(
    { storage, clock },
    { name: 'rings', schema: { package: 'rings', tables: [], migrations: [] }, verbs: { ring }, timers: { ring: rang } },
  )
  const runner = createRunner({ storage, clock, services: [service] })
  const of = (tenant: string) => service.for({ tenant, by: { type: 'user', id: 'u' } })
  return { clock, fired, runner, of }
}

/** An engine, and a way to fill its timer table fast. */
interface Engine {
  readonly storage: Storage
  readonly overdue: (tenant: string, count: number) => Promise<void>
}

function backlogFacts(name: string, engine: () => Promise<Engine>): void {
  const fact = (title: string, run: (engine: Engine) => Promise<void>) =>
    test(`${name}: ${title}`, { timeout: 900_000 }, async () => {
      const made = await engine()
      try {
        await run(made)
      } finally {
        await made.storage.close()
      }
    })

  fact(`a tenant with ${OVERDUE.toLocaleString('en')} overdue timers delays nobody by more than one tick`, async ({ storage, overdue }) => {
    const { fired, of, runner } = ringing(storage)
    // one shares the lane of the backlog, the other stands in a lane of its own
    expect([laneOf('jade'), laneOf('beta') === laneOf('acme')]).toEqual([laneOf('acme'), false])
    await overdue('acme', OVERDUE)
    for (const round of [1, 2, 3]) {
      for (const tenant of ['jade', 'beta']) await of(tenant).ring({ keys: [`k${round}`], at: NOW })
      expect(await runner.tick()).toMatchObject({ fired: 500, failed: [], more: true })
      expect(fired.filter((one) => !one.startsWith('acme')).sort()).toEqual(
        ['beta', 'jade'].flatMap((tenant) => [1, 2, 3].slice(0, round).map((n) => `${tenant} k${n}`)),
      )
    }
    figure(`overdue timers of one tenant that delay no other by more than one tick, ${name}`, OVERDUE, 'timers')
  })

  fact('a hundred tenants with a backlog leave the hundred and first its turn within one tick', async ({ storage, overdue }) => {
    const { fired, of, runner } = ringing(storage)
    for (let i = 0; i < 100; i++) await overdue(`tenant ${i}`, 30)
    await of('jade').ring({ keys: ['k'], at: NOW })
    await runner.tick()
    expect(fired).toContain('jade k')
    const counts = new Map<string, number>()
    for (const one of fired) counts.set(one.replace(/ \S+$/, ''), (counts.get(one.replace(/ \S+$/, '')) ?? 0) + 1)
    const shares = [...counts].filter(([tenant]) => tenant !== 'jade').map(([, n]) => n)
    expect([shares.length, Math.max(...shares) - Math.min(...shares) <= 1], 'each of the hundred fired four or five').toEqual([100, true])
  })

  fact('handlers that always throw end parked, are listed each time, and hold nobody up', async ({ storage }) => {
    const { clock, fired, of, runner } = ringing(storage)
    await of('acme').ring({ keys: Array.from({ length: 60 }, (_, i) => `bad${i}`), at: NOW - 1_000 })
    await of('acme').ring({ keys: ['good'], at: NOW })
    await of('jade').ring({ keys: ['good'], at: NOW })
    const first = await runner.tick()
    expect([fired.sort(), first.failed.length]).toEqual([['acme good', 'jade good'], 60])
    for (let tries = 2; tries <= 8; tries++) {
      clock.advance({ hours: 1 })
      await of('jade').ring({ keys: [`good${tries}`], at: NOW })
      const { failed } = await runner.tick()
      expect(fired).toContain(`jade good${tries}`)
      expect([failed.length, new Set(failed.map((one) => `${one.code} ${one.attempts} ${one.parked}`))]).toEqual([
        60,
        new Set([`RangeError ${tries} ${tries === 8}`]),
      ])
    }
    clock.advance({ days: 30 })
    expect(await runner.tick()).toMatchObject({ fired: 0, failed: [], more: false, nextDueAt: null })
  })
}

backlogFacts('memory', async () => {
  const storage = memoryStorage()
  const overdue = async (tenant: string, count: number) => {
    const timers = Array.from(
      { length: count },
      (_, i): TimerWrite => ({ timer: 'set', queue: 'ring', key: `o${i}`, dueAt: NOW - 5_000 - (i % 1_000) }),
    )
    await storage.commit([{ tenant, heads: [], writes: [], events: [], timers }])
  }
  return { storage, overdue }
})

let files = 0
backlogFacts('SQLite', async () => {
  const file = join(folder, `${++files}.db`)
  const storage = sqliteStorage({ file })
  await storage.schema.migrate()
  const overdue = async (tenant: string, count: number) => {
    const db = new DatabaseSync(file)
    db.prepare(
      `with recursive "n" ("i") as (select 1 union all select "i" + 1 from "n" where "i" < ?)
       insert into patronkit_timer (tenant, queue, key, lane, due_at, generation, attempts, parked)
       select ?, 'ring', 'o' || "i", ?, ? - 5000 - "i" % 1000, 1, 0, 0 from "n"`,
    ).run(count, tenant, laneOf(tenant), NOW)
    db.close()
  }
  return { storage, overdue }
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  let schemas = 0
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server?.stop())

  async function engine(noting: (session: Session) => Session = (session) => session): Promise<Engine & { readonly schema: string }> {
    const pool = server.pool(4)
    const schema = `backlog_${++schemas}`
    const storage = postgresStorage({ connection: noting(fromPg(pool)), schema })
    await storage.schema.migrate()
    // as it is before the server's own housekeeping has come round
    await pool.query(`alter table ${schema}.timer set (autovacuum_enabled = false)`)
    const overdue = async (tenant: string, count: number) => {
      await pool.query(
        `insert into ${schema}.timer (tenant, queue, key, lane, due_at, generation, attempts, parked)
         select $1, 'ring', 'o' || i, $2, $3::int8 - 5000 - i % 1000, 1, 0, false from generate_series(1, $4::int) i`,
        [tenant, laneOf(tenant), NOW, count],
      )
    }
    return { storage, overdue, schema }
  }
  backlogFacts('Postgres', () => engine())

  interface Plan {
    readonly 'Node Type': string
    readonly 'Actual Rows': number
    readonly 'Actual Loops': number
    readonly 'Rows Removed by Filter'?: number
    readonly Plans?: readonly Plan[]
  }
  /** Rows that scans of tables and indexes came by. */
  const examined = (plan: Plan): number =>
    (plan['Node Type'].includes('Scan') && !/CTE|WorkTable|Subquery|Function/.test(plan['Node Type'])
      ? ((plan['Actual Rows'] ?? 0) + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
      : 0) + (plan.Plans ?? []).reduce((sum, part) => sum + examined(part), 0)

  test('Postgres: a claim of fifty walks past no backlog, with statistics and without', { timeout: 900_000 }, async () => {
    let claim: readonly [string, readonly (string | null)[]] | undefined
    const noting = (session: Session): Session => ({
      ...session,
      run: (text, params) => {
        if (text.startsWith('with "lapsed"')) claim = [text, params]
        return session.run(text, params)
      },
    })
    const { storage, overdue, schema } = await engine(noting)
    const pool = server.pool(1)
    await overdue('acme', OVERDUE)
    for (let i = 0; i < 200; i++) await overdue(`tenant ${i}`, 5)
    // due one day: they are none of a claim's business
    await pool.query(`update ${schema}.timer set due_at = $1 where tenant like 'tenant 1%'`, [NOW + 86_400_000])
    const request: ClaimRequest = { queues: ['ring'], now: NOW, limit: 50, leaseMs: 60_000, lease: 'first', after: 'x' }
    await storage.claim(request)
    const [text, params] = claim!
    for (const statistics of [false, true]) {
      if (statistics) await pool.query(`analyze ${schema}.timer`)
      await pool.query('begin')
      const { rows } = await pool.query(`explain (analyze, format json) ${text}`, [...params])
      await pool.query('rollback')
      const count = examined((rows[0] as { 'QUERY PLAN': readonly [{ Plan: Plan }] })['QUERY PLAN'][0].Plan)
      expect(count, statistics ? 'analysed' : 'never analysed').toBeLessThan(1_500)
    }
  })
})
