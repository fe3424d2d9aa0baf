import { defineCalendar } from '@patronkit/business-time'
import { attempt, field, manualClock, memoryStorage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { eventsOf, type StoredEvent } from '@patronkit/core/storage'
import { expect, test } from 'vitest'
import { createSla, defineSlaPolicy, type Policy } from '../src/index.ts'
import { defineRotation } from '../src/oncall.ts'

const HOURS = [['09:00', '17:00']] as const
const WEEK = { mon: HOURS, tue: HOURS, wed: HOURS, thu: HOURS, fri: HOURS }
const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: WEEK })
const HOUR = 3_600_000
const [a, b] = ['T-1', 'T-2'].map((id) => ({ type: 'ticket', id })) as [{ type: string; id: string }, { type: string; id: string }]

/** Monday 23 November 2026, Rome (UTC+1), and the days behind it. */
const at = (day: number, time: string) => `2026-11-${22 + day}T${time}:00+01:00`
const mon = (time: string) => at(1, time)

async function desk(policy: Partial<Policy> = {}) {
  const clock = manualClock(mon('08:00'))
  const storage = memoryStorage()
  const service = createSla({ storage, clock })
  const runner = createRunner({ storage, clock, services: [service] })
  const sla = service.for({ tenant: 'acme', by: { type: 'user', id: 'u_1' } })
  await sla.publish({ definition: office })
  const body: Policy = {
    calendar: office.id,
    targets: { resolution: { within: { workingHours: 8 }, warnAt: [{ percent: 50 }] } },
    ...policy,
  }
  await sla.publish({ definition: defineSlaPolicy({ id: 'gold', ...body }) })
  const heard: { type: string; data: Record<string, unknown>; at: Date }[] = []
  const types = ['sla.warned', 'sla.breached', 'sla.stopped', 'sla.withdrawn', 'sla.retargeted', 'sla.skipped'] as const
  runner.consumer({ name: 'test', types, handle: (e) => void heard.push({ type: e.type, data: e.data as never, at: e.at }) })
  const created = (item: typeof a, when: string, attributes = {}) =>
    sla.record({ item, attributes, facts: [{ id: `${item.id}-created`, type: 'created', at: when }] })
  return { clock, sla, runner, heard, storage, created, body }
}

const only = <T>(of: readonly T[]): T => {
  expect(of).toHaveLength(1)
  return of[0]!
}

test('an agreed date is not moved by pauses or priorities, and is history once it is taken back', async () => {
  const { sla, clock, created, heard, runner } = await desk({
    pauseWhile: field('status').eq('waiting'),
    targets: { resolution: { within: { by: 'priority', of: { high: { workingHours: 2 } }, otherwise: { workingHours: 8 } } } },
  })
  await created(a, mon('09:00'))
  clock.set(mon('10:00'))
  const agreed = await sla.agree({
    idempotencyKey: 'k1',
    item: a,
    metric: 'resolution',
    dueAt: at(3, '12:00'),
    reason: 'promised on the phone',
  })
  expect(only(agreed.clocks)).toMatchObject({ state: 'running', dueAt: new Date(at(3, '12:00')) })
  await sla.record({
    item: a,
    attributes: { status: 'waiting', priority: 'high' },
    facts: [{ id: 'f2', type: 'status-changed', at: mon('11:00') }],
  })
  clock.set(mon('12:00'))
  expect(only((await sla.status({ item: a })).clocks)).toMatchObject({ state: 'running', dueAt: new Date(at(3, '12:00')) })
  // the same call again gives the same answer and changes nothing; another one under its key is refused
  const again = { idempotencyKey: 'k1', item: a, metric: 'resolution', dueAt: at(3, '12:00'), reason: 'promised on the phone' }
  expect(await sla.agree(again)).toEqual(agreed)
  expect(await attempt(() => sla.agree({ ...again, reason: 'another' }))).toMatchObject({
    ok: false,
    error: { code: 'core/idempotency-conflict', details: { differs: ['reason'] } },
  })
  const back = await sla.agree({ idempotencyKey: 'k2', item: a, metric: 'resolution', dueAt: null, reason: 'they want it sooner' })
  // two hours were worked before the pause at 11:00, exactly what priority high allows
  expect(only(back.clocks)).toMatchObject({ state: 'paused', targetMs: 2 * HOUR, workedMs: 2 * HOUR })
  await runner.tick()
  expect(heard.filter((e) => e.type === 'sla.retargeted').map((e) => e.data.reason)).toEqual([
    'promised on the phone',
    'they want it sooner',
  ])
})

test('an agreed date that passes is a breach, also while the item is paused', async () => {
  const { sla, clock, created, runner } = await desk({ pauseWhile: field('status').eq('waiting') })
  await created(a, mon('09:00'))
  await sla.agree({ idempotencyKey: 'k1', item: a, metric: 'resolution', dueAt: at(2, '12:00'), reason: 'agreed' })
  await sla.record({ item: a, attributes: { status: 'waiting' }, facts: [{ id: 'f2', type: 'status-changed', at: mon('11:00') }] })
  clock.set(at(2, '12:01'))
  await runner.tick()
  expect(only((await sla.status({ item: a })).clocks)).toMatchObject({
    state: 'breached',
    breachedAt: new Date(Date.parse(at(2, '12:00')) + 1),
  })
})

test('somebody decides against the count, with a reason', async () => {
  const { sla, clock, created, runner, heard } = await desk()
  await created(a, mon('09:00'))
  clock.set(at(3, '09:00'))
  await runner.tick()
  const ruled = await sla.override({ idempotencyKey: 'k1', item: a, metric: 'resolution', outcome: 'met', reason: 'the customer was away' })
  expect(only(ruled.clocks)).toMatchObject({ state: 'met', breachedAt: new Date(Date.parse(mon('17:00')) + 57_600_001) })
  await runner.tick()
  expect(heard.at(-1)).toMatchObject({ type: 'sla.stopped', data: { outcome: 'met' } })
  expect(
    await attempt(() => sla.override({ idempotencyKey: 'k2', item: a, metric: 'first-reply', outcome: 'met', reason: 'x' })),
  ).toMatchObject({
    ok: false,
    error: { code: 'sla/unknown-clock' },
  })
})

test.each(['own', 'earliest'] as const)('merged with the clocks %s, and taken apart again as if it had never been', async (clocks) => {
  const { sla, clock, created } = await desk()
  await created(a, mon('09:00'))
  await created(b, mon('11:00'))
  clock.set(mon('12:00'))
  const before = { a: await sla.status({ item: a }), b: await sla.status({ item: b }) }
  const merged = await sla.merge({ idempotencyKey: 'm1', item: a, into: b, clocks })
  expect(only(merged.clocks)).toMatchObject({ state: 'running', workedMs: (clocks === 'own' ? 1 : 3) * HOUR })
  expect(only((await sla.status({ item: a })).clocks)).toMatchObject({ state: 'cancelled' })
  expect(await attempt(() => sla.merge({ idempotencyKey: 'm2', item: a, into: b }))).toMatchObject({
    ok: false,
    error: { code: 'sla/cannot-merge' },
  })
  await sla.unmerge({ idempotencyKey: 'u1', item: a })
  expect({ a: await sla.status({ item: a }), b: await sla.status({ item: b }) }).toEqual(before)
  expect(await attempt(() => sla.unmerge({ idempotencyKey: 'u2', item: a }))).toMatchObject({
    ok: false,
    error: { code: 'sla/not-merged' },
  })
  // and once more, since nothing of the first time is left
  await sla.merge({ idempotencyKey: 'm3', item: a, into: b, clocks })
  expect(only((await sla.status({ item: b })).clocks)).toMatchObject({ workedMs: (clocks === 'own' ? 1 : 3) * HOUR })
})

test.each([
  ['start', HOUR],
  ['inherit', 4 * HOUR],
] as const)('split off with the clocks %s', async (clocks, workedMs) => {
  const { sla, clock, created } = await desk()
  await created(a, mon('09:00'), { tier: 'gold' })
  clock.set(mon('12:00'))
  await sla.split({ idempotencyKey: 's1', item: a, into: b, clocks })
  clock.set(mon('13:00'))
  expect(only((await sla.status({ item: b })).clocks)).toMatchObject({ state: 'running', workedMs })
  expect(only((await sla.status({ item: a })).clocks)).toMatchObject({ state: 'running', workedMs: 4 * HOUR })
  expect(await attempt(() => sla.split({ idempotencyKey: 's2', item: a, into: b }))).toMatchObject({
    ok: false,
    error: { code: 'sla/cannot-split' },
  })
})

test('a parent waits while its child is open, to the instant, also when that is heard late', async () => {
  const { sla, clock, created } = await desk()
  await created(a, mon('09:00'))
  await created(b, mon('10:00'))
  clock.set(mon('11:00'))
  expect(only((await sla.link({ idempotencyKey: 'l1', parent: a, child: b, rule: 'parent-waits' })).clocks)).toMatchObject({
    state: 'paused',
  })
  clock.set(mon('15:00'))
  await sla.record({ item: b, facts: [{ id: 'done', type: 'resolved', at: mon('14:00') }] })
  expect(only((await sla.status({ item: a })).clocks)).toMatchObject({ state: 'running', workedMs: 3 * HOUR })
  await sla.record({ item: b, facts: [{ id: 'again', type: 'reopened', at: mon('14:30') }] })
  expect(only((await sla.status({ item: a })).clocks)).toMatchObject({ state: 'paused', workedMs: 2.5 * HOUR })
})

test('children follow when their parent is resolved, in a batch as well', async () => {
  const { sla, clock, created } = await desk()
  await created(a, mon('09:00'))
  await created(b, mon('10:00'))
  await sla.link({ idempotencyKey: 'l1', parent: a, child: b, rule: 'children-follow' })
  clock.set(mon('15:00'))
  await sla.recordMany({
    items: [
      { item: a, facts: [{ id: 'done', type: 'resolved', at: mon('14:00') }] },
      { item: b, facts: [{ id: 'note', type: 'note', at: mon('13:00') }] },
    ],
  })
  expect(only((await sla.status({ item: b })).clocks)).toMatchObject({ state: 'met', workedMs: 4 * HOUR })
})

test('running items come in with their past, and nobody hears of old steps', async () => {
  const { sla, clock, runner, heard } = await desk()
  clock.set(at(2, '10:00'))
  await sla.import({
    items: [a, b].map((item, n) => ({ item, facts: [{ id: 'c', type: 'created', at: mon(n === 0 ? '09:00' : '15:00') }] })),
  })
  await runner.tick()
  expect(heard.map((e) => [e.type, e.data.because])).toEqual([['sla.skipped', 'import']])
  expect(only((await sla.status({ item: a })).clocks)).toMatchObject({ state: 'breached' })
  clock.set(at(2, '11:00'))
  await runner.tick()
  expect(heard.slice(1)).toMatchObject([{ type: 'sla.warned', data: { item: b } }])
})

test('a holiday that is published late: the preview says what the sweep then does, page by page', async () => {
  const { sla, clock, runner, heard, created } = await desk()
  const items = Array.from({ length: 7 }, (_, n) => ({ type: 'ticket', id: `T-${n}` }))
  for (const [n, item] of items.entries()) await created(item, mon(`${String(9 + n).padStart(2, '0')}:00`))
  await sla.record({ item: items[6]!, facts: [{ id: 'done', type: 'resolved', at: mon('16:00') }] })
  // Tuesday at noon: the first three are breached, the first of them by a millisecond after Tuesday's opening
  clock.set(at(2, '12:00'))
  await runner.tick()
  expect(heard.filter((e) => e.type === 'sla.breached')).toHaveLength(3)
  await sla.publish({
    definition: defineCalendar({ id: 'office', zone: 'Europe/Rome', week: WEEK, holidays: ['2026-11-24'] }),
    effectiveFrom: 0,
  })
  const reason = 'Tuesday was a holiday'
  const seen = await sla.preview.retarget({ reason })
  expect(seen).toEqual({ items: 6, changed: 6, moved: 5, breached: 0, saved: 3 })
  let changed = 0
  for (let more = true; more; ) {
    const page = await sla.retarget({ idempotencyKey: 'holiday', reason, page: 2 })
    changed += page.changed
    more = page.more
  }
  expect(changed).toBe(seen.changed)
  await runner.tick()
  expect(heard.filter((e) => e.type === 'sla.retargeted')).toHaveLength(6)
  expect(heard.find((e) => e.type === 'sla.retargeted' && (e.data.item as typeof a).id === 'T-2')!.data).toMatchObject({
    reason,
    clocks: [
      {
        metric: 'resolution',
        from: { dueAt: new Date(at(2, '11:00')).toISOString() },
        to: { dueAt: new Date(at(3, '11:00')).toISOString() },
      },
    ],
  })
  const withdrawn = heard.filter((e) => e.type === 'sla.withdrawn')
  expect(withdrawn.filter((e) => e.data.step === 'over').map((e) => (e.data.item as typeof a).id)).toEqual(['T-0', 'T-1', 'T-2'])
  expect(await sla.preview.retarget({ reason })).toEqual({ items: 6, changed: 0, moved: 0, breached: 0, saved: 0 })
  // a late fact folds everything anew and comes to the same
  const before = await sla.status({ item: items[2]! })
  await sla.record({ item: items[2]!, facts: [{ id: 'late', type: 'note', at: mon('12:30') }] })
  expect(await sla.status({ item: items[2]! })).toEqual(before)
})

test('which policy would hold, and why the others would not', async () => {
  const { sla } = await desk()
  const vip = defineSlaPolicy({
    id: 'vip',
    order: 1,
    calendar: '24x7',
    when: field('tier').in(['gold']),
    targets: { resolution: { within: { hours: 1 } } },
  })
  await sla.publish({ definition: vip })
  const tried = await sla.explainMatch({ attributes: { tier: 'silver' } })
  expect(tried).toEqual([
    {
      agreement: 'sla',
      policy: { id: 'vip', version: 1 },
      matches: false,
      holds: false,
      because: { condition: 'tier in ["gold"]', holds: false, found: 'silver' },
    },
    { agreement: 'sla', policy: { id: 'gold', version: 1 }, matches: true, holds: true, because: null },
  ])
  expect((await sla.explainMatch({ attributes: { tier: 'gold' } })).map((one) => [one.policy.id, one.holds])).toEqual([
    ['vip', true],
    ['gold', false],
  ])
})

test('nobody hears that a promise is over while it may still be kept', async () => {
  const { sla, clock, created, runner, heard } = await desk({
    targets: { resolution: { within: { workingHours: 8 }, steps: [{ at: { over: { hours: 1 } } }] } },
  })
  await created(a, at(5, '09:00'))
  // all eight hours are used up when the office closes on Friday, and the first millisecond over is Monday's
  clock.set(at(7, '12:00'))
  await runner.tick()
  expect(heard).toEqual([])
  const { clocks } = await sla.record({ item: a, facts: [{ id: 'f2', type: 'resolved', at: at(7, '12:00') }] })
  expect(only(clocks)).toMatchObject({ state: 'met', workedMs: 8 * HOUR })
  await runner.tick()
  expect(heard.map((e) => e.type)).toEqual(['sla.stopped'])
})

test('a step that was reached under a policy that no longer holds when it is heard of is told as that policy has it', async () => {
  const { sla, clock, runner, storage } = await desk({ catchUp: 'all' })
  const strict: Policy = {
    calendar: office.id,
    order: 1,
    when: field('tier').eq('gold'),
    catchUp: 'all',
    targets: { resolution: { within: { workingHours: 1 }, steps: [{ at: { over: { workingHours: 1 } }, id: 'lead', tell: ['lead'] }] } },
  }
  await sla.publish({ definition: defineSlaPolicy({ id: 'strict', ...strict }) })
  clock.set(mon('16:00'))
  await sla.record({
    item: a,
    facts: [
      { id: 'f1', type: 'created', at: mon('09:00'), attributes: { tier: 'gold' } },
      { id: 'f2', type: 'status-changed', at: mon('15:00'), attributes: { tier: 'none' } },
    ],
  })
  await runner.tick()
  const [events] = await storage.read('acme', [eventsOf('sla-item', 'ticket/T-1', { limit: 100 })])
  const told = (events as readonly StoredEvent[]).find((event) => event.type === 'sla.escalated')
  expect(JSON.parse(told!.body!)).toMatchObject({ step: 'lead', level: 1, tell: ['lead'], policy: { id: 'strict' } })
})

test('the same fact again gives the same answer, its clocks in the same order', async () => {
  const { sla } = await desk()
  const ola = { agreement: 'ola', calendar: office.id, targets: { resolution: { within: { hours: 1 } } } } as const
  await sla.publish({ definition: defineSlaPolicy({ id: 'ola', ...ola }) })
  const call = { item: a, facts: [{ id: 'f1', type: 'created', at: mon('09:00') }] }
  expect(JSON.stringify(await sla.record(call))).toBe(JSON.stringify(await sla.record(call)))
})

test('a step names who is on call when it is told', async () => {
  const night = defineRotation({
    id: 'night',
    zone: 'Europe/Rome',
    layers: [{ id: 'first', people: ['ann', 'bo'], starts: '2026-11-23', handOver: '12:00', every: { days: 1 } }],
  })
  const { sla, clock, created, runner, storage } = await desk({
    targets: {
      resolution: {
        within: { workingHours: 8 },
        steps: [{ at: { percent: 50 }, tell: ['assignee', { onCall: 'night' }, { onCall: 'no-such' }] }],
      },
    },
  })
  await sla.publish({ definition: night, effectiveFrom: 0 })
  await created(a, mon('09:00'))
  clock.set(mon('13:00'))
  await runner.tick()
  const [events] = await storage.read('acme', [eventsOf('sla-item', 'ticket/T-1', { limit: 100 })])
  const told = (events as readonly StoredEvent[]).find((event) => event.type === 'sla.warned')!
  expect(JSON.parse(told.body!)).toMatchObject({ step: '50%', onCall: [{ rotation: 'night', layer: 'first', person: 'ann' }] })
})
