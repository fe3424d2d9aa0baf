import { defineCalendar } from '@patronkit/business-time'
import { field, manualClock, memoryStorage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { eventsOf, type StoredEvent } from '@patronkit/core/storage'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { createSla, defineSlaPolicy, type Fact, type OnReopen } from '../src/index.ts'
import { bookOf, foldFacts, passTime } from '../src/testing.ts'

const RUNS = process.env.PATRONKIT_DEEP ? 10_000 : 500
const SEED = process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31
const check = { numRuns: RUNS, seed: SEED }
figure('random timelines of facts for each law of the SLA clocks', RUNS, 'timelines')

const START = Date.UTC(2026, 2, 20, 8)
const HOUR = 3_600_000
const item = { type: 'ticket', id: 'T/1' }

const office = defineCalendar({
  id: 'office',
  zone: 'Europe/Rome',
  week: {
    mon: [['09:00', '17:00']],
    tue: [['09:00', '17:00']],
    wed: [['22:00', '06:00']],
    fri: [['09:00', '12:00']],
    sun: [['00:00', '24:00']],
  },
})

const policyWith = (onReopen: OnReopen) =>
  defineSlaPolicy({
    id: 'p',
    calendar: office.id,
    targets: {
      'first-reply': { within: { hours: 5 }, warnAt: [{ percent: 50 }] },
      resolution: {
        within: { by: 'priority', of: { high: { workingHours: 4 }, low: { workingDays: 2 } }, otherwise: { workingHours: 12 } },
        warnAt: [{ percent: 75 }],
      },
      care: { within: { workingMinutes: 90 } },
    },
    metrics: {
      care: { start: 'customer-message', stop: 'agent-reply', pause: 'hold', resume: 'unhold', reopen: 'customer-message', cancel: 'spam' },
    },
    pauseWhile: field('status').eq('waiting'),
    onReopen,
  })

const types = ['created', 'customer-message', 'agent-reply', 'resolved', 'reopened', 'status-changed', 'hold', 'unhold', 'spam'] as const

/** Facts of one item at distinct minutes of three weeks. */
const timeline: fc.Arbitrary<readonly Fact[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 21 * 24 * 60 }), { minLength: 1, maxLength: 12 })
  .chain((minutes) =>
    fc.tuple(
      ...minutes.map((minute, n) =>
        fc.record({
          id: fc.constant(`f${n}`),
          at: fc.constant(new Date(START + minute * 60_000)),
          type: fc.constantFrom(...types),
          attributes: fc.oneof(
            fc.constant({}),
            fc.record({ status: fc.constantFrom('open', 'waiting') }),
            fc.record({ priority: fc.constantFrom('high', 'low', 'none') }),
          ),
        }),
      ),
    ),
  )

const modes = fc.constantFrom<OnReopen>('resume', 'keep-running', 'new-cycle', 'ignore')

async function desk(onReopen: OnReopen) {
  const clock = manualClock(new Date(START + 40 * 24 * HOUR))
  const storage = memoryStorage()
  const service = createSla({ storage, clock })
  const sla = service.for({ tenant: 't', by: { type: 'system', id: 'test' } })
  await sla.publish({ definition: office })
  await sla.publish({ definition: policyWith(onReopen) })
  return { clock, storage, sla, runner: createRunner({ storage, clock, services: [service] }) }
}

test('facts in whatever order and however often they are delivered give the same clocks', async () => {
  await fc.assert(
    fc.asyncProperty(timeline, modes, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), async (facts, mode, dice) => {
      const inOrder = await desk(mode)
      const sorted = [...facts].sort((a, b) => +(a.at as Date) - +(b.at as Date))
      const expected = await inOrder.sla.record({ item, facts: sorted })

      const shuffled = await desk(mode)
      const deck = [...facts, facts[0]!].map((fact) => ({ fact, at: dice.next().value! })).sort((a, b) => a.at - b.at)
      let answer = expected
      for (const { fact } of deck) {
        answer = await shuffled.sla.record({ item, facts: [fact] })
        if (dice.next().value! < 0.2) await shuffled.runner.tick()
      }
      expect(answer).toEqual(expected)
      const asOf = new Date(START + 50 * 24 * HOUR)
      await inOrder.runner.tick()
      await shuffled.runner.tick()
      expect(await shuffled.sla.status({ item, asOf })).toEqual(await inOrder.sla.status({ item, asOf }))
    }),
    check,
  )
})

test('the counted lines of an explanation add up to the time used, and the lines leave no gap', async () => {
  await fc.assert(
    fc.asyncProperty(timeline, modes, async (facts, mode) => {
      const { sla } = await desk(mode)
      const { clocks } = await sla.record({ item, facts })
      for (const { metric, cycle, workedMs, startedAt } of clocks) {
        const { lines } = await sla.explain({ item, metric, cycle })
        const counted = lines.filter((line) => line.code === 'sla/counted')
        expect(counted.reduce((sum, line) => sum + (line.data.ms as number), 0)).toBe(workedMs)
        if (lines.length > 0) expect(lines[0]!.data.from).toBe(startedAt.toISOString())
        for (const [n, line] of lines.slice(1).entries()) expect(line.data.from).toBe(lines[n]!.data.to)
      }
    }),
    check,
  )
})

test('no step is told twice unless it was taken back in between', async () => {
  await fc.assert(
    fc.asyncProperty(timeline, modes, fc.infiniteStream(fc.boolean()), async (facts, mode, coin) => {
      const { sla, runner, clock, storage } = await desk(mode)
      clock.set(new Date(START))
      for (const fact of facts) {
        if (coin.next().value) await runner.tick()
        await sla.record({ item, facts: [fact] })
        clock.advance({ hours: 30 })
      }
      await runner.tick()
      await runner.tick()
      const told = new Set<string>()
      for (const event of await eventsIn(storage)) {
        const { metric, cycle, step } = JSON.parse(event.body!) as { metric: string; cycle: number; step: string }
        const key = `${metric} ${cycle} ${step}`
        if (event.type === 'sla.withdrawn') expect(told.delete(key)).toBe(true)
        if (event.type === 'sla.warned' || event.type === 'sla.breached') {
          expect(told.has(key)).toBe(false)
          told.add(key)
        }
      }
    }),
    check,
  )
})

test('replaying the events of an item gives its stored clocks', async () => {
  await fc.assert(
    fc.asyncProperty(timeline, modes, async (facts, mode) => {
      const { sla, runner, storage } = await desk(mode)
      for (const fact of facts) await sla.record({ item, facts: [fact] })
      await runner.tick()
      const books = bookOf({ policies: [policyWith(mode)], calendars: [office] })
      const events = await eventsIn(storage)
      const told = events.filter((event) => event.type === 'sla.recorded').flatMap(factsOf)
      const folded = foldFacts(
        told.map((fact, n) => ({ author: null, visibility: null, channel: null, via: null, ...fact, arrival: n + 1 })),
        books,
        { at: 0, knownAt: 0 },
      )
      const steps = events.filter((event) => event.type === 'sla.warned' || event.type === 'sla.breached').map((event) => event.effectiveAt)
      const state = passTime(folded, Math.max(folded.asOf, ...steps), books)
      const stored = await sla.status({ item })
      expect(stored.clocks.map((clock) => [clock.metric, clock.cycle, clock.breachedAt?.getTime() ?? null])).toEqual(
        state.clocks
          .filter((clock) => clock.clock.startedAt !== null)
          .map((clock) => [clock.metric, clock.cycle, clock.breachedAt])
          .sort(byName),
      )
    }),
    check,
  )
})

const byName = (a: readonly unknown[], b: readonly unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1) || Number(a[1]) - Number(b[1])

const eventsIn = async (storage: ReturnType<typeof memoryStorage>): Promise<readonly StoredEvent[]> => {
  const [events] = await storage.read('t', [eventsOf('sla-item', 'ticket/T/1', { limit: 1_000 })])
  return events as readonly StoredEvent[]
}

function factsOf(event: StoredEvent) {
  const { facts } = JSON.parse(event.body!) as { facts: readonly { id: string; type: string; at: string; attributes: null; data: null }[] }
  return facts.map((fact) => ({ ...fact, at: Date.parse(fact.at) }))
}
