import { readFileSync } from 'node:fs'
import { PatronkitError } from '@patronkit/core'
import type { IndexNode, IndexUnit } from '@patronkit/kpi-scoring'
import { parse } from 'csv-parse/sync'

/** An index as two tables give it: its tree with names, and the units with their values. */
export interface IndexTables {
  readonly tree: IndexNode
  readonly names: ReadonlyMap<string, string>
  readonly units: readonly IndexUnit[]
  readonly unitNames: ReadonlyMap<string, string>
}

type Columns = { readonly [column: string]: string }

/**
 * Reads units (`uCode`, `uName`, one column a measure) and their tree (`iCode`, `iName`, `Parent`, `Weight`, `Direction`,
 * `Denominator`, `Type`), the two tables in which the R package COINr keeps a composite index. `group` names the column of units
 * that missing values are filled by.
 */
export function readIndex(i: { readonly data: string; readonly meta: string; readonly group?: string | undefined }): IndexTables {
  const meta = rowsOf(i.meta, ['iCode', 'Parent', 'Weight', 'Direction', 'Type'])
  const parts = meta.filter((row) => row.Type === 'Indicator' || row.Type === 'Aggregate')
  const [root, ...others] = parts.filter((row) => !row.Parent)
  if (!root || others.length > 0)
    throw badIndex(i.meta, `has ${others.length + (root ? 1 : 0)} rows without a Parent`, 'Give exactly one, the whole.')
  const byParent = Map.groupBy(parts, (row) => row.Parent ?? '')
  const tree = nodeOf(root, byParent, i.meta, new Set())
  const given = rowsOf(i.data, ['uCode', ...(i.group === undefined ? [] : [i.group])])
  const measured = parts.filter((row) => row.Type === 'Indicator').map((row) => row.iCode!)
  const wanted = [...measured, ...meta.flatMap((row) => (row.Type === 'Denominator' ? [row.iCode!] : []))]
  const missing = wanted.filter((column) => given[0] && !Object.hasOwn(given[0], column))
  if (missing.length > 0) throw badIndex(i.data, `has no column ${missing.slice(0, 5).join(', ')}`, 'Add it, or take it out of the tree.')
  return {
    tree,
    names: new Map(meta.map((row) => [row.iCode!, row.iName || row.iCode!])),
    units: given.map((row, line) => unitOf(row, line, wanted, i)),
    unitNames: new Map(given.map((row) => [row.uCode!, row.uName || row.uCode!])),
  }
}

function nodeOf(row: Columns, byParent: ReadonlyMap<string, readonly Columns[]>, file: string, above: Set<string>): IndexNode {
  const id = row.iCode!
  if (above.has(id)) throw badIndex(file, `has ${id} below itself`, 'Correct its Parent.')
  const weight = numberOf(row.Weight, file, `Weight of ${id}`) ?? 1
  if (row.Type === 'Aggregate') {
    above.add(id)
    const of = (byParent.get(id) ?? []).map((part) => nodeOf(part, byParent, file, above))
    above.delete(id)
    return { id, weight, of }
  }
  const direction = (numberOf(row.Direction, file, `Direction of ${id}`) ?? 1) < 0 ? 'cost' : 'benefit'
  return { id, weight, direction, ...(row.Denominator ? { per: row.Denominator } : {}) }
}

function unitOf(
  row: Columns,
  line: number,
  wanted: readonly string[],
  i: { readonly data: string; readonly group?: string | undefined },
): IndexUnit {
  const values = Object.fromEntries(wanted.map((column) => [column, numberOf(row[column], i.data, `${column} in row ${line + 2}`)]))
  const group = i.group === undefined ? undefined : row[i.group]
  return { id: row.uCode!, values, ...(group ? { group } : {}) }
}

/** Empty and NA are missing; everything else has to be a number. */
function numberOf(text: string | undefined, file: string, what: string): number | null {
  if (text === undefined || text.trim() === '' || text === 'NA') return null
  const value = Number(text)
  if (Number.isFinite(value)) return value
  throw badIndex(file, `has ${JSON.stringify(text.slice(0, 40))} as ${what}`, 'Give a number, or leave the field empty.')
}

function rowsOf(file: string, columns: readonly string[]): readonly Columns[] {
  const rows = parsed(file)
  const missing = columns.filter((column) => !rows[0] || !Object.hasOwn(rows[0], column))
  if (missing.length > 0) throw badIndex(file, `has no column ${missing.join(', ')}`, 'Export the column, or correct the path.')
  return rows
}

function parsed(file: string): readonly Columns[] {
  try {
    return parse(readFileSync(file), { bom: true, columns: true, skip_empty_lines: true }) as Columns[]
  } catch (error) {
    throw badIndex(file, 'cannot be read as CSV', 'Correct the file or the path.', error)
  }
}

const badIndex = (file: string, what: string, remedy: string, cause?: unknown) =>
  new PatronkitError({ code: 'cli/bad-file', message: `${file} ${what}. ${remedy}`, details: { file }, cause })
