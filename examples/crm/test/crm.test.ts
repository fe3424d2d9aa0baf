import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { manualClock } from '@patronkit/core'
import { drizzle } from 'drizzle-orm/pglite'
import { afterAll, expect, test } from 'vitest'
import { openCrm } from '../src/crm.ts'
import { createTables, messages, tickets } from '../src/schema.ts'

const pglite = new PGlite()
afterAll(() => pglite.close())
const mon = (time: string) => new Date(`2026-11-23T${time}:00+01:00`)

test('an existing CRM gets clocks in its own transactions, in under 80 lines', async () => {
  const lines = readFileSync(new URL('../src/crm.ts', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.length).toBeLessThan(80)

  const db = drizzle({ client: pglite })
  await createTables(db)
  const old = Array.from({ length: 25 }, (_, n) => ({
    id: `T-${String(n).padStart(2, '0')}`,
    subject: `Ticket ${n}`,
    status: n % 5 === 0 ? 'waiting' : 'open',
    priority: 'low',
    openedAt: new Date(mon('09:00').getTime() + n * 60_000),
  }))
  await db.insert(tickets).values(old)

  const clock = manualClock(mon('15:00'))
  const told: string[] = []
  const crm = await openCrm(pglite, clock, (line) => void told.push(line))
  for (let after: string | undefined = ''; after !== undefined; ) after = await crm.importOpen(after)
  await crm.tick()
  // the first replies of twenty tickets are late already, and that is old news
  expect(told).toEqual([])
  expect((await crm.urgent(3)).map(({ id, dueAt }) => [id, dueAt])).toEqual([
    ['T-01', new Date('2026-11-25T09:01:00+01:00')],
    ['T-02', new Date('2026-11-25T09:02:00+01:00')],
    ['T-03', new Date('2026-11-25T09:03:00+01:00')],
  ])

  const ticket = { id: 'T-new', subject: 'Wrong invoice', status: 'open', priority: 'high', openedAt: mon('15:00') }
  await crm.open('c_1', ticket)
  // the same ticket again: neither its row nor a clock is written twice
  await expect(crm.open('c_1', ticket)).rejects.toThrow()
  clock.set(mon('16:10'))
  await crm.tick()
  expect(told).toEqual(['T-new broke first-reply by 10 min'])
  const reply = { id: 'm_1', ticketId: 'T-new', userId: 'u_7', body: 'I am looking into it.', sentAt: mon('16:11') }
  const { clocks } = await crm.reply('u_7', reply)
  expect(clocks.map(({ metric, state }) => [metric, state])).toEqual([
    ['first-reply', 'breached'],
    ['resolution', 'paused'],
  ])
  expect(await db.select().from(messages)).toHaveLength(1)
})
