import { manualClock, memoryStorage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { eventsOf, type StoredEvent } from '@patronkit/core/storage'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figure } from '../../../tooling/figure.ts'
import { explainClock } from '../src/explain.ts'
import { createSla, type Fact, type SlaPolicy } from '../src/index.ts'
import type { ItemClock, StoredFact } from '../src/model.ts'
import { foldFacts, nextStepAt, passTime, viewClocks } from '../src/testing.ts'
import {
  bareDesk,
  booksFor,
  DAYS,
  desk,
  HOUR,
  hostTimeline,
  inTime,
  item,
  office,
  promises,
  REF,
  START,
  type Told,
  timeline,
} from './promises.ts'

const RUNS = process.env.PATRONKIT_DEEP ? 10_000 : 500
const SEED = process.env.PATRONKIT_SEED ? Number(process.env.PATRONKIT_SEED) : Date.now() % 2 ** 31
const check = { numRuns: RUNS, seed: SEED }
/** Over a storage a timeline takes some ten times as long. */
const stored = { numRuns: RUNS / 5, seed: SEED }
figure('random policies and timelines for each law of the SLA clocks', RUNS, 'timelines')

const END = START + (DAYS + 20) * 24 * HOUR
const dice = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))
const roll = (of: Iterator<number>): number => of.next().value as number

const arrived = (facts: readonly Told[]): readonly StoredFact[] => facts.map((fact, n) => ({ ...fact, arrival: n + 1 }))

/** The clocks of an item whose facts were all known from the start. */
const atOnce = (facts: readonly Told[], policies: readonly SlaPolicy[], at = END) => {
  const books = booksFor(policies)
  return viewClocks(foldFacts(arrived(inTime(facts)), books, REF), at, books)
}

test('facts in whatever order, however often, with ticks in between, give the clocks of the facts at once', () => {
  fc.assert(
    fc.property(promises, timeline, dice, (policies, facts, die) => {
      const books = booksFor(policies)
      const one = bareDesk(books)
      const deck = [...facts, facts[0]!].map((fact) => ({ fact, at: roll(die) })).sort((a, b) => a.at - b.at)
      for (const { fact } of deck) {
        one.record(fact)
        if (roll(die) < 0.3) one.tick(START + roll(die) * (DAYS + 5) * 24 * HOUR)
      }
      expect(viewClocks(one.state(), END, books)).toEqual(atOnce(facts, policies))
    }),
    check,
  )
})

test('facts as they happen, each step told at its instant, give the clocks of the facts at once', () => {
  fc.assert(
    fc.property(promises, timeline, fc.nat(), (policies, facts, n) => {
      const books = booksFor(policies)
      const one = bareDesk(books)
      for (const [k, fact] of inTime(facts).entries()) {
        if (one.stored.length > 0) tickUntil(one, fact.at, books)
        one.record(fact)
        if (k !== n % facts.length) continue
        expect(viewClocks(one.state(), fact.at, books)).toEqual(
          atOnce(
            facts.filter(({ at }) => at <= fact.at),
            policies,
            fact.at,
          ),
        )
      }
      tickUntil(one, END, books)
      expect(viewClocks(one.state(), END, books)).toEqual(atOnce(facts, policies))
    }),
    check,
  )
})

/** Each step at its very millisecond: one before nothing is due, and what is due is done. */
function tickUntil(one: ReturnType<typeof bareDesk>, until: number, books: ReturnType<typeof booksFor>): void {
  for (let next = nextStepAt(one.state(), books); next !== null && next <= until; next = nextStepAt(one.state(), books)) {
    expect(passTime(one.state(), next - 1, books)).toBe(one.state())
    one.tick(next)
    const after = nextStepAt(one.state(), books)
    expect(after === null || after > next).toBe(true)
  }
}

test('a clock does not breach while it is paused, and what has breached stays so', () => {
  fc.assert(
    fc.property(promises, hostTimeline, (policies, facts) => {
      const books = booksFor(policies)
      const one = bareDesk(books)
      for (const fact of inTime(facts)) {
        const before = one.stored.length > 0 ? passTime(one.state(), fact.at - 1, books) : null
        for (const clock of before ? one.state().clocks : []) {
          if (clock.clock.phase !== 'paused') continue
          expect(clockLike(before!.clocks, clock)!.breachedAt).toBe(clock.breachedAt)
          const view = viewClocks(one.state(), fact.at - 1, books).find((each) => sameKey(each, clock))!
          expect(view.state).toBe(clock.breachedAt === null ? 'paused' : 'breached')
        }
        one.record(fact)
        for (const clock of before?.clocks ?? []) {
          const held = one.state().attached[clock.agreement]
          if (clock.breachedAt === null || held?.policy !== before!.attached[clock.agreement]?.policy) continue
          expect(clockLike(one.state().clocks, clock)!.breachedAt).toBe(clock.breachedAt)
        }
      }
    }),
    check,
  )
})

type Key = Pick<ItemClock, 'agreement' | 'metric' | 'cycle'>
const sameKey = (a: Key, b: Key): boolean => a.agreement === b.agreement && a.metric === b.metric && a.cycle === b.cycle
const clockLike = (clocks: readonly ItemClock[], of: Key): ItemClock | undefined => clocks.find((clock) => sameKey(clock, of))

test('the counted lines of an explanation add up to the time used, and the lines leave no gap', () => {
  fc.assert(
    fc.property(promises, timeline, (policies, facts) => {
      const books = booksFor(policies)
      const known = arrived(inTime(facts))
      for (const { agreement, metric, cycle, workedMs, startedAt } of atOnce(facts, policies)) {
        const { lines } = explainClock(item, { agreement, metric, cycle }, known, END, books, REF)!
        const counted = lines.filter((line) => line.code === 'sla/counted')
        expect(counted.reduce((sum, line) => sum + (line.data.ms as number), 0)).toBe(workedMs)
        if (lines.length > 0) expect(lines[0]!.data.from).toBe(startedAt.toISOString())
        for (const [n, line] of lines.slice(1).entries()) expect(line.data.from).toBe(lines[n]!.data.to)
      }
    }),
    check,
  )
})

const STEPS = ['sla.warned', 'sla.breached', 'sla.escalated']

test('no step is told twice unless it was taken back in between, and none is taken back that was not told', () => {
  fc.assert(
    fc.property(promises, timeline, dice, (policies, facts, die) => {
      const one = bareDesk(booksFor(policies))
      const deck = facts.map((fact) => ({ fact, at: roll(die) < 0.6 ? fact.at : START + roll(die) * DAYS * 24 * HOUR }))
      let now = START
      for (const { fact } of deck.sort((a, b) => a.at - b.at)) {
        now = Math.max(now, fact.at) + roll(die) * 30 * HOUR
        one.record(fact)
        if (roll(die) < 0.7) one.tick(now)
      }
      one.tick(END)
      one.tick(END)
      const told = new Set<string>()
      for (const { type, data } of one.events) {
        const { agreement, metric, cycle, step } = data as unknown as Key & { readonly step: string }
        const key = `${agreement} ${metric} ${cycle} ${step}`
        if (type === 'sla.withdrawn') expect(told.delete(key), key).toBe(true)
        if (!STEPS.includes(type)) continue
        expect(told.has(key), key).toBe(false)
        told.add(key)
      }
    }),
    check,
  )
})

test('every step that is reached is told, recorded as passed over, or still to be told', () => {
  fc.assert(
    fc.property(promises, timeline, dice, (policies, facts, die) => {
      const one = bareDesk(booksFor(policies))
      for (const fact of facts) {
        one.record(fact)
        if (roll(die) < 0.3) one.tick(START + roll(die) * (DAYS + 5) * 24 * HOUR)
      }
      one.tick(END)
      const spoken = new Set<string>()
      for (const { type, data } of one.events) {
        const { agreement, metric, cycle, step, steps } = data as unknown as Key & { step: string; steps: readonly string[] }
        const key = (name: string) => `${agreement} ${metric} ${cycle} ${name}`
        if (STEPS.includes(type)) spoken.add(key(step))
        if (type === 'sla.skipped') for (const name of steps) spoken.add(key(name))
        if (type === 'sla.withdrawn') spoken.delete(key(step))
      }
      for (const clock of one.state().clocks) {
        for (const step of Object.keys(clock.climbed)) {
          const waits = clock.waiting.some((each) => each.step === step)
          expect(waits || spoken.has(`${clock.agreement} ${clock.metric} ${clock.cycle} ${step}`), step).toBe(true)
        }
      }
    }),
    check,
  )
})

test('replaying the recorded facts out of the events gives the clocks', () => {
  fc.assert(
    fc.property(promises, timeline, dice, (policies, facts, die) => {
      const books = booksFor(policies)
      const one = bareDesk(books)
      for (const fact of facts) {
        one.record(fact)
        if (roll(die) < 0.3) one.tick(START + roll(die) * (DAYS + 5) * 24 * HOUR)
      }
      const told = one.events.filter(({ type }) => TOLD.includes(type)).flatMap(({ data }) => factsOf(data))
      expect(viewClocks(foldFacts(told, books, REF), END, books)).toEqual(viewClocks(one.state(), END, books))
    }),
    check,
  )
})

/** Events that carry facts. */
const TOLD: readonly string[] = ['sla.recorded', 'sla.retargeted']

const BARE = { author: null, visibility: null, channel: null, via: null }

function factsOf(data: unknown): readonly StoredFact[] {
  const { facts } = data as { readonly facts: readonly (Omit<Told, 'at'> & { readonly at: string })[] }
  return facts.map((fact, n) => ({ ...BARE, ...fact, at: Date.parse(fact.at), arrival: n + 1 }))
}

/** The facts a host may send, as it sends them. */
const sent = ({ id, type, at, author, visibility, attributes }: Told): Fact => ({
  id,
  type,
  at: new Date(at),
  ...(author ? { author } : {}),
  ...(visibility ? { visibility } : {}),
  ...(attributes ? { attributes } : {}),
})

async function storedDesk(policies: readonly SlaPolicy[]) {
  const clock = manualClock(new Date(END))
  const storage = memoryStorage()
  const service = createSla({ storage, clock })
  const sla = service.for({ tenant: 't', by: { type: 'system', id: 'test' } })
  for (const definition of [office, desk, ...policies]) await sla.publish({ definition })
  return { clock, storage, sla, runner: createRunner({ storage, clock, services: [service] }) }
}

test('over a storage: any order gives the same clocks, the status of an instant is that of a desk with the facts up to it', async () => {
  await fc.assert(
    fc.asyncProperty(promises, hostTimeline, dice, async (policies, facts, die) => {
      const shuffled = await storedDesk(policies)
      const deck = [...facts, facts[0]!].map((fact) => ({ fact, at: roll(die) })).sort((a, b) => a.at - b.at)
      for (const { fact } of deck) {
        await shuffled.sla.record({ item, facts: [sent(fact)] })
        if (roll(die) < 0.2) await shuffled.runner.tick()
      }
      await shuffled.runner.tick()
      const asOf = new Date(END)
      expect((await shuffled.sla.status({ item, asOf })).clocks).toEqual(atOnce(facts, policies))

      const then = START + Math.floor(roll(die) * (DAYS + 2) * 24 * HOUR)
      const known = facts.filter((fact) => fact.at <= then)
      const early = await storedDesk(policies)
      if (known.length > 0) await early.sla.record({ item, facts: known.map(sent) })
      const expected = known.length > 0 ? (await early.sla.status({ item, asOf: new Date(then) })).clocks : []
      expect((await shuffled.sla.status({ item, asOf: new Date(then) })).clocks).toEqual(expected)
    }),
    stored,
  )
})

test('over a storage: replaying the events gives the stored clocks, and explanations add up', async () => {
  await fc.assert(
    fc.asyncProperty(promises, hostTimeline, async (policies, facts) => {
      const { sla, runner, storage } = await storedDesk(policies)
      for (const fact of facts) await sla.record({ item, facts: [sent(fact)] })
      await runner.tick()
      const [events] = (await storage.read('t', [eventsOf('sla-item', 'ticket/T/1', { limit: 1_000 })])) as [readonly StoredEvent[]]
      const told = events.filter((event) => event.type === 'sla.recorded').flatMap((event) => factsOf(JSON.parse(event.body!)))
      const books = booksFor(policies)
      const { clocks } = await sla.status({ item })
      expect(clocks).toEqual(viewClocks(foldFacts(told, books, REF), END, books))
      for (const { agreement, metric, cycle, workedMs } of clocks) {
        const { lines } = await sla.explain({ item, agreement, metric, cycle })
        const counted = lines.filter((line) => line.code === 'sla/counted')
        expect(counted.reduce((sum, line) => sum + (line.data.ms as number), 0)).toBe(workedMs)
      }
    }),
    stored,
  )
})
