// The engine against the same statements written by hand on node:sqlite, prepared once, with native parameters.
// Run from the root: node --conditions=patronkit-source packages/storage-sql/bench/storage.bench.ts [file|memory]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
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
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'

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

const SUBJECTS = 1_000
const ROUNDS = 7
const UNITS = 4_000
const subject = (i: number) => `account-${i % SUBJECTS}`

/** Units are made before the clock starts: hashing an event chain is core's work, not the engine's. */
function unitsOf(count: number, heads: Map<string, Head>): Unit[] {
  return Array.from({ length: count }, (_, i) => {
    const id = subject(i)
    const from = heads.get(id) ?? NO_HEAD
    const happened = [1, 2].map((no) => ({ type: 'bench.happened', v: 1, at: i, data: { no, account: id, points: 10 } }))
    const sealed = sealEvents(from, happened, {
      tenant: 'acme',
      kind: 'bench',
      subject: id,
      actor: { type: 'system', id: 'bench' },
      recordedAt: i,
      causation: null,
      correlation: null,
      salt: () => '0123456789abcdef0123456789abcdef',
    })
    const to = { version: from.version + 1, lastAt: i, seq: from.seq + 2, chain: sealed.chain }
    heads.set(id, to)
    return {
      tenant: 'acme',
      heads: [{ kind: 'bench', subject: id, from, to }],
      writes: [
        { write: 'insert', table: postings, row: { account: id, no: to.version, points: 10, note: 'earned' } },
        { write: 'change', table: accounts, key: { id }, set: { points: to.version * 10 } },
      ],
      events: sealed.events,
      timers: [],
    }
  })
}

async function prepare(storage: Storage): Promise<Map<string, Head>> {
  storage.declare(schema)
  await storage.schema.migrate()
  const heads = new Map<string, Head>()
  const units = Array.from({ length: SUBJECTS }, (_, i): Unit => {
    const to = { version: 1, lastAt: 0, seq: 0, chain: '' }
    heads.set(subject(i), to)
    const row = { id: subject(i), points: 0 }
    return {
      tenant: 'acme',
      heads: [{ kind: 'bench', subject: subject(i), from: NO_HEAD, to }],
      writes: [{ write: 'insert', table: accounts, row }],
      events: [],
      timers: [],
    }
  })
  await storage.commit(units)
  return heads
}

function byHand(db: DatabaseSync) {
  const begin = db.prepare('begin immediate')
  const end = db.prepare('commit')
  const head = db.prepare('update head set version=?, last_at=?, seq=?, chain=? where tenant=? and kind=? and subject=? and version=?')
  const posting = db.prepare('insert into bench_posting (tenant, account, no, points, note) values (?,?,?,?,?)')
  const account = db.prepare('update bench_account set points=? where tenant=? and id=?')
  const event = db.prepare(
    'insert into event (tenant,kind,subject,seq,type,v,effective_at,recorded_at,actor,causation,correlation,body,salt,body_hash,hash,lane) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
  )
  const readHead = db.prepare('select version, last_at, seq, chain from head where tenant=? and kind=? and subject=?')
  const readAccount = db.prepare('select id, points from bench_account where tenant=? and id=?')
  const append = (e: StoredEvent) =>
    event.run(
      e.tenant,
      e.kind,
      e.subject,
      e.seq,
      e.type,
      e.v,
      e.effectiveAt,
      e.recordedAt,
      e.actor,
      e.causation,
      e.correlation,
      e.body,
      e.salt,
      e.bodyHash,
      e.hash,
      laneOf(e.tenant),
    )
  const commit = (unit: Unit) => {
    const { from, to, kind, subject: id } = unit.heads[0]!
    begin.run()
    if (head.run(to.version, to.lastAt, to.seq, to.chain, unit.tenant, kind, id, from.version).changes !== 1) throw new Error('conflict')
    posting.run(unit.tenant, id, to.version, 10, 'earned')
    account.run(to.version * 10, unit.tenant, id)
    for (const e of unit.events) append(e)
    end.run()
  }
  const read = (id: string) => [readHead.get('acme', 'bench', id), readAccount.get('acme', id)]
  return { commit, read }
}

async function measure() {
  const kind = process.argv[2] ?? 'file'
  const folder = mkdtempSync(join(tmpdir(), 'patronkit-bench-'))
  const place = (name: string) => (kind === 'memory' ? ':memory:' : join(folder, `${name}.db`))

  const ours = sqliteStorage({ file: place('ours'), tablePrefix: '' })
  const heads = await prepare(ours)

  const handFile = place('hand')
  const hand = new DatabaseSync(handFile)
  hand.exec('pragma journal_mode = wal; pragma synchronous = normal')
  const { fromNodeSqlite } = await import('@patronkit/storage-sql/node-sqlite')
  const handHeads = await prepare(sqliteStorage({ connection: fromNodeSqlite(hand), tablePrefix: '' }))
  const raw = byHand(hand)

  const reads = (id: string) => [headOf('bench', id), get(accounts, { id })]
  const cases = {
    'commit, by hand': (units: Unit[]) => units.forEach(raw.commit),
    'commit, engine': (units: Unit[]) => units.forEach((unit) => void ours.commit([unit])),
    'read and commit, by hand': (units: Unit[]) =>
      units.forEach((unit) => {
        raw.read(unit.heads[0]!.subject)
        raw.commit(unit)
      }),
    'read and commit, engine': (units: Unit[]) =>
      units.forEach((unit) => {
        ours.read('acme', reads(unit.heads[0]!.subject))
        ours.commit([unit])
      }),
    'read, by hand': (units: Unit[]) => units.forEach((unit) => void raw.read(unit.heads[0]!.subject)),
    'read, engine': (units: Unit[]) => units.forEach((unit) => void ours.read('acme', reads(unit.heads[0]!.subject))),
    'units of 50, engine': (units: Unit[]) => {
      for (let i = 0; i < units.length; i += 50) ours.commit(units.slice(i, i + 50))
    },
  }
  const best = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(cases)) {
      const at = name.includes('hand') ? handHeads : heads
      const units = unitsOf(UNITS, name.startsWith('read,') ? new Map(at) : at)
      const start = process.hrtime.bigint()
      run(units)
      const perSecond = (UNITS * 1e9) / Number(process.hrtime.bigint() - start)
      best.set(name, Math.max(best.get(name) ?? 0, perSecond))
    }
  }
  console.log(`SQLite in ${kind}, best of ${ROUNDS} rounds of ${UNITS}`)
  for (const [name, perSecond] of best) console.log(`${name.padEnd(28)} ${Math.round(perSecond).toLocaleString('en').padStart(10)} /s`)
  for (const what of ['commit', 'read and commit', 'read']) {
    console.log(`${what}: engine / by hand = ${(best.get(`${what}, engine`)! / best.get(`${what}, by hand`)!).toFixed(2)}`)
  }
  await idle(ours)
  hand.close()
  await ours.close()
  rmSync(folder, { recursive: true })
}

/** What a tick costs that finds nothing: timers, and a consumer that has heard everything in 64 lanes. */
async function idle(storage: Storage) {
  const tenants = Array.from({ length: 400 }, (_, i) => `tenant-${i}`)
  await storage.commit(tenants.map((tenant) => firstOf(tenant)))
  for (;;) {
    const page = await storage.feed({ consumer: 'c', now: 0, limit: 10_000 })
    if (page.events.length === 0) break
    for (const state of page.states) {
      await storage.advance(state.position, { ...state, position: page.events.findLast((event) => event.lane === state.lane)!.position })
    }
  }
  const calls = 20_000
  const each = (name: string, run: () => unknown) => {
    run()
    const start = process.hrtime.bigint()
    for (let i = 0; i < calls; i++) run()
    console.log(`${name}: ${(Number(process.hrtime.bigint() - start) / calls / 1000).toFixed(1)} µs`)
  }
  each('idle feed', () => storage.feed({ consumer: 'c', now: 0, limit: 50 }))
  each('idle claim', () => storage.claim({ queues: ['a', 'b', 'c'], now: 1, limit: 50, leaseMs: 1, lease: 'x' }))
}

function firstOf(tenant: string): Unit {
  const sealed = sealEvents(NO_HEAD, [{ type: 'bench.first', v: 1, at: 1, data: null }], {
    tenant,
    kind: 'bench',
    subject: 'first',
    actor: { type: 'system', id: 'bench' },
    recordedAt: 1,
    causation: null,
    correlation: null,
    salt: () => '',
  })
  const to = { version: 1, lastAt: 1, seq: 1, chain: sealed.chain }
  return { tenant, heads: [{ kind: 'bench', subject: 'first', from: NO_HEAD, to }], writes: [], events: sealed.events, timers: [] }
}

await measure()
