import type { Steps, Table, Unit, UnitAnswer } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import { busy, rowExists, rowMissing } from './errors.ts'
import { deciding } from './postgres-decide.ts'
import { locker } from './postgres-lock.ts'
import { runsOf } from './postgres-runs.ts'
import { oneTenant } from './postgres-sets.ts'
import { firstMissing, writer } from './postgres-write.ts'
import type { TablePlan } from './rows.ts'
import { ask, type Statement } from './statement.ts'
import { timerShapes } from './timers.ts'
import { textParameter } from './values.ts'

type Doing<T> = Steps<Statement, T>

/**
 * Commits units in two statements, however many there are: one locks what they guard, in key order, and tells what is
 * there; the other writes those that hold. A guard that does not hold is an answer and raises nothing, so the host's
 * transaction goes on. Units that touch the same rows take their turns.
 */
export function postgresCommit(catalog: Catalog, plan: (of: Table) => TablePlan) {
  const lock = locker(catalog, plan)
  const write = writer(catalog)
  const decide = deciding(plan)
  const timers = timerShapes(catalog)

  function* commitRun(units: readonly Unit[], own: boolean): Doing<readonly UnitAnswer[] | null> {
    const { statement, understand } = lock(units)
    const found = understand(statement === null ? null : ((yield statement) as string))
    const { answers, writes, later } = decide(units, found)
    const groups = writes.groups()
    if (groups.length > 0) {
      const claims = groups.reduce((sum, { task, rows }) => sum + (task.doing === 'claim' ? rows.length : 0), 0)
      // one row that loses its race has written nothing; of several, those that went in have to come out again
      const guarded = claims > 1 && !own
      if (guarded) yield plain('savepoint "patronkit"')
      const written = JSON.parse((yield write(groups, oneTenant(units))) as string) as Parameters<typeof firstMissing>[1]
      const lost = groups.some((group, i) => group.task.doing === 'claim' && written[i] !== null)
      if (lost && own) throw busy(undefined)
      if (lost && guarded) yield plain('rollback to savepoint "patronkit"')
      if (guarded) yield plain('release savepoint "patronkit"')
      if (lost) return null
      const missing = firstMissing(groups, written)
      if (missing) throw missing.doing === 'insert' ? rowExists(missing.relation.name) : rowMissing(missing.relation.name)
    }
    for (const { tenant, timer } of later) {
      yield timer.timer === 'set'
        ? ask(timers.set, tenant, timer)
        : timer.timer === 'cancel'
          ? ask(timers.remove, tenant, timer)
          : ask(timers.failed, tenant, timer)
    }
    return answers
  }

  return function* (units: readonly Unit[], own: boolean): Doing<readonly UnitAnswer[]> {
    for (const { tenant } of units) textParameter(tenant, 'the tenant')
    const runs = runsOf(plan, units)
    // all locks at once, in one order, before the first run writes
    if (runs.length > 1) {
      const { statement } = lock(units)
      if (statement) yield statement
    }
    const answers: UnitAnswer[] = []
    for (const run of runs) {
      let answered: readonly UnitAnswer[] | null = null
      // another commit inserted what this one was about to: look again and see it
      for (let tries = 0; answered === null && tries < MOST_TRIES; tries++) answered = yield* commitRun(run, own)
      if (answered === null) throw busy(undefined)
      answers.push(...answered)
    }
    return answers
  }
}

const MOST_TRIES = 5

const plain = (text: string): Statement => ({ text, params: [] })
