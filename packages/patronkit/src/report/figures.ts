import { TZDate } from '@date-fns/tz'
import type { ClockView, ItemView, Sla } from '@patronkit/sla-engine'
import type { Attainment, Report, Row, WorstTicket } from './model.ts'
import { quantile } from './quantile.ts'

/** A ticket as the report counts it. */
interface Ticket {
  readonly id: string
  readonly level: string
  readonly month: string
  readonly clocks: readonly ClockView[]
}

const PAGE = 1_000
const WORST = 5

/** Reads all items and counts them, as of one instant. */
export async function slaFigures(i: {
  readonly sla: Sla
  readonly type: string
  readonly asOf: number
  readonly zone: string
  readonly level: string
  readonly metrics: readonly string[]
  readonly policies: readonly string[]
  readonly process: Report['process']
  readonly rows: Pick<Report, 'rowsRead' | 'rowsUsed' | 'rowsRefused'>
}): Promise<Report> {
  const { sla, asOf, zone, metrics } = i
  const tickets: Ticket[] = []
  for await (const item of allItems(sla, i.type, asOf)) tickets.push(ticketOf(item, i.level, zone))

  const byLevel = groups(tickets, (ticket) => ticket.level)
  const byMonth = groups(tickets, (ticket) => ticket.month)
  const count = (of: string | null, some: readonly Ticket[]) => rowOf(of, some, metrics)
  return {
    asOf: new Date(asOf).toISOString(),
    zone,
    policies: i.policies,
    ...i.rows,
    levelAttribute: i.level,
    metrics,
    total: count(null, tickets),
    levels: byLevel.map(([level, some]) => count(level, some)),
    months: byMonth.map(([month, some]) => count(month, some)),
    levelMonths: byLevel.map(([, ofLevel]) => {
      const cells = new Map(groups(ofLevel, (ticket) => ticket.month))
      return byMonth.map(([month]) => (cells.has(month) ? count(month, cells.get(month)!) : null))
    }),
    worst: await worstTickets(sla, i.type, tickets, metrics, asOf),
    process: i.process,
  }
}

/** Every item of a type as of an instant, page by page. */
export async function* allItems(sla: Sla, type: string, asOf: number): AsyncIterable<ItemView> {
  let after: string | null = null
  do {
    const page: { rows: readonly ItemView[]; next: string | null } = await sla.items({
      type,
      asOf: new Date(asOf),
      limit: PAGE,
      ...(after ? { after } : {}),
    })
    yield* page.rows
    after = page.next
  } while (after !== null)
}

function ticketOf(item: ItemView, level: string, zone: string): Ticket {
  const opened = new TZDate(item.openedAt.getTime(), zone)
  const month = `${opened.getFullYear()}-${String(opened.getMonth() + 1).padStart(2, '0')}`
  return { id: item.item.id, level: String(item.attributes[level] ?? ''), month, clocks: item.clocks }
}

/** Names with numbers in the order of the numbers: Value 5 before Value 13. */
const { compare } = new Intl.Collator('en', { numeric: true })

const groups = <T>(all: readonly T[], by: (one: T) => string): readonly (readonly [string, readonly T[]])[] =>
  [...Map.groupBy(all, by)].sort(([a], [b]) => compare(a, b))

const rowOf = (of: string | null, tickets: readonly Ticket[], metrics: readonly string[]): Row => ({
  of,
  tickets: tickets.length,
  metrics: Object.fromEntries(
    metrics.map((metric) => [metric, attainmentOf(tickets.flatMap(({ clocks }) => clocks.filter((clock) => clock.metric === metric)))]),
  ),
})

function attainmentOf(clocks: readonly ClockView[]): Attainment {
  const inState = (...states: readonly ClockView['state'][]) => clocks.filter((clock) => states.includes(clock.state)).length
  const met = inState('met')
  const breached = inState('breached')
  const worked = clocks.filter((clock) => clock.stoppedAt !== null).map((clock) => clock.workedMs)
  const sorted = worked.sort((a, b) => a - b)
  return {
    met,
    breached,
    open: inState('running', 'paused'),
    share: met + breached === 0 ? null : shareOf(met, met + breached),
    medianMs: wholeMs(quantile(sorted, 0.5)),
    p90Ms: wholeMs(quantile(sorted, 0.9)),
  }
}

/** Cut, not rounded, after four digits: one breach in 100,000 is not 100 %. */
const shareOf = (part: number, whole: number): string => (Math.floor((part * 10_000) / whole) / 10_000).toFixed(4)

const wholeMs = (ms: number | null): number | null => (ms === null ? null : Math.round(ms))

/** For each metric the clocks furthest over their target, with their explanations. */
async function worstTickets(
  sla: Sla,
  type: string,
  tickets: readonly Ticket[],
  metrics: readonly string[],
  asOf: number,
): Promise<readonly WorstTicket[]> {
  const worst: WorstTicket[] = []
  for (const metric of metrics) {
    const over = tickets.flatMap((ticket) =>
      ticket.clocks.filter((clock) => clock.metric === metric && (clock.leftMs ?? 0) < 0).map((clock) => ({ ticket, clock })),
    )
    over.sort((a, b) => a.clock.leftMs! - b.clock.leftMs! || (a.ticket.id < b.ticket.id ? -1 : 1))
    for (const { ticket, clock } of over.slice(0, WORST)) {
      const { agreement, cycle, workedMs, targetMs } = clock
      const explanation = await sla.explain({ item: { type, id: ticket.id }, agreement, metric, cycle, asOf: new Date(asOf) })
      worst.push({ id: ticket.id, level: ticket.level, metric, workedMs, targetMs: targetMs!, explanation })
    }
  }
  return worst
}
