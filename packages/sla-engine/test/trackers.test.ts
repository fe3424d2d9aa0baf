import { attempt, field } from '@patronkit/core'
import { expect, test } from 'vitest'
import { defineSlaPolicy, type Policy } from '../src/index.ts'
import { at, HOUR, helpDesk, hours, MINUTE, nineToFive, office, said, ticket } from './help-desk.ts'

/** What other help desks' trackers are full of, each as it has to come out here. */
const waiting = field('status').eq('pending')
const pending = { attributes: { status: 'pending' } }
const processing = { attributes: { status: 'processing' } }

const byUrgency: readonly ({ readonly id: string } & Policy)[] = [
  {
    id: 'very-high',
    order: 1,
    calendar: nineToFive.id,
    when: field('urgency').eq('very-high'),
    targets: { resolution: { within: { workingHours: 2 } } },
    pauseWhile: waiting,
  },
  { id: 'medium', order: 2, calendar: nineToFive.id, targets: { resolution: { within: { workingHours: 8 } } }, pauseWhile: waiting },
]

test('GLPI 6902: the SLA changes while the ticket is pending, and the pending time still does not count', async () => {
  const desk = await helpDesk(byUrgency)
  await desk.happens('mon 09:00', 'created', processing)
  await desk.happens('mon 09:30', 'status-changed', pending)
  await desk.happens('mon 14:00', 'urgency-changed', { attributes: { urgency: 'very-high' } })
  await desk.until('tue 12:00')
  expect(await desk.clock1('resolution', 'tue 12:00')).toMatchObject({ state: 'paused', workedMs: HOUR / 2, policy: { id: 'very-high' } })
  expect(desk.told()).toEqual([])
  await desk.happens('tue 12:00', 'status-changed', processing)
  expect(said((await desk.clock1('resolution', 'tue 12:00'))!.dueAt)).toBe('tue 13:30')
})

test.each([
  ['keep', 'tue 16:00'],
  ['retroactive', 'tue 16:00'],
] as const)('GLPI 15605: the SLA changes after days on hold, and the time on hold is not lost: %s', async (elapsed, due) => {
  const [veryHigh, medium] = byUrgency
  const desk = await helpDesk([{ ...veryHigh!, onChange: { elapsed } }, medium!])
  // 1 h, then on hold from Mon 10:00 to Tue 15:00, then Tue 15:00: 1 h of 2 h is left
  await desk.happens('mon 09:00', 'created', processing)
  await desk.happens('mon 10:00', 'status-changed', pending)
  await desk.happens('tue 15:00', 'status-changed', processing)
  await desk.happens('tue 15:00', 'urgency-changed', { attributes: { urgency: 'very-high' } })
  expect(await desk.clock1('resolution', 'tue 15:00')).toMatchObject({ state: 'running', workedMs: HOUR })
  expect(said((await desk.clock1('resolution', 'tue 15:00'))!.dueAt)).toBe(due)
})

test('GLPI 15605 the other way: a policy that leaves old pauses out counts from the opening', async () => {
  const [veryHigh, medium] = byUrgency
  const desk = await helpDesk([{ ...veryHigh!, onChange: { elapsed: 'retroactive', pauses: 'restart' } }, medium!])
  await desk.happens('mon 09:00', 'created', processing)
  await desk.happens('mon 10:00', 'status-changed', pending)
  await desk.happens('mon 15:00', 'status-changed', processing)
  await desk.happens('mon 15:00', 'urgency-changed', { attributes: { urgency: 'very-high' } })
  await desk.until('mon 15:00')
  expect(await desk.clock1('resolution', 'mon 15:00')).toMatchObject({ state: 'breached', workedMs: 6 * HOUR })
  expect(desk.told()).toEqual(['breached over mon 11:00:00.001'])
})

test('GLPI 24481: neither SLA nor OLA is violated while the ticket is pending, and what is not paused runs on', async () => {
  const ola: Policy = {
    agreement: 'ola',
    calendar: nineToFive.id,
    targets: { ownership: { within: { workingHours: 1 } } },
    pauseWhile: waiting,
  }
  const desk = await helpDesk([
    {
      id: 'sla',
      calendar: nineToFive.id,
      targets: { resolution: { within: { workingHours: 2 } }, 'total-resolution': { within: { workingHours: 4 } } },
      pauseWhile: waiting,
    },
    { id: 'ola', ...ola },
  ])
  await desk.happens('mon 09:00', 'created', processing)
  await desk.happens('mon 09:30', 'status-changed', pending)
  await desk.until('fri 12:00')
  expect(await desk.clock1('resolution', 'fri 12:00')).toMatchObject({ state: 'paused', workedMs: HOUR / 2, dueAt: null, breachedAt: null })
  expect(await desk.clock1('ownership', 'fri 12:00', 'ola')).toMatchObject({ state: 'paused', workedMs: HOUR / 2, breachedAt: null })
  expect(desk.told()).toEqual(['breached over mon 13:00:00.001'])
})

test('GLPI 24481: a target that grows too small in a pause breaches when the pause ends, not in it', async () => {
  const desk = await helpDesk(byUrgency)
  await desk.happens('mon 09:00', 'created', processing)
  await desk.happens('mon 12:00', 'status-changed', pending)
  await desk.happens('mon 13:00', 'urgency-changed', { attributes: { urgency: 'very-high' } })
  await desk.until('tue 10:00')
  expect(await desk.clock1('resolution', 'tue 10:00')).toMatchObject({
    state: 'paused',
    workedMs: 3 * HOUR,
    leftMs: -HOUR,
    breachedAt: null,
  })
  await desk.happens('tue 10:00', 'status-changed', processing)
  await desk.until('tue 10:00')
  expect(await desk.clock1('resolution', 'tue 10:00')).toMatchObject({ state: 'breached', breachedAt: at('tue 10:00') })
  expect(desk.told()).toEqual(['breached over tue 10:00'])
})

test('GLPI PR 22678: one hour before a deadline on the next day is an hour of that day, not midnight', async () => {
  const eightToSix = hours('eight-to-six', '08:00', '18:00')
  const steps = [{ at: { left: { workingHours: 1 } } }]
  const policy: Policy = { calendar: eightToSix.id, targets: { 'time-to-own': { within: { workingHours: 4 }, steps } } }
  for (const [opened, due, escalates] of [
    ['mon 10:00', 'mon 14:00', 'mon 13:00'],
    ['mon 17:00', 'tue 11:00', 'tue 10:00'],
  ] as const) {
    const desk = await helpDesk([{ id: 'tto', ...policy }], { calendars: [eightToSix] })
    await desk.happens(opened, 'created')
    expect(said((await desk.clock1('time-to-own', opened))!.dueAt)).toBe(due)
    expect(said((await desk.runner.tick()).nextDueAt)).toBe(escalates)
    await desk.until('wed 12:00')
    expect(desk.told()).toEqual([`warned 1wh left ${escalates}`, `breached over ${due}:00.001`])
  }
})

test('GLPI 15357: ten working days before the deadline is ten working days before it, also in a step of days', async () => {
  const steps = [{ at: { left: { workingDays: 2 } } }]
  const desk = await helpDesk([{ id: 'p', calendar: nineToFive.id, targets: { resolution: { within: { workingDays: 4 }, steps } } }])
  await desk.happens('mon 10:00', 'created')
  expect(said((await desk.clock1('resolution', 'mon 10:00'))!.dueAt)).toBe('fri 10:00')
  expect(said((await desk.runner.tick()).nextDueAt)).toBe('wed 10:00')
})

test('GLPI 1911: G1 has two hours, hands over after one and a half, and G2 has its own hour', async () => {
  const desk = await helpDesk([
    { id: 'sla', calendar: nineToFive.id, targets: { resolution: { within: { workingHours: 8 } } } },
    {
      id: 'ola',
      agreement: 'ola',
      calendar: nineToFive.id,
      per: 'team',
      targets: { ownership: { within: { by: 'team', of: { G1: { workingHours: 2 }, G2: { workingHours: 1 } } } } },
    },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { team: 'G1' } })
  expect(said((await desk.clock1('ownership', 'mon 09:00', 'ola'))!.dueAt)).toBe('mon 11:00')
  await desk.happens('mon 10:30', 'assigned', { attributes: { team: 'G2' } })
  expect(await desk.clocks('ownership', 'mon 10:30', 'ola')).toMatchObject([
    { party: 'G1', cycle: 1, state: 'met', workedMs: 90 * MINUTE, targetMs: 2 * HOUR },
    { party: 'G2', cycle: 2, state: 'running', workedMs: 0, targetMs: HOUR, dueAt: at('mon 11:30') },
  ])
  // the promise to the customer runs through
  expect(await desk.clock1('resolution', 'mon 10:30')).toMatchObject({ workedMs: 90 * MINUTE, dueAt: at('mon 17:00') })
})

test('GLPI 17186: a due date set by hand is a deadline, and pending does not move it', async () => {
  const desk = await helpDesk([
    { id: 'p', calendar: nineToFive.id, targets: { resolution: { within: { date: 'timeToResolve' } } }, pauseWhile: waiting },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { status: 'new', timeToResolve: '2026-11-24T12:00:00+01:00' } })
  await desk.happens('mon 10:00', 'status-changed', pending)
  await desk.happens('mon 15:00', 'status-changed', { attributes: { status: 'new' } })
  expect(said((await desk.clock1('resolution', 'mon 15:00'))!.dueAt)).toBe('tue 12:00')
  await desk.happens('mon 16:00', 'status-changed', pending)
  await desk.until('tue 13:00')
  expect(desk.told()).toEqual(['breached over tue 12:00:00.001'])
})

test('GLPI 10594: a pause over the weekend in a target of days takes no working day away', async () => {
  const desk = await helpDesk([
    { id: 'p', calendar: nineToFive.id, targets: { resolution: { within: { workingDays: 2 } } }, pauseWhile: waiting },
  ])
  await desk.happens('fri 09:00', 'created', processing)
  await desk.happens('fri 17:00', 'status-changed', pending)
  await desk.happens('mon2 09:00', 'status-changed', processing)
  // all Friday worked; Monday is the second day
  expect(said((await desk.clock1('resolution', 'mon2 09:00'))!.dueAt)).toBe('mon2 17:00')
})

test('Frappe 3776: on hold for days, then resolved straight out of it: the hold does not count', async () => {
  const desk = await helpDesk([
    { id: 'p', calendar: office.id, targets: { resolution: { within: { workingHours: 4 } } }, pauseWhile: waiting },
  ])
  await desk.happens('mon 09:00', 'created', processing)
  await desk.happens('mon 11:00', 'status-changed', pending)
  await desk.happens('fri 17:00', 'resolved', { attributes: { status: 'resolved' } })
  expect(await desk.clock1('resolution', 'fri 18:00')).toMatchObject({ state: 'met', workedMs: 2 * HOUR, breachedAt: null })
})

test('Frappe 3776: deadlines are read in the zone of the calendar or of the ticket, never in that of who looks', async () => {
  const policy = (zone?: string): Policy => ({
    calendar: nineToFive.id,
    targets: { 'first-reply': { within: { workingHours: 1 } } },
    ...(zone ? { zone } : {}),
  })
  const rome = await helpDesk([{ id: 'p', ...policy() }])
  await rome.happens('mon 09:00', 'created', { attributes: { zone: 'Asia/Kolkata' } })
  expect((await rome.clock1('first-reply', 'mon 09:00'))!.dueAt).toEqual(new Date('2026-11-23T09:00:00Z'))
  // 09:00 in Rome is 13:30 in Kolkata: open there as well; 12:30 in Rome is 17:00 there, shut until 09:00 tomorrow, 04:30 in Rome
  const kolkata = await helpDesk([{ id: 'p', ...policy('zone') }])
  await kolkata.happens('mon 12:30', 'created', { attributes: { zone: 'Asia/Kolkata' } })
  expect((await kolkata.clock1('first-reply', 'mon 12:30'))!.dueAt).toEqual(new Date('2026-11-24T04:30:00Z'))
})

test('Zammad 4432: no reminder outside the hours; it is told when they begin, and is not dropped', async () => {
  const policy: Policy = {
    calendar: '24x7',
    quietOutside: nineToFive.id,
    targets: { resolution: { within: { hours: 12 }, steps: [{ at: { over: { hours: 2 } }, id: 'manager', tell: ['manager'] }] } },
    catchUp: 'all',
  }
  const desk = await helpDesk([{ id: 'p', ...policy }])
  // due Sat 00:00; over at once, the manager at 02:00: both are told on Monday at 09:00
  await desk.happens('fri 12:00', 'created')
  await desk.until('sun 23:59')
  expect(desk.told()).toEqual([])
  // the breach itself is known at once to whoever asks
  expect(await desk.clock1('resolution', 'sat 08:00')).toMatchObject({ state: 'breached' })
  await desk.until('mon2 10:00')
  expect(desk.told()).toEqual(['breached over mon2 09:00', 'escalated manager mon2 09:00'])
  expect(desk.heard.map(({ data }) => said(data.reachedAt as string))).toEqual(['sat 00:00:00.001', 'sat 02:00'])
})

test('Zammad 5177: a shorter update time does not overrule the first reply that is still owed', async () => {
  const desk = await helpDesk([
    {
      id: 'p',
      calendar: nineToFive.id,
      targets: {
        'first-reply': { within: { workingHours: 4 } },
        'next-reply': { within: { workingHours: 1 } },
        'periodic-update': { within: { workingHours: 1 } },
      },
    },
  ])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 09:30', 'customer-message')
  const { nextDueAt, clocks } = await desk.sla.status({ item: ticket, asOf: at('mon 10:00') })
  expect(clocks.map(({ metric }) => metric)).toEqual(['first-reply'])
  expect(said(nextDueAt)).toBe('mon 13:00')
})

test('Zammad 1322: a question asked as a note in the web form starts the clock as one by mail does', async () => {
  const desk = await helpDesk([{ id: 'p', calendar: nineToFive.id, targets: { 'next-reply': { within: { workingHours: 2 } } } }])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 09:30', 'agent-reply', { attributes: { status: 'pending' } })
  await desk.happens('mon 11:00', 'message', { author: 'customer', channel: 'web-note' })
  expect(said((await desk.clock1('next-reply', 'mon 11:00'))!.dueAt)).toBe('mon 13:00')
})

test('Zammad 3140: an update time that waits for the customer does not escalate after the agent has answered', async () => {
  const desk = await helpDesk([{ id: 'p', calendar: nineToFive.id, targets: { 'next-reply': { within: { workingHours: 1 } } } }])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 09:30', 'agent-reply')
  await desk.happens('mon 10:00', 'customer-message')
  await desk.happens('mon 10:30', 'agent-reply')
  await desk.until('fri 17:00')
  expect(desk.told()).toEqual([])
})

test('Zammad 5624: a policy without the metric ends its clock when the ticket is passed on', async () => {
  const desk = await helpDesk([
    {
      id: 'support',
      calendar: nineToFive.id,
      when: field('group').eq('support'),
      targets: { 'first-reply': { within: { workingHours: 2 } }, resolution: { within: { workingHours: 4 } } },
    },
    { id: 'sales', calendar: nineToFive.id, when: field('group').eq('sales'), targets: { 'first-reply': { within: { workingHours: 3 } } } },
  ])
  await desk.happens('mon 09:00', 'created', { attributes: { group: 'support' } })
  await desk.happens('mon 10:00', 'moved', { attributes: { group: 'sales' } })
  expect(await desk.clock1('resolution', 'mon 10:00')).toMatchObject({ state: 'cancelled' })
  expect(await desk.clock1('first-reply', 'mon 10:00')).toMatchObject({ state: 'running', workedMs: HOUR, dueAt: at('mon 12:00') })
  // and back: the promise holds again with the past it has, under the number it had
  await desk.happens('mon 11:00', 'moved', { attributes: { group: 'support' } })
  expect(await desk.clocks('resolution', 'mon 11:00')).toMatchObject([
    { cycle: 1, state: 'running', workedMs: 2 * HOUR, dueAt: at('mon 13:00') },
  ])
})

/** P3 has 8 h, P1 has 4 h around the clock; raised after 3 h, Mon 12:00. */
const servicenow = (onChange?: Policy['onChange']): readonly ({ readonly id: string } & Policy)[] => [
  {
    id: 'p1',
    order: 1,
    calendar: '24x7',
    when: field('priority').eq(1),
    targets: { resolution: { within: { workingHours: 4 } } },
    pauseWhile: field('status').eq('hold'),
    ...(onChange ? { onChange } : {}),
  },
  {
    id: 'p3',
    order: 2,
    calendar: office.id,
    targets: { resolution: { within: { workingHours: 8 } } },
    pauseWhile: waiting,
  },
]

test.each([
  // 3 h stay counted, one is left, in P1's hours
  [undefined, { cycle: 1, workedMs: 3 * HOUR }, 'mon 13:00'],
  [{ elapsed: 'keep' }, { cycle: 1, workedMs: 3 * HOUR }, 'mon 13:00'],
  // a cycle of its own from the change on
  [{ elapsed: 'restart' }, { cycle: 2, workedMs: 0 }, 'mon 16:00'],
  // counted from the creation on, as if it had been P1 all along: used up in an hour
  [{ elapsed: 'retroactive' }, { cycle: 1, workedMs: 3 * HOUR }, 'mon 13:00'],
] as const)('ServiceNow: P3 becomes P1 after three hours: %o', async (onChange, expected, due) => {
  const desk = await helpDesk(servicenow(onChange))
  await desk.happens('mon 09:00', 'created', { attributes: { priority: 3 } })
  await desk.happens('mon 12:00', 'raised', { attributes: { priority: 1 } })
  const clock = await desk.clock1('resolution', 'mon 12:00')
  expect(clock).toMatchObject({ ...expected, state: 'running', policy: { id: 'p1' }, targetMs: 4 * HOUR })
  expect(said(clock!.dueAt)).toBe(due)
})

test.each([
  // P1 pauses on hold, P3 on pending. Counted anew: P1's pauses are Mon 11:00–11:30 on hold, so 2:30 are used
  [{ elapsed: 'retroactive' }, 150, 'mon 13:30'],
  [{ elapsed: 'retroactive', pauses: 'retroactive' }, 150, 'mon 13:30'],
  // P3's: Mon 10:00–11:00 pending, so 2:00 are used
  [{ elapsed: 'retroactive', pauses: 'keep' }, 120, 'mon 14:00'],
  // none: 3:00
  [{ elapsed: 'retroactive', pauses: 'restart' }, 180, 'mon 13:00'],
  // kept: what P3 counted
  [{ elapsed: 'keep' }, 120, 'mon 14:00'],
] as const)('ServiceNow: retroactive start with pauses by the old rules, by the new, or none: %o', async (onChange, minutes, due) => {
  const desk = await helpDesk(servicenow(onChange))
  await desk.happens('mon 09:00', 'created', { attributes: { priority: 3 } })
  await desk.happens('mon 10:00', 'edited', pending)
  await desk.happens('mon 11:00', 'edited', { attributes: { status: 'hold' } })
  await desk.happens('mon 11:30', 'edited', { attributes: { status: 'open' } })
  await desk.happens('mon 12:00', 'raised', { attributes: { priority: 1 } })
  const clock = await desk.clock1('resolution', 'mon 12:00')
  expect(clock!.workedMs / MINUTE).toBe(minutes)
  expect(said(clock!.dueAt)).toBe(due)
  const why = await desk.sla.explain({ item: ticket, metric: 'resolution', cycle: clock!.cycle, asOf: at('mon 12:00') })
  const counted = why.lines.filter((line) => line.code === 'sla/counted').reduce((sum, line) => sum + (line.data.ms as number), 0)
  expect(counted / MINUTE).toBe(minutes)
})

test('ServiceNow: retroactive brings a breach that the new rules would have had, at its own instant', async () => {
  const desk = await helpDesk(servicenow({ elapsed: 'retroactive' }))
  await desk.happens('mon 09:00', 'created', { attributes: { priority: 3 } })
  await desk.happens('mon 15:00', 'raised', { attributes: { priority: 1 } })
  await desk.until('mon 15:00')
  expect(await desk.clock1('resolution', 'mon 15:00')).toMatchObject({ state: 'breached', workedMs: 6 * HOUR })
  expect(desk.told()).toEqual(['breached over mon 13:00:00.001'])
})

test('Chatwoot 14009: the lunch break does not count', async () => {
  const desk = await helpDesk([{ id: 'p', calendar: office.id, targets: { 'first-reply': { within: { workingHours: 2 } } } }])
  await desk.happens('mon 12:00', 'created')
  expect(said((await desk.clock1('first-reply', 'mon 12:00'))!.dueAt)).toBe('mon 15:00')
})

test('a day of hours and a working day are two things: no policy can mix them up', async () => {
  const tried = await attempt(async () =>
    defineSlaPolicy({ id: 'p', calendar: 'office', targets: { resolution: { within: { workingDays: 1, workingHours: 1 } } } }),
  )
  expect(tried).toMatchObject({ ok: false, error: { code: 'core/invalid-input' } })
})
