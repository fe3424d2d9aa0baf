import { type ConsumerState, type FedEvent, type Head, laneOf, NO_HEAD, type Storage } from '@patronkit/core/storage'
import { check, same } from './check.ts'
import { done, type Facts } from './facts.ts'
import { randomFrom } from './random.ts'
import { happened, headAfter, unitOf } from './sample.ts'

const fresh = (consumer: string, lane: number): ConsumerState => ({ consumer, lane, position: 0, attempts: 0, retryAt: 0, lastError: null })

/** Takes one page and moves the consumer on, lane by lane. */
async function take(storage: Storage, consumer: string, limit = 7): Promise<readonly FedEvent[]> {
  const page = await storage.feed({ consumer, now: 1_000, limit })
  check(page.events.length <= limit, 'never more than the limit')
  for (const state of page.states) {
    const last = page.events.findLast((event) => event.lane === state.lane)
    check(last !== undefined, 'a state is given for lanes with events only')
    check(await storage.advance(state.position, { ...state, position: last.position }), 'nobody else moved it')
  }
  same(
    page.states.map((state) => state.lane),
    [...new Set(page.events.map((event) => event.lane))],
    'one state for each lane',
  )
  return page.events
}

async function takeAll(storage: Storage, consumer: string): Promise<readonly FedEvent[]> {
  const taken: FedEvent[] = []
  for (;;) {
    const page = await take(storage, consumer)
    if (page.length === 0) return taken
    taken.push(...page)
  }
}

/** Consumers hear every event once, in the order of its subject. */
export const feedFacts: Facts = ({ fact, seed }) => {
  fact('positions are dense from 1 in each lane, older recordings first', async (storage) => {
    await done(
      storage,
      unitOf({ subject: 'late', at: 9_000, happened: [happened(1)] }),
      unitOf({ subject: 'early', at: 5_000, happened: [happened(1), happened(2)] }),
    )
    const lane = laneOf('acme')
    const page = await storage.feed({ consumer: 'c', now: 0, limit: 99 })
    same(
      page.events.map((event) => [event.subject, event.seq, event.lane, event.position]),
      [
        ['early', 1, lane, 1],
        ['early', 2, lane, 2],
        ['late', 1, lane, 3],
      ],
      'the places',
    )
    same(page.states, [fresh('c', lane)], 'the state')
    await done(storage, unitOf({ subject: 'later', at: 1, happened: [happened(1)] }))
    const next = await storage.feed({ consumer: 'c', now: 0, limit: 99 })
    same(
      next.events.map((event) => event.position),
      [1, 2, 3, 4],
      'places that were given stay',
    )
    same(next.events.at(-1)?.subject, 'later', 'a late recording comes last')
  })

  fact(`no event is left out or doubled, each subject in its order (seed ${seed})`, async (storage) => {
    const random = randomFrom(seed)
    const heads = new Map<string, Head>()
    const heard: FedEvent[] = []
    let written = 0
    for (let i = 0; i < 120; i++) {
      const tenant = `tenant ${random.below(9)}`
      const subject = `s${random.below(4)}`
      const count = random.below(4)
      const unit = unitOf({
        tenant,
        subject,
        from: heads.get(`${tenant}/${subject}`) ?? NO_HEAD,
        at: 1_000 + random.below(50),
        happened: Array.from({ length: count }, (_, n) => happened(n)),
      })
      await done(storage, unit)
      heads.set(`${tenant}/${subject}`, headAfter(unit))
      written += count
      if (random.oneIn(3)) heard.push(...(await take(storage, 'c', 1 + random.below(9))))
    }
    heard.push(...(await takeAll(storage, 'c')))
    check(heard.length === written, `${heard.length} heard of ${written} written`)
    const last = new Map<string, number>()
    for (const event of heard) {
      const of = `${event.tenant}/${event.subject}`
      same(event.seq, (last.get(of) ?? 0) + 1, `the order of ${of}`)
      last.set(of, event.seq)
    }
    same(await storage.feed({ consumer: 'c', now: 0, limit: 9 }), { events: [], states: [] }, 'nothing is left')
  })

  fact('two consumers do not disturb each other', async (storage) => {
    await done(
      storage,
      unitOf({ subject: 'a', happened: [happened(1), happened(2)] }),
      unitOf({ tenant: 'other', subject: 'a', happened: [happened(3)] }),
    )
    const first = await takeAll(storage, 'first')
    same(first.length, 3, 'the first')
    same(await takeAll(storage, 'second'), first, 'the second')
    same(await takeAll(storage, 'first'), [], 'the first once more')
  })

  fact('a consumer is moved on only from where it was read', async (storage) => {
    await done(storage, unitOf({ subject: 'a', happened: [happened(1), happened(2)] }))
    const at = (position: number): ConsumerState => ({ ...fresh('c', laneOf('acme')), position })
    same(await storage.advance(1, at(2)), false, 'from a place it never was')
    same(await storage.advance(0, at(1)), true, 'from its start')
    same(await storage.advance(0, at(2)), false, 'from its start once more')
    const page = await storage.feed({ consumer: 'c', now: 0, limit: 9 })
    same([page.events.map((event) => event.position), page.states], [[2], [at(1)]], 'what is left')
    same(await storage.advance(1, at(2)), true, 'from where it stands')
  })

  fact('a lane that waits is left out until its instant, and keeps its error', async (storage) => {
    await done(
      storage,
      unitOf({ tenant: 'a', subject: 'x', happened: [happened(1)] }),
      unitOf({ tenant: 'b', subject: 'x', happened: [happened(1)] }),
    )
    check(laneOf('a') !== laneOf('b'), 'the two tenants have lanes of their own')
    const waiting: ConsumerState = { ...fresh('c', laneOf('a')), attempts: 2, retryAt: 500, lastError: 'no luck' }
    same(await storage.advance(0, waiting), true, 'it waits')
    const tenants = async (now: number) => (await storage.feed({ consumer: 'c', now, limit: 9 })).events.map((event) => event.tenant).sort()
    same(await tenants(499), ['b'], 'before its instant')
    same(await tenants(500), ['a', 'b'], 'from its instant on')
    const page = await storage.feed({ consumer: 'c', now: 500, limit: 9 })
    same(
      page.states.find((state) => state.lane === laneOf('a')),
      waiting,
      'its state',
    )
  })

  fact('lanes take turns: a long backlog in one leaves room for the others on every page', async (storage) => {
    const many = Array.from({ length: 60 }, (_, i) => happened(i))
    await done(
      storage,
      unitOf({ tenant: 'beta', subject: 'x', happened: many }),
      unitOf({ tenant: 'acme', subject: 'x', happened: [happened(1)] }),
      unitOf({ tenant: 'jade', subject: 'x', happened: [happened(1), happened(2)] }),
    )
    const take = async (lane?: number) => {
      const page = await storage.feed({ consumer: 'c', now: 0, limit: 6, ...(lane === undefined ? {} : { lane }) })
      return page.events.map((event) => `${event.tenant} ${event.seq}`)
    }
    same(await take(), ['beta 1', 'beta 2', 'beta 3', 'acme 1', 'jade 1', 'jade 2'], 'half for each of the two lanes')
    same(await take(8), ['acme 1', 'jade 1', 'jade 2', 'beta 1', 'beta 2', 'beta 3'], 'from another lane on')
    for (const state of (await storage.feed({ consumer: 'c', now: 0, limit: 6, lane: laneOf('acme') })).states.slice(0, 1)) {
      check(await storage.advance(state.position, { ...state, position: 3 }), 'one lane is read to its end')
    }
    same(await take(), ['beta 1', 'beta 2', 'beta 3', 'beta 4', 'beta 5', 'beta 6'], 'who is alone fills the page')
  })

  fact('a page is shared by eight lanes, and whoever goes on behind its last lane comes round to all', async (storage) => {
    const tenants = Array.from({ length: 40 }, (_, i) => `tenant ${i}`)
    for (const tenant of tenants) await done(storage, unitOf({ tenant, subject: 'x', happened: [1, 2, 3, 4, 5, 6, 7, 8, 9].map(happened) }))
    const lanes = [...new Set(tenants.map(laneOf))].sort((a, b) => a - b)
    const heard: number[] = []
    let lane = 0
    for (let page = 0; page * 8 < lanes.length; page++) {
      const { events, states } = await storage.feed({ consumer: 'c', now: 0, limit: 32, lane })
      same([events.length, states.length], [32, 8], 'four events of each of eight lanes')
      heard.push(...states.map((state) => state.lane))
      lane = events.at(-1)!.lane + 1
    }
    same(
      [...new Set(heard)].sort((a, b) => a - b),
      lanes,
      'every lane was heard',
    )
    same(heard.slice(0, lanes.length), lanes, 'in turn')
  })
}
