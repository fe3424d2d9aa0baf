import { expect, test } from 'vitest'
import { createService } from '../src/create-service.ts'
import { memoryStorage, type Session } from '../src/index.ts'
import { type Context, commit, type HostReader, headOf, type Operation, read, readHost, unitOn } from '../src/service.ts'

interface Counting {
  count(i: { kind: string }): Promise<number>
}

/** A reader whose tables have 7 rows, 8 as the host's open transaction sees them. */
function counting(engine: HostReader['engine'], promised: boolean) {
  const seen: (Session | undefined)[] = []
  const reader = {
    engine,
    count: (_: unknown, o: { readonly session?: Session } = {}) => {
      seen.push(o.session)
      const found = o.session ? 8 : 7
      return promised ? Promise.resolve(found) : found
    },
  } as unknown as HostReader
  function* count(ctx: Context, i: { kind: string }): Operation<number> {
    const [head] = yield* read(ctx, headOf('count', i.kind))
    const found = yield* readHost(reader, (o) => reader.count({} as never, o))
    yield* commit([unitOn(ctx, { kind: 'count', subject: i.kind, head, events: [], writes: [] })])
    return found + head.version
  }
  const storage = memoryStorage()
  const service = createService<Counting>(
    { storage },
    { name: 'counting', schema: { package: 'counting', tables: [], migrations: [] }, verbs: { count } },
  )
  return { storage, seen, of: service.for({ tenant: 't', by: { type: 'user', id: 'u' } }) }
}

test('outside a transaction the reader asks over its own connection, at once or with a promise', async () => {
  for (const promised of [false, true]) {
    const { of, seen } = counting('sqlite', promised)
    expect([await of.count({ kind: 'a' }), await of.count({ kind: 'a' }), seen]).toEqual([7, 8, [undefined, undefined]])
  }
})
test('in a transaction of the reader’s engine it sees what the host wrote; in one of another engine it cannot', () => {
  // the memory storage's transactions are of no engine that has SQL
  for (const [engine, expected] of [
    ['none' as 'sqlite', 8],
    ['sqlite', 7],
  ] as const) {
    const { of, storage, seen } = counting(engine, false)
    expect(storage.transaction((session) => of.in(session).sync.count({ kind: 'a' }))).toBe(expected)
    expect(seen[0]?.dialect).toBe(expected === 8 ? 'none' : undefined)
  }
})
test('a reader that answers with promises is refused where the transaction must end without one, and nothing is written', async () => {
  const { of, storage } = counting('postgres', true)
  expect(() => storage.transaction((session) => of.in(session).sync.count({ kind: 'a' }))).toThrow(
    expect.objectContaining({ code: 'core/session-not-sync' }),
  )
  expect(await of.count({ kind: 'a' })).toBe(7)
})
