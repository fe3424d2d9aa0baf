import type { Column, Table } from '@patronkit/core/storage'

/** A table as the database has it: the tenant is a column like any other. */
export interface Relation {
  readonly name: string
  readonly columns: readonly RelationColumn[]
  readonly key: readonly string[]
  readonly indexes: readonly RelationIndex[]
  /** True where rows are long and come in the order of time: engines that keep rows in the order of their key do not keep these so. */
  readonly long?: true
}

export interface RelationColumn extends Column {
  readonly name: string
}

export interface RelationIndex {
  readonly name: string
  readonly columns: readonly string[]
  /** A condition in SQL that every dialect reads alike, for an index over some of the rows. */
  readonly where?: string
}

/** Puts the tenant first: into the columns, the key and each index. */
export function relationOf(table: Table): Relation {
  return {
    name: table.name,
    columns: [
      { name: 'tenant', type: 'text', nullable: false },
      ...Object.entries(table.columns).map(([name, column]) => ({ ...column, name })),
    ],
    key: ['tenant', ...table.key],
    indexes: Object.entries(table.indexes).map(([name, columns]) => indexOf(table.name, name, columns)),
  }
}

/** An index of a declared table. Index names are global in a database, so they carry the table's. */
export const indexOf = (table: string, name: string, columns: readonly string[]): RelationIndex => ({
  name: `${table}_${name}`,
  columns: ['tenant', ...columns],
})
