import { field } from '@patronkit/core'
import { expect, test } from 'vitest'
import { defineSlaPolicy, type Policy, type Target } from '../src/index.ts'
import { bookOf, fact, foldFacts, nextStepAt, passTime } from '../src/testing.ts'
import { at, HOUR, helpDesk, hours, nineToFive, said, ticket } from './help-desk.ts'

/**
 * 8 working hours from Mon 11:00, 09:00 to 17:00: six on Monday, two on Tuesday. Used up on Tue 11:00.
 */
const resolution: Target = {
  within: { workingHours: 8 },
  warnAt: [{ percent: 50 }],
  steps: [
    { at: { percent: 75 } },
    { at: { left: { workingHours: 1 } }, tell: ['agent'] },
    { at: { left: { minutes: 30 } } },
    { at: { over: { minutes: 30 } }, tell: ['team-lead'] },
    {
      at: { over: { workingHours: 2 } },
      id: 'manager',
      repeat: { every: { workingHours: 4 }, times: 2 },
      tell: ['manager', { onCall: 'second-line' }],
    },
  ],
}

const policy = (more: Partial<Policy> = {}): { readonly id: string } & Policy => ({
  id: 'p',
  calendar: nineToFive.id,
  targets: { resolution },
  pauseWhile: field('status').eq('waiting'),
  ...more,
})

const LADDER = [
  'warned 50% mon 15:00', // 4 h
  'warned 75% mon 17:00', // 6 h, with the close
  'warned 1wh left tue 10:00', // 7 h
  'warned 30m left tue 10:30',
  'breached over tue 11:00:00.001', // the first millisecond over
  'escalated 30m over tue 11:30',
  'escalated manager tue 13:00', // 10 h
  'escalated manager #2 tue 17:00', // 4 h on
  'escalated manager #3 wed 13:00', // 4 h on, and no more
]

test('a ladder step by step: shares, time left, time over, in working and in wall time, repeated to its limit', async () => {
  const desk = await helpDesk([policy()])
  await desk.happens('mon 11:00', 'created')
  await desk.until('fri 17:00')
  expect(desk.told()).toEqual(LADDER)
  expect((await desk.runner.tick()).nextDueAt).toBeNull()
})

test('a step names its level, whom to tell, the party and the policy; the place in the ladder is the level', async () => {
  const desk = await helpDesk([policy()])
  await desk.happens('mon 11:00', 'created')
  await desk.until('fri 17:00')
  const managers = ['manager', { onCall: 'second-line' }]
  expect(desk.heard.map(({ data }) => [data.step, data.level, data.tell])).toEqual([
    ['50%', 0, []],
    ['75%', 1, []],
    ['1wh left', 2, ['agent']],
    ['30m left', 3, []],
    ['over', 0, []],
    ['30m over', 4, ['team-lead']],
    ['manager', 5, managers],
    ['manager #2', 5, managers],
    ['manager #3', 5, managers],
  ])
  expect(desk.heard[6]!.data).toEqual({
    item: ticket,
    agreement: 'sla',
    metric: 'resolution',
    cycle: 1,
    step: 'manager',
    level: 5,
    tell: ['manager', { onCall: 'second-line' }],
    onCall: [],
    party: null,
    policy: { id: 'p', version: 1 },
    targetMs: 8 * HOUR,
    reachedAt: at('tue 13:00').toISOString(),
    overMs: 2 * HOUR,
  })
})

test('the next step is known to the millisecond, and nothing is due a millisecond before it', () => {
  const books = bookOf({ policies: [defineSlaPolicy(policy())], calendars: [nineToFive] })
  let state = foldFacts([fact('created', at('mon 11:00'))], books, { at: 0, knownAt: 0 })
  const steps: string[] = []
  for (let next = nextStepAt(state, books); next !== null; next = nextStepAt(state, books)) {
    expect(passTime(state, next - 1, books)).toBe(state)
    const then = passTime(state, next, books)
    const [before, after] = [state, then].map((one) => Object.keys(one.clocks[0]!.climbed))
    steps.push(...after!.filter((step) => !before!.includes(step)).map((step) => `${step} ${said(new Date(next))}`))
    state = then
  }
  expect(steps).toEqual(LADDER.map((line) => line.replace(/^\w+ /, '')))
})

test('a pause moves what is counted as the clock counts; what was told before it is not told again', async () => {
  const desk = await helpDesk([policy()])
  await desk.happens('mon 11:00', 'created')
  await desk.happens('mon 16:00', 'status-changed', { attributes: { status: 'waiting' } })
  await desk.until('wed 09:00')
  expect(desk.told()).toEqual(['warned 50% mon 15:00'])
  await desk.happens('wed 09:00', 'status-changed', { attributes: { status: 'open' } })
  await desk.until('wed 17:00')
  // 5 h before the pause: three more end at Wed 12:00
  expect(desk.told().slice(1)).toEqual([
    'warned 75% wed 10:00',
    'warned 1wh left wed 11:00',
    'warned 30m left wed 11:30',
    'breached over wed 12:00:00.001',
    'escalated 30m over wed 12:30',
    'escalated manager wed 14:00',
  ])
})

test('a repeat whose time comes in a pause is told when the clock goes on', async () => {
  const desk = await helpDesk([
    policy({
      targets: {
        resolution: {
          within: { workingHours: 1 },
          steps: [{ at: { over: { minutes: 10 } }, id: 'nudge', repeat: { every: { hours: 1 }, times: 3 } }],
        },
      },
    }),
  ])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 10:30', 'status-changed', { attributes: { status: 'waiting' } })
  await desk.happens('mon 15:00', 'status-changed', { attributes: { status: 'open' } })
  await desk.until('tue 17:00')
  expect(desk.told()).toEqual([
    'breached over mon 10:00:00.001',
    'escalated nudge mon 10:10',
    'escalated nudge #2 mon 15:00',
    'escalated nudge #3 mon 16:00',
    // wall hours: outside working time too, where the policy names no quiet hours
    'escalated nudge #4 mon 17:00',
  ])
})

test('a time left that is longer than the target is told at the start', async () => {
  const desk = await helpDesk([
    policy({ targets: { resolution: { within: { workingHours: 2 }, steps: [{ at: { left: { workingHours: 3 } } }] } } }),
  ])
  await desk.happens('mon 11:00', 'created')
  await desk.until('mon 11:00')
  expect(desk.told()).toEqual(['warned 3wh left mon 11:00'])
})

test('a target in wall time takes steps in working time from its deadline', async () => {
  const steps = [{ at: { left: { workingHours: 2 } } }, { at: { over: { workingHours: 2 } } }]
  const desk = await helpDesk([policy({ targets: { resolution: { within: { hours: 24 }, steps } } })])
  await desk.happens('mon 08:00', 'created')
  await desk.until('fri 17:00')
  // due Tue 08:00, before the opening: two working hours back are Mon 15:00, two on Tue 11:00
  expect(desk.told()).toEqual(['warned 2wh left mon 15:00', 'breached over tue 08:00:00.001', 'escalated 2wh over tue 11:00'])
})

test('after a time without ticks the breach and the highest step are told, and what was passed over is recorded', async () => {
  const desk = await helpDesk([policy()])
  await desk.happens('mon 11:00', 'created')
  desk.clock.set(at('tue 17:30'))
  await desk.runner.tick()
  expect(desk.told()).toEqual([
    'breached over tue 11:00:00.001',
    'skipped 50%, 75%, 1wh left, 30m left, 30m over, manager tue 13:00',
    'escalated manager #2 tue 17:00',
  ])
  expect(desk.heard[1]!.data.because).toBe('catch-up')
  await desk.until('wed 17:00')
  expect(desk.told().slice(3)).toEqual(['escalated manager #3 wed 13:00'])
})

test('catchUp all tells each of them, at the instant at which it was reached', async () => {
  const desk = await helpDesk([policy({ catchUp: 'all' })])
  await desk.happens('mon 11:00', 'created')
  desk.clock.set(at('fri 17:00'))
  await desk.runner.tick()
  expect(desk.told()).toEqual(LADDER)
})

test('steps reached at one instant are ordered by their height, not by the order in which the policy names them', async () => {
  const warnAt = [{ percent: 90 }, { percent: 50 }]
  const within = { by: 'priority', of: { high: { workingHours: 5 } }, otherwise: { workingHours: 16 } }
  const desk = await helpDesk([policy({ targets: { resolution: { within, warnAt } } })])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 13:45', 'raised', { attributes: { priority: 'high' } })
  await desk.until('mon 13:45')
  // 4:45 of 5:00 are used: both shares are reached with the change
  expect(desk.told()).toEqual(['warned 90% mon 13:45', 'skipped 50% mon 13:45'])
})

const quiet = (more: Partial<Policy> = {}) =>
  policy({
    calendar: '24x7',
    quietOutside: nineToFive.id,
    targets: {
      resolution: {
        within: { hours: 10 },
        steps: [{ at: { left: { hours: 2 } } }, { at: { over: { hours: 1 } } }, { at: { over: { hours: 15 } } }],
      },
    },
    ...more,
  })

test('quiet hours postpone: of those that wait for one morning the highest and the breach are told, the others recorded', async () => {
  const desk = await helpDesk([quiet()])
  // due 22:00; 2 h left 20:00, 1 h over 23:00, 15 h over Tue 13:00
  await desk.happens('mon 12:00', 'created')
  await desk.until('tue 08:59')
  expect(desk.told()).toEqual([])
  expect((await desk.runner.tick()).nextDueAt).toEqual(at('tue 09:00'))
  await desk.until('tue 14:00')
  expect(desk.told()).toEqual([
    'skipped 2h left mon 20:00',
    'breached over tue 09:00',
    'escalated 1h over tue 09:00',
    'escalated 15h over tue 13:00',
  ])
})

test('quiet hours with catchUp all: none is dropped', async () => {
  const desk = await helpDesk([quiet({ catchUp: 'all' })])
  await desk.happens('mon 12:00', 'created')
  await desk.until('tue 14:00')
  expect(desk.told()).toEqual([
    'warned 2h left tue 09:00',
    'breached over tue 09:00',
    'escalated 1h over tue 09:00',
    'escalated 15h over tue 13:00',
  ])
  expect(desk.heard.map(({ data }) => said(data.reachedAt as string))).toEqual(['mon 20:00', 'mon 22:00:00.001', 'mon 23:00', 'tue 13:00'])
})

test('a step postponed into the morning is told although the ticket was resolved in the night: it did happen', async () => {
  const desk = await helpDesk([quiet({ catchUp: 'all' })])
  await desk.happens('mon 12:00', 'created')
  await desk.happens('mon 22:30', 'resolved')
  await desk.until('tue 14:00')
  expect(desk.told()).toEqual(['warned 2h left tue 09:00', 'breached over tue 09:00'])
})

test('quiet hours that would never end keep nobody waiting', async () => {
  const gone = hours('gone', '09:00', '17:00')
  const past = { ...gone, body: { ...gone.body, week: {}, shifts: { '2020-01-01': [['09:00', '17:00']] } } } as typeof gone
  const books = bookOf({ policies: [defineSlaPolicy(quiet({ quietOutside: 'gone' }))], calendars: [past] })
  const state = foldFacts([fact('created', at('mon 12:00'))], books, { at: 0, knownAt: 0 })
  const then = passTime(state, at('tue 14:00').getTime(), books)
  expect(then.clocks[0]).toMatchObject({ waiting: [], breachedAt: at('mon 22:00').getTime() + 1 })
})

const byPriority = { by: 'priority', of: { high: { workingHours: 4 } }, otherwise: { workingHours: 16 } }

test('a step is told once, also when the target moves away and comes again', async () => {
  const desk = await helpDesk([policy({ targets: { resolution: { within: byPriority, warnAt: [{ percent: 75 }] } } })])
  await desk.happens('mon 09:00', 'created', { attributes: { priority: 'high' } })
  await desk.happens('mon 12:30', 'lowered', { attributes: { priority: 'low' } })
  await desk.until('fri 17:00')
  // 75 % of 4 h; 75 % of 16 h on Tue 13:00 is the same step. 16 h are used up with Tuesday's close
  expect(desk.told()).toEqual(['warned 75% mon 12:00', 'breached over wed 09:00:00.001'])
})

test('with refire it is taken back and told again', async () => {
  const desk = await helpDesk([policy({ refire: true, targets: { resolution: { within: byPriority, warnAt: [{ percent: 75 }] } } })])
  await desk.happens('mon 09:00', 'created', { attributes: { priority: 'high' } })
  const lowered = await desk.happens('mon 12:30', 'lowered', { attributes: { priority: 'low' } })
  await desk.until('fri 17:00')
  expect(desk.told()).toEqual(['warned 75% mon 12:00', 'withdrawn 75% mon 12:30', 'warned 75% tue 13:00', 'breached over wed 09:00:00.001'])
  expect(desk.heard[1]!.data.because).toEqual([lowered])
})

test('what has breached stays breached when the target grows, and is not told again', async () => {
  for (const refire of [false, true]) {
    const desk = await helpDesk([policy({ refire, targets: { resolution: { within: byPriority } } })])
    await desk.happens('mon 09:00', 'created', { attributes: { priority: 'high' } })
    await desk.happens('mon 15:00', 'lowered', { attributes: { priority: 'low' } })
    await desk.happens('mon 16:00', 'raised', { attributes: { priority: 'high' } })
    await desk.until('fri 17:00')
    expect(desk.told()).toEqual(['breached over mon 13:00:00.001'])
    expect(await desk.clock1('resolution', 'fri 17:00')).toMatchObject({ state: 'breached' })
  }
})

test('steps that a late fact makes untrue are taken back, each once, and the fact is named', async () => {
  const desk = await helpDesk([policy({ catchUp: 'all' })])
  await desk.happens('mon 11:00', 'created')
  await desk.until('tue 11:30')
  await desk.happened('mon 17:00', 'resolved', { id: 'late' })
  await desk.until('tue 12:00')
  expect(desk.told().slice(6)).toEqual([
    'withdrawn 1wh left mon 17:00',
    'withdrawn 30m left mon 17:00',
    'withdrawn over mon 17:00',
    'withdrawn 30m over mon 17:00',
  ])
  const withdrawn = desk.heard.filter(({ type }) => type === 'sla.withdrawn')
  expect(withdrawn.map(({ data }) => data.because)).toEqual([['late'], ['late'], ['late'], ['late']])
  await desk.happened('mon 16:30', 'note', { id: 'later' })
  await desk.until('fri 17:00')
  // 75 % was reached with Monday's close, which is the instant of the resolution: it stays
  expect(desk.told()).toHaveLength(10)
})

test('a step taken back is told again when it comes true again', async () => {
  const desk = await helpDesk([policy({ targets: { resolution: { within: { workingHours: 2 } } } })])
  await desk.happens('mon 09:00', 'created')
  await desk.until('mon 12:00')
  await desk.happened('mon 10:00', 'resolved', { id: 'late' })
  await desk.happens('mon 13:00', 'reopened')
  await desk.until('mon 17:00')
  expect(desk.told()).toEqual(['breached over mon 11:00:00.001', 'withdrawn over mon 10:00', 'breached over mon 14:00:00.001'])
})

test('a step that was told does not wait to be told again when a late fact moves it into quiet hours', async () => {
  const desk = await helpDesk([quiet({ pauseWhile: field('status').eq('waiting'), targets: { resolution: { within: { hours: 4 } } } })])
  await desk.happens('mon 12:00', 'created', { attributes: { status: 'open' } })
  await desk.happens('mon 18:00', 'note')
  // a pause from 13:00 to 14:30 that nobody knew of: the 4 h end at 17:30, when it is quiet already
  await desk.sla.record({
    item: ticket,
    facts: [
      { id: 'a', type: 'paused', at: at('mon 13:00'), attributes: { status: 'waiting' } },
      { id: 'b', type: 'resumed', at: at('mon 14:30'), attributes: { status: 'open' } },
    ],
  })
  await desk.until('wed 12:00')
  expect(desk.told()).toEqual(['breached over mon 16:00:00.001'])
  expect(said((await desk.clock1('resolution', 'wed 12:00'))!.breachedAt)).toBe('mon 17:30:00.001')
})
