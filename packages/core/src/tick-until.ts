import type { manualClock } from './clock.ts'
import { type Instant, toMs } from './instant.ts'
import type { Runner } from './runner.ts'

/**
 * Lets time pass in a test: moves the clock from one due instant to the next, ticking at each, and stands at `until` in the
 * end. Each timer fires at its own instant, as it does where somebody ticks often.
 */
export async function tickUntil(i: {
  readonly runner: Pick<Runner, 'tick'>
  readonly clock: ReturnType<typeof manualClock>
  readonly until: Instant
}): Promise<void> {
  const until = toMs(i.until, 'until')
  for (;;) {
    const { more, nextDueAt } = await i.runner.tick()
    if (more) continue
    const now = i.clock.now().getTime()
    if (now >= until) return
    const next = nextDueAt === null ? until : Math.min(until, Math.max(now + 1, nextDueAt.getTime()))
    i.clock.set(new Date(next))
  }
}
