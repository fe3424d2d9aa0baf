import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { isPatronkitError, manualClock, memoryStorage, type Published } from '@patronkit/core'
import { type Head, headOf, interpret, type Storage } from '@patronkit/core/storage'
import { memoryRows } from '@patronkit/core/testing'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { type Trouble, trouble } from '../../storage-sql/test/trouble.ts'
import { createLoyalty, defineProgramme, type Erased, type Loyalty } from '../src/index.ts'
import { DAY, eur, START } from './histories.ts'
import { check } from './settings.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)

const programme = defineProgramme({
  id: 'stars',
  currency: 'star',
  earn: [
    { points: 1, per: eur('1.00') },
    { points: 20, event: 'review' },
  ],
  campaigns: [{ id: 'spring', add: 5, budget: { points: 1_000 } }],
  redeem: { points: 100, worth: eur('1.00') },
  referral: { referrer: 100, referee: 50 },
  offers: [{ id: 'gift', points: 30, stock: 3, byCode: true }],
  expiry: { kind: 'exact', duration: { days: 30 } },
  tiers: {
    tiers: [
      { id: 'basic', from: 0 },
      { id: 'gold', from: 500 },
    ],
    window: { kind: 'rolling', months: 12 },
  },
})
const waiting = defineProgramme({ id: 'waits', currency: 'star', earn: [{ points: 1, per: eur('1.00') }], pending: { until: 'released' } })

const mine = { account: 'c_1', programme: 'stars' }
const order = (id: string, total = '100.00') => ({ id, total: eur(total) })

/** An account that every write finds something to do on. */
async function scene(storage: Storage, tenant: string): Promise<Loyalty> {
  const clock = manualClock(START)
  const loyalty = createLoyalty({ storage, clock }).for({ tenant, by: { type: 'system', id: 'test' } })
  await loyalty.publish({ definition: programme })
  await loyalty.publish({ definition: waiting })
  await loyalty.adjust({ idempotencyKey: 'old', ...mine, points: 50, reason: 'gone by now', expiresAt: START + DAY })
  clock.set(START + 2 * DAY)
  await loyalty.earn({ idempotencyKey: 'o1', ...mine, order: order('o1', '600.00') })
  await loyalty.earn({ idempotencyKey: 'w1', account: 'c_1', programme: 'waits', order: order('w1') })
  await loyalty.hold({ idempotencyKey: 'h1', ...mine, points: 50, for: { hours: 1 }, order: order('h1') })
  await loyalty.redeem({ idempotencyKey: 's1', ...mine, points: 40, order: order('s1') })
  await loyalty.freeze({ idempotencyKey: 'f1', account: 'c_3', programme: 'waits', reason: 'x' }).catch(() => undefined)
  await loyalty.earn({ idempotencyKey: 'o2', account: 'c_2', programme: 'stars', order: order('o2') })
  await loyalty.earn({ idempotencyKey: 'o4', account: 'c_4', programme: 'stars', order: order('o4') })
  await loyalty.merge({ idempotencyKey: 'm1', programme: 'stars', from: 'c_4', into: 'c_2' })
  await loyalty.earn({ idempotencyKey: 'o5', account: 'c_5', programme: 'stars', order: order('o5') })
  await loyalty.freeze({ idempotencyKey: 'f5', account: 'c_5', programme: 'stars', reason: 'check' })
  await loyalty.issueCodes({ idempotencyKey: 'codes', programme: 'stars', offer: 'gift', codes: ['A-1', 'A-2'] })
  return loyalty
}

/** Every write that the service has: a test below says when one is missing. */
const WRITES: { readonly [verb: string]: (loyalty: Loyalty) => Promise<unknown> } = {
  publish: (l) =>
    l.publish({ definition: defineProgramme({ id: 'stars', ...programme.body, redeem: { points: 50, worth: eur('1.00') } }) }),
  open: (l) => l.open({ idempotencyKey: 'k', account: 'c_9', programme: 'stars', zone: 'Asia/Shanghai' }),
  earn: (l) => l.earn({ idempotencyKey: 'k', ...mine, order: order('k') }),
  earnMany: (l) =>
    l.earnMany({
      items: ['c_1', 'c_2', 'c_9', 'c_1'].map((account, n) => ({
        idempotencyKey: `k${n}`,
        account,
        programme: 'stars',
        order: order(`k${n}`),
      })),
    }),
  hold: (l) => l.hold({ idempotencyKey: 'k', ...mine, points: 30, for: { minutes: 15 }, order: order('k') }),
  capture: (l) => l.capture({ idempotencyKey: 'k', hold: 'hold/h1', points: 20 }),
  release: (l) => l.release({ idempotencyKey: 'k', hold: 'hold/h1' }),
  replace: (l) => l.replace({ idempotencyKey: 'k', hold: 'hold/h1', points: 70, for: { minutes: 15 }, order: order('h1') }),
  redeem: (l) => l.redeem({ idempotencyKey: 'k', ...mine, points: 30 }),
  redeemTogether: (l) => l.redeemTogether({ idempotencyKey: 'k', programme: 'stars', accounts: ['c_1', 'c_2'], points: 60 }),
  claim: (l) => l.claim({ idempotencyKey: 'k', ...mine, offer: 'gift', code: 'A-1' }),
  issueCodes: (l) => l.issueCodes({ idempotencyKey: 'k', programme: 'stars', offer: 'gift', codes: ['B-1', 'B-2'] }),
  refer: (l) => l.refer({ idempotencyKey: 'k', programme: 'stars', referrer: 'c_1', referee: 'c_9' }),
  refund: (l) => l.refund({ idempotencyKey: 'k', order: 's1', amount: eur('50.00') }),
  reverse: (l) => l.reverse({ idempotencyKey: 'k', posting: 'redeem/s1' }),
  settle: (l) => l.settle({ idempotencyKey: 'k', account: 'c_1', programme: 'waits', posting: 'earn/w1' }),
  dismiss: (l) => l.dismiss({ idempotencyKey: 'k', account: 'c_1', programme: 'waits', posting: 'earn/w1', reason: 'not believed' }),
  adjust: (l) => l.adjust({ idempotencyKey: 'k', ...mine, points: -7, reason: 'mistake' }),
  purchase: (l) => l.purchase({ idempotencyKey: 'k', ...mine, points: 10, paid: eur('1.00') }),
  import: (l) => l.import({ idempotencyKey: 'k', ...mine, lots: [{ points: 5 }, { points: 6, expiresAt: null }] }),
  reinstate: (l) => l.reinstate({ idempotencyKey: 'k', ...mine, days: 5, until: START + 90 * DAY }),
  freeze: (l) => l.freeze({ idempotencyKey: 'k', ...mine, reason: 'check' }),
  unfreeze: (l) => l.unfreeze({ idempotencyKey: 'k', account: 'c_5', programme: 'stars' }),
  transfer: (l) => l.transfer({ idempotencyKey: 'k', programme: 'stars', from: 'c_1', to: 'c_2', points: 25 }),
  merge: (l) => l.merge({ idempotencyKey: 'k', programme: 'stars', from: 'c_5', into: 'c_1' }),
  unmerge: (l) => l.unmerge({ idempotencyKey: 'k', merge: 'merge/m1' }),
  closeStatement: (l) => l.closeStatement({ idempotencyKey: 'k', ...mine, from: START - DAY, to: START + DAY }),
  anchor: (l) => l.anchor({ idempotencyKey: 'k' }),
  erase: (l) => l.erase(mine),
}

/** Writes without a key: their content says what is to be, and whoever comes second finds it so. Whose answer says that it did it? */
const KEYLESS: { readonly [verb: string]: (answer: unknown) => boolean } = {
  publish: (answer) => (answer as Published).changed,
  erase: (answer) => (answer as Erased).rows > 0,
}

const dry = { account: 'c_1', programme: 'stars' }
const DRY_RUNS: { readonly [V in keyof Loyalty['preview']]: (l: Loyalty) => Promise<unknown> } = {
  earn: (l) => l.preview.earn({ ...dry, order: order('k') }),
  hold: (l) => l.preview.hold({ ...dry, points: 30, for: { minutes: 15 }, order: order('k') }),
  capture: (l) => l.preview.capture({ hold: 'hold/h1', points: 20 }),
  replace: (l) => l.preview.replace({ hold: 'hold/h1', points: 70, for: { minutes: 15 }, order: order('h1') }),
  redeem: (l) => l.preview.redeem({ ...dry, points: 30 }),
  redeemTogether: (l) => l.preview.redeemTogether({ programme: 'stars', accounts: ['c_1', 'c_2'], points: 60 }),
  refer: (l) => l.preview.refer({ programme: 'stars', referrer: 'c_1', referee: 'c_9' }),
  merge: (l) => l.preview.merge({ programme: 'stars', from: 'c_5', into: 'c_1' }),
  claim: (l) => l.preview.claim({ ...dry, offer: 'gift', code: 'A-1' }),
  refund: (l) => l.preview.refund({ order: 's1', amount: eur('50.00') }),
  reverse: (l) => l.preview.reverse({ posting: 'redeem/s1' }),
  adjust: (l) => l.preview.adjust({ ...dry, points: -7, reason: 'mistake' }),
  reinstate: (l) => l.preview.reinstate({ ...dry, days: 5, until: START + 90 * DAY }),
  transfer: (l) => l.preview.transfer({ programme: 'stars', from: 'c_1', to: 'c_2', points: 25 }),
}

const QUESTIONS: { readonly [verb: string]: (l: Loyalty) => Promise<unknown> } = {
  funding: (l) => l.funding({ programme: 'stars' }),
  balance: (l) => l.balance(mine),
  status: (l) => l.status(mine),
  lots: (l) => l.lots(mine),
  holds: (l) => l.holds(mine),
  statement: (l) => l.statement({ ...mine, from: START, to: START + 9 * DAY }),
  reviews: (l) => l.reviews({ programme: 'stars' }),
  explain: (l) => l.explain({ posting: 'earn/o1' }),
  verify: (l) => l.verify({}),
  list: (l) => l.list({ programme: 'stars' }),
}

/** What a tenant's accounts look like from outside, and how many events each has. */
async function effect(storage: Storage, loyalty: Loyalty, tenant: string) {
  const accounts = ['c_1', 'c_2', 'c_4', 'c_5', 'c_9']
  const heads = (await storage.read(tenant, [
    ...accounts.map((account) => headOf('loyalty-account', `stars/${account}`)),
    headOf('loyalty-account', 'waits/c_1'),
  ])) as readonly Head[]
  const { rows } = await loyalty.list({ programme: 'stars' })
  const { broken } = await loyalty.verify({})
  return { events: heads.map((head) => head.seq), rows, broken }
}

let tenants = 0
const fresh = () => `t${++tenants}`

async function replayedAtOnce(storage: Storage, verb: string, times: number): Promise<void> {
  const [alone, many] = [fresh(), fresh()]
  const one = await scene(storage, alone)
  await WRITES[verb]!(one)
  const loyalty = await scene(storage, many)
  const answers = await Promise.all(Array.from({ length: times }, () => WRITES[verb]!(loyalty)))
  const texts = new Set(answers.map((answer) => JSON.stringify(answer)))
  const later = JSON.stringify(await WRITES[verb]!(loyalty))
  if (KEYLESS[verb]) expect(answers.filter(KEYLESS[verb]), `${verb}: one of them did it`).toHaveLength(1)
  else {
    expect(texts.size, `${verb}: the same answer each time, byte by byte`).toBe(1)
    expect(later, `${verb}: and later`).toBe([...texts][0])
  }
  expect(await effect(storage, loyalty, many), verb).toEqual(await effect(storage, one, alone))
}

/** Fails at the n-th call of each command, then sends it again. */
async function crashedAtEach(at: Place, out: Trouble, verb: string, when: 'before' | 'after', every: number): Promise<number> {
  const { storage } = at
  const alone = fresh()
  const one = await scene(storage, alone)
  const right = await WRITES[verb]!(one)
  const expected = await effect(storage, one, alone)
  let crashes = 0
  for (let n = 1 + (check.seed % every); ; n += every) {
    const tenant = fresh()
    const loyalty = await scene(storage, tenant)
    Object.assign(out.state, { left: n, when, dead: false, struck: false })
    const tried = await WRITES[verb]!(loyalty).then(
      () => 'done',
      (error: Error) => error.message,
    )
    const { struck } = out.state
    Object.assign(out.state, { left: Number.POSITIVE_INFINITY, struck: false })
    if (struck) crashes++
    at.restart()
    if (struck) expect(tried, `${verb} at call ${n}`).toContain('the power went out')
    const again = await WRITES[verb]!(loyalty)
    // the root of an anchor covers salts that differ from tenant to tenant
    if (verb !== 'anchor' && !KEYLESS[verb])
      expect(JSON.parse(JSON.stringify(again)), `${verb} at call ${n}`).toEqual(JSON.parse(JSON.stringify(right)))
    expect(await effect(storage, loyalty, tenant), `${verb} at call ${n}`).toEqual(expected)
    if (!struck) return crashes
  }
}

async function ready(storage: Storage): Promise<Storage> {
  createLoyalty({ storage })
  await storage.schema.migrate()
  return storage
}

/** A storage under trouble. `restart` does what the end of a process does to its connection. */
interface Place {
  readonly storage: Storage
  readonly restart: () => void
}

/** Everyday runs crash at one in `every` store calls, from a place that changes; the deep run at each. */
function facts(name: string, open: (out: Trouble) => Promise<Place>, every: number): void {
  let at: Place
  const out = trouble()
  beforeAll(async () => {
    at = await open(out)
  })

  test(`${name}: each of ${Object.keys(WRITES).length} writes sent 100 times at once has one effect and one answer`, {
    timeout: 600_000,
  }, async () => {
    for (const verb of Object.keys(WRITES)) await replayedAtOnce(at.storage, verb, 100)
    figure(`every public write of loyalty replayed 100 times at once on ${name}`, Object.keys(WRITES).length, 'writes, each one effect')
  })

  test(`${name}: a crash at each store call of each write, before it and after it, and the write sent again has one effect`, {
    timeout: 900_000,
  }, async () => {
    let calls = 0
    for (const verb of Object.keys(WRITES)) {
      for (const when of ['before', 'after'] as const) calls += await crashedAtEach(at, out, verb, when, DEEP ? 1 : every)
    }
    expect(calls).toBeGreaterThan(Object.keys(WRITES).length)
    figure(`crashes at store calls of loyalty's writes on ${name}, each sent again with one effect`, calls, 'crashes')
  })
}

const stays = () => undefined

describe('memory', () =>
  facts('memory', async (out) => ({ storage: await ready(interpret(out.rows(memoryRows()), { engine: 'memory' })), restart: stays }), 25))

describe('SQLite', () =>
  facts(
    'SQLite',
    async (out) => {
      const db = new DatabaseSync(':memory:')
      const storage = await ready(sqliteStorage({ connection: out.session(fromNodeSqlite(db)) }))
      return { storage, restart: () => db.isTransaction && db.exec('rollback') }
    },
    5,
  ))

describe('PGlite', () => {
  const db = new PGlite()
  afterAll(() => db.close())
  facts(
    'PGlite',
    async (out) => ({
      storage: await ready(postgresStorage({ connection: out.session(fromPglite(db)), schema: 'writes' })),
      restart: stays,
    }),
    2,
  )
})

test('another content under a used key is refused, naming what differs; nothing is written', async () => {
  const storage = await ready(sqliteStorage({ file: ':memory:' }))
  const loyalty = await scene(storage, 't')
  const before = await effect(storage, loyalty, 't')
  const error = await loyalty.redeem({ idempotencyKey: 's1', ...mine, points: 41, order: order('s1') }).catch((caught: unknown) => caught)
  if (!isPatronkitError(error, 'core/idempotency-conflict')) throw error
  expect(error.details.differs).toEqual(['points'])
  expect(await effect(storage, loyalty, 't')).toEqual(before)
  await storage.close()
})

test('every verb is a write of these tests or a question, and neither a question nor a dry run writes anything', async () => {
  const storage = await ready(memoryStorage())
  await scene(storage, 't')
  let commits = 0
  const watched: Storage = {
    ...storage,
    commit: (units) => {
      commits++
      return storage.commit(units)
    },
  }
  const clock = manualClock(START + 2 * DAY)
  const loyalty = createLoyalty({ storage: watched, clock }).for({ tenant: 't', by: { type: 'system', id: 'test' } })
  // `in` is all of them once more, inside a host's transaction
  const { preview, in: _, ...verbs } = loyalty
  expect(Object.keys(verbs).sort()).toEqual([...Object.keys(WRITES), ...Object.keys(QUESTIONS)].sort())
  expect(Object.keys(preview).sort()).toEqual(Object.keys(DRY_RUNS).sort())
  for (const ask of [...Object.values(QUESTIONS), ...Object.values(DRY_RUNS)]) await ask(loyalty)
  expect(commits).toBe(0)
  await WRITES.earn!(loyalty)
  expect(commits).toBe(1)
})

test.each(Object.keys(DRY_RUNS))('preview.%s answers what the verb answers then, but for the names of what is made', async (verb) => {
  const loyalty = await scene(await ready(memoryStorage()), 't')
  const unnamed = (answer: unknown, id: string) => JSON.stringify(answer).replaceAll(id, 'made')
  const before = unnamed(await DRY_RUNS[verb as keyof Loyalty['preview']](loyalty), `preview/${verb}`)
  expect(unnamed(await WRITES[verb]!(loyalty), `${verb}/k`)).toBe(before)
})
