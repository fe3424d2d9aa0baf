import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Claimed, type Head, laneOf, type Storage, type StoredEvent, type Unit } from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { table as markdown, median, time } from '../../../bench/measure.ts'
import { accountAt, asks, earning, fill, SUBJECTS } from './ledger.ts'
import type { Measured } from './storage.bench.ts'

const ROUNDS = 11
const UNITS = 3_000
const TARGET = 0.4
const CLAIM_TARGET = 0.6
const CLAIMS = 100
const FIFTY = 50
const LONG = 1_000_000

/** Units are made before the clock starts: hashing an event chain is core's work, not the engine's. */
function unitsOf(heads: Map<string, Head>, round: number): readonly Unit[] {
  return Array.from({ length: UNITS }, (_, i): Unit => {
    const id = accountAt(i + round * 104_729)
    const unit = earning(heads.get(id)!, { id, key: `order ${round} ${i}`, at: i })
    heads.set(id, unit.heads[0]!.to)
    return unit
  })
}

/** Timers that are all due, of twenty tenants, enough for every round. */
async function fillTimers(storage: Storage): Promise<void> {
  const timers = (ROUNDS + 2) * CLAIMS * FIFTY * 1.5
  for (let tenant = 0; tenant < 20; tenant++) {
    const set = Array.from({ length: timers / 20 }, (_, i) => ({ timer: 'set', queue: 'bench', key: `k${i}`, dueAt: i }) as const)
    await storage.commit([{ tenant: `tenant ${tenant}`, heads: [], writes: [], events: [], timers: set }])
  }
}

function byHand(db: DatabaseSync) {
  const begin = db.prepare('begin immediate')
  const end = db.prepare('commit')
  const key = db.prepare('insert into bench_key (tenant, key, answer) values (?,?,?) on conflict do nothing')
  const head = db.prepare('update head set version=?, last_at=?, seq=?, chain=? where tenant=? and kind=? and subject=? and version=?')
  const posting = db.prepare('insert into bench_posting (tenant, account, no, points, note) values (?,?,?,?,?)')
  const account = db.prepare('update bench_account set points=? where tenant=? and id=?')
  const event = db.prepare(
    'insert into event (tenant,kind,subject,seq,type,v,effective_at,recorded_at,actor,causation,correlation,body,salt,body_hash,hash,lane) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
  )
  const readHead = db.prepare('select version, last_at, seq, chain from head where tenant=? and kind=? and subject=?')
  const readAccount = db.prepare('select id, points from bench_account where tenant=? and id=?')
  const append = (e: StoredEvent) => {
    const { tenant, kind, subject, seq, type, v, effectiveAt, recordedAt, actor, causation, correlation, body, salt, bodyHash, hash } = e
    const columns = [
      tenant,
      kind,
      subject,
      seq,
      type,
      v,
      effectiveAt,
      recordedAt,
      actor,
      causation,
      correlation,
      body,
      salt,
      bodyHash,
      hash,
    ]
    event.run(...columns, laneOf(tenant))
  }
  const commit = (unit: Unit) => {
    const { from, to, kind, subject: id } = unit.heads[0]!
    begin.run()
    const { row } = unit.unique![0]!
    if (key.run(unit.tenant, row.key as string, row.answer as string).changes !== 1) throw new Error('taken')
    if (head.run(to.version, to.lastAt, to.seq, to.chain, unit.tenant, kind, id, from.version).changes !== 1) throw new Error('conflict')
    posting.run(unit.tenant, id, to.version, 10, 'earned')
    account.run(to.version * 10, unit.tenant, id)
    for (const e of unit.events) append(e)
    end.run()
  }
  const due = db.prepare(
    'select tenant, queue, key, due_at, generation, attempts from timer where queue=? and lease is null and parked is false and due_at<=? order by due_at limit ?',
  )
  const lease = db.prepare('update timer set lease=?, lease_until=? where tenant=? and queue=? and key=?')
  const claim = (name: string) => {
    begin.run()
    const ripe = due.all('bench', LONG, FIFTY) as { tenant: string; queue: string; key: string }[]
    for (const timer of ripe) lease.run(name, 2 * LONG, timer.tenant, timer.queue, timer.key)
    end.run()
    return ripe.length
  }
  const read = (id: string) => [readHead.get('acme', 'bench', id), readAccount.get('acme', id)]
  return { claim, commit, read }
}

/** Nanoseconds for each, of one run over all. */
function timed<T>(over: readonly T[], run: (one: T) => unknown): number {
  const start = process.hrtime.bigint()
  for (const one of over) run(one)
  return Number(process.hrtime.bigint() - start) / over.length
}

/** The engine against the same statements written by hand on node:sqlite, prepared once, native parameters; each on a file of its own. */
export async function sqliteBench(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-bench-'))
  const ours = sqliteStorage({ file: join(folder, 'ours.db'), tablePrefix: '' })
  const hand = new DatabaseSync(join(folder, 'hand.db'))
  hand.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 4000')
  const filling = sqliteStorage({ connection: fromNodeSqlite(hand), tablePrefix: '' })
  const heads = { ours: await fill(ours), hand: await fill(filling) }
  for (const storage of [ours, filling]) await fillTimers(storage)
  const raw = byHand(hand)
  const jobs = [
    {
      name: 'read a head and a row',
      ours: (u: Unit) => ours.read('acme', asks(u.heads[0]!.subject)),
      hand: (u: Unit) => raw.read(u.heads[0]!.subject),
      writes: false,
    },
    { name: 'unit of one head, key, two rows and an event', ours: (u: Unit) => ours.commit([u]), hand: raw.commit, writes: true },
  ]
  let after = ''
  const fifty = {
    ours: (lease: string) => {
      const claimed = ours.claim({ queues: ['bench'], now: LONG, limit: FIFTY, leaseMs: LONG, lease, after }) as readonly Claimed[]
      after = claimed.at(-1)!.tenant
      return claimed.length
    },
    hand: (lease: string) => raw.claim(lease),
  }
  const times = [...jobs, fifty].map(() => ({ ours: [] as number[], hand: [] as number[] }))
  for (let round = 0; round < ROUNDS + 2; round++) {
    for (const [j, job] of jobs.entries()) {
      for (const who of ['hand', 'ours'] as const) {
        const units = unitsOf(job.writes ? heads[who] : new Map(heads[who]), round)
        const ns = timed(units, job[who])
        // the first rounds warm the compiler and the cache
        if (round >= 2) times[j]![who].push(ns)
      }
    }
    for (const who of ['hand', 'ours'] as const) {
      const leases = Array.from({ length: CLAIMS }, (_, i) => `lease ${round} ${i}`)
      const ns = timed(leases, (lease) => {
        if (fifty[who](lease) !== FIFTY) throw new Error('a claim found too few timers')
      })
      if (round >= 2) times.at(-1)![who].push(ns)
    }
  }
  const ratios = times.map(({ ours: mine, hand: theirs }) => median(theirs.map((ns, i) => ns / mine[i]!)))
  const rows = [...jobs, { name: `claim of ${FIFTY} timers among twenty tenants, by hand the oldest of all` }].map(({ name }, j) => [
    name,
    `${Math.round(ratios[j]! * 100)} %`,
    time(median(times[j]!.ours)),
    time(median(times[j]!.hand)),
  ])
  const head = ['SQLite in a file', 'speed of the engine, by hand = 100 %', 'engine', 'by hand']
  const note = `${SUBJECTS.toLocaleString('en')} subjects, median of ${ROUNDS} rounds of ${UNITS.toLocaleString('en')} by turns; by hand: the same statements on node:sqlite, prepared once, native parameters.`
  hand.close()
  await ours.close()
  rmSync(folder, { recursive: true })
  const unit = {
    what: `a unit on SQLite at ${TARGET * 100} % of the statements by hand or more`,
    is: `${Math.round(ratios[1]! * 100)} %`,
    met: ratios[1]! >= TARGET,
  }
  const claim = {
    what: `a claim of ${FIFTY} on SQLite at ${CLAIM_TARGET * 100} % of the statements by hand or more`,
    is: `${Math.round(ratios[2]! * 100)} %`,
    met: ratios[2]! >= CLAIM_TARGET,
  }
  return { report: `${markdown(head, rows)}\n\n${note}`, targets: [unit, claim] }
}
