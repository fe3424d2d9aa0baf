import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { stringify } from 'csv-stringify/sync'
import type { RefusedRow } from '../log/read-log.ts'

/** Collects refused rows in a CSV of their own: line, reason, and the row as it stood. No file when none was refused. */
export function rejectedFile(file: string): { add(row: RefusedRow): void; close(): string | null } {
  rmSync(file, { force: true })
  let handle: number | null = null
  return {
    add: (row) => {
      if (handle === null) {
        handle = openSync(file, 'w')
        writeSync(handle, stringify([['line', 'reason', 'row']]))
      }
      writeSync(handle, stringify([[row.line, row.reason, row.raw]]))
    },
    close: () => {
      if (handle === null) return null
      closeSync(handle)
      return file
    },
  }
}
