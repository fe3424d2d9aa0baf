import type { Unit } from '@patronkit/core/storage'
import { keyIn, rowId } from './postgres-lock.ts'
import type { TablePlan } from './rows.ts'

/** Units that go in one after the other and touch nothing in common, so that one statement can write them all. */
export function runsOf(plan: (of: TablePlan['table']) => TablePlan, units: readonly Unit[]): readonly (readonly Unit[])[] {
  if (units.length === 1) return [units]
  const runs: Unit[][] = []
  let touched = new Set<string>()
  for (const unit of units) {
    const ids = touchedBy(plan, unit)
    if (runs.length === 0 || ids.some((id) => touched.has(id))) {
      runs.push([])
      touched = new Set()
    }
    runs.at(-1)!.push(unit)
    for (const id of ids) touched.add(id)
  }
  return runs
}

/** Counters are left out: one run adds them up. */
function touchedBy(plan: (of: TablePlan['table']) => TablePlan, unit: Unit): readonly string[] {
  const { tenant } = unit
  const row = (of: TablePlan['table'], key: Parameters<typeof keyIn>[1]) => `row ${of.name} ${rowId(tenant, keyIn(plan(of), key))}`
  const timers = unit.fired ? [...unit.timers, unit.fired] : unit.timers
  return [
    ...unit.heads.map((head) => `head ${rowId(tenant, [head.kind, head.subject])}`),
    ...timers.map((timer) => `timer ${rowId(tenant, [timer.queue, timer.key])}`),
    ...unit.writes.map((write) => row(write.table, 'row' in write ? write.row : write.key)),
    ...(unit.unique ?? []).map((unique) => row(unique.table, unique.row)),
  ]
}
