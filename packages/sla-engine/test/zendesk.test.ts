import { beforeAll, expect, test } from 'vitest'
import { METRICS, type Policy } from '../src/index.ts'
import { HOUR, helpDesk, MINUTE, office, said } from './help-desk.ts'

/**
 * Zendesk's seven metrics over one ticket, as Zendesk defines them: first reply, next reply (from the oldest question that is not
 * answered), periodic and pausable update, requester wait (new, open, hold), agent work (new, open), total resolution.
 *
 * Office hours are 09:00–13:00 and 14:00–18:00, Monday to Friday, in Rome. All times below are working time, written h:mm.
 *
 *  #  when        what                                              status
 *  1  Thu 16:30   the customer opens the ticket                     new
 *  2  Thu 16:31   the autoresponder writes                          new      no reply to anybody
 *  3  Thu 17:00   an agent leaves an internal note                  open     no reply either
 *  4  Thu 17:30   the customer adds something                       open     the first reply is still owed: no next reply begins
 *  5  Fri 09:30   an agent replies                                  open     FIRST REPLY
 *  6  Fri 10:00   the customer asks                                 open     the oldest question, A
 *  7  Fri 10:20   the customer asks again                           open     A is older
 *  8  Fri 10:40   a third party writes                              open     neither question nor answer
 *  9  Fri 11:00   the bot writes                                    open     no answer
 * 10  Fri 11:15   an agent leaves an internal note                  open     no answer
 * 11  Fri 12:30   the customer asks a third time                    open     A is older
 * 12  Fri 14:30   an agent replies                                  open     NEXT REPLY to A, over the lunch break
 * 13  Fri 15:00   an agent waits for the customer                   pending
 * 14  Fri 15:30   the customer answers                              open     question B
 * 15  Fri 16:00   an agent replies and waits                        pending  NEXT REPLY to B
 * 16  Fri 17:00   the agent waits for the supplier instead          hold
 * 17  Mon 10:00   the supplier answers to the agent                 open
 * 18  Mon 11:00   an agent replies                                  open
 * 19  Mon 11:30   the customer asks                                 open     question C
 * 20  Mon 12:00   an agent solves it without a word                 solved   C is not answered any more
 * 21  Mon 14:30   the customer comes back                           open     question D, reopened
 * 22  Mon 15:00   an agent replies                                  open     NEXT REPLY to D
 * 23  Mon 16:00   an agent solves it                                solved
 */
const within = { workingHours: 4 }
const policy: { readonly id: string } & Policy = {
  id: 'zendesk',
  calendar: office.id,
  targets: {
    'first-reply': { within },
    'next-reply': { within: { workingHours: 2 } },
    'periodic-update': { within },
    'pausable-update': { within },
    'requester-wait': { within: { workingHours: 8 } },
    'agent-work': { within: { workingHours: 8 } },
    'total-resolution': { within: { workingDays: 2 } },
  },
}

let desk: Awaited<ReturnType<typeof helpDesk>>

beforeAll(async () => {
  desk = await helpDesk([policy])
  const status = (word: string) => ({ attributes: { status: word } })
  await desk.happens('thu 16:30', 'created', status('new'))
  await desk.happens('thu 16:31', 'message', { author: 'automation', channel: 'email' })
  await desk.happens('thu 17:00', 'message', { author: 'agent', visibility: 'internal', ...status('open') })
  await desk.happens('thu 17:30', 'customer-message')
  await desk.happens('fri 09:30', 'agent-reply')
  await desk.happens('fri 10:00', 'customer-message')
  await desk.happens('fri 10:20', 'message', { author: 'customer', channel: 'chat' })
  await desk.happens('fri 10:40', 'message', { author: 'third-party' })
  await desk.happens('fri 11:00', 'message', { author: 'bot' })
  await desk.happens('fri 11:15', 'agent-reply', { visibility: 'internal' })
  await desk.happens('fri 12:30', 'customer-message')
  await desk.happens('fri 14:30', 'message', { author: 'agent', visibility: 'public' })
  await desk.happens('fri 15:00', 'status-changed', status('pending'))
  await desk.happens('fri 15:30', 'customer-message', status('open'))
  await desk.happens('fri 16:00', 'agent-reply', status('pending'))
  await desk.happens('fri 17:00', 'status-changed', status('hold'))
  await desk.happens('mon2 10:00', 'message', { author: 'third-party', visibility: 'internal', ...status('open') })
  await desk.happens('mon2 11:00', 'agent-reply')
  await desk.happens('mon2 11:30', 'customer-message')
  await desk.happens('mon2 12:00', 'resolved', status('solved'))
  await desk.happens('mon2 14:30', 'reopened', status('open'))
  await desk.happens('mon2 14:30', 'customer-message')
  await desk.happens('mon2 15:00', 'agent-reply')
  await desk.happens('mon2 16:00', 'resolved', status('solved'))
  await desk.until('mon2 17:00')
})

/** `1 met 2:00`: cycle, state, working time. */
async function cycles(metric: string): Promise<readonly string[]> {
  return (await desk.clocks(metric, 'mon2 17:00')).map(({ cycle, state, workedMs }) => {
    const minutes = (workedMs % HOUR) / MINUTE
    return `${cycle} ${state} ${Math.floor(workedMs / HOUR)}:${String(minutes).padStart(2, '0')}`
  })
}

test('first reply: from the opening to the first public answer of an agent', async () => {
  // Thu 16:30–18:00 (1:30) and Fri 09:00–09:30 (0:30); autoresponder and note do not count
  expect(await cycles('first-reply')).toEqual(['1 met 2:00'])
})

test('next reply: from the oldest question that is not answered to the answer', async () => {
  expect(await cycles('next-reply')).toEqual([
    // A: Fri 10:00–13:00 (3:00) and 14:00–14:30 (0:30), over its 2 h
    '1 breached 3:30',
    // B: Fri 15:30–16:00
    '2 met 0:30',
    // C: Mon 11:30–12:00, then solved: nobody owes an answer any more
    '3 cancelled 0:30',
    // D: Mon 14:30–15:00
    '4 met 0:30',
  ])
  const [a] = await desk.clocks('next-reply', 'mon2 17:00')
  // 2 h from A, not from the questions after it
  expect(said(a!.breachedAt)).toBe('fri 12:00:00.001')
})

test('periodic update: from one public answer to the next, whatever the status', async () => {
  expect(await cycles('periodic-update')).toEqual([
    // Fri 09:30–13:00 (3:30) and 14:00–14:30 (0:30), exactly on its 4 h
    '1 met 4:00',
    // Fri 14:30–16:00, pending or not
    '2 met 1:30',
    // Fri 16:00–18:00 (2:00), Mon 09:00–11:00 (2:00); the weekend does not count
    '3 met 4:00',
    // Mon 11:00–12:00, then solved
    '4 cancelled 1:00',
    // Mon 15:00–16:00, then solved
    '5 cancelled 1:00',
  ])
})

test('pausable update: the same, without the time in which the customer is waited for', async () => {
  expect(await cycles('pausable-update')).toEqual([
    '1 met 4:00',
    // without Fri 15:00–15:30
    '2 met 1:00',
    // without Fri 16:00–17:00; on hold it runs
    '3 met 3:00',
    '4 cancelled 1:00',
    '5 cancelled 1:00',
  ])
})

test('requester wait: new, open and on hold, the closed time left out', async () => {
  // Thu 1:30, Fri 09:00–13:00 (4:00), 14:00–15:00 (1:00), 15:30–16:00 (0:30), hold 17:00–18:00 (1:00),
  // Mon hold 09:00–10:00 (1:00), 10:00–12:00 (2:00), 14:30–16:00 (1:30)
  expect(await cycles('requester-wait')).toEqual(['1 breached 12:30'])
})

test('agent work: new and open', async () => {
  // as above without the two hours on hold
  expect(await cycles('agent-work')).toEqual(['1 breached 10:30'])
})

test('total resolution: all time that it was not solved', async () => {
  // Thu 1:30, Fri 8:00, Mon 09:00–12:00 (3:00) and 14:30–16:00 (1:30); two working days from Thu 16:30 end on Mon 16:30: 15:30 + 0:30
  expect(await cycles('total-resolution')).toEqual(['1 met 14:00'])
  const [clock] = await desk.clocks('total-resolution', 'mon2 17:00')
  expect(clock!.targetMs! / HOUR).toBe(16)
})

test('a policy may take an automatic answer, a note or a third party for a reply after all', async () => {
  const first = async (replies: Policy['replies']) => {
    const lenient = await helpDesk([{ ...policy, id: 'lenient', targets: { 'first-reply': { within } }, ...(replies ? { replies } : {}) }])
    await lenient.happens('mon 09:00', 'created')
    await lenient.happens('mon 09:10', 'message', { author: 'automation' })
    await lenient.happens('mon 09:20', 'message', { author: 'bot' })
    await lenient.happens('mon 09:30', 'message', { author: 'agent', visibility: 'internal' })
    await lenient.happens('mon 09:40', 'message', { author: 'third-party' })
    await lenient.happens('mon 09:50', 'agent-reply')
    return said((await lenient.clock1('first-reply', 'mon 10:00'))!.stoppedAt)
  }
  expect(await first(undefined)).toBe('mon 09:50')
  expect(await first({ by: ['agent', 'automation'] })).toBe('mon 09:10')
  expect(await first({ by: ['agent', 'bot'] })).toBe('mon 09:20')
  expect(await first({ internal: true })).toBe('mon 09:30')
  expect(await first({ by: ['third-party'] })).toBe('mon 09:40')
})

test('where your statuses have other words, the metric takes its rule anew', async () => {
  const own = await helpDesk([
    {
      id: 'own',
      calendar: office.id,
      targets: { 'agent-work': { within: { workingHours: 8 } } },
      metrics: { 'agent-work': { ...METRICS['agent-work']!, pauseWhile: { op: 'eq', field: 'phase', value: 'parked' } } },
    },
  ])
  await own.happens('mon 09:00', 'created', { attributes: { phase: 'parked' } })
  await own.happens('mon 10:00', 'edited', { attributes: { phase: 'doing' } })
  expect((await own.clock1('agent-work', 'mon 11:00'))!.workedMs).toBe(HOUR)
})
