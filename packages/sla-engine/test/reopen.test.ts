import { expect, test } from 'vitest'
import { METRICS, type OnReopen, type Policy } from '../src/index.ts'
import { at, HOUR, helpDesk, hours, nineToFive, said } from './help-desk.ts'

/**
 * One timeline, 09:00 to 17:00 in Rome:
 *
 *   Mon 09:00 created · Mon 11:00 resolved (2 h worked) · Mon 15:00 reopened (4 h closed) · Tue 10:00 resolved (Mon 15–17, Tue 9–10: 3 h)
 *   Tue 12:00 reopened (2 h closed) · asked on Tue 13:00 (1 h on)
 */
async function played(policy: Partial<Policy>) {
  const desk = await helpDesk([{ id: 'p', calendar: nineToFive.id, targets: { resolution: { within: { workingHours: 8 } } }, ...policy }])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 11:00', 'resolved')
  await desk.happens('mon 15:00', 'reopened')
  await desk.happens('tue 10:00', 'resolved')
  await desk.happens('tue 12:00', 'reopened')
  await desk.until('tue 13:00')
  return desk
}

interface Expected {
  readonly cycle: number
  readonly state: string
  readonly worked: number
  readonly due: string | null
  readonly stopped: string | null
}

const RESULTS: { readonly [M in OnReopen]: readonly Expected[] } = {
  // 2 h + 3 h + 1 h, the closed times left out; 2 h are left on Tuesday 13:00
  resume: [{ cycle: 1, state: 'running', worked: 6, due: 'tue 15:00', stopped: null }],
  // as if it had never been closed: Monday 8 h and Tuesday 4 h; used up with Monday's close
  'keep-running': [{ cycle: 1, state: 'breached', worked: 12, due: 'mon 17:00', stopped: null }],
  // three promises of 8 h each: two kept, the third since Tuesday 12:00, 1 h worked, 4 h more on Tuesday, 3 h on Wednesday
  'new-cycle': [
    { cycle: 1, state: 'met', worked: 2, due: null, stopped: 'mon 11:00' },
    { cycle: 2, state: 'met', worked: 3, due: null, stopped: 'tue 10:00' },
    { cycle: 3, state: 'running', worked: 1, due: 'wed 12:00', stopped: null },
  ],
  // the first resolution counts, what comes after it does not
  ignore: [{ cycle: 1, state: 'met', worked: 2, due: null, stopped: 'mon 11:00' }],
}

const short = (clocks: Awaited<ReturnType<Awaited<ReturnType<typeof played>>['clocks']>>): readonly Expected[] =>
  clocks.map(({ cycle, state, workedMs, dueAt, stoppedAt }) => ({
    cycle,
    state,
    worked: workedMs / HOUR,
    due: said(dueAt),
    stopped: said(stoppedAt),
  }))

test.each(Object.entries(RESULTS))('resolved and reopened twice: %s', async (onReopen, expected) => {
  const desk = await played({ onReopen: onReopen as OnReopen })
  expect(short(await desk.clocks('resolution', 'tue 13:00'))).toEqual(expected)
})

test('resume is what happens where a policy says nothing', async () => {
  expect(short(await (await played({})).clocks('resolution', 'tue 13:00'))).toEqual(RESULTS.resume)
})

test('each metric may have its own way; the others follow the policy', async () => {
  const within = { workingHours: 8 }
  const desk = await played({
    targets: { resolution: { within }, 'total-resolution': { within }, 'agent-work': { within }, 'requester-wait': { within } },
    onReopen: 'keep-running',
    metrics: {
      resolution: { ...METRICS.resolution!, onReopen: 'new-cycle' },
      'total-resolution': { ...METRICS['total-resolution']!, onReopen: 'ignore' },
      'agent-work': { ...METRICS['agent-work']!, onReopen: 'resume' },
    },
  })
  expect(short(await desk.clocks('resolution', 'tue 13:00'))).toEqual(RESULTS['new-cycle'])
  expect(short(await desk.clocks('total-resolution', 'tue 13:00'))).toEqual(RESULTS.ignore)
  expect(short(await desk.clocks('agent-work', 'tue 13:00'))).toEqual(RESULTS.resume)
  expect(short(await desk.clocks('requester-wait', 'tue 13:00'))).toEqual(RESULTS['keep-running'])
})

test('keep-running notices on reopening that the promise broke while the ticket was closed, at the instant at which it broke', async () => {
  const desk = await helpDesk([
    { id: 'p', calendar: nineToFive.id, targets: { resolution: { within: { workingHours: 8 } } }, onReopen: 'keep-running' },
  ])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 16:00', 'resolved')
  await desk.until('tue 12:00')
  expect(desk.told()).toEqual([])
  // 7 h until it was closed, the eighth until Monday's close; the first millisecond over is Tuesday's first
  await desk.happens('tue 12:00', 'reopened')
  await desk.until('tue 12:00')
  expect(desk.told()).toEqual(['breached over tue 09:00:00.001'])
})

test('resuming from a reopening straight into a pause counts nothing until the pause ends', async () => {
  const desk = await helpDesk([
    {
      id: 'p',
      calendar: nineToFive.id,
      targets: { resolution: { within: { workingHours: 8 } } },
      pauseWhile: { op: 'eq', field: 'status', value: 'waiting' },
    },
  ])
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 10:00', 'resolved')
  await desk.happens('mon 12:00', 'reopened', { attributes: { status: 'waiting' } })
  await desk.happens('mon 15:00', 'status-changed', { attributes: { status: 'open' } })
  // 1 h before it was closed and 1 h since the pause; of the 6 h that are left one is on Monday
  expect(short(await desk.clocks('resolution', 'mon 16:00'))).toEqual([
    { cycle: 1, state: 'running', worked: 2, due: 'tue 14:00', stopped: null },
  ])
  const why = await desk.sla.explain({ item: { type: 'ticket', id: 'T-1' }, metric: 'resolution', asOf: new Date('2026-11-23T15:00:00Z') })
  expect(why.lines.map((line) => line.code)).toEqual(['sla/counted', 'sla/closed', 'sla/paused', 'sla/counted'])
})

test('a ticket without a target that changes hands while it is closed: the closed time counts in the hours it was closed in', async () => {
  const late = hours('late', '13:00', '21:00')
  const desk = await helpDesk(
    [
      {
        id: 'p',
        calendar: { by: 'team', of: { night: 'late' }, otherwise: nineToFive.id },
        targets: { resolution: { within: { by: 'priority', of: { high: { workingHours: 8 } } } } },
        onReopen: 'keep-running',
      },
    ],
    { calendars: [nineToFive, late] },
  )
  await desk.happens('mon 09:00', 'created')
  await desk.happens('mon 11:00', 'resolved')
  await desk.happens('mon 12:00', 'assigned', { attributes: { team: 'night' } })
  await desk.happens('mon 18:00', 'reopened')
  // nine to five up to the reopening, one to nine from there on
  expect(await desk.clock1('resolution', 'mon 19:00')).toMatchObject({ workedMs: 9 * HOUR, targetMs: null })
  const why = await desk.sla.explain({ item: { type: 'ticket', id: 'T-1' }, metric: 'resolution', asOf: at('mon 19:00') })
  expect(why.lines.map((line) => [line.code, said(line.data.from as string), said(line.data.to as string)])).toEqual([
    ['sla/counted', 'mon 09:00', 'mon 11:00'],
    ['sla/counted', 'mon 11:00', 'mon 17:00'],
    ['sla/shut', 'mon 17:00', 'mon 18:00'],
    ['sla/counted', 'mon 18:00', 'mon 19:00'],
  ])
})

test('finished cycles stay as history, and each can be explained', async () => {
  const desk = await played({ onReopen: 'new-cycle' })
  const summaries = []
  for (const cycle of [1, 2, 3]) {
    const why = await desk.sla.explain({ item: { type: 'ticket', id: 'T-1' }, metric: 'resolution', cycle })
    summaries.push(why.summary)
  }
  expect(summaries).toEqual([
    'resolution is met: 2 h used of 8 h',
    'resolution is met: 3 h used of 8 h',
    'resolution is running: 1 h used of 8 h',
  ])
})
