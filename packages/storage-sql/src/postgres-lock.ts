import type { Row, Unit } from '@patronkit/core/storage'
import { sql } from 'kysely'
import type { Catalog } from './catalog.ts'
import { type Cells, cellsOf, columnsOf, type Place, paramsOf, placesOf, relationIn, sameKey, setOf, textOf } from './postgres-sets.ts'
import type { Relation } from './relation.ts'
import type { TablePlan } from './rows.ts'
import { kept, type Statement } from './statement.ts'
import { textParameter } from './values.ts'
import { headTable, timerTable } from './work-tables.ts'

/** What stands in the database of all that some units guard; locked until the transaction ends. */
export interface Found {
  readonly version: (tenant: string, kind: string, subject: string) => number
  /** `generation lease` of a timer, or nothing. */
  readonly lease: (tenant: string, queue: string, key: string) => string | undefined
  /** The counters of a row, or nothing when the row is not there. */
  readonly counters: (plan: TablePlan, tenant: string, key: Row) => ReadonlyMap<string, number> | undefined
  readonly present: (plan: TablePlan, tenant: string, row: Row) => boolean
}

/** One kind of row that is looked at, and the columns of the answer. */
interface Look {
  readonly name: string
  readonly relation: Relation
  readonly more: readonly string[]
  readonly lock: boolean
  readonly cells: Map<string, Cells>
}

/** Locks what units guard, in one order whoever asks, and tells what it found. */
export function locker(catalog: Catalog, plan: (of: TablePlan['table']) => TablePlan) {
  const texts = new Map<string, string>()
  return (units: readonly Unit[]): { readonly statement: Statement | null; readonly understand: (answer: string | null) => Found } => {
    const looks = looksOf(plan, units)
    const shape = looks.map((look) => look.name).join()
    const sets = looks.map((look) => ({ columns: look.relation.key, rows: [...look.cells.values()] }))
    const places = placesOf(sets, 1, false)
    const text = () => kept(texts, shape, () => lockText(catalog, looks, places))
    const params = sets.flatMap(({ rows, columns }, i) => paramsOf(rows, columns, places[i]!))
    return { statement: looks.length === 0 ? null : { text: text(), params }, understand: (answer) => foundIn(looks, answer) }
  }
}

/** A row's key as one text, the same for what was bound and for what was answered. No stored text has the sign between the parts. */
export const rowId = (tenant: string, parts: readonly unknown[]): string => {
  let id = tenant
  for (const part of parts) id += `\u0000${typeof part === 'boolean' ? Number(part) : part}`
  return id
}

export const keyIn = (plan: TablePlan, row: Row): readonly unknown[] => plan.table.key.map((column) => plan.encode[column]!(row[column]))

function looksOf(plan: (of: TablePlan['table']) => TablePlan, units: readonly Unit[]): readonly Look[] {
  const looks = new Map<string, Look>()
  const look = (name: string, relation: Relation, more: readonly string[], lock: boolean) =>
    kept(looks, name, () => ({ name, relation, more, lock, cells: new Map<string, Cells>() })).cells
  const text = (value: string) => textParameter(value, 'a text')
  for (const { tenant, heads, fired, adds, unique } of units) {
    for (const { kind, subject } of heads) {
      look('1 head', headTable, ['version'], true).set(rowId(tenant, [kind, subject]), { tenant, kind: text(kind), subject: text(subject) })
    }
    if (fired) {
      const { queue, key } = fired
      const cells = look('2 timer', timerTable, ['generation', 'lease'], true)
      cells.set(rowId(tenant, [queue, key]), { tenant, queue: text(queue), key: text(key) })
    }
    for (const add of adds ?? []) {
      const of = plan(add.table)
      const cells = look(
        `3 counter ${of.table.name}`,
        relationIn(of),
        of.columns.filter((column) => !of.table.key.includes(column)),
        true,
      )
      cells.set(rowId(tenant, keyIn(of, add.key)), cellsOf(of, tenant, add.key, of.table.key))
    }
    for (const { table, row } of unique ?? []) {
      const of = plan(table)
      look(`4 unique ${table.name}`, relationIn(of), [], false).set(rowId(tenant, keyIn(of, row)), cellsOf(of, tenant, row, table.key))
    }
  }
  return [...looks.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function lockText(catalog: Catalog, looks: readonly Look[], places: readonly Place[]): string {
  const parts = looks.map(({ relation, more, lock }, i) => {
    const { key } = relation
    return sql`(select coalesce(json_agg(json_build_array(${columnsOf([...key, ...more], 'l')})), '[]'::json) from (
      select ${columnsOf([...key, ...more], 't')} from ${sql.table(catalog.named(relation.name))} as "t"
      join ${setOf(relation, key, places[i]!)} on ${sameKey(key)}
      order by ${columnsOf(key, 't')} ${lock ? sql`for update of "t"` : sql``}) as "l")`
  })
  return textOf(catalog, sql`select array_to_json(array[${sql.join(parts)}])::text`)
}

function foundIn(looks: readonly Look[], answer: string | null): Found {
  const parts = answer === null ? [] : (JSON.parse(answer) as (string | number | boolean | null)[][][])
  const rows = new Map<string, readonly unknown[]>()
  for (const [i, look] of looks.entries()) {
    const keys = look.relation.key.length
    for (const row of parts[i] ?? []) rows.set(look.name + rowId(row[0] as string, row.slice(1, keys)), row.slice(keys))
  }
  return {
    version: (tenant, kind, subject) => (rows.get(`1 head${rowId(tenant, [kind, subject])}`)?.[0] as number | undefined) ?? 0,
    lease: (tenant, queue, key) => rows.get(`2 timer${rowId(tenant, [queue, key])}`)?.join(' '),
    counters: (of, tenant, key) => {
      const row = rows.get(`3 counter ${of.table.name}${rowId(tenant, keyIn(of, key))}`)
      const columns = of.columns.filter((column) => !of.table.key.includes(column))
      return row && new Map(columns.map((column, i) => [column, row[i] as number]))
    },
    present: (of, tenant, row) => rows.has(`4 unique ${of.table.name}${rowId(tenant, keyIn(of, row))}`),
  }
}
