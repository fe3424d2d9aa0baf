import { type WallDuration, wallMs } from './duration.ts'
import { type Instant, toMs } from './instant.ts'

/** Where "now" comes from. Services take one in their deps; nothing else reads the time. */
export interface Clock {
  now(): Date
}

/** The machine's clock. */
export const systemClock: Clock = Object.freeze({ now: () => new Date() })

/**
 * A clock that stands still until it is moved: for tests and for replaying a past log.
 *
 * @example
 * ```ts
 * import { manualClock } from '@patronkit/core'
 *
 * const clock = manualClock('2026-11-23T09:00:00+01:00')
 * clock.advance({ hours: 2 })
 * ```
 */
export function manualClock(start: Instant): Clock & { advance(by: WallDuration): void; set(to: Instant): void } {
  let now = toMs(start, 'start')
  return {
    now: () => new Date(now),
    advance: (by) => {
      now += wallMs(by)
    },
    set: (to) => {
      now = toMs(to, 'to')
    },
  }
}
