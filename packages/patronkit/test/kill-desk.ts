import { type Clock, field, type Storage } from '@patronkit/core'
import { defineSlaPolicy, type RecordItem, type SlaPolicy } from '@patronkit/sla-engine'
import { createPatronkit, type Kit } from '../src/index.ts'
import { HOUR, MONDAY, office } from './sla-desk.ts'

/** The steps of a ladder as they are told. */
export const STEPS = ['sla.warned', 'sla.breached', 'sla.escalated'] as const

/** Ladders with warnings, breach and repeats: told one by one, in quiet hours too, or the highest after a time without ticks. */
export const policies: readonly SlaPolicy[] = [
  defineSlaPolicy({
    id: 'every-step',
    calendar: 'office',
    catchUp: 'all',
    quietOutside: 'office',
    pauseWhile: field('status').eq('waiting'),
    targets: {
      'first-reply': { within: { hours: 3 }, warnAt: [{ percent: 50 }] },
      resolution: {
        within: { workingHours: 7 },
        warnAt: [{ percent: 50 }, { percent: 90 }],
        steps: [{ at: { over: { minutes: 30 } }, id: 'lead', repeat: { every: { hours: 4 }, times: 5 }, tell: ['lead'] }],
      },
    },
  }),
  defineSlaPolicy({
    id: 'highest-step',
    agreement: 'ola',
    calendar: '24x7',
    pauseWhile: field('status').eq('waiting'),
    targets: {
      resolution: {
        within: { hours: 10 },
        warnAt: [{ percent: 25 }, { percent: 50 }, { percent: 75 }],
        steps: [{ at: { over: { hours: 1 } }, repeat: { every: { hours: 2 }, times: 4 } }],
      },
    },
  }),
]

/** The kit of every process: two consumers write into the host's table in the tick's own session, for each event they hear. */
export function killDesk(storage: Storage, clock: Clock, table: string): Kit {
  const kit = createPatronkit({ storage, clock })
  const hearing = (name: string, types: readonly (typeof STEPS)[number][]) =>
    kit.consumer({
      name,
      types,
      transaction: true,
      handle: (event, { session }) => {
        if (session.dialect === 'none') return
        const values = session.dialect === 'postgres' ? '($1, $2)' : '(?, ?)'
        const written = session.run(`insert into ${table} (consumer, event) values ${values}`, [name, event.id])
        return written instanceof Promise ? written.then(() => undefined) : undefined
      },
    })
  hearing('ledger', STEPS)
  hearing('board', ['sla.breached'])
  return kit
}

/** Hours between two rounds. */
export const ROUND_HOURS = 5
export const instantOf = (round: number): number => MONDAY + round * ROUND_HOURS * HOUR

/** What is told in a round: new tickets, and of those of earlier rounds some that wait, go on or are resolved. */
export function factsOf(round: number, tickets: number): readonly RecordItem[] {
  const now = instantOf(round)
  const fresh = Array.from(
    { length: tickets },
    (_, n): RecordItem => ({
      item: { type: 'ticket', id: `${round}-${n}` },
      facts: [{ id: 'created', type: 'created', at: now - ((n * 7) % 120) * 60_000 }],
    }),
  )
  const older = Array.from({ length: round < 2 ? 0 : tickets }, (_, n): RecordItem => {
    const id = `facts of ${round}`
    const change = [
      { id, type: 'status-changed', at: now, attributes: { status: 'waiting' } },
      { id, type: 'agent-reply', at: now, attributes: { status: 'open' } },
      { id, type: 'resolved', at: now },
    ][(n + round) % 3]!
    return { item: { type: 'ticket', id: `${round - 1 - (n % 2)}-${n}` }, facts: [change] }
  })
  return [...fresh, ...older.filter((_, n) => n % 4 === 0)]
}

export async function openDesk(kit: Kit): Promise<void> {
  const { sla } = kit.for({ tenant: 'desk', by: { type: 'system', id: 'host' } })
  for (const definition of [office(0), ...policies]) await sla.publish({ definition, effectiveFrom: 0 })
}

export async function tell(kit: Kit, round: number, tickets: number): Promise<void> {
  const { sla } = kit.for({ tenant: 'desk', by: { type: 'system', id: 'host' } })
  const items = factsOf(round, tickets)
  for (let n = 0; n < items.length; n += 20) await sla.recordMany({ items: items.slice(n, n + 20) })
}
