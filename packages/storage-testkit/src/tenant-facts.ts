import { memoryStorage } from '@patronkit/core'
import {
  all,
  type Claimed,
  eventsOf,
  field,
  get,
  type Head,
  headOf,
  laneOf,
  list,
  type Storage,
  type TimerWrite,
  type Unit,
  type Write,
} from '@patronkit/core/storage'
import { check, codeOf, same } from './check.ts'
import { type Facts, prepared, readOne } from './facts.ts'
import { type Random, randomFrom } from './random.ts'
import { counters, happened, KIND, lots, unitOf } from './sample.ts'

/** Two of one lane, and one of another; each uses the same names for everything. */
const TENANTS = ['acme', 'jade', 'beta'] as const
const STEPS = 200

/** What one tenant does next: decided on its own data alone. */
async function unitFor(random: Random, own: Storage, tenant: string, now: number, leased: Claimed | undefined): Promise<Unit> {
  const subject = random.pick(['s1', 's2'])
  const found = (await readOne(own, headOf(KIND, subject), tenant)) as Head
  const from = random.oneIn(8) ? { ...found, version: found.version + 1 } : found
  const no = 1 + random.below(3)
  const writes: Write[] = []
  if (random.oneIn(2)) writes.push({ write: 'put', table: lots, row: { account: subject, no, left: random.below(9) } })
  else if (random.oneIn(3)) writes.push({ write: 'remove', table: lots, key: { account: subject, no } })
  const key = random.pick(['k1', 'k2', 'k3'])
  const set: TimerWrite = { timer: 'set', queue: 'q', key, dueAt: now + random.below(20) }
  const timer = random.oneIn(4) ? ({ timer: 'cancel', queue: 'q', key } as const) : set
  const fired = leased && random.oneIn(2) ? leased : undefined
  return unitOf({
    tenant,
    subject,
    from,
    at: now,
    writes,
    happened: Array.from({ length: random.below(3) }, (_, n) => happened(n)),
    timers: random.oneIn(2) ? [timer] : [],
    unique: random.oneIn(3) ? [{ table: lots, row: { account: 'once', no: random.below(4), left: 0 } }] : [],
    adds: random.oneIn(2) ? [{ table: counters, key: { day: 'today' }, column: 'given', by: random.below(7) - 2, min: 0, max: 20 }] : [],
    ...(fired ? { fired: { queue: fired.queue, key: fired.key, generation: fired.generation, lease: fired.lease } } : {}),
  })
}

async function outcome(work: () => unknown): Promise<unknown> {
  let answer: unknown
  const refused = await codeOf(async () => {
    answer = await work()
  })
  return refused ?? answer
}

/** A tenant's world is the same whoever else is in the storage. */
export const tenantFacts: Facts = ({ fact, seed }) => {
  fact(`tenants that use the same keys each live as if alone (seed ${seed})`, async (storage) => {
    check(laneOf('acme') === laneOf('jade') && laneOf('acme') !== laneOf('beta'), 'two share a lane')
    const random = randomFrom(seed)
    const alone = new Map<string, Storage>()
    for (const tenant of TENANTS) alone.set(tenant, await prepared(memoryStorage()))
    let now = 1_000
    let leased: readonly Claimed[] = []
    const [seen, refused] = [new Set<string>(), new Set<string>()]
    for (let step = 0; step < STEPS; step++) {
      now += random.below(6)
      const what = `step ${step}`
      if (random.oneIn(5)) {
        const request = { queues: ['q'], now, limit: 99, leaseMs: 15, lease: what }
        const together = await storage.claim(request)
        for (const [tenant, own] of alone) {
          same(
            together.filter((timer) => timer.tenant === tenant),
            await own.claim(request),
            `${what}, timers of ${tenant}`,
          )
        }
        leased = together.length > 0 ? together : leased
        continue
      }
      const tenant = random.pick(TENANTS)
      const own = alone.get(tenant)!
      // now and then with the lease of somebody else's timer of the same name
      const unit = await unitFor(random, own, tenant, now, leased.length > 0 ? random.pick(leased) : undefined)
      const answer = await outcome(() => storage.commit([unit]))
      same(answer, await outcome(() => own.commit([unit])), `${what}, ${tenant}`)
      const said = Array.isArray(answer) ? (answer[0] as { outcome: string }).outcome : String(answer)
      if (said === 'done') seen.add(tenant)
      else refused.add(said)
    }
    same([...seen].sort(), [...TENANTS].sort(), 'each did something')
    for (const kind of ['conflict', 'taken', 'stale-timer']) check(refused.has(kind), `no unit met ${kind}`)
    const fed = (await storage.feed({ consumer: 'c', now, limit: 9_999 })).events
    for (const [tenant, own] of alone) {
      const reads = [
        list(lots, { where: all(), limit: 99 }),
        list(lots, { where: field('left').gte(3), order: ['left'], limit: 99 }),
        get(counters, { day: 'today' }),
        ...['s1', 's2'].flatMap((subject) => [headOf(KIND, subject), eventsOf(KIND, subject, { limit: 999 })]),
      ]
      same(await storage.read(tenant, reads), await own.read(tenant, reads), `what ${tenant} reads`)
      const heard = (await own.feed({ consumer: 'c', now, limit: 9_999 })).events
      same(
        fed.filter((event) => event.tenant === tenant).map((event) => event.hash),
        heard.map((event) => event.hash),
        `what is heard of ${tenant}`,
      )
      same(await storage.read('nobody', reads), await own.read('nobody', reads), 'a tenant nobody wrote for')
      await own.close()
    }
  })
}
