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
  /** The row, or what is set of it, as a storage gives it back; made when somebody asks. */
  stored?: Row
}

const storedIn = (made: Made): Row => {
  made.stored ??= asStored(made.table, (made.row ?? made.set)!)
  return made.stored
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
    rows.set(name, { table, row, fresh: rows.get(name)?.fresh ?? fresh })
  }
  const change = (table: Table, key: Row, set: Row) => {
    const [rows, name] = [rowsOf(table), rowName(table, key)]
    const before = rows.get(name)
    const fresh = before?.fresh ?? false
    if (before?.row) rows.set(name, { table, row: { ...before.row, ...set }, fresh })
    else rows.set(name, { table, set: { ...before?.set, ...set }, fresh })
  }

  function headSeen(kind: string, subject: string, found: Head): Head {
    const moved = heads.get(`${kind}\u0000${subject}`)
    return moved && moved.from.version === found.version ? moved.to : found
  }

  function listSeen(read: ReadOf<'list'>, found: readonly Row[], rows: ReadonlyMap<string, Made>): unknown {
    const { table, where, order, limit } = read
    // half a row cannot be held against a condition
    if (read.columns) return UNSURE
    const full = found.length >= limit
    const matches = (row: Row) => holds(where, (column) => row[column])
    const last = found.at(-1)
    const isBehind = (row: Row) => full && (last === undefined || compareRows(row, last, order) > 0)
    let seen: Map<string, Row> | null = null
    let same = true
    for (const [name, made] of rows) {
      // the commonest of all: a new row behind the page
      if (made.fresh && made.row && isBehind(made.row)) continue
      seen ??= new Map(found.map((row) => [rowName(table, row), row]))
      const before = seen.get(name)
      if (made.set !== undefined && !before) {
        // it did not match, or stands behind the page
        if (full || columnsIn(where).some((column) => Object.hasOwn(made.set!, column))) return UNSURE
        continue
      }
      const row = made.row === null ? null : made.set === undefined ? storedIn(made) : { ...before!, ...storedIn(made) }
      if (row !== null && matches(row)) {
        // behind a full page there are others, and one of them may come first now
        if (full && before && compareRows(before, row, order) !== 0) return UNSURE
        if (!before && isBehind(row)) continue
        same = false
        seen.set(name, row)
      } else if (before) {
        if (full) return UNSURE
        same = false
        seen.delete(name)
      }
    }
    if (seen === null || same) return found
    return [...seen.values()].sort((a, b) => compareRows(a, b, order)).slice(0, limit)
  }

  function foldSeen(read: ReadOf<'fold'>, found: readonly Fold[], rows: ReadonlyMap<string, Made>): unknown {
    if (read.by.length > 0 || found.length !== 1) return UNSURE
    let [{ count, sum }] = found as readonly [Fold]
    for (const made of rows.values()) {
      if (!made.fresh) return UNSURE
      if (!made.row) continue
      const row = storedIn(made)
      if (!holds(read.where, (column) => row[column])) continue
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
      if (made.row === null) return null
      if (made.set === undefined) return storedIn(made)
      return found === null ? UNSURE : { ...(found as Row), ...storedIn(made) }
    },
  }
}

/** Columns as a storage gives them back. */
function asStored(of: Table, columns: Row): Row {
  const stored: { [column: string]: Row[string] } = {}
  for (const column in columns) {
    const value = columns[column] ?? null
    stored[column] = of.columns[column]!.type === 'json' && value !== null ? JSON.parse(JSON.stringify(value)) : value
  }
  return stored
}
