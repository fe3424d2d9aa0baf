import {
  type Add,
  fitsBounds,
  laneOf,
  outOfBounds,
  type Row,
  type Table,
  type TimerWrite,
  taken,
  type Unit,
  type UnitAnswer,
  type Write,
} from '@patronkit/core/storage'
import { type Found, keyIn, rowId } from './postgres-lock.ts'
import { appendEvent, claimHead, eventCells, failTimer, moveHead, removeTimer, setTimer, tasksOf } from './postgres-tasks.ts'
import { createWrites, type Writes } from './postgres-write.ts'
import type { TablePlan } from './rows.ts'
import { integerParameter, textParameter } from './values.ts'

/** What becomes of some units, and what is to be written. */
export interface Decided {
  readonly answers: readonly UnitAnswer[]
  readonly writes: Writes
  /** Several changes of one timer by one unit: each sees the one before. */
  readonly later: readonly { readonly tenant: string; readonly timer: TimerWrite }[]
}

type Plan = (of: Table) => TablePlan

/** Holds units against what was found, one after the other; those that hold are written. */
export function deciding(plan: Plan): (units: readonly Unit[], found: Found) => Decided {
  return (units, found) => {
    const writes = createWrites()
    const later: { tenant: string; timer: TimerWrite }[] = []
    const counters = countersOf(plan, found)
    const answers = units.map((unit): UnitAnswer => {
      const refused = refusalOf(plan, unit, found, counters)
      if (refused) return refused
      for (const add of unit.adds ?? []) counters.add(unit.tenant, add)
      writeUnit(plan, unit, writes, later)
      return DONE
    })
    counters.write(writes)
    return { answers, writes, later }
  }
}

export const DONE: UnitAnswer = Object.freeze({ outcome: 'done' })

/** Why a unit does not hold, or null. */
export function refusalOf(plan: Plan, unit: Unit, found: Found, counters: Counters): UnitAnswer | null {
  const { tenant, fired } = unit
  for (const { kind, subject, from } of unit.heads) {
    const version = found.version(tenant, kind, subject)
    if (version !== from.version) return { outcome: 'conflict', subject: `${kind} ${subject}`, found: version }
  }
  if (fired && found.lease(tenant, fired.queue, fired.key) !== `${fired.generation} ${fired.lease}`) {
    return { outcome: 'stale-timer', queue: fired.queue, key: fired.key }
  }
  for (const add of unit.adds ?? []) {
    const stands = counters.stands(tenant, add)
    if (!fitsBounds(add, stands + add.by)) return outOfBounds(add, stands)
  }
  for (const unique of unit.unique ?? []) if (found.present(plan(unique.table), tenant, unique.row)) return taken(unique)
  return null
}

/** Where counters stand while units go in. */
export interface Counters {
  readonly stands: (tenant: string, add: Add) => number
  readonly add: (tenant: string, add: Add) => void
  readonly write: (writes: Writes) => void
}

/** Counters as the units of one run move them; a row is written once, with where it ended. */
export function countersOf(plan: Plan, found: Found): Counters {
  const moved = new Map<string, { readonly of: TablePlan; readonly tenant: string; readonly key: Row; readonly now: Map<string, number> }>()
  const id = (tenant: string, add: Add) => `${add.table.name} ${rowId(tenant, keyIn(plan(add.table), add.key))}`
  const standing = (tenant: string, add: Add) => moved.get(id(tenant, add))?.now ?? found.counters(plan(add.table), tenant, add.key)
  const stands = (tenant: string, add: Add) => standing(tenant, add)?.get(add.column) ?? 0
  return {
    stands,
    add: (tenant, add) => {
      const now = new Map(standing(tenant, add))
      now.set(add.column, stands(tenant, add) + add.by)
      moved.set(id(tenant, add), { of: plan(add.table), tenant, key: add.key, now })
    },
    write: (writes) => {
      for (const { of, tenant, key, now } of moved.values()) {
        const row = { ...Object.fromEntries(of.columns.map((column) => [column, now.get(column) ?? 0])), ...key }
        const tasks = tasksOf(of)
        const { task, cells } = tasks.change(tasks.rest)
        if (found.counters(of, tenant, key)) writes.add(task, cells(tenant, key, row))
        else writes.add(tasks.claim, tasks.row(tenant, row))
      }
    },
  }
}

/** Everything a unit writes but its counters. */
export function writeUnit(plan: Plan, unit: Unit, writes: Writes, later: { tenant: string; timer: TimerWrite }[]): void {
  const { tenant, fired, timers } = unit
  for (const { kind, subject, from, to } of unit.heads) {
    writes.add(from.version === 0 ? claimHead : moveHead, [
      tenant,
      textParameter(kind, 'a kind'),
      textParameter(subject, 'a subject'),
      integerParameter(to.version, 'a version'),
      integerParameter(to.lastAt, 'an instant'),
      integerParameter(to.seq, 'a seq'),
      textParameter(to.chain, 'a chain'),
    ])
  }
  for (const { table, row } of unit.unique ?? []) {
    const tasks = tasksOf(plan(table))
    writes.add(tasks.claim, tasks.row(tenant, row))
  }
  for (const write of unit.writes) writeRow(plan(write.table), tenant, write, writes)
  for (const event of unit.events) writes.add(appendEvent, eventCells(event))
  if (timers.length === 0 && !fired) return
  const names = timers.map((timer) => rowId(timer.queue, [timer.key]))
  if (new Set(names).size < names.length) for (const timer of timers) later.push({ tenant, timer })
  else for (const timer of timers) writeTimer(tenant, timer, writes)
  if (fired && !names.includes(rowId(fired.queue, [fired.key]))) writeTimer(tenant, { ...fired, timer: 'cancel' }, writes)
}

function writeRow(of: TablePlan, tenant: string, write: Write, writes: Writes): void {
  const tasks = tasksOf(of)
  if ('row' in write) writes.add(tasks[write.write], tasks.row(tenant, write.row))
  else if (write.write === 'remove') writes.add(tasks.remove, tasks.key(tenant, write.key))
  else if (Object.keys(write.set).length === 0) writes.add(tasks.look, tasks.key(tenant, write.key))
  else {
    const { task, cells } = tasks.change(Object.keys(write.set))
    writes.add(task, cells(tenant, write.key, write.set))
  }
}

function writeTimer(tenant: string, timer: TimerWrite, writes: Writes): void {
  const [queue, key] = [textParameter(timer.queue, 'a queue'), textParameter(timer.key, 'a key')]
  if (timer.timer === 'cancel') {
    writes.add(removeTimer, [tenant, queue, key])
    return
  }
  const dueAt = integerParameter(timer.dueAt, 'an instant')
  if (timer.timer === 'set') writes.add(setTimer, [tenant, queue, key, String(laneOf(tenant)), dueAt])
  else writes.add(failTimer, [tenant, queue, key, dueAt, textParameter(timer.error, 'a text'), timer.parked ? '1' : '0'])
}
