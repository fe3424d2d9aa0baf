import type { CalendarDefinition } from '@patronkit/business-time'
import { defineCalendar } from '@patronkit/business-time'
import { manualClock, memoryStorage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { tickUntil } from '@patronkit/core/testing'
import { createSla, defineSlaPolicy, type Fact, type Policy, type SlaPolicy } from '../src/index.ts'

/** A help desk in Rome, in the week of Monday 23 November 2026 (UTC+1), that the tables of this folder play on. */
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** 09:00 to 13:00 and 14:00 to 18:00, Monday to Friday. */
export const office = defineCalendar({
  id: 'office',
  zone: 'Europe/Rome',
  week: Object.fromEntries(
    ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [
      day,
      [
        ['09:00', '13:00'],
        ['14:00', '18:00'],
      ],
    ]),
  ),
})

/** 09:00 to 17:00, Monday to Friday. */
export const nineToFive = hours('nine-to-five', '09:00', '17:00')

export function hours(id: string, from: string, to: string, zone = 'Europe/Rome'): CalendarDefinition {
  return defineCalendar({
    id,
    zone,
    week: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [[from, to]]])),
  })
}

const DAYS = { mon: 23, tue: 24, wed: 25, thu: 26, fri: 27, sat: 28, sun: 29, mon2: 30 } as const
export type Moment = `${keyof typeof DAYS} ${string}`

/** `at('tue 10:00')` of that week in Rome. */
export function at(moment: Moment): Date {
  const [day, time] = moment.split(' ') as [keyof typeof DAYS, string]
  return new Date(`2026-11-${DAYS[day]}T${time.length === 5 ? `${time}:00` : time}+01:00`)
}

/** `'tue 10:00'` of an instant, in Rome. */
export function said(instant: Date | string | null): string | null {
  if (instant === null) return null
  const local = new Date(new Date(instant).getTime() + HOUR).toISOString()
  const day = Object.entries(DAYS).find(([, date]) => local.startsWith(`2026-11-${date}`))
  const time = local.slice(11, 23).replace('.000', '')
  return `${day?.[0] ?? local.slice(0, 10)} ${time.endsWith(':00') ? time.slice(0, 5) : time}`
}

export const ticket = { type: 'ticket', id: 'T-1' }

export interface Heard {
  readonly type: string
  readonly at: string | null
  readonly data: { readonly [name: string]: unknown }
}

/** A desk with published promises, its events as they are heard, and the facts of one ticket numbered as they come. */
export async function helpDesk(
  policies: readonly ({ readonly id: string } & Policy)[],
  o: { readonly calendars?: readonly CalendarDefinition[]; readonly opens?: Moment } = {},
) {
  const clock = manualClock(at(o.opens ?? 'mon 08:00'))
  const storage = memoryStorage()
  const service = createSla({ storage, clock })
  const runner = createRunner({ storage, clock, services: [service] })
  const sla = service.for({ tenant: 'acme', by: { type: 'user', id: 'u_1' } })
  for (const calendar of o.calendars ?? [office, nineToFive]) await sla.publish({ definition: calendar })
  const published: SlaPolicy[] = policies.map((policy) => defineSlaPolicy(policy))
  for (const definition of published) await sla.publish({ definition })
  const heard: Heard[] = []
  runner.consumer({
    name: 'test',
    types: ['sla.warned', 'sla.breached', 'sla.escalated', 'sla.skipped', 'sla.withdrawn', 'sla.stopped'],
    handle: (event) => void heard.push({ type: event.type, at: said(event.at), data: event.data as unknown as Heard['data'] }),
  })
  let facts = 0
  const desk = {
    clock,
    sla,
    runner,
    /** What the steps told: `warned 75% mon 10:30`. */
    told: (): readonly string[] =>
      heard.flatMap(({ type, at: when, data }) => {
        if (type === 'sla.stopped') return []
        return [`${type.slice(4)} ${data.step ?? (data.steps as readonly string[]).join(', ')} ${when}`]
      }),
    heard,
    /** Something happens, and is told at once: time passes up to it, each step at its own instant. */
    async happens(moment: Moment, type: Fact['type'], about: Partial<Omit<Fact, 'type' | 'at'>> = {}): Promise<string> {
      facts += 1
      const id = about.id ?? `f${facts}`
      await desk.until(moment)
      await sla.record({ item: ticket, facts: [{ ...about, id, type, at: at(moment) }] })
      return id
    },
    /** Something is told late: the clock on the wall stays where it is. */
    async happened(moment: Moment, type: Fact['type'], about: Partial<Omit<Fact, 'type' | 'at'>> = {}): Promise<void> {
      facts += 1
      await sla.record({ item: ticket, facts: [{ id: `f${facts}`, ...about, type, at: at(moment) }] })
    },
    async until(moment: Moment): Promise<void> {
      if (clock.now() < at(moment)) await tickUntil({ runner, clock, until: at(moment) })
      await runner.tick()
    },
    /** The clocks of a metric as of an instant, in short. */
    async clocks(metric: string, asOf: Moment, agreement = 'sla') {
      const { clocks } = await sla.status({ item: ticket, asOf: at(asOf) })
      return clocks.filter((each) => each.metric === metric && each.agreement === agreement)
    },
    async clock1(metric: string, asOf: Moment, agreement = 'sla') {
      return (await desk.clocks(metric, asOf, agreement)).at(-1)
    },
  }
  return desk
}
