import {
  all,
  brokenAt,
  coreSchema,
  eventsOf,
  field,
  headOf,
  list,
  NO_HEAD,
  type Storage,
  type StoredEvent,
  subjectsAfter,
  timersAfter,
} from '@patronkit/core/storage'
import { refused, same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { counters, happened, headAfter, KIND, lots, memories, unitOf } from './sample.ts'

const lot = (account: string, no: number) => ({ write: 'insert', table: lots, row: { account, no, left: 1 } }) as const
const timer = { timer: 'set', queue: 'q', key: 'k', dueAt: 10 } as const

/** Redaction, clearing, dropping a tenant, and what health tells. */
export const upkeepFacts: Facts = ({ fact }) => {
  fact('redacted events keep their chain, and consumers get them without a body', async (storage) => {
    const unit = unitOf({ subject: 'a', happened: [happened(1), happened(2), happened(3)] })
    await done(
      storage,
      unit,
      unitOf({ subject: 'b', happened: [happened(1)] }),
      unitOf({ tenant: 'beta', subject: 'a', happened: [happened(1)] }),
    )
    same(await storage.redact('acme', { kind: KIND, subject: 'a', upTo: 2 }), 2, 'the first two')
    const events = (await readOne(storage, eventsOf(KIND, 'a', { limit: 9 }))) as readonly StoredEvent[]
    same(
      events.map(({ body, salt }) => [body === null, salt === null]),
      [
        [true, true],
        [true, true],
        [false, false],
      ],
      'what is gone',
    )
    same(brokenAt(events, headAfter(unit)), null, 'the chain')
    same(await storage.redact('acme', { kind: KIND, subject: 'a' }), 1, 'the rest')
    same(await storage.redact('acme', { kind: KIND, subject: 'a' }), 0, 'nothing twice')
    const page = await storage.feed({ consumer: 'c', now: 2_000, limit: 9 })
    same(page.events.filter((event) => event.body === null).length, 3, 'in the feed')
    same(page.events.length, 5, 'all of them')
  })

  fact('only rows of a derived table are cleared by a condition, at most as many as asked for', async (storage) => {
    const rows = [1, 2, 3, 4].map((at) => ({ write: 'insert', table: memories, row: { id: `m${at}`, at } }) as const)
    await done(storage, unitOf({ subject: 'a', writes: rows }), unitOf({ tenant: 'beta', subject: 'a', writes: rows }))
    const old = { table: memories, where: field('at').lt(4) }
    same(await storage.clear('acme', { ...old, limit: 2 }), 2, 'two of three')
    same(await storage.clear('acme', { ...old, limit: 9 }), 1, 'the third')
    same(await readOne(storage, list(memories, { where: all(), limit: 9 })), [{ id: 'm4', at: 4 }], 'what is left')
    same(
      ((await readOne(storage, list(memories, { where: all(), limit: 9 }), 'beta')) as readonly unknown[]).length,
      4,
      'of another tenant',
    )
    await refused(
      async () => storage.clear('acme', { table: lots, where: all(), limit: 9 }),
      'a table that is not derived',
      'core/bad-unit',
    )
  })

  fact('a tenant is dropped in pieces, and nothing of another is touched', async (storage) => {
    const units = (tenant: string) => [
      unitOf({
        tenant,
        subject: 'a',
        writes: [lot('a', 1), lot('a', 2)],
        timers: [timer],
        happened: [happened(1)],
        adds: [{ table: counters, key: { day: 'd' }, column: 'given', by: 1 }],
      }),
      unitOf({ tenant, subject: 'b', happened: [happened(1), happened(2)] }),
    ]
    await done(storage, ...units('acme'))
    await storage.feed({ consumer: 'c', now: 2_000, limit: 9 })
    await done(storage, ...units('beta'), unitOf({ tenant: 'acme', subject: 'c', happened: [happened(1)] }))
    const before = await everythingOf(storage, 'beta')
    let dropped = 0
    for (let once = await storage.drop('acme', 2); once > 0; once = await storage.drop('acme', 2)) dropped += once
    same(dropped, 11, 'rows, timers, events and heads')
    same(await everythingOf(storage, 'acme'), [[], [], [], [], [], []], 'nothing is left')
    same(await readOne(storage, headOf(KIND, 'a')), NO_HEAD, 'nor a head')
    same(await everythingOf(storage, 'beta'), before, 'of another tenant')
    const page = await storage.feed({ consumer: 'd', now: 2_000, limit: 9 })
    same(
      page.events.map((event) => event.tenant),
      ['beta', 'beta', 'beta'],
      'in the feed',
    )
    await done(storage, ...units('acme'))
    same((await storage.feed({ consumer: 'd', now: 2_000, limit: 9 })).events.length, 6, 'it may begin anew')
  })

  fact('health tells what is parked, what waits for a place and how far consumers are behind', async (storage) => {
    same(await stateOf(storage), { parked: 0, unsequenced: 0, unsequencedSince: null, behind: {} }, 'of an empty storage')
    await done(storage, unitOf({ subject: 'a', at: 1_500, timers: [timer], happened: [happened(1), happened(2)] }))
    same(await stateOf(storage), { parked: 0, unsequenced: 2, unsequencedSince: 1_500, behind: {} }, 'before anybody reads the feed')
    const { states, events } = await storage.feed({ consumer: 'c', now: 2_000, limit: 1 })
    await storage.advance(0, { ...states[0]!, position: events[0]!.position })
    const failed = { timer: 'failed', queue: 'q', key: 'k', dueAt: 20, error: 'no luck', parked: true } as const
    await done(storage, unitOf({ subject: 'b', timers: [failed] }))
    same(await stateOf(storage), { parked: 1, unsequenced: 0, unsequencedSince: null, behind: { c: 1 } }, 'one read, one parked')
  })

  fact('a storage names the tables it was told of', async (storage) => {
    storage.declare(coreSchema)
    const names = storage.tables().map((table) => table.name)
    same(
      ['kit_thing', 'kit_lot', 'command_key'].filter((name) => !names.includes(name)),
      [],
      'the tables',
    )
  })
}

/** What health tells, without the clock. */
async function stateOf(storage: Storage): Promise<unknown> {
  const { now, ...state } = await storage.health()
  return Number.isSafeInteger(now) || now === null ? state : { now }
}

async function everythingOf(storage: Storage, tenant: string): Promise<readonly unknown[]> {
  return storage.read(tenant, [
    list(lots, { where: all(), limit: 99 }),
    list(counters, { where: all(), limit: 99 }),
    subjectsAfter(null, 99),
    timersAfter(false, null, 99),
    eventsOf(KIND, 'a', { limit: 99 }),
    eventsOf(KIND, 'b', { limit: 99 }),
  ])
}
