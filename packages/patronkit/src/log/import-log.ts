import type { ItemRef, Sla } from '@patronkit/sla-engine'
import type { Mapping } from './mapping.ts'
import { type LogRow, type RefusedRow, readLog, type UsedRow } from './read-log.ts'

/** What became of a log: every row read is either used or refused. */
export interface Imported {
  readonly rowsRead: number
  readonly rowsUsed: number
  readonly rowsRefused: number
  /** The instants of the first and the last row used; null when none was. */
  readonly from: number | null
  readonly to: number | null
}

const ROWS_A_COMMIT = 1_000

/** Reads a log into the SLA engine, a page of rows a commit. Rows that were imported before change nothing. */
export async function importLog(i: {
  readonly file: string
  readonly mapping: Mapping
  readonly sla: Sla
  readonly onBytes: (bytes: number) => void
  readonly onRefused: (row: RefusedRow) => void
  readonly onUsed: (row: UsedRow) => void
}): Promise<Imported> {
  let rowsUsed = 0
  let rowsRefused = 0
  let from: number | null = null
  let to: number | null = null
  let page: UsedRow[] = []

  const flush = async () => {
    if (page.length > 0) await i.sla.recordMany({ items: byItem(page) })
    page = []
  }
  for await (const row of readLog(i.file, i.mapping, i.onBytes) as AsyncIterable<LogRow>) {
    if ('refused' in row) {
      rowsRefused++
      i.onRefused(row.refused)
      continue
    }
    const { at } = row.used.fact
    rowsUsed++
    from = from === null ? at : Math.min(from, at)
    to = to === null ? at : Math.max(to, at)
    page.push(row.used)
    i.onUsed(row.used)
    if (page.length >= ROWS_A_COMMIT) await flush()
  }
  await flush()
  return { rowsRead: rowsUsed + rowsRefused, rowsUsed, rowsRefused, from, to }
}

function byItem(page: readonly UsedRow[]): readonly { readonly item: ItemRef; readonly facts: readonly UsedRow['fact'][] }[] {
  const groups = Map.groupBy(page, (row) => row.item.id)
  return [...groups.values()].map((rows) => ({ item: rows[0]!.item, facts: rows.map((row) => row.fact) }))
}
