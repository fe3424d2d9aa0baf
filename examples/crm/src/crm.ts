import type { PGlite } from '@electric-sql/pglite'
import { defineCalendar } from '@patronkit/business-time'
import { type Clock, field } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { createSla, defineSlaPolicy, type Fact } from '@patronkit/sla-engine'
import { fromDrizzle } from '@patronkit/storage-sql/drizzle'
import { postgresStorage } from '@patronkit/storage-sql/postgres'
import { and, asc, eq, gt } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/pglite'
import { clocks, messages, tickets } from './schema.ts'

const day = [['09:00', '17:00']] as const
const office = defineCalendar({ id: 'office', zone: 'Europe/Rome', week: { mon: day, tue: day, wed: day, thu: day, fri: day } })
const desk = defineSlaPolicy({
  id: 'desk',
  calendar: office.id,
  targets: {
    'first-reply': { within: { by: 'priority', of: { high: { workingHours: 1 } }, otherwise: { workingHours: 4 } } },
    resolution: { within: { workingDays: 2 }, steps: [{ at: { left: { workingHours: 2 } }, tell: ['assignee'] }] },
  },
  pauseWhile: field('status').eq('waiting'),
})

/** The CRM with clocks: its own tables as they were, and in its own transactions what was promised. */
export async function openCrm(pglite: PGlite, clock: Clock, tellLeads: (line: string) => void) {
  const db = drizzle({ client: pglite })
  const storage = postgresStorage({ connection: fromDrizzle(db) })
  const service = createSla({ storage, clock })
  const runner = createRunner({ storage, clock, services: [service] })
  const as = (id: string) => service.for({ tenant: 'acme', by: { type: 'user', id } })
  await storage.schema.migrate()
  for (const definition of [office, desk]) await as('deploy').publish({ definition })
  const handle = ({ data }: { data: PatronkitEvents['sla.breached'] }) =>
    tellLeads(`${data.item.id} broke ${data.metric} by ${Math.ceil(data.overMs / 60_000)} min`)
  runner.consumer({ name: 'breaches', types: ['sla.breached'], handle })

  const about = ({ id, status, priority }: typeof tickets.$inferSelect, ...facts: readonly Fact[]) => ({
    item: { type: 'ticket', id },
    attributes: { status, priority },
    facts,
  })
  return {
    tick: () => runner.tick(),

    /** A customer opens a ticket: its row and its clocks stand or fall together. */
    open: (customer: string, ticket: typeof tickets.$inferSelect) =>
      db.transaction(async (tx) => {
        await tx.insert(tickets).values(ticket)
        return as(customer)
          .in(fromDrizzle(tx))
          .record(about(ticket, { id: ticket.id, type: 'created', at: ticket.openedAt }))
      }),

    /** An agent answers, and waits for the customer. */
    reply: (agent: string, message: typeof messages.$inferInsert) =>
      db.transaction(async (tx) => {
        await tx.insert(messages).values(message)
        const [ticket] = await tx.update(tickets).set({ status: 'waiting' }).where(eq(tickets.id, message.ticketId)).returning()
        return as(agent)
          .in(fromDrizzle(tx))
          .record(about(ticket!, { id: message.id, type: 'agent-reply', at: message.sentAt }))
      }),

    /** The ticket list, the most urgent first: one query over the CRM's own table and the published view. */
    urgent: (limit: number) => {
      const due = and(eq(clocks.tenant, 'acme'), eq(clocks.item, tickets.id), eq(clocks.metric, 'resolution'), eq(clocks.state, 'running'))
      const columns = { id: tickets.id, subject: tickets.subject, dueAt: clocks.dueAt }
      return db.select(columns).from(tickets).innerJoin(clocks, due).orderBy(asc(clocks.dueAt)).limit(limit)
    },

    /** The tickets that were open before, a page at a time: their clocks begin with them, and nobody is told of old breaches. */
    importOpen: async (after: string): Promise<string | undefined> => {
      const page = await db.select().from(tickets).where(gt(tickets.id, after)).orderBy(asc(tickets.id)).limit(1_000)
      const items = page.map((ticket) => about(ticket, { id: ticket.id, type: 'created', at: ticket.openedAt }))
      if (items.length > 0) await as('import').import({ items })
      return page.at(-1)?.id
    },
  }
}
