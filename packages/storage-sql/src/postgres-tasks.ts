import { laneOf, type Row, type StoredEvent } from '@patronkit/core/storage'
import { unknownColumn } from './errors.ts'
import { type Relation, relationOf } from './relation.ts'
import type { TablePlan } from './rows.ts'
import { integerParameter, textParameter } from './values.ts'
import { eventTable, headTable, timerTable } from './work-tables.ts'

/**
 * What is done to a table. `claim` inserts a row that somebody else may be inserting at this moment: unless every row of
 * every claim went in, nothing else is written.
 */
export type Doing = 'claim' | 'insert' | 'put' | 'change' | 'remove' | 'look' | 'set-timer' | 'fail-timer'

/** A row on its way: texts or null in the order of its columns. The tenant stands first, then the rest of the key. */
export type Cells = readonly (string | null)[]

/** What is done to rows of a table. Made once, so that rows to which the same is done find one another by it. */
export interface Task {
  readonly doing: Doing
  readonly relation: Relation
  /** The columns that travel, the key first; of a change, those that change are the ones outside the key. */
  readonly columns: readonly string[]
  /** No other task has it. By it tasks stand in one order in all commits, claims first. */
  readonly name: string
}

function taskOf(doing: Doing, relation: Relation, columns: readonly string[]): Task {
  const changed = doing === 'change' ? columns.slice(relation.key.length).join() : ''
  return { doing, relation, columns, name: `${doing === 'claim' ? 0 : 1} ${relation.name} ${doing} ${changed}` }
}

const keyFirst = ({ key, columns }: Relation): readonly string[] => [
  ...key,
  ...columns.map((column) => column.name).filter((name) => !key.includes(name)),
]

export const claimHead: Task = taskOf('claim', headTable, keyFirst(headTable))
export const moveHead: Task = taskOf('change', headTable, keyFirst(headTable))
export const setTimer: Task = taskOf('set-timer', timerTable, [...timerTable.key, 'lane', 'due_at'])
export const failTimer: Task = taskOf('fail-timer', timerTable, [...timerTable.key, 'due_at', 'last_error', 'parked'])
export const removeTimer: Task = taskOf('remove', timerTable, timerTable.key)
/** A new event has no position. */
export const appendEvent: Task = taskOf(
  'insert',
  eventTable,
  keyFirst(eventTable).filter((column) => column !== 'position'),
)

/** An event in the order of {@link appendEvent}. */
export function eventCells(e: StoredEvent): Cells {
  const text = (value: string | null) => (value === null ? null : textParameter(value, 'a text'))
  const integer = (value: number) => integerParameter(value, 'an integer')
  return [
    e.tenant,
    text(e.kind),
    text(e.subject),
    integer(e.seq),
    text(e.type),
    integer(e.v),
    integer(e.effectiveAt),
    integer(e.recordedAt),
    text(e.actor),
    text(e.causation),
    text(e.correlation),
    text(e.body),
    text(e.salt),
    text(e.bodyHash),
    text(e.hash),
    String(laneOf(e.tenant)),
  ]
}

/** What can be done to the rows of a declared table, and how they travel. */
export interface TableTasks {
  readonly relation: Relation
  /** The columns outside the key. */
  readonly rest: readonly string[]
  readonly claim: Task
  readonly insert: Task
  readonly put: Task
  readonly remove: Task
  readonly look: Task
  readonly change: (columns: readonly string[]) => Change
  /** A whole row. */
  readonly row: (tenant: string, row: Row) => Cells
  readonly key: (tenant: string, key: Row) => Cells
}

/** A change of some columns. */
export interface Change {
  readonly task: Task
  readonly cells: (tenant: string, key: Row, set: Row) => Cells
}

const made = new WeakMap<TablePlan, TableTasks>()

/** The tasks of a table, made at their first use. */
export function tasksOf(plan: TablePlan): TableTasks {
  let tasks = made.get(plan)
  if (!tasks) {
    tasks = tableTasks(plan)
    made.set(plan, tasks)
  }
  return tasks
}

function tableTasks(plan: TablePlan): TableTasks {
  const relation = relationOf(plan.table)
  const all = keyFirst(relation)
  const { key } = plan.table
  const changes = new Map<string, { readonly given: readonly string[]; readonly change: Change }>()
  const encoding = (columns: readonly string[]) => {
    const encode = columns.map((column) => plan.encode[column]!)
    return (cells: (string | null)[], row: Row): Cells => {
      for (let i = 0; i < columns.length; i++) cells.push(encode[i]!(row[columns[i]!]))
      return cells
    }
  }
  const whole = encoding(all.slice(1))
  const ofKey = encoding(key)
  const changeOf = (given: readonly string[]): Change => {
    for (const column of given) {
      if (!Object.hasOwn(plan.encode, column) || key.includes(column)) throw unknownColumn(plan.table.name, column)
    }
    const changed = [...given].sort()
    const ofChanged = encoding(changed)
    return {
      task: taskOf('change', relation, [...relation.key, ...changed]),
      cells: (tenant, keyRow, set) => ofChanged(ofKey([tenant], keyRow) as (string | null)[], set),
    }
  }
  return {
    relation,
    rest: all.slice(relation.key.length),
    claim: taskOf('claim', relation, all),
    insert: taskOf('insert', relation, all),
    put: taskOf('put', relation, all),
    remove: taskOf('remove', relation, relation.key),
    look: taskOf('look', relation, relation.key),
    change: (given) => {
      const name = given.join()
      const known = changes.get(name)
      // no declared column has a comma in its name, so names as many that read alike are the same
      if (known?.given.length === given.length) return known.change
      const change = changeOf(given)
      changes.set(name, { given, change })
      return change
    },
    row: (tenant, row) => whole([tenant], row),
    key: (tenant, row) => ofKey([tenant], row),
  }
}
