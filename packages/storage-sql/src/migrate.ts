import type { AppliedSteps, Steps } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import { type Applicable, createMigrationTable, migrationsOf } from './ddl.ts'
import type { Statement } from './statement.ts'
import { migrationTable } from './work-tables.ts'

/** The DDL of the steps after `from` as text to run by hand; it records itself, so that `migrate` afterwards finds nothing to do. */
export function printMigrations(catalog: Catalog, from: AppliedSteps = {}): string {
  const left = migrationsOf(catalog).filter((one) => one.id > (from[one.package] ?? 0))
  const steps = left.flatMap((one) => ['', `-- ${one.package} ${one.id}`, ...[...one.statements, one.record].map(ended)])
  if (from.storage) return steps.slice(1).map(line).join('')
  const { build, schema } = catalog.dialect
  const place = schema === null ? [] : [ended(build.schema.createSchema(schema).ifNotExists().compile().sql)]
  return [...place, ended(createMigrationTable(catalog)), ...steps].map(line).join('')
}

const line = (text: string): string => `${text}\n`

const ended = (statement: string): string => `${statement};`

/** Migrations that the database has no record of. Looks only. */
export function* missingMigrations(catalog: Catalog): Steps<Statement, readonly Applicable[]> {
  const applied = new Set((yield* appliedMigrations(catalog)).map(nameOf))
  return migrationsOf(catalog).filter((one) => !applied.has(nameOf(one)))
}

/** Applies what is missing; runs inside a transaction that writes, so a second process waits and then finds it done. */
export function* applyMissing(catalog: Catalog): Steps<Statement, number> {
  const { beforeMigrating, hasTable } = catalog.dialect
  for (const { text, params, unless } of beforeMigrating) {
    if (unless === undefined || (yield { text: unless, params }) === null) yield { text, params: unless === undefined ? params : [] }
  }
  // looked for first: even "if not exists" asks for rights, and tells the console, where it is there
  if ((yield hasTable(catalog.named(migrationTable.name))) === null) yield plain(createMigrationTable(catalog))
  const missing = yield* missingMigrations(catalog)
  for (const one of missing) {
    for (const statement of one.statements) yield plain(statement)
    yield plain(one.record)
  }
  return missing.length
}

/** A migration by its package and number. */
export type MigrationId = Pick<Applicable, 'package' | 'id'>

/** What the database says was applied. */
export function* appliedMigrations(catalog: Catalog): Steps<Statement, readonly MigrationId[]> {
  const { asText, build, hasTable, rows } = catalog.dialect
  if ((yield hasTable(catalog.named(migrationTable.name))) === null) return []
  const query = build.selectFrom(catalog.named(migrationTable.name)).select(asText(rows(['package', 'id'])).as('applied'))
  return (JSON.parse((yield plain(query.compile().sql)) as string) as [string, number][]).map(([of, id]) => ({ package: of, id }))
}

/** The last step of each package that the database has. */
export function* lastApplied(catalog: Catalog): Steps<Statement, AppliedSteps> {
  const last: { [of: string]: number } = {}
  for (const { package: of, id } of yield* appliedMigrations(catalog)) last[of] = Math.max(id, last[of] ?? 0)
  return last
}

/** A migration by name. */
export const nameOf = (one: MigrationId): string => `${one.package} ${one.id}`

const plain = (text: string): Statement => ({ text, params: [] })
