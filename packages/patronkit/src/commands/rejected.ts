import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { stringify } from 'csv-stringify/sync'
import type { RefusedRow } from '../log/read-log.ts'

/** Collects refused rows in a CSV of their own: line, reason, and the row as it stood. No file when none was refused. */
export function rejectedFile(file: string): { add(row: RefusedRow): void; close(): string | null } {
  rmSync(file, { force: true })
  let open: number | null = null
  let written = false
  return {
    add: (row) => {
      if (open === null) {
        open = openSync(file, 'w')
        writeSync(open, stringify([['line', 'reason', 'row']]))
        written = true
      }
      writeSync(open, stringify([[row.line, row.reason, row.raw]]))
    },
    close: () => {
      if (open !== null) closeSync(open)
      open = null
      return written ? file : null
    },
  }
}
