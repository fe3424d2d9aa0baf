import { type Claimed, type Head, headOf, laneOf, type Storage, type TimerWrite, turnsAfter } from '@patronkit/core/storage'
import { check, same } from './check.ts'
import { type Facts, readOne } from './facts.ts'
import { KIND, unitOf } from './sample.ts'

const set = (key: string, dueAt: number, queue = 'q'): TimerWrite => ({ timer: 'set', queue, key, dueAt })

async function write(storage: Storage, timers: readonly TimerWrite[], fired?: Claimed) {
  const from = (await readOne(storage, headOf(KIND, 'a'))) as Head
  const lease = fired && { queue: fired.queue, key: fired.key, generation: fired.generation, lease: fired.lease }
  return (await storage.commit([unitOf({ subject: 'a', from, timers, ...(lease ? { fired: lease } : {}) })]))[0]
}

const claim = async (storage: Storage, lease: string, o: { now?: number; limit?: number; leaseMs?: number; queues?: string[] } = {}) =>
  await storage.claim({ queues: o.queues ?? ['q'], now: o.now ?? 100, limit: o.limit ?? 99, leaseMs: o.leaseMs ?? 50, lease })

const keys = (claimed: readonly Claimed[]) => claimed.map((timer) => timer.key)

/** Timers fall due, are leased to one at a time, and are handled under their lease or not at all. */
export const timerFacts: Facts = ({ fact }) => {
  fact('a timer is claimed once it is due, the oldest first, in the queues that were asked for', async (storage) => {
    await write(storage, [set('late', 101), set('b', 20), set('a', 10), set('c', 30), set('other', 1, 'other')])
    same(await storage.nextDue(['q']), 10, 'the next one due')
    same(await storage.nextDue(['q', 'other']), 1, 'over both queues')
    same(await storage.nextDue(['none']), null, 'of a queue without timers')
    same(await storage.nextDue([]), null, 'of no queue')
    same(
      await claim(storage, 'L', { limit: 2 }),
      [
        { tenant: 'acme', queue: 'q', key: 'a', generation: 1, lease: 'L', dueAt: 10, attempts: 0 },
        { tenant: 'acme', queue: 'q', key: 'b', generation: 1, lease: 'L', dueAt: 20, attempts: 0 },
      ],
      'the two oldest',
    )
    same(keys(await claim(storage, 'M', { queues: ['q', 'other'] })), ['other', 'c'], 'the rest that is due')
    same(await claim(storage, 'N', { queues: [] }), [], 'no queues')
  })

  fact('claims are disjoint until a lease ends', async (storage) => {
    await write(
      storage,
      Array.from({ length: 20 }, (_, i) => set(`k${i}`, i)),
    )
    const claims = await Promise.all(['A', 'B', 'C'].map((lease) => claim(storage, lease, { limit: 8 })))
    // who came second may have been left with less than is due
    const all = [...claims.flatMap(keys), ...keys(await claim(storage, 'R'))]
    same([all.length, new Set(all).size], [20, 20], 'each timer once')
    same(await claim(storage, 'D', { now: 149 }), [], 'while they are leased')
    same(await storage.nextDue(['q']), 150, 'the end of the leases')
    same((await claim(storage, 'E', { now: 150 })).length, 20, 'when the leases have ended')
  })

  fact(
    'claims at the same moment take all that is due between them',
    async (storage) => {
      await write(
        storage,
        Array.from({ length: 20 }, (_, i) => set(`k${i}`, i)),
      )
      const claims = await Promise.all(['A', 'B', 'C'].map((lease) => claim(storage, lease, { limit: 8 })))
      same(new Set(claims.flatMap(keys)).size, 20, 'all of them')
    },
    'skipLocked',
  )

  fact('setting a timer anew raises its generation and ends its lease', async (storage) => {
    await write(storage, [set('k', 10)])
    const [first] = await claim(storage, 'L')
    await write(storage, [set('k', 20)])
    same(await write(storage, [], first), { outcome: 'stale-timer', queue: 'q', key: 'k' }, 'the old lease')
    const [second] = await claim(storage, 'M')
    same([second?.generation, second?.dueAt, second?.attempts], [2, 20, 0], 'the new one')
  })

  fact('a unit under a lease is refused once somebody else holds the timer, and then writes nothing', async (storage) => {
    await write(storage, [set('k', 10)])
    const [first] = await claim(storage, 'L')
    const [second] = await claim(storage, 'M', { now: 200 })
    same(await write(storage, [set('x', 1)], first), { outcome: 'stale-timer', queue: 'q', key: 'k' }, 'the first')
    same(await storage.nextDue(['q']), 250, 'its timer was not set')
    same(await write(storage, [], second), { outcome: 'done' }, 'the second')
  })

  fact('a fired timer that its unit does not mention again is done with', async (storage) => {
    await write(storage, [set('k', 10), set('again', 10)])
    const claimed = await claim(storage, 'L')
    const one = (key: string) => claimed.find((timer) => timer.key === key)!
    same(await write(storage, [], one('k')), { outcome: 'done' }, 'handled')
    same(await write(storage, [set('again', 500)], one('again')), { outcome: 'done' }, 'handled and set again')
    same(await write(storage, [], one('k')), { outcome: 'stale-timer', queue: 'q', key: 'k' }, 'handled twice')
    same(await storage.nextDue(['q']), 500, 'only the other is left')
    const [again] = await claim(storage, 'M', { now: 500 })
    same(again?.generation, 2, 'it has a new generation')
  })

  fact('a timer that failed keeps its generation, counts attempts, and waits', async (storage) => {
    await write(storage, [set('k', 10)])
    const [first] = await claim(storage, 'L')
    const failed = (dueAt: number, parked: boolean): TimerWrite => ({
      timer: 'failed',
      queue: 'q',
      key: 'k',
      dueAt,
      error: 'no luck',
      parked,
    })
    await write(storage, [failed(300, false)], first)
    same(await claim(storage, 'M', { now: 299 }), [], 'while it waits')
    same(await storage.nextDue(['q']), 300, 'when it is due again')
    const [second] = await claim(storage, 'N', { now: 300 })
    same([second?.generation, second?.attempts, second?.dueAt], [1, 1, 300], 'the second try')
    await write(storage, [failed(400, true)], second)
    same(await claim(storage, 'O', { now: 9_999 }), [], 'once parked')
    same(await storage.nextDue(['q']), null, 'a parked timer does not count')
    await write(storage, [set('k', 500)])
    const [fresh] = await claim(storage, 'P', { now: 500 })
    same([fresh?.generation, fresh?.attempts], [2, 0], 'set anew')
  })

  fact('a cancelled timer is gone; cancelling or failing one that is not there changes nothing', async (storage) => {
    await write(storage, [set('k', 10)])
    await write(storage, [{ timer: 'cancel', queue: 'q', key: 'k' }])
    same(await storage.nextDue(['q']), null, 'gone')
    same(await write(storage, [{ timer: 'cancel', queue: 'q', key: 'k' }]), { outcome: 'done' }, 'cancelled twice')
    same(
      await write(storage, [{ timer: 'failed', queue: 'q', key: 'k', dueAt: 1, error: 'x', parked: false }]),
      { outcome: 'done' },
      'failed when gone',
    )
    same(await storage.nextDue(['q']), null, 'still gone')
  })

  fact('tenants take turns: the oldest of each, then the second oldest of each, whatever a backlog', async (storage) => {
    check(laneOf('acme') === laneOf('jade') && laneOf('acme') !== laneOf('beta'), 'two tenants share a lane, a third has its own')
    const backlog = Array.from({ length: 40 }, (_, i) => set(`a${i + 10}`, i))
    await storage.commit([
      unitOf({ subject: 'a', timers: backlog }),
      unitOf({ tenant: 'jade', subject: 'a', timers: [set('j1', 90), set('j2', 91, 'r'), set('later', 101)] }),
      unitOf({ tenant: 'beta', subject: 'a', timers: [set('b1', 95)] }),
    ])
    const take = async (limit: number, after: string) =>
      (await storage.claim({ queues: ['q', 'r'], now: 100, limit, leaseMs: 50, lease: `${after} ${limit}`, after })).map(
        ({ tenant, key }) => `${tenant} ${key}`,
      )
    same(await take(2, ''), ['beta b1', 'acme a10'], 'from the start, the first lane in turn')
    same(await take(3, 'acme'), ['jade j1', 'acme a11', 'jade j2'], 'behind a tenant, the next of its lane')
    same(await take(3, 'zephyr'), ['acme a12', 'acme a13', 'acme a14'], 'who is alone takes all')
  })

  fact('whoever claims behind the last tenant of the claim before serves every tenant before any twice', async (storage) => {
    const tenants = Array.from({ length: 40 }, (_, i) => `tenant ${i}`)
    for (const tenant of tenants) {
      await storage.commit([unitOf({ tenant, subject: 'a', timers: Array.from({ length: 3 }, (_, i) => set(`k${i}`, i)) })])
    }
    const served: string[] = []
    let after = 'somewhere'
    for (let round = 0; served.length < 120; round++) {
      const claimed = await storage.claim({ queues: ['q'], now: 100, limit: 7, leaseMs: 50, lease: `L${round}`, after })
      check(claimed.length > 0, 'there is always something')
      served.push(...claimed.map((timer) => timer.tenant))
      after = claimed.at(-1)!.tenant
    }
    for (const round of [0, 1, 2]) same(new Set(served.slice(round * 40, round * 40 + 40)).size, 40, `round ${round}`)
    const inTurn = [...tenants].sort(turnsAfter('somewhere'))
    same(served.slice(0, 40), inTurn, 'the order of the turns')
  })

  fact('a tenant whose timers stand in several queues gives the oldest of all of them', async (storage) => {
    await storage.commit([
      unitOf({ subject: 'a', timers: [set('q1', 1), set('q2', 2), set('q3', 3), set('q4', 4), set('r1', 50, 'r'), set('r2', 51, 'r')] }),
      unitOf({ tenant: 'beta', subject: 'a', timers: [set('b1', 9)] }),
    ])
    const claimed = await claim(storage, 'L', { queues: ['q', 'r'], limit: 4 })
    same(keys(claimed), ['b1', 'q1', 'q2', 'q3'], 'what is read of a queue is not what is oldest')
  })

  fact('a timer whose lease ran out is in turn like any other', async (storage) => {
    await storage.commit([
      unitOf({ subject: 'a', timers: [set('a1', 1), set('a2', 2)] }),
      unitOf({ tenant: 'beta', subject: 'a', timers: [set('b1', 3), set('b2', 4)] }),
    ])
    same(
      (await claim(storage, 'dies', { limit: 2 })).map((timer) => timer.key),
      ['b1', 'a1'],
      'the first claim',
    )
    same(
      (await claim(storage, 'next', { now: 150, limit: 3 })).map((timer) => timer.key),
      ['b1', 'a1', 'b2'],
      'when its leases ran out',
    )
  })
}
