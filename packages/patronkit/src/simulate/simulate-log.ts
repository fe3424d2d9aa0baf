import { compileCalendar, localInstant } from '@patronkit/business-time/calendar'
import type { LocalDate } from '@patronkit/core'
import { DAY, parse, SECOND } from '@patronkit/core/service'
import { z } from 'zod'
import { type Arrival, arrivals, endOf } from './arrivals.ts'
import { chanceOf } from './chance.ts'
import { officeHours, TEAMS } from './desk.ts'
import { life, type Step } from './life.ts'
import type { LogRow } from './log-row.ts'
import { takeUp } from './queue.ts'

const count = z.int().min(1).max(1_000_000)

const orderSchema = z.strictObject({
  seed: z.int().min(0).max(0xffff_ffff),
  tickets: count.default(2_000),
  from: z.custom<LocalDate>((text) => typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text)).default('2025-01-01'),
  months: count.max(120).default(12),
  zone: z.string().default('Europe/Rome'),
})

/**
 * The log of a help desk that never was: 2,000 tickets of a year unless told otherwise, of four service levels and four
 * teams, one of which does not cope, in months of which one is bad. Rows are grouped by ticket; tickets come in the order
 * of their arrival, the rows of each in order of time. What would happen after the last month is not in the log, so some
 * tickets are still open in it. The same seed gives the same rows.
 *
 * @example
 * ```ts
 * const log = [...simulateLog({ seed: 1 })]
 * ```
 */
export function* simulateLog(i: {
  readonly seed: number
  readonly tickets?: number
  /** The first day; default 2025-01-01. */
  readonly from?: LocalDate
  readonly months?: number
  /** IANA name of the zone in which the desk works and writes its log; default Europe/Rome. */
  readonly zone?: string
}): Iterable<LogRow> {
  const { seed, tickets, from: firstDay, months, zone } = parse(orderSchema, i, 'simulated log')
  const office = officeHours(zone)
  const from = localInstant({ calendar: office, date: firstDay, time: '00:00' }).getTime()
  const to = localInstant({ calendar: office, date: endOf(firstDay, months), time: '00:00' }).getTime()
  const hours = compileCalendar({ calendar: office, from, to: to + 366 * DAY })

  const chance = chanceOf(seed)
  const come = arrivals({ chance, tickets, from: firstDay, months, office })
  const taken = TEAMS.flatMap((team) =>
    takeUp({ chance, team, arrivals: come.filter((arrival) => arrival.team === team), from, to, hours }),
  )
  const byArrival = new Map(taken.map((ticket) => [ticket.arrival, ticket]))
  const wallTime = wallTimes(zone)
  for (const [n, arrival] of come.entries()) {
    for (const step of life(byArrival.get(arrival)!, chance, hours)) {
      if (step.at < to) yield rowOf(`Case ${n + 1}`, arrival, step, wallTime)
    }
  }
}

const rowOf = (id: string, arrival: Arrival, step: Step, wallTime: (at: number) => string): LogRow => ({
  'Case ID': id,
  Activity: step.activity,
  Resource: step.resource,
  'Complete Timestamp': wallTime(step.at),
  customer: arrival.customer,
  product: arrival.product,
  seriousness_2: arrival.seriousness,
  service_level: arrival.level.name,
  service_type: arrival.serviceType,
  support_section: arrival.section,
  workgroup: arrival.team.name,
})

/** Whole seconds, as the real log has them. */
function wallTimes(zone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(Math.floor(at / SECOND) * SECOND).map(({ type, value }) => [type, value]))
    return `${part.year}/${part.month}/${part.day} ${part.hour}:${part.minute}:${part.second}.000`
  }
}
