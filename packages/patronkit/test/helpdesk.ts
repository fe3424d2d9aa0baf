import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { manualClock, type Storage } from '@patronkit/core'
import type { ItemView } from '@patronkit/sla-engine'
import { checkDefinitions } from '../src/commands/definitions.ts'
import { createPatronkit } from '../src/index.ts'

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

/** Every ticket of the desk as of an instant, by id. */
export async function everyItem(storage: Storage, asOf: string): Promise<ReadonlyMap<string, ItemView>> {
  const { sla } = createPatronkit({ storage, clock }).for({ tenant: 'desk', by: { type: 'system', id: 'test' } })
  const found = new Map<string, ItemView>()
  for (let after: string | null | undefined; after !== null; ) {
    const page: { rows: readonly ItemView[]; next: string | null } = await sla.items({
      type: 'ticket',
      asOf,
      limit: 1_000,
      ...(after ? { after } : {}),
    })
    for (const row of page.rows) found.set(row.item.id, row)
    after = page.next
  }
  return found
}
