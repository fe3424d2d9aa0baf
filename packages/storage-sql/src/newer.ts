import { type MaybePromise, type Session, type Steps, whenDone } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import type { Connection } from './connection.ts'
import { migrationsOf } from './ddl.ts'
import { newerSchema } from './errors.ts'
import { type MigrationId, nameOf } from './migrate.ts'
import type { Statement } from './statement.ts'
import { migrationTable } from './work-tables.ts'

/** Refuses a database with breaking steps of a declared package that this version of it does not know. Looks only, raises nothing in SQL. */
export function* refuseNewer(catalog: Catalog): Steps<Statement, void> {
  const { asText, build, columnsOf, name, rows } = catalog.dialect
  const table = catalog.named(migrationTable.name)
  // a database that has not come that far has no breaking step
  const columns = JSON.parse((yield columnsOf(table)) as string) as readonly (readonly [string])[]
  if (!columns.some(([column]) => column === 'breaking')) return
  const breaking = sql`select ${asText(rows(['package', 'id']))} from ${sql.table(table)} where "breaking" is true`
  const applied = JSON.parse((yield { text: breaking.compile(build).sql, params: [] }) as string) as [string, number][]
  const known = new Set(migrationsOf(catalog).map(nameOf))
  const unknown = applied.map(([of, id]): MigrationId => ({ package: of, id })).filter((one) => !known.has(nameOf(one)))
  const of = unknown.find((one) => one.package === 'storage' || catalog.packages.has(one.package))?.package
  if (of === undefined) return
  const steps = unknown.filter((one) => one.package === of).map((one) => one.id)
  throw newerSchema(
    name,
    of,
    steps.sort((a, b) => a - b),
  )
}

/** Runs work once the database was found not to be too new: looked at before the first work, and again when a package came to it. */
export function refusingNewer(catalog: Catalog, connection: Connection) {
  let lookedFor = 0
  return <T>(session: Session | undefined, work: () => MaybePromise<T>): MaybePromise<T> => {
    const packages = 1 + catalog.packages.size
    if (lookedFor === packages) return work()
    const looking = refuseNewer(catalog)
    return whenDone(session ? connection.joined(session, looking) : connection.alone(looking), () => {
      lookedFor = packages
      return work()
    })
  }
}
