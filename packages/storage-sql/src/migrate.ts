import type { Steps } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import { type Applicable, createMigrationTable, migrationsOf } from './ddl.ts'
import type { Statement } from './statement.ts'
import { migrationTable } from './work-tables.ts'

/** All DDL as text to run by hand; it records itself, so that `migrate` afterwards finds nothing to do. */
export function printMigrations(catalog: Catalog): string {
  const steps = migrationsOf(catalog).flatMap((one) => ['', `-- ${one.package} ${one.id}`, ...[...one.statements, one.record].map(ended)])
  const schema = catalog.dialect.schema === null ? [] : [ended(createSchema(catalog.dialect.schema))]
  return `${[...schema, ended(createMigrationTable(catalog)), ...steps].join('\n')}\n`
}

const createSchema = (name: string): string => `create schema if not exists "${name}"`

const ended = (statement: string): string => `${statement};`

/** Migrations that the database has no record of. Looks only. */
export function* missingMigrations(catalog: Catalog): Steps<Statement, readonly Applicable[]> {
  const applied = new Set(yield* appliedMigrations(catalog))
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

/** What the database says was applied, as `package id`. */
export function* appliedMigrations(catalog: Catalog): Steps<Statement, readonly string[]> {
  const { asText, build, hasTable, rows } = catalog.dialect
  if ((yield hasTable(catalog.named(migrationTable.name))) === null) return []
  const query = build.selectFrom(catalog.named(migrationTable.name)).select(asText(rows(['package', 'id'])).as('applied'))
  return (JSON.parse((yield plain(query.compile().sql)) as string) as [string, number][]).map(([of, id]) => nameOf({ package: of, id }))
}

/** A migration by name. */
export const nameOf = (one: { readonly package: string; readonly id: number }): string => `${one.package} ${one.id}`

const plain = (text: string): Statement => ({ text, params: [] })
