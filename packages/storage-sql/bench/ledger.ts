import {
  get,
  type Head,
  headOf,
  integer,
  NO_HEAD,
  type PackageSchema,
  type Read,
  type Storage,
  sealEvents,
  type TimerWrite,
  table,
  text,
  type Unit,
} from '@patronkit/core/storage'

// What every engine is measured with: accounts that earn points.

export const accounts = table('bench_account', { id: text(), points: integer() }, { key: ['id'], subject: ['id'] })
export const keys = table('bench_key', { key: text(), answer: text() }, { key: ['key'], subject: ['key'] })
export const postings = table(
  'bench_posting',
  { account: text(), no: integer(), points: integer(), note: text() },
  { key: ['account', 'no'], subject: ['account'] },
)
export const counters = table('bench_counter', { id: text(), given: integer() }, { key: ['id'], subject: ['id'] })

const tables = [accounts, keys, postings, counters]

export const schema: PackageSchema = {
  package: 'bench',
  tables,
  migrations: [{ id: 1, about: 'the tables', steps: tables.map((addTable) => ({ addTable })) }],
}

/** So many subjects, and as many timers, stand in the tables. */
export const SUBJECTS = 50_000

export const TENANT = 'acme'

export const SALT = '0123456789abcdef0123456789abcdef'

/** The id of an account; neighbours in time are none in the index. */
export const accountAt = (n: number): string => `account-${(n * 7919) % SUBJECTS}`

/** What a command that earns points reads. */
export const asks = (id: string): readonly Read[] => [headOf('bench', id), get(accounts, { id })]

/** The event of an earning, sealed onto the chain of its account. */
export const seal = (from: Head, id: string, at: number) =>
  sealEvents(from, [{ type: 'bench.earned', v: 1, at, data: { account: id, points: 10 } }], {
    tenant: TENANT,
    kind: 'bench',
    subject: id,
    actor: { type: 'system', id: 'bench' },
    recordedAt: at,
    causation: null,
    correlation: null,
    salt: () => SALT,
  })

/** One earning: a head that moves, a key that is unique, two rows and an event. */
export function earning(from: Head, i: { readonly id: string; readonly key: string; readonly at: number }): Unit {
  const { id, key, at } = i
  const { events, chain } = seal(from, id, at)
  const to = { version: from.version + 1, lastAt: at, seq: from.seq + 1, chain }
  return {
    tenant: TENANT,
    heads: [{ kind: 'bench', subject: id, from, to }],
    unique: [{ table: keys, row: { key, answer: '{"points":10}' } }],
    writes: [
      { write: 'insert', table: postings, row: { account: id, no: to.version, points: 10, note: 'earned' } },
      { write: 'change', table: accounts, key: { id }, set: { points: to.version * 10 } },
    ],
    events,
    timers: [],
  }
}

/** Fills the tables; answers the heads. */
export async function fill(storage: Storage, timers = false): Promise<Map<string, Head>> {
  storage.declare(schema)
  await storage.schema.migrate()
  const to: Head = { version: 1, lastAt: 0, seq: 0, chain: '' }
  const ids = Array.from({ length: SUBJECTS }, (_, i) => `account-${i}`)
  const first = (id: string, i: number): Unit => ({
    tenant: TENANT,
    heads: [{ kind: 'bench', subject: id, from: NO_HEAD, to }],
    writes: [{ write: 'insert', table: accounts, row: { id, points: 0 } }],
    events: [],
    timers: timers ? [{ timer: 'set', queue: 'bench', key: id, dueAt: i } satisfies TimerWrite] : [],
  })
  const units = ids.map(first)
  for (let i = 0; i < units.length; i += 10_000) await storage.commit(units.slice(i, i + 10_000))
  return new Map(ids.map((id) => [id, to]))
}
