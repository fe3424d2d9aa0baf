import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PGlite } from '@electric-sql/pglite'
import { interpret, type Storage } from '@patronkit/core/storage'
import { memoryRows } from '@patronkit/core/testing'
import type { Fact } from '@patronkit/sla-engine'
import { fromNodeSqlite } from '@patronkit/storage-sql/node-sqlite'
import { fromPglite } from '@patronkit/storage-sql/pglite'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { sqliteStorage } from '@patronkit/storage-sql/sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { type Trouble, trouble } from '../../storage-sql/test/trouble.ts'
import { everyEvent } from './helpdesk.ts'
import { type Desk, desk, HOUR, MONDAY } from './sla-desk.ts'

const DEEP = Boolean(process.env.PATRONKIT_DEEP)
const SEED = process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31

const ticket = (id: string) => ({ type: 'ticket', id })
const fact = (type: string, hour: number, attributes: Fact['attributes'] = {}): Fact => ({
  id: `${type} ${hour}`,
  type,
  at: MONDAY + hour * HOUR,
  attributes,
})

/** Two tickets with a past that are linked to nothing, and one in two parts. */
async function begun(at: Desk): Promise<void> {
  await at.publish(0)
  at.clock.advance({ hours: 3 })
  for (const id of ['T-1', 'T-2']) {
    await at.sla.record({ item: ticket(id), facts: [fact('created', 0, { tier: 'gold', team: 'net' }), fact('agent-reply', 1)] })
  }
  await at.sla.record({ item: ticket('T-3'), facts: [fact('created', 1, { team: 'db' })] })
  await at.sla.record({ item: ticket('T-4'), facts: [fact('created', 1, { team: 'db' })] })
  await at.sla.merge({ idempotencyKey: 'before', item: ticket('T-4'), into: ticket('T-3'), clocks: 'earliest' })
  await at.sla.link({ idempotencyKey: 'before', parent: ticket('T-1'), child: ticket('T-3'), rule: 'parent-waits' })
}

/** Every verb that writes, and how it is called. `before` is what has to be there for it to do something. */
interface Write {
  readonly before?: (at: Desk) => Promise<unknown>
  readonly call: (at: Desk) => Promise<unknown>
  /** Whether the answer of a call that is sent again is that of one that was never sent before. */
  readonly sameAnswer?: false
}

const reason = 'as agreed'
const keyed = { idempotencyKey: 'k1', reason }
const handedOver = () => [fact('assigned', 2, { team: 'db', status: 'waiting' }), fact('customer-message', 2.5, { status: 'open' })]
const several = () => [
  { item: ticket('T-1'), facts: [fact('resolved', 2.75)] },
  { item: ticket('T-2'), facts: handedOver() },
  { item: ticket('T-3'), facts: [fact('resolved', 2.5)] },
  { item: ticket('T-5'), facts: [fact('created', 0, { tier: 'gold' })] },
]

const writes: { readonly [verb: string]: Write } = {
  record: { call: ({ sla }) => sla.record({ item: ticket('T-2'), facts: handedOver() }) },
  'record of what happened earlier': {
    call: ({ sla }) => sla.record({ item: ticket('T-2'), facts: [fact('status-changed', 0.5, { status: 'waiting' })] }),
  },
  'record of what others hear of': { call: ({ sla }) => sla.record({ item: ticket('T-3'), facts: [fact('resolved', 2)] }) },
  recordMany: { call: ({ sla }) => sla.recordMany({ items: several() }) },
  import: { call: ({ sla }) => sla.import({ items: several() }) },
  agree: { call: ({ sla }) => sla.agree({ ...keyed, item: ticket('T-1'), metric: 'resolution', dueAt: MONDAY + 30 * HOUR }) },
  override: { call: ({ sla }) => sla.override({ ...keyed, item: ticket('T-2'), metric: 'resolution', outcome: 'met' }) },
  merge: { call: ({ sla }) => sla.merge({ idempotencyKey: 'k1', item: ticket('T-2'), into: ticket('T-3'), clocks: 'earliest' }) },
  unmerge: { call: ({ sla }) => sla.unmerge({ idempotencyKey: 'k1', item: ticket('T-4') }) },
  split: {
    call: ({ sla }) =>
      sla.split({ idempotencyKey: 'k1', item: ticket('T-1'), into: ticket('P-1'), facts: ['agent-reply 1'], clocks: 'inherit' }),
  },
  link: { call: ({ sla }) => sla.link({ idempotencyKey: 'k1', parent: ticket('T-1'), child: ticket('T-2'), rule: 'parent-waits' }) },
  retarget: {
    before: ({ publish }) => publish(2),
    call: async ({ sla }) => {
      while ((await sla.retarget({ ...keyed, page: 2 })).more);
    },
  },
  erase: { call: ({ sla }) => sla.erase({ item: ticket('T-1') }), sameAnswer: false },
}

/** Everything there is, whoever asks. */
async function effect(storage: Storage): Promise<readonly string[]> {
  // asked by a desk of its own, whose chance is its own too
  const { sla, clock } = await desk(storage, salt)
  clock.advance({ hours: 3 })
  const { rows } = await sla.items({ type: 'ticket' })
  const next = await storage.nextDue(['sla'])
  return [...rows.map((row) => JSON.stringify(row)), String(next), ...(await everyEvent(storage))]
}

/** The same salt for everything: what is written twice is then the same to the byte. */
const salt = (bytes: number) => new Uint8Array(bytes)

/** An engine under trouble, and the same data opened again without. */
interface Place {
  readonly storage: (trouble: Trouble) => Storage
  readonly reopened: (storage: Storage) => Storage
}

const never = { left: Number.POSITIVE_INFINITY, struck: false, dead: false }

/** The desk as a verb finds it. */
async function readied(storage: Storage, write: Write): Promise<Desk> {
  const at = await desk(storage, salt)
  await begun(at)
  await write.before?.(at)
  // nothing is published in the very millisecond in which it is asked for
  at.clock.set(new Date(MONDAY + 3 * HOUR + 1))
  return at
}

function failureFacts(name: string, place: () => Place, modes: readonly boolean[], share: number): void {
  for (const [verb, write] of Object.entries(writes)) {
    test(`${name}: ${verb} fails at any call to the store, and sent again it has happened once`, { timeout: 3_600_000 }, async () => {
      const clean = place()
      const counting = trouble()
      const storage = clean.storage(counting)
      const undisturbed = await readied(storage, write)
      Object.assign(counting.state, { calls: 0 })
      const answer = JSON.stringify(await write.call(undisturbed))
      const { calls } = counting.state
      const expected = await effect(storage)
      await storage.close()
      expect(calls).toBeGreaterThan(1)

      let struckAt = 0
      for (const dead of modes) {
        for (const when of ['before', 'after'] as const) {
          // every day a share of the calls, others each time; all of them in the deep run
          for (let n = 1 + ((SEED + struckAt) % Math.min(share, calls)); n <= calls; n += share) {
            const at = place()
            const out = trouble()
            const first = at.storage(out)
            const troubled = await readied(first, write)
            Object.assign(out.state, { left: n, when, dead })
            const tried = await write.call(troubled).then(
              () => 'done',
              (error: Error) => error.message,
            )
            expect([tried, out.state.struck], `call ${n} of ${calls}, ${when}`).toEqual(['the power went out', true])
            Object.assign(out.state, never)
            const again = at.reopened(first)
            const anew = await desk(again, salt)
            anew.clock.set(new Date(MONDAY + 3 * HOUR + 1))
            const second = JSON.stringify(await write.call(anew))
            if (write.sameAnswer !== false) expect(second, `call ${n} of ${calls}, ${when}`).toBe(answer)
            expect(await effect(again), `call ${n} of ${calls}, ${when}`).toEqual(expected)
            await again.close()
            struckAt++
          }
        }
      }
      figure(`crashes at calls to the store during ${verb} over ${name}, each one effect when sent again`, struckAt, 'crashes')
    })
  }
}

const folder = mkdtempSync(join(tmpdir(), 'patronkit-sla-failures-'))
afterAll(() => rmSync(folder, { recursive: true }))
let places = 0

failureFacts(
  'memory',
  () => ({ storage: (out) => interpret(out.rows(memoryRows()), { engine: 'memory' }), reopened: (storage) => storage }),
  // what dies with its process cannot be opened again
  [false],
  DEEP ? 1 : 20,
)

failureFacts(
  'SQLite',
  () => {
    const file = join(folder, `${++places}.db`)
    const db = new DatabaseSync(file)
    // what is in doubt here is not the disk
    db.exec('pragma journal_mode = wal; pragma synchronous = off')
    return {
      storage: (out) => sqliteStorage({ connection: out.session(fromNodeSqlite(db)) }),
      reopened: () => {
        db.close()
        return sqliteStorage({ file })
      },
    }
  },
  [false, true],
  DEEP ? 1 : 20,
)

describe('PGlite', () => {
  let db: PGlite | undefined
  afterAll(() => db?.close())
  failureFacts(
    'PGlite',
    () => {
      db ??= new PGlite()
      const own = db
      const schema = `failures_${++places}`
      return {
        storage: (out) => postgresStorage({ connection: out.session(fromPglite(own)), schema }),
        reopened: () => postgresStorage({ connection: fromPglite(own), schema }),
      }
    },
    [false, true],
    DEEP ? 1 : 10,
  )
})
