import { defineCalendar } from '@patronkit/business-time'
import { attempt, field, manualClock, memoryStorage } from '@patronkit/core'
import { exportTenant, verifySubject } from '@patronkit/core/operations'
import { createRunner } from '@patronkit/core/runner'
import { tickUntil } from '@patronkit/core/testing'
import { expect, test } from 'vitest'
import { createSla, defineSlaPolicy, type Policy, render } from '../src/index.ts'

const office = defineCalendar({
  id: 'office',
  zone: 'Europe/Rome',
  week: {
    mon: [['09:00', '17:00']],
    tue: [['09:00', '17:00']],
    wed: [['09:00', '17:00']],
    thu: [['09:00', '17:00']],
    fri: [['09:00', '17:00']],
  },
})

const item = { type: 'ticket', id: 'T-1' }
const HOUR = 3_600_000

/** Monday 23 November 2026, Rome (UTC+1). */
const mon = (time: string) => `2026-11-23T${time}:00+01:00`
const tue = (time: string) => `2026-11-24T${time}:00+01:00`

async function desk(policy: Partial<Policy> = {}) {
  const clock = manualClock(mon('08:00'))
  const storage = memoryStorage()
  const service = createSla({ storage, clock })
  const runner = createRunner({ storage, clock, services: [service] })
  const sla = service.for({ tenant: 'acme', by: { type: 'user', id: 'u_1' } })
  await sla.publish({ definition: office })
  const gold = defineSlaPolicy({
    id: 'gold',
    calendar: office.id,
    targets: {
      'first-reply': { within: { workingHours: 2 }, warnAt: [{ percent: 75 }] },
      resolution: { within: { workingHours: 8 } },
    },
    pauseWhile: field('status').eq('waiting'),
    ...policy,
  })
  await sla.publish({ definition: gold })
  const heard: { type: string; data: unknown; at: Date }[] = []
  runner.consumer({
    name: 'test',
    types: ['sla.warned', 'sla.breached', 'sla.stopped', 'sla.withdrawn'],
    handle: (e) => void heard.push({ type: e.type, data: e.data, at: e.at }),
  })
  return { clock, sla, runner, heard, storage }
}

const of = <T extends { metric: string }>(clocks: readonly T[], metric: string): T => clocks.find((clock) => clock.metric === metric)!

test('a ticket opened before hours is due two working hours after the opening', async () => {
  const { sla } = await desk()
  const { clocks, nextDueAt } = await sla.record({ item, facts: [{ id: 'f1', type: 'created', at: mon('08:00') }] })
  expect(of(clocks, 'first-reply')).toMatchObject({ state: 'running', workedMs: 0, leftMs: 2 * HOUR, dueAt: new Date(mon('11:00')) })
  expect(of(clocks, 'resolution').dueAt).toEqual(new Date(mon('17:00')))
  expect(nextDueAt).toEqual(new Date(mon('11:00')))
})

test('the warning comes at 75 %, the breach with the first millisecond over, each once', async () => {
  const { sla, clock, runner, heard } = await desk()
  await sla.record({ item, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })
  clock.set(mon('10:29'))
  expect(await runner.tick()).toMatchObject({ fired: 0, nextDueAt: new Date(mon('10:30')) })
  clock.set(mon('11:00'))
  await runner.tick()
  expect(heard.map((e) => e.type)).toEqual(['sla.warned'])
  expect(heard[0]!.at).toEqual(new Date(mon('10:30')))
  clock.set(mon('11:30'))
  await runner.tick()
  await runner.tick()
  expect(heard.map((e) => e.type)).toEqual(['sla.warned', 'sla.breached'])
  expect(heard[1]).toMatchObject({ data: { item, metric: 'first-reply', overMs: HOUR / 2, targetMs: 2 * HOUR } })
  const { clocks } = await sla.status({ item })
  expect(of(clocks, 'first-reply')).toMatchObject({ state: 'breached', leftMs: -HOUR / 2 })
  expect(of(clocks, 'resolution')).toMatchObject({ state: 'running' })
})

test('ticking until tomorrow fires each step at its own instant', async () => {
  const { sla, clock, runner, heard } = await desk()
  await sla.record({ item, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })
  await tickUntil({ runner, clock, until: tue('12:00') })
  expect(clock.now()).toEqual(new Date(tue('12:00')))
  expect(heard.map((e) => [e.type, e.at.toISOString()])).toEqual([
    ['sla.warned', '2026-11-23T09:30:00.000Z'],
    ['sla.breached', '2026-11-23T10:00:00.001Z'],
    ['sla.breached', '2026-11-24T08:00:00.001Z'],
  ])
})

test('a reply exactly on the deadline is kept', async () => {
  const { sla, clock } = await desk()
  clock.set(mon('12:00'))
  const { clocks } = await sla.record({
    item,
    facts: [
      { id: 'f1', type: 'created', at: mon('09:00') },
      { id: 'f2', type: 'agent-reply', at: mon('11:00') },
    ],
  })
  expect(of(clocks, 'first-reply')).toMatchObject({ state: 'met', leftMs: 0, stoppedAt: new Date(mon('11:00')) })
})

test('waiting for the customer does not count, and resolving straight out of the pause keeps it', async () => {
  const { sla, clock } = await desk()
  clock.set(tue('16:00'))
  const { clocks } = await sla.record({
    item,
    facts: [
      { id: 'f1', type: 'created', at: mon('09:00'), attributes: { status: 'open' } },
      { id: 'f2', type: 'agent-reply', at: mon('10:00'), attributes: { status: 'waiting' } },
      { id: 'f3', type: 'resolved', at: tue('15:00'), attributes: { status: 'done' } },
    ],
  })
  expect(of(clocks, 'resolution')).toMatchObject({ state: 'met', workedMs: HOUR })
})

test('the same fact again changes nothing; another one under its id is refused', async () => {
  const { sla, storage } = await desk()
  const facts = [{ id: 'f1', type: 'created', at: mon('09:00') }] as const
  const first = await sla.record({ item, facts })
  expect(await sla.record({ item, facts })).toEqual(first)
  const head = { read: 'head', kind: 'sla-item', subject: 'ticket/T-1' } as const
  expect(await storage.read('acme', [head])).toMatchObject([{ version: 1 }])
  const tried = await attempt(() => sla.record({ item, facts: [{ ...facts[0], at: mon('10:00') }] }))
  expect(tried).toMatchObject({ ok: false, error: { code: 'core/idempotency-conflict', details: { differs: ['at'] } } })
})

test('a late reply takes back the breach it makes untrue, once, and is named', async () => {
  const { sla, clock, runner, heard } = await desk()
  await sla.record({ item, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })
  clock.set(mon('12:00'))
  await runner.tick()
  await sla.record({ item, facts: [{ id: 'late', type: 'agent-reply', at: mon('09:30') }] })
  await runner.tick()
  expect(heard.filter((e) => e.type === 'sla.withdrawn').map((e) => e.data)).toEqual([
    // the warning was passed over when both were noticed at once, so there is nothing to take back
    { item, agreement: 'sla', metric: 'first-reply', cycle: 1, step: 'over', because: ['late'] },
  ])
  expect(of((await sla.status({ item })).clocks, 'first-reply')).toMatchObject({ state: 'met', workedMs: HOUR / 2 })
})

test.each([
  ['resume', { state: 'running', cycle: 1, workedMs: 3 * HOUR }],
  ['keep-running', { state: 'running', cycle: 1, workedMs: 5 * HOUR }],
  ['new-cycle', { state: 'running', cycle: 2, workedMs: HOUR }],
  ['ignore', { state: 'met', cycle: 1, workedMs: 2 * HOUR }],
] as const)('reopened after a resolve: %s', async (onReopen, expected) => {
  const { sla, clock } = await desk({ onReopen })
  clock.set(mon('14:00'))
  const { clocks } = await sla.record({
    item,
    facts: [
      { id: 'f1', type: 'created', at: mon('09:00') },
      { id: 'f2', type: 'resolved', at: mon('11:00') },
      { id: 'f3', type: 'reopened', at: mon('13:00') },
    ],
  })
  expect(clocks.filter((each) => each.metric === 'resolution').at(-1)).toMatchObject(expected)
})

test('raising the priority gives the shorter target and keeps what was counted', async () => {
  const { sla, clock } = await desk({
    targets: { resolution: { within: { by: 'priority', of: { high: { workingHours: 4 } }, otherwise: { workingHours: 16 } } } },
  })
  clock.set(mon('12:00'))
  await sla.record({ item, attributes: { priority: 'low' }, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })
  const { clocks } = await sla.record({ item, attributes: { priority: 'high' }, facts: [{ id: 'f2', type: 'triaged', at: mon('12:00') }] })
  expect(of(clocks, 'resolution')).toMatchObject({ workedMs: 3 * HOUR, leftMs: HOUR, dueAt: new Date(mon('13:00')) })
})

test('an explanation lists every stretch and adds up to the time used', async () => {
  const { sla, clock } = await desk()
  clock.set(tue('18:00'))
  await sla.record({
    item,
    facts: [
      { id: 'f1', type: 'created', at: mon('16:00'), attributes: { status: 'open' } },
      { id: 'f2', type: 'status-changed', at: tue('10:00'), attributes: { status: 'waiting' } },
      { id: 'f3', type: 'status-changed', at: tue('12:00'), attributes: { status: 'open' } },
      { id: 'f4', type: 'resolved', at: tue('13:30') },
    ],
  })
  const why = await sla.explain({ item, metric: 'resolution' })
  expect(why.lines.map((line) => line.code)).toEqual(['sla/counted', 'sla/shut', 'sla/counted', 'sla/paused', 'sla/counted'])
  const counted = why.lines.filter((line) => line.code === 'sla/counted').reduce((sum, line) => sum + (line.data.ms as number), 0)
  expect(counted).toBe(of((await sla.status({ item })).clocks, 'resolution').workedMs)
  expect(why.summary).toBe('resolution is met: 3 h 30 min used of 8 h')
  expect(render(why, { locale: 'zh-CN', zone: 'Europe/Rome' }).summary).toBe('解决达成：已用 3 小时 30 分，时限 8 小时')
})

test('status as of an instant shows what was known to be true then', async () => {
  const { sla, clock } = await desk()
  clock.set(mon('16:00'))
  await sla.record({
    item,
    facts: [
      { id: 'f1', type: 'created', at: mon('09:00') },
      { id: 'f2', type: 'resolved', at: mon('15:00') },
    ],
  })
  expect(of((await sla.status({ item, asOf: mon('10:00') })).clocks, 'resolution')).toMatchObject({ state: 'running', workedMs: HOUR })
})

test('a policy that comes later is attached with the past it missed', async () => {
  const { sla, clock } = await desk({ when: field('tier').eq('gold') })
  clock.set(mon('12:00'))
  expect((await sla.record({ item, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })).clocks).toEqual([])
  const { clocks } = await sla.record({ item, attributes: { tier: 'gold' }, facts: [{ id: 'f2', type: 'upgraded', at: mon('11:00') }] })
  expect(of(clocks, 'resolution')).toMatchObject({ state: 'running', workedMs: 3 * HOUR })
})

test('the most urgent clocks come first, page by page', async () => {
  const { sla, clock } = await desk()
  for (const [n, time] of ['11:00', '09:00', '10:00'].entries()) {
    await sla.record({ item: { type: 'ticket', id: `T-${n}` }, facts: [{ id: `f${n}`, type: 'created', at: mon(time) }] })
  }
  clock.set(mon('11:00'))
  const first = await sla.due({ limit: 2 })
  expect(first.rows.map((row) => `${row.item.id} ${row.metric}`)).toEqual(['T-1 first-reply', 'T-2 first-reply'])
  const second = await sla.due({ limit: 2, after: first.next! })
  expect(second.rows.map((row) => `${row.item.id} ${row.metric}`)).toEqual(['T-0 first-reply', 'T-1 resolution'])
})

test('a policy with a mistake is refused with its path', () => {
  const bad = { id: 'bad', calendar: 'office', targets: { 'first-replay': { within: { workingHours: 2 } } } }
  expect(() => defineSlaPolicy(bad)).toThrow(/targets\.first-replay: is not a known metric/)
  const worse = { id: 'bad', calendar: 'office', targets: { resolution: { within: { workinghours: 2 } } } }
  expect(() => defineSlaPolicy(worse as never)).toThrow(/targets\.resolution\.within/)
})

test('tenants with the same ids do not meet', async () => {
  const storage = memoryStorage()
  const service = createSla({ storage, clock: manualClock(mon('09:00')) })
  const [a, b] = ['a', 'b'].map((tenant) => service.for({ tenant, by: { type: 'user', id: 'u' } }))
  await a!.record({ item, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })
  expect(await attempt(() => b!.status({ item }))).toMatchObject({ ok: false, error: { code: 'sla/unknown-item' } })
})

test('an erased item leaves envelopes that verify and nothing of what was in them', async () => {
  const { sla, storage } = await desk()
  await sla.record({ item, attributes: { name: 'Ada Lovelace' }, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })
  await sla.record({ item: { type: 'ticket', id: 'T-2' }, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] })
  const { facts, events } = await sla.erase({ item })
  expect({ facts, events: events > 0 }).toEqual({ facts: 1, events: true })
  expect(await sla.erase({ item })).toEqual({ facts: 0, events: 0 })
  expect(await attempt(() => sla.status({ item }))).toMatchObject({ ok: false, error: { code: 'sla/unknown-item' } })
  const left = JSON.stringify(await all(exportTenant({ storage, tenant: 'acme' })))
  expect(left).not.toContain('Lovelace')
  expect(await verifySubject({ storage, tenant: 'acme', kind: 'sla-item', subject: 'ticket/T-1' })).toBe(null)
  expect((await sla.status({ item: { type: 'ticket', id: 'T-2' } })).clocks.length).toBeGreaterThan(0)
  // the same ticket may come again, and its chain goes on
  await sla.record({ item, facts: [{ id: 'f1', type: 'created', at: mon('10:00') }] })
  expect(await verifySubject({ storage, tenant: 'acme', kind: 'sla-item', subject: 'ticket/T-1' })).toBe(null)
})

async function all<T>(of: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const one of of) found.push(one)
  return found
}

test('the status of many items is that of each, asked for with one read a type', async () => {
  const { sla, storage, clock } = await desk()
  const items = ['T-1', 'T-2', 'T-3'].map((id) => ({ type: 'ticket', id })).concat({ type: 'case', id: 'T-1' })
  for (const [n, one] of items.entries()) {
    await sla.record({ item: one, facts: [{ id: 'f1', type: 'created', at: mon(`09:0${n}`) }] })
  }
  clock.set(mon('09:30'))
  const asked = [items[2]!, items[3]!, items[0]!, items[2]!]
  const each = await Promise.all(asked.map((one) => sla.status({ item: one })))
  let reads = 0
  const counting = {
    ...storage,
    read: ((tenant, asks, session) => {
      if (asks.some((ask) => ask.read === 'heads')) reads += 1
      return storage.read(tenant, asks, session)
    }) as typeof storage.read,
  }
  const many = createSla({ storage: counting, clock }).for({ tenant: 'acme', by: { type: 'user', id: 'u_1' } })
  expect(await many.statusMany({ items: asked })).toEqual(each)
  expect(reads).toBe(2)
  const unknown = await attempt(() => many.statusMany({ items: [item, { type: 'ticket', id: 'T-9' }] }))
  expect(unknown).toMatchObject({ ok: false, error: { code: 'sla/unknown-item' } })
})
