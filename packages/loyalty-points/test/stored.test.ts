import { PGlite } from '@electric-sql/pglite'
import { manualClock, memoryStorage, type Storage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { eventsOf, type StoredEvent } from '@patronkit/core/storage'
import { fromPg } from '@patronkit/storage-sql/pg'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { pglitePlace, sqlitePlace } from '../../storage-sql/test/engines.ts'
import { realPostgres, type Server, startServer } from '../../storage-sql/test/postgres-server.ts'
import { createLoyalty, decide, defineProgramme, type GrantedLot, type Import, type LoyaltyEvent, type Programme } from '../src/index.ts'
import { evolveAll, given, NOBODY, opened, type Story } from '../src/testing.ts'
import { anyProgramme, commandOf, DAY, type Move, moves, START } from './histories.ts'
import { check, patience } from './settings.ts'
import { ACCOUNT, answered, send } from './verbs.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
let tenants = 0

/** What an account's stored events say, without the reasons that the service adds to them. */
async function eventsIn(storage: Storage, tenant: string): Promise<readonly LoyaltyEvent[]> {
  const [stored] = (await storage.read(tenant, [eventsOf('loyalty-account', 'stars/c_1', { limit: 100_000 })])) as [readonly StoredEvent[]]
  return stored.map(({ type, v, effectiveAt, body }) => {
    const { why: _, ...data } = JSON.parse(body!)
    return { type, v, at: effectiveAt, data } as LoyaltyEvent
  })
}

/** Tells a history to the pure core and to the service at once: they must agree on every answer and on what stays. */
async function agree(
  storage: Storage,
  list: readonly Move[],
  { name, programme }: { readonly name: string; readonly programme: Programme },
  opening: readonly GrantedLot[] = [],
): Promise<void> {
  const clock = manualClock(START)
  const tenant = `t${++tenants}`
  const service = createLoyalty({ storage, clock })
  const runner = createRunner({ storage, clock, services: [service] })
  const loyalty = service.for({ tenant, by: { type: 'system', id: 'test' } })
  await loyalty.publish({ definition: defineProgramme({ id: 'stars', ...programme }) })
  await loyalty.open({ idempotencyKey: 'open', ...ACCOUNT, zone: 'Europe/Rome' })
  let story: Story = opened(programme, START, {
    zone: 'Europe/Rome',
  })
  if (opening.length > 0) {
    await loyalty.import({ idempotencyKey: 'opening', ...ACCOUNT, lots: opening as Import['lots'] })
    const grant = { type: 'grant', id: 'import/opening', at: START, lots: opening, reason: 'opening balance' } as const
    story = given(story, grant, programme)
  }
  let now = START
  for (const [i, one] of list.entries()) {
    now += one.hours * 3_600_000
    clock.set(now)
    const command = commandOf(one, i, story, now)
    // a refund of nothing does not get as far as a decision
    if (!command || (command.type === 'refund' && Number(command.amount.amount) === 0)) continue
    const decision = decide(command, story.state, { now, programme })
    if (command.type === 'pass-time') await runner.tick()
    else {
      const found = await answered(() => send(loyalty, command, `p${i}`))
      if (decision.outcome === 'accepted') {
        const { points, available, posted, held, pending, debt } = decision.answer
        expect(found, `${name}: ${i} ${command.type}`).toMatchObject({ points, available, posted, held, pending, debt })
        const next = decision.answer.nextExpiry
        expect((found as { nextExpiry: unknown }).nextExpiry).toEqual(next && { points: next.points, at: new Date(next.at) })
      } else expect(found, `${name}: ${i} ${command.type}`).toBe(decision.outcome === 'rejected' ? decision.rejection.code : '')
    }
    if (decision.outcome === 'accepted') story = { state: decision.state, events: [...story.events, ...decision.events] }
  }
  const stored = await eventsIn(storage, tenant)
  const asOf = story.state.asOf
  expect(stored).toEqual(JSON.parse(JSON.stringify(story.events)))
  expect({ ...evolveAll(NOBODY, stored), asOf }).toEqual(JSON.parse(JSON.stringify({ ...story.state })))
  expect(await loyalty.verify({})).toMatchObject({ accounts: 1, broken: null })
}

function modelTest(name: string, storage: () => Storage, runs: number): void {
  test(`${name}: the service and the pure core agree on every answer, and the rows are what the events make of them (T1)`, {
    timeout: patience * 10,
  }, async () => {
    createLoyalty({ storage: storage() })
    await storage().schema.migrate()
    await fc.assert(
      fc.asyncProperty(moves, anyProgramme, (list, programme) => agree(storage(), list, programme)),
      { ...check, numRuns: runs },
    )
    figure(`histories of up to 50 commands through the service on ${name}, agreeing with the pure core`, runs, 'histories')
  })
}

/** More lots than a command reads at once, many of which go at the same instant. */
const manyLots = fc.array(
  fc.record({
    points: fc.integer({ min: 1, max: 4 }),
    expiresAt: fc.integer({ min: 0, max: 12 }).map((n) => (n === 12 ? null : START + (n + 1) * 5 * DAY)),
  }),
  { minLength: 33, maxLength: 300, size: 'max' },
)

function readInPart(name: string, storage: () => Storage, runs: number): void {
  test(`${name}: an account of hundreds of lots, read in part, decides as one that was read whole`, {
    timeout: patience * 10,
  }, async () => {
    createLoyalty({ storage: storage() })
    await storage().schema.migrate()
    await fc.assert(
      fc.asyncProperty(moves, anyProgramme, manyLots, (list, programme, opening) => agree(storage(), list, programme, opening)),
      { ...check, numRuns: runs },
    )
    figure(`histories on accounts of 33 to 300 lots, read in part, on ${name}`, runs, 'histories')
  })
}

const memory = memoryStorage()
modelTest('memory', () => memory, DEEP ? 10_000 : 300)
const sqlite = sqlitePlace().storage()
modelTest('SQLite', () => sqlite, DEEP ? 10_000 : 300)
readInPart('SQLite', () => sqlite, DEEP ? 5_000 : 150)

describe('PGlite', () => {
  let db: PGlite
  let storage: Storage
  beforeAll(() => {
    db = new PGlite()
    storage = pglitePlace(db, 'model').storage()
  })
  afterAll(() => db.close())
  modelTest('PGlite', () => storage, DEEP ? 1_000 : 20)
})

describe.runIf(realPostgres)('on a real server', () => {
  let server: Server
  let storage: Storage
  beforeAll(async () => {
    server = await startServer()
    storage = postgresStorage({ connection: fromPg(server.pool(4)), schema: 'model' })
  })
  afterAll(() => server?.stop())
  modelTest('Postgres', () => storage, DEEP ? 10_000 : 100)
})
