import { all, brokenAt, eventsOf, get, headOf, list, type StoredEvent } from '@patronkit/core/storage'
import { same } from './check.ts'
import { done, type Facts, readOne } from './facts.ts'
import { happened, headAfter, KIND, lots, unitOf } from './sample.ts'

/** Events come back as they were sealed; tenants do not see one another. */
export const eventFacts: Facts = ({ fact }) => {
  fact('events come back sealed, the chain verifies, and altering one breaks it', async (storage) => {
    const first = unitOf({ subject: 'a', happened: [happened(1), happened(2)] })
    const second = unitOf({ subject: 'a', from: headAfter(first), happened: [happened(3)] })
    await done(storage, first, second)
    const head = headAfter(second)
    const events = (await readOne(storage, eventsOf(KIND, 'a', { limit: 9 }))) as StoredEvent[]
    same(events, [...first.events, ...second.events], 'the events')
    same(brokenAt(events, head), null, 'the chain')
    same(await readOne(storage, headOf(KIND, 'a')), head, 'the head')
    const altered = (change: Partial<StoredEvent>) => events.map((event, i) => (i === 1 ? { ...event, ...change } : event))
    same(brokenAt(altered({ body: '{"no":7}' }), head), 2, 'an altered body')
    same(brokenAt(altered({ effectiveAt: 7 }), head), 2, 'an altered instant')
    same(brokenAt(altered({ body: null, salt: null }), head), null, 'a redacted body')
    same(brokenAt(events.slice(0, 2), head), 3, 'a missing end')
  })

  fact('tenants with equal keys do not see one another', async (storage) => {
    const of = (tenant: string, left: number) =>
      unitOf({
        tenant,
        subject: 'a',
        writes: [{ write: 'insert', table: lots, row: { account: 'a', no: 1, left } }],
        happened: [happened(left)],
        timers: [{ timer: 'set', queue: 'q', key: 'k', dueAt: left }],
      })
    const [one, two] = [of('one', 1), of('two', 2)]
    await done(storage, one, two)
    for (const unit of [one, two]) {
      const row = { account: 'a', no: 1, left: unit.tenant === 'one' ? 1 : 2 }
      const reads = [
        headOf(KIND, 'a'),
        get(lots, { account: 'a', no: 1 }),
        list(lots, { where: all(), limit: 9 }),
        eventsOf(KIND, 'a', { limit: 9 }),
      ]
      same(await storage.read(unit.tenant, reads), [headAfter(unit), row, [row], unit.events], unit.tenant)
    }
    await done(
      storage,
      unitOf({
        tenant: 'one',
        subject: 'a',
        from: headAfter(one),
        writes: [{ write: 'remove', table: lots, key: { account: 'a', no: 1 } }],
        timers: [{ timer: 'cancel', queue: 'q', key: 'k' }],
      }),
    )
    same(await readOne(storage, get(lots, { account: 'a', no: 1 }), 'two'), { account: 'a', no: 1, left: 2 }, "the other's row")
    same(await storage.nextDue(['q']), 2, "the other's timer")
  })
}
