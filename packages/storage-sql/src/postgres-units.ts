import type { MaybePromise, Session, Table, Unit, UnitAnswer } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import type { Connection } from './connection.ts'
import { postgresCommit } from './postgres-commit.ts'
import { postgresSingle, type Settled } from './postgres-single.ts'
import type { TablePlan } from './rows.ts'

/** Commits units on Postgres: in one statement where that can be, else in a transaction of two. */
export function postgresUnits(catalog: Catalog, plan: (of: Table) => TablePlan, connection: Connection) {
  const commit = postgresCommit(catalog, plan)
  const single = postgresSingle(catalog, plan)
  const longer = (units: readonly Unit[]) => connection.writing(() => commit(units, true))

  async function alone(units: readonly Unit[]): Promise<readonly UnitAnswer[]> {
    let settled: Settled
    try {
      settled = await connection.once(() => single.commit(units))
    } catch (error) {
      if (catalog.dialect.fault(error) !== 'broken-write') throw error
      // nothing of it was written; the longer way says which row it was
      return longer(units)
    }
    const left = units.filter((_, i) => settled[i] === null)
    if (left.length === 0) return settled as readonly UnitAnswer[]
    const rest = [...(await longer(left))]
    return settled.map((answer) => answer ?? rest.shift()!)
  }

  return (units: readonly Unit[], session?: Session): MaybePromise<readonly UnitAnswer[]> => {
    if (units.length === 0) return []
    if (session) return connection.joined(session, commit(units, false))
    return single.fits(units) ? alone(units) : longer(units)
  }
}
