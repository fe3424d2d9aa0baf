import type { Pred } from '@patronkit/core'
import type { HostColumn, HostTable } from '@patronkit/core/service'
import { shown } from '../checks.ts'
import { duplicateId, unknownId, wrong } from '../refusals.ts'

/** A column of the host's, described as `defineSource` of `@patronkit/segmentation` does it. */
export interface RowsColumn extends Pick<HostColumn, 'type' | 'scale' | 'stored'> {
  /** Its name in the table, where that differs. */
  readonly column?: string
}

/** A table or view of the host's: what `defineSource(…).body` is, or the same written down here. */
export interface HostRows {
  readonly table: string
  readonly tenantColumn: string
  /** Tells rows apart; a text column. */
  readonly keyColumn: string
  readonly columns: { readonly [name: string]: HostColumn['type'] | RowsColumn }
}

/** Measurements that stand in the host's own rows. */
export interface MeasurementSource {
  readonly rows: HostRows
  /** The column with the instant of a measurement. A row without one is no measurement. */
  readonly at: string
  /** The text column that says whom it is about. */
  readonly subject?: string
  /**
   * What is measured, by the names that metrics use. `value` is a decimal or integer column, and a row without a value is no
   * measurement; left out, each row counts 1. `where` keeps other rows out.
   */
  readonly measurements: { readonly [name: string]: { readonly value?: string; readonly where?: Pred } }
}

/** What a measurement of one name is read from. */
export interface MeasuredRows {
  readonly table: HostTable
  readonly key: HostColumn
  readonly at: HostColumn
  readonly subject: HostColumn | null
  readonly value: HostColumn | null
  readonly where: Pred | undefined
  readonly columns: ReadonlyMap<string, HostColumn>
}

/** Every measurement's rows, by name. */
export function measuredRows(sources: readonly MeasurementSource[]): ReadonlyMap<string, MeasuredRows> {
  const found = new Map<string, MeasuredRows>()
  sources.forEach((source, place) => {
    const path = `sources.${place}`
    const { rows } = source
    for (const part of rows.table.split('.')) nameOf(part, `${path}.rows.table`)
    nameOf(rows.tenantColumn, `${path}.rows.tenantColumn`)
    nameOf(rows.keyColumn, `${path}.rows.keyColumn`)
    const columns = new Map(Object.entries(rows.columns).map(([name, given]) => [name, columnOf(name, given)]))
    for (const [name, { column }] of columns) nameOf(column, `${path}.rows.columns.${name}`)
    const named = (name: string, where: string, types: readonly HostColumn['type'][]): HostColumn => {
      const column = columns.get(name)
      if (!column) throw unknownId(name, `${path}.${where}`)
      if (types.includes(column.type)) return column
      throw wrong(`${path}.${where}`, `is ${shown(name)}, a column of type ${column.type}`, `Name one of type ${types.join(' or ')}.`)
    }
    const common = {
      table: { table: rows.table, tenant: rows.tenantColumn },
      key: { column: rows.keyColumn, type: 'text' as const },
      at: named(source.at, 'at', ['instant']),
      subject: source.subject === undefined ? null : named(source.subject, 'subject', ['text']),
      columns,
    }
    for (const [name, { value, where }] of Object.entries(source.measurements)) {
      if (found.has(name)) throw duplicateId(name, 'sources')
      const of = value === undefined ? null : named(value, `measurements.${name}.value`, ['decimal', 'integer', 'number'])
      found.set(name, { ...common, value: of, where })
    }
  })
  return found
}

const NAME = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/

function nameOf(name: string, path: string): string {
  if (NAME.test(name)) return name
  throw wrong(path, `is ${shown(name)}`, 'Use letters, digits and underscores; for a column of another name make a view.')
}

function columnOf(name: string, given: HostColumn['type'] | RowsColumn): HostColumn {
  const { column = name, type, scale, stored }: RowsColumn = typeof given === 'string' ? { type: given } : given
  if (type === 'decimal') return { column, type, scale: scale ?? 2, stored: stored ?? 'decimal' }
  return type === 'instant' ? { column, type, stored: stored ?? 'timestamp' } : { column, type }
}
