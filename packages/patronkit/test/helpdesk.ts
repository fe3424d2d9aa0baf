import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { manualClock, type Storage } from '@patronkit/core'
import { checkDefinitions } from '../src/commands/definitions.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The real log lies beside the checkout where it is available at all; it is never part of the project. */
export const REAL_LOG = here('../../../../shared/data/helpdesk/helpdesk.csv')
export const hasRealLog = existsSync(REAL_LOG)

const json = (name: string): unknown => JSON.parse(readFileSync(here(`../../../examples/helpdesk/${name}.json`), 'utf8'))
export const rulesOfHelpdesk = () => ({ mapping: json('mapping'), policy: json('policy'), calendar: json('calendar') })
export const helpdesk = () => checkDefinitions(rulesOfHelpdesk())

/** One clock for all engines, so that their events can be compared byte for byte. */
export const clock = manualClock('2026-11-23T09:00:00Z')

/** Every event there is, as its feed gives it. */
export async function everyEvent(storage: Storage): Promise<readonly string[]> {
  const lines: string[] = []
  for (;;) {
    const { events, states } = await storage.feed({ consumer: 'test', now: clock.now().getTime(), limit: 5_000 })
    if (events.length === 0) return lines.sort()
    for (const event of events) lines.push(JSON.stringify(event))
    for (const state of states) {
      const last = events.findLast((event) => event.lane === state.lane)!
      await storage.advance(state.position, { ...state, position: last.position })
    }
  }
}
