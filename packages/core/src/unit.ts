import { PatronkitError } from './errors.ts'
import type { Head, StoredEvent } from './event.ts'
import { type ColumnType, type Row, rowName, type Table } from './table.ts'

/** Guards a subject and moves it on: nothing of the unit is written unless its head still has version `from.version`. */
export interface HeadMove {
  readonly kind: string
  readonly subject: string
  readonly from: Head
  readonly to: Head
}

/** A row to write. `put` names every column; `change` names the key and some others; `remove` names the key. */
export type Write =
  | { readonly write: 'insert' | 'put'; readonly table: Table; readonly row: Row }
  | { readonly write: 'change'; readonly table: Table; readonly key: Row; readonly set: Row }
  | { readonly write: 'remove'; readonly table: Table; readonly key: Row }

/** Sets a timer (its generation goes up by one, its attempts back to nought) or takes it away. */
export type TimerWrite =
  | { readonly timer: 'set'; readonly queue: string; readonly key: string; readonly dueAt: number }
  | { readonly timer: 'cancel'; readonly queue: string; readonly key: string }
  | {
      readonly timer: 'failed'
      readonly queue: string
      readonly key: string
      readonly dueAt: number
      readonly error: string
      readonly parked: boolean
    }

/** The lease under which a timer is being handled. As a guard: the unit is refused once the timer was set anew or leased again. */
export interface TimerLease {
  readonly queue: string
  readonly key: string
  readonly generation: number
  readonly lease: string
}

/**
 * A row that must not be there yet, such as an idempotency key or a posting. It is inserted as part of the check:
 * when it is there already the unit answers `taken` and has written nothing.
 */
export interface Unique {
  readonly table: Table
  readonly row: Row
}

/**
 * A relative change with bounds, for caps, stock and budgets. Needs no head, so it is safe under any number of writers.
 * A row that is not there counts as 0 in each of its integer columns, and is inserted.
 */
export interface Add {
  readonly table: Table
  readonly key: Row
  readonly column: string
  readonly by: number
  readonly min?: number
  readonly max?: number
}

/**
 * What stands or falls together. Everything is checked first and written after; units of one commit are independent.
 */
export interface Unit {
  readonly tenant: string
  readonly heads: readonly HeadMove[]
  readonly fired?: TimerLease
  readonly unique?: readonly Unique[]
  readonly adds?: readonly Add[]
  readonly writes: readonly Write[]
  readonly events: readonly StoredEvent[]
  readonly timers: readonly TimerWrite[]
}

/** What became of one unit. Anything but `done` has written nothing. */
export type UnitAnswer =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'conflict'; readonly subject: string; readonly found: number }
  | { readonly outcome: 'stale-timer'; readonly queue: string; readonly key: string }
  | { readonly outcome: 'taken'; readonly table: string; readonly key: Row }
  | { readonly outcome: 'out-of-bounds'; readonly table: string; readonly key: Row; readonly column: string; readonly found: number }

/** Refuses, before any engine sees it, a unit whose writes touch one row twice or a subject without its head. */
export function checkUnit(unit: Unit): void {
  const rows = new Set<string>()
  const once = (of: Table, row: Row, part = '') => {
    const id = rowName(of, row)
    if (rows.has(id) || rows.has(id + part)) {
      throw badUnit(`it writes ${of.name} ${JSON.stringify(of.key.map((column) => row[column] ?? null))} twice`)
    }
    rows.add(id + part)
  }
  for (const write of unit.writes) {
    if ('row' in write) checkValues(write.table, write.row, Object.keys(write.table.columns))
    if ('set' in write) checkValues(write.table, write.set, Object.keys(write.set))
    once(write.table, 'row' in write ? write.row : write.key)
  }
  for (const { table, row } of unit.unique ?? []) {
    checkValues(table, row, Object.keys(table.columns))
    once(table, row)
  }
  for (const add of unit.adds ?? []) {
    checkAdd(add)
    once(add.table, add.key, ` ${add.column}`)
  }
  for (const event of unit.events) {
    if (!unit.heads.some((head) => head.kind === event.kind && head.subject === event.subject)) {
      throw badUnit(`it has an event of ${event.kind} ${event.subject} but not its head`)
    }
  }
}

/** Counters stand in tables of their own: beside the key only integers, each of which begins at 0. */
function checkAdd(add: Add): void {
  const { table, key, column, by } = add
  checkValues(table, key, table.key)
  const others = Object.keys(table.columns).filter((name) => !table.key.includes(name))
  if (!others.includes(column)) throw badUnit(`${table.name} has no counter ${column}`)
  if (others.some((name) => table.columns[name]!.type !== 'integer')) throw badUnit(`${table.name} has columns that are no counters`)
  for (const amount of [by, add.min ?? 0, add.max ?? 0]) {
    if (!Number.isSafeInteger(amount)) throw badUnit(`${table.name}.${column} cannot be changed by or bounded with ${amount}`)
  }
}

/** Every engine may rely on the types of what it is given. */
function checkValues(of: Table, row: Row, columns: readonly string[]): void {
  for (const name of columns) {
    const column = of.columns[name]
    if (!column) throw badUnit(`${of.name} has no column ${name}`)
    const value = row[name]
    if (value === null && column.nullable) continue
    if (!fits(column.type, value)) throw badUnit(`${of.name}.${name} cannot hold ${String(value).slice(0, 60)} (${column.type})`)
  }
}

function fits(type: ColumnType, value: unknown): boolean {
  if (type === 'integer' || type === 'instant') return Number.isSafeInteger(value)
  if (type === 'boolean') return typeof value === 'boolean'
  if (type === 'json') return value !== undefined && value !== null
  // Postgres cannot hold U+0000, and drivers replace half a surrogate pair without a word
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')
}

const badUnit = (why: string) =>
  new PatronkitError({
    code: 'core/bad-unit',
    message: `the unit was refused: ${why}. Make its writes disjoint, each under a head.`,
    details: { why },
  })

/** Whether a counter may come to stand there. Without bounds of its own it stays within what can be counted. */
export const fitsBounds = (add: Add, after: number): boolean =>
  after >= (add.min ?? -Number.MAX_SAFE_INTEGER) && after <= (add.max ?? Number.MAX_SAFE_INTEGER)

/** The answer to an add that does not fit. */
export const outOfBounds = (add: Add, found: number): UnitAnswer => ({
  outcome: 'out-of-bounds',
  table: add.table.name,
  key: keyIn(add.table, add.key),
  column: add.column,
  found,
})

/** The answer to a unique row that is there already. */
export const taken = ({ table, row }: Unique): UnitAnswer => ({ outcome: 'taken', table: table.name, key: keyIn(table, row) })

const keyIn = (of: Table, row: Row): Row => Object.fromEntries(of.key.map((column) => [column, row[column]!]))
