import type { CalendarDefinition } from '@patronkit/business-time'
import { type Activity, countProcess, inOrder, type ProcessReport } from '@patronkit/sla-engine/process'
import type { UsedRow } from '../log/read-log.ts'

/** Gathers the rows of a log, in whatever order they stand there, for a report on the process. A row that stands twice counts once. */
export function processFigures(calendar: CalendarDefinition): { add(row: UsedRow): void; report(): ProcessReport } {
  const items = new Map<string, Map<string, Activity>>()

  function add({ item, fact, by }: UsedRow): void {
    const mine = items.get(item.id) ?? new Map<string, Activity>()
    items.set(item.id, mine)
    mine.set(fact.id, { type: fact.type, at: fact.at, by })
  }

  function report(): ProcessReport {
    const count = countProcess({ calendar })
    for (const [item, facts] of items) count.add({ item, activities: inOrder([...facts.values()]) })
    return count.report()
  }

  return { add, report }
}
