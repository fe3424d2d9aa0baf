import { expect, test } from 'vitest'
import { createService } from '../src/create-service.ts'
import { memoryStorage } from '../src/index.ts'
import { type Context, commit, headOf, type Operation, once, read, unitOn } from '../src/service.ts'
import { integer, type PackageSchema, table, text } from '../src/table.ts'

const caps = table('till_cap', { day: text(), given: integer() }, { key: ['day'], subject: ['day'] })
const schema: PackageSchema = { package: 'till', tables: [caps], migrations: [{ id: 1, about: 'caps', steps: [{ addTable: caps }] }] }

interface Till {
  give(i: { idempotencyKey: string; to: string; points: number }): Promise<{ given: number; version: number }>
}

/** Gives points under a cap of 500 a day. */
function till() {
  const storage = memoryStorage()
  function* give(ctx: Context, i: { idempotencyKey: string; to: string; points: number }): Operation<{ given: number; version: number }> {
    return yield* once(ctx, { command: 'till.give', idempotencyKey: i.idempotencyKey, content: { to: i.to, points: i.points } }, decide)
    function* decide(): Operation<{ units: [ReturnType<typeof unitOn>]; answer: { given: number; version: number } }> {
      const [head] = yield* read(ctx, headOf('account', i.to))
      const events = [{ type: 'till.gave', v: 1, at: ctx.now, data: { points: i.points } }]
      const unit = unitOn(ctx, { kind: 'account', subject: i.to, head, events, writes: [] })
      const adds = [{ table: caps, key: { day: 'today' }, column: 'given', by: i.points, max: 500 }]
      return { units: [{ ...unit, adds }], answer: { given: i.points, version: head.version + 1 } }
    }
  }
  const service = createService<Till>({ storage }, { name: 'till', schema, verbs: { give } })
  return { storage, of: (tenant: string) => service.for({ tenant, by: { type: 'user', id: 'u' } }) }
}

test('the same key with the same content gives the same answer and one effect', async () => {
  const { of, storage } = till()
  const first = await of('a').give({ idempotencyKey: 'k', to: 'c', points: 5 })
  await of('a').give({ idempotencyKey: 'k2', to: 'c', points: 5 })
  expect(await of('a').give({ idempotencyKey: 'k', to: 'c', points: 5 })).toEqual(first)
  expect(await storage.read('a', [headOf('account', 'c')])).toMatchObject([{ version: 2, seq: 2 }])
})

test('the same key with other content is refused, naming the fields and keeping no data', async () => {
  const { of } = till()
  await of('a').give({ idempotencyKey: 'k', to: 'c', points: 5 })
  const other = of('a').give({ idempotencyKey: 'k', to: 'd', points: 6 })
  await expect(other).rejects.toMatchObject({ code: 'core/idempotency-conflict', details: { differs: ['points', 'to'] } })
  await expect(of('b').give({ idempotencyKey: 'k', to: 'd', points: 6 })).resolves.toMatchObject({ given: 6 })
})

test('sent many times at once under one key, it happens once', async () => {
  const { of, storage } = till()
  const answers = await Promise.all(Array.from({ length: 10 }, () => of('a').give({ idempotencyKey: 'k', to: 'c', points: 5 })))
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(await storage.read('a', [headOf('account', 'c')])).toMatchObject([{ version: 1 }])
})

test('a cap of 500 is never passed, and after a refusal the same key may be used again', async () => {
  const { of, storage } = till()
  await of('a').give({ idempotencyKey: '1', to: 'c', points: 300 })
  const tooMuch = of('a').give({ idempotencyKey: '2', to: 'd', points: 201 })
  await expect(tooMuch).rejects.toMatchObject({ code: 'core/out-of-bounds', details: { found: 300 } })
  expect(await storage.read('a', [headOf('account', 'd')])).toMatchObject([{ version: 0 }])
  await of('a').give({ idempotencyKey: '2', to: 'd', points: 200 })
})

test.each([
  [
    'two writes of one row',
    {
      writes: [
        { write: 'put', table: caps, row: { day: 'x', given: 1 } },
        { write: 'remove', table: caps, key: { day: 'x' } },
      ],
    },
  ],
  [
    'a write and an add on one row',
    {
      writes: [{ write: 'put', table: caps, row: { day: 'x', given: 1 } }],
      adds: [{ table: caps, key: { day: 'x' }, column: 'given', by: 1 }],
    },
  ],
  [
    'a unique row that is also written',
    { writes: [{ write: 'put', table: caps, row: { day: 'x', given: 1 } }], unique: [{ table: caps, row: { day: 'x', given: 1 } }] },
  ],
  ['a value of another type', { writes: [{ write: 'put', table: caps, row: { day: 'x', given: '1' } }] }],
  ['a fraction in a counter', { writes: [], adds: [{ table: caps, key: { day: 'x' }, column: 'given', by: 0.5 }] }],
  ['a column that is not there', { writes: [{ write: 'change', table: caps, key: { day: 'x' }, set: { taken: 1 } }] }],
] as const)('a unit with %s is refused before any storage sees it', (_, parts) => {
  const steps = commit([{ tenant: 'a', heads: [], events: [], timers: [], ...parts }])
  expect(() => steps.next()).toThrow(expect.objectContaining({ code: 'core/bad-unit' }))
})
