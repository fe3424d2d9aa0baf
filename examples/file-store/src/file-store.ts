import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { interpret, type Kept, type RowStore, type Storage } from '@patronkit/core/storage'

/**
 * Patronkit on one append-only file: every transaction is a line of JSON, written and synced before it counts.
 * Opening reads the lines back; a half line at the end is a crash in the middle of a write, and is cut off.
 * For one process and data that fits into memory.
 */
export function fileStorage(i: { readonly file: string }): Storage {
  const rows = fileRows(i.file)
  return { ...interpret(rows, { engine: 'file' }), close: rows.close }
}

type Change = readonly [key: string, value: Kept | null]

function fileRows(file: string): RowStore & { close(): void } {
  const table = sortedTable()
  if (existsSync(file)) replay(file, (change) => table.apply(change))
  const log = openSync(file, 'a')
  let pending: { readonly changes: Change[]; readonly undo: Change[] } | null = null

  const change = (key: string, value: Kept | null) => {
    if (!pending) throw new Error('write inside atomically')
    pending.undo.push([key, table.get(key) ?? null])
    pending.changes.push([key, value])
    table.apply([key, value])
  }
  return {
    get: table.get,
    scan: table.scan,
    put: (key, value) => change(key, value),
    remove: (key) => change(key, null),
    atomically: (work) => {
      pending = { changes: [], undo: [] }
      try {
        const answer = work()
        if (pending.changes.length > 0) {
          writeSync(log, `${JSON.stringify(pending.changes)}\n`)
          fdatasyncSync(log)
        }
        return answer
      } catch (error) {
        for (const before of pending.undo.reverse()) table.apply(before)
        throw error
      } finally {
        pending = null
      }
    },
    close: () => closeSync(log),
  }
}

function replay(file: string, apply: (change: Change) => void): void {
  const text = readFileSync(file, 'utf8')
  const end = text.lastIndexOf('\n') + 1
  if (end < text.length) truncateSync(file, Buffer.byteLength(text.slice(0, end)))
  for (const line of text.slice(0, end).split('\n')) {
    if (line) for (const change of JSON.parse(line) as Change[]) apply(change)
  }
}

/** Keys in one sorted array, in the order of their UTF-8 bytes. */
function sortedTable() {
  const keys: string[] = []
  const values = new Map<string, Kept>()
  /** The place of the first key that is not before this one. */
  const placeOf = (key: string): number => {
    let [low, high] = [0, keys.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(keys[middle]!, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    get: (key: string) => values.get(key),
    apply: ([key, value]: Change) => {
      if (value === null) {
        if (values.delete(key)) keys.splice(placeOf(key), 1)
        return
      }
      if (!values.has(key)) keys.splice(placeOf(key), 0, key)
      values.set(key, value)
    },
    scan: ({ from, to, limit, reverse }: { from: string; to: string; limit: number; reverse: boolean }) => {
      const [first, end] = [placeOf(from), placeOf(to)]
      const found = reverse ? keys.slice(Math.max(first, end - limit), end).reverse() : keys.slice(first, Math.min(end, first + limit))
      return found.map((key) => [key, values.get(key)!] as const)
    },
  }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
