import { rowName } from './table.ts'
import type { Add, TimerWrite, Unique, Unit, Write } from './unit.ts'

/**
 * One unit that leaves behind what some units leave that go in one after another, each on the head that the one before
 * it wrote. Null where no single unit does: then they have to go one by one. Timers that are set several times count one
 * generation, since nobody can have leased them in between.
 */
export function merged(units: readonly Unit[]): Unit | null {
  const [first, last] = [units[0]!, units.at(-1)!]
  const rows = new Map<string, RowWrite>()
  const adds = new Map<string, Add>()
  const timers = new Map<string, TimerWrite>()
  for (const [i, unit] of units.entries()) {
    if (unit.fired || unit.heads.length !== 1 || (i > 0 && !follows(unit, units[i - 1]!))) return null
    for (const one of [...(unit.unique ?? []), ...unit.writes]) if (!addRow(rows, one)) return null
    for (const add of unit.adds ?? []) if (!addTo(adds, add)) return null
    for (const timer of unit.timers) {
      if (timer.timer === 'failed') return null
      timers.set(`${timer.queue}\u0000${timer.key}`, timer)
    }
  }
  const { kind, subject, from } = first.heads[0]!
  const all = [...rows.values()]
  return {
    tenant: first.tenant,
    heads: [{ kind, subject, from, to: last.heads[0]!.to }],
    unique: all.filter((one): one is Unique => !('write' in one)),
    adds: [...adds.values()],
    writes: all.filter((one): one is Write => 'write' in one),
    events: units.flatMap((unit) => unit.events),
    timers: [...timers.values()],
  }
}

/** Whether a unit goes on from where another leaves their one subject. */
export function follows(unit: Unit, before: Unit): boolean {
  const [own, other] = [unit.heads[0]!, before.heads[0]!]
  return unit.tenant === before.tenant && own.kind === other.kind && own.subject === other.subject && own.from.version === other.to.version
}

/** What happens to one row: a `Unique` has no `write`. */
type RowWrite = Unique | Write

function addRow(rows: Map<string, RowWrite>, next: RowWrite): boolean {
  const name = rowName(next.table, 'row' in next ? next.row : next.key)
  const before = rows.get(name)
  const both = before ? inTurn(before, next) : next
  if (both) rows.set(name, both)
  return both !== null
}

/** Two writes of one row as one. What relies on the row being there, or not, must not come to rely on something else. */
function inTurn(before: RowWrite, next: RowWrite): RowWrite | null {
  if (!('write' in next) || next.write === 'insert' || next.write === 'remove') return null
  if ('row' in next) return 'row' in before ? { ...before, row: next.row } : null
  if ('row' in before) return { ...before, row: { ...before.row, ...next.set } }
  return 'set' in before ? { ...before, set: { ...before.set, ...next.set } } : null
}

/** Steps in one direction under one bound: the last of them is the furthest, and the one that may pass it. */
function addTo(adds: Map<string, Add>, next: Add): boolean {
  const name = `${rowName(next.table, next.key)}\u0000${next.column}`
  const before = adds.get(name)
  if (before && (before.min !== next.min || before.max !== next.max || before.by < 0 !== next.by < 0)) return false
  adds.set(name, before ? { ...before, by: before.by + next.by } : next)
  return true
}
