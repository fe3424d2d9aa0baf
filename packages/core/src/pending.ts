import type { Head } from './event.ts'
import { columnsIn, compareRows } from './interpret/rows.ts'
import type { Fold, Read } from './port.ts'
import { holds } from './predicate.ts'
import { type Row, rowName, type Table } from './table.ts'
import type { Unit } from './unit.ts'

/** Only the storage can tell, once the units are committed. */
export const UNSURE = Symbol('unsure')

/** Units that were decided one after another and are not committed yet. */
export interface Pending {
  readonly size: number
  add(unit: Unit): void
  /** What a read will answer once they are committed, by what it answers before. */
  see(read: Read, found: unknown): unknown
}

/** What units make of a row: all of it, or some columns of what is there. */
interface Made {
  readonly table: Table
  /** Null: taken away. */
  readonly row?: Row | null
  readonly set?: Row
  /** It was not there before the first of the units. */
  readonly fresh: boolean
}

type ReadOf<K extends Read['read']> = Extract<Read, { read: K }>

/** Begins with no unit. */
export function pendingUnits(): Pending {
  const tables = new Map<string, Map<string, Made>>()
  const counters = new Set<string>()
  const heads = new Map<string, { readonly from: Head; to: Head }>()
  let size = 0

  const rowsOf = (of: Table): Map<string, Made> => {
    let rows = tables.get(of.name)
    if (!rows) {
      rows = new Map()
      tables.set(of.name, rows)
    }
    return rows
  }
  const put = (table: Table, row: Row, fresh: boolean) => {
    const rows = rowsOf(table)
    const name = rowName(table, row)
    rows.set(name, { table, row: asStored(table, row), fresh: rows.get(name)?.fresh ?? fresh })
  }
  const change = (table: Table, key: Row, set: Row) => {
    const [rows, name] = [rowsOf(table), rowName(table, key)]
    const before = rows.get(name)
    const stored = asStored(table, set, Object.keys(set))
    const fresh = before?.fresh ?? false
    if (before?.row) rows.set(name, { table, row: { ...before.row, ...stored }, fresh })
    else rows.set(name, { table, set: { ...before?.set, ...stored }, fresh })
  }

  function headSeen(kind: string, subject: string, found: Head): Head {
    const moved = heads.get(`${kind}\u0000${subject}`)
    return moved && moved.from.version === found.version ? moved.to : found
  }

  function listSeen(read: ReadOf<'list'>, found: readonly Row[], rows: ReadonlyMap<string, Made>): unknown {
    const { table, where, order, limit } = read
    const full = found.length >= limit
    const matches = (row: Row) => holds(where, (column) => row[column])
    const seen = new Map(found.map((row) => [rowName(table, row), row]))
    for (const [name, made] of rows) {
      const before = seen.get(name)
      if (made.set !== undefined && !before) {
        // it did not match, or stands behind the page
        if (full || columnsIn(where).some((column) => Object.hasOwn(made.set!, column))) return UNSURE
        continue
      }
      const row = made.set === undefined ? made.row! : { ...before!, ...made.set }
      if (row !== null && matches(row)) {
        // behind a full page there are others, and one of them may come first now
        if (full && before && compareRows(before, row, order) !== 0) return UNSURE
        seen.set(name, row)
      } else if (before) {
        if (full) return UNSURE
        seen.delete(name)
      }
    }
    return [...seen.values()].sort((a, b) => compareRows(a, b, order)).slice(0, limit)
  }

  function foldSeen(read: ReadOf<'fold'>, found: readonly Fold[], rows: ReadonlyMap<string, Made>): unknown {
    if (read.by.length > 0 || found.length !== 1) return UNSURE
    let [{ count, sum }] = found as readonly [Fold]
    for (const { row, fresh } of rows.values()) {
      if (!fresh) return UNSURE
      if (!row || !holds(read.where, (column) => row[column])) continue
      count++
      sum = Object.fromEntries(read.sum.map((column) => [column, sum[column]! + ((row[column] as number | null) ?? 0)]))
    }
    return [{ by: {}, count, sum }]
  }

  return {
    get size() {
      return size
    },
    add: (unit) => {
      size++
      for (const { table, row } of unit.unique ?? []) put(table, row, true)
      for (const write of unit.writes) {
        if ('row' in write) put(write.table, write.row, write.write === 'insert')
        else if ('set' in write) change(write.table, write.key, write.set)
        else {
          const [rows, name] = [rowsOf(write.table), rowName(write.table, write.key)]
          rows.set(name, { table: write.table, row: null, fresh: rows.get(name)?.fresh ?? false })
        }
      }
      for (const { table } of unit.adds ?? []) counters.add(table.name)
      for (const { kind, subject, from, to } of unit.heads) {
        const name = `${kind}\u0000${subject}`
        const moved = heads.get(name)
        if (moved) moved.to = to
        else heads.set(name, { from, to })
      }
    },
    see: (read, found) => {
      if (size === 0) return found
      switch (read.read) {
        case 'head':
          return headSeen(read.kind, read.subject, found as Head)
        case 'heads':
          return read.subjects.map((subject, i) => headSeen(read.kind, subject, (found as readonly Head[])[i]!))
        case 'events':
          return heads.has(`${read.kind}\u0000${read.subject}`) ? UNSURE : found
        case 'subjects':
        case 'timers':
          return UNSURE
      }
      if (counters.has(read.table.name)) return UNSURE
      const rows = tables.get(read.table.name)
      if (!rows) return found
      if (read.read === 'list') return listSeen(read, found as readonly Row[], rows)
      if (read.read === 'fold') return foldSeen(read, found as readonly Fold[], rows)
      const made = rows.get(rowName(read.table, read.key))
      if (!made) return found
      if (made.set === undefined) return made.row
      return found === null ? UNSURE : { ...(found as Row), ...made.set }
    },
  }
}

/** A row as a storage gives it back. */
const asStored = (of: Table, row: Row, columns: readonly string[] = Object.keys(of.columns)): Row =>
  Object.fromEntries(
    columns.map((column) => {
      const value = row[column] ?? null
      return [column, of.columns[column]!.type === 'json' && value !== null ? JSON.parse(JSON.stringify(value)) : value]
    }),
  )
