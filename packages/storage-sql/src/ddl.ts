import type { ColumnType, Migration, MigrationStep } from '@patronkit/core/storage'
import { type CreateTableBuilder, type Expression, sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { indexOf, type Relation, type RelationColumn, type RelationIndex, relationOf } from './relation.ts'
import { createView, dropView } from './views.ts'
import { migrationTable, workTables } from './work-tables.ts'

/** One migration of one package as statements. */
export interface Applicable {
  readonly package: string
  readonly id: number
  readonly statements: readonly string[]
  /** Records that it was applied. */
  readonly record: string
}

/** Every migration the catalog knows, in the order to apply: the engine's own tables first. */
export function migrationsOf(catalog: Catalog): readonly Applicable[] {
  const own = ownSteps(catalog).map((statements, i) => applicable(catalog, 'storage', { id: i + 1 }, statements))
  const declared = [...catalog.packages.values()].flatMap((schema) =>
    schema.migrations.map((migration) => applicable(catalog, schema.package, migration, statementsOf(catalog, migration))),
  )
  return [...own, ...declared]
}

/** The steps of the engine's own tables, append-only like those of any package. */
const ownSteps = (catalog: Catalog): readonly (readonly string[])[] => [
  workTables.flatMap((table) => createTable(catalog, table)),
  [addColumn(catalog, migrationTable.name, BREAKING, 'boolean')],
]

/** Came with the second of those steps. */
const BREAKING = 'breaking'

/** The table that remembers migrations, as the first step finds it. It is made before that. */
export const createMigrationTable = (catalog: Catalog): string =>
  createTable(catalog, { ...migrationTable, columns: migrationTable.columns.filter(({ name }) => name !== BREAKING) }, true)[0]!

function applicable(
  catalog: Catalog,
  of: string,
  { id, breaking }: Pick<Migration, 'id' | 'breaking'>,
  statements: readonly string[],
): Applicable {
  const { cast, build, nowMs } = catalog.dialect
  const values: { readonly [column: string]: Expression<unknown> } = {
    package: sql.lit(of),
    id: sql.lit(id),
    applied_at: nowMs,
    ...(breaking ? { [BREAKING]: cast('boolean', sql.lit('1')) } : {}),
  }
  const record = sql`insert into ${sql.table(catalog.named(migrationTable.name))} (${sql.join(Object.keys(values).map((name) => sql.ref(name)))})
    values (${sql.join(Object.values(values))})`
  return { package: of, id, statements, record: record.compile(build).sql.replace(/\n\s*/g, ' ') }
}

const statementsOf = (catalog: Catalog, migration: Migration): readonly string[] =>
  migration.steps.flatMap((step) => statementsOfStep(catalog, step))

function statementsOfStep(catalog: Catalog, step: MigrationStep): readonly string[] {
  if ('addTable' in step) return createTable(catalog, relationOf(step.addTable))
  if ('addIndex' in step) {
    const { table, index, columns } = step.addIndex
    return [createIndex(catalog, table, indexOf(table, index, columns), nullableIn(catalog, table))]
  }
  if ('addView' in step) return [createView(catalog, step.addView)]
  if ('dropView' in step) return [dropView(catalog, step.dropView)]
  const { table, column, type } = step.addColumn
  return [addColumn(catalog, table, column, type.type)]
}

const addColumn = (catalog: Catalog, table: string, column: string, type: ColumnType): string =>
  catalog.dialect.build.schema.alterTable(catalog.named(table)).addColumn(column, columnType(catalog, type)).compile().sql

const columnType = (catalog: Catalog, type: ColumnType) => sql`${sql.raw(catalog.dialect.columnType(type))}`

/** A column that has to hold something. JSON null is kept as a missing value, so a JSON column never has to. */
export const isRequired = (column: RelationColumn): boolean => !column.nullable && column.type !== 'json'

function createTable(catalog: Catalog, relation: Relation, ifMissing = false): readonly string[] {
  const { dialect } = catalog
  let table: CreateTableBuilder<string, string> = dialect.build.schema.createTable(catalog.named(relation.name))
  if (ifMissing) table = table.ifNotExists()
  for (const column of relation.columns) {
    table = table.addColumn(column.name, columnType(catalog, column.type), (made) => (isRequired(column) ? made.notNull() : made))
  }
  table = table.addPrimaryKeyConstraint(catalog.bare(`${relation.name}_key`), [...relation.key])
  if (dialect.tableEnd && !relation.long) table = table.modifyEnd(dialect.tableEnd)
  const nullable = (name: string) => relation.columns.some((column) => column.name === name && !isRequired(column))
  return [table.compile().sql, ...relation.indexes.map((index) => createIndex(catalog, relation.name, index, nullable))]
}

/** Whether a column of a declared table may be missing; of a table that is no longer declared, no column may. */
const nullableIn = (catalog: Catalog, table: string) => (name: string) => {
  const column = catalog.tables.get(table)?.columns[name]
  return column !== undefined && !isRequired({ ...column, name })
}

function createIndex(catalog: Catalog, table: string, index: RelationIndex, nullable: (column: string) => boolean): string {
  const { build, indexed } = catalog.dialect
  let made = build.schema.createIndex(catalog.bare(index.name)).on(catalog.named(table)).columns([])
  for (const name of index.columns) {
    const behind = indexed({ nullable: nullable(name) })
    made = made.expression((behind ? sql`${sql.ref(name)} ${behind}` : sql.ref(name)) as Expression<string>)
  }
  if (index.where) made = made.where(sql<boolean>`${sql.raw(index.where)}`)
  return made.compile().sql
}
