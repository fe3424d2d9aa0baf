// npm start: a CRM with 40,000 open tickets gets clocks.
import { PGlite } from '@electric-sql/pglite'
import { systemClock } from '@patronkit/core'
import { drizzle } from 'drizzle-orm/pglite'
import { openCrm } from './crm.ts'
import { createTables, tickets } from './schema.ts'

const TICKETS = Number(process.argv[2] ?? 40_000)
const pglite = new PGlite()
const db = drizzle({ client: pglite })
await createTables(db)
const now = Date.now()
for (let first = 0; first < TICKETS; first += 1_000) {
  const rows = Array.from({ length: Math.min(1_000, TICKETS - first) }, (_, n) => ({
    id: `T-${String(first + n).padStart(6, '0')}`,
    subject: `Ticket ${first + n}`,
    status: n % 5 === 0 ? 'waiting' : 'open',
    priority: n % 10 === 0 ? 'high' : 'low',
    openedAt: new Date(now - ((first + n) % 2_000) * 60_000),
  }))
  await db.insert(tickets).values(rows)
}

const heard: string[] = []
const crm = await openCrm(pglite, systemClock, (line) => void heard.push(line))
const began = performance.now()
let imported = 0
for (let after: string | undefined = ''; after !== undefined; after = await crm.importOpen(after)) {
  process.stderr.write(`\r${imported.toLocaleString('en')} of ${TICKETS.toLocaleString('en')} imported`)
  imported = Math.min(TICKETS, imported + 1_000)
}
process.stderr.write('\n')
console.log(
  `${TICKETS.toLocaleString('en')} tickets have clocks, after ${((performance.now() - began) / 1_000).toFixed(1)} s. The most urgent:`,
)
for (const { id, subject, dueAt } of await crm.urgent(5)) console.log(`  ${id}  ${subject}  due ${dueAt?.toISOString()}`)
await crm.open('c_1', { id: 'T-new', subject: 'The invoice is wrong', status: 'open', priority: 'high', openedAt: new Date(now) })
const { clocks } = await crm.reply('u_7', {
  id: 'm_1',
  ticketId: 'T-new',
  userId: 'u_7',
  body: 'I am looking into it.',
  sentAt: new Date(now + 60_000),
})
for (const { metric, state, workedMs } of clocks)
  console.log(`  T-new ${metric}: ${state}, ${Math.round(workedMs / 1_000)} s of working time`)
await crm.tick()
console.log(`${heard.length} breaches were told, none of those from before`)
await pglite.close()
