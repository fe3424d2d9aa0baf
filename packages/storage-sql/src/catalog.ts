import type { Column, PackageSchema, Table, View } from '@patronkit/core/storage'
import type { Dialect } from './dialect.ts'
import { badSchema, undeclaredTable } from './errors.ts'
import { isPlainName, NAMES } from './names.ts'

/** What an instance of the engine knows: its dialect, its names, and the packages that were declared. */
export interface Catalog {
  readonly dialect: Dialect
  /** A table's name in the database, behind its schema where the dialect has such a thing. */
  readonly named: (table: string) => string
  /** The name of an index or a key, which stand where their table stands. */
  readonly bare: (name: string) => string
  readonly packages: Map<string, PackageSchema>
  readonly tables: Map<string, Table>
}

/** An empty catalog. The prefix stands before every name this library has in the database. */
export function createCatalog(dialect: Dialect, prefix: string): Catalog {
  if (!isPlainName(prefix, 0) || dialect.reserved.test(prefix)) throw badSchema('storage', `"${prefix}" is no table prefix; ${NAMES}`)
  const bare = (name: string) => dialect.identifier(prefix + name)
  const named = dialect.schema === null ? bare : (table: string) => `${dialect.schema}.${bare(table)}`
  return { dialect, named, bare, packages: new Map(), tables: new Map() }
}

/** Takes a package's tables in. A package that is known already changes nothing. */
export function declarePackage(catalog: Catalog, schema: PackageSchema): void {
  if (catalog.packages.has(schema.package)) return
  checkPackage(catalog, schema)
  catalog.packages.set(schema.package, schema)
  for (const table of schema.tables) catalog.tables.set(table.name, table)
}

/** The declared table of that name: identifiers in statements come from here and from nowhere else. */
export function declaredTable(catalog: Catalog, of: Table): Table {
  const table = catalog.tables.get(of.name)
  if (!table) throw undeclaredTable(of.name)
  return table
}

const NAME = /^[a-z][a-z0-9_]{0,50}$/
const TAKEN: ReadonlySet<string> = new Set(['head', 'event', 'timer', 'lane', 'consumer', 'migration'])

function checkPackage(catalog: Catalog, schema: PackageSchema): void {
  const refuse = (why: string): never => {
    throw badSchema(schema.package, why)
  }
  const checkName = (name: string) => NAME.test(name) || refuse(`"${name}" is no name; use lower snake case, at most 51 signs`)
  const checkColumns = (of: string, columns: { readonly [name: string]: Column }) => {
    for (const name of Object.keys(columns)) {
      checkName(name)
      if (name === 'tenant') refuse(`${of} declares the column "tenant", which every table has already`)
    }
  }
  const checkTable = (table: Table) => {
    checkName(table.name)
    if (TAKEN.has(table.name) || catalog.tables.has(table.name)) refuse(`the table name "${table.name}" is taken`)
    checkColumns(table.name, table.columns)
    for (const name of Object.keys(table.indexes)) checkName(name)
    for (const column of [...table.key, ...Object.values(table.indexes).flat()]) {
      if (!Object.hasOwn(table.columns, column)) refuse(`${table.name} has no column "${column}"`)
    }
  }
  const checkView = (view: View) => {
    checkName(view.name)
    if (!/_v[1-9]\d*$/.test(view.name)) refuse(`the view "${view.name}" does not end in its version, such as _v1`)
    if (TAKEN.has(view.name) || schema.tables.some((table) => table.name === view.name)) refuse(`the name "${view.name}" is taken`)
    checkName(view.table)
    if (view.join) [view.join.table, ...view.join.on].forEach(checkName)
    for (const [name, column] of Object.entries(view.columns)) {
      checkName(name)
      if (name === 'tenant') refuse(`${view.name} declares the column "tenant", which every view has already`)
      if ('json' in column && !column.path.every((step) => /^[\w-]+$/.test(step))) refuse(`${view.name}.${name} has no plain path`)
    }
  }
  if (schema.package === 'storage' || !/^[a-z][a-z0-9-]{0,50}$/.test(schema.package)) refuse('its name is taken or malformed')
  for (const table of schema.tables) checkTable(table)
  for (const view of schema.views ?? []) checkView(view)
  let last = 0
  for (const migration of schema.migrations) {
    if (migration.id <= last) refuse(`migration ${migration.id} does not come after ${last}`)
    last = migration.id
    for (const step of migration.steps) {
      if ('addTable' in step) checkTable(step.addTable)
      else if ('addIndex' in step) [step.addIndex.table, step.addIndex.index, ...step.addIndex.columns].forEach(checkName)
      else if ('addView' in step) checkView(step.addView)
      else if ('dropView' in step) checkName(step.dropView)
      else {
        checkName(step.addColumn.table)
        checkColumns(step.addColumn.table, { [step.addColumn.column]: step.addColumn.type })
        // the rows that are there have no value for it, and the step names none
        if (!step.addColumn.type.nullable) refuse(`the added column ${step.addColumn.table}.${step.addColumn.column} has to be nullable`)
      }
    }
  }
}
