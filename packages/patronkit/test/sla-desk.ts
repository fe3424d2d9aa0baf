import { type CalendarDefinition, defineCalendar } from '@patronkit/business-time'
import { field, manualClock, type Storage } from '@patronkit/core'
import { createRunner } from '@patronkit/core/runner'
import { headsOf } from '@patronkit/core/storage'
import { seededRandom } from '@patronkit/core/testing'
import { createSla, defineSlaPolicy, type SlaPolicy } from '@patronkit/sla-engine'

/** Monday 23 November 2026, 08:00 in Rome. */
export const MONDAY = Date.UTC(2026, 10, 23, 7)
export const HOUR = 3_600_000
export const TENANT = 'desk'

const [MORNING, AFTERNOON] = [
  ['08:00', '13:00'],
  ['14:00', '18:00'],
] as const
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri'] as const

/** The hours of the desk; later versions close earlier. */
export const office = (version: number): CalendarDefinition => {
  const hours = version === 0 ? [MORNING, AFTERNOON] : [MORNING, ['14:00', `${18 - version}:00`] as const]
  return defineCalendar({ id: 'office', zone: 'Europe/Rome', week: Object.fromEntries(DAYS.map((day) => [day, hours])) })
}

/** What the desk promises: by tier and priority, with a ladder and quiet hours, and an agreement of each team. */
export const promises = (version: number): readonly SlaPolicy[] => [
  defineSlaPolicy({
    id: 'gold',
    order: 1,
    calendar: 'office',
    when: field('tier').eq('gold'),
    targets: {
      'first-reply': { within: { workingHours: 2 + version }, warnAt: [{ percent: 50 }] },
      resolution: {
        within: { by: 'priority', of: { high: { workingHours: 6 } }, otherwise: { workingHours: 12 } },
        warnAt: [{ percent: 75 }],
        steps: [
          { at: { left: { workingHours: 1 } }, tell: ['assignee'] },
          { at: { over: { minutes: 30 } }, id: 'lead', repeat: { every: { hours: 5 }, times: 2 }, tell: ['lead'] },
        ],
      },
    },
    pauseWhile: field('status').eq('waiting'),
    quietOutside: 'office',
    catchUp: 'all',
    onChange: { elapsed: 'retroactive' },
  }),
  defineSlaPolicy({
    id: 'plain',
    calendar: 'office',
    targets: {
      'next-reply': { within: { hours: 9 } },
      resolution: {
        within: { workingHours: 20 - version },
        warnAt: [{ percent: 25 }, { percent: 50 }],
        steps: [{ at: { over: { workingHours: 3 } } }],
      },
    },
    pauseWhile: field('status').eq('waiting'),
    onReopen: 'new-cycle',
  }),
  defineSlaPolicy({
    id: 'teams',
    agreement: 'ola',
    per: 'team',
    calendar: 'office',
    targets: { ownership: { within: { workingHours: 5 }, steps: [{ at: { percent: 60 } }, { at: { over: { hours: 2 } } }] } },
    pauseWhile: field('status').eq('waiting'),
  }),
]

/** A desk over a storage: the same bytes every time for the same calls. */
export async function desk(storage: Storage, salt = seededRandom(1)) {
  const clock = manualClock(new Date(MONDAY))
  const service = createSla({ storage, clock, random: salt })
  await storage.schema.migrate()
  const sla = service.for({ tenant: TENANT, by: { type: 'user', id: 'u_1' } })
  const publish = async (version: number) => {
    for (const definition of [office(version), ...promises(version)]) await sla.publish({ definition, effectiveFrom: 0 })
  }
  const runner = createRunner({ storage, clock, services: [service] })
  return { sla, clock, publish, runner, storage }
}

export type Desk = Awaited<ReturnType<typeof desk>>

/** The versions of some tickets: whoever writes anything about one moves its own. */
export async function versionsOf(storage: Storage, ids: readonly string[]): Promise<readonly number[]> {
  const [heads] = await storage.read(TENANT, [
    headsOf(
      'sla-item',
      ids.map((id) => `ticket/${id}`),
    ),
  ])
  return (heads as readonly { readonly version: number }[]).map((head) => head.version)
}
