import { field } from '@patronkit/core'
import { expect, test } from 'vitest'
import { defineSlaPolicy, METRICS, type Policy, render } from '../src/index.ts'
import { internalFact } from '../src/internal.ts'
import { bookOf, fact, foldFacts, viewClocks } from '../src/testing.ts'
import { at, HOUR, helpDesk, hours, MINUTE, type Moment, nineToFive, office, said, ticket } from './help-desk.ts'

type Desk = Awaited<ReturnType<typeof helpDesk>>

/** `G1 met 1:30` of each clock, in order of cycle. */
async function parties(desk: Desk, asOf: Moment, agreement = 'ola', metric = 'ownership'): Promise<readonly string[]> {
  return (await desk.clocks(metric, asOf, agreement)).map(({ party, state, workedMs }) => {
    const minutes = String((workedMs % HOUR) / MINUTE).padStart(2, '0')
    return `${party} ${state} ${Math.floor(workedMs / HOUR)}:${minutes}`
  })
}

const team = (name: string | null) => ({ attributes: { team: name } })

const sla: { readonly id: string } & Policy = {
  id: 'sla',
  calendar: nineToFive.id,
  targets: { resolution: { within: { workingHours: 8 } } },
  pauseWhile: field('status').eq('waiting'),
}
const ola: { readonly id: string } & Policy = {
  id: 'ola',
  agreement: 'ola',
  calendar: nineToFive.id,
  per: 'team',
  targets: { ownership: { within: { by: 'team', of: { G1: { workingHours: 2 } }, otherwise: { workingHours: 1 } } } },
}
const uc: { readonly id: string } & Policy = {
  id: 'uc',
  agreement: 'uc',
  calendar: '24x7',
  when: field('supplier').eq('acme'),
  targets: { 'supplier-answer': { within: { hours: 24 } } },
  metrics: {
    'supplier-answer': {
      start: { op: 'all', of: [field('changed.supplier').eq(true), field('after.supplier').eq('acme')] },
      stop: { op: 'all', of: [field('fact.type').eq('message'), field('fact.author').eq('third-party')] },
      repeats: true,
    },
  },
}

test('SLA, OLA of each team and the contract with a supplier run side by side, each by its own rules', async () => {
  const desk = await helpDesk([sla, ola, uc])
  await desk.happens('mon 09:00', 'created', { attributes: { team: 'G1', status: 'open' } })
  await desk.happens('mon 10:00', 'assigned', team('G2'))
  await desk.happens('mon 10:30', 'asked-supplier', { attributes: { supplier: 'acme', status: 'waiting' } })
  await desk.happens('tue 08:30', 'message', { author: 'third-party', attributes: { status: 'open' } })
  await desk.happens('tue 10:00', 'resolved')
  // the customer's promise stands while the supplier is waited for: Mon 1:30, Tue 1:00
  expect(await desk.clock1('resolution', 'tue 11:00')).toMatchObject({ agreement: 'sla', state: 'met', workedMs: 2.5 * HOUR })
  // G2 has it all the while, the OLA knows no pause: Mon 7:00, Tue 1:00
  expect(await parties(desk, 'tue 11:00')).toEqual(['G1 met 1:00', 'G2 breached 8:00'])
  // the supplier's clock is wall time: Mon 10:30 to Tue 08:30
  expect(await desk.clock1('supplier-answer', 'tue 11:00', 'uc')).toMatchObject({ state: 'met', workedMs: 22 * HOUR })
  expect(desk.heard.map(({ type, data }) => [type, data.agreement, data.party ?? null])).toContainEqual(['sla.breached', 'ola', 'G2'])
  const why = await desk.sla.explain({ item: ticket, agreement: 'ola', metric: 'ownership', cycle: 2 })
  expect(why.summary).toBe('ownership of G2 (ola) is breached: 8 h used of 1 h, 7 h over')
  expect(render(why, { locale: 'zh-CN', zone: 'Europe/Rome' }).summary).toBe('经办（G2，ola）超时：已用 8 小时，时限 1 小时，超出 7 小时')
})

test('handed over with nobody in between: no clock runs, and whoever has it next has a cycle of its own', async () => {
  const desk = await helpDesk([ola])
  await desk.happens('mon 09:00', 'created', team('G1'))
  await desk.happens('mon 10:00', 'returned', team(null))
  await desk.happens('mon 12:00', 'assigned', team('G2'))
  expect(await parties(desk, 'mon 12:30')).toEqual(['G1 met 1:00', 'G2 running 0:30'])
})

test('the same team again after nobody has a new cycle', async () => {
  const desk = await helpDesk([ola])
  await desk.happens('mon 09:00', 'created', team('G1'))
  await desk.happens('mon 10:00', 'returned', team(null))
  await desk.happens('mon 12:00', 'assigned', team('G1'))
  expect(await parties(desk, 'mon 12:30')).toEqual(['G1 met 1:00', 'G1 running 0:30'])
})

test('opened with nobody, the first team begins when it gets the ticket', async () => {
  const desk = await helpDesk([ola])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 11:00', 'assigned', team('G1'))
  const [clock] = await desk.clocks('ownership', 'mon 11:30', 'ola')
  expect(clock).toMatchObject({ party: 'G1', cycle: 1, startedAt: at('mon 11:00'), workedMs: HOUR / 2 })
})

test('resolved while nobody has it, it begins for no team until it is reopened', async () => {
  const desk = await helpDesk([ola])
  await desk.happens('mon 09:00', 'created', team('G1'))
  await desk.happens('mon 10:00', 'returned', team(null))
  await desk.happens('mon 10:30', 'resolved')
  await desk.happens('mon 11:00', 'filed', team('G2'))
  expect(await parties(desk, 'mon 12:00')).toEqual(['G1 met 1:00'])
  await desk.happens('mon 13:00', 'reopened')
  expect(await parties(desk, 'mon 13:30')).toEqual(['G1 met 1:00', 'G2 running 0:30'])
})

test('reopened with nobody, it begins with the team that gets it', async () => {
  const desk = await helpDesk([ola])
  await desk.happens('mon 09:00', 'created', team('G1'))
  await desk.happens('mon 10:00', 'resolved')
  await desk.happens('mon 12:00', 'reopened', team(null))
  await desk.until('mon 13:00')
  expect(await parties(desk, 'mon 13:00')).toEqual(['G1 met 1:00'])
  await desk.happens('mon 13:00', 'assigned', team('G2'))
  expect(await parties(desk, 'mon 13:30')).toEqual(['G1 met 1:00', 'G2 running 0:30'])
})

test('reopened for another team it is that team that begins, unless the policy ignores reopening', async () => {
  for (const [onReopen, expected] of [
    ['resume', ['G1 met 1:00', 'G2 running 0:30']],
    ['ignore', ['G1 met 1:00']],
  ] as const) {
    const desk = await helpDesk([{ ...ola, onReopen }])
    await desk.happens('mon 09:00', 'created', team('G1'))
    await desk.happens('mon 10:00', 'resolved')
    await desk.happens('mon 12:00', 'reopened', team('G2'))
    expect(await parties(desk, 'mon 12:30')).toEqual(expected)
  }
})

test('of the policies of an agreement the first that matches holds; equal places are tried by id', async () => {
  const within = (workingHours: number) => ({ resolution: { within: { workingHours } } })
  const desk = await helpDesk([
    { id: 'a', order: 50, calendar: nineToFive.id, when: field('tier').eq('gold'), targets: within(1) },
    { id: 'b', order: 10, calendar: nineToFive.id, when: field('vip').eq(true), targets: within(2) },
    { id: 'd', calendar: nineToFive.id, targets: within(4) },
    { id: 'c', calendar: nineToFive.id, targets: within(3) },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { tier: 'gold', vip: true } })
  expect(await desk.clock1('resolution', 'mon 09:00')).toMatchObject({ policy: { id: 'b' } })
  await desk.happens('mon 09:10', 'edited', { attributes: { vip: false } })
  expect(await desk.clock1('resolution', 'mon 09:10')).toMatchObject({ policy: { id: 'a' }, targetMs: HOUR, workedMs: 10 * MINUTE })
  await desk.happens('mon 09:20', 'edited', { attributes: { tier: 'basic' } })
  expect(await desk.clock1('resolution', 'mon 09:20')).toMatchObject({ policy: { id: 'c' }, targetMs: 3 * HOUR })
})

test('a sticky policy stays, whatever the attributes become', async () => {
  const desk = await helpDesk([
    { ...sla, id: 'gold', order: 1, sticky: true, when: field('tier').eq('gold') },
    { ...sla, id: 'basic', targets: { resolution: { within: { workingHours: 40 } } } },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { tier: 'gold' } })
  await desk.happens('mon 10:00', 'edited', { attributes: { tier: 'basic' } })
  expect(await desk.clock1('resolution', 'mon 10:00')).toMatchObject({ policy: { id: 'gold' }, targetMs: 8 * HOUR })
})

test('matched by nothing any more the clock is cancelled; matched again it has its past, and no step is told twice', async () => {
  const desk = await helpDesk([
    { ...sla, when: field('tier').eq('gold'), targets: { resolution: { within: { workingHours: 4 }, warnAt: [{ percent: 25 }] } } },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { tier: 'gold' } })
  await desk.happens('mon 11:00', 'edited', { attributes: { tier: 'none' } })
  expect(await desk.clock1('resolution', 'mon 12:00')).toMatchObject({ state: 'cancelled', workedMs: 2 * HOUR, dueAt: null })
  await desk.happens('mon 12:00', 'edited', { attributes: { tier: 'gold' } })
  expect(await desk.clocks('resolution', 'mon 12:00')).toMatchObject([
    { cycle: 1, state: 'running', workedMs: 3 * HOUR, dueAt: at('mon 13:00') },
  ])
  await desk.until('mon 16:00')
  expect(desk.told()).toEqual(['warned 25% mon 10:00', 'breached over mon 13:00:00.001'])
  // what it was in between can still be asked for
  expect(await desk.clock1('resolution', 'mon 11:30')).toMatchObject({ state: 'cancelled' })
})

test('matched again with restart, it begins a new cycle, and the cancelled one stays as history', async () => {
  const desk = await helpDesk([{ ...sla, when: field('tier').eq('gold'), onChange: { elapsed: 'restart' } }])
  await desk.happens('mon 09:00', 'created', { attributes: { tier: 'gold' } })
  await desk.happens('mon 11:00', 'edited', { attributes: { tier: 'none' } })
  await desk.happens('mon 12:00', 'edited', { attributes: { tier: 'gold' } })
  expect(await desk.clocks('resolution', 'mon 13:00')).toMatchObject([
    { cycle: 1, state: 'cancelled', workedMs: 2 * HOUR },
    { cycle: 2, state: 'running', workedMs: HOUR },
  ])
})

test.each([
  ['keep', 3 * HOUR, 'mon 17:00'],
  ['restart', 0, 'tue 12:00'],
  ['retroactive', 3 * HOUR, 'mon 17:00'],
] as const)('a policy attached late, after three hours: %s', async (elapsed, workedMs, due) => {
  const desk = await helpDesk([{ ...sla, when: field('tier').eq('gold'), onChange: { elapsed } }])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 12:00', 'edited', { attributes: { tier: 'gold' } })
  const clock = await desk.clock1('resolution', 'mon 12:00')
  expect(clock).toMatchObject({ state: 'running', workedMs })
  expect(said(clock!.dueAt)).toBe(due)
  const why = await desk.sla.explain({ item: ticket, metric: 'resolution', asOf: at('mon 14:00') })
  const counted = why.lines.filter((line) => line.code === 'sla/counted').reduce((sum, line) => sum + (line.data.ms as number), 0)
  expect(counted).toBe(workedMs + 2 * HOUR)
})

test('attached late by the very fact that resolves it, it is judged, and its breach has an instant', async () => {
  const desk = await helpDesk([{ ...sla, when: field('tier').eq('gold'), targets: { resolution: { within: { workingHours: 2 } } } }])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 14:00', 'resolved', { attributes: { tier: 'gold' } })
  expect(await desk.clock1('resolution', 'mon 15:00')).toMatchObject({ state: 'breached', workedMs: 5 * HOUR })
  expect(said((await desk.clock1('resolution', 'mon 15:00'))!.breachedAt)).toBe('mon 11:00:00.001')
})

test('an emergency pre-empts: other rules around the clock at once, and the ordinary ones again after it', async () => {
  const desk = await helpDesk([
    {
      id: 'emergency',
      order: 0,
      calendar: '24x7',
      when: field('emergency').eq(true),
      targets: { resolution: { within: { workingHours: 4 } } },
    },
    sla,
  ])
  await desk.happens('mon 16:00', 'created', { attributes: { emergency: false } })
  await desk.happens('mon 18:00', 'declared', { attributes: { emergency: true } })
  // 1 h until the close; three more from 18:00, in the night
  expect(await desk.clock1('resolution', 'mon 18:00')).toMatchObject({
    policy: { id: 'emergency' },
    workedMs: HOUR,
    dueAt: at('mon 21:00'),
  })
  await desk.happens('mon 20:00', 'declared', { attributes: { emergency: false } })
  // 3 h counted, five of eight are left, in office hours
  expect(await desk.clock1('resolution', 'mon 20:00')).toMatchObject({ policy: { id: 'sla' }, workedMs: 3 * HOUR, dueAt: at('tue 14:00') })
})

test('hours are read in the zone of the ticket where the policy says so, from the moment it has one', async () => {
  const desk = await helpDesk([{ ...sla, zone: 'customer.zone' }])
  await desk.happens('mon 09:00', 'created', { attributes: { customer: { zone: 'America/New_York' } } })
  // New York opens at 15:00 in Rome
  expect(await desk.clock1('resolution', 'mon 16:00')).toMatchObject({ workedMs: HOUR, dueAt: at('mon 23:00') })
  await desk.happens('mon 17:00', 'moved', { attributes: { customer: { zone: 'Europe/Rome' } } })
  expect(await desk.clock1('resolution', 'mon 17:00')).toMatchObject({ workedMs: 2 * HOUR, dueAt: at('tue 15:00') })
})

test('a zone that nobody knows leaves the hours where they are: a slip in a customer record stops no ticket', async () => {
  const desk = await helpDesk([{ ...sla, zone: 'zone' }])
  await desk.happens('mon 09:00', 'created', { attributes: { zone: 'Mars/Olympus' } })
  expect(await desk.clock1('resolution', 'mon 10:00')).toMatchObject({ workedMs: HOUR, dueAt: at('mon 17:00') })
})

test('the calendar may follow an attribute: what was counted stays, and the other hours count from there', async () => {
  const late = hours('late', '13:00', '21:00')
  const desk = await helpDesk([{ ...sla, calendar: { by: 'team', of: { night: 'late' }, otherwise: nineToFive.id } }], {
    calendars: [nineToFive, late],
  })
  await desk.happens('mon 09:00', 'created', team('day'))
  await desk.happens('mon 12:00', 'assigned', team('night'))
  expect(await desk.clock1('resolution', 'mon 12:30')).toMatchObject({ workedMs: 3 * HOUR, dueAt: at('mon 18:00') })
  const why = await desk.sla.explain({ item: ticket, metric: 'resolution', asOf: at('mon 14:00') })
  expect(why.lines.map((line) => [line.code, said(line.data.from as string), said(line.data.to as string)])).toEqual([
    ['sla/counted', 'mon 09:00', 'mon 12:00'],
    ['sla/shut', 'mon 12:00', 'mon 13:00'],
    ['sla/counted', 'mon 13:00', 'mon 14:00'],
  ])
})

test('hours that change on a date change for a clock that runs across it', async () => {
  const desk = await helpDesk([sla])
  const shorter = hours('nine-to-five', '10:00', '14:00')
  await desk.sla.publish({ definition: shorter, effectiveFrom: at('tue 00:00') })
  await desk.happens('mon 13:00', 'created')
  // Monday 13–17, Tuesday 10–14 by the new hours
  expect(said((await desk.clock1('resolution', 'mon 13:00'))!.dueAt)).toBe('tue 14:00')
  expect(await desk.clock1('resolution', 'tue 12:00')).toMatchObject({ workedMs: 6 * HOUR })
})

test('a ticket keeps the version of a policy that was in force when it was opened', async () => {
  const desk = await helpDesk([sla])
  const stricter = defineSlaPolicy({ ...sla, targets: { resolution: { within: { workingHours: 2 } } } })
  await desk.sla.publish({ definition: stricter, effectiveFrom: at('tue 00:00') })
  await desk.happens('mon 13:00', 'created')
  await desk.happens('tue 10:00', 'edited', { attributes: { color: 'red' } })
  expect(await desk.clock1('resolution', 'tue 10:00')).toMatchObject({ targetMs: 8 * HOUR, policy: { id: 'sla', version: 1 } })
  const { clocks } = await desk.sla.record({
    item: { type: 'ticket', id: 'T-2' },
    facts: [{ id: 'f', type: 'created', at: at('tue 10:00') }],
  })
  expect(clocks).toMatchObject([{ targetMs: 2 * HOUR, policy: { id: 'sla', version: 2 } }])
})

test.each([
  [{ days: 0 }, 'mon 10:00', 'mon 18:00'],
  [{ days: 0, cutOff: '15:00' }, 'mon 14:59', 'mon 18:00'],
  [{ days: 0, cutOff: '15:00' }, 'mon 15:00', 'tue 18:00'],
  [{ days: 1 }, 'mon 10:00', 'tue 18:00'],
  [{ days: 1, by: '12:00' }, 'mon 10:00', 'tue 12:00'],
  [{ days: 2, by: '10:00', cutOff: '09:30' }, 'mon 10:00', 'thu 10:00'],
  [{ days: 1 }, 'fri 10:00', 'mon2 18:00'],
  [{ days: 0 }, 'sat 10:00', 'mon2 18:00'],
] as const)('by the end of a working day: %o, opened %s', async (workingDay, opened, due) => {
  const desk = await helpDesk([{ ...sla, calendar: office.id, targets: { resolution: { within: { workingDay } } } }])
  await desk.happens(opened, 'created')
  expect(said((await desk.clock1('resolution', opened))!.dueAt)).toBe(due)
})

test('a limit of whole days has no pause: waiting does not move it, and the lunch break counts', async () => {
  const desk = await helpDesk([{ ...sla, calendar: office.id, targets: { resolution: { within: { workingDay: { days: 1 } } } } }])
  await desk.happens('mon 10:00', 'created')
  await desk.happens('mon 11:00', 'waits', { attributes: { status: 'waiting' } })
  await desk.happens('tue 10:00', 'goes on', { attributes: { status: 'open' } })
  expect(await desk.clock1('resolution', 'tue 10:00')).toMatchObject({ state: 'running', workedMs: 24 * HOUR, dueAt: at('tue 18:00') })
  const why = await desk.sla.explain({ item: ticket, metric: 'resolution', asOf: at('tue 10:00') })
  expect(why.lines).toHaveLength(1)
  expect(why.summary).toBe('resolution is running: due 24 Nov 2026, 18:00:00, 8 h left')
  expect(render(why, { locale: 'zh-CN', zone: 'Europe/Rome' }).summary).toBe('解决进行中：截止于 2026/11/24 18:00:00，剩余 8 小时')
})

test('a negotiated date moves when it is negotiated anew, not by waiting; one that is no instant sets no target', async () => {
  const desk = await helpDesk([{ ...sla, targets: { resolution: { within: { date: 'promised' } } } }])
  await desk.happens('mon 09:00', 'created')
  expect(await desk.clock1('resolution', 'mon 09:00')).toMatchObject({ targetMs: null, dueAt: null, state: 'running' })
  await desk.happens('mon 10:00', 'agreed', { attributes: { promised: '2026-11-25T12:00:00+01:00', status: 'waiting' } })
  expect(await desk.clock1('resolution', 'mon 10:00')).toMatchObject({ state: 'running', dueAt: at('wed 12:00') })
  await desk.happens('tue 09:00', 'agreed', { attributes: { promised: '2026-11-26T12:00:00+01:00' } })
  expect(await desk.clock1('resolution', 'tue 09:00')).toMatchObject({ dueAt: at('thu 12:00') })
  await desk.happens('tue 10:00', 'mistyped', { attributes: { promised: 'soon' } })
  expect(await desk.clock1('resolution', 'tue 10:00')).toMatchObject({ dueAt: null, targetMs: null })
})

test('a date agreed on while the clock is paused is a date: the pause does not move it, and taken back the clock is as it would have been', () => {
  const books = bookOf({ policies: [defineSlaPolicy(sla)], calendars: [nineToFive] })
  const due = (when: Moment, dueAt: Moment | null, arrival: number) =>
    internalFact({
      id: `due ${arrival}`,
      at: at(when).getTime(),
      arrival,
      is: { kind: 'due', agreement: 'sla', metric: 'resolution', dueAt: dueAt && at(dueAt).getTime(), reason: 'by phone' },
    })
  const facts = [
    fact('created', at('mon 09:00'), { status: 'open' }),
    fact('waits', at('mon 10:00'), { status: 'waiting' }),
    due('mon 11:00', 'wed 12:00', 3),
    fact('goes-on', at('tue 10:00'), { status: 'open' }),
  ]
  const seen = (more: readonly ReturnType<typeof due>[], asOf: Moment) =>
    viewClocks(foldFacts([...facts, ...more], books, { at: 0, knownAt: 0 }), at(asOf).getTime(), books)[0]
  expect(seen([], 'tue 10:00')).toMatchObject({ state: 'running', dueAt: at('wed 12:00') })
  expect(seen([], 'wed 13:00')).toMatchObject({ state: 'breached' })
  // Mon 9–10, and from Tue 10:00: one of eight hours used, 7 h left
  expect(seen([due('tue 10:00', null, 5)], 'tue 10:00')).toMatchObject({ state: 'running', workedMs: HOUR, dueAt: at('tue 17:00') })
})

test('time of one kind cannot stay counted in another: it is counted again in hours, with the pauses it had', async () => {
  const desk = await helpDesk([
    { ...sla, id: 'hours', order: 1, when: field('tier').eq('gold') },
    { ...sla, id: 'days', order: 2, targets: { resolution: { within: { days: 3 } } } },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { status: 'open' } })
  await desk.happens('mon 12:00', 'waits', { attributes: { status: 'waiting' } })
  await desk.happens('mon 14:00', 'goes on', { attributes: { status: 'open' } })
  await desk.happens('tue 09:00', 'upgraded', { attributes: { tier: 'gold' } })
  // 22 h of wall time were used; Mon 9–12 and 14–17 are six working hours
  expect(await desk.clock1('resolution', 'tue 09:00')).toMatchObject({ cycle: 1, workedMs: 6 * HOUR, dueAt: at('tue 11:00') })
})

test('opened by an agent, the first reply is owed from the opening, or from the first message of the customer', async () => {
  const first = (openedByAgent?: Policy['openedByAgent']): { readonly id: string } & Policy => ({
    id: 'p',
    calendar: nineToFive.id,
    targets: { 'first-reply': { within: { workingHours: 1 } }, resolution: { within: { workingHours: 8 } } },
    ...(openedByAgent ? { openedByAgent } : {}),
  })
  const played = async (policy: ReturnType<typeof first>, author: 'agent' | 'customer') => {
    const desk = await helpDesk([policy])
    await desk.happens('mon 09:00', 'created', { author })
    await desk.happens('mon 10:00', 'agent-reply', { visibility: 'internal' })
    await desk.happens('mon 11:00', 'message', { author: 'third-party' })
    await desk.happens('mon 12:00', 'customer-message')
    return desk
  }
  const atOnce = await played(first(), 'agent')
  expect(await atOnce.clock1('first-reply', 'mon 12:00')).toMatchObject({ startedAt: at('mon 09:00') })
  const waits = await played(first('first-request'), 'agent')
  expect(await waits.clock1('first-reply', 'mon 12:00')).toMatchObject({ startedAt: at('mon 12:00'), dueAt: at('mon 13:00') })
  // the rest of the life of the ticket begins with it all the same
  expect(await waits.clock1('resolution', 'mon 12:00')).toMatchObject({ startedAt: at('mon 09:00') })
  const byCustomer = await played(first('first-request'), 'customer')
  expect(await byCustomer.clock1('first-reply', 'mon 12:00')).toMatchObject({ startedAt: at('mon 09:00') })
})

test('who opened it is known when its creation is told, however the facts are recorded', async () => {
  const policy: { readonly id: string } & Policy = {
    id: 'p',
    calendar: nineToFive.id,
    targets: { 'first-reply': { within: { workingHours: 1 } } },
    openedByAgent: 'first-request',
  }
  const facts = [
    { id: 'a', type: 'note', at: at('mon 08:59') },
    { id: 'b', type: 'created', at: at('mon 09:00'), author: 'agent' },
    { id: 'c', type: 'customer-message', at: at('mon 10:00') },
  ] as const
  const [atOnce, oneByOne] = [await helpDesk([policy]), await helpDesk([policy])]
  for (const desk of [atOnce, oneByOne]) desk.clock.set(at('mon 10:00'))
  await atOnce.sla.record({ item: ticket, facts })
  for (const one of facts) await oneByOne.sla.record({ item: ticket, facts: [one] })
  const [clock] = await atOnce.clocks('first-reply', 'mon 10:00')
  expect(clock).toMatchObject({ startedAt: at('mon 10:00') })
  expect(await oneByOne.clocks('first-reply', 'mon 10:00')).toEqual([clock])
})

test('a metric of your own by conditions: time to approve, from the request to the answer of whoever approves, anew for each version', async () => {
  const desk = await helpDesk([
    {
      id: 'p',
      calendar: nineToFive.id,
      targets: { approval: { within: { workingHours: 4 } } },
      metrics: {
        approval: {
          start: { op: 'all', of: [field('changed.approval').eq(true), field('after.approval').eq('asked')] },
          stop: field('after.approval').in(['granted', 'denied']),
          reset: { op: 'all', of: [field('changed.draft').eq(true), field('after.approval').eq('asked')] },
          pause: {
            op: 'all',
            of: [field('fact.type').eq('message'), field('fact.channel').eq('approver'), field('fact.data.needs').eq('more')],
          },
          resume: 'request-completed',
          repeats: true,
        },
      },
    },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { draft: 1 } })
  await desk.happens('mon 10:00', 'edited', { attributes: { approval: 'asked' } })
  await desk.happens('mon 11:00', 'message', { author: 'agent', channel: 'approver', data: { needs: 'more' } })
  await desk.happens('mon 13:00', 'request-completed')
  await desk.happens('mon 14:00', 'edited', { attributes: { draft: 2 } })
  await desk.happens('mon 15:00', 'edited', { attributes: { approval: 'granted' } })
  expect(await desk.clocks('approval', 'mon 16:00')).toMatchObject([
    { cycle: 1, state: 'cancelled', workedMs: 2 * HOUR },
    { cycle: 2, state: 'met', workedMs: HOUR },
  ])
})

test('every metric that stands ready to be promised works in every policy', async () => {
  const targets = Object.fromEntries(Object.keys(METRICS).map((metric) => [metric, { within: { workingHours: 2 } }]))
  const desk = await helpDesk([{ id: 'p', calendar: nineToFive.id, targets }])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 10:00', 'agent-reply')
  await desk.happens('mon 10:00', 'assigned')
  await desk.happens('mon 11:00', 'customer-message')
  await desk.happens('mon 12:00', 'resolved')
  const { clocks } = await desk.sla.status({ item: ticket, asOf: at('mon 12:00') })
  expect([...new Set(clocks.map(({ metric }) => metric))]).toEqual(Object.keys(METRICS).sort())
})
