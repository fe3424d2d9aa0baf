import { expect, test } from 'vitest'
import { z } from 'zod'
import { createService, type insideOf } from '../src/create-service.ts'
import { define } from '../src/definition.ts'
import { publishDefinition } from '../src/definitions.ts'
import { attempt, manualClock, memoryStorage, PatronkitError, type Published, retrying } from '../src/index.ts'
import { createRunner } from '../src/runner.ts'
import { type Context, commit, headOf, type Operation, read, unitOn } from '../src/service.ts'

interface Bell {
  ring(i: { at: number; word?: string }): Promise<number>
  publish(i: { definition: ReturnType<typeof rule>; effectiveFrom?: string }): Promise<Published>
}

const rule = (text: string) => define({ kind: 'rule', id: 'r', body: { text }, schema: z.strictObject({ text: z.string() }) })

/** The smallest service there is: it sets a timer and says so when it fires. */
function bells(trouble: { times: number } = { times: 0 }) {
  const clock = manualClock('2026-11-23T09:00:00Z')
  const storage = memoryStorage()
  function* ring(ctx: Context, i: { at: number; word?: string }): Operation<number> {
    const [head] = yield* read(ctx, headOf('bell', 'b'))
    const events = [{ type: 'bell.set', v: 1, at: ctx.now, data: { word: i.word ?? '' } }]
    const timers = [{ timer: 'set', queue: 'bell', key: 'b', dueAt: i.at }] as const
    yield* commit([unitOn(ctx, { kind: 'bell', subject: 'b', head, events, writes: [], timers })])
    return head.version + 1
  }
  function* rang(ctx: Context, fired: Parameters<ReturnType<typeof insideOf>['timers'][string]>[1]): Operation<void> {
    if (trouble.times-- > 0) throw new RangeError('the clapper is stuck')
    const [head] = yield* read(ctx, headOf('bell', 'b'))
    const events = [{ type: 'bell.rang', v: 1, at: ctx.now, data: {} }]
    yield* commit([unitOn(ctx, { kind: 'bell', subject: 'b', head, events, writes: [], fired })])
  }
  const service = createService<Bell>(
    { storage, clock },
    {
      name: 'bell',
      schema: { package: 'bell', tables: [], migrations: [] },
      verbs: { ring, publish: (ctx, i) => publishDefinition(ctx, i, { rule: z.strictObject({ text: z.string() }) }) },
      timers: { bell: rang },
    },
  )
  return { clock, storage, service, runner: createRunner({ storage, clock, services: [service] }) }
}

const scope = { tenant: 'acme', by: { type: 'user', id: 'u' } } as const
const NINE = Date.UTC(2026, 10, 23, 9)

test('commands on one subject at once are decided one after another, and all stand', async () => {
  const { service, storage } = bells()
  const bell = service.for(scope)
  await Promise.all(Array.from({ length: 20 }, (_, n) => bell.ring({ at: NINE + n })))
  expect(await storage.read('acme', [headOf('bell', 'b')])).toMatchObject([{ version: 20, seq: 20 }])
})

test('what timers tell in a tick is heard in the same tick, whoever has the first turn', async () => {
  const { service, runner, clock } = bells()
  const heard: string[] = []
  runner.consumer({ name: 'porter', types: ['bell.rang'], handle: (e) => void heard.push(e.type) })
  for (let n = 1; n <= 4; n++) {
    await service.for(scope).ring({ at: clock.now().getTime() + 60_000 })
    await runner.tick()
    clock.advance({ minutes: 1 })
    expect(await runner.tick()).toMatchObject({ fired: 1, delivered: 1, more: false })
    // one tick more, so that turns change between rounds
    if (n % 2 === 0) await runner.tick()
    expect(heard.length).toBe(n)
  }
})

test('a timer fires when it is due, once, and the tick says when to come back', async () => {
  const { service, runner, clock } = bells()
  await service.for(scope).ring({ at: NINE + 60_000 })
  expect(await runner.tick()).toEqual({ fired: 0, delivered: 0, failed: [], more: false, nextDueAt: new Date(NINE + 60_000) })
  clock.advance({ minutes: 1 })
  expect(await runner.tick()).toMatchObject({ fired: 1, failed: [], nextDueAt: null })
  expect(await runner.tick()).toMatchObject({ fired: 0 })
})

test('a timer whose handler throws comes back later and later, and is parked after eight tries', async () => {
  const { service, runner, clock } = bells({ times: 100 })
  await service.for(scope).ring({ at: NINE })
  const waits: number[] = []
  for (let tries = 1; tries <= 8; tries++) {
    const { failed, nextDueAt } = await runner.tick()
    expect(failed).toEqual([{ subject: 'b', code: 'RangeError', attempts: tries, parked: tries === 8 }])
    if (nextDueAt) {
      waits.push((nextDueAt.getTime() - clock.now().getTime()) / 1_000)
      clock.set(nextDueAt)
    }
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64])
  clock.advance({ days: 30 })
  expect(await runner.tick()).toMatchObject({ fired: 0, failed: [], nextDueAt: null })
})

test('a consumer hears each event of its types once, in order, and a new one starts at the beginning', async () => {
  const { service, runner } = bells()
  const heard: string[] = []
  const hear = (who: string) => (e: { type: string; data: unknown }) =>
    void heard.push(`${who} ${e.type} ${(e.data as { word: string }).word}`)
  runner.consumer({ name: 'a', types: ['bell.set'], handle: hear('a') })
  await service.for(scope).ring({ at: NINE + 1, word: 'ding' })
  await service.for(scope).ring({ at: NINE + 2, word: 'dong' })
  expect(await runner.tick()).toMatchObject({ delivered: 2 })
  expect(await runner.tick()).toMatchObject({ delivered: 0 })
  runner.consumer({ name: 'b', types: ['bell.set', 'bell.rang'], handle: hear('b') })
  await runner.tick()
  expect(heard).toEqual(['a bell.set ding', 'a bell.set dong', 'b bell.set ding', 'b bell.set dong'])
  expect(() => runner.consumer({ name: 'a', types: [], handle: () => undefined })).toThrow(/registered already/)
})

test('an event whose handler throws holds back only its lane, comes again, and is passed over after eight tries', async () => {
  const { service, runner, clock } = bells()
  const heard: string[] = []
  runner.consumer({
    name: 'mail',
    types: ['bell.set'],
    handle: (e) => {
      const { word } = e.data as { word: string }
      heard.push(word)
      if (word === 'bad') throw new TypeError('no such address')
    },
  })
  const bell = service.for(scope)
  for (const word of ['good', 'bad', 'after']) await bell.ring({ at: NINE + 1e9, word })
  const failures: (readonly [number, boolean])[] = []
  for (let n = 0; n < 8; n++) {
    const { failed } = await runner.tick()
    failures.push(...failed.map((failure) => [failure.attempts, failure.parked] as const))
    clock.advance({ hours: 1 })
  }
  expect(heard).toEqual(['good', ...Array(8).fill('bad'), 'after'])
  expect(failures).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => [n, n === 8]))
})

test('a consumer in a transaction writes once for each event, and nothing when it throws', async () => {
  const { service, runner, storage, clock } = bells()
  let trouble = 2
  runner.consumer({
    name: 'echo',
    types: ['bell.set'],
    transaction: true,
    handle: (e, { session }) => {
      const { word } = e.data as { word: string }
      if (word === 'echo') return
      service
        .for(scope)
        .in(session)
        .sync.ring({ at: NINE + 1e9, word: 'echo' })
      if (trouble-- > 0) throw new TypeError('no luck')
    },
  })
  const bell = service.for(scope)
  await bell.ring({ at: NINE + 1e9, word: 'one' })
  await bell.ring({ at: NINE + 1e9, word: 'two' })
  expect((await runner.tick()).failed).toMatchObject([{ code: 'TypeError', attempts: 1 }])
  expect(await storage.read('acme', [headOf('bell', 'b')])).toMatchObject([{ version: 2 }])
  for (let n = 0; n < 3; n++) {
    clock.advance({ minutes: 1 })
    await runner.tick()
  }
  expect(await storage.read('acme', [headOf('bell', 'b')])).toMatchObject([{ version: 4 }])
})

test('a consumer in a transaction of a synchronous storage may not answer with a promise', async () => {
  const { service, runner, storage } = bells()
  runner.consumer({ name: 'late', types: ['bell.set'], transaction: true, handle: async () => {} })
  await service.for(scope).ring({ at: NINE + 1e9 })
  expect((await runner.tick()).failed).toMatchObject([{ code: 'core/async-in-sync-transaction' }])
  expect(await storage.feed({ consumer: 'late', now: NINE + 1e9, limit: 9 })).toMatchObject({ states: [{ position: 0, attempts: 1 }] })
})

test('the same definition again is the same version; another is the next', async () => {
  const { service, clock } = bells()
  const bell = service.for(scope)
  expect(await bell.publish({ definition: rule('a') })).toMatchObject({ version: 1, changed: true, effectiveFrom: new Date(0) })
  expect(await bell.publish({ definition: rule('a') })).toMatchObject({ version: 1, changed: false })
  clock.advance({ hours: 1 })
  expect(await bell.publish({ definition: rule('b') })).toMatchObject({ version: 2, changed: true, effectiveFrom: clock.now() })
  const hostile = { ...rule('c'), kind: '__proto__' } as never
  await expect(bell.publish({ definition: hostile })).rejects.toMatchObject({ code: 'core/unknown-definition-kind' })
  const forged = { ...rule('c'), body: { text: 1 } } as never
  await expect(bell.publish({ definition: forged })).rejects.toMatchObject({ code: 'core/invalid-input' })
})

test('a scope without a tenant or an actor gives no verbs', () => {
  const { service } = bells()
  expect(() => service.for({ tenant: '', by: { type: 'user', id: 'u' } })).toThrow(/scope was refused/)
  expect(() => service.for({ tenant: 'acme' } as never)).toThrow(/by/)
})

test('consumers and timers take turns by the page: none waits for the backlog of another, and the next tick begins with the next', async () => {
  const { service, runner, clock } = bells()
  const heard: string[] = []
  for (const name of ['slow', 'quick']) {
    runner.consumer({
      name,
      types: ['bell.set'],
      handle: () => {
        heard.push(name)
        clock.advance({ seconds: name === 'slow' ? 2 : 0 })
      },
    })
  }
  const bell = service.for(scope)
  for (let n = 0; n < 60; n++) await bell.ring({ at: NINE + 1e9 })
  const seen = new Set<string>()
  for (let ticks = 0; ticks < 3; ticks++) {
    const { more } = await runner.tick({ budgetMs: 1_000 })
    for (const name of heard.splice(0)) seen.add(name)
    expect(more).toBe(true)
  }
  expect([...seen].sort(), 'the slow one ends its tick after one event, and the quick one has a tick of its own').toEqual(['quick', 'slow'])
  await runner.tick({ budgetMs: 1_000_000 })
  expect(await runner.tick()).toMatchObject({ delivered: 0, more: false })
})

test('a limit bounds the events that are read, whether the consumer wants them or not', async () => {
  const { service, runner } = bells()
  runner.consumer({ name: 'deaf', types: [], handle: () => undefined })
  const bell = service.for(scope)
  for (let n = 0; n < 30; n++) await bell.ring({ at: NINE + 1e9 })
  expect(await runner.tick({ limit: 20 })).toMatchObject({ delivered: 0, more: true })
  expect(await runner.tick({ limit: 20 })).toMatchObject({ delivered: 0, more: false })
})

test('tries count wherever they were made: five in the storage are not repeated, and the refusal says how many there were', async () => {
  const busy = (attempts: number) =>
    new PatronkitError({ code: 'core/busy', message: 'held by others', details: { attempts }, retryable: 'command' })
  const tried = async (attempts: number) => {
    let calls = 0
    const work = async () => {
      calls++
      throw busy(attempts)
    }
    const { error } = (await attempt(() => retrying(work))) as { error: PatronkitError<'core/busy'> }
    return [calls, error.details.attempts, error.retryable]
  }
  expect(await tried(5)).toEqual([1, 5, 'command'])
  expect(await tried(1)).toEqual([5, 5, 'command'])
})
