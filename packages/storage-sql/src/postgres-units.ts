import type { MaybePromise, Session, Table, Unit, UnitAnswer } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import type { Connection } from './connection.ts'
import { postgresCommit } from './postgres-commit.ts'
import { DONE } from './postgres-decide.ts'
import { postgresSingle } from './postgres-single.ts'
import type { TablePlan } from './rows.ts'

/** Commits units on Postgres: in one statement where all goes well, else in a transaction of two, which tells what did not. */
export function postgresUnits(catalog: Catalog, plan: (of: Table) => TablePlan, connection: Connection) {
  const commit = postgresCommit(catalog, plan)
  const single = postgresSingle(catalog, plan)
  const longer = (units: readonly Unit[]) => connection.writing(() => commit(units, true))

  async function alone(units: readonly Unit[]): Promise<readonly UnitAnswer[]> {
    try {
      if (await connection.once(() => single.commit(units))) return units.map(() => DONE)
    } catch (error) {
      const fault = catalog.dialect.fault(error)
      if (fault !== 'broken-write' && fault !== 'duplicate') throw error
    }
    return longer(units)
  }

  return (units: readonly Unit[], session?: Session): MaybePromise<readonly UnitAnswer[]> => {
    if (units.length === 0) return []
    if (session) return connection.joined(session, commit(units, false))
    return single.fits(units) ? alone(units) : longer(units)
  }
}
