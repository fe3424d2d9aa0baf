import { stringify } from 'csv-stringify/sync'

/** The columns, named and ordered as in the help-desk log of 4TU (Verenich) that reports on real logs are tried with. */
export const LOG_COLUMNS = [
  'Case ID',
  'Activity',
  'Resource',
  'Complete Timestamp',
  'customer',
  'product',
  'seriousness_2',
  'service_level',
  'service_type',
  'support_section',
  'workgroup',
] as const

/** A column of the log. */
export type LogColumn = (typeof LOG_COLUMNS)[number]

/** One thing that happened to a ticket. The timestamp is a wall time of the desk's zone, `yyyy/MM/dd HH:mm:ss.SSS`. */
export type LogRow = { readonly [column in LogColumn]: string }

/** What can happen to a ticket, in that log's words. */
export type Activity =
  | 'Insert ticket'
  | 'Assign seriousness'
  | 'Take in charge ticket'
  | 'Wait'
  | 'Require upgrade'
  | 'Create SW anomaly'
  | 'Resolve SW anomaly'
  | 'Schedule intervention'
  | 'Resolve ticket'
  | 'Closed'

const ROWS_A_PIECE = 500

/** The log as CSV text with a header, in pieces of whole lines: to be written to a file one after the other. */
export function* logCsv(rows: Iterable<LogRow>): Iterable<string> {
  yield stringify([LOG_COLUMNS])
  let piece: LogRow[] = []
  for (const row of rows) {
    piece.push(row)
    if (piece.length < ROWS_A_PIECE) continue
    yield stringify(piece, { columns: [...LOG_COLUMNS] })
    piece = []
  }
  if (piece.length > 0) yield stringify(piece, { columns: [...LOG_COLUMNS] })
}
