import type { Steps, View } from '@patronkit/core/storage'
import type { Catalog } from './catalog.ts'
import { isRequired, migrationsOf } from './ddl.ts'
import { appliedMigrations, nameOf } from './migrate.ts'
import { type Relation, relationOf } from './relation.ts'
import type { Statement } from './statement.ts'
import { createView } from './views.ts'
import { migrationTable, workTables } from './work-tables.ts'

/** What is different in the database from what the declared packages expect, one line each. */
export function* driftOf(catalog: Catalog): Steps<Statement, readonly string[]> {
  const lines: string[] = []
  for (const relation of [migrationTable, ...workTables, ...[...catalog.tables.values()].map(relationOf)]) {
    lines.push(...(yield* driftOfTable(catalog, relation)))
  }
  for (const { views } of catalog.packages.values()) {
    for (const view of views ?? []) lines.push(...(yield* driftOfView(catalog, view)))
  }
  const known = new Set(migrationsOf(catalog).map(nameOf))
  const packages = new Set(['storage', ...catalog.packages.keys()])
  const applied = (yield* appliedMigrations(catalog)).map(nameOf)
  for (const name of applied) {
    if (packages.has(name.split(' ')[0]!) && !known.has(name)) lines.push(`migration ${name} was applied by a newer version`)
  }
  for (const name of known) if (!applied.includes(name)) lines.push(`migration ${name} was not applied`)
  return lines
}

function* driftOfTable(catalog: Catalog, relation: Relation): Steps<Statement, readonly string[]> {
  const { dialect } = catalog
  const name = catalog.named(relation.name)
  if ((yield dialect.hasTable(name)) === null) return [`table ${name} is missing`]
  const lines: string[] = []
  const columns = JSON.parse((yield dialect.columnsOf(name)) as string) as [string, string, number | boolean, number][]
  const found = new Map(columns.map(([column, ...rest]) => [column, rest]))
  for (const column of relation.columns) {
    const there = found.get(column.name)
    found.delete(column.name)
    if (!there) {
      lines.push(`column ${name}.${column.name} is missing`)
      continue
    }
    const [type, required, place] = there
    const expected = dialect.columnType(column.type)
    if (type !== expected) lines.push(`column ${name}.${column.name} is ${type}, expected ${expected}`)
    if (Boolean(required) !== isRequired(column)) lines.push(`column ${name}.${column.name} is ${required ? 'not null' : 'nullable'}`)
    const key = relation.key.indexOf(column.name) + 1
    if (place !== key) lines.push(`column ${name}.${column.name} stands at place ${place} of the key, expected ${key}`)
  }
  for (const column of found.keys()) lines.push(`column ${name}.${column} is not expected`)
  const indexes = new Map(
    (JSON.parse((yield dialect.indexesOf(name)) as string) as [string, string[]][]).map(([index, of]) => [index, of.join(', ')]),
  )
  for (const index of relation.indexes) {
    const name = catalog.bare(index.name)
    const there = indexes.get(name)
    const expected = index.columns.join(', ')
    if (there === undefined) lines.push(`index ${name} is missing`)
    else if (there !== expected) lines.push(`index ${name} is over ${there}, expected ${expected}`)
  }
  // indexes that the host added for its own queries are its own business
  return lines
}

interface FoundView {
  readonly columns: readonly (readonly [name: string, type: string | null])[]
  /** As it was written, where the engine keeps that. */
  readonly text?: string
}

function* driftOfView(catalog: Catalog, view: View): Steps<Statement, readonly string[]> {
  const { typeOf, viewOf } = catalog.dialect.views
  const name = catalog.named(view.name)
  const answer = yield viewOf(name)
  if (answer === null) return [`view ${name} is missing`]
  const found = JSON.parse(answer as string) as FoundView
  const there = new Map(found.columns)
  const lines: string[] = []
  const expected = {
    tenant: 'text' as const,
    ...Object.fromEntries(Object.entries(view.columns).map(([column, { type }]) => [column, type])),
  }
  for (const [column, type] of Object.entries(expected)) {
    if (!there.has(column)) lines.push(`column ${name}.${column} is missing`)
    else if (there.get(column) !== typeOf(type)) lines.push(`column ${name}.${column} is ${there.get(column)}, expected ${typeOf(type)}`)
    there.delete(column)
  }
  for (const column of there.keys()) lines.push(`column ${name}.${column} is not expected`)
  if (lines.length === 0 && found.text !== undefined && worded(found.text) !== worded(createView(catalog, view))) {
    lines.push(`view ${name} is not as it was published`)
  }
  return lines
}

/** SQLite keeps the words that begin a statement in capitals. */
const worded = (text: string): string => text.replace(/^create view /i, '')
