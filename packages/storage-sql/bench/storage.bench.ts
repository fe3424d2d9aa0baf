// The engine against the same statements written by hand on node:sqlite, prepared once, with native parameters.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type Claimed,
  get,
  type Head,
  headOf,
  integer,
  laneOf,
  NO_HEAD,
  type PackageSchema,
  type Storage,
  type StoredEvent,
  sealEvents,
  table,
  text,
  type Unit,
} from '@patronkit/core/storage'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { machine, table as markdown, median, time, writeReadme } from '../../../bench/measure.ts'

const accounts = table('bench_account', { id: text(), points: integer() }, { key: ['id'], subject: ['id'] })
const keys = table('bench_key', { key: text(), answer: text() }, { key: ['key'], subject: ['key'] })
const postings = table(
  'bench_posting',
  { account: text(), no: integer(), points: integer(), note: text() },
  { key: ['account', 'no'], subject: ['account'] },
)
const schema: PackageSchema = {
  package: 'bench',
  tables: [accounts, keys, postings],
  migrations: [{ id: 1, about: 'the tables', steps: [{ addTable: accounts }, { addTable: keys }, { addTable: postings }] }],
}

const SUBJECTS = 50_000
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
    const id = `account-${(i * 7919 + round * 104_729) % SUBJECTS}`
    const from = heads.get(id)!
    const sealed = sealEvents(from, [{ type: 'bench.earned', v: 1, at: i, data: { account: id, points: 10 } }], {
      tenant: 'acme',
      kind: 'bench',
      subject: id,
      actor: { type: 'system', id: 'bench' },
      recordedAt: i,
      causation: null,
      correlation: null,
      salt: () => '0123456789abcdef0123456789abcdef',
    })
    const to = { version: from.version + 1, lastAt: i, seq: from.seq + 1, chain: sealed.chain }
    heads.set(id, to)
    return {
      tenant: 'acme',
      heads: [{ kind: 'bench', subject: id, from, to }],
      unique: [{ table: keys, row: { key: `order ${round} ${i}`, answer: '{"points":10}' } }],
      writes: [
        { write: 'insert', table: postings, row: { account: id, no: to.version, points: 10, note: 'earned' } },
        { write: 'change', table: accounts, key: { id }, set: { points: to.version * 10 } },
      ],
      events: sealed.events,
      timers: [],
    }
  })
}

/** Fills the tables and lets SQLite look at them. */
async function fill(storage: Storage): Promise<Map<string, Head>> {
  storage.declare(schema)
  await storage.schema.migrate()
  const to: Head = { version: 1, lastAt: 0, seq: 0, chain: '' }
  const ids = Array.from({ length: SUBJECTS }, (_, i) => `account-${i}`)
  await storage.commit(
    ids.map(
      (id): Unit => ({
        tenant: 'acme',
        heads: [{ kind: 'bench', subject: id, from: NO_HEAD, to }],
        writes: [{ write: 'insert', table: accounts, row: { id, points: 0 } }],
        events: [],
        timers: [],
      }),
    ),
  )
  // timers that are all due, of twenty tenants, enough for every round
  const timers = (ROUNDS + 2) * CLAIMS * FIFTY * 1.5
  for (let tenant = 0; tenant < 20; tenant++) {
    const set = Array.from({ length: timers / 20 }, (_, i) => ({ timer: 'set', queue: 'bench', key: `k${i}`, dueAt: i }) as const)
    await storage.commit([{ tenant: `tenant ${tenant}`, heads: [], writes: [], events: [], timers: set }])
  }
  return new Map(ids.map((id) => [id, to]))
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

/** `pnpm bench storage`: both in one run, by turns, each on a file of its own; the table goes into the README. */
export async function run(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-bench-'))
  const ours = sqliteStorage({ file: join(folder, 'ours.db'), tablePrefix: '' })
  const hand = new DatabaseSync(join(folder, 'hand.db'))
  hand.exec('pragma journal_mode = wal; pragma synchronous = normal')
  const heads = { ours: await fill(ours), hand: await fill(sqliteStorage({ connection: fromNodeSqlite(hand), tablePrefix: '' })) }
  const raw = byHand(hand)
  const asks = (unit: Unit) => {
    const id = unit.heads[0]!.subject
    return [headOf('bench', id), get(accounts, { id })]
  }
  const jobs = [
    {
      name: 'read a head and a row',
      ours: (u: Unit) => ours.read('acme', asks(u)),
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
  const note = `${SUBJECTS.toLocaleString('en')} subjects, median of ${ROUNDS} rounds of ${UNITS.toLocaleString('en')} by turns; by hand: the same statements on node:sqlite, prepared once, native parameters. ${machine()}.`
  const report = `\n${markdown(head, rows)}\n\n${note}\n`
  console.log(report)
  writeReadme(new URL('../README.md', import.meta.url), report)
  hand.close()
  await ours.close()
  rmSync(folder, { recursive: true })
  const targets = [
    { what: 'a unit', found: ratios[1]!, least: TARGET },
    { what: `a claim of ${FIFTY}`, found: ratios[2]!, least: CLAIM_TARGET },
  ]
  for (const { what, found, least } of targets) {
    const met = found >= least ? 'met   ' : 'MISSED'
    console.log(`${met} ${what} at ${least * 100} % of the statements by hand or more: ${Math.round(found * 100)} %`)
  }
  return targets.every(({ found, least }) => found >= least)
}
