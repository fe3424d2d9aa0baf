import { expect, test } from 'vitest'
import { createService } from '../src/create-service.ts'
import { manualClock } from '../src/index.ts'
import { createRunner } from '../src/runner.ts'
import { type Context, commit, headOf, type Operation, read, unitOn } from '../src/service.ts'
import type { Claimed, Head, TimerLease, Unit } from '../src/storage.ts'
import { watchedStorage } from './watched.ts'

interface Till {
  add(i: { to: string }): Promise<number>
  move(i: { from: string; to: string }): Promise<void>
  fail(i: { to: string }): Promise<void>
}

/** A storage that answers with promises, and a list of the commits it was sent. */
function till() {
  const { storage, commits, reads } = watchedStorage()
  const unit = (ctx: Context, subject: string, head: Parameters<typeof unitOn>[1]['head']): Unit =>
    unitOn(ctx, { kind: 'account', subject, head, events: [{ type: 'till.added', v: 1, at: ctx.now, data: {} }], writes: [] })
  function* add(ctx: Context, i: { to: string }): Operation<number> {
    const [head] = yield* read(ctx, headOf('account', i.to))
    yield* commit([unit(ctx, i.to, head)])
    return head.version + 1
  }
  /** Reads its two subjects one after the other, in whatever order it is given: two of these could wait for each other. */
  function* move(ctx: Context, i: { from: string; to: string }): Operation<void> {
    const [from] = yield* read(ctx, headOf('account', i.from))
    const [to] = yield* read(ctx, headOf('account', i.to))
    const [a, b] = [unit(ctx, i.from, from), unit(ctx, i.to, to)]
    yield* commit([{ ...a, heads: [...a.heads, ...b.heads], events: [...a.events, ...b.events] }])
  }
  function* fail(ctx: Context, i: { to: string }): Operation<void> {
    const [head] = yield* read(ctx, headOf('account', i.to))
    const broken = unit(ctx, i.to, head)
    yield* commit([{ ...broken, events: [...broken.events, ...broken.events] }])
  }
  const service = createService<Till>(
    { storage },
    { name: 'till', schema: { package: 'till', tables: [], migrations: [] }, verbs: { add, move, fail } },
  )
  const version = async (subject: string) => ((await storage.read('t', [headOf('account', subject)])) as { version: number }[])[0]!.version
  return { commits, reads, version, till: service.for({ tenant: 't', by: { type: 'user', id: 'u' } }) }
}

test('a hundred commands on one subject at once go together: each goes through at its first try', async () => {
  const { till: one, commits, version } = till()
  const answers = await Promise.all(Array.from({ length: 100 }, () => one.add({ to: 'a' })))
  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  expect(await version('a')).toBe(100)
  expect(commits.length).toBeLessThan(5)
})

test('commands on different subjects travel together while a commit is on its way', async () => {
  const { till: one, commits } = till()
  await Promise.all(Array.from({ length: 100 }, (_, i) => one.add({ to: `s${i}` })))
  expect(commits.reduce((sum, units) => sum + units, 0)).toBe(100)
  expect(commits.length).toBeLessThan(20)
})

test('what commands read at one moment is one call, and each is given its own', async () => {
  const { till: one, reads } = till()
  await one.add({ to: 'first' })
  const before = reads.length
  expect(await Promise.all(['first', 'a', 'b', 'c'].map((to) => one.add({ to })))).toEqual([2, 1, 1, 1])
  expect(reads.slice(before)).toEqual([4])
})

test('commands of a large crowd are dealt over two commits, so that one is made while the other is on its way', async () => {
  const { till: one, commits } = till()
  await one.add({ to: 'first' })
  const before = commits.length
  await Promise.all(Array.from({ length: 64 }, (_, i) => one.add({ to: `s${i}` })))
  expect(commits.slice(before)).toEqual([32, 32])
})

test('two commands that take two subjects in opposite order do not wait for each other', async () => {
  const { till: one, version } = till()
  await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? one.move({ from: 'a', to: 'b' }) : one.move({ from: 'b', to: 'a' }))))
  expect([await version('a'), await version('b')]).toEqual([10, 10])
})

test('a command that breaks takes nobody down with it, and leaves its subject free', async () => {
  const { till: one, version } = till()
  const all = await Promise.allSettled([...'abcde'].map((to) => (to === 'c' ? one.fail({ to }) : one.add({ to }))))
  expect(all.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(await one.add({ to: 'c' })).toBe(1)
  expect(await version('e')).toBe(1)
})

test('the timers of a page travel together, also when one of them throws', async () => {
  const clock = manualClock('2026-11-23T09:00:00Z')
  const { storage, commits } = watchedStorage()
  const unit = (ctx: Context, subject: string, head: Head, about: Pick<Unit, 'timers'> | { readonly fired: TimerLease }): Unit =>
    unitOn(ctx, { kind: 'egg', subject, head, events: [], writes: [], ...about })
  function* boil(ctx: Context, { egg }: { egg: string }): Operation<void> {
    const [head] = yield* read(ctx, headOf('egg', egg))
    yield* commit([unit(ctx, egg, head, { timers: [{ timer: 'set', queue: 'egg', key: egg, dueAt: ctx.now }] })])
  }
  function* done(ctx: Context, timer: Claimed): Operation<void> {
    if (timer.key === 'egg 7') throw new RangeError('it cracked')
    const [head] = yield* read(ctx, headOf('egg', timer.key))
    yield* commit([unit(ctx, timer.key, head, { fired: timer })])
  }
  const service = createService<{ boil(i: { egg: string }): Promise<void> }>(
    { storage, clock },
    { name: 'egg', schema: { package: 'egg', tables: [], migrations: [] }, verbs: { boil }, timers: { egg: done } },
  )
  const pot = service.for({ tenant: 't', by: { type: 'user', id: 'u' } })
  for (let n = 0; n < 50; n++) await pot.boil({ egg: `egg ${n}` })
  commits.length = 0

  const tick = await createRunner({ storage, clock, services: [service] }).tick()
  expect(tick).toMatchObject({ fired: 50, failed: [{ subject: 'egg 7', code: 'RangeError', attempts: 1 }] })
  expect(commits.reduce((sum, units) => sum + units, 0)).toBe(50)
  expect(commits.length).toBeLessThan(6)
})
