import type { Clock, Storage } from '@patronkit/core'
import type { Runner } from '@patronkit/core/runner'

/** What was looked at, in the order in which it is told. */
export type Check = 'schema' | 'rights' | 'clock' | 'zones' | 'timers' | 'parked' | 'feed' | 'consumers'

/** One finding. `found` says what stands; the words around it are the command's. */
export interface Finding {
  readonly check: Check
  readonly ok: boolean
  readonly found: string
}

const LATE_MS = 5 * 60_000
const SKEW_MS = 1_000
const MANY = 10_000

/**
 * Looks at a running system and changes nothing: tables as declared, rights to write, the two clocks, zone data, work that
 * is late, parked or behind.
 */
export async function examine(i: {
  readonly storage: Storage
  readonly runner: Pick<Runner, 'health'>
  readonly clock: Clock
}): Promise<readonly Finding[]> {
  const drift = await i.storage.schema.drift()
  const schema: Finding = { check: 'schema', ok: drift.length === 0, found: drift.join('; ') }
  // tables that are not there would answer every other question with the same error
  if (!schema.ok) return [schema, zones()]
  const { timers, feed, databaseNow } = await i.runner.health()
  const now = i.clock.now().getTime()
  const skew = databaseNow === null ? 0 : now - databaseNow.getTime()
  const waits = feed.since === null ? 0 : now - feed.since.getTime()
  const behind = Object.entries(feed.behind).filter(([, events]) => events > 0)
  return [
    schema,
    await rights(i.storage, now),
    { check: 'clock', ok: Math.abs(skew) <= SKEW_MS, found: `${skew} ms` },
    zones(),
    { check: 'timers', ok: timers.lateMs <= LATE_MS, found: `${timers.lateMs} ms` },
    { check: 'parked', ok: timers.parked === 0, found: String(timers.parked) },
    { check: 'feed', ok: waits <= LATE_MS, found: `${feed.unsequenced} / ${Math.max(0, waits)} ms` },
    {
      check: 'consumers',
      ok: behind.every(([, events]) => events <= MANY),
      found: behind.map(([name, events]) => `${name}: ${events}`).join(', '),
    },
  ]
}

const ENOUGH = Symbol('the probe wrote what it wanted to')

/** Sets a timer and takes it back: whoever may do that may write. */
async function rights(storage: Storage, now: number): Promise<Finding> {
  const timer = { timer: 'set', queue: 'patronkit.doctor', key: 'probe', dueAt: now } as const
  const unit = { tenant: 'patronkit.doctor', heads: [], writes: [], events: [], timers: [timer] }
  try {
    await storage.transaction((session) => {
      const enough = () => {
        throw ENOUGH
      }
      const answer = storage.commit([unit], session)
      return answer instanceof Promise ? answer.then(enough) : enough()
    })
  } catch (error) {
    if (error !== ENOUGH) return { check: 'rights', ok: false, found: error instanceof Error ? error.message : String(error) }
  }
  return { check: 'rights', ok: true, found: '' }
}

/** Mexico gave up summer time in October 2022; zone data that do not know it are too old to count working hours with. */
function zones(): Finding {
  const hour = new Intl.DateTimeFormat('en', { timeZone: 'America/Mexico_City', hour: 'numeric', hourCycle: 'h23' })
  const version = (globalThis as { process?: { versions?: { tz?: string } } }).process?.versions?.tz ?? ''
  return { check: 'zones', ok: hour.format(Date.UTC(2026, 6, 1, 12)) === '06', found: version }
}
