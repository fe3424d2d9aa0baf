import { expect, test } from 'vitest'
import { createService } from '../src/create-service.ts'
import { manualClock, memoryStorage } from '../src/index.ts'
import { dropTenant, exportTenant, parkedTimers, prune, reviveTimer, sealSubject, verifySubject } from '../src/operations.ts'
import { createRunner } from '../src/runner.ts'
import { type Context, headOf, type Operation, once, read, unitOn } from '../src/service.ts'
import { brokenAt, eventsOf, type StoredEvent } from '../src/storage.ts'

interface Notes {
  note(i: { idempotencyKey: string; text: string }): Promise<number>
}

/** A service that writes one event a note and whose timer never succeeds. */
function notes(deps: Partial<Parameters<typeof createService>[0]> = {}) {
  const clock = manualClock('2026-08-01T09:00:00Z')
  const storage = deps.storage ?? memoryStorage()
  function* note(ctx: Context, i: { idempotencyKey: string; text: string }): Operation<number> {
    return yield* once(ctx, { command: 'notes.note', idempotencyKey: i.idempotencyKey, content: { text: i.text } }, function* () {
      const [head] = yield* read(ctx, headOf('note', 'n'))
      const events = [{ type: 'note.written', v: 1, at: ctx.now, data: { text: i.text } }]
      const timers = [{ timer: 'set', queue: 'note', key: 'n', dueAt: ctx.now }] as const
      return { units: [unitOn(ctx, { kind: 'note', subject: 'n', head, events, writes: [], timers })], answer: head.seq + 1 }
    })
  }
  // biome-ignore lint/correctness/useYield: it fails before it asks for anything
  function* failing(): Operation<void> {
    throw new TypeError('no luck')
  }
  const service = createService<Notes>(
    { clock, ...deps, storage },
    {
      name: 'notes',
      schema: { package: 'notes', tables: [], migrations: [] },
      verbs: { note },
      timers: { note: failing },
      upcasters: { 'note.written': { 1: (data) => ({ words: (data as { text: string }).text.split(' ') }) } },
    },
  )
  return { clock, storage, service, runner: createRunner({ storage, clock, services: [service] }) }
}

async function all<T>(of: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const one of of) found.push(one)
  return found
}

const scope = { tenant: 'acme', by: { type: 'user', id: 'u' } } as const

test('an export holds every row, subject, event and timer of one tenant, and dropping leaves nothing', async () => {
  const { service, storage } = notes()
  await service.for(scope).note({ idempotencyKey: 'k1', text: 'one' })
  await service.for({ ...scope, tenant: 'beta' }).note({ idempotencyKey: 'k1', text: 'two' })
  const lines = await all(exportTenant({ storage, tenant: 'acme' }))
  expect(lines.map((line) => line.export)).toEqual(['row', 'subject', 'event', 'timer'])
  expect(JSON.parse(JSON.stringify(lines))).toEqual(lines)
  expect(await dropTenant({ storage, tenant: 'acme', page: 1 })).toBe(4)
  expect(await all(exportTenant({ storage, tenant: 'acme' }))).toEqual([])
  expect((await all(exportTenant({ storage, tenant: 'beta' }))).length).toBe(4)
})

test('idempotency keys are forgotten after their time, and not before', async () => {
  const { service, storage, clock } = notes()
  const bound = service.for(scope)
  await bound.note({ idempotencyKey: 'old', text: 'a' })
  clock.advance({ hours: 24 * 100 })
  await bound.note({ idempotencyKey: 'new', text: 'b' })
  expect(await prune({ storage, tenant: 'acme', before: new Date(clock.now().getTime() - 90 * 86_400_000) })).toBe(1)
  expect(await bound.note({ idempotencyKey: 'new', text: 'b' })).toBe(2)
  expect(await bound.note({ idempotencyKey: 'old', text: 'other' })).toBe(3)
})

test('a sealed subject verifies from the file and from the database, and goes on', async () => {
  const { service, storage } = notes()
  const bound = service.for(scope)
  for (const text of ['a', 'b', 'c']) await bound.note({ idempotencyKey: text, text })
  const subject = { storage, tenant: 'acme', kind: 'note', subject: 'n' }
  let file: readonly StoredEvent[] = []
  const keep = async (events: readonly StoredEvent[]) => {
    file = events
  }
  await expect(sealSubject({ ...subject, keep: () => Promise.reject(new RangeError('disk full')) })).rejects.toThrow('disk full')
  expect(await sealSubject({ ...subject, keep })).toBe(3)
  const [head] = (await storage.read('acme', [headOf('note', 'n')])) as [{ seq: number; chain: string }]
  expect(file.map((event) => JSON.parse(event.body!))).toEqual([{ text: 'a' }, { text: 'b' }, { text: 'c' }])
  expect(brokenAt(file, head)).toBe(null)
  await bound.note({ idempotencyKey: 'd', text: 'd' })
  expect(await verifySubject(subject)).toBe(null)
  const [events] = (await storage.read('acme', [eventsOf('note', 'n', { limit: 9 })])) as [readonly StoredEvent[]]
  expect(events.map((event) => event.body === null)).toEqual([true, true, true, false])
})

test('a parked timer is listed, counted by health, and fires again once revived', async () => {
  const { service, storage, runner, clock } = notes()
  await service.for(scope).note({ idempotencyKey: 'k', text: 'a' })
  for (let n = 0; n < 8; n++) {
    await runner.tick()
    clock.advance({ hours: 1 })
  }
  expect(await all(parkedTimers({ storage, tenant: 'acme' }))).toMatchObject([
    { queue: 'note', key: 'n', attempts: 8, lastError: 'TypeError', parked: true },
  ])
  expect(await runner.health()).toMatchObject({ timers: { nextDueAt: null, lateMs: 0, parked: 1 }, feed: { unsequenced: 1, behind: {} } })
  await reviveTimer({ storage, tenant: 'acme', queue: 'note', key: 'n', at: clock.now() })
  expect((await runner.tick()).failed).toMatchObject([{ attempts: 1 }])
})

test('a consumer hears an old event in its newest shape', async () => {
  const { service, runner } = notes()
  const heard: unknown[] = []
  runner.consumer({ name: 'c', types: ['note.written'], handle: (e) => void heard.push(e.data) })
  await service.for(scope).note({ idempotencyKey: 'k', text: 'two words' })
  await runner.tick()
  expect(heard).toEqual([{ words: ['two', 'words'] }])
})

test('an aborted signal ends a command before its commit', async () => {
  const { service, storage } = notes()
  const stop = new AbortController()
  const bound = service.for({ ...scope, signal: stop.signal })
  await bound.note({ idempotencyKey: 'a', text: 'a' })
  stop.abort()
  await expect(bound.note({ idempotencyKey: 'b', text: 'b' })).rejects.toMatchObject({ code: 'core/aborted' })
  expect(await storage.read('acme', [headOf('note', 'n')])).toMatchObject([{ seq: 1 }])
})

test('hooks hear conflicts and retries, and what they throw changes nothing', async () => {
  const storage = memoryStorage()
  let conflicts = 2
  const heard: string[] = []
  const meddled = {
    ...storage,
    commit: ((units, session) => {
      if (conflicts-- > 0) return [{ outcome: 'conflict', subject: 'note n', found: 7 }]
      return storage.commit(units, session)
    }) as typeof storage.commit,
  }
  const hooks = {
    onConflict: (i: { subject: string; attempts: number }) => void heard.push(`${i.subject} ${i.attempts}`),
    onRetry: () => {
      throw new TypeError('the counter is broken')
    },
  }
  const { service } = notes({ storage: meddled, hooks })
  expect(await service.for(scope).note({ idempotencyKey: 'k', text: 'a' })).toBe(1)
  expect(heard).toEqual(['note n 1', 'note n 2'])
})
